"""About how many bytes a record will hold, without encoding it: what bounds the memory of a queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.trace import ReadableSpan

_RECORD = 400
_VALUE = 24


def of_span(span: ReadableSpan) -> int:
    """Of a span with its attributes, events and links."""
    size = _RECORD + len(span.name) + _attributes(span.attributes)
    for event in span.events:
        size += _VALUE + len(event.name) + _attributes(event.attributes)
    for link in span.links:
        size += 3 * _VALUE + _attributes(link.attributes)
    return size


def of_log(record: ReadableLogRecord) -> int:
    """Of a log record with its attributes."""
    return _RECORD + _value(record.log_record.body) + _attributes(record.log_record.attributes)


def _attributes(attributes: Mapping[str, Any] | None) -> int:
    return sum(len(key) + _value(value) for key, value in attributes.items()) if attributes else 0


def _value(value: Any) -> int:
    if isinstance(value, (str, bytes)):
        return _VALUE + len(value)
    if isinstance(value, Mapping):
        return _VALUE + _attributes(value)
    if isinstance(value, Sequence):
        return _VALUE + sum(map(_value, value))
    return _VALUE
