"""The metrics of a yes-or-no question, by name: one list that can be read from top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tapetum_server.detectors.performance import calibration, curves
from tapetum_server.detectors.performance.confusion_metrics import CONFUSION_METRICS
from tapetum_server.detectors.performance.counts import ScoreCounts, confusion


@dataclass(frozen=True, slots=True)
class At:
    """Where on the scale of scores a metric is asked for."""

    threshold: float = 0.5
    """Above it a row is called positive."""
    target: float | None = None
    """The condition of a metric "at": the specificity, recall, precision or false positive rate."""
    thresholds: int | None = None
    """How many thresholds, as TFMA has them, instead of every distinct score."""


ScoreMetric = Callable[[ScoreCounts, At], float]


def _at(metric: Callable[[ScoreCounts, float], float], default: float) -> ScoreMetric:
    return lambda counts, at: metric(counts, default if at.target is None else at.target)


def _of_confusion(name: str) -> ScoreMetric:
    metric = CONFUSION_METRICS[name]
    return lambda counts, at: metric(confusion(counts, at.threshold))


def _auc(counts: ScoreCounts, at: At) -> float:
    return curves.auc_of_thresholds(counts, at.thresholds) if at.thresholds else curves.roc_auc(counts)


BINARY_METRICS: Mapping[str, ScoreMetric] = {
    "example_count": lambda counts, at: counts.total,
    "weighted_example_count": lambda counts, at: counts.total,
    "mean_label": lambda counts, at: calibration.mean_label(counts),
    "mean_prediction": lambda counts, at: calibration.mean_prediction(counts),
    "calibration": lambda counts, at: calibration.calibration_ratio(counts),
    "expected_calibration_error": lambda counts, at: calibration.expected_calibration_error(counts),
    "maximum_calibration_error": lambda counts, at: calibration.maximum_calibration_error(counts),
    "brier_score": lambda counts, at: calibration.brier_score(counts),
    "binary_crossentropy": lambda counts, at: calibration.log_loss(counts),
    "mean_squared_error": lambda counts, at: calibration.brier_score(counts),
    "mean_absolute_error": lambda counts, at: calibration.absolute_error(counts),
    "squared_pearson_correlation": lambda counts, at: calibration.squared_correlation(counts),
    "coefficient_of_discrimination": lambda counts, at: calibration.coefficient_of_discrimination(counts),
    "relative_coefficient_of_discrimination": lambda counts, at: calibration.relative_coefficient_of_discrimination(
        counts
    ),
    "auc": _auc,
    "auc_precision_recall": lambda counts, at: curves.auc_precision_recall(
        counts, at.thresholds or curves.TFMA_THRESHOLDS
    ),
    "average_precision": lambda counts, at: curves.average_precision(counts),
    "sensitivity_at_specificity": _at(curves.sensitivity_at_specificity, 0.5),
    "specificity_at_sensitivity": _at(curves.specificity_at_sensitivity, 0.5),
    "precision_at_recall": _at(curves.precision_at_recall, 0.5),
    "recall_at_precision": _at(curves.recall_at_precision, 0.5),
    "recall_at_false_positive_rate": _at(curves.recall_at_false_positive_rate, 0.05),
    "threshold_at_recall": _at(curves.threshold_at_recall, 0.5),
    "max_recall": lambda counts, at: curves.max_recall(counts),
    **{name: _of_confusion(name) for name in CONFUSION_METRICS},
}
