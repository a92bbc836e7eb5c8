"""Attribute values as OTLP's `AnyValue` has them, and their one text form.

The text form is what the store keeps and what a person searches for. Together with
the one-letter type it is exact: `decode_text(encode_text(v), type_of(v)) == v`.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Union

import orjson

AttributeValue = Union[str, bool, int, float, bytes, None, list["AttributeValue"], dict[str, "AttributeValue"]]
Attributes = Mapping[str, AttributeValue]

TYPE_NAMES: Mapping[str, str] = {
    "s": "string",
    "b": "bool",
    "i": "int",
    "d": "double",
    "y": "bytes",
    "a": "array",
    "m": "kvlist",
    "n": "empty",
}
"""One letter per OTLP value type, as stored beside each value."""


def type_of(value: AttributeValue) -> str:
    """The one-letter type (a key of `TYPE_NAMES`) of a decoded OTLP value."""
    kind = value.__class__
    if kind is str:
        return "s"
    if kind is int:
        return "i"
    if kind is float:
        return "d"
    if kind is bool:
        return "b"
    if kind is bytes:
        return "y"
    if kind is list:
        return "a"
    if kind is dict:
        return "m"
    if value is None:
        return "n"
    raise TypeError(f"{kind.__name__} is not an OTLP attribute value")


def encode_text(value: AttributeValue) -> str:
    """The exact text of one attribute value.

    Integers keep every digit, doubles their shortest round-trip form (`NaN`, `Infinity`,
    `-Infinity` as OTLP/JSON writes them), bytes are base64, arrays and key-value lists JSON.
    """
    kind = value.__class__
    if kind is str:
        return value  # type: ignore[return-value]
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        return _double(value)  # type: ignore[arg-type]
    if value is None:
        return ""
    if kind is bytes:
        return base64.b64encode(value).decode()  # type: ignore[arg-type]
    return orjson.dumps(_jsonable(value)).decode()


def decode_text(text: str, letter: str) -> AttributeValue:
    """The inverse of `encode_text`, given the value's one-letter type."""
    if letter == "s":
        return text
    if letter == "i":
        return int(text)
    if letter == "d":
        return float(text)
    if letter == "b":
        return text == "true"
    if letter == "n":
        return None
    if letter == "y":
        return base64.b64decode(text)
    if letter in ("a", "m"):
        return _from_jsonable(orjson.loads(text))
    raise ValueError(f"{letter!r} is not an attribute type; expected one of {''.join(TYPE_NAMES)}")


def _double(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


# Inside arrays and key-value lists JSON cannot say everything OTLP can: bytes and non-finite
# doubles are wrapped in a one-key object whose name no OTLP key can be mistaken for.
_BYTES, _DOUBLE, _ESCAPED = "\u0000bytes", "\u0000double", "\u0000map"
_JSON_INT = range(-(2**63), 2**64)


def _jsonable(value: AttributeValue) -> object:
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode()}
    if isinstance(value, float) and not math.isfinite(value):
        return {_DOUBLE: _double(value)}
    if isinstance(value, list):
        return [_jsonable(v) for v in value]
    if isinstance(value, dict):
        inner = {k: _jsonable(v) for k, v in value.items()}
        return {_ESCAPED: inner} if len(inner) == 1 and next(iter(inner)).startswith("\u0000") else inner
    if isinstance(value, int) and not isinstance(value, bool) and value not in _JSON_INT:
        raise ValueError(f"integer {value} does not fit 64 bits")
    return value


def _from_jsonable(value: object) -> AttributeValue:
    if isinstance(value, list):
        return [_from_jsonable(v) for v in value]
    if isinstance(value, dict):
        if len(value) == 1:
            key, inner = next(iter(value.items()))
            if key == _BYTES:
                return base64.b64decode(inner)
            if key == _DOUBLE:
                return float(inner)
            if key == _ESCAPED:
                return {k: _from_jsonable(v) for k, v in inner.items()}
        return {k: _from_jsonable(v) for k, v in value.items()}
    return value  # type: ignore[return-value]


def size_of(value: AttributeValue) -> int:
    """About the number of bytes that a value takes in protobuf."""
    if isinstance(value, str | bytes):
        return len(value) + 2
    if isinstance(value, list):
        return 2 + sum(map(size_of, value))
    if isinstance(value, dict):
        return 2 + sum(len(key) + size_of(inner) for key, inner in value.items())
    return 4
