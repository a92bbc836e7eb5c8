"""The same provider call, reported twice, is recognised across requests and traces.

Two instrumentors of one call both know the provider's response id. The first span that owns
usage and names an id claims it; a later one (within `WINDOW_NANOS`, in any trace of the project)
is written to `span_duplicates`, and the public views leave its usage out of sums.
"""

from __future__ import annotations

import threading

import pyarrow as pa

from tapetum_server.signals.spans import SpanBatch
from tapetum_server.store import columns as col
from tapetum_server.store.engine import Engine

WINDOW_NANOS = 10 * 60 * 10**9
CAPACITY = 200_000


class Claims:
    """Response ids claimed lately. Starts from what the store holds, so that a restart forgets nothing."""

    def __init__(self, engine: Engine) -> None:
        self._lock = threading.Lock()
        self._claims: dict[tuple[str, str], tuple[str, str, int]] = {}
        recent = engine.query(
            "SELECT project, response_id, trace_id, span_id, toUnixTimestamp64Nano(start_time) AS start "
            "FROM span_rows WHERE ingested_at > now64(9) - toIntervalMinute(10) AND response_id != '' AND owns_usage "
            "ORDER BY version LIMIT {limit:UInt32}",
            {"limit": CAPACITY},
        )
        for row in recent.to_pylist():
            self._claims.setdefault(
                (row["project"], row["response_id"]), (row["trace_id"], row["span_id"], row["start"])
            )

    def duplicates(self, batch: SpanBatch, now: int, retention_days: int) -> pa.Table | None:
        """Rows of `span_duplicates` for the spans of `batch` whose call another span has claimed."""
        found: list[tuple[str, str, str, str]] = []
        with self._lock:
            for i, fields in enumerate(batch.canonical):
                if not fields.response_id or not fields.usage_counted:
                    continue
                key = (batch.project, fields.response_id)
                me = (batch.trace_id[i], batch.span_id[i])
                claim = self._claims.get(key)
                if claim is None or abs(claim[2] - batch.start_time_unix_nano[i]) > WINDOW_NANOS:
                    if len(self._claims) >= CAPACITY:
                        self._claims.pop(next(iter(self._claims)))
                    self._claims[key] = (*me, batch.start_time_unix_nano[i])
                elif claim[:2] != me:
                    found.append((*me, claim[1], fields.response_id))
        if not found:
            return None
        trace_ids, span_ids, owners, responses = (list(c) for c in zip(*found))
        count = len(found)
        return pa.table(
            {
                "project": col.same(batch.project, count),
                "trace_id": col.texts(trace_ids),
                "span_id": col.texts(span_ids),
                "duplicate_of": col.texts(owners),
                "response_id": col.texts(responses),
                "version": col.numbers([now] * count, "u8"),
                "expires_at": col.numbers([now // 10**9 + (retention_days + 2) * 86_400] * count, "u4"),
            }
        )
