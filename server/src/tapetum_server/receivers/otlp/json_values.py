"""Attributes, resources and scopes of OTLP/JSON, under the same limits as protobuf's."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

import orjson

from tapetum_server.receivers.otlp import json_fields as f
from tapetum_server.receivers.otlp.json_fields import Object, Path
from tapetum_server.receivers.otlp.limits import Limits
from tapetum_server.receivers.otlp.outcome import Undecodable
from tapetum_server.receivers.otlp.values import Note, cut_utf8
from tapetum_server.signals.attributes import AttributeValue, size_of
from tapetum_server.signals.limits import TOO_DEEP
from tapetum_server.signals.resource import Resource, Scope

_PARSED_DEPTH = 512
"""Brackets inside one another that are parsed: a level of nesting takes four of them, of the parser's 1,024."""
_MOST_BRACKETS = 1_000_000
"""A body with more of them is not mended: looking at each takes time that other requests need."""
_BRACKETS = re.compile(rb'[\[\]{}]|"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_QUICK_CHARACTERS = 4096
"""Texts up to this length are within any limit of at least four times as many bytes."""


def load(body: bytes) -> Object:
    """The JSON object of a request; raises `Undecodable`."""
    try:
        return f.as_object(orjson.loads(body), ())
    except orjson.JSONDecodeError as error:
        # One value that is nested too deeply for the parser must not cost its neighbours.
        shallow = _without_depths(body)
        if shallow is None:
            raise Undecodable(f"the body is not JSON: {error}") from None
    try:
        return f.as_object(orjson.loads(shallow), ())
    except orjson.JSONDecodeError as error:
        raise Undecodable(f"the body is not JSON, beside being nested too deeply: {error}") from None


def _without_depths(body: bytes) -> bytes | None:
    """`body` with `null` for whatever lies deeper than anything that is read; `None` where that mends nothing.

    Down there is either a value that becomes `TOO_DEEP` far above, or a field that OTLP does not know.
    """
    kept: list[bytes] = []
    depth = at = 0
    for found in islice(_BRACKETS.finditer(body), _MOST_BRACKETS):
        sign = found[0]
        if sign in b"[{":
            depth += 1
            if depth == _PARSED_DEPTH + 1:
                kept += (body[at : found.start()], b"null")
        elif sign in b"]}":
            if depth == _PARSED_DEPTH + 1:
                at = found.end()
            depth -= 1
    return b"".join((*kept, body[at:])) if kept and depth == 0 else None


class JsonReader:
    """Reads attributes under `limits`; what is cut is noted for the current record."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        smallest = min(limits.max_attribute_value_bytes, limits.max_payload_value_bytes, limits.max_key_bytes * 4)
        self._quick = min(_QUICK_CHARACTERS, smallest // 4)

    def attributes(self, holder: Object, key: str, path: Path, note: Note) -> tuple[dict[str, AttributeValue], int]:
        """The attributes in `holder[key]` and how many were left out."""
        found: dict[str, AttributeValue] = {}
        items = holder.get(key)
        if not items:
            if items is not None:
                f.as_list(items, (*path, key))
            return found, 0
        quick, most, dropped = self._quick, self.limits.max_attributes, 0
        name: Any
        value: Any
        for i, item in enumerate(f.as_list(items, (*path, key))):
            # Short text, the common case, without a call or an exception.
            inner = item.get("value") if item.__class__ is dict else None
            value = inner.get("stringValue") if inner.__class__ is dict else None
            name = item["key"] if value.__class__ is str and "key" in item else None
            if name.__class__ is not str or len(value) > quick or len(name) > quick:
                name, value = self._member(item, (*path, key, i), None, note, 0)
            if len(found) >= most and name not in found:
                dropped += 1
            else:
                found[name] = value
        if dropped:
            note("too_many_attributes")
        return found, dropped

    def text(self, value: str, most: int, too_long: str, note: Note) -> str:
        """`value`, cut to `most` bytes of UTF-8 and noted if it is longer."""
        if len(value) * 4 <= most:
            return value
        raw = value.encode()
        if len(raw) <= most:
            return value
        note(too_long)
        return cut_utf8(raw, most).decode()

    def name(self, holder: Object, key: str, path: Path, note: Note) -> str:
        """A name, message or version: text under the limit of attribute values."""
        return self.text(f.text(holder, key, path), self.limits.max_attribute_value_bytes, "text_too_long", note)

    def body(self, value: Any, path: Path, note: Note) -> AttributeValue:
        """A log record's body."""
        return self._value(value, path, self.limits.max_payload_value_bytes, note, 0)

    def resource(self, holder: Object, path: Path, note: Note) -> Resource:
        """The resource of a `resource*` object."""
        inner_path = (*path, "resource")
        inner = f.as_object(holder.get("resource"), inner_path)
        attributes, dropped = self.attributes(inner, "attributes", inner_path, note)
        dropped += f.uint32(inner, "droppedAttributesCount", inner_path)
        return Resource(attributes, dropped, self.name(holder, "schemaUrl", path, note))

    def scope(self, holder: Object, path: Path, note: Note) -> Scope:
        """The scope of a `scope*` object."""
        inner_path = (*path, "scope")
        inner = f.as_object(holder.get("scope"), inner_path)
        attributes, dropped = self.attributes(inner, "attributes", inner_path, note)
        return Scope(
            name=self.name(inner, "name", inner_path, note),
            version=self.name(inner, "version", inner_path, note),
            attributes=attributes,
            dropped_attributes=dropped + f.uint32(inner, "droppedAttributesCount", inner_path),
            schema_url=self.name(holder, "schemaUrl", path, note),
        )

    def _member(self, item: Any, path: Path, most: int | None, note: Note, depth: int) -> tuple[str, AttributeValue]:
        pair = f.as_object(item, path)
        key = self.text(f.text(pair, "key", path), self.limits.max_key_bytes, "key_too_long", note)
        if most is None:
            most = self.limits.value_bytes(key)
        return key, self._value(pair.get("value"), (*path, "value"), most, note, depth)

    def _value(self, value: Any, path: Path, most: int, note: Note, depth: int) -> AttributeValue:
        # A member that is null is absent, as in protobuf's JSON.
        for kind, inner in f.as_object(value, path).items():
            if inner is None:
                continue
            if kind == "stringValue":
                if inner.__class__ is not str:
                    raise f.wrong((*path, kind), "a string", inner)
                return self.text(inner, most, "attribute_too_long", note)
            if kind == "intValue":
                return f.int64(inner, (*path, kind))
            if kind == "doubleValue":
                return f.double(inner, (*path, kind))
            if kind == "boolValue":
                return f.boolean({kind: inner}, kind, path)
            if kind == "bytesValue":
                raw = f.base64_bytes(inner, (*path, kind))
                if len(raw) > most:
                    note("attribute_too_long")
                return raw[:most]
            if kind in ("arrayValue", "kvlistValue"):
                return self._nested(kind, inner, (*path, kind), most, note, depth)
        return None

    def _nested(self, kind: str, inner: Any, path: Path, most: int, note: Note, depth: int) -> AttributeValue:
        path = (*path, "values")
        items = f.as_list(f.as_object(inner, path[:-1]).get("values"), path)
        if depth >= self.limits.max_depth:
            note("too_deep")
            return TOO_DEEP
        values: list[AttributeValue] = []
        members: dict[str, AttributeValue] = {}
        room = most
        for i, item in enumerate(items):
            if kind == "arrayValue":
                key, value = "", self._value(item, (*path, i), most, note, depth + 1)
            else:
                key, value = self._member(item, (*path, i), most, note, depth + 1)
            room -= len(key) + size_of(value)
            if room < 0:
                note("attribute_too_long")
                break
            if kind == "arrayValue":
                values.append(value)
            else:
                members[key] = value
        return values if kind == "arrayValue" else members
