"""Loki's push requests, JSON or protobuf, into log records, each entry by itself."""

from __future__ import annotations

from typing import Any

import orjson
from google.protobuf.message import DecodeError

from tapetum_server.receivers.loglines import records
from tapetum_server.receivers.loglines.loki_labels import BadLabels, check_labels, parse_labels
from tapetum_server.receivers.loglines.records import Read, Undecodable
from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.foreign_messages import message_classes
from tapetum_server.signals.identity import Caller
from tapetum_server.signals.limits import MAX_KEY_BYTES, MAX_PAYLOAD_BYTES, MAX_VALUE_BYTES
from tapetum_server.signals.resource import Resource, Scope

_SERVICE_LABELS = ("service_name", "service", "app", "job")
_SERVICE_ONLY = frozenset({"service_name", "service"})
"""Labels that say nothing more once they are `service.name`; `app` and `job` stay as attributes too."""
_LEVEL_LABELS = ("level", "detected_level", "severity")
_NO_SCOPE = Scope()
SCHEMA = message_classes(
    "tapetum.loki",
    {
        "Request": [("streams", 1, "Stream", True)],
        "Stream": [("labels", 1, "", False), ("entries", 2, "", True)],
        "Entry": [("timestamp", 1, "Time", False), ("line", 2, "", False), ("metadata", 3, "Pair", True)],
        "Time": [("seconds", 1, "int64", False), ("nanos", 2, "int32", False)],
        "Pair": [("name", 1, "", False), ("value", 2, "", False)],
    },
)
"""logproto's messages with texts and entries as raw bytes, so that a bad one costs no neighbour."""


def read_push(body: bytes, sender: Caller, *, is_json: bool) -> Read:
    """The records of one push request; raises `Undecodable`."""
    found = Read(sender.counted_in)
    pushed = _Push(found, sender.barred)
    if is_json:
        _read_json(body, pushed)
    else:
        _read_protobuf(body, pushed)
    return found


def _read_json(body: bytes, pushed: _Push) -> None:
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Undecodable(f"the body is not JSON: {error}") from None
    streams = request.get("streams") if isinstance(request, dict) else None
    if not isinstance(streams, list):
        raise Undecodable('the body is not {"streams": [{"stream": {…}, "values": [[…]]}]}')
    for stream in streams:
        values = stream.get("values") if isinstance(stream, dict) else None
        labels = stream.get("stream") if isinstance(stream, dict) else None
        if not isinstance(values, list) or not isinstance(labels, dict):
            pushed.refuse("malformed", 'a stream is {"stream": {labels}, "values": [entries]}', 1)
            continue
        if not pushed.open(labels, len(values)):
            continue
        for value in values:
            _read_value(value, pushed)


def _read_value(value: object, pushed: _Push) -> None:
    if not isinstance(value, list) or not 2 <= len(value) <= 3 or not isinstance(value[1], str):
        pushed.refuse("malformed", 'an entry is ["nanoseconds", "line"] or ["nanoseconds", "line", {…}]', 1)
        return
    time, line, metadata = value[0], value[1], value[2] if len(value) == 3 else {}
    if not isinstance(metadata, dict):
        pushed.refuse("malformed", "structured metadata is an object", 1)
    elif (
        not isinstance(time, str)
        or not time.isascii()
        or not time.isdigit()
        or len(time) > 20
        or not 0 < int(time) < 2**64
    ):
        pushed.refuse("invalid_time", f"a time is a string of nanoseconds since 1970, not {time!r:.80}", 1)
    else:
        pushed.keep(int(time), line, metadata)


