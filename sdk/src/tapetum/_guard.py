"""The promise to the host program: nothing raised, nothing unbounded, every loss counted."""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tapetum._fork import renew_in_child

_logger = logging.getLogger("tapetum")


class Losses:
    """Counts what was not delivered, by reason, and tells the log once per reason."""

    def __init__(self, what: str, fate: str = "not delivered") -> None:
        self._what = what
        self._fate = fate
        self._lock = threading.Lock()
        self._count: Counter[str] = Counter()
        renew_in_child(self._renew)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._count = Counter()

    def add(self, reason: str, count: int, detail: str = "") -> None:
        """Count `count` lost records; the first loss of each reason is logged."""
        with self._lock:
            first = reason not in self._count
            self._count[reason] += count
        if first:
            _logger.warning(
                "%d %s %s (%s)%s. More for this reason will be counted, not logged.",
                count,
                self._what,
                self._fate,
                reason,
                f": {detail}" if detail else "",
            )

    def snapshot(self) -> dict[str, int]:
        """Records lost so far, by reason."""
        with self._lock:
            return dict(self._count)


faults = Losses("calls of tapetum", "went wrong")
"""What went wrong outside of any delivery: in `observe`, `span`, `init` and the like."""


@contextmanager
def never_raise(losses: Losses, count: int) -> Iterator[None]:
    """Count an exception as `internal_error` instead of raising it into the host program.

    `TAPETUM_SDK_RAISE=1` re-raises: the SDK's own tests run with it, so that no bug hides here.
    """
    try:
        yield
    except Exception as error:
        losses.add("internal_error", count, repr(error))
        if os.environ.get("TAPETUM_SDK_RAISE") == "1":
            raise
