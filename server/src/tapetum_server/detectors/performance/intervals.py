"""How far a metric may be from what it would be over endlessly many rows.

Rows at the same score are exchangeable, so resampling needs the counts alone: a Poisson bootstrap of rows gives each
count a Poisson draw of itself, and dealing rows into buckets deals each count into them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tapetum_server.detectors.performance.counts import Floats, ScoreCounts
from tapetum_server.detectors.performance.curves import roc_auc

Method = Literal["wilson", "delong", "poisson_bootstrap", "jackknife"]

JACKKNIFE_BUCKETS = 20
"""TFMA's."""
BOOTSTRAP_SAMPLES = 20
"""TFMA's."""
_NORMAL_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true value lies 95 times in 100."""

    lower: float
    upper: float
    standard_error: float
    degrees_of_freedom: int | None
    method: Method


def wilson(part: float, whole: float) -> Interval:
    """Of a share of `whole` rows: holds for few rows and for shares near 0 and 1, too."""
    if not whole:
        return Interval(math.nan, math.nan, math.nan, None, "wilson")
    z, share = _NORMAL_95, part / whole
    middle = (share + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z / (1 + z * z / whole) * math.sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    return Interval(middle - half, middle + half, math.sqrt(share * (1 - share) / whole), None, "wilson")


def delong_variance(counts: ScoreCounts) -> float:
    """The variance of the area under the ROC curve (DeLong, DeLong and Clarke-Pearson 1988)."""
    m, n = counts.positive, counts.negative
    if m < 2 or n < 2:
        return math.nan
    over_negatives = (np.cumsum(counts.negatives) - counts.negatives / 2) / n
    over_positives = 1 - (np.cumsum(counts.positives) - counts.positives / 2) / m
    area = roc_auc(counts)
    positive = float(counts.positives @ (over_negatives - area) ** 2) / (m - 1)
    negative = float(counts.negatives @ (over_positives - area) ** 2) / (n - 1)
    return positive / m + negative / n


def delong(counts: ScoreCounts) -> Interval:
    """Of the area under the ROC curve. Not clipped to [0, 1]."""
    area, error = roc_auc(counts), math.sqrt(delong_variance(counts))
    return Interval(area - _NORMAL_95 * error, area + _NORMAL_95 * error, error, None, "delong")


def poisson_bootstrap(
    counts: ScoreCounts, metric: Callable[[ScoreCounts], float], *, seed: int, samples: int = BOOTSTRAP_SAMPLES
) -> Interval:
    """Of any metric: its spread over samples in which each row stands Poisson(1) times, Student's t around it."""
    draw = np.random.default_rng(seed)
    values = [
        metric(ScoreCounts(counts.scores, _drawn(draw, counts.positives), _drawn(draw, counts.negatives)))
        for _ in range(samples)
    ]
    return around(metric(counts), float(np.std(values, ddof=1)), samples - 1, "poisson_bootstrap")


def jackknife(
    counts: ScoreCounts, metric: Callable[[ScoreCounts], float], *, seed: int, buckets: int = JACKKNIFE_BUCKETS
) -> Interval:
    """Of any metric, as TFMA does: rows dealt into buckets, the metric over all but each of them, Student's t."""
    deal = np.random.default_rng(seed)
    positives, negatives = _dealt(deal, counts.positives, buckets), _dealt(deal, counts.negatives, buckets)
    values = [
        metric(ScoreCounts(counts.scores, counts.positives - positives[:, k], counts.negatives - negatives[:, k]))
        for k in range(buckets)
    ]
    return around(metric(counts), jackknife_error(np.asarray(values)), buckets - 1, "jackknife")


def jackknife_error(values: Floats) -> float:
    """The standard error by the metric over all rows but those of each bucket."""
    buckets = len(values)
    return math.sqrt((buckets - 1) / buckets * float(np.sum((values - values.mean()) ** 2)))


def of_values(value: float, values: Sequence[float], method: Method) -> Interval:
    """By the metric over resampled rows: over all but each bucket, or over each sample. NaN where it cannot be said."""
    known = np.asarray([each for each in values if not math.isnan(each)], np.float64)
    if len(known) < 2 or math.isnan(value):
        return Interval(math.nan, math.nan, math.nan, None, method)
    error = jackknife_error(known) if method == "jackknife" else float(np.std(known, ddof=1))
    return around(value, error, len(known) - 1, method)


def around(value: float, error: float, freedom: int, method: Method) -> Interval:
    """The interval of Student's t with these degrees of freedom."""
    # Here, because SciPy takes longer to load than most commands take.
    from scipy import special

    reach = float(special.stdtrit(freedom, 0.975)) * error
    return Interval(value - reach, value + reach, error, freedom, method)


def _drawn(draw: np.random.Generator, each: Floats) -> Floats:
    # Weights need not be whole: a weight of 2.5 is as many draws of a row that counts 2.5.
    whole = np.floor(each)
    return draw.poisson(whole).astype(np.float64) + (each - whole) * draw.poisson(1.0, len(each))


def _dealt(deal: np.random.Generator, each: Floats, buckets: int) -> Floats:
    whole = np.floor(each).astype(np.int64)
    dealt = deal.multinomial(whole, np.full(buckets, 1 / buckets)).astype(np.float64)
    rest = each - whole
    if rest.any():
        dealt[np.arange(len(each)), deal.integers(0, buckets, len(each))] += rest
    return dealt
