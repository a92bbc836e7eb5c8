"""The errors of a batch: exceptions on spans and in logs, failed spans, and log records of level error.

The rules, for people, are in docs/errors.md.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import replace

from tapetum_server.processors.errors import fingerprint as grouping
from tapetum_server.processors.errors.fingerprint import FINGERPRINT_VERSION, OVERRIDES, Grouped, short_type
from tapetum_server.processors.errors.stacktrace import Stack, parse_stack, shortened
from tapetum_server.processors.errors.template import first_line, template_of
from tapetum_server.signals.attributes import AttributeValue, encode_text
from tapetum_server.signals.consumer import Batch, Consumer, Receipt
from tapetum_server.signals.errors import ErrorOccurrence
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.spans import Event, SpanBatch

MAX_MESSAGE = 8_192
MAX_TYPE = 512
MAX_EVENTS = 16
"""Exceptions of one span that are taken; a loop that records thousands tells nothing new."""
MAX_ATTRIBUTES = 64
MAX_VALUE = 512
"""Characters of an attribute that goes along; longer ones stay with the span or log record."""
ERROR_NUMBER, FATAL_NUMBER = 17, 21
"""OTLP's severity numbers."""
_ERROR_WORDS = frozenset(
    {"error", "err", "severe", "fatal", "critical", "crit", "alert", "emerg", "emergency", "panic"}
)
_FATAL_WORDS = frozenset({"fatal", "critical", "crit", "alert", "emerg", "emergency", "panic"})
_STATUS_ERROR = 2
_DAY = 86_400 * 10**9
_TOLD = ("exception.type", "exception.message", "exception.stacktrace")
_LEFT_OUT = frozenset({*_TOLD, "exception.escaped"})
_SPAN_BIT, _KNOWLEDGE = 1 << 61, 62
_MAX_TIME = (1 << 61) - 1
_EXPLAINED = 3 << _KNOWLEDGE
"""Above what a failed span knows by itself, below one of which the application says where it belongs."""


class FindErrors:
    """A `signals.Consumer` that adds the errors it finds to a batch and hands every batch on.

    Batches with errors are read on `executor`: others cost a look at their levels and events.
    """

    def __init__(self, following: Consumer, executor: Executor) -> None:
        self._following = following
        self._executor = executor

    async def consume(self, batch: Batch) -> Receipt:
        """See `signals.Consumer`."""
        if isinstance(batch, SpanBatch | LogBatch) and may_have_errors(batch):
            await asyncio.get_running_loop().run_in_executor(self._executor, find_errors, batch)
        return await self._following.consume(batch)


def may_have_errors(batch: SpanBatch | LogBatch) -> bool:
    """Whether it is worth looking at each record."""
    if isinstance(batch, SpanBatch):
        return (
            _STATUS_ERROR in batch.status_code
            or any(event.name == "exception" for events in batch.events for event in events)
        )  # fmt: skip
    return (
        max(batch.severity_number, default=0) >= ERROR_NUMBER
        or any(not key.isdigit() and key.lower() in _ERROR_WORDS for key in set(batch.severity))
        or any(
            "exception.type" in a or "exception.stacktrace" in a or "exception.message" in a for a in batch.attributes
        )
    )


def find_errors(batch: SpanBatch | LogBatch) -> None:
    """Fill `batch.errors`."""
    if isinstance(batch, SpanBatch):
        batch.errors = [error for i in range(len(batch)) for error in _errors_of_span(batch, i)]
    else:
        batch.errors = [error for i in range(len(batch)) if (error := _error_of_log(batch, i)) is not None]
    batch.errors += _explained(batch)


def _explained(batch: SpanBatch | LogBatch) -> list[ErrorOccurrence]:
    """One for each trace and service with an exception: it takes the place of spans that failed without one."""
    found: dict[str, ErrorOccurrence] = {}
    for error in batch.errors:
        i = error.index
        trace_id, service = batch.trace_id[i], batch.resource[i].service
        failed = _identity(trace_id, "failed", service)
        # Not the failed spans themselves, and not log records without an exception: they have no stack and no type.
        told = error.identity != failed and (error.type or error.stacktrace)
        if trace_id and told and failed not in found:
            found[failed] = replace(
                error, identity=failed, rank=_EXPLAINED, counted=False, fingerprint="", type="", message="",
                template="", culprit="", stacktrace="", user_id="", attributes={},
            )  # fmt: skip
    return list(found.values())


