"""Templates of other registries in ours: chat messages with a role and a text, variables as `{{name}}`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tapetum_server.moving.values import whole
from tapetum_server.signals.prompts import ROLES

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._:/-]+")
_ROLE_NAMES = {"ai": "assistant", "model": "assistant", "human": "user", "function": "tool"}
_VARIABLE = re.compile(r"(?<!\{)\{([A-Za-z_][A-Za-z0-9_.]*)\}(?!\})")


def registry_name(name: str) -> str:
    """A prompt's name in our registry, which spans then name too: spaces and the like become a dash."""
    return _NOT_IN_NAMES.sub("-", name).lstrip("._:/-")[:200]


def version_number(value: Any) -> int | None:
    """A version's number, `None` for anything that is none."""
    found = whole(value)
    return found if found is not None and 0 < found < 2**31 else None


def chat_messages(messages: Sequence[Any]) -> list[dict[str, str]] | None:
    """The messages, `None` where one of them cannot be told."""
    told: list[dict[str, str]] = []
    for message in messages:
        if not isinstance(message, dict):
            return None
        if message.get("type") == "placeholder":
            told.append({"role": "placeholder", "content": str(message.get("name", ""))})
            continue
        role = str(message.get("role", "")).lower()
        role, content = _ROLE_NAMES.get(role, role), _content(message.get("content"))
        if role not in ROLES or content is None:
            return None
        told.append({"role": role, "content": content})
    return told


def braced(text: str) -> str:
    """A Python format string with its variables in our form."""
    return _VARIABLE.sub(r"{{\1}}", text)


def _content(content: Any) -> str | None:
    """A message's text; of parts, all of which have to be texts, one after the other."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    parts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
    if len(parts) != len(content) or not all(isinstance(part, str) for part in parts):
        return None
    return "\n".join(part for part in parts if isinstance(part, str))
