"""Rows ranked by their score within a query, for all slices of a frame in one scan: sums over the queries.

Rows that score the same have no order. NDCG, precision and recall take the mean over all orders they could have; the
place of a relevant row is the last of its tie, so that a model that scores everything alike gains nothing by it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tapetum_server.detectors.performance.ranking import ADDED, ALL, RankingSums
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import TIMEOUT_S, Frame
from tapetum_server.query.performance import Periods, bounded, number_sql, period_sql
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.resampling import PARTS, Resampling, drawn_sql, part_sql
from tapetum_server.query.slicing import MAX_SLICES, SliceKey, SliceSpec, slicing
from tapetum_server.query.statement import Parameters, Statement

MAX_CUTS = 20
_NEVER = 2**40
"""A cut-off beyond every query's end."""


@dataclass(frozen=True, slots=True)
class RankingColumns:
    """Which columns hold what."""

    query: str
    """Rows with the same value are ranked against each other."""
    label: str
    """Above 0 for a relevant row."""
    score: str
    gain: str = ""
    """How relevant a row is, for NDCG; "" for the label."""
    weight: str = ""
    """Of the query: the mean over its rows."""


@dataclass(frozen=True, slots=True)
class RankingSlice:
    """What was summed of one slice in one period."""

    key: SliceKey
    spec: int
    period: int
    sums: RankingSums
    rows: int
    labelled: int
    parts: tuple[RankingSums, ...] = ()


def ranking_statement(
    frame: Frame, columns: RankingColumns, specs: Sequence[SliceSpec], cuts: Sequence[int], *,
    periods: Periods | None = None, resampling: Resampling = "",
) -> Statement:  # fmt: skip
    """Sums over queries by (slice, period), and with `resampling` by part, too."""
    parameters = Parameters()
    slices = slicing(frame, specs, parameters)
    label, score = number_sql(frame, columns.label, "label"), number_sql(frame, columns.score, "score")
    gain = number_sql(frame, columns.gain or columns.label, "gain")
    weight = f"ifNull({number_sql(frame, columns.weight, 'weight')}, 0)" if columns.weight else "1"
    ends = parameters.bind([cut or _NEVER for cut in cuts], "Array(Int64)")
    part = part_sql("query", resampling)
    times = drawn_sql("query", "query_weight", resampling)
    return Statement(
        f"""SELECT spec, slice, period, t_part, sum(all_rows) AS rows, sum(known) AS labelled, sum(docs) AS examples,
    sumIf(w, docs > 0) AS queries, sum(w * docs) AS documents, sumIf(w, found > 0) AS relevant,
    sumIf(w, ideal[1] > 0) AS gaining, sumIf(w * first, found > 0) AS position,
    minIf(w * docs, docs > 0) AS fewest, max(w * docs) AS most,
    sumForEach(arrayMap(x -> x * w, ndcg_at)) AS ndcg, sumForEach(arrayMap(x -> x * w, precision_at)) AS precision,
    sumForEach(arrayMap(x -> x * w, recall_at)) AS recall, sumForEach(arrayMap(x -> x * w, ap_at)) AS average_precision,
    sumForEach(arrayMap(x -> x * w, rr_at)) AS reciprocal_rank, sumForEach(arrayMap(x -> x * w, hit_at)) AS hit
FROM (
    SELECT *, {part} AS t_part, toFloat64({times}) AS w
    FROM (
        SELECT spec, slice, period, query, sum(n) AS all_rows, sum(known_rows) AS known, toInt64(sum(used)) AS docs,
            toInt64(sum(positive)) AS found, sum(weights) / greatest(docs, 1) AS query_weight,
            arraySort(c -> -c.1, groupArrayIf((score, toInt64(used), gains, toInt64(positive)), used > 0)) AS cells,
            arrayReverseSort(arrayFlatten(groupArray(gain_list))) AS ideal,
            arrayCumSum(c -> c.2, cells) AS to_rank, arrayMap((e, c) -> e - c.2, to_rank, cells) AS from_rank,
            arrayCumSum(c -> c.4, cells) AS found_to,
            arrayPushFront(arrayCumSum(i -> 1 / log2(i + 2), range(toUInt64(docs))), 0.) AS discount,
            arrayFirst((e, c) -> c.4 > 0, to_rank, cells) AS first,
            arrayMap(k -> least(k, docs), {ends}) AS last_rank,
            arrayMap(m -> arraySum((c, s, e) -> c.3 / c.2 * (discount[least(e, m) + 1] - discount[least(s, m) + 1]),
                cells, from_rank, to_rank), last_rank) AS gained,
            arrayMap(m -> arraySum((g, i) -> if(i <= m, g / log2(i + 1), 0), ideal, arrayEnumerate(ideal)), last_rank)
                AS could_gain,
            arrayMap((g, of) -> if(of > 0, g / of, 0), gained, could_gain) AS ndcg_at,
            arrayMap(m -> arraySum((c, s, e) -> c.4 / c.2 * (least(e, m) - least(s, m)), cells, from_rank, to_rank),
                last_rank) AS hits,
            arrayMap((h, k) -> h / k, hits, {ends}) AS precision_at,
            arrayMap(h -> h / greatest(found, 1), hits) AS recall_at,
            arrayMap((m, k) -> arraySum((c, e, f) -> if(e <= m, c.4 * f / e, 0), cells, to_rank, found_to)
                / greatest(least(k, found), 1), last_rank, {ends}) AS ap_at,
            arrayMap(k -> if(found > 0 AND first <= k, 1 / first, 0), {ends}) AS rr_at,
            arrayMap(k -> if(found > 0 AND first <= k, 1., 0.), {ends}) AS hit_at
        FROM (
            SELECT {slices.spec} AS spec, {slices.slice} AS slice, t_period AS period, t_query AS query,
                t_score AS score, count() AS n, countIf(t_known) AS known_rows, countIf(t_usable) AS used,
                sumIf(t_gain, t_usable) AS gains, countIf(t_usable AND t_label > 0) AS positive,
                sumIf(t_weight, t_usable) AS weights, groupArrayIf(t_gain, t_usable) AS gain_list
            FROM (
                SELECT {slices.select}, {period_sql(frame, periods)} AS t_period,
                    ifNull(CAST({_query(frame, columns.query)}, 'Nullable(String)'), '') AS t_query,
                    ifNull({score}, nan) AS t_score, ifNull({label}, nan) AS t_label, ifNull({gain}, nan) AS t_gain,
                    isFinite(t_label) AS t_known, toFloat64({weight}) AS t_weight,
                    notEmpty(t_query) AND isFinite(t_score) AND t_known AND isFinite(t_gain) AS t_usable
                FROM {frame}
            )
            {slices.grouping("t_period", "t_query", "t_score")}
        )
        GROUP BY spec, slice, period, query
    )
)
GROUP BY spec, slice, period, t_part
ORDER BY spec, slice, period, t_part LIMIT {(MAX_SLICES + 1) * (PARTS if resampling else 1)}""",
        {**frame.parameters, **parameters.values},
    )


