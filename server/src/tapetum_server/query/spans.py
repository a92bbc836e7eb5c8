"""Spans: pages of them, one of them whole, and one payload of one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, cast, get_args

import orjson
from typing_extensions import NotRequired, TypedDict

from tapetum_server.query.cursor import Cursor, decode_cursor, encode_cursor
from tapetum_server.query.errors import NotFound, QueryError
from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.filter_values import ATTRIBUTE_PREFIX, RESOURCE_PREFIXES
from tapetum_server.query.reader import Reader, first_row, tuples_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange, format_time
from tapetum_server.signals.attributes import TYPE_NAMES
from tapetum_server.signals.limits import cut_at

SpanSort = Literal["-start_time", "start_time", "-duration_ms", "-cost_usd", "-tokens"]
SPAN_SORTS: tuple[SpanSort, ...] = get_args(SpanSort)
MAX_PAYLOAD_CHARACTERS = 65_536
"""Where a value is cut in an answer that a page shows; the whole value has a route of its own."""

_START_NS = "toUnixTimestamp64Nano(start_time)"
_SORT_KEYS: Mapping[str, str] = {
    "start_time": _START_NS,
    "duration_ms": "ifNull(toInt64(round(duration_ms * 1e6)), -1)",
    "cost_usd": "ifNull(toInt64(round(cost_usd * 1e9)), -1)",
    "tokens": "if(isNull(input_tokens) AND isNull(output_tokens), -1,"
    " toInt64(ifNull(input_tokens, 0)) + toInt64(ifNull(output_tokens, 0)))",
}


class SpanRow(TypedDict):
    """One span, as lists show it."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    kind: str
    span_kind: str
    convention: str
    service: str
    start_time: str
    duration_ms: float | None
    state: str
    status: str
    status_message: str
    model: str
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    session_id: str


class SpanPage(TypedDict):
    """Some spans, and where the next ones begin."""

    rows: list[SpanRow]
    next_cursor: str | None


class Attribute(TypedDict):
    """One attribute with its OTLP type and the exact text of its value."""

    key: str
    type: str
    value: str
    truncated_from: NotRequired[int]
    """Characters of the whole value, where this answer has less of it."""
    cut_at_bytes: NotRequired[int]
    """Where more was sent than the server keeps of one value."""


class SpanEvent(TypedDict):
    """Something that happened at one moment within a span."""

    time: str
    name: str
    attributes: list[Attribute]


class SpanLink(TypedDict):
    """A pointer from this span to another."""

    trace_id: str
    span_id: str
    trace_state: str
    attributes: list[Attribute]


class Payload(TypedDict):
    """A large text, cut where `truncated_from` (its full length in characters) is present."""

    text: str
    truncated_from: NotRequired[int]


class SpanDetail(TypedDict):
    """Everything that is known about one span."""

    project: str
    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    kind: str
    span_kind: str
    service: str
    scope: str
    scope_version: str
    start_time: str
    end_time: str | None
    duration_ms: float | None
    state: str
    ingested_at: str
    status: str
    status_message: str
    operation: str
    provider: str
    model: str
    response_id: str
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    usage_counted: bool
    duplicate_of: str
    cost_usd: float | None
    reported_cost_usd: float | None
    ttft_ms: float | None
    session_id: str
    user_id: str
    agent: str
    tool: str
    prompt_name: str
    prompt_version: str
    error_type: str
    emitter: str
    request_model: str
    response_model: str
    finish_reason: str
    streaming: bool
    graph_node: str
    tool_call_id: str
    audio_input_tokens: int | None
    audio_output_tokens: int | None
    image_input_tokens: int | None
    time_per_output_token_ms: float | None
    usage_flags: str
    trace_state: str
    flags: int
    dropped: int
    attributes: list[Attribute]
    resource_attributes: list[Attribute]
    events: list[SpanEvent]
    links: list[SpanLink]
    input: Payload | None
    output: Payload | None


