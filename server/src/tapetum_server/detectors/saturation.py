"""Whether a resource has been used up for a while, and not for a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

MIN_POINTS = 3


@dataclass(frozen=True, slots=True)
class SaturationVerdict:
    """Whether it is used up, how much of it on average, and since when."""

    answer: Literal["saturated", "fine", "not_enough_data"]
    share: float
    since: float | None
    """The time of the first point of the run that is at or beyond the limit, in which one point alone may lie below."""


def saturation(points: Sequence[tuple[float, float]], limit: float, window_s: float, now: float) -> SaturationVerdict:
    """Whether the shares in use, (time, share) in order of time, average `limit` or more over the last `window_s`."""
    recent = [share for time, share in points if now - window_s <= time]
    if len(recent) < MIN_POINTS:
        return SaturationVerdict("not_enough_data", recent[-1] if recent else 0.0, None)
    average = sum(recent) / len(recent)
    if average < limit:
        return SaturationVerdict("fine", average, None)
    since, dips = None, 0
    for time, share in reversed(points):
        if share >= limit:
            since, dips = time, 0
        elif since is not None and (dips := dips + 1) > 1:
            break
    return SaturationVerdict("saturated", average, since)
