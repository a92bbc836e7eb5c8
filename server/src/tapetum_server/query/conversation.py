"""What spans and log records of one trace say that was said: their texts whole, in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tapetum_server.query.logs import attribute_texts
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.sources import LOGS, SPANS
from tapetum_server.query.statement import Parameters, Statement

_FACTS = (
    "span_id", "parent_span_id", "name", "kind", "service", "status", "status_message", "error_type", "state",
    "provider", "model", "response_id", "agent", "tool", "session_id", "input_tokens", "output_tokens",
    "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "cost_usd", "reported_cost_usd", "ttft_ms",
    "duration_ms", "prompt_name", "prompt_version", "usage_counted", "duplicate_of",
)  # fmt: skip
_CONTENT = f"""toUnixTimestamp64Nano(start_time) AS start_ns, {", ".join(_FACTS)},
    attributes, events_json, input, output"""
_SHAPE = """span_id, parent_span_id, name, kind, service, status, model, agent, tool, input_tokens, output_tokens,
    cost_usd, usage_counted, toUnixTimestamp64Nano(start_time) AS start_ns,
    toUnixTimestamp64Nano(end_time) AS end_ns, graph_node"""
MAX_LOGS = 2_000
"""Records of one trace with something said in them that are looked at."""


class Place(NamedTuple):
    """Where a page of spans begins: behind this one."""

    start_ns: int
    span_id: str


async def span_content(reader: Reader, *, project: str, trace_id: str, span_id: str) -> dict[str, Any] | None:
    """One span with all its texts."""
    rows = rows_of(await reader.query(*content_statement(project, trace_id, span_id=span_id, limit=1)))
    return rows[0] if rows else None


async def earlier_calls(
    reader: Reader, *, project: str, trace_id: str, before: Place, agent: str, service: str, limit: int
) -> list[dict[str, Any]]:
    """The model calls of the same agent and service before this one, the latest first."""
    statement = content_statement(
        project, trace_id, before=before, kinds=("llm",), agent=agent, service=service, limit=limit
    )
    return rows_of(await reader.query(*statement))


async def contents(
    reader: Reader, *, project: str, trace_id: str, kinds: Sequence[str], after: Place | None, limit: int
) -> list[dict[str, Any]]:
    """A page of the trace's spans of these kinds with all their texts."""
    return rows_of(await reader.query(*content_statement(project, trace_id, kinds=kinds, after=after, limit=limit)))


def content_statement(
    project: str,
    trace_id: str,
    *,
    limit: int,
    span_id: str | None = None,
    kinds: Sequence[str] = (),
    after: Place | None = None,
    before: Place | None = None,
    agent: str | None = None,
    service: str | None = None,
) -> Statement:
    """Spans of a trace with everything they may say, in order of start; the latest first where `before` says so."""
    parameters = Parameters()
    whole = f"project = {parameters.text(project)} AND trace_id = {parameters.text(trace_id)}"
    where = [whole]
    if span_id is not None:
        where.append(f"span_id = {parameters.text(span_id)}")
    if kinds:
        where.append(f"kind IN {parameters.texts(kinds)}")
    if agent is not None:
        where.append(f"agent = {parameters.text(agent)}")
    if service is not None:
        where.append(f"service = {parameters.text(service)}")
    for place, sign in ((after, ">"), (before, "<")):
        if place is not None:
            moment, identity = parameters.moment(place.start_ns), parameters.text(place.span_id)
            where.append(f"(start_time {sign} {moment} OR (start_time = {moment} AND span_id {sign} {identity}))")
    condition = " AND ".join(where)
    direction = " DESC" if before is not None else ""
    sql = f"""SELECT {_CONTENT}
FROM {SPANS.relation(_CONTENT, condition, of=whole)}
WHERE {condition}
ORDER BY start_time{direction}, span_id{direction}
LIMIT {limit}"""
    return Statement(sql, parameters.values)


def shape_statement(project: str, trace_id: str, limit: int) -> Statement:
    """Who called whom in a trace, what each did and used; without any text."""
    parameters = Parameters()
    condition = f"project = {parameters.text(project)} AND trace_id = {parameters.text(trace_id)}"
    sql = f"""SELECT {_SHAPE}
FROM {SPANS.relation(_SHAPE, condition, of=condition)}
WHERE {condition}
ORDER BY start_time, span_id
LIMIT {limit}"""
    return Statement(sql, parameters.values)


async def trace_shape(reader: Reader, *, project: str, trace_id: str, limit: int) -> dict[str, list[Any]]:
    """The columns of `shape_statement`."""
    answer = await reader.query(*shape_statement(project, trace_id, limit))
    return {name: list(column) for name, column in zip(answer.names, answer.columns)}


async def spoken_logs(
    reader: Reader, *, project: str, trace_id: str, names: Sequence[str], span_id: str | None = None
) -> list[dict[str, Any]]:
    """Log records of the trace with one of these event names, oldest first; `attributes` as key to text."""
    rows = rows_of(await reader.query(*spoken_logs_statement(project, trace_id, names, span_id)))
    return [{**row, "attributes": attribute_texts(row["attr_shape"], row["attr_values"])} for row in rows]


def spoken_logs_statement(project: str, trace_id: str, names: Sequence[str], span_id: str | None) -> Statement:
    """Records whose event name, body or `event.name` is one of `names`."""
    parameters = Parameters()
    listed = parameters.texts(names)
    where = [
        f"project = {parameters.text(project)}",
        f"trace_id = {parameters.text(trace_id)}",
        f"(event_name IN {listed} OR body IN {listed} OR hasAny(attr_values, {listed}))",
    ]
    if span_id is not None:
        where.append(f"span_id = {parameters.text(span_id)}")
    columns = "toUnixTimestamp64Nano(time) AS time_ns, span_id, event_name, body, attr_shape, attr_values"
    condition = " AND ".join(where)
    sql = f"""SELECT {columns}
FROM {LOGS.relation(columns, condition, "log_id")}
WHERE {condition}
ORDER BY time, log_id
LIMIT {MAX_LOGS}"""
    return Statement(sql, parameters.values)
