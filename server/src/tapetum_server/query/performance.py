"""Labels by score for all slices of a frame in one scan: what metrics of a yes-or-no question are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from tapetum_server.detectors.performance.counts import ScoreCounts, score_counts
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import TIMEOUT_S, Frame
from tapetum_server.query.reader import Reader, first_row, tuples_of
from tapetum_server.query.slicing import MAX_SLICES, SliceKey, SliceSpec, slicing
from tapetum_server.query.statement import Parameters, Statement

EXACT_CELLS = 2_000_000
"""Rows times kinds of slices up to which every distinct score is counted apart."""
_T = TypeVar("_T")
BINS = 10_000
"""Beyond that, scores between 0 and 1 are counted in so many bins, each at its mean score."""


@dataclass(frozen=True, slots=True)
class BinaryColumns:
    """Which columns hold what."""

    label: str
    score: str
    positive: str = ""
    """The label that counts as positive; "" for 1, true and "1"."""
    weight: str = ""


@dataclass(frozen=True, slots=True)
class Periods:
    """Rows by time: so many seconds of this column are one period."""

    column: str
    seconds: int


@dataclass(frozen=True, slots=True)
class BinarySlice:
    """What was counted of one slice in one period."""

    key: SliceKey
    spec: int
    period: int
    """Seconds since 1970 at which it begins; 0 where time was not asked for."""
    counts: ScoreCounts
    """Of labelled rows with a score."""
    rows: int
    labelled: int
    scored: int


@dataclass(frozen=True, slots=True)
class Extent:
    """How many rows there are, and what their scores and labels are like."""

    rows: int
    low: float
    high: float
    other_labels: tuple[str, ...]
    """Some that are neither positive nor negative."""


def label_sql(frame: Frame, name: str, positive: str, parameters: Parameters) -> str:
    """Expression: 1 for a positive label, 0 for a negative one, null where there is none (NaN included)."""
    column = frame.column(name)
    if positive:
        return f"toNullable(CAST({column.sql}, 'Nullable(String)') = {parameters.text(positive)})"
    if column.kind == "boolean":
        return f"CAST({column.sql}, 'Nullable(UInt8)')"
    if column.kind == "numeric":
        return f"if(isNaN({column.sql}), NULL, CAST({column.sql} = 1, 'Nullable(UInt8)'))"
    if column.kind == "categorical":
        return f"CAST(lower({column.sql}) IN ('1', 'true'), 'Nullable(UInt8)')"
    raise QueryError(f"{name!r} holds no labels that can be counted, but {column.kind.replace('_', ' ')}s")


def probability_sql(number: str) -> str:
    """Condition that a number is a probability."""
    return f"ifNull(isFinite({number}) AND {number} >= 0 AND {number} <= 1, false)"


def number_sql(frame: Frame, name: str, what: str) -> str:
    """Expression of a column of numbers; `QueryError` for any other."""
    column = frame.column(name)
    if column.kind not in ("numeric", "boolean"):
        raise QueryError(f"{name!r} holds no {what}s: it is {column.kind.replace('_', ' ')}, not numeric")
    return column.sql if column.kind == "numeric" else f"CAST({column.sql}, 'Nullable(Float64)')"


def extent_statement(frame: Frame, columns: BinaryColumns) -> Statement:
    """One look at the columns, before rows are counted."""
    parameters = Parameters()
    score = number_sql(frame, columns.score, "score")
    text = f"CAST({frame.column(columns.label).sql}, 'Nullable(String)')"
    known = "'0', '1', 'true', 'false'"
    other = f"isNotNull({text}) AND lower({text}) NOT IN ({known}, 'nan')" if not columns.positive else "false"
    return Statement(
        f"SELECT count() AS t_rows, minIf({score}, isFinite({score})) AS t_low,\n"
        f"    maxIf({score}, isFinite({score})) AS t_high, groupUniqArrayIf(5)({text}, {other}) AS t_others\n"
        f"FROM {frame}",
        {**frame.parameters, **parameters.values},
    )


def counts_statement(
    frame: Frame, columns: BinaryColumns, specs: Sequence[SliceSpec], *, binned: bool, periods: Periods | None = None
) -> Statement:
    """Labels by (slice, period, score)."""
    parameters = Parameters()
    slices = slicing(frame, specs, parameters)
    score = number_sql(frame, columns.score, "score")
    label = label_sql(frame, columns.label, columns.positive, parameters)
    weight = f"ifNull({number_sql(frame, columns.weight, 'weight')}, 0)" if columns.weight else "1"
    group = f"ceil(t_score * {BINS})" if binned else "t_score"
    return Statement(
        f"""SELECT spec, slice, period, groupArray(at) AS scores, groupArray(yes) AS positives,
    groupArray(no) AS negatives, sum(n) AS rows, sum(known) AS labelled,
    sumIf(n, isFinite(at)) AS scored
