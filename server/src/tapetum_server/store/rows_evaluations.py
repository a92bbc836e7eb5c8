"""Evaluations into rows of `evaluation_rows`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa

from tapetum_server.signals.evaluations import EvaluationBatch, identity_of, is_standing
from tapetum_server.store import columns as col
from tapetum_server.store.attribute_shape import shape_and_values
from tapetum_server.store.engine import Engine
from tapetum_server.store.first_seen import FirstSeen

_REMEMBERED_S = 3_600
_TIMELESS = """SELECT project, toFixedString(unhex(evaluation_id), 16) AS id,
    toUnixTimestamp64Nano(time) AS first FROM evaluation_rows
WHERE time > now64(9) - toIntervalSecond({seconds:UInt32}) AND time = ingested_at
AND match(evaluation_id, '^[0-9a-f]{32}$')
ORDER BY first DESC LIMIT {limit:UInt32}"""


def evaluation_rows(
    batch: EvaluationBatch,
    retention_days: int,
    ingested_at: int,
    *,
    first_seen: Callable[[bytes, int], int],
    standing: Callable[[Mapping[str, int]], Mapping[str, int]],
) -> tuple[pa.Table, int]:
    """One row per evaluation, and how many had a time clamped.

    `standing` gives evaluations that replace what was said before the time of that; `first_seen` gives another without
    a time the same time again when it is delivered again.
    """
    count = len(batch)
    rows = batch.rows()
    ids = [identity_of(row) for row in rows]
    said = [min(row.time_unix_nano or ingested_at, col.MAX_TIME) for row in rows]
    times = [
        time if row.time_unix_nano or is_standing(row) else first_seen(bytes.fromhex(identity), ingested_at)
        for row, identity, time in zip(rows, ids, said)
    ]
    replaced: dict[str, int] = {}
    for row, identity, time in zip(rows, ids, times):
        if is_standing(row):
            replaced.setdefault(identity, time)
    if replaced:
        first = standing(replaced)
        times = [first.get(identity, time) for identity, time in zip(ids, times)]
    shapes: list[str] = []
    values: list[str] = []
    offsets = [0]
    for row in rows:
        shape, texts = shape_and_values(row.attributes)
        shapes.append(shape)
        values.extend(text.replace("\0", "\0\0") if "\0" in text else text for text in texts)
        offsets.append(len(values))
    table = pa.table(
        {
            "project": col.same(batch.project, count),
            "time": col.times(times),
            "evaluation_id": col.texts(ids),
            # A clock that runs ahead must not keep a later opinion from replacing this one.
            "version": col.numbers([min(time, ingested_at) for time in said], "u8"),
            "updated_at": col.times(said),
            "ingested_at": col.moment(ingested_at, count),
            "retention_days": col.repeated(retention_days, count, "u2"),
            "withdrawn": pa.array(batch.withdrawn, pa.bool_()),
            "name": col.names(batch.name),
            "target_type": col.names(batch.target_type),
            "target_id": col.texts(batch.target_id),
            "trace_id": col.texts(batch.trace_id),
            "span_id": col.texts(batch.span_id),
            "response_id": col.texts(batch.response_id),
            "slice": col.names(batch.slice),
            "score": col.optional(batch.score, pa.float64()),
            "label": col.names(batch.label),
            "lower": col.optional(batch.lower, pa.float64()),
            "upper": col.optional(batch.upper, pa.float64()),
            "threshold": col.optional(batch.threshold, pa.float64()),
            "explanation": col.texts(batch.explanation),
            "comment": col.texts(batch.comment),
            "expected_output": col.texts(batch.expected_output),
            "evaluator": col.names(batch.evaluator),
            "source": col.names(batch.source),
            "found_in": col.names(batch.found_in),
            "problem": col.names(batch.problem),
            "raw": col.texts(batch.raw),
            "resource": col.same("", count),
            "attr_shape": col.names(shapes),
            "attr_values": col.lists(offsets, col.texts(values)),
        }
    )
    return table, sum(1 for row in rows if row.time_unix_nano > col.MAX_TIME)


def timeless_evaluations(engine: Engine) -> FirstSeen:
    """When each evaluation that came without a time within the last hour was seen first."""
    return FirstSeen(engine, _TIMELESS, {"seconds": _REMEMBERED_S}, forget_after_s=_REMEMBERED_S)
