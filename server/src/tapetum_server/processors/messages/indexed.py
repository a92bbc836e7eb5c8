"""Messages that were flattened into numbered attributes: `llm.input_messages.0.message.role` and their kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tapetum_server.processors.messages.decoding import decode

MAX_INDEX = 20_000
MAX_LEVELS = 12


def unflattened(attributes: Mapping[str, str], prefix: str) -> list[Any]:
    """The list that `prefix` + number + rest stands for, in order of the numbers; empty where there is none."""
    tree: dict[str, Any] = {}
    for key, value in attributes.items():
        if not key.startswith(prefix):
            continue
        path = key[len(prefix) :].split(".")
        if not _numbered(path[0]) or len(path) > MAX_LEVELS:
            continue
        at = tree
        for step in path[:-1]:
            inner = at.get(step)
            if not isinstance(inner, dict):
                inner = at[step] = {}
            at = inner
        if not isinstance(at.get(path[-1]), dict):
            at[path[-1]] = value
    listed = _lists(tree)
    return [_bare(one) for one in listed] if isinstance(listed, list) else []


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(map(_numbered, value)):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(inner) for key, inner in value.items()}


def _bare(one: Any) -> Any:
    """OpenInference wraps each in its own name: `message`, `document`, `tool`, `tool_call`."""
    if isinstance(one, dict) and len(one) == 1:
        key, inner = next(iter(one.items()))
        if key in ("message", "document", "tool", "prompt", "completion", "embedding"):
            return {"text": inner} if key in ("prompt", "completion") and isinstance(inner, str) else inner
    return one


def decoded(values: list[Any]) -> list[Any]:
    """JSON texts as values, for tool definitions and documents."""
    return [decode(one)[0] if isinstance(one, str) else one for one in values]


def _numbered(step: str) -> bool:
    return step.isdecimal() and step.isascii() and len(step) <= 5 and int(step) <= MAX_INDEX
