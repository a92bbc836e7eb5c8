"""Keeps statistics of models' predictions up to date while the server runs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from tapetum_server.analysis.feature_statistics.windows import keep_windows
from tapetum_server.query.reader import Reader
from tapetum_server.query.statistics_windows import MOST_WINDOWS
from tapetum_server.signals.consumer import Consumer

logger = logging.getLogger("tapetum.statistics")

FIRST_AFTER_S = 60.0
EVERY_S = 300.0
LATELY_NS = 3 * 86_400 * 10**9
"""How far back is looked each time; what comes later yet is found by a look at everything."""
ALL_EVERY = 72
"""So many looks, six hours, lie between two looks at everything."""
ROUNDS = 20
"""So often at once, while as many hours are due as are counted at a time: a year that somebody sent is soon whole."""
ALL_NS = 400 * 86_400 * 10**9


async def keep_statistics(
    projects: Callable[[], Sequence[str]],
    reader: Reader,
    consumer: Consumer,
    *,
    first_after_s: float = FIRST_AFTER_S,
    every_s: float = EVERY_S,
    clock: Callable[[], int] = time.time_ns,
) -> None:
    """Count what is due in every project, until cancelled. What fails in one is logged once and tried again.

    Of a project that is not counted to its end, everything is looked at again the next time.
    """
    failing: set[str] = set()
    behind: set[str] = set()
    await asyncio.sleep(first_after_s)
    look = 0
    while True:
        for project in projects():
            now = clock()
            try:
                everything = look % ALL_EVERY == 0 or project in behind
                behind.add(project)
                since = now - (ALL_NS if everything else LATELY_NS)
                for number in range(ROUNDS):
                    sums = everything or number > 0
                    if await keep_windows(reader, consumer, project, since=since, now=now, sums=sums) < MOST_WINDOWS:
                        behind.discard(project)
                        break
                failing.discard(project)
            except Exception as error:
                if project not in failing:
                    logger.warning("Statistics of predictions of %s are not kept now: %s", project, error)
                failing.add(project)
        look += 1
        await asyncio.sleep(every_s)
