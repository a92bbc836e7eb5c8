"""Our own distance of numeric features: on the baseline's quantiles, where one outlier cannot move more than itself."""

from __future__ import annotations

import math

import numpy as np
from tensorflow_metadata.proto.v0 import statistics_pb2

from tapetum_server.detectors.validation.distances import Masses, divergence, divergence_of_counts
from tapetum_server.detectors.validation.view import FeatureView

DEFAULT_THRESHOLD = 0.02
"""Of a divergence between 0 and 1: a shift of the mean by a third of a standard deviation gives about this."""
_QUANTILES = statistics_pb2.Histogram.QUANTILES


def shift(baseline: FeatureView, window: FeatureView) -> float | None:
    """How far a feature moved, between 0 and 1; `None` where the two cannot be compared.

    Categories by the Jensen–Shannon divergence of their shares. Numbers by the same divergence over buckets that hold
    equal shares of the baseline. TFDV's own takes buckets of equal width: there, one value far out widens every bucket,
    and what lies inside them looks moved although nothing did.
    """
    if baseline.counts and window.counts:
        return divergence_of_counts(baseline.counts, window.counts)
    before, now = baseline.histogram(_QUANTILES), window.histogram(_QUANTILES)
    if before is None or now is None:
        return None
    return shift_of_histograms(before, now)


def shift_of_histograms(before: statistics_pb2.Histogram, now: statistics_pb2.Histogram) -> float | None:
    """The divergence of two quantile histograms over the first one's buckets, open at both ends; NaN is one more."""
    edges = np.unique([b.low_value for b in before.buckets if math.isfinite(b.low_value)])
    if not len(edges):
        return None
    if all(b.low_value == b.high_value == edges[0] for b in before.buckets):
        return divergence(_beside(before, edges[0]), _beside(now, edges[0]))
    # The lowest value of the baseline is no boundary: what lies below it is in its first bucket.
    inner = edges[1:] if len(edges) > 1 else edges
    ends = [
        end for of in (before, now) for b in of.buckets for end in (b.low_value, b.high_value) if math.isfinite(end)
    ]
    span = (min(ends), max(ends))
    return divergence(_over(before, inner, span), _over(now, inner, span))


def _beside(histogram: statistics_pb2.Histogram, constant: float) -> Masses:
    """The mass at a value that the baseline had alone, below it, above it, and that of NaN.

    A bucket that ends at the value may hold it alone but for its other end: one row that differs is no drift.
    """
    at, below, above = 0.0, 0.0, 0.0
    for bucket in histogram.buckets:
        count, low, high = bucket.sample_count, bucket.low_value, bucket.high_value
        if constant in (low, high):
            at += count
        elif high < constant:
            below += count
        elif low > constant:
            above += count
        else:
            below, above = below + count / 2, above + count / 2
    return np.array([at, below, above, float(histogram.num_nan)])


def _over(histogram: statistics_pb2.Histogram, inner: Masses, span: tuple[float, float]) -> Masses:
    """The mass in (-∞, e₁), [e₁, e₂) … [eₙ, ∞), and that of NaN."""
    below = np.zeros(len(inner))
    total = 0.0
    for bucket in histogram.buckets:
        count = bucket.sample_count
        total += count
        # A bucket that reaches into infinity has most of its values where the others' end.
        low, high = _ends(bucket.low_value, bucket.high_value, span)
        if low == high:
            below += np.where(inner > low, count, 0.0)
        else:
            below += np.clip((inner - low) / (high - low), 0.0, 1.0) * count
    return np.append(np.diff(below, prepend=0.0, append=total), float(histogram.num_nan))


def _ends(low: float, high: float, span: tuple[float, float]) -> tuple[float, float]:
    if low == high or (math.isfinite(low) and math.isfinite(high)):
        return low, high
    return (low if math.isfinite(low) else span[0]), (high if math.isfinite(high) else span[1])
