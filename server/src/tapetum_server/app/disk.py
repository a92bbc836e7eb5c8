"""Stops ingest before the disk is full, and starts it again when there is room."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path


class DiskGuard:
    """Answers "is the disk too full to take more?" from a look that is at most `every_s` old."""

    def __init__(
        self,
        directory: Path,
        full_percent: float,
        *,
        every_s: float = 2.0,
        used_share: Callable[[Path], float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._full_share = full_percent / 100
        self._every_s = every_s
        self._used_share = used_share or _used_share
        self._clock = clock
        self._looked_at = float("-inf")
        self._used = 0.0

    @property
    def used_percent(self) -> float:
        """Share of the disk in use, in percent, as of the last look."""
        self.is_full()
        return self._used * 100

    def is_full(self) -> bool:
        """Whether ingest must pause."""
        now = self._clock()
        if now - self._looked_at >= self._every_s:
            self._looked_at = now
            self._used = self._used_share(self._directory)
        return self._used >= self._full_share


def _used_share(directory: Path) -> float:
    usage = shutil.disk_usage(directory)
    # Blocks that only root may use count as used: this process cannot have them.
    return 1 - usage.free / (usage.used + usage.free)
