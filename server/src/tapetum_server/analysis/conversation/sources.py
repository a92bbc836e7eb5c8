"""Rows of spans and log records into what `processors.messages` reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from tapetum_server.processors.messages.decoding import decode
from tapetum_server.processors.messages.events import NAMES, Event
from tapetum_server.processors.messages.span_content import SpanContent, SpanSource, read_span

_NAMES = frozenset(NAMES)


def read_row(row: Mapping[str, Any], logs: list[Event] | None = None) -> SpanContent:
    """What a span's row says, with what log records said of it where it says nothing itself."""
    events: list[Event] = [
        (name, {key: _value(letter, text) for key, letter, text in attributes})
        for _time, name, attributes, *_ in (orjson.loads(row["events_json"]) if row["events_json"] else [])
        if name in _NAMES
    ]
    return read_span(
        SpanSource(
            kind=row["kind"],
            name=row["name"],
            tool=row["tool"],
            attributes=dict(row["attributes"]),
            events=events or logs or [],
            input=row["input"],
            output=row["output"],
        )
    )


def log_event(row: Mapping[str, Any]) -> Event:
    """A log record as the event it stands for: its attributes, and its body where that is a list of keys."""
    attributes = row["attributes"]
    said: dict[str, Any] = dict(attributes)
    body, _wrong = decode(row["body"])
    if isinstance(body, Mapping):
        said.update(body)
    name = next(
        (one for one in (row["event_name"], attributes.get("event.name", ""), row["body"]) if one in _NAMES), ""
    )
    return name, said


def _value(letter: str, text: str) -> Any:
    """Arrays and key-value lists as values; text as it is, because prose may look like JSON."""
    return decode(text)[0] if letter in ("a", "m") else text
