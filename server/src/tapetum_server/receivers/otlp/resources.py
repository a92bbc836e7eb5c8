"""Resources and scopes of protobuf requests: one object for each one on the wire."""

from __future__ import annotations

from typing import Any

from tapetum_server.receivers.otlp.values import AttributeReader, Malformed, Note
from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.resource import Resource, Scope


class Waiting:
    """Record messages of one target, with the resource and scope of each."""

    def __init__(self) -> None:
        self.resources: list[Resource] = []
        self.scopes: list[Scope] = []
        self.messages: list[Any] = []

    def add(self, resource: Resource, scope: Scope, messages: list[Any]) -> None:
        """Append messages that share a resource and a scope."""
        self.resources += [resource] * len(messages)
        self.scopes += [scope] * len(messages)
        self.messages += messages


def read_resource(reader: AttributeReader, message: Any, schema_url: bytes, note: Note) -> Resource:
    """The resource of a `Resource*` message; a malformed attribute is left out and counted in it."""
    attributes, dropped = _attributes(reader, message.attributes, note)
    return Resource(attributes, message.dropped_attributes_count + dropped, reader.name(schema_url, note))


def read_scope(reader: AttributeReader, message: Any, schema_url: bytes, note: Note) -> Scope:
    """The scope of a `Scope*` message; a malformed attribute is left out and counted in it."""
    attributes, dropped = _attributes(reader, message.attributes, note)
    return Scope(
        name=reader.name(message.name, note),
        version=reader.name(message.version, note),
        attributes=attributes,
        dropped_attributes=message.dropped_attributes_count + dropped,
        schema_url=reader.name(schema_url, note),
    )


def _attributes(reader: AttributeReader, raws: Any, note: Note) -> tuple[dict[str, AttributeValue], int]:
    try:
        return reader.pairs(raws, note)
    except Malformed:
        good = [raw for raw in raws if _is_sound(reader, raw)]
        note("malformed_attribute")
        attributes, dropped = reader.pairs(good, note)
        return attributes, dropped + len(raws) - len(good)


def _is_sound(reader: AttributeReader, raw: bytes) -> bool:
    try:
        reader.pair(raw, lambda _reason: None)
    except Malformed:
        return False
    return True
