"""Which messages are new: an agent resends its whole conversation with every call."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

import orjson

from tapetum_server.processors.messages.message import Message, Part

Key = bytes


def key_of(message: Message) -> Key:
    """The same for the same words, however often and by whatever library they are sent."""
    said = [_essence(part) for part in message["parts"]]
    answers = all(part["type"] == "tool_call_response" for part in message["parts"])
    written = orjson.dumps(["" if answers else message["role"], said], default=str, option=_ANY_KEYS)
    return hashlib.blake2b(written, digest_size=16).digest()


_ANY_KEYS = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


def _essence(part: Part) -> list[object]:
    kind = part["type"]
    if kind in ("text", "reasoning"):
        return [kind, part["content"].strip()]
    if kind == "tool_call":
        return [kind, part.get("name"), part.get("arguments")]
    if kind == "tool_call_response":
        return [kind, part.get("response")]
    return [kind, part.get("uri"), part.get("file_id"), part.get("size"), part.get("value")]


def keys_of(messages: Iterable[Message]) -> list[Key]:
    """The key of each message."""
    return [key_of(message) for message in messages]


def new_ones(keys: Sequence[Key], before: Counter[Key]) -> list[bool]:
    """Whether each message was not there before; one that was said twice is new the second time."""
    seen: Counter[Key] = Counter()
    found = []
    for key in keys:
        seen[key] += 1
        found.append(seen[key] > before[key])
    return found


def continues(keys: Sequence[Key], earlier: Sequence[Key]) -> bool:
    """Whether a history has all messages of an earlier one, and more."""
    return 0 < len(earlier) < len(keys) and not (Counter(earlier) - Counter(keys))
