"""Texts within the limits of an evaluation: a shortened comment is better than none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tapetum_server.moving.values import as_text, is_nothing

_MOST = 16 * 1024
_MOST_ATTRIBUTES, _MOST_VALUE, _MOST_KEY = 64, 4_096, 256


def cut(text: str, most: int = _MOST) -> str:
    """`text` of at most `most` bytes, with … where it was longer."""
    if len(text.encode("utf-8", "surrogatepass")) <= most:
        return text
    return text.encode("utf-8", "replace")[: most - 3].decode("utf-8", "ignore") + "…"


def short_attributes(given: Mapping[str, Any]) -> dict[str, str | int | float | bool]:
    """Attributes of an evaluation, nested ones as JSON."""
    kept: dict[str, str | int | float | bool] = {}
    for key, value in given.items():
        if is_nothing(value) or not key or len(kept) == _MOST_ATTRIBUTES:
            continue
        plain = value if isinstance(value, bool | int | float) else cut(as_text(value), _MOST_VALUE)
        kept[cut(str(key), _MOST_KEY)] = plain
    return kept
