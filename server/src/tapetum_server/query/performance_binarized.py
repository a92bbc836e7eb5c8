"""Yes-or-no questions asked of several classes: labels by score for each group of a question, for all slices.

A row becomes pairs of a score and a label, one for each class it is asked about. Rows are resampled whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tapetum_server.detectors.performance.binarized import ALL, Part
from tapetum_server.detectors.performance.counts import ScoreCounts, score_counts
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import TIMEOUT_S, Frame
from tapetum_server.query.performance import BINS, EXACT_CELLS, Periods, bounded, label_sql, number_sql, period_sql
from tapetum_server.query.reader import Reader, first_row, tuples_of
from tapetum_server.query.resampling import PARTS, Resampling, drawn_sql, part_sql, row_sql
from tapetum_server.query.slicing import MAX_SLICES, SliceKey, SliceSpec, slicing
from tapetum_server.query.statement import Parameters, Statement

_ROWS = ""
"""The group of one pair for each row: how many there are, and how many have a label."""


@dataclass(frozen=True, slots=True)
class PairColumns:
    """Which columns hold what."""

    label: str
    """The class, or a list of classes; of a question of yes or no itself, yes or no."""
    scores: tuple[tuple[str, str], ...]
    """Class and the column of its score."""
    positive: str = ""
    """The label that counts as positive, of a question of yes or no."""
    weight: str = ""


@dataclass(frozen=True, slots=True)
class PairSlice:
    """What was counted of one slice in one period, by group."""

    key: SliceKey
    spec: int
    period: int
    groups: Mapping[str, ScoreCounts]
    rows: int
    labelled: int
    parts: tuple[Mapping[str, ScoreCounts], ...] = ()


def pairs_of_rows_statement(
    frame: Frame, columns: PairColumns, part: Part, specs: Sequence[SliceSpec], *, periods: Periods | None = None,
    resampling: Resampling = "", binned: bool = False,
) -> Statement:  # fmt: skip
    """Labels by (slice, period, part, group, score)."""
    parameters = Parameters()
    slices = slicing(frame, specs, parameters)
    label, known = _label(frame, columns, part, parameters)
    weight = f"ifNull({number_sql(frame, columns.weight, 'weight')}, 0)" if columns.weight else "1"
    scores = ", ".join(f"ifNull({number_sql(frame, name, 'score')}, nan)" for _, name in columns.scores)
    # Of parts, a bin is at its middle: what is left without one of them must stand at the same places.
    at = f"if(isFinite(t_place), (t_place - 0.5) / {BINS}, t_place)" if binned and resampling else "avg(t_score)"
    place = f"if(isFinite(t_score), ceil(t_score * {BINS}), t_score)" if binned else "t_score"
    return Statement(
        f"""SELECT spec, slice, period, part, group, groupArray(at) AS scores, groupArray(yes) AS positives,
    groupArray(no) AS negatives, sum(n) AS rows, sum(marked) AS labelled