FROM (
    SELECT {slices.spec} AS spec, {slices.slice} AS slice, t_period AS period,
        avg(t_score) AS at, sumIf(t_weight, t_label = 1) AS yes, sumIf(t_weight, t_label = 0) AS no, count() AS n,
        countIf(isNotNull(t_label)) AS known
    FROM (
        SELECT {slices.select}, {period_sql(frame, periods)} AS t_period,
            ifNull({score}, nan) AS t_score, {group} AS t_place, {label} AS t_label, {weight} AS t_weight
        FROM {frame}
    )
    {slices.grouping("t_period", "t_place")}
)
GROUP BY spec, slice, period ORDER BY spec, slice, period LIMIT {MAX_SLICES + 1}""",
        {**frame.parameters, **parameters.values},
    )


def period_sql(frame: Frame, periods: Periods | None) -> str:
    """Expression: the second at which a row's period begins; 0 without periods, and for rows without a time."""
    if periods is None:
        return "toInt64(0)"
    column = frame.column(periods.column)
    if column.kind != "time":
        raise QueryError(f"{periods.column!r} holds no times: it is {column.kind.replace('_', ' ')}")
    seconds = int(periods.seconds)
    return f"ifNull(intDiv(toUnixTimestamp64Second({column.sql}), {seconds}) * {seconds}, 0)"


async def binary_extent(reader: Reader, frame: Frame, columns: BinaryColumns) -> Extent:
    """How many rows there are and what they hold. Raises `QueryError` where labels are no yes or no."""
    found = first_row(await reader.query(*extent_statement(frame, columns), timeout_s=TIMEOUT_S)) or {}
    extent = Extent(found["t_rows"], _number(found["t_low"]), _number(found["t_high"]), tuple(found["t_others"]))
    if extent.other_labels:
        raise QueryError(
            f"{columns.label!r} has labels that are neither 0 nor 1: {', '.join(extent.other_labels[:5])}",
            code="not_binary",
            field=columns.label,
            hint="Say which label is the positive one, or ask for the metrics of several classes.",
        )
    return extent


async def binary_slices(
    reader: Reader, frame: Frame, columns: BinaryColumns, specs: Sequence[SliceSpec], periods: Periods | None = None
) -> tuple[list[BinarySlice], bool]:
    """The counts of every slice, and whether scores were counted in bins. Raises `QueryError`."""
    extent = await binary_extent(reader, frame, columns)
    binned = extent.rows * len(specs) > EXACT_CELLS and extent.low >= 0 and extent.high <= 1
    statement = counts_statement(frame, columns, specs, binned=binned, periods=periods)
    slices = slicing(frame, specs, Parameters())
    found = []
    for spec, text, period, scores, positives, negatives, rows, labelled, scored in tuples_of(
        await reader.query(*statement, timeout_s=TIMEOUT_S)
    ):
        place = np.asarray(scores, np.float64)
        yes, no = np.asarray(positives, np.float64), np.asarray(negatives, np.float64)
        used = np.isfinite(place) & (yes + no > 0)
        counts = score_counts(place[used], yes[used], no[used])
        found.append(BinarySlice(slices.key(spec, text), spec, period, counts, rows, labelled, scored))
    return bounded(found), binned


def bounded(slices: list[_T]) -> list[_T]:
    """The slices, unless there are too many to report on."""
    if len(slices) > MAX_SLICES:
        raise QueryError(
            f"there are more than {MAX_SLICES} slices",
            code="too_many_slices",
            hint="Slice by columns with fewer values, or by fewer columns at once.",
        )
    return slices


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
