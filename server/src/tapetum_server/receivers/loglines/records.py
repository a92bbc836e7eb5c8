"""What both doors make of a log record: its time, level, ids and values, and the batch it goes into."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from tapetum_server.signals.attributes import AttributeValue, size_of
from tapetum_server.signals.limits import MAX_ATTRIBUTES, MAX_DEPTH, MAX_KEY_BYTES, TOO_DEEP
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.resource import Resource, Scope

MAX_RECORDS = 100_000
"""In one request: as many as may wait to be written."""

_HEX = re.compile(r"[0-9a-fA-F]+")
_NUMBER = re.compile(r"\d{1,20}(\.\d{1,12})?")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,12}))?\s*(Z|z|UTC|[+-]\d\d:?\d\d)?")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
_LATEST_NS = 2**64 - 1
_INT64 = range(-(2**63), 2**63)

_LEVELS = {
    "trace": 1, "finest": 1, "verbose": 1, "debug": 5, "fine": 5, "dbg": 5, "info": 9, "information": 9,
    "informational": 9, "notice": 10, "warn": 13, "warning": 13, "error": 17, "err": 17, "severe": 17, "alert": 21,
    "critical": 21, "crit": 21, "fatal": 21, "emergency": 21, "emerg": 21, "panic": 21,
}  # fmt: skip
_SYSLOG = (21, 21, 21, 17, 13, 10, 9, 5)


@dataclass(slots=True)
class Read:
    """One decoded request: batches by service, and what was left out, by service and reason."""

    project: str
    batches: dict[str, LogBatch] = field(default_factory=dict)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    truncated: Counter[tuple[str, str]] = field(default_factory=Counter)
    errors: list[tuple[int, str]] = field(default_factory=list)
    """Where (a line, or an entry) and why, of the first refused ones."""

    def refuse(self, where: int, service: str, reason: str, message: str, count: int = 1) -> None:
        """Count records that are not kept."""
        self.refused[service, reason] += count
        if len(self.errors) < 20:
            self.errors.append((where, message))

    def keep(
        self,
        resource: Resource,
        scope: Scope,
        *,
        time_unix_nano: int,
        observed_time_unix_nano: int,
        severity: tuple[int, str],
        body: AttributeValue,
        event_name: str = "",
        attributes: dict[str, AttributeValue],
        trace_id: str = "",
        span_id: str = "",
        noted: set[str],
    ) -> None:
        """Add one record, and count what was `noted` about it."""
        service = resource.service
        batch = self.batches.get(service)
        if batch is None:
            batch = self.batches[service] = LogBatch(project=self.project, sender=service)
        dropped = max(len(attributes) - MAX_ATTRIBUTES, 0)
        if dropped:
            noted.add("too_many_attributes")
            attributes = dict(list(attributes.items())[:MAX_ATTRIBUTES])
        batch.resource.append(resource)
        batch.scope.append(scope)
        batch.time_unix_nano.append(time_unix_nano)
        batch.observed_time_unix_nano.append(observed_time_unix_nano)
        batch.trace_id.append(trace_id)
        batch.span_id.append(span_id)
        batch.severity_number.append(severity[0])
        batch.severity.append(severity[1])
        batch.body.append(body)
        batch.event_name.append(event_name)
        batch.attributes.append(attributes)
        batch.flags.append(0)
        batch.dropped.append(dropped)
        for reason in noted:
            self.truncated[service, reason] += 1
        noted.clear()


def when(value: object) -> int | None:
    """Nanoseconds since 1970 of a time as loggers write them; `None` if it is none.

    A number is seconds, milli-, micro- or nanoseconds by its size; a text is a number or ISO-8601, in UTC if it
    names no zone.
    """
    if isinstance(value, str):
        text = value.strip()
        if _NUMBER.fullmatch(text):
            return _from_number(Decimal(text))
        return _from_iso(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _from_number(Decimal(repr(value)))


def _from_number(number: Decimal) -> int | None:
    # 1e11 seconds are in the year 5138; 1e11 milliseconds in 1973.
    for bound, factor in ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3)):
        if number < bound:
            nanoseconds = int(number * factor)
            break
    else:
        nanoseconds = int(number)
    return nanoseconds if 0 < nanoseconds <= _LATEST_NS else None


def _from_iso(text: str) -> int | None:
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    day, clock, fraction, zone = found.groups()
    zone = "+00:00" if zone in (None, "Z", "z", "UTC") else zone
    try:
        moment = dt.datetime.fromisoformat(f"{day}T{clock}{zone}")
    except ValueError:
        return None
    seconds = (moment - _EPOCH) // dt.timedelta(seconds=1)
    nanoseconds = seconds * 10**9 + int((fraction or "0").ljust(9, "0")[:9])
    return nanoseconds if 0 < nanoseconds <= _LATEST_NS else None


def level(value: object) -> tuple[int, str] | None:
    """OTLP's severity number and the original text of a level in words, or as pino, bunyan and syslog count them."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        word = value.strip()
        if word.isascii() and word.isdigit() and len(word) < 4:
            return level(int(word))
        return (_LEVELS.get(word.lower(), 0), word) if 0 < len(word) <= 64 else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or not 0 <= value < 100:
        return None
    if value < 8:
        return _SYSLOG[value], str(value)
    return (min(value // 10 * 4 - 3, 21), str(value)) if value >= 10 else None


def hex_id(value: object, digits: int) -> str:
    """A trace or span id in lower-case hex, or "" if `value` is not one."""
    if isinstance(value, str) and len(value) == digits and _HEX.fullmatch(value) and value.strip("0"):
        return value.lower()
    return ""


def text(value: str, most: int, reason: str, noted: set[str]) -> str:
    """`value` cut to `most` bytes of UTF-8, which is noted."""
    if len(value) * 4 <= most:
        return value
    raw = value.encode()
    if len(raw) <= most:
        return value
    noted.add(reason)
    return raw[:most].decode(errors="ignore")


def shaped(value: object, most: int, noted: set[str], depth: int = 0) -> AttributeValue:
    """A value of parsed JSON as an attribute value, with what is too long or too deep cut."""
    if isinstance(value, str):
        return text(value, most, "attribute_too_long", noted)
    if isinstance(value, int) and not isinstance(value, bool) and value not in _INT64:
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= MAX_DEPTH:
        noted.add("too_deep")
        return TOO_DEEP
    room = most
    if isinstance(value, list):
        items: list[AttributeValue] = []
        for inner in value:
            items.append(shaped(inner, max(room, 0), noted, depth + 1))
            room -= size_of(items[-1])
            if room < 0:
                noted.add("attribute_too_long")
                items.pop()
                break
        return items
    members: dict[str, AttributeValue] = {}
    assert isinstance(value, dict)
    for key, inner in value.items():
        key = text(key, MAX_KEY_BYTES, "key_too_long", noted)
        found = shaped(inner, max(room, 0), noted, depth + 1)
        room -= len(key) + size_of(found)
        if room < 0:
            noted.add("attribute_too_long")
            break
        members[key] = found
    return members


def decoded(raw: bytes, noted: set[str]) -> str:
    """Text of bytes that should be UTF-8; what is not is replaced, which is noted."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        noted.add("invalid_utf8")
        return raw.decode(errors="replace")


class Undecodable(ValueError):
    """The request as a whole cannot be read; nothing of it was kept. `reason` is what is counted."""

    def __init__(self, message: str, reason: str = "undecodable", status: int = 400) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
