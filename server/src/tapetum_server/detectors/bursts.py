"""Whether something that happens now and then happens clearly more often than it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

MIN_NOW = 10
"""Fewer are a handful."""
TIMES_THE_MOST = 2.0
"""Of the fullest window before: what comes in bursts anyway has had one among them."""
MIN_BEFORE = 6
"""Windows before it began, without which nothing is known about what is usual."""
LONGEST = 18
"""Windows that a burst may have lasted already; after that it is what is usual."""


@dataclass(frozen=True, slots=True)
class BurstVerdict:
    """What a comparison found, with the numbers behind it."""

    answer: Literal["burst", "usual", "not_enough_data"]
    now: int
    most: int
    """In one window before it began."""
    windows: int
    """For how many it has lasted, the last one included."""


def burst(before: Sequence[int], now: int) -> BurstVerdict:
    """Whether the last window holds at least ten, and twice as many as any window before the burst began.

    The windows that lead up to the last one and hold at least half as many as it are the burst itself. Errors come in
    bursts and are no independent accidents, so it is not asked how likely that many would be by chance, but whether
    there were ever that many.
    """
    lasted = 0
    while lasted < min(LONGEST, len(before)) and 2 * before[len(before) - 1 - lasted] >= now:
        lasted += 1
    rest = before[: len(before) - lasted]
    most = max(rest, default=0)
    if now < MIN_NOW:
        answer: Literal["burst", "usual", "not_enough_data"] = "usual"
    elif len(rest) < MIN_BEFORE:
        answer = "not_enough_data"
    else:
        answer = "burst" if now >= TIMES_THE_MOST * most else "usual"
    return BurstVerdict(answer, now, most, lasted + 1)
