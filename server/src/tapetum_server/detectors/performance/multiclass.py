"""One class of several: the counts of a confusion matrix, and how often the right class was among the first k."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tapetum_server.detectors.performance.confusion_metrics import ratio
from tapetum_server.detectors.performance.counts import Floats, ScoreCounts
from tapetum_server.detectors.performance.curves import average_precision, roc_auc


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """Rows by what they are and what they were called."""

    classes: tuple[str, ...]
    matrix: Floats
    """Labels in rows, predictions in columns."""
    ranks: Floats | None = None
    """Rows by how many classes scored above the right one: none, one, two …; `None` without scores."""
    log_loss_sum: float = math.nan
    """Surprise in nats, summed over the rows; NaN without scores."""

    @property
    def total(self) -> float:
        """Rows."""
        return float(self.matrix.sum())


def less(whole: ClassCounts, part: ClassCounts) -> ClassCounts:
    """The rows of the whole that are not in the part."""
    ranks = None if whole.ranks is None or part.ranks is None else whole.ranks - part.ranks
    return ClassCounts(whole.classes, whole.matrix - part.matrix, ranks, whole.log_loss_sum - part.log_loss_sum)


def per_class(counts: ClassCounts) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 and support of each class; what is a share of nothing is NaN."""
    hits, called, there = np.diag(counts.matrix), counts.matrix.sum(0), counts.matrix.sum(1)
    return {
        name: {
            "precision": ratio(hits[k], called[k]),
            "recall": ratio(hits[k], there[k]),
            "f1_score": ratio(2 * hits[k], called[k] + there[k]),
            "support": float(there[k]),
        }
        for k, name in enumerate(counts.classes)
    }


def accuracy(counts: ClassCounts) -> float:
    """The share that was called right."""
    return ratio(float(np.trace(counts.matrix)), counts.total)


def averaged(counts: ClassCounts, metric: str, how: str) -> float:
    """`precision`, `recall` or `f1_score` averaged over the classes: `macro` alike, `weighted` by their rows.

    A class that was never called has a precision of 0 in an average, as in scikit-learn.
    """
    rows = [row for row in per_class(counts).values() if row["support"] or how == "macro"]
    values = [0.0 if math.isnan(row[metric]) else row[metric] for row in rows]
    weights = [row["support"] if how == "weighted" else 1.0 for row in rows]
    return ratio(float(np.dot(values, weights)), float(sum(weights)))


def matthews(counts: ClassCounts) -> float:
    """The correlation of what is and what was called, for any number of classes (Gorodkin 2004)."""
    called, there, total = counts.matrix.sum(0), counts.matrix.sum(1), counts.total
    above = float(np.trace(counts.matrix)) * total - float(called @ there)
    return ratio(above, math.sqrt((total**2 - float(called @ called)) * (total**2 - float(there @ there))))


def kappa(counts: ClassCounts) -> float:
    """Cohen's: agreement beyond what the shares of the classes alone would give."""
    by_chance = ratio(float(counts.matrix.sum(0) @ counts.matrix.sum(1)), counts.total**2)
    return ratio(accuracy(counts) - by_chance, 1 - by_chance)


def top_k_accuracy(counts: ClassCounts, k: int) -> float:
    """The share of rows whose right class is among the k that scored highest."""
    return math.nan if counts.ranks is None else ratio(float(counts.ranks[:k].sum()), float(counts.ranks.sum()))


MULTICLASS_METRICS: Mapping[str, Callable[[ClassCounts], float]] = {
    "example_count": lambda c: c.total,
    "accuracy": accuracy,
    "categorical_accuracy": accuracy,
    "sparse_categorical_accuracy": accuracy,
    "balanced_accuracy": lambda c: _mean_recall(c),
    "micro_precision": accuracy,
    "micro_recall": accuracy,
    "micro_f1_score": accuracy,
    "macro_precision": lambda c: averaged(c, "precision", "macro"),
    "macro_recall": lambda c: averaged(c, "recall", "macro"),
    "macro_f1_score": lambda c: averaged(c, "f1_score", "macro"),
    "weighted_precision": lambda c: averaged(c, "precision", "weighted"),
    "weighted_recall": lambda c: averaged(c, "recall", "weighted"),
    "weighted_f1_score": lambda c: averaged(c, "f1_score", "weighted"),
    "matthews_correlation_coefficient": matthews,
    "cohen_kappa": kappa,
    "categorical_crossentropy": lambda c: ratio(c.log_loss_sum, c.total),
    "sparse_categorical_crossentropy": lambda c: ratio(c.log_loss_sum, c.total),
    "top_2_accuracy": lambda c: top_k_accuracy(c, 2),
    "top_3_accuracy": lambda c: top_k_accuracy(c, 3),
    "top_5_accuracy": lambda c: top_k_accuracy(c, 5),
}


def one_against_rest(by_class: Sequence[ScoreCounts], metric: str = "auc", how: str = "macro") -> float:
    """The area under a curve for each class against all others, averaged over the classes that have rows."""
    area = roc_auc if metric == "auc" else average_precision
    found = [(area(counts), counts.positive) for counts in by_class if counts.positive]
    weights = np.asarray([rows if how == "weighted" else 1.0 for _, rows in found])
    return ratio(float(np.dot([value for value, _ in found], weights)), float(weights.sum())) if found else math.nan


def _mean_recall(counts: ClassCounts) -> float:
    recalls = [row["recall"] for row in per_class(counts).values() if row["support"]]
    return ratio(float(sum(recalls)), float(len(recalls)))
