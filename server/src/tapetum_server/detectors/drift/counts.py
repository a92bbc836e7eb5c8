"""Distances between two distributions that are counted over the same bins or categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FLOOR = 1e-4
"""The least share of a bin where a logarithm of it is taken: one unseen category is no infinite distance."""

Shares = NDArray[np.float64]
Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Told:
    """What follows from the counts of both sides of one feature."""

    shares: tuple[Shares, Shares]
    jensen_shannon: float
    chi_squared: ChiSquared


@dataclass(frozen=True, slots=True)
class ChiSquared:
    """Pearson's test that two rows of counts come from one distribution."""

    statistic: float
    p: float
    degrees_of_freedom: int
    cramers_v: float
    """Effect size between 0 and 1: what the statistic says apart from how many rows there are."""


def shares(counts: ArrayLike) -> Shares:
    """Counts as shares of their sum; zeros where nothing was counted."""
    numbers = np.asarray(counts, np.float64)
    total = numbers.sum()
    return numbers / total if total else numbers


def population_stability_index(baseline: ArrayLike, window: ArrayLike, floor: float = FLOOR) -> float:
    """PSI, sum of (w - b) ln(w / b): below 0.1 is usually called stable, above 0.25 a large shift."""
    b, w = np.maximum(shares(baseline), floor), np.maximum(shares(window), floor)
    return float(np.sum((w - b) * np.log(w / b)))


def kullback_leibler(baseline: ArrayLike, window: ArrayLike, floor: float = FLOOR) -> float:
    """Divergence of the window from the baseline, sum of w ln(w / b), in nats."""
    b, w = np.maximum(shares(baseline), floor), np.maximum(shares(window), floor)
    return float(np.sum(w * np.log(w / b)))


def jensen_shannon(baseline: ArrayLike, window: ArrayLike) -> float:
    """Jensen-Shannon distance, the root of the divergence to base 2: 0 is equal, 1 has nothing in common."""
    return jensen_shannon_of(shares(baseline), shares(window))


def jensen_shannon_of(b: Shares, w: Shares) -> float:
    """The same of shares."""
    from scipy.special import rel_entr

    middle = (b + w) / 2
    divergence = (np.sum(rel_entr(b, middle)) + np.sum(rel_entr(w, middle))) / np.log(2)
    return float(np.sqrt(max(divergence, 0.0) / 2))


def hellinger(baseline: ArrayLike, window: ArrayLike) -> float:
    """Hellinger distance, between 0 and 1."""
    b, w = shares(baseline), shares(window)
    return float(np.sqrt(np.sum((np.sqrt(b) - np.sqrt(w)) ** 2) / 2))


def total_variation(baseline: ArrayLike, window: ArrayLike) -> float:
    """Total variation distance: the share of rows that would have to change their value."""
    return float(np.abs(shares(baseline) - shares(window)).sum() / 2)


def l_infinity(baseline: ArrayLike, window: ArrayLike) -> float:
    """The largest difference of one value's share."""
    differences = np.abs(shares(baseline) - shares(window))
    return float(differences.max()) if differences.size else 0.0


def chi_squared(baseline: ArrayLike, window: ArrayLike, *, yates: bool = False) -> ChiSquared:
    """Pearson's chi-squared test of homogeneity, with Cramér's V as its effect size.

    `yates` corrects for continuity where there is one degree of freedom, as SciPy does by default; Cramér's V never is.
    """
    from scipy.special import chdtrc

    b, w = np.asarray(baseline, np.float64), np.asarray(window, np.float64)
    both = b + w
    if not both.all():
        counted = both > 0
        b, w, both = b[counted], w[counted], both[counted]
    of_b, of_w = b.sum(), w.sum()
    freedom = len(both) - 1
    if freedom < 1 or not of_b or not of_w:
        return ChiSquared(0.0, 1.0, max(freedom, 0), 0.0)
    total = of_b + of_w
    expected_b, expected_w = both * (of_b / total), both * (of_w / total)
    # What one side has too many of, the other lacks: counted on the smaller side, where it loses no digits.
    off = np.abs(b - expected_b if of_b < of_w else w - expected_w)
    weights = 1 / expected_b + 1 / expected_w
    plain = statistic = float(np.sum(off**2 * weights))
    if yates and freedom == 1:
        statistic = float(np.sum((off - np.minimum(0.5, off)) ** 2 * weights))
    return ChiSquared(statistic, float(chdtrc(freedom, statistic)), freedom, float(np.sqrt(plain / total)))


def told_together(sides: Sequence[tuple[Counts, Counts]]) -> list[Told]:
    """Of many features, each with something counted on either side: at once, in a tenth of the time.

    Numbers may differ in their last digits from those of one feature by itself: they are added up in another order.
    """
    from scipy.special import chdtrc, rel_entr

    if not sides:
        return []
    lengths = np.asarray([len(b) for b, _ in sides])
    ends = np.cumsum(lengths)
    starts = ends - lengths

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.add.reduceat(values, starts)

    def each(values: NDArray[Any]) -> NDArray[Any]:
        return np.repeat(values, lengths)

    b, w = (np.concatenate(of_side) for of_side in zip(*sides))
    of_b, of_w = total(b), total(w)
    share_b, share_w = b / each(of_b), w / each(of_w)
    middle = (share_b + share_w) / 2
    divergence = (total(rel_entr(share_b, middle)) + total(rel_entr(share_w, middle))) / np.log(2)
    distances = np.sqrt(np.maximum(divergence, 0) / 2).tolist()
    both, rows = b + w, of_b + of_w
    there = both > 0
    freedom = np.add.reduceat(there, starts, dtype=np.int64) - 1
    expected_b, expected_w = both * each(of_b / rows), both * each(of_w / rows)
    off = np.where(each(of_b < of_w), b - expected_b, w - expected_w)
    weights = np.zeros(len(both))
    np.divide(1, expected_b, out=weights, where=there)
    weights[there] += 1 / expected_w[there]
    statistic = np.where(freedom > 0, total(off**2 * weights), 0.0)
    p = np.where(freedom > 0, chdtrc(np.maximum(freedom, 1), statistic), 1.0)
    tests = map(ChiSquared, statistic.tolist(), p.tolist(), freedom.tolist(), np.sqrt(statistic / rows).tolist())
    shared = ((share_b[begin:stop], share_w[begin:stop]) for begin, stop in zip(starts.tolist(), ends.tolist()))
    return [Told(*one) for one in zip(shared, distances, tests)]
