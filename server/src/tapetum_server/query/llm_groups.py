"""The calls of models by the value of some keys: who spends, and how that went over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, get_args

from typing_extensions import TypedDict

from tapetum_server.query.errors import QueryError
from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import value_sql
from tapetum_server.query.histograms import step_sql, steps_over
from tapetum_server.query.llm_asked import asked_sql
from tapetum_server.query.llm_calls import (
    CALL_COLUMNS,
    MEASURE_COUNT,
    MEASURES,
    OF_THE_TRACE,
    TOOL,
    LlmMeasures,
    call_conditions,
    measures_of,
)
from tapetum_server.query.outside import ends_of
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import MILLISECOND, Steps, TimeRange, format_time

LlmSort = Literal["-cost_usd", "-calls", "-errors", "-tokens", "-p95_ms"]
LLM_SORTS: tuple[LlmSort, ...] = get_args(LlmSort)
MAX_GROUPS = 500
MAX_KEYS = 2
TREND_STEPS = 40
_ORDER: Mapping[LlmSort, str] = {
    # What is unknown stands behind what is; and then by tokens, which are known more often.
    "-cost_usd": "ifNull(spent, -1) DESC, ifNull(tokens_in, 0) + ifNull(tokens_out, 0) DESC",
    "-calls": "calls DESC",
    "-errors": "errors DESC",
    "-tokens": "ifNull(toFloat64(tokens_in), -1) + ifNull(tokens_out, 0) DESC",
    "-p95_ms": "ifNotFinite(durations[2], -1) DESC",
}


class LlmGroup(LlmMeasures):
    """The calls with the same values of the keys."""

    values: list[str]
    """One per key of `keys`; an empty one is of calls that name none."""
    cost_trend: list[float | None]
    calls_trend: list[int]


class LlmGroups(TypedDict):
    """The groups first in the order that was asked for."""

    keys: list[str]
    rows: list[LlmGroup]
    total: int
    """How many groups there are."""
    cost_usd: float | None
    """What the calls of all of them cost, each once, of known prices: of which each group's is a share."""
    repeated: int
    """Calls that stand in more than one group, since they asked for several tools: a sum over groups has them twice."""
    times: list[str]
    interval_ms: int


async def llm_groups(
    reader: Reader,
    *,
    project: str,
    time_range: TimeRange,
    filter: Filter,
    by: Sequence[str],
    sort: LlmSort = "-cost_usd",
    limit: int = 50,
) -> LlmGroups:
    """The calls that pass the filter, by these keys. Raises `QueryError` for no keys or more than two."""
    keys = list(dict.fromkeys(by))
    if not 0 < len(keys) <= MAX_KEYS:
        raise QueryError(
            f"{len(keys)} keys to group by; one or two", code="bad_keys", field="by",
            hint="Such as by=model, by=user_id or by=prompt_name,prompt_version.",
        )  # fmt: skip
    selection = await select(reader, SPANS, project=project, time_range=time_range, filter=filter, keys=keys)
    ends = await ends_of(reader, selection)
    if ends is None:
        return LlmGroups(keys=keys, rows=[], total=0, cost_usd=None, repeated=0, times=[], interval_ms=0)
    steps = steps_over(ends["drawn"], TREND_STEPS)
    found = list(
        tuples_of(
            await reader.query(*groups_statement(replace(selection, time_range=ends["whole"]), keys, sort, limit))
        )
    )
    trends: dict[tuple[str, ...], tuple[list[float | None], list[int]]] = {
        row[: len(keys)]: ([None] * steps.count, [0] * steps.count) for row in found
    }
    if found:
        drawn = replace(selection, time_range=ends["drawn"])
        for step, calls, cost, *values in tuples_of(
            await reader.query(*group_trends_statement(drawn, keys, steps, list(trends)))
        ):
            costs, counts = trends[tuple(values)]
            costs[step], counts[step] = cost, calls
    repeated, spent = 0, found[0][-1] if found else None
    if found and TOOL in keys:
        whole = replace(selection, time_range=ends["whole"])
        ((repeated, spent),) = tuples_of(await reader.query(*repeated_statement(whole)))
    return LlmGroups(
        keys=keys,
        rows=[_group(row, len(keys), *trends[row[: len(keys)]]) for row in found],
        total=found[0][-2] if found else 0,
        cost_usd=spent,
        repeated=repeated,
        times=[format_time(time) for time in steps.times()],
        interval_ms=steps.step // MILLISECOND,
    )


