"""TFDV's distances between two sets of statistics: L∞, normalized absolute difference, Jensen–Shannon divergence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from tensorflow_metadata.proto.v0 import statistics_pb2

Masses = npt.NDArray[np.float64]


def largest_difference(one: Mapping[str, float], other: Mapping[str, float]) -> tuple[str, float]:
    """The largest absolute difference over all values, and whose it is (of several, the last)."""
    best = ("", 0.0)
    for value in sorted({*one, *other}):
        difference = abs(one.get(value, 0.0) - other.get(value, 0.0))
        if difference >= best[1]:
            best = (value, difference)
    return best


def l_infinity(one: Mapping[str, float], other: Mapping[str, float]) -> tuple[str, float]:
    """The value whose share differs most, and by how much."""
    return largest_difference(_scaled(one, sum(one.values())), _scaled(other, sum(other.values())))


def normalized_absolute_difference(one: Mapping[str, float], other: Mapping[str, float]) -> tuple[str, float]:
    """The value whose count differs most, by how much of both counts together: a matter of their sizes, too."""
    total = sum(one.values()) + sum(other.values())
    return largest_difference(_scaled(one, total), _scaled(other, total))


def divergence_of_counts(one: Mapping[str, float], other: Mapping[str, float]) -> float | None:
    """Jensen–Shannon divergence (base 2) of two counts of values; `None` where one has none, or none that counts."""
    if not one or not other or min(*one.values(), *other.values()) <= 0:
        return None
    values = sorted({*one, *other})
    return divergence(
        np.array([one.get(value, 0.0) for value in values]), np.array([other.get(value, 0.0) for value in values])
    )


def divergence(one: Masses, other: Masses) -> float | None:
    """Jensen–Shannon divergence, base 2, of two sets of masses over the same buckets; `None` where one is empty."""
    if one.sum() == 0 or other.sum() == 0:
        return None
    p, q = one / one.sum(), other / other.sum()
    middle = (p + q) / 2
    return min((_kullback_leibler(p, middle) + _kullback_leibler(q, middle)) / 2, 1.0)


def divergence_of_histograms(one: statistics_pb2.Histogram, other: statistics_pb2.Histogram) -> float | None:
    """Jensen–Shannon divergence of two histograms, each cut at the other's edges, its mass even within a bucket.

    Buckets without a width are points; what is infinite, and NaN, are buckets that the two do not share: no infinity
    is like another. `None` where one has no mass, or they are of different kinds.
    """
    if one.type != other.type:
        return None
    a, b = _taken_apart(one), _taken_apart(other)
    edges = sorted(a.edges | b.edges)
    points = sorted({*a.points, *b.points})
    apart = [(a.infinite, 0.0), (0.0, b.infinite)]
    # TFDV loses NaN where it has to cut a histogram; so does this, for the values to be the same.
    if a.edges == b.edges and (a.nan > 0 or b.nan > 0):
        apart += [(0.0, b.nan), (a.nan, 0.0)]
    masses = [
        np.concatenate(
            [_spread(side, edges), [side.points.get(point, 0.0) for point in points], [p[at] for p in apart]]
        )
        for at, side in enumerate((a, b))
    ]
    return divergence(masses[0], masses[1])


@dataclass(slots=True)
class _Apart:
    buckets: list[tuple[float, float, float]] = field(default_factory=list)
    points: dict[float, float] = field(default_factory=dict)
    infinite: float = 0.0
    nan: float = 0.0

    @property
    def edges(self) -> set[float]:
        return {edge for low, high, _count in self.buckets for edge in (low, high)}


def _taken_apart(histogram: statistics_pb2.Histogram) -> _Apart:
    apart = _Apart(nan=float(histogram.num_nan))
    for bucket in histogram.buckets:
        low, high, count = bucket.low_value, bucket.high_value, bucket.sample_count
        if not (math.isfinite(low) and math.isfinite(high)):
            apart.infinite += count
        elif low == high:
            apart.points[low] = apart.points.get(low, 0.0) + count
        else:
            apart.buckets.append((low, high, count))
    return apart


def _spread(apart: _Apart, edges: list[float]) -> Masses:
    """The mass between neighbouring edges, of which the buckets' own are some."""
    masses = np.zeros(max(len(edges) - 1, 0))
    at = {edge: place for place, edge in enumerate(edges)}
    cuts = np.array(edges)
    for low, high, count in apart.buckets:
        first, last = at[low], at[high]
        masses[first:last] += np.diff(cuts[first : last + 1]) / (high - low) * count
    return masses


def _kullback_leibler(p: Masses, q: Masses) -> float:
    both = (p > 0) & (q > 0)
    return float(np.sum(p[both] * np.log2(p[both] / q[both])))


def _scaled(counts: Mapping[str, float], by: float) -> dict[str, float]:
    return {value: count / by if by else count for value, count in counts.items()}
