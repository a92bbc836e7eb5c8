"""Where the bins of a numeric feature lie. They come from the baseline alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tapetum_server.detectors.drift.values import Numbers, SortedValues


def doane_edges(baseline: SortedValues) -> Numbers:
    """Equal bins from the least value to the greatest, as many as Doane's rule says (NumPy's `doane`)."""
    first, last = float(baseline.values[0]), float(baseline.values[-1])
    if first == last:
        return np.linspace(first - 0.5, last + 0.5, 2)
    bins = 1
    if baseline.size > 2:
        spread = baseline.std
        skew = abs(float(np.average(((baseline.values - baseline.mean) / spread) ** 3, weights=baseline.counts)))
        n = baseline.size
        skew_error = np.sqrt(6.0 * (n - 2) / ((n + 1.0) * (n + 3)))
        width = (last - first) / (1.0 + np.log2(n) + np.log2(1.0 + skew / skew_error))
        bins = int(np.ceil((last - first) / width))
    return np.linspace(first, last, bins + 1)


def inner_edges(quantiles: ArrayLike) -> Numbers:
    """Edges between bins that hold equal shares of the baseline, from its quantiles.

    A value so frequent that it is several of them has a bin of its own: a window may leave it in either direction.
    """
    edges, times = np.unique(np.asarray(quantiles, np.float64), return_counts=True)
    repeated = edges[times > 1]
    return np.union1d(edges, np.nextafter(repeated, np.inf)) if len(repeated) else edges
