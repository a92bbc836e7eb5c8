"""Confidence-based performance estimation for one class of several: each class against the others, then averaged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tapetum_server.detectors.estimation import cbpe
from tapetum_server.detectors.estimation.calibrating import Calibrator, calibrator, isotonic
from tapetum_server.detectors.estimation.chunk_cells import ChunkCells
from tapetum_server.detectors.estimation.sampling import Spread, spreads
from tapetum_server.detectors.performance.confusion_metrics import ratio
from tapetum_server.detectors.performance.counts import Floats, score_counts

METRICS = ("accuracy", "roc_auc", "average_precision", "precision", "recall", "specificity", "f1")
"""All but accuracy are the mean over the classes."""


@dataclass(frozen=True, slots=True)
class ClassRows:
    """Rows of one chunk."""

    key: str
    scores: Floats
    """Rows by classes."""
    called: npt.NDArray[np.int64]
    """Place of the class that was called."""
    labels: npt.NDArray[np.int64] | None
    """Place of the right class, where all labels are known."""
    codes: npt.NDArray[np.int64] | None = None
    """Of features that may have shifted."""

    @property
    def total(self) -> int:
        """Rows."""
        return len(self.called)


@dataclass(frozen=True, slots=True)
class ClassEstimator:
    """What was learned from a labelled baseline."""

    calibrators: tuple[Calibrator, ...]
    spreads: dict[str, Spread]
    thresholds: dict[str, cbpe.Thresholds]


def fit(baseline: Sequence[ClassRows], *, seed: int = 0, weights: Floats | None = None) -> ClassEstimator:
    """Learn from chunks whose labels are known; at least two classes, each with rows.

    With weights, one for each row, calibration is fitted with them.
    """
    everything = ClassRows(
        "all", np.concatenate([c.scores for c in baseline]), np.concatenate([c.called for c in baseline]),
        np.concatenate([c.labels for c in baseline if c.labels is not None]),
    )  # fmt: skip
    classes = everything.scores.shape[1]
    cells = [_cells(everything, everything.scores, k) for k in range(classes)]
    by_class = [spreads(each, None, seed=seed) for each in cells]
    found = {name: _averaged([each[name] for each in by_class]) for name in METRICS if name != "accuracy"}
    right = float(np.mean(everything.labels == everything.called))
    found["accuracy"] = Spread(math.sqrt(right * (1 - right)), 1.0)
    each_chunk = [realized(chunk) for chunk in baseline]
    return ClassEstimator(
        tuple(calibrator(each.counts, seed=seed) for each in cells) if weights is None
        else tuple(_weighted(everything, weights, k) for k in range(classes)), found,
        {name: cbpe.thresholds_of([chunk[name] for chunk in each_chunk], True) for name in METRICS},
    )  # fmt: skip


def _weighted(rows: ClassRows, weights: Floats, k: int) -> Calibrator:
    there = weights * (rows.labels == k)
    return isotonic(score_counts(rows.scores[:, k], there, weights - there))


def estimate(fitted: ClassEstimator, rows: ClassRows) -> dict[str, cbpe.Estimate]:
    """What the metrics of a chunk will be."""
    chances = calibrated(fitted, rows)
    values: dict[str, list[float]] = {name: [] for name in METRICS}
    for k in range(rows.scores.shape[1]):
        cells = _cells(rows, rows.scores, k)
        chance = chances[np.argsort(rows.scores[:, k], kind="stable"), k]
        confusion = cbpe.expected_confusion(cells, chance)
        for name in ("precision", "recall", "specificity", "f1"):
            value = cbpe.OF_CONFUSION[name](confusion)
            values[name].append(0.0 if math.isnan(value) else value)
        values["roc_auc"].append(cbpe.expected_auc(cells, chance))
        values["average_precision"].append(cbpe.expected_average_precision(cells, chance))
    found = {name: float(np.nanmean(each)) for name, each in values.items() if each}
    found["accuracy"] = float(np.mean(chances[np.arange(rows.total), rows.called]))
    return cbpe.judged(fitted.spreads, fitted.thresholds, found, realized(rows), rows.total)


def calibrated(fitted: ClassEstimator, rows: ClassRows) -> Floats:
    """The chance of each class for each row: calibrated by class, made to sum to one."""
    chances = np.column_stack([fitted.calibrators[k](rows.scores[:, k]) for k in range(rows.scores.shape[1])])
    sums = chances.sum(1, keepdims=True)
    return np.where(sums > 0, chances / np.where(sums > 0, sums, 1), 1 / chances.shape[1])


def expected_confusion_matrix(fitted: ClassEstimator, rows: ClassRows) -> Floats:
    """Expected rows by right class (down) and called class (across)."""
    chances = calibrated(fitted, rows)
    return np.column_stack([chances[rows.called == k].sum(0) for k in range(chances.shape[1])])


def expected_value(fitted: ClassEstimator, rows: ClassRows, values: Floats) -> float:
    """The expected business value, with one value per right class (down) and called class (across)."""
    return float(np.sum(expected_confusion_matrix(fitted, rows) * values))


def realized(rows: ClassRows) -> dict[str, float]:
    """What the metrics were; NaN where not all labels are known."""
    if rows.labels is None or not rows.total:
        return dict.fromkeys(METRICS, math.nan)
    values: dict[str, list[float]] = {name: [] for name in METRICS if name != "accuracy"}
    for k in range(rows.scores.shape[1]):
        one = cbpe.realized(_cells(rows, rows.scores, k))
        for name in values:
            missing = 0.0 if name in ("precision", "recall", "f1") else math.nan
            values[name].append(missing if math.isnan(one[name]) else one[name])
    found = {name: float(np.mean(each)) for name, each in values.items()}
    return found | {"accuracy": ratio(float(np.sum(rows.labels == rows.called)), rows.total)}


def _cells(rows: ClassRows, scores: Floats, k: int) -> ChunkCells:
    order = np.argsort(scores[:, k], kind="stable")
    known = rows.labels is not None
    positive = (rows.labels[order] == k).astype(float) if rows.labels is not None else np.zeros(len(order))
    return ChunkCells(
        rows.key, scores[order, k], (rows.called[order] == k).astype(float), np.ones(len(order)), positive,
        np.full(len(order), float(known)),
    )  # fmt: skip


def _averaged(each: Sequence[Spread]) -> Spread:
    """The spread of a mean over classes, as though they were independent (NannyML's)."""
    squares = [spread.error(1.0) ** 2 for spread in each if spread.fraction]
    return Spread(math.sqrt(sum(squares)) / len(each), 1.0) if squares else Spread(math.nan, 0.0)
