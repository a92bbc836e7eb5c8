"""Predictions that turn out to belong to another day than the one they were kept under leave that one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa

from tapetum_server.signals.predictions import PredictionBatch
from tapetum_server.store.bound_values import literal

_DAY = 86_400 * 10**9
MAX_AT_ONCE = 1_000
"""Predictions in one statement: its text is bounded by the engine."""


class Moved(NamedTuple):
    """A prediction, and the day (since 1970) under which it is kept wrongly."""

    project: str
    model: str
    prediction_id: str
    day: int


def moved_of(batch: PredictionBatch) -> list[Moved]:
    """Those of the batch that are kept under another day."""
    if not batch.moved:
        return []
    named = batch.rows.select(["model", "prediction_id"]).take(pa.array(list(batch.moved), pa.int64()))
    models, ids = (column.to_pylist() for column in named.columns)
    times = batch.moved.values()
    return [Moved(batch.project, model, name, time // _DAY) for model, name, time in zip(models, ids, times)]


def moved_statements(database: str, moved: Sequence[Moved]) -> Iterator[str]:
    """Take the rows out of the days that they left. Rare: an answer of after midnight that came before its question."""
    for project, model, day in dict.fromkeys((each.project, each.model, each.day) for each in moved):
        ids = [each.prediction_id for each in moved if (each.project, each.model, each.day) == (project, model, day)]
        for first in range(0, len(ids), MAX_AT_ONCE):
            yield (
                f"ALTER TABLE {database}.prediction_rows DELETE WHERE project = {literal(project)} "
                f"AND model = {literal(model)} AND prediction_id IN {literal(ids[first : first + MAX_AT_ONCE])} "
                f"AND toDate32(time) = toDate32({day}) SETTINGS mutations_sync = 1"
            )
