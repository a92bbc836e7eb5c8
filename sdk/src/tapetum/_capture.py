"""Arguments and results as short JSON text. Runs no code of the application's objects: no `repr`, no properties."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import inspect
import json
import math
import pathlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

MAX_TEXT = 16 * 1024
"""Characters of one input or output."""
MAX_ITEMS = 100
MAX_DEPTH = 6
_PLAIN = (dt.date, dt.time, dt.timedelta, decimal.Decimal, pathlib.PurePath, uuid.UUID)
_COLLECTIONS = (dict, list, tuple, set, frozenset)
_WITH_SHAPES = ("numpy", "pandas", "polars", "torch", "tensorflow", "jax", "jaxlib")
_SECRETS = ("password", "passwd", "secret", "token", "api_key", "apikey", "authorization", "credential", "private_key")


def arguments(signature: inspect.Signature | None, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """What a function was called with, by name, without `self` and `cls`. Arguments named like secrets are masked."""
    named: dict[str, Any] = {}
    if signature is not None:
        try:
            named = dict(signature.bind_partial(*args, **kwargs).arguments)
        except TypeError:
            named = {}  # a wrong call: the function itself will say so
    if not named:
        named = {**{str(i): value for i, value in enumerate(args)}, **kwargs}
    for name in ("self", "cls"):
        named.pop(name, None)
    return text_of({name: "***" if _is_secret(name) else value for name, value in named.items()})


def text_of(value: Any) -> str:
    """JSON of a value, cut at `MAX_TEXT` characters; a text stays as it is."""
    text = value if isinstance(value, str) else json.dumps(_plain(value, 0, [0]), ensure_ascii=False)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def attribute_of(value: Any) -> Any:
    """A value as an attribute can hold it."""
    if isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (list, tuple)) and value:
        kinds = {type(inner) for inner in value}
        if len(kinds) == 1 and kinds <= {str, bool, int, float}:
            return list(value)
    return text_of(value)


def _plain(value: Any, depth: int, spent: list[int]) -> Any:
    """Only what JSON has. `spent` counts characters, so that a huge value is not walked to its end."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        spent[0] += len(value)
        return value if len(value) <= MAX_TEXT else value[:MAX_TEXT]
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, _PLAIN):
        return str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"<{len(value)} bytes>"
    if depth >= MAX_DEPTH or spent[0] > MAX_TEXT:
        return f"<{_name(value)}>"
    if type(value) in _COLLECTIONS or (isinstance(value, (Mapping, tuple)) and _is_builtin(value)):
        return _collection(value, depth, spent)
    fields = _fields(value)
    if fields is not None:
        return _collection(fields, depth, spent)
    return f"<{_name(value)}{_shape(value)}>"


def _collection(value: Any, depth: int, spent: list[int]) -> Any:
    if isinstance(value, Mapping):
        found: dict[str, Any] = {}
        for key, inner in list(value.items())[:MAX_ITEMS]:
            name = key if isinstance(key, str) else str(key) if isinstance(key, (int, float)) else f"<{_name(key)}>"
            spent[0] += len(name)
            found[name] = "***" if _is_secret(name) else _plain(inner, depth + 1, spent)
        if len(value) > MAX_ITEMS:
            found["…"] = f"{len(value) - MAX_ITEMS} more"
        return found
    shown = [_plain(inner, depth + 1, spent) for inner, _ in zip(value, range(MAX_ITEMS))]
    spent[0] += 2 * len(shown)
    return [*shown, f"… {len(value) - MAX_ITEMS} more"] if len(value) > MAX_ITEMS else shown


def _is_builtin(value: Any) -> bool:
    """Whether walking it runs nothing of the application: named tuples, ordered and default dictionaries."""
    return isinstance(value, tuple) or type(value).__module__ in ("collections", "builtins", "types")


def _fields(value: Any) -> dict[str, Any] | None:
    """Of dataclasses and pydantic models, as they lie in the object."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _own(value, field.name) for field in dataclasses.fields(value) if field.repr}
    if isinstance(getattr(type(value), "model_fields", None), dict):
        return {name: _own(value, name) for name in type(value).model_fields}
    return None


def _own(value: Any, name: str) -> Any:
    try:
        return object.__getattribute__(value, name)
    except AttributeError:
        return None


def _shape(value: Any) -> str:
    """Arrays, tensors and data frames say how large they are."""
    if type(value).__module__.partition(".")[0] in _WITH_SHAPES:
        shape = getattr(value, "shape", None)
        if shape is not None:
            return f" of shape {'×'.join(map(str, tuple(shape)))}"
    return ""


def _name(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _is_secret(name: str) -> bool:
    lowered = name.lower().replace("-", "_")
    return any(secret in lowered for secret in _SECRETS) and not lowered.endswith(("_tokens", "_token_count"))
