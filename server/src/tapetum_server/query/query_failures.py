"""Counts questions that failed, so that Health can say that answers are missing."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

MAX_KEPT = 1_000
"""A second failure within the same moment matters less than that memory stays small."""


@dataclass(frozen=True, slots=True)
class RecentFailures:
    """Failures within the last while, by kind."""

    by_kind: dict[str, int]
    first_at: float | None
    """Seconds since 1970 of the oldest of them."""


class QueryFailures:
    """When questions failed, and why: `too_slow`, `too_heavy`, `unavailable` or `failed`. Any thread may call."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: deque[tuple[float, str]] = deque(maxlen=MAX_KEPT)

    def note(self, kind: str) -> None:
        """One more."""
        with self._lock:
            self._kept.append((self._clock(), kind))

    def within(self, seconds: float) -> RecentFailures:
        """Those of the last `seconds`."""
        since = self._clock() - seconds
        with self._lock:
            found = [(at, kind) for at, kind in self._kept if at >= since]
        return RecentFailures(dict(Counter(kind for _, kind in found)), found[0][0] if found else None)
