"""How fast something grows, and when it is full."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from statistics import median

MIN_SAMPLES = 10
MIN_SPAN_S = 900.0


def slope(times_s: Sequence[float], values: Sequence[float]) -> float | None:
    """Theil and Sen's slope per second: the median over all pairs, which a merge that frees space does not bend.

    `None` with fewer than ten samples, or less than a quarter of an hour between the first and the last.
    """
    if len(times_s) < MIN_SAMPLES or times_s[-1] - times_s[0] < MIN_SPAN_S:
        return None
    return median((v2 - v1) / (t2 - t1) for (t1, v1), (t2, v2) in combinations(zip(times_s, values), 2) if t2 > t1)


def time_to_full(times_s: Sequence[float], values: Sequence[float], full: float) -> float | None:
    """Seconds until `full` at the rate of the samples; `None` where it does not grow or they are too few.

    0 where it is full already.
    """
    if values and values[-1] >= full:
        return 0.0
    rate = slope(times_s, values)
    if rate is None or rate <= 0:
        return None
    return (full - values[-1]) / rate
