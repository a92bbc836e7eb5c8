"""Whether records arrive long after they happened, or before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MIN_RECORDS = 20
LATE_S = 60.0
"""Exporters wait five seconds, metric readers a minute at most before they read the clock: a minute is a problem."""
AHEAD_S = 5.0
BACKFILL_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Lag:
    """Seconds from a record's own time to its arrival; below zero, its time lay in the future."""

    records: int
    p50_s: float
    p99_s: float


LagAnswer = Literal["late", "backfill", "clock_ahead", "prompt", "not_enough_data"]


def lateness(lag: Lag) -> LagAnswer:
    """What the lag of a sender says: by its median, because a few late records are retries.

    What comes more than an hour late is somebody bringing in old data. What comes from the future has a wrong clock.
    """
    if lag.records < MIN_RECORDS:
        return "not_enough_data"
    if lag.p50_s <= -AHEAD_S:
        return "clock_ahead"
    if lag.p50_s >= BACKFILL_S:
        return "backfill"
    return "late" if lag.p50_s >= LATE_S else "prompt"
