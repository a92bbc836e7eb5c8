"""One class of several: rows by what they are and were called, for all slices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tapetum_server.detectors.performance.multiclass import ClassCounts
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import TIMEOUT_S, Frame
from tapetum_server.query.performance import Periods, bounded, number_sql, period_sql
from tapetum_server.query.reader import Reader, column_of, tuples_of
from tapetum_server.query.resampling import PARTS, Resampling, drawn_sql, part_sql, row_sql
from tapetum_server.query.slicing import MAX_SLICES, SliceKey, SliceSpec, slicing
from tapetum_server.query.statement import Parameters, Statement

MAX_CLASSES = 200
_SMALLEST = 1e-15


@dataclass(frozen=True, slots=True)
class ClassColumns:
    """Which columns hold what: the called class, or a score for each class, or both."""

    label: str
    prediction: str = ""
    scores: tuple[tuple[str, str], ...] = ()
    """Class and the column of its score."""
    weight: str = ""


@dataclass(frozen=True, slots=True)
class ClassSlice:
    """What was counted of one slice in one period."""

    key: SliceKey
    spec: int
    period: int
    counts: ClassCounts
    rows: int
    labelled: int
    parts: tuple[ClassCounts, ...] = ()
    """For intervals: the counts of each bucket of the jackknife, or of each sample of the bootstrap."""


def _text(frame: Frame, name: str) -> str:
    column = frame.column(name)
    if column.kind in ("numeric_list", "categorical_list", "other"):
        raise QueryError(f"{name!r} holds no classes, but {column.kind.replace('_', ' ')}s")
    return f"CAST({column.sql}, 'Nullable(String)')"


def classes_statement(frame: Frame, columns: ClassColumns) -> Statement:
    """The classes that labels and predictions name."""
    texts = [_text(frame, name) for name in (columns.label, columns.prediction) if name]
    return Statement(
        f"SELECT DISTINCT assumeNotNull(t_class) AS class\n"
        f"FROM (SELECT arrayJoin([{', '.join(texts)}]) AS t_class FROM {frame})\n"
        f"WHERE isNotNull(t_class) ORDER BY class LIMIT {MAX_CLASSES + 1}",
        dict(frame.parameters),
    )


def outcomes_statement(
    frame: Frame, columns: ClassColumns, specs: Sequence[SliceSpec], periods: Periods | None = None,
    resampling: Resampling = "",
) -> Statement:  # fmt: skip
    """Rows by (slice, period, part, label, called class, how many classes scored above the right one)."""
    parameters = Parameters()
    slices = slicing(frame, specs, parameters)
    label = f"ifNull({_text(frame, columns.label)}, '')"
    names = parameters.texts([name for name, _ in columns.scores])
    scores = _scores(frame, columns)
    called = f"ifNull({_text(frame, columns.prediction)}, '')" if columns.prediction else (
        f"{names}[indexOf(t_scores, arrayMax(t_scores))]"
    )  # fmt: skip
    weight = f"ifNull({number_sql(frame, columns.weight, 'weight')}, 0)" if columns.weight else "1"
    if columns.scores:
        mine = f"t_scores[indexOf({names}, t_label)]"
        chance = f"least(greatest({mine} / arraySum(t_scores), {_SMALLEST}), 1 - {_SMALLEST})"
        rank, surprise = f"arrayCount(s -> s > {mine}, t_scores)", f"-log({chance})"
    else:
        rank, surprise = "0", "nan"
    return Statement(
        f"""SELECT spec, slice, period, part, groupArray(label) AS labels, groupArray(guess) AS called,
    groupArray(rank) AS ranks, groupArray(w) AS weights, sum(n) AS rows, sumIf(n, label <> '') AS labelled,
    sum(surprises) AS surprise
