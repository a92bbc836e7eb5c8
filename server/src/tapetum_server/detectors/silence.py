"""Whether somebody who used to speak has fallen silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MIN_ACTIVE = 20
"""Minutes in which something came: fewer have no rhythm yet."""
TIMES_THE_LONGEST_PAUSE = 3.0
SHORTEST_S = 300.0
"""Exporters send in batches and retry for minutes: nobody is silent sooner."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How regularly something came, until it came last."""

    active_minutes: int
    longest_pause_s: float
    """Between two of them."""


@dataclass(frozen=True, slots=True)
class SilenceVerdict:
    """Whether it is silent, and how long it might have been before anybody wonders."""

    answer: Literal["silent", "speaking", "not_enough_data"]
    silent_for_s: float
    limit_s: float


def silence(rhythm: Rhythm, silent_for_s: float) -> SilenceVerdict:
    """Whether it has been quiet for clearly longer than its rhythm: three times its longest pause, and five minutes.

    What sends once an hour has pauses of an hour, and is missed after three.
    """
    limit = max(SHORTEST_S, TIMES_THE_LONGEST_PAUSE * rhythm.longest_pause_s)
    if rhythm.active_minutes < MIN_ACTIVE:
        return SilenceVerdict("not_enough_data", silent_for_s, limit)
    return SilenceVerdict("silent" if silent_for_s > limit else "speaking", silent_for_s, limit)