FROM (
    SELECT {slices.spec} AS spec, {slices.slice} AS slice, t_period AS period, t_part AS part,
        t_pair.1 AS group, {at} AS at, sumIf(t_w * t_pair.4, t_pair.3 = 1) AS yes,
        sumIf(t_w * t_pair.4, t_pair.3 = 0) AS no, count() AS n, countIf(t_pair.3 = 1) AS marked
    FROM (
        SELECT *, arrayJoin(arrayPushFront(if(t_known AND arrayAll(s -> isFinite(s), t_scores),
                {_pairs(columns, part, parameters)}, []), ('{_ROWS}', nan, toUInt8(t_known), 0.))) AS t_pair,
            t_pair.2 AS t_score, {place} AS t_place
        FROM (
            SELECT {slices.select}, {period_sql(frame, periods)} AS t_period,
                {part_sql(row_sql(frame), resampling)} AS t_part,
                toFloat64({drawn_sql(row_sql(frame), weight, resampling)}) AS t_w, {label} AS t_label,
                {known} AS t_known, CAST([{scores}], 'Array(Float64)') AS t_scores,
                arraySort((i, s) -> -s, arrayEnumerate(t_scores), t_scores) AS t_order
            FROM {frame}
        )
    )
    {slices.grouping("t_period", "t_part", "t_pair.1", "t_place")}
)
GROUP BY spec, slice, period, part, group ORDER BY spec, slice, period, part, group
LIMIT {(MAX_SLICES + 1) * (PARTS if resampling else 1) * (len(columns.scores) + 1)}""",
        {**frame.parameters, **parameters.values},
    )


async def pair_slices(
    reader: Reader, frame: Frame, columns: PairColumns, part: Part, specs: Sequence[SliceSpec], *,
    periods: Periods | None = None, resampling: Resampling = "",
) -> list[PairSlice]:  # fmt: skip
    """The counts of every slice, with those over resampled rows where intervals are wanted. Raises `QueryError`."""
    binned = await _too_many(reader, frame, columns, specs)
    whole: defaultdict[tuple[int, str, int], dict[str, ScoreCounts]] = defaultdict(dict)
    rows: dict[tuple[int, str, int], tuple[int, int]] = {}
    statement = pairs_of_rows_statement(frame, columns, part, specs, periods=periods, binned=binned)
    for spec, text, period, _, group, *cells, n, marked in tuples_of(
        await reader.query(*statement, timeout_s=TIMEOUT_S)
    ):
        if group == _ROWS:
            rows[spec, text, period] = int(n), int(marked)
        else:
            whole[spec, text, period][group] = score_counts(*cells)
    by_part: defaultdict[tuple[int, str, int], defaultdict[int, dict[str, ScoreCounts]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    if resampling:
        statement = pairs_of_rows_statement(
            frame, columns, part, specs, periods=periods, resampling=resampling, binned=binned
        )
        answer = await reader.query(*statement, timeout_s=TIMEOUT_S)
        for spec, text, period, which, group, *cells, _, _ in tuples_of(answer):
            if group != _ROWS:
                by_part[spec, text, period][which][group] = score_counts(*cells)
    slices = slicing(frame, specs, Parameters())
    return bounded(
        [
            PairSlice(
                slices.key(spec, text), spec, period, whole[spec, text, period], n, marked,
                tuple(by_part[spec, text, period].values()),
            )
            for (spec, text, period), (n, marked) in rows.items()
        ]
    )  # fmt: skip


async def _too_many(reader: Reader, frame: Frame, columns: PairColumns, specs: Sequence[SliceSpec]) -> bool:
    """Whether scores are counted in bins: there are many, and all are probabilities."""
    each = [number_sql(frame, name, "score") for _, name in columns.scores]
    low = ", ".join(f"min({one})" for one in each)
    high = ", ".join(f"max({one})" for one in each)
    sql = f"SELECT count() AS t_rows, arrayMin([{low}]) AS t_low, arrayMax([{high}]) AS t_high FROM {frame}"
    found = first_row(await reader.query(sql, dict(frame.parameters), timeout_s=TIMEOUT_S)) or {}
    low_score, high_score = found["t_low"], found["t_high"]
    probable = low_score is not None and high_score is not None and low_score >= 0 and high_score <= 1
    return bool(probable and found["t_rows"] * len(specs) * len(each) > EXACT_CELLS)


def _label(frame: Frame, columns: PairColumns, part: Part, parameters: Parameters) -> tuple[str, str]:
    """Expressions: what is right, as `_is` reads it, and whether that is known."""
    column = frame.column(columns.label)
    if part.how == "itself":
        label = label_sql(frame, columns.label, columns.positive, parameters)
        return label, "isNotNull(t_label)"
    if column.kind == "categorical_list":
        # An empty list is a label: of no class.
        return f"arrayMap(c -> ifNull(c, ''), {column.sql})", "true"
    if column.kind in ("numeric_list", "other"):
        raise QueryError(f"{columns.label!r} holds no classes, but {column.kind.replace('_', ' ')}s")
    return f"[ifNull(CAST({column.sql}, 'Nullable(String)'), '')]", "t_label <> ['']"


def _pairs(columns: PairColumns, part: Part, parameters: Parameters) -> str:
    """Expression: the (group, score, label, weight) of a row that the question asks for."""
    if part.how == "itself":
        return f"[('{ALL}', t_scores[1], toUInt8(ifNull(t_label, 0)), 1.)]"
    names = parameters.texts([name for name, _ in columns.scores])
    truth = f"toUInt8(has(t_label, {names}[i]))"
    if part.at_places:
        order = f"arraySlice(t_order, 1, {int(part.k)})"
        return f"arrayMap((i, p) -> (toString(p), t_scores[i], {truth}, 1.), {order}, arrayEnumerate({order}))"
    if part.how == "top_k":
        score = f"if(indexOf(t_order, i) <= {int(part.k)}, t_scores[i], -inf)"
        return f"arrayMap(i -> ('{ALL}', {score}, {truth}, 1.), arrayEnumerate(t_scores))"
    if part.how == "micro":
        told = dict(part.weights)
        weights = parameters.numbers([told.get(name, 0.0) if told else 1.0 for name, _ in columns.scores])
        order = f"arraySlice(t_order, 1, {int(part.k)})" if part.k else "t_order"
        return f"arrayMap(i -> ('{ALL}', t_scores[i], {truth}, {weights}[i]), {order})"
    return f"arrayMap(i -> ({names}[i], t_scores[i], {truth}, 1.), arrayEnumerate(t_scores))"
