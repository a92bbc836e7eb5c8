"""Stops ingest before the store's disk is full, and starts it again when there is room."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence

from tapetum_server.store.engine import StoreError

logger = logging.getLogger("tapetum.disk")


SAMPLE_EVERY_S = 60.0
SAMPLES = 120
"""Two hours: long enough to see a trend through merges, which free space again."""


class DiskGuard:
    """Answers "is the store's disk too full to take more?" from the last look, so that asking never waits.

    `used_share` is the engine's: the disk is this machine's or a ClickHouse server's.
    """

    def __init__(
        self, used_share: Callable[[], float], full_percent: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._used_share = used_share
        self._full_share = full_percent / 100
        self._used = 0.0
        self._failing = False
        self._clock = clock
        self._samples: deque[tuple[float, float]] = deque(maxlen=SAMPLES)

    @property
    def used_percent(self) -> float:
        """Share of the disk in use, in percent, as of the last look."""
        return self._used * 100

    @property
    def is_full(self) -> bool:
        """Whether ingest must pause."""
        return self._used >= self._full_share

    def samples(self) -> Sequence[tuple[float, float]]:
        """(time, share in use) about once a minute over the last two hours, the oldest first."""
        return list(self._samples)

    def look(self) -> None:
        """Look now; may block. A store that does not say is logged once, and the last answer stands."""
        try:
            self._used = self._used_share()
            self._failing = False
            now = self._clock()
            if not self._samples or now - self._samples[-1][0] >= SAMPLE_EVERY_S:
                self._samples.append((now, self._used))
        except (StoreError, OSError) as error:
            if not self._failing:
                logger.warning("Nobody can say how full the store's disk is; ingest does not pause for it: %s", error)
            self._failing = True

    async def watch(self, every_s: float) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            await asyncio.to_thread(self.look)
