"""ROC and precision-recall curves, what lies under them, and the best points on them under a condition."""

from __future__ import annotations

import math

import numpy as np

from tapetum_server.detectors.performance.confusion_metrics import ratio
from tapetum_server.detectors.performance.counts import Floats, ScoreCounts, confusions, distinct_confusions

TFMA_THRESHOLDS = 10_000
"""How many thresholds TFMA puts between 0 and 1 for what lies under a curve."""


def roc_auc(counts: ScoreCounts) -> float:
    """The chance that a positive scores above a negative, ties counted half: exact, by every distinct score."""
    below = np.cumsum(counts.negatives) - counts.negatives
    wins = float(counts.positives @ (below + counts.negatives / 2))
    return ratio(wins, counts.positive * counts.negative)


def average_precision(counts: ScoreCounts) -> float:
    """The mean precision over the positives, each at its own score (scikit-learn's step-wise area)."""
    _, tp, fp = distinct_confusions(counts)
    if not counts.positive:
        return math.nan
    steps = np.diff(np.concatenate([[0.0], tp]))
    return float(np.sum(steps * tp / np.maximum(tp + fp, np.finfo(float).tiny)) / counts.positive)


def tfma_thresholds(count: int = TFMA_THRESHOLDS) -> Floats:
    """TFMA's thresholds: evenly between 0 and 1, with one a little below and one a little above."""
    inner = np.arange(1, count - 1) / (count - 1)
    return np.concatenate([[-1e-7], inner, [1 + 1e-7]])


def auc_of_thresholds(counts: ScoreCounts, count: int = TFMA_THRESHOLDS) -> float:
    """The area under the ROC curve as TFMA takes it: trapezoids between its thresholds."""
    tp, fp, tn, fn = confusions(counts, tfma_thresholds(count))
    if not counts.positive or not counts.negative:
        return math.nan
    hit, false = tp / (tp + fn), fp / (fp + tn)
    return float(np.sum((false[:-1] - false[1:]) * (hit[:-1] + hit[1:]) / 2))


def auc_precision_recall(counts: ScoreCounts, count: int = TFMA_THRESHOLDS) -> float:
    """The area under the precision-recall curve as TFMA takes it: interpolated between its thresholds as
    Davis and Goadrich (2006) show that precision moves, which is not a straight line."""
    tp, fp, _, fn = confusions(counts, tfma_thresholds(count))
    if not counts.positive:
        return math.nan
    called = tp + fp
    with np.errstate(divide="ignore", invalid="ignore"):
        fewer = called[:-1] - called[1:]
        slope = np.where(fewer > 0, (tp[:-1] - tp[1:]) / fewer, 0.0)
        intercept = tp[1:] - slope * called[1:]
        both = (called[:-1] > 0) & (called[1:] > 0)
        share = np.where(both, called[:-1] / called[1:], 1.0)
        steps = slope * (tp[:-1] - tp[1:] + intercept * np.log(share)) / (tp[1:] + fn[1:])
    return float(np.nansum(steps))


def roc_curve(counts: ScoreCounts) -> tuple[Floats, Floats, Floats]:
    """False positive rate, true positive rate and the score from which on rows are called positive."""
    scores, tp, fp = distinct_confusions(counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        false, hit = fp / counts.negative, tp / counts.positive
    return np.concatenate([[0.0], false]), np.concatenate([[0.0], hit]), np.concatenate([[np.inf], scores])


def precision_recall_curve(counts: ScoreCounts) -> tuple[Floats, Floats, Floats]:
    """Precision, recall and the score from which on rows are called positive, from the highest score down."""
    scores, tp, fp = distinct_confusions(counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        return tp / (tp + fp), tp / counts.positive, scores


def thinned(points: int, *curve: Floats) -> tuple[Floats, ...]:
    """At most `points` points of a curve, its ends among them: for drawing."""
    length = len(curve[0])
    if length <= points:
        return curve
    at = np.unique(np.linspace(0, length - 1, points).round().astype(int))
    return tuple(each[at] for each in curve)


def sensitivity_at_specificity(counts: ScoreCounts, at_least: float) -> float:
    """The highest recall with a specificity of at least this."""
    false, hit, _ = roc_curve(counts)
    return _best(hit, 1 - false >= at_least - 1e-12)


def specificity_at_sensitivity(counts: ScoreCounts, at_least: float) -> float:
    """The highest specificity with a recall of at least this."""
    false, hit, _ = roc_curve(counts)
    return _best(1 - false, hit >= at_least - 1e-12)


def recall_at_false_positive_rate(counts: ScoreCounts, at_most: float) -> float:
    """The highest recall with a false positive rate of at most this."""
    false, hit, _ = roc_curve(counts)
    return _best(hit, false <= at_most + 1e-12)


def precision_at_recall(counts: ScoreCounts, at_least: float) -> float:
    """The highest precision with a recall of at least this."""
    precision, recall, _ = precision_recall_curve(counts)
    return _best(precision, recall >= at_least - 1e-12)


def recall_at_precision(counts: ScoreCounts, at_least: float) -> float:
    """The highest recall with a precision of at least this; 0 where no threshold has it."""
    precision, recall, _ = precision_recall_curve(counts)
    found = _best(recall, precision >= at_least - 1e-12)
    return 0.0 if math.isnan(found) and counts.positive else found


def threshold_at_recall(counts: ScoreCounts, at_least: float) -> float:
    """The highest score from which on enough is called positive for a recall of at least this."""
    _, recall, scores = precision_recall_curve(counts)
    return _best(scores, recall >= at_least - 1e-12)


def max_recall(counts: ScoreCounts) -> float:
    """The recall when every row with a score is called positive: below 1 where answers were never given (top k)."""
    _, tp, _ = distinct_confusions(counts)
    return ratio(float(tp[-1]) if len(tp) else 0.0, counts.positive)


def _best(values: Floats, allowed: np.ndarray) -> float:
    return float(values[allowed].max()) if allowed.any() else math.nan