async def list_spans(
    reader: Reader,
    *,
    project: str,
    time_range: TimeRange,
    filter: Filter,
    sort: SpanSort = "-start_time",
    limit: int = 50,
    cursor: str | None = None,
) -> SpanPage:
    """One page of the spans that pass the filter."""
    after = decode_cursor(cursor, sort, (int, str, str))
    if after is not None:
        time_range = after.range
    selection = await select(reader, SPANS, project=project, time_range=time_range, filter=filter)
    statement = spans_statement(selection, sort, limit + 1, after)
    answer = await reader.query(*statement)
    found = list(tuples_of(answer))
    rows = [_span_row(row) for row in found[:limit]]
    following = None
    if len(found) > limit:
        key, trace_id, span_id = found[limit - 1][0:3]
        following = encode_cursor(Cursor(sort, time_range, (key, trace_id, span_id)))
    return SpanPage(rows=rows, next_cursor=following)


def spans_statement(selection: Selection, sort: SpanSort, limit: int, after: Cursor | None) -> Statement:
    """The page of spans: sort key, ids, then what a row shows."""
    parameters = Parameters()
    where = conditions(selection, parameters)
    column = sort.lstrip("-")
    key, direction, before = _SORT_KEYS[column], *(("DESC", "<") if sort.startswith("-") else ("ASC", ">"))
    order = "start_time" if column == "start_time" else key
    if after is not None:
        value, trace_id, span_id = after.place
        bound = parameters.moment(int(value)) if column == "start_time" else parameters.integer(int(value))
        ids = f"({parameters.text(str(trace_id))}, {parameters.text(str(span_id))})"
        # The first comparison alone lets the engine skip granules; the second settles equal values.
        where.append(f"{order} {before}= {bound}")
        where.append(f"({order} {before} {bound} OR (trace_id, span_id) {before} {ids})")
    columns = f"""{key} AS sort_key, trace_id, span_id, parent_span_id, name, kind, span_kind, service,
    {_START_NS} AS start_ns, duration_ms, state, status, substringUTF8(status_message, 1, 2048) AS shown_message,
    model, input_tokens, output_tokens, cost_usd, session_id, convention"""
    condition = " AND ".join(where)
    sql = f"""SELECT {columns}
FROM {SPANS.relation(columns, condition)}
WHERE {condition}
ORDER BY {order} {direction}, trace_id {direction}, span_id {direction}
LIMIT {limit}"""
    return Statement(sql, parameters.values)


def _span_row(row: tuple[Any, ...]) -> SpanRow:
    return SpanRow(
        trace_id=row[1],
        span_id=row[2],
        parent_span_id=row[3],
        name=row[4],
        kind=row[5],
        span_kind=row[6],
        service=row[7],
        start_time=format_time(row[8]),
        duration_ms=row[9],
        state=row[10],
        status=row[11],
        status_message=row[12],
        model=row[13],
        input_tokens=row[14],
        output_tokens=row[15],
        cost_usd=row[16],
        session_id=row[17],
        convention=row[18],
    )


_PLAIN = (
    "project", "trace_id", "span_id", "parent_span_id", "name", "kind", "span_kind", "service", "scope",
    "scope_version", "duration_ms", "state", "status", "status_message", "operation", "provider", "model",
    "response_id", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens",
    "duplicate_of", "cost_usd", "reported_cost_usd", "ttft_ms", "session_id", "user_id", "agent", "tool",
    "prompt_name", "prompt_version", "error_type", "emitter", "request_model", "response_model", "finish_reason",
    "graph_node", "tool_call_id", "audio_input_tokens", "audio_output_tokens", "image_input_tokens",
    "time_per_output_token_ms", "usage_flags", "trace_state", "flags", "dropped",
)  # fmt: skip
_DETAIL = f"""{", ".join(_PLAIN)},
    {_START_NS} AS start_ns, toUnixTimestamp64Nano(end_time) AS end_ns,
    toUnixTimestamp64Nano(ingested_at) AS ingested_ns, usage_counted, streaming,
    attributes, attr_shape, resource, events_json, links_json, input, output"""
_ONE_SPAN = "project = {project:String} AND trace_id = {trace_id:String} AND span_id = {span_id:String}"


