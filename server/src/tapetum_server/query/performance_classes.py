"""One class of several: rows by what they are and were called, and labels by score of each class, for all slices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tapetum_server.detectors.performance.counts import ScoreCounts, score_counts
from tapetum_server.detectors.performance.multiclass import ClassCounts
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import TIMEOUT_S, Frame
from tapetum_server.query.performance import Periods, bounded, number_sql, period_sql
from tapetum_server.query.reader import Reader, column_of, tuples_of
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


@dataclass(frozen=True, slots=True)
class ClassSlice:
    """What was counted of one slice in one period."""

    key: SliceKey
    spec: int
    period: int
    counts: ClassCounts
    by_class: tuple[ScoreCounts, ...]
    """Of each class against the others, by its score; empty without scores."""
    rows: int
    labelled: int


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
    frame: Frame, columns: ClassColumns, specs: Sequence[SliceSpec], periods: Periods | None = None
) -> Statement:
    """Rows by (slice, period, label, called class, how many classes scored above the right one)."""
    parameters = Parameters()
    slices = slicing(frame, specs, parameters)
    label = f"ifNull({_text(frame, columns.label)}, '')"
    names = parameters.texts([name for name, _ in columns.scores])
    scores = _scores(frame, columns)
    called = f"ifNull({_text(frame, columns.prediction)}, '')" if columns.prediction else (
        f"{names}[indexOf(t_scores, arrayMax(t_scores))]"
    )  # fmt: skip
    if columns.scores:
        mine = f"t_scores[indexOf({names}, t_label)]"
        chance = f"least(greatest({mine} / arraySum(t_scores), {_SMALLEST}), 1 - {_SMALLEST})"
        rank, surprise = f"arrayCount(s -> s > {mine}, t_scores)", f"-log({chance})"
    else:
        rank, surprise = "0", "nan"
    return Statement(
        f"""SELECT spec, slice, period, groupArray(label) AS labels, groupArray(guess) AS called,
    groupArray(rank) AS ranks,
    groupArray(n) AS rows, sum(surprises) AS surprise
FROM (
    SELECT {slices.spec} AS spec, {slices.slice} AS slice, t_period AS period, t_label AS label,
        t_guess AS guess, t_rank AS rank, count() AS n, sumIf(t_surprise, t_label <> '') AS surprises
    FROM (
        SELECT {slices.select}, {period_sql(frame, periods)} AS t_period, {label} AS t_label,
            {scores} AS t_scores, {called} AS t_guess, {rank} AS t_rank, {surprise} AS t_surprise
        FROM {frame}
    )
    {slices.grouping("t_period", "t_label", "t_guess", "t_rank")}
)
GROUP BY spec, slice, period ORDER BY spec, slice, period LIMIT {MAX_SLICES + 1}""",
        {**frame.parameters, **parameters.values},
    )


def by_class_statement(
    frame: Frame, columns: ClassColumns, specs: Sequence[SliceSpec], periods: Periods | None = None
) -> Statement:
    """Labels by (slice, period, class, score of the class): each row stands once for each class."""
    parameters = Parameters()
    slices = slicing(frame, specs, parameters)
    label = f"ifNull({_text(frame, columns.label)}, '')"
    names = parameters.texts([name for name, _ in columns.scores])
    return Statement(
        f"""SELECT spec, slice, period, class, groupArray(score) AS scores, groupArray(yes) AS positives,
    groupArray(no) AS negatives
FROM (
    SELECT {slices.spec} AS spec, {slices.slice} AS slice, t_period AS period, t_class AS class,
        t_score AS score, countIf(t_label = t_class) AS yes, countIf(t_label <> t_class) AS no
    FROM (
        SELECT {slices.select}, {period_sql(frame, periods)} AS t_period, {label} AS t_label,
            arrayJoin(arrayZip({names}, {_scores(frame, columns)})) AS t_pair, t_pair.1 AS t_class, t_pair.2 AS t_score
        FROM {frame} AND t_label <> ''
    )
    {slices.grouping("t_period", "t_class", "t_score")}
)
GROUP BY spec, slice, period, class ORDER BY spec, slice, period, class LIMIT {(MAX_SLICES + 1) * MAX_CLASSES}""",
        {**frame.parameters, **parameters.values},
    )


async def class_slices(
    reader: Reader, frame: Frame, columns: ClassColumns, specs: Sequence[SliceSpec], *,
    periods: Periods | None = None, scores: bool = True,
) -> list[ClassSlice]:  # fmt: skip
    """The counts of every slice; with `scores`, those of each class by its score, too. Raises `QueryError`."""
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
    place = {name: k for k, name in enumerate(classes)}
    slices = slicing(frame, specs, Parameters())
    cells: defaultdict[tuple[int, str, int], dict[str, ScoreCounts]] = defaultdict(dict)
    if scores and columns.scores:
        answer = await reader.query(*by_class_statement(frame, columns, specs, periods), timeout_s=TIMEOUT_S)
        for spec, text, period, name, values, positives, negatives in tuples_of(answer):
            cells[spec, text, period][name] = score_counts(values, positives, negatives)
    found = []
    answer = await reader.query(*outcomes_statement(frame, columns, specs, periods), timeout_s=TIMEOUT_S)
    for spec, text, period, labels, called, ranks, rows, surprise in tuples_of(answer):
        matrix, above = np.zeros((len(classes), len(classes))), np.zeros(len(classes))
        for label, guess, rank, count in zip(labels, called, ranks, rows):
            if label and guess:
                matrix[place[label], place[guess]] += count
                above[min(rank, len(classes) - 1)] += count
        has_scores = bool(columns.scores)
        counts = ClassCounts(
            classes, matrix, above if has_scores else None, float(surprise) if has_scores else float("nan")
        )
        of_class = cells.get((spec, text, period), {})
        found.append(
            ClassSlice(
                slices.key(spec, text), spec, period, counts,
                tuple(of_class[name] for name in classes if name in of_class),
                int(sum(rows)), int(sum(count for label, count in zip(labels, rows) if label)),
            )
        )  # fmt: skip
    return bounded(found)


def _scores(frame: Frame, columns: ClassColumns) -> str:
    each = [f"ifNull({number_sql(frame, column, 'score')}, nan)" for _, column in columns.scores]
    return f"CAST([{', '.join(each)}], 'Array(Float64)')"
