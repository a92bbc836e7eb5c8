"""Whose tools they are where the use does not say: most conventions name the agent on the agent's span alone."""

from __future__ import annotations

from collections.abc import Sequence

from tapetum_server.query.llm_calls import call_conditions
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.selection import Selection
from tapetum_server.query.statement import Parameters, Statement

MAX_AGENTS = 10
MAX_USES = 2_000
"""The latest uses that are looked at: agents of tools are few, and their traces have to be read."""
MAX_SPANS = 200
"""Spans of agents in one trace."""


async def agents_around(reader: Reader, selection: Selection, tools: Sequence[str]) -> dict[str, list[str]]:
    """Names of agents by tool, of uses that name none."""
    if not tools:
        return {}
    return dict(tuples_of(await reader.query(*agents_around_statement(selection, tools))))


def agents_around_statement(selection: Selection, tools: Sequence[str]) -> Statement:
    """(tool, agents): of each use, the agent whose span is its parent, else the last one to begin that was at work."""
    parameters = Parameters()
    unsaid = [f"toString(tool) IN {parameters.texts(tools)}", "agent = ''"]
    condition = " AND ".join([*call_conditions(selection, parameters, "is_use"), *unsaid])
    bounds = selection.bounds(parameters)
    used = "trace_id, parent_span_id, start_time, toString(tool) AS called"
    worked = "trace_id, span_id, start_time, end_time, toString(agent) AS who"
    # An agent that began before the range is left out: to find it, all days before would have to be read.
    named = " AND ".join([*bounds, "kind = 'agent'", "agent != ''", "trace_id IN (SELECT trace_id FROM uses)"])
    relation = selection.source.relation
    sql = f"""WITH uses AS (
    SELECT {used}
    FROM {relation(used, condition, of=bounds[0])}
    WHERE {condition}
    ORDER BY start_time DESC
    LIMIT {MAX_USES}
)
SELECT called, arraySort(groupUniqArray({MAX_AGENTS})(around)) AS agents
FROM (
    SELECT called, arrayReverseSort(arrayMap(w -> (w.1 = parent_span_id, w.2, w.4),
        arrayFilter(w -> w.2 <= start_time AND ifNull(w.3 >= start_time, 1), at_work)))[1].3 AS around
    FROM uses INNER JOIN (
        SELECT trace_id, groupArray({MAX_SPANS})((span_id, start_time, end_time, who)) AS at_work
        FROM (SELECT {worked} FROM {relation(worked, named, of=bounds[0])} WHERE {named})
        GROUP BY trace_id
    ) AS agents USING (trace_id)
)
WHERE around != ''
GROUP BY called"""
    return Statement(sql, parameters.values)
