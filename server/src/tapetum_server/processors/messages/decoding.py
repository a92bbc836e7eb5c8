"""Text into the value it stands for: JSON, JSON inside JSON, Python's repr, and as much as is left of cut JSON."""

from __future__ import annotations

import ast
import json
from typing import Any

import orjson

MAX_REPR_CHARACTERS = 256 * 1024
"""`ast.literal_eval` needs memory of a hundred times its text."""
MAX_SALVAGED = 20_000
_LAYERS = 3
"""JSON inside a JSON string, inside a JSON string."""
NOT_JSON = "malformed_json"
_OPENS = ("{", "[", '"')
_decoder = json.JSONDecoder()


def decode(text: str) -> tuple[Any, str | None]:
    """The value of a text, and what was wrong with it. Prose is its own value."""
    value: Any = text
    for _ in range(_LAYERS):
        if not isinstance(value, str):
            break
        bare = value.strip()
        if not bare.startswith(_OPENS):
            break
        try:
            inner = orjson.loads(bare)
        except orjson.JSONDecodeError:
            if bare.startswith('"'):
                break
            return _otherwise(bare, value)
        if isinstance(inner, str) and value is not text and not inner.strip().startswith(_OPENS):
            break  # a quoted word inside a value is that word with its quotes
        value = inner
    return value, None


def _otherwise(bare: str, text: str) -> tuple[Any, str | None]:
    if (value := _python_repr(bare)) is not None:
        return value, None
    # Prose that begins with a bracket is prose: "[INST] answer in French".
    if not looks_like_json(bare):
        return text, None
    salvaged = _salvage(bare)
    return (salvaged if salvaged else text), NOT_JSON


def looks_like_json(text: str) -> bool:
    """Whether a text that is not JSON was probably meant to be."""
    head = text[:200].replace(" ", "").replace("\n", "")
    return head.startswith(('{"', '[{"', '["', "[[{", "{'", "[{'")) or head in ("{", "[", "[{")


def _python_repr(text: str) -> Any:
    """The value of a dict or list as Python prints it; LiteLLM sends such."""
    if len(text) > MAX_REPR_CHARACTERS or "'" not in text:
        return None
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None
    return value if isinstance(value, (dict, list)) else None


def _salvage(text: str) -> list[Any]:
    """Whole elements at the head of a list that was cut."""
    if not text.startswith("["):
        return []
    kept: list[Any] = []
    at = 1
    while len(kept) < MAX_SALVAGED:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        try:
            value, at = _decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        kept.append(value)
    return kept
