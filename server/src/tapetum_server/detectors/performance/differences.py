"""Two measured values of different rows: whether they differ by more than chance."""

from __future__ import annotations

import math

from tapetum_server.detectors.performance.intervals import JACKKNIFE_BUCKETS
from tapetum_server.detectors.performance.paired import Difference

Interval = tuple[float, float, float]
"""A value and the ends of its 95 % interval; NaN where it has none."""


def welch_difference(
    metric: str, champion: Interval, challenger: Interval, champion_rows: int, challenger_rows: int
) -> Difference:  # fmt: skip
    """By the standard errors of the two, each of its own rows, as Welch's test does."""
    from scipy import special

    (a, *_), (b, *_) = champion, challenger
    freedom = JACKKNIFE_BUCKETS - 1
    of_t = float(special.stdtrit(freedom, 0.975))
    one = _error(metric, champion, champion_rows, of_t)
    other = _error(metric, challenger, challenger_rows, of_t)
    apart, error = b - a, math.hypot(one, other)
    if not math.isfinite(error) or not error or not math.isfinite(apart):
        return Difference(metric, a, b, apart, math.nan, math.nan, math.nan, "welch")
    both = error**4 / (one**4 / freedom + other**4 / freedom)
    reach = float(special.stdtrit(both, 0.975)) * error
    p = float(2 * special.stdtr(both, -abs(apart) / error))
    return Difference(metric, a, b, apart, apart - reach, apart + reach, p, "welch")


def _error(metric: str, interval: Interval, rows: int, of_t: float) -> float:
    value, lower, upper = interval
    if math.isfinite(lower) and math.isfinite(upper):
        return (upper - lower) / 2 / of_t
    if metric == "accuracy" and rows:
        # A share of rows, whose error needs no resampling.
        return math.sqrt(value * (1 - value) / rows)
    return math.nan


def rest_difference(metric: str, part: Interval, whole: Interval, part_rows: int, whole_rows: int) -> Difference:
    """A mean over some rows, held against that over all others: `champion` is the others'."""
    others = whole_rows - part_rows
    if others < 1 or part_rows < 1:
        return Difference(metric, math.nan, part[0], math.nan, math.nan, math.nan, math.nan, "welch")
    mean = (whole[0] * whole_rows - part[0] * part_rows) / others
    # The error of a mean falls with the root of the rows.
    wider = math.sqrt(whole_rows / others)
    rest = (mean, mean - (whole[0] - whole[1]) * wider, mean + (whole[2] - whole[0]) * wider)
    return welch_difference(metric, rest, part, others, part_rows)
