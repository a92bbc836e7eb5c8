"""Distances between two samples of numbers, from their distinct values in order and how often each is there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]
MMD_POINTS = 1_500
"""So many distinct values at most have every pair of them looked at."""


@dataclass(frozen=True, slots=True)
class SortedValues:
    """A sample: its distinct finite values, ascending, and how often each is there."""

    values: Numbers
    counts: Numbers

    @classmethod
    def of(cls, values: ArrayLike, counts: ArrayLike | None = None) -> SortedValues:
        """From values in any order, or from distinct ones in order with their counts."""
        if counts is not None:
            return cls(np.asarray(values, np.float64), np.asarray(counts, np.float64))
        distinct, times = np.unique(np.asarray(values, np.float64), return_counts=True)
        return cls(distinct, times.astype(np.float64))

    @property
    def size(self) -> float:
        """How many values there are."""
        return float(self.counts.sum())

    @property
    def mean(self) -> float:
        """The arithmetic mean."""
        return float(np.average(self.values, weights=self.counts))

    @property
    def std(self) -> float:
        """The population's standard deviation."""
        return float(np.sqrt(np.average((self.values - self.mean) ** 2, weights=self.counts)))

    def quantiles(self, levels: ArrayLike) -> Numbers:
        """Values below which these shares lie (no interpolation)."""
        reached = np.searchsorted(np.cumsum(self.counts), np.asarray(levels) * self.size)
        return self.values[np.minimum(reached, len(self.values) - 1)]

    def counted(self, edges: ArrayLike) -> Numbers:
        """Counts in the bins `[e0, e1), [e1, e2), …`, the last closed; what lies outside is not counted."""
        borders = np.asarray(edges, np.float64)
        below = np.concatenate(([0.0], np.cumsum(self.counts)))
        sides = np.concatenate(
            (np.searchsorted(self.values, borders[:-1], "left"), [np.searchsorted(self.values, borders[-1], "right")])
        )
        return np.diff(below[sides])


@dataclass(frozen=True, slots=True)
class KolmogorovSmirnov:
    """The two-sample test of Kolmogorov and Smirnov."""

    statistic: float
    p: float
    """Asymptotic, as SciPy's."""
    location: float
    """The value at which the two distribution functions lie furthest apart."""


def kolmogorov_smirnov(baseline: SortedValues, window: SortedValues) -> KolmogorovSmirnov:
    """The largest difference of the two distribution functions, and how likely one that large is by chance."""
    grid, b, w = _distribution_functions(baseline, window)
    differences = np.abs(b - w)
    at = int(differences.argmax())
    statistic = float(differences[at])
    return KolmogorovSmirnov(statistic, ks_p(statistic, baseline.size, window.size), float(grid[at]))


def ks_p(statistic: float, baseline_size: float, window_size: float) -> float:
    """How likely so large a difference of two distribution functions is where both samples come from one."""
    from scipy.stats import kstwo

    large, small = max(baseline_size, window_size), min(baseline_size, window_size)
    return float(np.clip(kstwo.sf(statistic, np.round(large * small / (large + small))), 0, 1))


def wasserstein(baseline: SortedValues, window: SortedValues) -> float:
    """First Wasserstein (earth mover's) distance, in the feature's own unit."""
    grid, b, w = _distribution_functions(baseline, window)
    return float(np.sum(np.abs(b - w)[:-1] * np.diff(grid)))


def energy(baseline: SortedValues, window: SortedValues) -> float:
    """Energy distance: the root of twice the integral of the squared difference of the distribution functions."""
    grid, b, w = _distribution_functions(baseline, window)
    return float(np.sqrt(2 * np.sum((b - w)[:-1] ** 2 * np.diff(grid))))


def scaled_wasserstein(baseline: SortedValues, window: SortedValues) -> float:
    """Wasserstein distance free of the feature's unit: as a multiple of the baseline's standard deviation."""
    distance = wasserstein(baseline, window)
    return distance / _spread(baseline, window) if distance else 0.0


def scaled_energy(baseline: SortedValues, window: SortedValues) -> float:
    """Energy distance free of the feature's unit: divided by the root of the baseline's standard deviation."""
    distance = energy(baseline, window)
    return distance / float(np.sqrt(_spread(baseline, window))) if distance else 0.0


def _spread(baseline: SortedValues, window: SortedValues) -> float:
    """The baseline's standard deviation. Of a constant, that of both sides taken together, each as half of it: a
    constant that became another one is then 2 away, large and not infinite."""
    own = baseline.std
    if own:
        return own
    apart = (window.mean - baseline.mean) / 2
    return float(np.sqrt(window.std**2 / 2 + apart**2))


def mmd(baseline: SortedValues, window: SortedValues) -> float:
    """Maximum mean discrepancy under a Gaussian kernel of median width, between 0 and the root of 2.

    Over all pairs (a V-statistic): exact up to `MMD_POINTS` distinct values. With more, neighbours are gathered first
    into so many points of equal weight, which are far closer than the kernel is wide.
    """
    grid = np.union1d(baseline.values, window.values)
    b, w = (_counts_on(sample, grid) / sample.size for sample in (baseline, window))
    if len(grid) > MMD_POINTS:
        at = np.minimum((np.cumsum(b + w) / 2 * MMD_POINTS).astype(np.int64), MMD_POINTS - 1)
        starts = np.flatnonzero(np.diff(at, prepend=-1))
        middle = np.add.reduceat((b + w) * grid, starts) / np.add.reduceat(b + w, starts)
        grid, b, w = middle, np.add.reduceat(b, starts), np.add.reduceat(w, starts)
    points = SortedValues(grid, b + w).quantiles((np.arange(200) + 0.5) / 200)
    width = float(np.median(np.abs(points[:, None] - points[None, :])[np.triu_indices(len(points), 1)]))
    # More than half of all values may be one and the same.
    width = width or SortedValues(grid, b + w).std
    if not width:
        return 0.0
    scaled, difference = grid / width, b - w
    kernel = np.exp(-((scaled[:, None] - scaled[None, :]) ** 2) / 2)
    return float(np.sqrt(max(float(difference @ kernel @ difference), 0.0)))


def standardised_difference(
    baseline_mean: float, baseline_std: float, baseline_size: float,
    window_mean: float, window_std: float, window_size: float,
) -> float:  # fmt: skip
    """Cohen's d from moments: the difference of the means in pooled standard deviations. 0 without spread."""
    freedom = baseline_size + window_size - 2
    # Both deviations are the population's, so their squares times the sizes are the sums of squares.
    squares = baseline_size * baseline_std**2 + window_size * window_std**2
    if freedom <= 0 or squares <= 0:
        return 0.0
    return float((window_mean - baseline_mean) / np.sqrt(squares / freedom))


def _distribution_functions(baseline: SortedValues, window: SortedValues) -> tuple[Numbers, Numbers, Numbers]:
    """Every value of either sample, and the share of each sample up to it."""
    grid = np.union1d(baseline.values, window.values)
    b, w = (np.cumsum(_counts_on(sample, grid)) / sample.size for sample in (baseline, window))
    return grid, b, w


def _counts_on(sample: SortedValues, grid: Numbers) -> Numbers:
    counts = np.zeros(len(grid))
    counts[np.searchsorted(grid, sample.values)] = sample.counts
    return counts
