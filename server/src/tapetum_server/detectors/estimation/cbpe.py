"""Confidence-based performance estimation: what the metrics of a chunk will be if its probabilities come true.

NannyML's definitions: probabilities are calibrated on the baseline where that helps, a row with probability p counts
as p of a positive and 1 - p of a negative, and the error band is three standard errors wide on each side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tapetum_server.detectors.estimation.calibrating import AS_IT_IS, Calibrator, calibrator
from tapetum_server.detectors.estimation.chunk_cells import ChunkCells, together
from tapetum_server.detectors.estimation.sampling import CELLS, Spread, confusion_of, spreads
from tapetum_server.detectors.performance.confusion_metrics import accuracy, f1_score, precision, recall, specificity
from tapetum_server.detectors.performance.costs import CostMatrix, business_value
from tapetum_server.detectors.performance.counts import Confusion, Floats, ScoreCounts
from tapetum_server.detectors.performance.curves import average_precision, roc_auc

BAND = 3.0
"""Standard errors on each side of an estimate."""
THRESHOLD_DEVIATIONS = 3.0
OF_CONFUSION = {
    "accuracy": accuracy, "precision": precision, "recall": recall, "specificity": specificity, "f1": f1_score,
}  # fmt: skip
METRICS = ("roc_auc", "average_precision", *OF_CONFUSION, *CELLS, "business_value")
"""What can be estimated of a yes-or-no question; `business_value` with a cost matrix."""
SHARES = ("roc_auc", "average_precision", *OF_CONFUSION)
"""Of those, the ones that lie between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Between which values a metric lay in the chunks of the baseline: their mean and three deviations."""

    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Estimator:
    """What was learned from a labelled baseline."""

    calibrator: Calibrator
    spreads: Mapping[str, Spread]
    thresholds: Mapping[str, Thresholds]
    lowest_score: float
    highest_score: float
    costs: CostMatrix | None

    @property
    def calibrated(self) -> bool:
        """Whether scores are calibrated."""
        return self.calibrator is not AS_IT_IS


@dataclass(frozen=True, slots=True)
class Estimate:
    """One metric of one chunk."""

    value: float
    sampling_error: float
    lower: float
    upper: float
    lower_threshold: float
    upper_threshold: float
    alert: bool
    realized: float
    """What it was, where all labels are known; else NaN."""


def fit(baseline: Sequence[ChunkCells], *, costs: CostMatrix | None = None, seed: int = 0) -> Estimator:
    """Learn from chunks whose labels are known."""
    whole = together(list(baseline))
    return fitted_with(calibrator(whole.counts, seed=seed), baseline, whole, costs, seed)


def fitted_with(
    curve: Calibrator, baseline: Sequence[ChunkCells], whole: ChunkCells, costs: CostMatrix | None, seed: int
) -> Estimator:
    """The estimator around a calibrator of one's own."""
    each = [realized(chunk, costs) for chunk in baseline]
    names = [name for name in METRICS if name != "business_value" or costs is not None]
    return Estimator(
        curve, spreads(whole, costs, seed=seed),
        {name: thresholds_of([found[name] for found in each], name in SHARES) for name in names},
        float(whole.scores[0]), float(whole.scores[-1]), costs,
    )  # fmt: skip


def thresholds_of(values: Sequence[float], share: bool) -> Thresholds:
    """Mean and three deviations; a share cannot be below 0 or above 1."""
    known = np.asarray([value for value in values if not math.isnan(value)])
    if not len(known):
        return Thresholds(math.nan, math.nan)
    reach = THRESHOLD_DEVIATIONS * float(known.std())
    lower, upper = float(known.mean()) - reach, float(known.mean()) + reach
    return Thresholds(max(lower, 0.0), min(upper, 1.0)) if share else Thresholds(lower, upper)


def realized(cells: ChunkCells, costs: CostMatrix | None = None) -> dict[str, float]:
    """What the metrics of a labelled chunk were; NaN where not all labels are known."""
    if not cells.has_labels:
        return dict.fromkeys(METRICS, math.nan)
    counts = cells.counts
    return _of(confusion_of(cells), roc_auc(counts), average_precision(counts), costs)


def estimate(fitted: Estimator, cells: ChunkCells) -> dict[str, Estimate]:
    """What the metrics of a chunk will be."""
    chances = fitted.calibrator(cells.scores)
    values = _of(
        expected_confusion(cells, chances), expected_auc(cells, chances),
        expected_average_precision(cells, chances), fitted.costs,
    )  # fmt: skip
    if math.isnan(values["f1"]) and cells.total:
        values["f1"] = 0.0
    return judged(fitted.spreads, fitted.thresholds, values, realized(cells, fitted.costs), cells.total)


def judged(
    spread: Mapping[str, Spread], thresholds: Mapping[str, Thresholds], values: Mapping[str, float],
    was: Mapping[str, float], rows: float,
) -> dict[str, Estimate]:  # fmt: skip
    """Values with their bands, held against the thresholds."""
    found = {}
    for name, limits in thresholds.items():
        value, error = values[name], spread[name].error(rows)
        lower, upper = value - BAND * error, value + BAND * error
        if name in SHARES:
            lower, upper = max(lower, 0.0), min(upper, 1.0)
        alert = value < limits.lower or value > limits.upper
        found[name] = Estimate(value, error, lower, upper, limits.lower, limits.upper, alert, was[name])
    return found


def expected_confusion(cells: ChunkCells, chances: Floats) -> Confusion:
    """The four counts, each row in two of them by its chance."""
    yes, no, called = cells.rows * chances, cells.rows * (1 - chances), cells.called == 1
    return Confusion(
        float(yes[called].sum()), float(no[called].sum()), float(no[~called].sum()), float(yes[~called].sum())
    )


def expected_auc(cells: ChunkCells, chances: Floats) -> float:
    """The area under the ROC curve that the chances make, rows in the order of their scores."""
    yes, no = cells.rows * chances, cells.rows * (1 - chances)
    distinct, place = np.unique(cells.scores, return_inverse=True)
    return roc_auc(ScoreCounts(distinct, _summed(place, yes, len(distinct)), _summed(place, no, len(distinct))))


def expected_average_precision(cells: ChunkCells, chances: Floats) -> float:
    """The mean precision over expected positives, row by row from the highest score down."""
    each = np.repeat(chances[::-1], cells.rows[::-1].astype(np.int64))
    hits = np.cumsum(each)
    if not len(each) or not hits[-1]:
        return math.nan
    return float(np.sum(each * hits / np.arange(1, len(each) + 1)) / hits[-1])


def _summed(place: npt.NDArray[np.intp], each: Floats, length: int) -> Floats:
    return np.bincount(place, each, length).astype(np.float64)


def _of(c: Confusion, auc: float, ap: float, costs: CostMatrix | None) -> dict[str, float]:
    found = {"roc_auc": auc, "average_precision": ap}
    found |= {name: metric(c) for name, metric in OF_CONFUSION.items()}
    found |= {name: getattr(c, short) for name, short in CELLS.items()}
    found["business_value"] = business_value(c, costs) if costs is not None else math.nan
    return found
