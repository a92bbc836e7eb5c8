"""Univariate drift by NannyML's own definitions (0.13), which differ from ours in bins, estimation and chi-squared.

A calculator is made from the baseline, and measures one chunk after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from tapetum_server.detectors.drift.bins import doane_edges
from tapetum_server.detectors.drift.counts import chi_squared, hellinger, jensen_shannon, l_infinity, shares
from tapetum_server.detectors.drift.values import Numbers, SortedValues, kolmogorov_smirnov, wasserstein

ESTIMATED_FROM = 10_000
"""Baselines of so many rows have KS and Wasserstein estimated on as many bins of equal width."""
BINS = 10_000
CHI_SQUARED_P = 0.05
"""Below it chi-squared alerts; the other methods have a threshold."""
LIMITS: Mapping[str, float] = {"kolmogorov_smirnov": 1.0, "chi2": 1.0}
"""The largest threshold of these methods; one beyond it is none."""
_DEVIATIONS = 3.0


class Continuous:
    """Jensen-Shannon and Hellinger on Doane's bins, KS and Wasserstein exact or estimated, of one numeric feature."""

    def __init__(self, baseline: SortedValues, *, exact: bool = False) -> None:
        self._baseline = baseline
        self.edges = doane_edges(baseline)
        self._in_bins = shares_with_rest(baseline.counted(self.edges), baseline.size)
        self._estimates = not exact and baseline.size >= ESTIMATED_FROM
        self._grid = np.linspace(baseline.values[0], baseline.values[-1], BINS + 1)
        self._function = np.cumsum(baseline.counted(self._grid) / baseline.size)

    def measure(self, chunk: SortedValues) -> dict[str, float]:
        """Every method's value, by NannyML's name for it."""
        b, w = with_rest(self._in_bins, shares_with_rest(chunk.counted(self.edges), chunk.size))
        return {
            "kolmogorov_smirnov": self._kolmogorov_smirnov(chunk),
            "jensen_shannon": jensen_shannon(b, w),
            "wasserstein": self._wasserstein(chunk),
            "hellinger": hellinger(b, w),
        }

    def _kolmogorov_smirnov(self, chunk: SortedValues) -> float:
        if not self._estimates:
            return kolmogorov_smirnov(self._baseline, chunk).statistic
        below = chunk.counts[chunk.values < self._grid[0]].sum() / chunk.size
        return float(np.abs(self._function - (below + np.cumsum(chunk.counted(self._grid) / chunk.size))).max())

    def _wasserstein(self, chunk: SortedValues) -> float:
        if not self._estimates:
            return wasserstein(self._baseline, chunk)
        first, last = self._grid[0], self._grid[-1]
        smaller, bigger = chunk.values < first, chunk.values > last
        # The edge itself is counted among the values beyond it, on either side: NannyML's way, kept for equality.
        below = _tail(chunk.values[smaller], chunk.counts[smaller], first)
        above = _tail(-chunk.values[bigger][::-1], chunk.counts[bigger][::-1], -last)
        shift = (chunk.counts[smaller].sum() + 1) / chunk.size if smaller.any() else 0.0
        within = np.abs(self._function - (np.cumsum(chunk.counted(self._grid) / chunk.size) + shift))
        return float(np.sum(within * (self._grid[1] - self._grid[0])) + (below + above) / chunk.size)


def _tail(values: Numbers, counts: Numbers, edge: float) -> float:
    """Work that moves values below `edge`, ascending, up to it."""
    return float(np.sum(np.cumsum(counts) * np.diff(np.append(values, edge)))) if len(values) else 0.0


class Categorical:
    """Jensen-Shannon, Hellinger, L-infinity and chi-squared of one categorical feature."""

    def __init__(self, baseline: Mapping[str, float]) -> None:
        self._baseline = dict(baseline)
        self._shares = shares(list(baseline.values()))

    def measure(self, chunk: Mapping[str, float]) -> dict[str, float]:
        """Every method's value, by NannyML's name for it."""
        total = sum(chunk.values())
        # All that the baseline has not seen is one more category.
        b, w = with_rest(self._shares, shares_with_rest([chunk.get(name, 0) for name in self._baseline], total))
        every, known = self._side_by_side(chunk)
        return {
            "chi2": chi_squared(every, known, yates=True).statistic,
            "jensen_shannon": jensen_shannon(b, w),
            "l_infinity": l_infinity(every, known),
            "hellinger": hellinger(b, w),
        }

    def p(self, chunk: Mapping[str, float]) -> float:
        """The p-value behind chi-squared's alert."""
        return chi_squared(*self._side_by_side(chunk), yates=True).p

    def _side_by_side(self, chunk: Mapping[str, float]) -> tuple[list[float], list[float]]:
        names = list(dict.fromkeys([*self._baseline, *chunk]))
        return [self._baseline.get(name, 0) for name in names], [chunk.get(name, 0) for name in names]


def shares_with_rest(counts: ArrayLike, total: float) -> Numbers:
    """Shares of `total`, and behind them what none of the bins holds, where there is any."""
    found = np.asarray(counts, np.float64) / total
    rest = 1 - found.sum()
    return np.append(found, rest) if rest > 0 else found


def with_rest(baseline: Numbers, chunk: Numbers) -> tuple[Numbers, Numbers]:
    """Both of the same length: who has no rest has zero of it."""
    longest = max(len(baseline), len(chunk))
    return np.pad(baseline, (0, longest - len(baseline))), np.pad(chunk, (0, longest - len(chunk)))


def threshold(method: str, baseline_chunks: Sequence[float]) -> float | None:
    """Mean and three standard deviations of the baseline's own chunks; chi-squared has none."""
    if method == "chi2" or not baseline_chunks:
        return None
    known = np.asarray(baseline_chunks)
    limit = float(np.nanmean(known) + _DEVIATIONS * np.nanstd(known))
    return None if limit > LIMITS.get(method, np.inf) else limit
