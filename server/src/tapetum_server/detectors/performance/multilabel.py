"""Several classes at once: for each class how often it was there and called, and how well the sets match."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

from tapetum_server.detectors.performance.confusion_metrics import CONFUSION_METRICS, f1_score, precision, ratio, recall
from tapetum_server.detectors.performance.counts import Confusion, Floats


@dataclass(frozen=True, slots=True)
class SetCounts:
    """Rows whose labels and predictions are sets of classes."""

    rows: float
    classes: tuple[str, ...]
    both: Floats
    """By class: rows that have it and were called it."""
    called: Floats
    """By class: rows that were called it."""
    there: Floats
    """By class: rows that have it."""
    exact: float
    """Rows whose two sets are the same."""
    precision_sum: float
    """Over the rows, the share of the called classes that are there (0 where none was called)."""
    recall_sum: float
    """Over the rows, the share of the classes there that were called (0 where none is there)."""
    jaccard_sum: float
    """Over the rows, classes in both sets by classes in either (1 where both are empty)."""


def less(whole: SetCounts, part: SetCounts) -> SetCounts:
    """The rows of the whole that are not in the part."""
    rest = {f.name: getattr(whole, f.name) - getattr(part, f.name) for f in fields(SetCounts) if f.name != "classes"}
    return SetCounts(classes=whole.classes, **rest)


def confusion_of(counts: SetCounts, k: int) -> Confusion:
    """The four counts of the class at place k."""
    both, called, there = (float(each[k]) for each in (counts.both, counts.called, counts.there))
    return Confusion(both, called - both, counts.rows - called - there + both, there - both)


def macro(counts: SetCounts, metric: str) -> float:
    """A metric of the four counts, averaged over the classes; what is a share of nothing counts as 0."""
    values = [CONFUSION_METRICS[metric](confusion_of(counts, k)) for k in range(len(counts.classes))]
    return ratio(sum(0.0 if math.isnan(value) else value for value in values), len(values))


def micro(counts: SetCounts) -> Confusion:
    """The four counts of all classes together."""
    each = [confusion_of(counts, k) for k in range(len(counts.classes))]
    return Confusion(*(sum(getattr(one, name) for one in each) for name in ("tp", "fp", "tn", "fn")))


def hamming_loss(counts: SetCounts) -> float:
    """Of all answers, one for each row and class, the share that is wrong."""
    all_together = micro(counts)
    return ratio(all_together.fp + all_together.fn, counts.rows * len(counts.classes))


MULTILABEL_METRICS: Mapping[str, Callable[[SetCounts], float]] = {
    "example_count": lambda c: c.rows,
    "exact_match": lambda c: ratio(c.exact, c.rows),
    "set_match_precision": lambda c: ratio(c.precision_sum, c.rows),
    "set_match_recall": lambda c: ratio(c.recall_sum, c.rows),
    "jaccard_score": lambda c: ratio(c.jaccard_sum, c.rows),
    "hamming_loss": hamming_loss,
    "micro_precision": lambda c: precision(micro(c)),
    "micro_recall": lambda c: recall(micro(c)),
    "micro_f1_score": lambda c: f1_score(micro(c)),
    "macro_precision": lambda c: macro(c, "precision"),
    "macro_recall": lambda c: macro(c, "recall"),
    "macro_f1_score": lambda c: macro(c, "f1_score"),
}