def groups_statement(selection: Selection, keys: Sequence[str], sort: LlmSort, limit: int) -> Statement:
    """(values…, measures…, how many groups there are, what all cost), those first that the order wants first."""
    parameters = Parameters()
    names = ", ".join(f"key_{i}" for i in range(len(keys)))
    sql = f"""SELECT {names}, {MEASURES}, count() OVER () AS groups, sum(spent) OVER () AS spent_by_all
FROM (
{_calls(selection, keys, parameters, CALL_COLUMNS)}
)
GROUP BY {names}
ORDER BY {_ORDER[sort]}, {names}
LIMIT {limit}"""
    return Statement(sql, parameters.values)


def group_trends_statement(
    selection: Selection, keys: Sequence[str], steps: Steps, groups: Sequence[Sequence[str]]
) -> Statement:
    """(step, calls, cost, values…) of these groups."""
    parameters = Parameters()
    names = ", ".join(f"key_{i}" for i in range(len(keys)))
    columns = f"{step_sql(selection, steps, parameters)} AS step, cost_usd, owns_usage"
    only = parameters.texts(["\x1f".join(values) for values in groups])
    sql = f"""SELECT step, count() AS calls, sumIf(cost_usd, owns_usage) AS spent, {names}
FROM (
{_calls(selection, keys, parameters, columns)}
)
WHERE has({only}, concatWithSeparator(char(31), {names}))
GROUP BY step, {names}"""
    return Statement(sql, parameters.values)


def repeated_statement(selection: Selection) -> Statement:
    """(how many of the calls asked for more than one tool, what all calls cost: each once)."""
    parameters = Parameters()
    sql = f"""SELECT countIf(tools > 1) AS repeated, sum(cost) AS spent
FROM (
    SELECT trace_id, span_id, count() AS tools, anyIf(cost_usd, owns_usage) AS cost
    FROM (
{_calls(selection, [TOOL], parameters, "trace_id, span_id, cost_usd, owns_usage")}
    )
    GROUP BY trace_id, span_id
)"""
    return Statement(sql, parameters.values)


def _calls(selection: Selection, keys: Sequence[str], parameters: Parameters, columns: str) -> str:
    """The calls with the values of the keys, also those that only their trace names; one for each tool it asked for."""
    condition = " AND ".join(call_conditions(selection, parameters))
    project = selection.bounds(parameters)[0]
    inherited = [key for key in keys if key in OF_THE_TRACE]
    values, joined, needed = [], "", ""
    for i, key in enumerate(keys):
        if key == TOOL:
            values.append(f"asked_tool AS key_{i}")
            continue
        own = f"toString({value_sql(key, selection, parameters)})"
        values.append(f"if({own} = '', of_{key}, {own}) AS key_{i}" if key in inherited else f"{own} AS key_{i}")
    if inherited:
        needed = "trace_id"
        within = " AND ".join(selection.bounds(parameters))
        named = " OR ".join(f"{key} != ''" for key in inherited)
        # Of one trace with several sessions nobody can say whose a call was that names none.
        only = ", ".join(
            f"if(uniqExactIf({key}, {key} != '') = 1, anyIf({key}, {key} != ''), '') AS of_{key}" for key in inherited
        )
        joined = f"""
    LEFT ANY JOIN (
        SELECT trace_id, {only}
        FROM {selection.source.relation("trace_id", only, within)}
        WHERE {within} AND ({named})
        GROUP BY trace_id
    ) AS traces USING (trace_id)"""
    if TOOL in keys:
        needed = "trace_id, span_id"
        joined += f"""
    LEFT JOIN (
        {asked_sql(selection, parameters)}
    ) AS asked USING (trace_id, span_id)"""
    listed = f"{', '.join(values)}, {columns}"
    relation = selection.source.relation(listed, condition, needed, of=project)
    return f"""    SELECT {listed}
    FROM {relation} AS calls{joined}
    WHERE {condition}"""


def _group(row: Sequence[object], keys: int, costs: list[float | None], calls: list[int]) -> LlmGroup:
    measures = measures_of(row[keys : keys + MEASURE_COUNT])
    return LlmGroup(**measures, values=[str(v) for v in row[:keys]], cost_trend=costs, calls_trend=calls)
