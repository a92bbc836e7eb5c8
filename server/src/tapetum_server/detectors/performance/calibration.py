"""Whether a probability of 0.7 comes true seven times in ten."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tapetum_server.detectors.performance.confusion_metrics import ratio
from tapetum_server.detectors.performance.counts import Floats, ScoreCounts

BINS = 10
_SMALLEST = 1e-15
"""Probabilities of 0 and 1 are taken as this far from them in a logarithm, as scikit-learn does."""


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Rows whose probability lies in one tenth of the way from 0 to 1."""

    low: float
    high: float
    count: float
    mean_prediction: float
    mean_label: float


def reliability(counts: ScoreCounts, bins: int = BINS) -> list[CalibrationBin]:
    """The reliability curve: what was said, and what came true, in bins of equal width that have rows."""
    place = np.clip(np.floor(counts.scores * bins), 0, bins - 1).astype(int)
    weights = np.bincount(place, counts.weights, bins)
    said = np.bincount(place, counts.weights * counts.scores, bins)
    came = np.bincount(place, counts.positives, bins)
    return [
        CalibrationBin(k / bins, (k + 1) / bins, float(weights[k]), said[k] / weights[k], came[k] / weights[k])
        for k in range(bins)
        if weights[k]
    ]


def expected_calibration_error(counts: ScoreCounts, bins: int = BINS) -> float:
    """The mean gap between what was said and what came true, over bins of equal width."""
    curve = reliability(counts, bins)
    return ratio(sum(b.count * abs(b.mean_prediction - b.mean_label) for b in curve), sum(b.count for b in curve))


def maximum_calibration_error(counts: ScoreCounts, bins: int = BINS) -> float:
    """The largest of those gaps."""
    return max((abs(b.mean_prediction - b.mean_label) for b in reliability(counts, bins)), default=math.nan)


def brier_score(counts: ScoreCounts) -> float:
    """The mean squared error of the probabilities."""
    errors = counts.positives * (1 - counts.scores) ** 2 + counts.negatives * counts.scores**2
    return ratio(float(errors.sum()), counts.total)


def absolute_error(counts: ScoreCounts) -> float:
    """The mean absolute error of the probabilities."""
    errors = counts.positives * np.abs(1 - counts.scores) + counts.negatives * np.abs(counts.scores)
    return ratio(float(errors.sum()), counts.total)


def log_loss(counts: ScoreCounts) -> float:
    """The mean surprise, in nats."""
    p = np.clip(counts.scores, _SMALLEST, 1 - _SMALLEST)
    return ratio(float(-(counts.positives @ np.log(p) + counts.negatives @ np.log1p(-p))), counts.total)


def mean_prediction(counts: ScoreCounts) -> float:
    """The mean score."""
    return ratio(float(counts.weights @ counts.scores), counts.total)


def mean_label(counts: ScoreCounts) -> float:
    """The share of positive labels."""
    return ratio(counts.positive, counts.total)


def calibration_ratio(counts: ScoreCounts) -> float:
    """TFMA's `calibration`: the mean score over the share of positive labels."""
    return ratio(mean_prediction(counts), mean_label(counts))


def coefficient_of_discrimination(counts: ScoreCounts) -> float:
    """Tjur's: how much higher positives score than negatives, on average."""
    return _mean(counts.scores, counts.positives) - _mean(counts.scores, counts.negatives)


def relative_coefficient_of_discrimination(counts: ScoreCounts) -> float:
    """How many times higher positives score than negatives, on average."""
    return ratio(_mean(counts.scores, counts.positives), _mean(counts.scores, counts.negatives))


def squared_correlation(counts: ScoreCounts) -> float:
    """The square of the correlation between scores and labels."""
    share, mean = mean_label(counts), mean_prediction(counts)
    spread = ratio(float(counts.weights @ (counts.scores - mean) ** 2), counts.total)
    together = ratio(float((counts.positives * (1 - share) - counts.negatives * share) @ counts.scores), counts.total)
    return ratio(together**2, spread * share * (1 - share))


def _mean(values: Floats, weights: Floats) -> float:
    return ratio(float(values @ weights), float(weights.sum()))