def _errors_of_span(batch: SpanBatch, i: int) -> list[ErrorOccurrence]:
    failed = batch.status_code[i] == _STATUS_ERROR
    events = [event for event in batch.events[i] if event.name == "exception"][:MAX_EVENTS]
    own = batch.attributes[i]
    if not events and failed and ("exception.type" in own or "exception.stacktrace" in own):
        told = {key: own[key] for key in (*_LEFT_OUT, *OVERRIDES) if key in own}
        events = [Event(batch.end_time_unix_nano[i] or batch.start_time_unix_nano[i], "exception", told)]
    if events:
        return [_exception_of_span(batch, i, event, failed) for event in events]
    return [_failed_span(batch, i)] if failed else []


def _exception_of_span(batch: SpanBatch, i: int, event: Event, failed: bool) -> ErrorOccurrence:
    own = batch.attributes[i]
    type, message, trace, stack = _told(event.attributes)
    grouped = _grouped((event.attributes, own), type, message, stack, batch.name[i])
    escaped = event.attributes.get("exception.escaped")
    return ErrorOccurrence(
        index=i,
        source="span",
        identity=_identity(batch.trace_id[i], "exception", short_type(type), first_line(message)),
        rank=_rank(grouped, batch.start_time_unix_nano[i]),
        time_unix_nano=_moment(batch, i, event),
        fingerprint=grouped.fingerprint,
        fingerprint_version=FINGERPRINT_VERSION,
        type=type,
        message=message,
        template=template_of(message),
        culprit=grouped.culprit[:MAX_TYPE],
        handled=(not failed) if escaped is None else escaped in (False, "false"),
        severity="error",
        stacktrace=trace,
        user_id=_user(batch, i),
        attributes=_short({**own, **event.attributes}),
    )


def _moment(batch: SpanBatch, i: int, event: Event) -> int:
    """When it happened: when the event says, if that is near the span; an error in 2262 would never be seen."""
    start, end = batch.start_time_unix_nano[i], batch.end_time_unix_nano[i]
    last = end or start
    return event.time_unix_nano if start - _DAY <= event.time_unix_nano <= last + _DAY else last


def _failed_span(batch: SpanBatch, i: int) -> ErrorOccurrence:
    own, service = batch.attributes[i], batch.resource[i].service
    type = _text(own, "error.type", MAX_TYPE)
    message = batch.status_message[i][:MAX_MESSAGE]
    said = _override((own,))
    grouped = (
        grouping.by_override(said, batch.name[i]) if said else grouping.by_span(service, batch.name[i], type, message)
    )
    return ErrorOccurrence(
        index=i,
        source="span",
        identity=_identity(batch.trace_id[i], "failed", service),
        rank=_rank(grouped, batch.start_time_unix_nano[i]),
        time_unix_nano=batch.end_time_unix_nano[i] or batch.start_time_unix_nano[i],
        fingerprint=grouped.fingerprint,
        fingerprint_version=FINGERPRINT_VERSION,
        type=type,
        message=message,
        template=template_of(message),
        culprit=grouped.culprit[:MAX_TYPE],
        handled=False,
        severity="error",
        stacktrace="",
        user_id=_user(batch, i),
        attributes=_short(own),
    )


