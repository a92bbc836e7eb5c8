"""Several classes at once: rows whose labels and predictions are lists, counted by class and as sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tapetum_server.detectors.performance.multilabel import SetCounts
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import TIMEOUT_S, Frame
from tapetum_server.query.performance import Periods, bounded, number_sql, period_sql
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.resampling import PARTS, Resampling, drawn_sql, part_sql, row_sql
from tapetum_server.query.slicing import MAX_SLICES, SliceKey, SliceSpec, slicing
from tapetum_server.query.statement import Parameters, Statement

MAX_CLASSES = 1_000


@dataclass(frozen=True, slots=True)
class SetColumns:
    """Which columns hold what."""

    label: str
    prediction: str
    weight: str = ""
    known: str = ""
    """Column that says whether a row has a label, where not every row does."""


@dataclass(frozen=True, slots=True)
class SetSlice:
    """What was counted of one slice in one period. An empty list is a label: of no class."""

    key: SliceKey
    spec: int
    period: int
    counts: SetCounts
    rows: int
    labelled: int
    parts: tuple[SetCounts, ...] = ()


def _set(frame: Frame, name: str) -> str:
    column = frame.column(name)
    if column.kind != "categorical_list":
        raise QueryError(f"{name!r} holds no lists of classes: it is {column.kind.replace('_', ' ')}")
    return f"arrayDistinct(arrayMap(c -> assumeNotNull(c), arrayFilter(c -> isNotNull(c), {column.sql})))"


def sets_statement(
    frame: Frame, columns: SetColumns, specs: Sequence[SliceSpec], periods: Periods | None = None,
    resampling: Resampling = "",
) -> Statement:  # fmt: skip
    """Rows, matches and classes by (slice, period, part)."""
    parameters = Parameters()
    slices = slicing(frame, specs, parameters)
    weight = f"ifNull({number_sql(frame, columns.weight, 'weight')}, 0)" if columns.weight else "1"
    known = f"ifNull({frame.column(columns.known).sql}, false)" if columns.known else "true"

    def by_class(classes: str, name: str) -> str:
        return f"sumMap(t_{classes}, arrayMap(c -> t_w, t_{classes})) AS {name}"

    return Statement(
        f"""SELECT {slices.spec} AS spec, {slices.slice} AS slice, t_period AS period, t_part, count() AS all_rows,
    countIf(t_known) AS labelled,
    sum(t_w) AS rows, sumIf(t_w, t_either = length(t_both)) AS exact,
    sum(t_w * length(t_both) / greatest(length(t_called), 1)) AS precision_sum,
    sum(t_w * length(t_both) / greatest(length(t_there), 1)) AS recall_sum,
    sum(t_w * if(t_either = 0, 1, length(t_both) / greatest(t_either, 1))) AS jaccard_sum,
    {by_class("both", "both")}, {by_class("called", "called")}, {by_class("there", "there")}
FROM (
    SELECT {slices.select}, {period_sql(frame, periods)} AS t_period,
        {part_sql(row_sql(frame), resampling)} AS t_part,
        {known} AS t_known,
        t_known * toFloat64({drawn_sql(row_sql(frame), weight, resampling)}) AS t_w,
        {_set(frame, columns.label)} AS t_there, if(t_known, {_set(frame, columns.prediction)}, []) AS t_called,
        arrayIntersect(t_there, t_called) AS t_both,
        length(t_there) + length(t_called) - length(t_both) AS t_either
    FROM {frame}
)
{slices.grouping("t_period", "t_part")}
ORDER BY spec, slice, period, t_part LIMIT {(MAX_SLICES + 1) * (PARTS if resampling else 1)}""",
        {**frame.parameters, **parameters.values},
    )


async def set_slices(
    reader: Reader, frame: Frame, columns: SetColumns, specs: Sequence[SliceSpec], *,
    periods: Periods | None = None, resampling: Resampling = "",
) -> list[SetSlice]:  # fmt: skip
    """The counts of every slice, all with the same classes in the same order. Raises `QueryError`."""
    statement = sets_statement(frame, columns, specs, periods)
    rows = [_Told(row) for row in rows_of(await reader.query(*statement, timeout_s=TIMEOUT_S))]
    classes = tuple(sorted({each for told in rows for each in told.classes}))
    if len(classes) > MAX_CLASSES:
        raise QueryError(f"{columns.label!r} has more than {MAX_CLASSES} classes")
    by_part: defaultdict[tuple[int, str, int], list[SetCounts]] = defaultdict(list)
    if resampling:
        statement = sets_statement(frame, columns, specs, periods, resampling)
        for row in rows_of(await reader.query(*statement, timeout_s=TIMEOUT_S)):
            told = _Told(row)
            by_part[told.place].append(told.counts(classes))
    slices = slicing(frame, specs, Parameters())
    return bounded(
        [
            SetSlice(
                slices.key(*told.place[:2]), told.place[0], told.place[2], told.counts(classes), told.rows,
                told.labelled, tuple(by_part[told.place]),
            )
            for told in rows
        ]
    )  # fmt: skip


class _Told:
    """One row of the answer."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self._row = row
        self._maps = {name: dict(zip(*_pair(row[name]))) for name in ("both", "called", "there")}
        self.place: tuple[int, str, int] = (row["spec"], row["slice"], row["period"])
        self.rows, self.labelled = int(row["all_rows"]), int(row["labelled"])

    @property
    def classes(self) -> set[str]:
        return {each for of_name in self._maps.values() for each in of_name}

    def counts(self, classes: tuple[str, ...]) -> SetCounts:
        both, called, there = (
            np.asarray([of_name.get(each, 0) for each in classes], np.float64) for of_name in self._maps.values()
        )
        names = ("rows", "exact", "precision_sum", "recall_sum", "jaccard_sum")
        rows, exact, precision, recall, jaccard = (float(self._row[name]) for name in names)
        return SetCounts(rows, classes, both, called, there, exact, precision, recall, jaccard)


def _pair(value: Any) -> tuple[list[str], list[float]]:
    """`sumMap`'s two lists, as Arrow hands them over: a tuple is a struct."""
    classes, counts = value.values() if isinstance(value, dict) else value
    return list(classes), list(counts)
