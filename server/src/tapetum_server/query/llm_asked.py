"""Which call of a model asked for a use of a tool.

No convention links a tool's span with the call that asked for it, and what the call said is in a payload that lists
never read. So the order of the spans tells: the call is the last one that had begun when the tool began, among the
tool's siblings and its parent; where none of these is a call, in the whole trace.
"""

from __future__ import annotations

from tapetum_server.query.selection import Selection
from tapetum_server.query.statement import Parameters


def asked_sql(selection: Selection, parameters: Parameters, which: str = "tool != ''") -> str:
    """(trace_id, span_id, asked_tool) of calls and the tools of `which` that they asked for: a call's tool once."""
    within = " AND ".join(selection.bounds(parameters))
    project = selection.bounds(parameters)[0]
    used = f"{within} AND kind = 'tool' AND {which}"
    called = f"{within} AND kind = 'llm' AND is_call"
    columns = "trace_id, parent_span_id, span_id, start_time"
    uses = selection.source.relation(columns, used)
    calls = selection.source.relation(columns, called, of=project)
    return f"""SELECT DISTINCT uses.trace_id AS trace_id,
            if(beside.span_id != '', beside.span_id, before.span_id) AS span_id, toString(uses.tool) AS asked_tool
        FROM (SELECT trace_id, parent_span_id, start_time, tool FROM {uses} WHERE {used}) AS uses
        ASOF LEFT JOIN (
            SELECT trace_id, arrayJoin([span_id, parent_span_id]) AS near, start_time, span_id
            FROM {calls} WHERE {called}
        ) AS beside
        ON uses.trace_id = beside.trace_id AND uses.parent_span_id = beside.near
            AND uses.start_time >= beside.start_time
        ASOF LEFT JOIN (SELECT trace_id, start_time, span_id FROM {calls} WHERE {called}) AS before
        ON uses.trace_id = before.trace_id AND uses.start_time >= before.start_time
        WHERE beside.span_id != '' OR before.span_id != ''"""