def _error_of_log(batch: LogBatch, i: int) -> ErrorOccurrence | None:
    own = batch.attributes[i]
    number, word = batch.severity_number[i], batch.severity[i].lower()
    told = any(key in own for key in _TOLD)
    level = number >= ERROR_NUMBER or (number == 0 and word in _ERROR_WORDS)
    if not told and not level:
        return None
    service, logger, trace_id = batch.resource[i].service, batch.scope[i].name, batch.trace_id[i]
    body = _body(batch.body[i])
    type, message, trace, stack = _told(own)
    if not told and "\n" in body and (found := parse_stack(shortened(body))) is not None:
        # A traceback that was printed as the message.
        told, stack, trace = True, found, shortened(body)
        type, message = stack.sections[0].type[:MAX_TYPE], stack.sections[0].message[:MAX_MESSAGE]
    if told:
        message = message or body[:MAX_MESSAGE]
        grouped = _grouped((own,), type, message, stack, logger)
        identity = _identity(trace_id, "exception", short_type(type), first_line(message))
    else:
        message = body[:MAX_MESSAGE]
        said = _override((own,))
        grouped = grouping.by_override(said, logger) if said else grouping.by_log(service, logger, message)
        identity = _identity(trace_id, "log", service, message)
    fatal = number >= FATAL_NUMBER or (number == 0 and word in _FATAL_WORDS)
    escaped = own.get("exception.escaped")
    return ErrorOccurrence(
        index=i,
        source="log",
        identity=identity,
        rank=_rank(grouped, None),
        time_unix_nano=0,
        fingerprint=grouped.fingerprint,
        fingerprint_version=FINGERPRINT_VERSION,
        type=type,
        message=message,
        template=template_of(message),
        culprit=grouped.culprit[:MAX_TYPE],
        handled=not fatal and escaped not in (True, "true"),
        severity="fatal" if fatal else "error" if level else "",
        stacktrace=trace,
        user_id=_text(own, "user.id", MAX_TYPE) or _text(own, "enduser.id", MAX_TYPE),
        attributes=_short(own),
    )


def _told(attributes: Mapping[str, AttributeValue]) -> tuple[str, str, str, Stack | None]:
    """Type, message, stack trace and stack; what the attributes leave out is taken from the stack trace."""
    type = _text(attributes, "exception.type", MAX_TYPE)
    message = _text(attributes, "exception.message", MAX_MESSAGE)
    raw = attributes.get("exception.stacktrace")
    trace = shortened(raw if isinstance(raw, str) else encode_text(raw)) if raw else ""
    stack = parse_stack(trace) if trace else None
    if stack is not None:
        type = type or stack.sections[0].type[:MAX_TYPE]
        message = message or stack.sections[0].message[:MAX_MESSAGE]
    return type, message, trace, stack


def _grouped(
    places: tuple[Mapping[str, AttributeValue], ...], type: str, message: str, stack: Stack | None, otherwise: str
) -> Grouped:
    grouped = grouping.by_exception(type, message, stack, otherwise)
    said = _override(places)
    return grouping.by_override(said, grouped.culprit) if said else grouped


def _override(places: tuple[Mapping[str, AttributeValue], ...]) -> str:
    for attributes in places:
        for key in OVERRIDES:
            if value := attributes.get(key):
                return encode_text(value)[:MAX_MESSAGE]
    return ""


def _rank(grouped: Grouped, started: int | None) -> int:
    """What knows more first, then spans before logs, then the span that began last: the innermost."""
    inner = 0 if started is None else _SPAN_BIT | min(started >> 1, _MAX_TIME)
    return grouped.knowledge << _KNOWLEDGE | inner


def _identity(trace_id: str, *said: str) -> str:
    """The same for whatever tells of one error within one trace; "" outside of traces."""
    if not trace_id:
        return ""
    text = "\0".join((trace_id, *said))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _user(batch: SpanBatch, i: int) -> str:
    return (batch.canonical[i].user_id if batch.canonical else "")[:MAX_TYPE]


def _text(attributes: Mapping[str, AttributeValue], key: str, at_most: int) -> str:
    value = attributes.get(key)
    if value is None:
        return ""
    return (value if isinstance(value, str) else encode_text(value))[:at_most]


def _body(body: AttributeValue) -> str:
    """What a record says: of a structured body its message."""
    if isinstance(body, dict):
        for key in ("message", "msg", "error", "event"):
            if isinstance(said := body.get(key), str) and said:
                return said
    return body if isinstance(body, str) else encode_text(body)


def _short(attributes: Mapping[str, AttributeValue]) -> dict[str, AttributeValue]:
    """Attributes to filter errors by: all short ones, up to a number."""
    found: dict[str, AttributeValue] = {}
    for key, value in attributes.items():
        if key in _LEFT_OUT or (isinstance(value, str | bytes | list | dict) and len(value) > MAX_VALUE):
            continue
        if isinstance(value, list | dict) and len(encode_text(value)) > MAX_VALUE:
            continue
        found[key] = value
        if len(found) >= MAX_ATTRIBUTES:
            break
    return found
