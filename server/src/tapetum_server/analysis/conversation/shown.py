"""Messages as an answer carries them: long texts cut, the whole bounded."""

from __future__ import annotations

from typing import Any

import orjson

from tapetum_server.processors.messages.message import Message, Part

MAX_CHARACTERS = 4_000_000
"""Of one answer."""


class Room:
    """How much an answer may still hold. What no longer fits is cut, and its length told."""

    def __init__(self, each: int, total: int = MAX_CHARACTERS) -> None:
        self._each = each
        self._left = total

    def text(self, said: str) -> tuple[str, int | None]:
        """As much of a text as there is room for, and its whole length where that is less."""
        most = max(min(self._each, self._left), 0)
        self._left -= min(len(said), most)
        return (said, None) if len(said) <= most else (said[:most], len(said))

    def value(self, value: Any) -> tuple[Any, int | None]:
        """A structured value, or the head of its JSON where it is too long."""
        if isinstance(value, str):
            return self.text(value)
        written = orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode("utf-8", "replace")
        kept, whole = self.text(written)
        return (value, None) if whole is None else (kept, whole)

    def part(self, part: Part) -> Part:
        """A copy of the part with what fits."""
        shown = part.copy()
        cut: int | None = None
        if "content" in part:
            shown["content"], cut = self.text(part["content"])
        elif "arguments" in part:
            shown["arguments"], cut = self.value(part["arguments"])
        elif "response" in part:
            shown["response"], cut = self.value(part["response"])
        elif "value" in part:
            shown["value"], cut = self.value(part["value"])
        if cut is not None:
            shown["truncated_from"] = cut
        return shown

    def parts(self, message: Message) -> list[Part]:
        """All parts of a message."""
        return [self.part(part) for part in message["parts"]]
