"""Findings into rows of `finding_rows`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from tapetum_server.signals.findings import Finding, FindingBatch
from tapetum_server.store import columns as col


def finding_rows(batch: FindingBatch, now: int) -> pa.Table:
    """One row per finding and window; what is said last of the same holds."""
    count, rows = len(batch), batch.rows

    def names(of: Callable[[Finding], str]) -> pa.Array:
        return col.names([of(row) for row in rows])

    def whole(of: Callable[[Finding], int]) -> pa.Array:
        return col.numbers([of(row) for row in rows], "u8")

    def floats(of: Callable[[Finding], float | None]) -> pa.Array:
        return col.optional([of(row) for row in rows], pa.float64())

    def times(of: Callable[[Finding], int]) -> pa.Array:
        return col.times([of(row) for row in rows])

    def lists(of: Callable[[Finding], Sequence[str]]) -> pa.Array:
        return pa.array([list(of(row)) for row in rows], pa.list_(pa.string()))

    return pa.table(
        {
            "project": col.same(batch.project, count),
            "subject_type": names(lambda one: one.subject_type),
            "subject": names(lambda one: one.subject),
            "version": names(lambda one: one.version),
            "window_start": times(lambda one: one.window_start),
            "detector": names(lambda one: one.detector),
            "slice": names(lambda one: one.slice),
            "feature": names(lambda one: one.feature),
            "type": names(lambda one: one.type),
            "said": col.repeated(now, count, "u8"),
            "withdrawn": pa.array([one.withdrawn for one in rows], pa.bool_()),
            "window_end": times(lambda one: one.window_end),
            "severity": names(lambda one: one.severity),
            "short": names(lambda one: one.short),
            "evidence": col.texts([one.evidence for one in rows]),
            "offending": lists(lambda one: one.offending),
            "value": floats(lambda one: one.value),
            "threshold": floats(lambda one: one.threshold),
            "rows": whole(lambda one: one.rows),
            "examples": whole(lambda one: one.examples),
            "first_seen": times(lambda one: one.first_seen),
            "last_seen": times(lambda one: one.last_seen),
            "schema_version": col.numbers([one.schema_version for one in rows], "u4"),
            "found_at": col.moment(now, count),
            "rows_filter": col.texts([one.rows_filter for one in rows]),
            "received": whole(lambda one: one.received),
            "newest": whole(lambda one: one.newest),
        }
    )
