"""Whether requests take clearly longer than they did before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from tapetum_server.detectors.spread import robust_score

MIN_REQUESTS = 50
"""Now: fewer than that, and the 95th percentile is the slowest two or three."""
MIN_REQUESTS_OF_A_WINDOW = 20
MIN_WINDOWS = 6
MIN_RATIO = 1.5
MIN_DIFFERENCE_MS = 10.0
MIN_SCORE = 4.5
"""Of logarithms. On 4,000 services that did not change, at 50 to 200 requests a window and as many shapes of
durations, this one was wrong for one to four in 5,000; Iglewicz and Hoaglin's 3.5 of plain durations for one in 60."""
_LEAST_MS = 1e-6


@dataclass(frozen=True, slots=True)
class Timed:
    """Requests of one window, and a quantile of how long they took."""

    requests: int
    quantile_ms: float


@dataclass(frozen=True, slots=True)
class LatencyVerdict:
    """What the comparison found, with the numbers behind it."""

    answer: Literal["worse", "same", "not_enough_data"]
    before_ms: float
    """The median of the windows before."""
    now_ms: float
    score: float
    """The modified z score of the logarithm of now among those of the windows before."""


def latency_worse(windows_before: Sequence[Timed], now: Timed) -> LatencyVerdict:
    """Whether the quantile of now stands out from the same quantile of the windows of the same length before.

    It must be half as long again as their median, 10 ms longer, and beyond what they differ among themselves.
    Logarithms, because durations vary by factors. Windows with few requests are left out: their quantile is noise.
    """
    before = [max(w.quantile_ms, _LEAST_MS) for w in windows_before if w.requests >= MIN_REQUESTS_OF_A_WINDOW]
    usual = median(before) if before else 0.0
    score = robust_score([math.log(ms) for ms in before], math.log(max(now.quantile_ms, _LEAST_MS)))
    if len(before) < MIN_WINDOWS or now.requests < MIN_REQUESTS:
        return LatencyVerdict("not_enough_data", usual, now.quantile_ms, score)
    worse = now.quantile_ms >= MIN_RATIO * usual and now.quantile_ms - usual >= MIN_DIFFERENCE_MS and score >= MIN_SCORE
    return LatencyVerdict("worse" if worse else "same", usual, now.quantile_ms, score)
