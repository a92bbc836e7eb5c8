"""What mistakes cost: a value for each cell of the confusion matrix, and the threshold that is worth most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tapetum_server.detectors.performance.counts import Confusion, Floats, ScoreCounts, confusions


@dataclass(frozen=True, slots=True)
class CostMatrix:
    """What one row of each kind is worth; costs are below 0."""

    true_positive: float = 0.0
    false_positive: float = 0.0
    true_negative: float = 0.0
    false_negative: float = 0.0


@dataclass(frozen=True, slots=True)
class ThresholdTable:
    """What a slider over the threshold shows: one entry per threshold, in every column."""

    thresholds: Floats
    tp: Floats
    fp: Floats
    tn: Floats
    fn: Floats
    values: Floats
    """Business value of all rows; 0 without a cost matrix."""

    def best(self) -> float:
        """The threshold with the highest value; of several, the lowest."""
        return float(self.thresholds[int(np.argmax(self.values))])


def business_value(c: Confusion, costs: CostMatrix) -> float:
    """What all rows together are worth."""
    return (
        c.tp * costs.true_positive
        + c.fp * costs.false_positive
        + c.tn * costs.true_negative
        + c.fn * costs.false_negative
    )


def threshold_table(counts: ScoreCounts, thresholds: npt.ArrayLike, costs: CostMatrix | None = None) -> ThresholdTable:
    """The confusion matrix, and its value, at each threshold."""
    at = np.asarray(thresholds, np.float64)
    tp, fp, tn, fn = confusions(counts, at)
    costs = costs or CostMatrix()
    values = tp * costs.true_positive + fp * costs.false_positive + tn * costs.true_negative + fn * costs.false_negative
    return ThresholdTable(at, tp, fp, tn, fn, values)
