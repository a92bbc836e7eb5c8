"""Tools that models and agents used: how often, how many uses failed, and how long they took."""

from __future__ import annotations

import math
from dataclasses import replace

from typing_extensions import TypedDict

from tapetum_server.query.filter import Filter
from tapetum_server.query.llm_calls import call_conditions
from tapetum_server.query.outside import ends_of
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange, format_time
from tapetum_server.query.tool_agents import MAX_AGENTS, TRACES_OF_TOOL, agents_around

MAX_TOOLS = 200


class ToolRow(TypedDict):
    """The uses of one tool."""

    tool: str
    """Its name; empty where no span names it."""
    uses: int
    errors: int
    error_rate: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    agents: list[str]
    """Who used it: as the uses say, and of those that do not say, the agents around some of them."""
    last_used: str


class ToolPage(TypedDict):
    """The tools that were used most."""

    rows: list[ToolRow]
    total: int
    """How many tools there are."""


async def llm_tools(reader: Reader, *, project: str, time_range: TimeRange, filter: Filter) -> ToolPage:
    """Spans of kind tool that pass the filter, by tool; what is another report of a use counts once."""
    selection = await select(reader, SPANS, project=project, time_range=time_range, filter=filter)
    ends = await ends_of(reader, selection)
    if ends is None:
        return ToolPage(rows=[], total=0)
    selection = replace(selection, time_range=ends["whole"])
    found = list(tuples_of(await reader.query(*tools_statement(selection))))
    traces = list(dict.fromkeys(trace for row in found for trace in row[5]))
    around = await agents_around(reader, project=project, traces=traces)
    rows = []
    for tool, uses, errors, durations, agents, _, last, _ in found:
        p50, p95, p99 = (None if d is None or math.isnan(d) else d for d in durations)
        rows.append(
            ToolRow(
                tool=tool, uses=uses, errors=errors, error_rate=errors / uses, p50_ms=p50, p95_ms=p95, p99_ms=p99,
                agents=sorted({*agents, *around.get(tool, [])})[:MAX_AGENTS], last_used=format_time(last),
            )
        )  # fmt: skip
    return ToolPage(rows=rows, total=found[0][-1] if found else 0)


def tools_statement(selection: Selection) -> Statement:
    """(tool, uses, errors, durations, agents, traces without one, last, number of tools), the most used first."""
    parameters = Parameters()
    condition = " AND ".join(call_conditions(selection, parameters, "is_use"))
    columns = f"""toString(tool) AS called, count() AS uses, countIf(status = 'error') AS errors,
    quantiles(0.5, 0.95, 0.99)(duration_ms) AS durations,
    arraySort(arrayMap(a -> toString(a), groupUniqArrayIf({MAX_AGENTS})(agent, agent != ''))) AS agents,
    groupUniqArrayIf({TRACES_OF_TOOL})(trace_id, agent = '') AS unsaid,
    toUnixTimestamp64Nano(max(start_time)) AS last"""
    sql = f"""SELECT {columns}, count() OVER () AS tools
FROM {selection.source.relation(columns, condition, of=selection.bounds(parameters)[0])}
WHERE {condition}
GROUP BY called
ORDER BY uses DESC, called
LIMIT {MAX_TOOLS}"""
    return Statement(sql, parameters.values)
