"""Values at equal steps of rank into TFDV's histograms, buckets of equal width and of equal count; and back."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tapetum_server.signals.feature_statistics import POINTS, Bucket, NumericStatistics

BUCKETS = 10
"""As in TFDV."""
Floats = NDArray[np.float64]


def standard_histogram(numeric: NumericStatistics) -> tuple[Bucket, ...]:
    """Buckets of equal width between the least and the greatest finite value; infinities in buckets of their own."""
    buckets: list[Bucket] = []
    if numeric.negative_infinity:
        buckets.append(Bucket(-np.inf, -np.inf, numeric.negative_infinity))
    if numeric.finite and numeric.points:
        low = numeric.points[0] if np.isnan(numeric.minimum) else numeric.minimum
        high = numeric.points[-1] if np.isnan(numeric.maximum) else numeric.maximum
        if low == high:
            buckets.append(Bucket(low, high, numeric.finite))
        else:
            # Halved first: the width of all doubles is none of them.
            edges = low + 2 * ((high / 2 - low / 2) / BUCKETS * np.arange(BUCKETS + 1, dtype=np.float64))
            edges[-1] = high
            below = numeric.finite * ranks(np.asarray(numeric.points), edges)
            below[0], below[-1] = 0.0, numeric.finite
            within = np.diff(below).tolist()
            buckets += [Bucket(a, b, c) for (a, b), c in zip(pairwise(edges.tolist()), within)]
    if numeric.positive_infinity:
        buckets.append(Bucket(np.inf, np.inf, numeric.positive_infinity))
    return tuple(buckets)


def quantiles_histogram(numeric: NumericStatistics) -> tuple[Bucket, ...]:
    """Buckets of equal count over the values that are not NaN, infinities included."""
    total = numeric.negative_infinity + numeric.finite + numeric.positive_infinity
    if not total or numeric.spread_untold:
        return ()
    wanted = np.arange(BUCKETS + 1) / BUCKETS * total
    edges = np.where(wanted < numeric.negative_infinity, -np.inf, np.inf)
    if numeric.finite:
        points = np.asarray(numeric.points)
        share = (wanted - numeric.negative_infinity) / numeric.finite
        # A value that is there, and none between two.
        nearest = points[np.clip(np.rint(share * (len(points) - 1)), 0, len(points) - 1).astype(int)]
        # At the ends stand infinities where there are any, however few.
        inside = (share >= 0) & (share <= 1)
        if numeric.negative_infinity:
            inside[0] = False
        if numeric.positive_infinity:
            inside[-1] = False
        edges = np.where(inside, nearest, edges)
    if numeric.negative_infinity:
        edges[0] = -np.inf
    return equal_counts(edges, total)


def points_of(numeric: NumericStatistics) -> tuple[float, ...]:
    """Values at equal steps of rank between the edges of its quantiles or histogram; none where it has neither."""
    buckets = numeric.quantiles or numeric.standard
    edges = np.array([bucket.low for bucket in buckets[:1]] + [bucket.high for bucket in buckets])
    shares = np.linspace(0, 1, len(edges))
    if not numeric.quantiles and buckets:
        below = np.cumsum([0, *(bucket.count for bucket in buckets)])
        shares = below / below[-1] if below[-1] else shares
    # Infinities have no place between two numbers; the rest keeps its order.
    finite = np.isfinite(edges)
    if not numeric.finite or not finite.any():
        return ()
    known = shares[finite]
    at = known[0] + np.linspace(0, 1, POINTS) * (known[-1] - known[0])
    return tuple(np.interp(at, known, edges[finite]).tolist())


def equal_counts(edges: Floats, total: float) -> tuple[Bucket, ...]:
    """Buckets between `edges`, each with the same part of `total`."""
    each = total / (len(edges) - 1)
    return tuple([Bucket(low, high, each) for low, high in pairwise(edges.tolist())])


def ranks(points: Floats, at: Floats) -> Floats:
    """Which part of the values lies below each of `at`, and not at it; between two points evenly."""
    steps = _steps(len(points))
    # They never fall, so that equal ones stand side by side.
    rises = points[1:] != points[:-1]
    if rises.all():
        return np.interp(at, points, steps)
    first = np.concatenate(([0], np.flatnonzero(rises) + 1))
    values = points[first]
    last = np.append(first[1:], len(points)) - 1
    # A repeated value fills the steps from its first point to its last.
    found = np.interp(at, np.repeat(values, 2), np.column_stack((steps[first], steps[last])).ravel())
    here = np.minimum(np.searchsorted(values, at), len(values) - 1)
    return np.where(values[here] == at, steps[first][here], found)


@lru_cache(maxsize=8)
def _steps(points: int) -> Floats:
    """The ranks of so many points; nearly all have the same number of them."""
    steps = np.linspace(0, 1, points)
    steps.setflags(write=False)
    return steps
