"""Whose tools they are where the use does not say: most conventions name the agent on the agent's span alone."""

from __future__ import annotations

from collections.abc import Sequence

from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.sources import SPANS
from tapetum_server.query.statement import Parameters, Statement

MAX_AGENTS = 10
TRACES_OF_TOOL = 10
"""Traces of a tool that are looked at: its agents are few, and a trace costs a search."""
MAX_TRACES = 200
MAX_USES = 1_000
MAX_SPANS = 200
"""Uses of tools, and spans of agents, in one trace."""


async def agents_around(reader: Reader, *, project: str, traces: Sequence[str]) -> dict[str, list[str]]:
    """Names of agents by tool, of uses within these traces that name none."""
    if not traces:
        return {}
    return dict(tuples_of(await reader.query(*agents_around_statement(project, traces[:MAX_TRACES]))))


def agents_around_statement(project: str, traces: Sequence[str]) -> Statement:
    """(tool, agents): of each use, the agent whose span is its parent, else the last one to begin that was at work."""
    parameters = Parameters()
    wanted = f"project = {parameters.text(project)} AND trace_id IN {parameters.texts(traces)}"
    use, worked = "(toString(tool), parent_span_id, start_time)", "(span_id, start_time, end_time, toString(agent))"
    columns = f"""groupArrayIf({MAX_USES})({use}, kind = 'tool' AND agent = '') AS uses,
        groupArrayIf({MAX_SPANS})({worked}, kind = 'agent' AND agent != '') AS at_work"""
    sql = f"""SELECT called, arraySort(groupUniqArray({MAX_AGENTS})(around)) AS agents
FROM (
    SELECT arrayJoin(uses) AS use, use.1 AS called, arrayReverseSort(arrayMap(w -> (w.1 = use.2, w.2, w.4),
        arrayFilter(w -> w.2 <= use.3 AND ifNull(w.3 >= use.3, 1), at_work)))[1].3 AS around
    FROM (
        SELECT {columns}
        FROM {SPANS.relation(columns, wanted, of=wanted)}
        WHERE {SPANS.timed(wanted)}
        GROUP BY trace_id
    )
)
WHERE around != ''
GROUP BY called"""
    return Statement(sql, parameters.values)
