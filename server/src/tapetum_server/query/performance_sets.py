"""Several classes at once: rows whose labels and predictions are lists, counted by class and as sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tapetum_server.detectors.performance.counts import Floats
from tapetum_server.detectors.performance.multilabel import SetCounts
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import TIMEOUT_S, Frame
from tapetum_server.query.performance import Periods, bounded, period_sql
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.slicing import MAX_SLICES, SliceKey, SliceSpec, slicing
from tapetum_server.query.statement import Parameters, Statement

MAX_CLASSES = 1_000


@dataclass(frozen=True, slots=True)
class SetSlice:
    """What was counted of one slice in one period. An empty list is a label: of no class."""

    key: SliceKey
    spec: int
    period: int
    counts: SetCounts


def _set(frame: Frame, name: str) -> str:
    column = frame.column(name)
    if column.kind != "categorical_list":
        raise QueryError(f"{name!r} holds no lists of classes: it is {column.kind.replace('_', ' ')}")
    return f"arrayDistinct(arrayMap(c -> assumeNotNull(c), arrayFilter(c -> isNotNull(c), {column.sql})))"


def sets_statement(
    frame: Frame, label: str, prediction: str, specs: Sequence[SliceSpec], periods: Periods | None = None
) -> Statement:
    """Rows, matches and classes by (slice, period)."""
    parameters = Parameters()
    slices = slicing(frame, specs, parameters)

    def by_class(classes: str, name: str) -> str:
        return f"sumMap(t_{classes}, arrayMap(c -> toUInt64(1), t_{classes})) AS {name}"

    return Statement(
        f"""SELECT {slices.spec} AS spec, {slices.slice} AS slice, t_period AS period, count() AS rows,
    countIf(t_either = length(t_both)) AS exact, sum(length(t_both) / greatest(length(t_called), 1)) AS precision_sum,
    sum(length(t_both) / greatest(length(t_there), 1)) AS recall_sum,
    sum(if(t_either = 0, 1, length(t_both) / greatest(t_either, 1))) AS jaccard_sum,
    {by_class("both", "both")}, {by_class("called", "called")}, {by_class("there", "there")}
FROM (
    SELECT {slices.select}, {period_sql(frame, periods)} AS t_period, {_set(frame, label)} AS t_there,
        {_set(frame, prediction)} AS t_called, arrayIntersect(t_there, t_called) AS t_both,
        length(t_there) + length(t_called) - length(t_both) AS t_either
    FROM {frame}
)
{slices.grouping("t_period")}
ORDER BY spec, slice, period LIMIT {MAX_SLICES + 1}""",
        {**frame.parameters, **parameters.values},
    )


async def set_slices(
    reader: Reader, frame: Frame, label: str, prediction: str, specs: Sequence[SliceSpec],
    periods: Periods | None = None,
) -> list[SetSlice]:  # fmt: skip
    """The counts of every slice, all with the same classes in the same order. Raises `QueryError`."""
    statement = sets_statement(frame, label, prediction, specs, periods)
    rows = rows_of(await reader.query(*statement, timeout_s=TIMEOUT_S))
    names = ("both", "called", "there")
    maps = [{name: dict(zip(*_pair(row[name]))) for name in names} for row in rows]
    classes = tuple(sorted({each for found in maps for of_name in found.values() for each in of_name}))
    if len(classes) > MAX_CLASSES:
        raise QueryError(f"{label!r} has more than {MAX_CLASSES} classes")
    slices = slicing(frame, specs, Parameters())
    return bounded(
        [
            SetSlice(
                slices.key(row["spec"], row["slice"]), row["spec"], row["period"],
                SetCounts(
                    float(row["rows"]), classes,
                    _by_class(found["both"], classes), _by_class(found["called"], classes),
                    _by_class(found["there"], classes),
                    float(row["exact"]), row["precision_sum"], row["recall_sum"], row["jaccard_sum"],
                ),
            )
            for row, found in zip(rows, maps)
        ]
    )  # fmt: skip


def _pair(value: Any) -> tuple[list[str], list[int]]:
    """`sumMap`'s two lists, as Arrow hands them over: a tuple is a struct."""
    classes, counts = value.values() if isinstance(value, dict) else value
    return list(classes), list(counts)


def _by_class(counts: dict[str, int], classes: Sequence[str]) -> Floats:
    return np.asarray([counts.get(each, 0) for each in classes], np.float64)