def _read_protobuf(body: bytes, pushed: _Push) -> None:
    try:
        request = SCHEMA["Request"].FromString(body)
    except DecodeError as error:
        raise Undecodable(f"the body is not a PushRequest: {error}") from None
    for stream in request.streams:
        if not pushed.open(stream.labels, len(stream.entries)):
            continue
        for raw in stream.entries:
            try:
                entry = SCHEMA["Entry"].FromString(raw)
            except DecodeError as error:
                pushed.refuse("malformed", f"an entry cannot be decoded: {error}", 1)
                continue
            time_ns = entry.timestamp.seconds * 10**9 + entry.timestamp.nanos
            if not 0 < time_ns < 2**64:
                pushed.refuse("invalid_time", f"an entry's time is {time_ns} ns since 1970", 1)
                continue
            noted = pushed.noted
            metadata: dict[str, object] = {
                records.decoded(pair.name, noted): records.decoded(pair.value, noted) for pair in entry.metadata
            }
            pushed.keep(time_ns, records.decoded(entry.line, noted), metadata)


class _Push:
    """Streams of one request, one open at a time."""

    def __init__(self, found: Read, barred: str) -> None:
        self._found = found
        self._barred = barred
        self._entries = 0
        self._resource = Resource({})
        self._severity: tuple[int, str] = (0, "")
        self.noted: set[str] = set()

    def open(self, given: bytes | dict[str, Any], entries: int) -> bool:
        """Start a stream; `False` if its entries are refused."""
        self._entries += entries
        if self._entries > records.MAX_RECORDS:
            message = f"a request holds at most {records.MAX_RECORDS} entries: send smaller batches"
            raise Undecodable(message, "too_large", 413)
        self._resource = Resource({})
        try:
            labels = self._labels(given)
        except BadLabels as error:
            self.refuse(error.reason, str(error), entries)
            return False
        service_label = next((name for name in _SERVICE_LABELS if labels.get(name)), None)
        attributes: dict[str, AttributeValue] = {}
        if service_label is not None:
            attributes["service.name"] = labels[service_label]
            if service_label in _SERVICE_ONLY:
                del labels[service_label]
        self._severity = _take_level(labels)
        self._resource = Resource(attributes | labels)
        if self._barred:
            self.refuse(self._barred, "this key may not write to the project that the request names", entries)
            return False
        return True

    def _labels(self, given: bytes | dict[str, Any]) -> dict[str, str]:
        if isinstance(given, bytes):
            return parse_labels(records.decoded(given, self.noted))
        if not all(isinstance(value, str) for value in given.values()):
            raise BadLabels("malformed", "a label's value is a string")
        return check_labels(dict(given))

    def refuse(self, reason: str, message: str, count: int) -> None:
        """Count entries of the open stream that are not kept."""
        self.noted.clear()
        if count:
            self._found.refuse(self._entries, self._resource.service, reason, message, count)

    def keep(self, time_ns: int, line: str, metadata: dict[str, Any]) -> None:
        """Keep one entry of the open stream."""
        noted = self.noted
        severity = _take_level(metadata)
        attributes = {
            records.text(key, MAX_KEY_BYTES, "key_too_long", noted): records.shaped(value, MAX_VALUE_BYTES, noted)
            for key, value in metadata.items()
        }
        trace_id = _take_id(attributes, ("trace_id", "traceId", "traceID"), 32)
        span_id = _take_id(attributes, ("span_id", "spanId", "spanID"), 16)
        self._found.keep(
            self._resource, _NO_SCOPE,
            time_unix_nano=time_ns, observed_time_unix_nano=0,
            severity=severity if severity[1] else self._severity,
            body=records.text(line, MAX_PAYLOAD_BYTES, "text_too_long", noted),
            attributes=attributes, trace_id=trace_id, span_id=span_id, noted=noted,
        )  # fmt: skip


def _take_level(labels: dict[str, Any]) -> tuple[int, str]:
    for name in _LEVEL_LABELS:
        if name in labels and (found := records.level(labels[name])) is not None:
            del labels[name]
            return found
    return 0, ""


def _take_id(attributes: dict[str, AttributeValue], names: tuple[str, ...], digits: int) -> str:
    for name in names:
        if found := records.hex_id(attributes.get(name), digits):
            del attributes[name]
            return found
    return ""
