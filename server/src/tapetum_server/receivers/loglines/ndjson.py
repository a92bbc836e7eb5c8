"""Lines of JSON or text into log records, each line by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import orjson

from tapetum_server.receivers.loglines import records
from tapetum_server.receivers.loglines.records import Read, Undecodable
from tapetum_server.signals.identity import Caller
from tapetum_server.signals.limits import MAX_KEY_BYTES, MAX_PAYLOAD_BYTES, MAX_VALUE_BYTES
from tapetum_server.signals.resource import Resource, Scope

_TIME = ("time", "timestamp", "ts", "@timestamp", "_time")
_OBSERVED = ("observed_timestamp", "observed_time")
_LEVEL = ("level", "severity", "log.level", "levelname", "severity_text", "loglevel")
_SEVERITY_NUMBER = ("severity_number", "severityNumber")
_BODY = ("message", "msg", "body", "log", "event")
_SERVICE = ("service", "service.name", "service_name", "app")
_LOGGER = ("logger", "log.logger", "logger_name", "logger.name")
_TRACE = ("trace_id", "traceId", "traceID", "trace.id", "otelTraceID", "dd.trace_id")
_SPAN = ("span_id", "spanId", "spanID", "span.id", "otelSpanID", "dd.span_id")
_EVENT_NAME = ("event.name", "event_name")
_Fields = dict[str, object]
_T = TypeVar("_T")


def read_lines(body: bytes, sender: Caller, service: str, now_ns: int, *, text: bool) -> Read:
    """The records of one request; raises `Undecodable`.

    `service` is for lines that name none. With `text` a line that looks like JSON and is not is a line of text.
    A line without a time is observed `now_ns`, and one nanosecond later for each line before it.
    """
    if body.startswith(b"\xef\xbb\xbf"):
        body = body[3:]
    if body.count(b"\n") > records.MAX_RECORDS:
        raise Undecodable(
            f"a request holds at most {records.MAX_RECORDS} lines: send smaller batches", "too_large", 413
        )
    reader = _Lines(sender, service, now_ns, text)
    for number, line in enumerate(body.split(b"\n"), 1):
        if line := line.strip():
            reader.read(number, line)
    read = reader.found
    if not read.batches and read.refused and {reason for _, reason in read.refused} == {"malformed"}:
        where, message = read.errors[0]
        raise Undecodable(f"not one line can be read; line {where}: {message}")
    return read


class _Lines:
    def __init__(self, sender: Caller, service: str, now_ns: int, text: bool) -> None:
        self.found = Read(sender.project or sender.home)
        self._barred = sender.barred
        if self._barred:
            self.found.project = sender.counted_in
        self._service = service
        self._now_ns = now_ns
        self._text = text
        self._noted: set[str] = set()
        self._resources: dict[str, Resource] = {}
        self._scopes: dict[str, Scope] = {}

    def read(self, number: int, line: bytes) -> None:
        """Keep or refuse one line that is not empty."""
        fields: _Fields | None = None
        if line.startswith(b"{"):
            try:
                fields = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                if not self._text:
                    self.found.refuse(number, self._service, "malformed", f"not JSON: {error}")
                    return
        if self._barred:
            message = "this key may not write to the project that the request names"
            if self._barred == "invalid_project":
                message = "the header x-tapetum-project is not a name of a project"
            self.found.refuse(number, self._service, self._barred, message)
        elif fields is None:
            self._keep_text(number, line)
        else:
            self._keep(number, fields)

    def _keep_text(self, number: int, line: bytes) -> None:
        noted = self._noted
        body = records.text(records.decoded(line, noted), MAX_PAYLOAD_BYTES, "text_too_long", noted)
        self.found.keep(
            self._resource(self._service), self._scope(""),
            time_unix_nano=0, observed_time_unix_nano=self._now_ns + number, severity=(0, ""), body=body,
            attributes={}, noted=noted,
        )  # fmt: skip

    def _keep(self, number: int, fields: _Fields) -> None:
        noted = self._noted
        time_ns = _first(fields, _TIME, records.when) or 0
        observed_ns = _first(fields, _OBSERVED, records.when) or (0 if time_ns else self._now_ns + number)
        number_given = _first(fields, _SEVERITY_NUMBER, _severity_number) or 0
        named = _first(fields, _LEVEL, records.level) or (0, "")
        service = _first(fields, _SERVICE, _name) or self._service
        scope = _first(fields, _LOGGER, _name) or ""
        trace_id = _first(fields, _TRACE, lambda value: records.hex_id(value, 32)) or ""
        span_id = _first(fields, _SPAN, lambda value: records.hex_id(value, 16)) or ""
        event_name = _first(fields, _EVENT_NAME, _name) or ""
        body = next((fields.pop(key) for key in _BODY if key in fields and fields[key] is not None), "")
        self.found.keep(
            self._resource(service), self._scope(scope),
            time_unix_nano=time_ns,
            observed_time_unix_nano=observed_ns,
            severity=(number_given or named[0], named[1]),
            body=records.shaped(body, MAX_PAYLOAD_BYTES, noted),
            event_name=event_name,
            attributes={
                records.text(key, MAX_KEY_BYTES, "key_too_long", noted): records.shaped(
                    value, MAX_VALUE_BYTES, noted
                )
                for key, value in fields.items()
            },
            trace_id=trace_id, span_id=span_id, noted=noted,
        )  # fmt: skip

    def _resource(self, service: str) -> Resource:
        found = self._resources.get(service)
        if found is None:
            found = self._resources[service] = Resource({"service.name": service} if service else {})
        return found

    def _scope(self, name: str) -> Scope:
        found = self._scopes.get(name)
        if found is None:
            found = self._scopes[name] = Scope(name=name)
        return found


def _first(fields: _Fields, keys: Sequence[str], read: Callable[[object], _T | None]) -> _T | None:
    """What `read` makes of the first of `keys` that it can read. Only that field is taken out of `fields`."""
    for key in keys:
        if key in fields and (found := read(fields[key])):
            del fields[key]
            return found
    return None


def _name(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= MAX_KEY_BYTES else ""


def _severity_number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 25 else 0
