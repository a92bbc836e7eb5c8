"""What an emitter's table may do with an attribute's value: named steps, chained with `|`.

    "output.value"                          the attribute's text
    "output.value :: json id"               … read as JSON (also JSON within JSON), its member `id`
    "metadata.usage_object :: python | usage cache_read_tokens"

Every step takes any value and gives None for what it cannot read: malformed input is never an error here,
the attribute stays as it was sent.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from tapetum_server.processors.provider_usage import UNREADABLE, member, text_count, usage_of
from tapetum_server.signals.attributes import encode_text

Step = Callable[[Any], Any]

_LAYERS = 2
"""JSON inside a JSON string, inside a JSON string."""
_PYTHON = ("{'", "[{'", "['")

MAX_JSON = 1 << 20
"""Longer JSON texts are not read: the facts looked for stand in short ones."""
MAX_PYTHON = 1 << 16
"""`ast.literal_eval` is a hundred times slower than JSON and recursive."""

# A span's JSON attribute is often asked for several members: what was read last is kept per text.
_read: dict[tuple[str, str], Any] = {}


def forget() -> None:
    """Drop what was read; called once per batch, so that no payload outlives it."""
    _read.clear()


def compile_source(source: str) -> tuple[str, Step | None]:
    """(attribute key, what to do with its value or None) of one entry of a table. Raises `ValueError`."""
    key, _, chain = source.partition(" :: ")
    steps = [_step(text.strip()) for text in chain.split("|")] if chain else []
    if not steps:
        return key, None
    if len(steps) == 1:
        return key, steps[0]

    def run(value: Any) -> Any:
        for step in steps:
            value = step(value)
            if value is None:
                return None
        return value

    return key, run


def _step(text: str) -> Step:
    name, _, argument = text.partition(" ")
    if name in ("json", "python"):
        reader = read_json if name == "json" else read_python
        if not argument:
            return reader
        path = argument.split(".")
        return lambda value: member(reader(value), path)
    if name == "usage":
        return lambda value: usage_of(value).get(argument) if isinstance(value, Mapping) else None
    if name == "at":
        at = argument.split(".")
        return lambda value: member(value, at)
    if name == "text":
        return lambda value: encode_text(value) if value is not None else None
    if name == "first":
        return _first
    if name == "with_parts":
        return lambda value: value if _has_parts(read_json(value)) else None
    if name == "inverse":
        return lambda value: 1 / value if isinstance(value, (int, float)) and value > 0 else None
    if name == "map":
        pairs = dict(pair.split("=", 1) for pair in argument.split(","))
        return lambda value: pairs.get(str(value))
    raise ValueError(
        f"unknown step {name!r} in {text!r}; known are json, python, usage, at, text, first, with_parts, inverse, map"
    )


_JSON_BEGINS = frozenset('{["-0123456789tfn \t\r\n')
"""Most texts are prose: a look at one character is cheaper than an error of the parser."""


def read_json(value: Any) -> Any:
    """The value of a JSON text, of one within a JSON string, or of what was structured already. Else None.

    A dict or list as Python prints it counts as JSON: a careless `str()` is the commonest way to send one.
    """
    if not isinstance(value, str):
        return value
    if not 0 < len(value) <= MAX_JSON or value[0] not in _JSON_BEGINS:
        return None
    key = ("json", value)
    if key in _read:
        return _read[key]
    try:
        found = orjson.loads(value)
        for _ in range(_LAYERS):
            if not isinstance(found, str) or found[:1] not in ("{", "[", '"'):
                break
            found = orjson.loads(found)
    except (orjson.JSONDecodeError, RecursionError):
        found = read_python(value) if value.startswith(_PYTHON) else None
    _read[key] = found
    return found


def read_python(value: Any) -> Any:
    """The value of a Python literal (`repr` of a dict, say); None where it is none or too long."""
    if not isinstance(value, str):
        return value
    if not 0 < len(value) <= MAX_PYTHON:
        return None
    key = ("python", value)
    if key in _read:
        return _read[key]
    try:
        found = ast.literal_eval(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        found = None
    _read[key] = found
    return found


def _has_parts(messages: Any) -> bool:
    return isinstance(messages, list) and any(isinstance(m, Mapping) and m.get("parts") for m in messages)


def _first(value: Any) -> Any:
    """The first of a list, or of a text of words between commas."""
    if isinstance(value, str):
        return value.split(",")[0].strip()
    return value[0] if isinstance(value, Sequence) and value else None


INVALID = -1
"""A count that cannot be: negative, or beyond `MAX_COUNT`. It is kept as sent, and flagged."""
MAX_COUNT = 10**9


def to_tokens(value: Any) -> int | None:
    """A token count: an integer, also as text or as a whole double.

    `INVALID` for one that cannot be, `UNREADABLE` for what is none, and None for the words for nothing.
    """
    if value.__class__ is int:
        return value if 0 <= value <= MAX_COUNT or value == UNREADABLE else INVALID
    if isinstance(value, str):
        digits = value[1:] if value[:1] == "-" else value
        if digits.isascii() and digits.isdecimal():
            return to_tokens(int(value)) if len(value) <= 18 else INVALID
        return to_tokens(text_count(value))
    if value is None or value != value:
        return None
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return to_tokens(int(value))
    return INVALID if isinstance(value, float) and value < 0 else UNREADABLE


def to_text(value: Any) -> str:
    """A value's exact text."""
    if value.__class__ is str:
        return value
    try:
        return encode_text(value)
    except (TypeError, ValueError):
        return ""


def to_number(value: Any) -> float | None:
    """A finite number that is not negative, also as text."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0:
        return float(value)
    return None


def to_milliseconds(value: Any) -> float | None:
    """Milliseconds of a number of seconds."""
    number = to_number(value)
    return None if number is None else number * 1e3


def to_bool(value: Any) -> bool | None:
    """A truth value, also as text (`True`, `false`)."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return None


_FINISH = {
    "stop": "stop", "end_turn": "stop", "stop_sequence": "stop", "completed": "stop", "eos": "stop", "end": "stop",
    "tool_calls": "tool_call", "tool_call": "tool_call", "tool_use": "tool_call", "function_call": "tool_call",
    "length": "length", "max_tokens": "length", "max_output_tokens": "length", "incomplete": "length",
    "content_filter": "content_filter", "safety": "content_filter", "refusal": "content_filter",
    "content_filtered": "content_filter", "guardrail_intervened": "content_filter", "prohibited_content":
    "content_filter", "blocklist": "content_filter", "recitation": "content_filter", "error": "error",
}  # fmt: skip


def to_finish_reason(value: Any) -> str:
    """Why the model stopped, in one vocabulary: stop, tool_call, length, content_filter, error, or what was said."""
    if isinstance(value, str) and value[:1] in ("[", '"'):
        value = read_json(value) or value
    if isinstance(value, list):
        value = next((v for v in value if isinstance(v, str) and v), None)
    if not isinstance(value, str) or value in ("None", "null"):
        return ""
    plain = value.rsplit(".", 1)[-1].lower().replace("-", "_")
    return _FINISH.get(plain, plain[:64])
