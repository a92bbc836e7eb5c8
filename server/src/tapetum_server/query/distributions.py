"""Quantiles of merged histograms. Plain functions of numbers.

Merging is adding, so a distribution may be built from contributions with either sign: a
cumulative point adds its counts and takes away those of the point before it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(slots=True)
class Explicit:
    """Counts over explicit bounds; sets of bounds that differ are kept apart until a quantile is asked for."""

    counts: dict[tuple[float, ...], list[float]] = field(default_factory=dict)
    low: float | None = None
    """The smallest value recorded, where senders said it."""
    high: float | None = None

    def add(
        self, bounds: Sequence[float], counts: Sequence[float], low: float | None = None, high: float | None = None
    ) -> None:
        """Add the counts of one group of points. `counts` has one element more than `bounds`."""
        key = tuple(bounds)
        known = self.counts.get(key)
        self.counts[key] = list(counts) if known is None else [a + b for a, b in zip(known, counts)]
        self.low = low if self.low is None else self.low if low is None else min(self.low, low)
        self.high = high if self.high is None else self.high if high is None else max(self.high, high)

    def quantile(self, q: float) -> float | None:
        """The value below which a share `q` lies, interpolated linearly within its bucket.

        The outer buckets have no edge of their own: they reach to the recorded minimum and maximum
        where those are known, else the first begins at 0 (or at its bound, if that is not positive)
        and the last is taken to be its bound.
        """
        pieces = [piece for bounds, counts in self.counts.items() for piece in self._pieces(bounds, counts)]
        total = sum(count for _, _, count in pieces)
        if total <= 0:
            return None
        target = q * total
        # Within one set of bounds pieces do not overlap; across sets they may, so walk along all edges.
        edges = sorted({edge for low, high, _ in pieces for edge in (low, high)})
        below = sum(count for low, high, count in pieces if low == high == edges[0])
        if below >= target and below > 0:
            return edges[0]
        for left, right in pairwise(edges):
            inside = sum(
                count * (right - left) / (high - low)
                for low, high, count in pieces
                if low < high and low <= left and right <= high
            )
            if inside > 0 and below + inside >= target:
                return left + (right - left) * max(0.0, target - below) / inside
            below += inside + sum(count for low, high, count in pieces if low == high == right)
            if below >= target:
                return right
        return edges[-1]

    def _pieces(self, bounds: Sequence[float], counts: Sequence[float]) -> list[tuple[float, float, float]]:
        if not bounds:
            low = self.low if self.low is not None else self.high
            if low is None or not counts or counts[0] <= 0:
                return []
            return [(low, self.high if self.high is not None else low, counts[0])]
        first, last = bounds[0], bounds[-1]
        low = self.low if self.low is not None and self.low <= first else (0.0 if first > 0 else first)
        high = self.high if self.high is not None and self.high >= last else last
        edges = [low, *bounds, high]
        return [(a, b, count) for a, b, count in zip(edges, edges[1:], counts) if count > 0]


@dataclass(slots=True)
class Exponential:
    """Counts over exponential buckets, by scale: `base = 2 ** 2 ** -scale`, bucket i is (base^i, base^(i+1)]."""

    positive: dict[int, dict[int, float]] = field(default_factory=dict)
    negative: dict[int, dict[int, float]] = field(default_factory=dict)
    zeros: float = 0.0

    def add(self, scale: int, zeros: float, positive: Mapping[int, float], negative: Mapping[int, float]) -> None:
        """Add the counts of one group of points of one scale."""
        self.zeros += zeros
        for side, added in ((self.positive, positive), (self.negative, negative)):
            counts = side.setdefault(scale, {})
            for index, count in added.items():
                counts[index] = counts.get(index, 0) + count

    def quantile(self, q: float) -> float | None:
        """The value below which a share `q` lies, interpolated on the logarithmic scale of the buckets.

        Points of different scales are merged at the lowest one, as OpenTelemetry defines it.
        """
        scales = [*self.positive, *self.negative]
        if not scales and self.zeros <= 0:
            return None
        scale = min(scales, default=0)
        positive, negative = _at_scale(self.positive, scale), _at_scale(self.negative, scale)
        total = sum(positive.values()) + sum(negative.values()) + max(self.zeros, 0.0)
        if total <= 0:
            return None
        target = q * total
        below = 0.0
        for index in sorted(negative, reverse=True):
            count = negative[index]
            if below + count >= target:
                return -_within(index, scale, 1 - (target - below) / count)
            below += count
        if self.zeros > 0 and below + self.zeros >= target:
            return 0.0
        below += max(self.zeros, 0.0)
        last = 0.0
        for index in sorted(positive):
            count = positive[index]
            if below + count >= target:
                return _within(index, scale, (target - below) / count)
            below += count
            last = _within(index, scale, 1.0)
        return last


def _at_scale(by_scale: Mapping[int, Mapping[int, float]], scale: int) -> dict[int, float]:
    merged: dict[int, float] = {}
    for own, counts in by_scale.items():
        shift = own - scale
        for index, count in counts.items():
            # Halving the scale joins two neighbours; a floor shift does that for negative indexes too.
            merged[index >> shift] = merged.get(index >> shift, 0) + count
    return {index: count for index, count in merged.items() if count > 0}


def _within(index: int, scale: int, share: float) -> float:
    try:
        return float(2.0 ** ((index + share) * 2.0**-scale))
    except OverflowError:
        return math.inf
