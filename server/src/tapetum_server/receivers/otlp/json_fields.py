"""Reading typed fields of OTLP/JSON objects, with the path of whatever is wrong.

OTLP/JSON differs from protobuf's own JSON: ids are hex, enums are numbers, unknown fields are
ignored. Tolerated beside that: enum names, and 64-bit integers as string or number. Anything
else of a wrong type makes the request undecodable, and the message names its JSON path.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from tapetum_server.receivers.otlp.outcome import Undecodable

Path = tuple[str | int, ...]
Object = Mapping[str, Any]

_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*")
_NON_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_INT64, _UINT64, _UINT32 = (-(2**63), 2**63), (0, 2**64), (0, 2**32)
_INT32 = (-(2**31), 2**31)


def wrong(path: Path, expected: str, value: object) -> Undecodable:
    """The error for a value of the wrong type, naming its path and what was seen."""
    shown = repr(value)
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    return Undecodable(f"{where or 'the body'}: expected {expected}, got {shown[:60]}{'…' if len(shown) > 60 else ''}")


def as_object(value: Any, path: Path) -> Object:
    """A JSON object; absent is empty."""
    if value is None:
        return {}
    if value.__class__ is not dict:
        raise wrong(path, "an object", value)
    found: Object = value
    return found


def as_list(value: Any, path: Path) -> list[Any]:
    """A JSON array; absent is empty."""
    if value is None:
        return []
    if value.__class__ is not list:
        raise wrong(path, "an array", value)
    found: list[Any] = value
    return found


def text(holder: Object, key: str, path: Path) -> str:
    """A string field; absent is empty."""
    value = holder.get(key)
    if value is None:
        return ""
    if value.__class__ is not str:
        raise wrong((*path, key), "a string", value)
    found: str = value
    return found


def hex_id(holder: Object, key: str, path: Path) -> str:
    """An id as lower-case hex, of any length; absent is empty."""
    value = text(holder, key, path)
    if not _HEX.fullmatch(value):
        raise wrong((*path, key), "hex digits", value)
    return value.lower()


def boolean(holder: Object, key: str, path: Path) -> bool:
    """A boolean field; absent is false."""
    value = holder.get(key)
    if value is None:
        return False
    if value.__class__ is not bool:
        raise wrong((*path, key), "true or false", value)
    found: bool = value
    return found


def _integer(value: Any, path: Path, bounds: tuple[int, int]) -> int:
    number: int | None = None
    if value.__class__ is int:
        number = value
    elif value.__class__ is str and len(value) <= 21:
        try:
            number = int(value)
        except ValueError:
            number = None
    elif value.__class__ is float and value.is_integer():
        number = int(value)
    if number is None or not bounds[0] <= number < bounds[1]:
        raise wrong(path, f"an integer from {bounds[0]} to {bounds[1] - 1}, as number or string", value)
    return number


def int64(value: Any, path: Path) -> int:
    """A signed 64-bit integer, as number or string."""
    return _integer(value, path, _INT64)


def uint64(holder: Object, key: str, path: Path) -> int:
    """An unsigned 64-bit field; absent is 0."""
    value = holder.get(key)
    return 0 if value is None else _integer(value, (*path, key), _UINT64)


def uint32(holder: Object, key: str, path: Path) -> int:
    """An unsigned 32-bit field; absent is 0."""
    value = holder.get(key)
    return 0 if value is None else _integer(value, (*path, key), _UINT32)


def int32(holder: Object, key: str, path: Path) -> int:
    """A signed 32-bit field; absent is 0."""
    value = holder.get(key)
    return 0 if value is None else _integer(value, (*path, key), _INT32)


def uint64_list(holder: Object, key: str, path: Path) -> tuple[int, ...]:
    """A list of unsigned 64-bit integers; absent is empty."""
    return tuple(_integer(v, (*path, key, i), _UINT64) for i, v in enumerate(as_list(holder.get(key), (*path, key))))


def double(value: Any, path: Path) -> float:
    """A double: a number, a numeric string, or NaN, Infinity, -Infinity as strings."""
    if value.__class__ is float or value.__class__ is int:
        try:
            return float(value)
        except OverflowError:
            raise wrong(path, "a double", value) from None
    if value.__class__ is str:
        if value in _NON_FINITE:
            return _NON_FINITE[value]
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if number == number and abs(number) != float("inf"):
            return number
    raise wrong(path, 'a number or one of "NaN", "Infinity", "-Infinity"', value)


def optional_double(holder: Object, key: str, path: Path) -> float | None:
    """A double field; absent is `None`."""
    value = holder.get(key)
    return None if value is None else double(value, (*path, key))


def double_list(holder: Object, key: str, path: Path) -> tuple[float, ...]:
    """A list of doubles; absent is empty."""
    return tuple(double(v, (*path, key, i)) for i, v in enumerate(as_list(holder.get(key), (*path, key))))


def enum(holder: Object, key: str, names: Mapping[str, int], path: Path) -> int:
    """An enum's number, given as number or name; absent is 0."""
    value = holder.get(key)
    if value is None:
        return 0
    if value.__class__ is str and value in names:
        return names[value]
    return _integer(value, (*path, key), _INT32)


def base64_bytes(value: Any, path: Path) -> bytes:
    """Bytes as base64, standard or URL-safe, with or without padding."""
    if value.__class__ is not str:
        raise wrong(path, "base64 text", value)
    standard = value.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise wrong(path, "base64 text", value) from None
