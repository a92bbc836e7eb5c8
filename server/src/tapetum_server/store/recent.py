"""A memory with an upper bound, which forgets what is oldest."""

from __future__ import annotations

from typing import Generic, TypeVar

_Key = TypeVar("_Key")
_Known = TypeVar("_Known")


class Recent(Generic[_Key, _Known]):
    """What is known of what was seen last. The older half goes at once.

    Taking the oldest entry out of one dict, one at a time, is a walk over those taken before: 20 µs each of 200,000.
    """

    def __init__(self, most: int) -> None:
        self._half = most // 2
        self._new: dict[_Key, _Known] = {}
        self._old: dict[_Key, _Known] = {}

    def put(self, key: _Key, known: _Known) -> None:
        """Remember this, and no longer what is oldest where there is too much."""
        if len(self._new) >= self._half:
            self._old, self._new = self._new, {}
        self._new[key] = known

    def __bool__(self) -> bool:
        return bool(self._new or self._old)

    def __contains__(self, key: _Key) -> bool:
        return key in self._new or key in self._old

    def get(self, key: _Key) -> _Known | None:
        """What is remembered of this."""
        known = self._new.get(key)
        return known if known is not None else self._old.get(key)
