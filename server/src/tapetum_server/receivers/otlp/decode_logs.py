"""ExportLogsServiceRequest bytes into log batches, column by column like `decode_spans`."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from google.protobuf.message import DecodeError

from tapetum_server.receivers.otlp.outcome import Decoded, Router, Target, Undecodable, context_id
from tapetum_server.receivers.otlp.resources import Waiting, read_resource, read_scope
from tapetum_server.receivers.otlp.schema import LogsRequest
from tapetum_server.receivers.otlp.values import AttributeReader, Careful, Malformed
from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.identity import Caller
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.resource import Resource, Scope

_SEVERITY_NUMBERS = frozenset(range(25))
_NO_TRACE_ID, _NO_SPAN_ID = bytes(16), bytes(8)

_time, _observed = attrgetter("time_unix_nano"), attrgetter("observed_time_unix_nano")
_trace_id, _span_id = attrgetter("trace_id"), attrgetter("span_id")
_severity_number, _severity_text = attrgetter("severity_number"), attrgetter("severity_text")
_body, _event_name = attrgetter("body"), attrgetter("event_name")
_attributes, _flags, _dropped = attrgetter("attributes"), attrgetter("flags"), attrgetter("dropped_attributes_count")


def new_log_batch(project: str, sender: str) -> LogBatch:
    """An empty batch, as `Router` makes them."""
    return LogBatch(project=project, sender=sender)


def decode_logs(body: bytes, caller: Caller, reader: AttributeReader) -> Decoded[LogBatch]:
    """The log records of one request, by project and sender; raises `Undecodable`."""
    try:
        request = LogsRequest.FromString(body)
    except DecodeError as error:
        raise Undecodable(f"the body is not an ExportLogsServiceRequest: {error}") from None
    router = Router(caller, new_log_batch)
    waiting: dict[Target[LogBatch], Waiting] = {}
    noted: set[str] = set()
    for resource_logs in request.resource_logs:
        resource = read_resource(reader, resource_logs.resource, resource_logs.schema_url, noted.add)
        target = router.target(resource)
        for scope_logs in resource_logs.scope_logs:
            records = list(scope_logs.log_records)
            if isinstance(target, str):
                router.refuse(resource, target, len(records))
                continue
            scope = read_scope(reader, scope_logs.scope, scope_logs.schema_url, noted.add)
            waiting.setdefault(target, Waiting()).add(resource, scope, records)
        if not isinstance(target, str):
            router.kept_with_less(target, noted)
        noted.clear()
    for target, found in waiting.items():
        try:
            _read_columns(found, target.batch, reader)
        except Careful:
            for resource, scope, record in zip(found.resources, found.scopes, found.messages, strict=True):
                _read_one(record, resource, scope, target, reader)
    return router.finish()


def _read_columns(found: Waiting, batch: LogBatch, reader: AttributeReader) -> None:
    """Fill an empty `batch`; raises `Careful` with nothing kept if any record is out of the ordinary."""
    records = found.messages
    if not records:
        return
    trace_ids, span_ids = list(map(_trace_id, records)), list(map(_span_id, records))
    numbers = list(map(_severity_number, records))
    if (
        not {0, 16}.issuperset(map(len, trace_ids))
        or not {0, 8}.issuperset(map(len, span_ids))
        or _NO_TRACE_ID in trace_ids
        or _NO_SPAN_ID in span_ids
        or not _SEVERITY_NUMBERS.issuperset(numbers)
    ):
        raise Careful
    text = reader.texts.__getitem__
    severities, event_names = list(map(text, map(_severity_text, records))), list(map(text, map(_event_name, records)))
    try:
        bodies = list(map(reader.body, map(_body, records)))
    except Malformed:
        raise Careful from None
    attributes = reader.dicts(map(_attributes, records))
    if max(map(len, attributes)) > reader.limits.max_attributes:
        raise Careful
    batch.resource = found.resources
    batch.scope = found.scopes
    batch.time_unix_nano = list(map(_time, records))
    batch.observed_time_unix_nano = list(map(_observed, records))
    batch.trace_id = list(map(bytes.hex, trace_ids))
    batch.span_id = list(map(bytes.hex, span_ids))
    batch.severity_number = numbers
    batch.severity = severities
    batch.body = bodies
    batch.event_name = event_names
    batch.attributes = attributes
    batch.flags = list(map(_flags, records))
    batch.dropped = list(map(_dropped, records))


def _read_one(record: Any, resource: Resource, scope: Scope, target: Target[LogBatch], reader: AttributeReader) -> None:
    note = target.note
    try:
        attributes, cut = reader.pairs(record.attributes, note)
        body = reader.body(record.body, note)
    except Malformed:
        target.refuse("malformed")
        return
    add_log(
        target, resource, scope,
        time_unix_nano=record.time_unix_nano,
        observed_time_unix_nano=record.observed_time_unix_nano,
        trace_id=record.trace_id.hex(),
        span_id=record.span_id.hex(),
        severity_number=record.severity_number,
        severity=reader.name(record.severity_text, note),
        body=body,
        event_name=reader.name(record.event_name, note),
        attributes=attributes,
        flags=record.flags,
        dropped=record.dropped_attributes_count + cut,
    )  # fmt: skip


def add_log(
    target: Target[LogBatch],
    resource: Resource,
    scope: Scope,
    *,
    time_unix_nano: int,
    observed_time_unix_nano: int,
    trace_id: str,
    span_id: str,
    severity_number: int,
    severity: str,
    body: AttributeValue,
    event_name: str,
    attributes: dict[str, AttributeValue],
    flags: int,
    dropped: int,
) -> None:
    """Keep one log record. Wrong ids are left out and counted: the record stands without them."""
    if severity_number not in _SEVERITY_NUMBERS:
        target.note("unknown_enum")
        severity_number = 0
    batch = target.batch
    batch.resource.append(resource)
    batch.scope.append(scope)
    batch.time_unix_nano.append(time_unix_nano)
    batch.observed_time_unix_nano.append(observed_time_unix_nano)
    batch.trace_id.append(context_id(trace_id, 32, target.note))
    batch.span_id.append(context_id(span_id, 16, target.note))
    batch.severity_number.append(severity_number)
    batch.severity.append(severity)
    batch.body.append(body)
    batch.event_name.append(event_name)
    batch.attributes.append(attributes)
    batch.flags.append(flags)
    batch.dropped.append(dropped)
    target.kept()
