"""What is made of the four counts of a confusion matrix. TFMA's names; a share of nothing is NaN."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from tapetum_server.detectors.performance.counts import Confusion


def ratio(part: float, whole: float) -> float:
    """`part / whole`, and NaN where there is no whole."""
    return part / whole if whole else math.nan


def precision(c: Confusion) -> float:
    """Of what was called positive, the share that is."""
    return ratio(c.tp, c.tp + c.fp)


def recall(c: Confusion) -> float:
    """Of what is positive, the share that was called so."""
    return ratio(c.tp, c.tp + c.fn)


def specificity(c: Confusion) -> float:
    """Of what is negative, the share that was called so."""
    return ratio(c.tn, c.tn + c.fp)


def fall_out(c: Confusion) -> float:
    """Of what is negative, the share that was called positive."""
    return ratio(c.fp, c.tn + c.fp)


def miss_rate(c: Confusion) -> float:
    """Of what is positive, the share that was called negative."""
    return ratio(c.fn, c.tp + c.fn)


def negative_predictive_value(c: Confusion) -> float:
    """Of what was called negative, the share that is."""
    return ratio(c.tn, c.tn + c.fn)


def accuracy(c: Confusion) -> float:
    """The share that was called right."""
    return ratio(c.tp + c.tn, c.tp + c.tn + c.fp + c.fn)


def f1_score(c: Confusion) -> float:
    """The harmonic mean of precision and recall."""
    return ratio(2 * c.tp, 2 * c.tp + c.fp + c.fn)


def matthews(c: Confusion) -> float:
    """The correlation of what is and what was called."""
    product = (c.tp + c.fp) * (c.tp + c.fn) * (c.tn + c.fp) * (c.tn + c.fn)
    return ratio(c.tp * c.tn - c.fp * c.fn, math.sqrt(product))


def prevalence_threshold(c: Confusion) -> float:
    """The share of positives below which a positive call is more often wrong than right."""
    hit, false = recall(c), fall_out(c)
    return ratio(math.sqrt(hit * false) - false, hit - false) if hit >= 0 and false >= 0 else math.nan


CONFUSION_METRICS: Mapping[str, Callable[[Confusion], float]] = {
    "true_positives": lambda c: c.tp,
    "false_positives": lambda c: c.fp,
    "true_negatives": lambda c: c.tn,
    "false_negatives": lambda c: c.fn,
    "binary_accuracy": accuracy,
    "precision": precision,
    "ppv": precision,
    "recall": recall,
    "tpr": recall,
    "specificity": specificity,
    "tnr": specificity,
    "fall_out": fall_out,
    "fpr": fall_out,
    "miss_rate": miss_rate,
    "fnr": miss_rate,
    "npv": negative_predictive_value,
    "false_discovery_rate": lambda c: ratio(c.fp, c.tp + c.fp),
    "false_omission_rate": lambda c: ratio(c.fn, c.tn + c.fn),
    "prevalence": lambda c: ratio(c.tp + c.fn, c.tp + c.tn + c.fp + c.fn),
    "prevalence_threshold": prevalence_threshold,
    "threat_score": lambda c: ratio(c.tp, c.tp + c.fn + c.fp),
    "balanced_accuracy": lambda c: (recall(c) + specificity(c)) / 2,
    "f1_score": f1_score,
    "matthews_correlation_coefficient": matthews,
    "fowlkes_mallows_index": lambda c: math.sqrt(precision(c) * recall(c)),
    "informedness": lambda c: recall(c) + specificity(c) - 1,
    "markedness": lambda c: precision(c) + negative_predictive_value(c) - 1,
    "positive_likelihood_ratio": lambda c: ratio(recall(c), fall_out(c)),
    "negative_likelihood_ratio": lambda c: ratio(miss_rate(c), specificity(c)),
    "diagnostic_odds_ratio": lambda c: ratio(c.tp * c.tn, c.fp * c.fn),
    "predicted_positive_rate": lambda c: ratio(c.tp + c.fp, c.tp + c.tn + c.fp + c.fn),
}

PROPORTIONS: Mapping[str, Callable[[Confusion], tuple[float, float]]] = {
    "binary_accuracy": lambda c: (c.tp + c.tn, c.tp + c.tn + c.fp + c.fn),
    "precision": lambda c: (c.tp, c.tp + c.fp),
    "ppv": lambda c: (c.tp, c.tp + c.fp),
    "recall": lambda c: (c.tp, c.tp + c.fn),
    "tpr": lambda c: (c.tp, c.tp + c.fn),
    "specificity": lambda c: (c.tn, c.tn + c.fp),
    "tnr": lambda c: (c.tn, c.tn + c.fp),
    "fall_out": lambda c: (c.fp, c.tn + c.fp),
    "fpr": lambda c: (c.fp, c.tn + c.fp),
    "miss_rate": lambda c: (c.fn, c.tp + c.fn),
    "fnr": lambda c: (c.fn, c.tp + c.fn),
    "npv": lambda c: (c.tn, c.tn + c.fn),
    "false_discovery_rate": lambda c: (c.fp, c.tp + c.fp),
    "false_omission_rate": lambda c: (c.fn, c.tn + c.fn),
    "prevalence": lambda c: (c.tp + c.fn, c.tp + c.tn + c.fp + c.fn),
    "predicted_positive_rate": lambda c: (c.tp + c.fp, c.tp + c.tn + c.fp + c.fn),
}
"""Metrics that are a share of rows, as the part and the whole: Wilson's interval holds for them."""
