"""Bound values in the text form that the embedded engine reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# The engine reads a bound value as a field of TabSeparated: a raw backslash or newline in it would be an escape.
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"})


def bound_values(parameters: Mapping[str, object] | None) -> dict[str, Any]:
    """`parameters` so that `{name:Type}` is exactly what was given, whatever characters it holds."""
    return {name: _text(value) for name, value in (parameters or {}).items()}


def literal(value: object) -> str:
    """`value` as it stands in a statement that takes no parameters, such as a mutation."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(literal(item) for item in value)}]"
    return _element(value)


def _text(value: object) -> Any:
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, (list, tuple)):
        return f"[{','.join(_element(item) for item in value)}]"
    if value is None:
        return "\\N"
    return int(value) if isinstance(value, bool) else value


def _element(value: object) -> str:
    if isinstance(value, str):
        return "'" + value.translate(_ESCAPES).replace("'", "\\'") + "'"
    return "NULL" if value is None else str(_text(value))
