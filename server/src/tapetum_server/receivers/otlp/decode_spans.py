"""ExportTraceServiceRequest bytes into span batches.

This is the hot path of the product. Spans of one project and sender are read column by column,
with loops that run in C (`map` over bound getters), in two layers: `_read_columns` assumes that
nothing is wrong, `_read_one` reads a span that may have something to count.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from google.protobuf.message import DecodeError

from tapetum_server.receivers.otlp.outcome import Decoded, Router, Target, Undecodable, context_id
from tapetum_server.receivers.otlp.resources import Waiting, read_resource, read_scope
from tapetum_server.receivers.otlp.schema import TracesRequest
from tapetum_server.receivers.otlp.values import AttributeReader, Careful, Malformed
from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.identity import Caller
from tapetum_server.signals.resource import Resource, Scope
from tapetum_server.signals.spans import SPAN_KINDS, Event, Link, SpanBatch

_ZERO_TRACE_ID, _ZERO_SPAN_ID = bytes(16), bytes(8)
_NO_TRACE_ID, _NO_SPAN_ID = _ZERO_TRACE_ID.hex(), _ZERO_SPAN_ID.hex()
_KIND_NUMBERS = frozenset(range(len(SPAN_KINDS)))

_trace_id, _span_id, _parent_span_id = attrgetter("trace_id"), attrgetter("span_id"), attrgetter("parent_span_id")
_trace_state, _flags, _name, _kind = (
    attrgetter("trace_state"),
    attrgetter("flags"),
    attrgetter("name"),
    attrgetter("kind"),
)
_start, _end = attrgetter("start_time_unix_nano"), attrgetter("end_time_unix_nano")
_attributes, _events, _links = attrgetter("attributes"), attrgetter("events"), attrgetter("links")
_status = attrgetter("status")
_dropped = attrgetter("dropped_attributes_count", "dropped_events_count", "dropped_links_count")


def new_span_batch(project: str, sender: str) -> SpanBatch:
    """An empty batch, as `Router` makes them."""
    return SpanBatch(project=project, sender=sender)


def decode_spans(body: bytes, caller: Caller, reader: AttributeReader) -> Decoded[SpanBatch]:
    """The spans of one request, by project and sender; raises `Undecodable`."""
    try:
        request = TracesRequest.FromString(body)
    except DecodeError as error:
        raise Undecodable(f"the body is not an ExportTraceServiceRequest: {error}") from None
    router = Router(caller, new_span_batch)
    waiting: dict[Target[SpanBatch], Waiting] = {}
    noted: set[str] = set()
    for resource_spans in request.resource_spans:
        resource = read_resource(reader, resource_spans.resource, resource_spans.schema_url, noted.add)
        target = router.target(resource)
        for scope_spans in resource_spans.scope_spans:
            spans = list(scope_spans.spans)
            if isinstance(target, str):
                router.refuse(resource, target, len(spans))
                continue
            scope = read_scope(reader, scope_spans.scope, scope_spans.schema_url, noted.add)
            waiting.setdefault(target, Waiting()).add(resource, scope, spans)
        if not isinstance(target, str):
            router.kept_with_less(target, noted)
        noted.clear()
    for target, records in waiting.items():
        try:
            _read_columns(records, target.batch, reader)
        except Careful:
            for resource, scope, span in zip(records.resources, records.scopes, records.messages, strict=True):
                _read_one(span, resource, scope, target, reader)
    return router.finish()


def _read_columns(records: Waiting, batch: SpanBatch, reader: AttributeReader) -> None:
    """Fill an empty `batch`; raises `Careful` with nothing kept if any span is out of the ordinary."""
    spans = records.messages
    if not spans:
        return
    trace_ids, span_ids = list(map(_trace_id, spans)), list(map(_span_id, spans))
    parents, kinds = list(map(_parent_span_id, spans)), list(map(_kind, spans))
    if (
        set(map(len, trace_ids)) != {16}
        or set(map(len, span_ids)) != {8}
        or not {0, 8}.issuperset(map(len, parents))
        or _ZERO_TRACE_ID in trace_ids
        or _ZERO_SPAN_ID in span_ids
        or _ZERO_SPAN_ID in parents
        or not _KIND_NUMBERS.issuperset(kinds)
    ):
        raise Careful
    text, limits = reader.texts.__getitem__, reader.limits
    names, states = list(map(text, map(_name, spans))), list(map(text, map(_trace_state, spans)))
    statuses = list(map(reader.statuses.__getitem__, map(_status, spans)))
    attributes = reader.dicts(map(_attributes, spans))
    if max(map(len, attributes)) > limits.max_attributes:
        raise Careful
    events = [[_event(e, reader) for e in found] if found else [] for found in map(_events, spans)]
    links = [[_link(e, reader) for e in found] if found else [] for found in map(_links, spans)]
    if max(map(len, events)) > limits.max_events or max(map(len, links)) > limits.max_links:
        raise Careful
    batch.resource = records.resources
    batch.scope = records.scopes
    batch.trace_id = list(map(bytes.hex, trace_ids))
    batch.span_id = list(map(bytes.hex, span_ids))
    batch.parent_span_id = list(map(bytes.hex, parents))
    batch.trace_state = states
    batch.flags = list(map(_flags, spans))
    batch.name = names
    batch.span_kind = kinds
    batch.start_time_unix_nano = list(map(_start, spans))
    batch.end_time_unix_nano = list(map(_end, spans))
    batch.status_code = [code for code, _ in statuses]
    batch.status_message = [message for _, message in statuses]
    batch.attributes = attributes
    batch.events = events
    batch.links = links
    batch.dropped = list(map(_dropped, spans))


def _event(message: Any, reader: AttributeReader) -> Event:
    attributes = dict(map(reader.fast, message.attributes))
    if len(attributes) > reader.limits.max_attributes:
        raise Careful
    return Event(message.time_unix_nano, reader.texts[message.name], attributes, message.dropped_attributes_count)


def _link(message: Any, reader: AttributeReader) -> Link:
    attributes = dict(map(reader.fast, message.attributes))
    trace_id, span_id = message.trace_id, message.span_id
    if len(attributes) > reader.limits.max_attributes or len(trace_id) != 16 or len(span_id) != 8:
        raise Careful
    if trace_id == _ZERO_TRACE_ID or span_id == _ZERO_SPAN_ID:
        raise Careful
    return Link(
        trace_id.hex(), span_id.hex(), reader.texts[message.trace_state], attributes,
        message.dropped_attributes_count, message.flags,
    )  # fmt: skip


def _read_one(span: Any, resource: Resource, scope: Scope, target: Target[SpanBatch], reader: AttributeReader) -> None:
    note, limits = target.note, reader.limits
    try:
        attributes, cut = reader.pairs(span.attributes, note)
        code, message = reader.status(span.status, note)
        events, links = [], []
        for e in span.events[: limits.max_events]:
            inner, inner_cut = reader.pairs(e.attributes, note)
            event_name = reader.name(e.name, note)
            events.append(Event(e.time_unix_nano, event_name, inner, e.dropped_attributes_count + inner_cut))
        for e in span.links[: limits.max_links]:
            inner, inner_cut = reader.pairs(e.attributes, note)
            links.append(
                Link(
                    context_id(e.trace_id.hex(), 32, note),
                    context_id(e.span_id.hex(), 16, note),
                    reader.name(e.trace_state, note),
                    inner,
                    e.dropped_attributes_count + inner_cut,
                    e.flags,
                )
            )
    except Malformed:
        target.refuse("malformed")
        return
    extra_events, extra_links = len(span.events) - len(events), len(span.links) - len(links)
    if extra_events:
        note("too_many_events")
    if extra_links:
        note("too_many_links")
    add_span(
        target, resource, scope,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_span_id=span.parent_span_id.hex(),
        trace_state=reader.name(span.trace_state, note),
        flags=span.flags,
        name=reader.name(span.name, note),
        span_kind=span.kind,
        start_time_unix_nano=span.start_time_unix_nano,
        end_time_unix_nano=span.end_time_unix_nano,
        status=(code, message),
        attributes=attributes,
        events=events,
        links=links,
        dropped=(
            span.dropped_attributes_count + cut,
            span.dropped_events_count + extra_events,
            span.dropped_links_count + extra_links,
        ),
    )  # fmt: skip


def add_span(
    target: Target[SpanBatch],
    resource: Resource,
    scope: Scope,
    *,
    trace_id: str,
    span_id: str,
    parent_span_id: str,
    trace_state: str,
    flags: int,
    name: str,
    span_kind: int,
    start_time_unix_nano: int,
    end_time_unix_nano: int,
    status: tuple[int, str],
    attributes: dict[str, AttributeValue],
    events: list[Event],
    links: list[Link],
    dropped: tuple[int, int, int],
) -> None:
    """Keep one span, or refuse it for its ids, which are lower-case hex of any length here."""
    if len(trace_id) != 32 or trace_id == _NO_TRACE_ID:
        return target.refuse("invalid_trace_id")
    if len(span_id) != 16 or span_id == _NO_SPAN_ID:
        return target.refuse("invalid_span_id")
    if parent_span_id == _NO_SPAN_ID:  # how some senders write "no parent"
        parent_span_id = ""
    if len(parent_span_id) not in (0, 16):
        return target.refuse("invalid_parent_span_id")
    if span_kind not in _KIND_NUMBERS:
        target.note("unknown_enum")
        span_kind = 0
    batch = target.batch
    batch.resource.append(resource)
    batch.scope.append(scope)
    batch.trace_id.append(trace_id)
    batch.span_id.append(span_id)
    batch.parent_span_id.append(parent_span_id)
    batch.trace_state.append(trace_state)
    batch.flags.append(flags)
    batch.name.append(name)
    batch.span_kind.append(span_kind)
    batch.start_time_unix_nano.append(start_time_unix_nano)
    batch.end_time_unix_nano.append(end_time_unix_nano)
    batch.status_code.append(status[0])
    batch.status_message.append(status[1])
    batch.attributes.append(attributes)
    batch.events.append(events)
    batch.links.append(links)
    batch.dropped.append(dropped)
    target.kept()