FROM (
    SELECT {slices.spec} AS spec, {slices.slice} AS slice, t_period AS period, t_part AS part, t_label AS label,
        t_guess AS guess, t_rank AS rank, count() AS n, sum(t_w) AS w,
        sumIf(t_w * t_surprise, t_label <> '') AS surprises
    FROM (
        SELECT {slices.select}, {period_sql(frame, periods)} AS t_period,
            {part_sql(row_sql(frame), resampling)} AS t_part,
            toFloat64({drawn_sql(row_sql(frame), weight, resampling)}) AS t_w, {label} AS t_label,
            {scores} AS t_scores, {called} AS t_guess, {rank} AS t_rank, {surprise} AS t_surprise
        FROM {frame}
    )
    {slices.grouping("t_period", "t_part", "t_label", "t_guess", "t_rank")}
)
GROUP BY spec, slice, period, part ORDER BY spec, slice, period, part
LIMIT {(MAX_SLICES + 1) * (PARTS if resampling else 1)}""",
        {**frame.parameters, **parameters.values},
    )


async def class_slices(
    reader: Reader, frame: Frame, columns: ClassColumns, specs: Sequence[SliceSpec], *,
    periods: Periods | None = None, resampling: Resampling = "",
) -> list[ClassSlice]:  # fmt: skip
    """The counts of every slice, with those over resampled rows where intervals are wanted. Raises `QueryError`."""
    classes = await _classes(reader, frame, columns)
    slices = slicing(frame, specs, Parameters())
    by_part: defaultdict[tuple[int, str, int], list[ClassCounts]] = defaultdict(list)
    if resampling:
        statement = outcomes_statement(frame, columns, specs, periods, resampling)
        for spec, text, period, _, *cells, _, _, surprise in tuples_of(
            await reader.query(*statement, timeout_s=TIMEOUT_S)
        ):
            by_part[spec, text, period].append(_counts(classes, columns, cells, surprise))
    answer = await reader.query(*outcomes_statement(frame, columns, specs, periods), timeout_s=TIMEOUT_S)
    return bounded(
        [
            ClassSlice(
                slices.key(spec, text), spec, period, _counts(classes, columns, cells, surprise), int(rows),
                int(labelled), tuple(by_part[spec, text, period]),
            )
            for spec, text, period, _, *cells, rows, labelled, surprise in tuples_of(answer)
        ]
    )  # fmt: skip


async def _classes(reader: Reader, frame: Frame, columns: ClassColumns) -> tuple[str, ...]:
    named = column_of(await reader.query(*classes_statement(frame, columns), timeout_s=TIMEOUT_S), "class")
    missing = [name for name in named if columns.scores and name not in dict(columns.scores)]
    if missing:
        raise QueryError(
            f"{columns.label!r} has the class {missing[0]!r}, which has no score",
            code="unknown_class",
            field=columns.label,
            hint=f"There are scores for {', '.join(name for name, _ in columns.scores[:20])}.",
        )
    classes = tuple(sorted({*named, *dict(columns.scores)}))
    if len(classes) > MAX_CLASSES:
        raise QueryError(f"{columns.label!r} has more than {MAX_CLASSES} classes: are they numbers to be predicted?")
    return classes


def _counts(
    classes: tuple[str, ...], columns: ClassColumns, cells: Sequence[Sequence[Any]], surprise: float
) -> ClassCounts:
    """From (labels, called classes, ranks, weights)."""
    place = {name: k for k, name in enumerate(classes)}
    matrix, above = np.zeros((len(classes), len(classes))), np.zeros(len(classes))
    for label, guess, rank, weight in zip(*cells):
        # A class that came after the classes were asked for is of the next answer.
        if label in place and guess in place:
            matrix[place[label], place[guess]] += weight
            above[min(rank, len(classes) - 1)] += weight
    if not columns.scores:
        return ClassCounts(classes, matrix)
    return ClassCounts(classes, matrix, above, float(surprise))


def _scores(frame: Frame, columns: ClassColumns) -> str:
    each = [f"ifNull({number_sql(frame, column, 'score')}, nan)" for _, column in columns.scores]
    return f"CAST([{', '.join(each)}], 'Array(Float64)')"
