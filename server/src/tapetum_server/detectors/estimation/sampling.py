"""How much a metric of one chunk varies by chance alone: standard errors by NannyML's definitions.

Each is the spread of what a row adds to the metric, found on the baseline, over the root of the rows of a chunk that
count for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tapetum_server.detectors.estimation.chunk_cells import ChunkCells
from tapetum_server.detectors.performance.confusion_metrics import ratio
from tapetum_server.detectors.performance.costs import CostMatrix
from tapetum_server.detectors.performance.counts import Confusion, Floats, ScoreCounts
from tapetum_server.detectors.performance.curves import average_precision


@dataclass(frozen=True, slots=True)
class Spread:
    """What the baseline says about a metric."""

    deviation: float
    fraction: float
    """Share of the rows that count for the metric."""
    grows: bool = False
    """Whether the metric is a sum over rows, whose error grows with them."""

    def error(self, rows: float) -> float:
        """The standard error over a chunk of that many rows."""
        if not rows or not self.fraction:
            return math.nan
        return self.deviation * math.sqrt(rows) if self.grows else self.deviation / math.sqrt(rows * self.fraction)


def confusion_of(cells: ChunkCells) -> Confusion:
    """The four counts of labelled rows, by what they were called."""
    called, positive = cells.called == 1, cells.positives
    negative = cells.labelled - positive
    return Confusion(
        float(positive[called].sum()), float(negative[called].sum()),
        float(negative[~called].sum()), float(positive[~called].sum()),
    )  # fmt: skip


def spreads(cells: ChunkCells, costs: CostMatrix | None, *, seed: int) -> dict[str, Spread]:
    """For each metric that can be estimated, what the labelled baseline says about its spread."""
    c, n = confusion_of(cells), float(cells.labelled.sum())
    relevant = c.tp + c.fp + c.fn
    found = {
        "accuracy": Spread(_deviation(c.tp + c.tn, n), 1.0),
        "precision": Spread(_deviation(c.tp, c.tp + c.fp), ratio(c.tp + c.fp, n)),
        "recall": Spread(_deviation(c.tp, c.tp + c.fn), ratio(c.tp + c.fn, n)),
        "specificity": Spread(_deviation(c.tn, c.tn + c.fp), ratio(c.tn + c.fp, n)),
        "f1": Spread(
            _deviation(c.tp, relevant) * ratio(relevant, c.tp + 0.5 * (c.fp + c.fn)), ratio(relevant, n)
        ),
        "roc_auc": _of_auc(cells.counts),
        "average_precision": _of_average_precision(cells.counts, seed),
        **{name: Spread(_deviation(getattr(c, short), n), 1.0, grows=True) for name, short in CELLS.items()},
    }  # fmt: skip
    if costs is not None:
        values = np.asarray([costs.true_positive, costs.false_positive, costs.true_negative, costs.false_negative])
        shares = np.asarray([c.tp, c.fp, c.tn, c.fn]) / n
        found["business_value"] = Spread(
            math.sqrt(max(float(shares @ values**2 - (shares @ values) ** 2), 0)), 1.0, grows=True
        )
    return found


CELLS = {"true_positive": "tp", "false_positive": "fp", "true_negative": "tn", "false_negative": "fn"}


def _deviation(part: float, whole: float) -> float:
    share = ratio(part, whole)
    return math.sqrt(share * (1 - share)) if share >= 0 else math.nan


def _of_auc(counts: ScoreCounts) -> Spread:
    """By the placements of the rarer class among the other (the variance of a Mann-Whitney statistic)."""
    if counts.positive > counts.negative:
        counts = ScoreCounts(1 - counts.scores[::-1], counts.negatives[::-1], counts.positives[::-1])
    if not counts.positive:
        return Spread(math.nan, 0.0)
    places = (np.cumsum(counts.negatives) - counts.negatives / 2) / counts.negative
    return Spread(weighted_deviation(places, counts.positives), counts.positive / counts.total)


_DRAWS = 50


def _of_average_precision(counts: ScoreCounts, seed: int) -> Spread:
    """By a Poisson bootstrap: there is no short formula. (NannyML resamples rows, unseeded.)"""
    if not counts.positive:
        return Spread(math.nan, 0.0)
    draw = np.random.default_rng(seed)
    values = [
        average_precision(
            ScoreCounts(
                counts.scores,
                draw.poisson(counts.positives).astype(float),
                draw.poisson(counts.negatives).astype(float),
            )
        )
        for _ in range(_DRAWS)
    ]
    return Spread(float(np.std(values, ddof=1)) * math.sqrt(counts.total), 1.0)


def weighted_deviation(values: Floats, weights: Floats) -> float:
    """The standard deviation of values that stand `weights` times."""
    mean = float(values @ weights) / float(weights.sum())
    return math.sqrt(float(weights @ (values - mean) ** 2) / float(weights.sum()))