async def get_span(reader: Reader, *, project: str, trace_id: str, span_id: str) -> SpanDetail:
    """One span whole, with its large values cut to what a page can show."""
    row = await _span(reader, _DETAIL, project, trace_id, span_id)
    values = dict(row["attributes"])
    types = {entry[2:]: entry[0] for entry in row["attr_shape"].split("\0") if entry}
    detail: dict[str, Any] = {name: row[name] for name in _PLAIN}
    detail.update(
        start_time=format_time(row["start_ns"]),
        end_time=None if row["end_ns"] is None else format_time(row["end_ns"]),
        ingested_at=format_time(row["ingested_ns"]),
        usage_counted=bool(row["usage_counted"]),
        streaming=bool(row["streaming"]),
        attributes=attribute_list([(key, types.get(key, "s"), value) for key, value in values.items()]),
        resource_attributes=attribute_list(_json(row["resource"])),
        events=[
            SpanEvent(time=format_time(time), name=name, attributes=attribute_list(attributes))
            for time, name, attributes, _dropped in _json(row["events_json"])
        ],
        links=[
            SpanLink(trace_id=linked, span_id=span, trace_state=state, attributes=attribute_list(attributes))
            for linked, span, state, attributes, *_ in _json(row["links_json"])
        ],
        input=_payload(row["input"]),
        output=_payload(row["output"]),
    )
    return cast(SpanDetail, detail)


async def get_span_value(reader: Reader, *, project: str, trace_id: str, span_id: str, field: str) -> str:
    """One whole value: `input`, `output`, `status_message`, `attributes.KEY` or `resource.KEY`."""
    if field in ("input", "output", "status_message"):
        row = await _span(reader, field, project, trace_id, span_id)
        return str(row[field])
    values: Mapping[str, str]
    if field.startswith(ATTRIBUTE_PREFIX):
        row = await _span(reader, "attributes", project, trace_id, span_id)
        key, values = field[len(ATTRIBUTE_PREFIX) :], dict(row["attributes"])
    elif field.startswith(RESOURCE_PREFIXES):
        row = await _span(reader, "resource", project, trace_id, span_id)
        prefix = next(prefix for prefix in RESOURCE_PREFIXES if field.startswith(prefix))
        key, values = field[len(prefix) :], {name: value for name, _type, value in _json(row["resource"])}
    else:
        raise QueryError(
            f"{field!r} is not a value of a span",
            code="bad_field",
            field="field",
            hint="One of input, output, status_message, attributes.KEY, resource.KEY.",
        )
    if key not in values:
        raise NotFound(f"span {span_id!r} has no {field}")
    return values[key]


async def _span(reader: Reader, columns: str, project: str, trace_id: str, span_id: str) -> dict[str, Any]:
    sql = f"SELECT {columns}\nFROM {SPANS.relation(columns, _ONE_SPAN, of=_ONE_SPAN)}\nWHERE {_ONE_SPAN}\nLIMIT 1"
    parameters = {"project": project, "trace_id": trace_id, "span_id": span_id}
    row = first_row(await reader.query(sql, parameters))
    if row is None:
        raise _no_span(project, trace_id, span_id)
    return row


def _json(text: str) -> Any:
    return orjson.loads(text) if text else []


def _no_span(project: str, trace_id: str, span_id: str) -> NotFound:
    return NotFound(
        f"project {project!r} has no span {span_id!r} in trace {trace_id!r}",
        hint="It may not have arrived yet, be past its retention, or belong to another project.",
    )


def attribute_list(triples: Iterable[Sequence[str]]) -> list[Attribute]:
    """(key, type letter, text) triples in the order of their keys, cut to what a page can show."""
    return [_attribute(key, letter, value) for key, letter, value in sorted(map(tuple, triples))]


def _attribute(key: str, letter: str, value: str) -> Attribute:
    attribute = Attribute(key=key, type=TYPE_NAMES.get(letter, letter), value=value[:MAX_PAYLOAD_CHARACTERS])
    if len(value) > MAX_PAYLOAD_CHARACTERS:
        attribute["truncated_from"] = len(value)
    if (limit := cut_at(key, letter, value)) is not None:
        attribute["cut_at_bytes"] = limit
    return attribute


def _payload(text: str) -> Payload | None:
    if not text:
        return None
    payload = Payload(text=text[:MAX_PAYLOAD_CHARACTERS])
    if len(text) > MAX_PAYLOAD_CHARACTERS:
        payload["truncated_from"] = len(text)
    return payload
