"""Which column types a user may cast to or bind a value as.

States of aggregate functions are left out on purpose: made from bytes of the user's choice, they
reach code that trusts them. So are types that hold any type.
"""

from __future__ import annotations

import re

from tapetum_server.query.gate_errors import SqlRefused, did_you_mean

_PLAIN = frozenset(
    [
        "String",
        "Bool",
        "UUID",
        "IPv4",
        "IPv6",
        "Date",
        "Date32",
        "DateTime",
        "Float32",
        "Float64",
        "BFloat16",
        "Time",
        "Int8",
        "Int16",
        "Int32",
        "Int64",
        "Int128",
        "Int256",
        "UInt8",
        "UInt16",
        "UInt32",
        "UInt64",
        "UInt128",
        "UInt256",
    ]
)
_WITH_ARGUMENTS = frozenset(
    ["FixedString", "DateTime", "DateTime64", "Time64", "Decimal", "Decimal32", "Decimal64", "Decimal128", "Decimal256"]
)
_NESTED = frozenset(["Array", "Map", "Tuple", "Nullable", "LowCardinality"])
TYPES = _PLAIN | _WITH_ARGUMENTS | _NESTED

_TOKEN = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*|\d+|'[A-Za-z0-9_/+\-]*'|[(),])")


def check_type(text: str, *, position: int) -> None:
    """Refuse `text` unless it is one column type of the list, with nothing behind it."""
    end = read_type(text, 0, position=position)
    if text[end:].strip():
        raise _not_a_type(text.strip(), position)


def check_structure(text: str, *, position: int) -> None:
    """Refuse `text` unless it is `name Type, name Type, …`, with no default expressions."""
    at = 0
    while True:
        name = re.compile(r"\s*[A-Za-z_][A-Za-z0-9_]*(?=\s)").match(text, at)
        if not name:
            raise SqlRefused(
                "values() starts with its columns here: values('name String, score Float64', ('a', 1), …).",
                position=position,
            )
        at = read_type(text, name.end(), position=position)
        rest = text[at:].lstrip()
        if not rest:
            return
        if not rest.startswith(","):
            raise _not_a_type(rest, position)
        at = text.index(",", at) + 1


def read_type(text: str, at: int, *, position: int) -> int:
    """The position behind the type that starts at `at`."""
    name, end = _next(text, at)
    if name not in TYPES:
        raise _not_a_type(name or text[at:].strip(), position)
    bracket, after = _next(text, end)
    if bracket != "(":
        if name not in _PLAIN:
            if name in ("DateTime64", "Time64", "Decimal"):
                return end
            raise SqlRefused(f"The type {name} needs its arguments, as in {name}(…).", position=position)
        return end
    if name not in _NESTED and name not in _WITH_ARGUMENTS:
        raise SqlRefused(f"The type {name} takes no arguments.", position=position)
    while True:
        if name in _NESTED:
            after = _element(text, after, named=name == "Tuple", position=position)
        else:
            argument, after = _next(text, after)
            if not (argument.isdigit() or argument.startswith("'")):
                raise _not_a_type(text.strip(), position)
        separator, after = _next(text, after)
        if separator == ")":
            return after
        if separator != ",":
            raise _not_a_type(text.strip(), position)


def _element(text: str, at: int, *, named: bool, position: int) -> int:
    """One type inside a nested one; a tuple may name it first."""
    if named:
        first, after_first = _next(text, at)
        second, _ = _next(text, after_first)
        if first and second in TYPES and first[0].isalpha():
            at = after_first
    return read_type(text, at, position=position)


def _next(text: str, at: int) -> tuple[str, int]:
    found = _TOKEN.match(text, at)
    return (found.group(1), found.end()) if found else ("", at)


def _not_a_type(name: str, position: int) -> SqlRefused:
    shown = name if len(name) <= 60 else name[:60] + "…"
    return SqlRefused(
        f"{shown!r} is not a type that can be used here.", hint=did_you_mean(name, TYPES), position=position
    )