async def ranking_slices(
    reader: Reader, frame: Frame, columns: RankingColumns, specs: Sequence[SliceSpec], cuts: Sequence[int], *,
    periods: Periods | None = None, resampling: Resampling = "",
) -> list[RankingSlice]:  # fmt: skip
    """The sums of every slice, with those over resampled queries where intervals are wanted. Raises `QueryError`."""
    if len(cuts) > MAX_CUTS:
        raise QueryError(f"{len(cuts)} cut-offs are asked for; at most {MAX_CUTS} can be had at once")
    cuts = tuple(cuts) or (ALL,)
    statement = ranking_statement(frame, columns, specs, cuts, periods=periods)
    rows = rows_of(await reader.query(*statement, timeout_s=TIMEOUT_S))
    by_part: defaultdict[tuple[int, str, int], list[RankingSums]] = defaultdict(list)
    if resampling:
        statement = ranking_statement(frame, columns, specs, cuts, periods=periods, resampling=resampling)
        for row in rows_of(await reader.query(*statement, timeout_s=TIMEOUT_S)):
            by_part[row["spec"], row["slice"], row["period"]].append(_sums(row, cuts))
    slices = slicing(frame, specs, Parameters())
    return bounded(
        [
            RankingSlice(
                slices.key(row["spec"], row["slice"]), row["spec"], row["period"],
                _sums(row, cuts, fewest=float(row["fewest"]), most=float(row["most"])), int(row["rows"]),
                int(row["labelled"]), tuple(by_part[row["spec"], row["slice"], row["period"]]),
            )
            for row in rows
        ]
    )  # fmt: skip


def _query(frame: Frame, name: str) -> str:
    column = frame.column(name)
    if column.kind in ("numeric_list", "categorical_list", "other"):
        raise QueryError(f"{name!r} names no queries: it holds {column.kind.replace('_', ' ')}s")
    return column.sql


def _sums(row: Mapping[str, Any], cuts: tuple[int, ...], **ends: float) -> RankingSums:
    told = {name: np.asarray(row[name], np.float64) for name in ADDED}
    plain = {name: value if value.ndim else float(value) for name, value in told.items()}
    return RankingSums(**plain, cuts=cuts, **ends)  # type: ignore[arg-type]
