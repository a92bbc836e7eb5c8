"""Scores into probabilities: isotonic regression, used only where it helps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tapetum_server.detectors.performance.counts import Floats, ScoreCounts, score_counts
from tapetum_server.detectors.performance.curves import roc_auc

FOLDS = 10
ECE_BINS = 10
NEARLY_PERFECT = 0.999
"""Area under the ROC curve above which there is nothing to calibrate (NannyML's rule)."""


@dataclass(frozen=True, slots=True)
class Calibrator:
    """A curve from scores to probabilities, straight between its points and level beyond them. Without points, none."""

    scores: Floats
    probabilities: Floats

    def __call__(self, scores: Floats) -> Floats:
        """Probabilities of these scores."""
        if not len(self.scores):
            return scores
        return np.interp(scores, self.scores, self.probabilities)


AS_IT_IS = Calibrator(np.empty(0), np.empty(0))
"""Scores are taken for probabilities."""


def isotonic(counts: ScoreCounts) -> Calibrator:
    """The curve that never falls and lies closest to the labels (pool adjacent violators)."""
    # Here, because SciPy's optimisers take longer to load than most commands take.
    from scipy.optimize import isotonic_regression

    rows = counts.weights
    there = rows > 0
    scores, rows = counts.scores[there], rows[there]
    fitted = isotonic_regression(counts.positives[there] / rows, weights=rows).x
    # Inside a level stretch only its ends matter.
    inner = np.zeros(len(fitted), bool)
    inner[1:-1] = (fitted[1:-1] == fitted[:-2]) & (fitted[1:-1] == fitted[2:])
    return Calibrator(scores[~inner], np.clip(fitted[~inner], 0.0, 1.0))


def equal_count_error(labels: Floats, probabilities: Floats, bins: int = ECE_BINS) -> float:
    """Expected calibration error over bins that hold equally many rows (NannyML's)."""
    order = np.argsort(probabilities, kind="stable")
    labels, probabilities = labels[order], probabilities[order]
    if len(labels) <= 2 * bins:
        bins = max(len(labels) // 2, 1)
    edges = np.arange(0, len(labels), len(labels) // bins)[:bins]
    rows = np.diff(np.append(edges, len(labels)))
    gaps = np.abs(np.add.reduceat(probabilities, edges) - np.add.reduceat(labels, edges)) / rows
    return float(rows @ gaps / len(labels))


def calibration_helps(counts: ScoreCounts, *, seed: int, folds: int = FOLDS) -> bool:
    """NannyML's rule: ten times a random tenth of the rows, with the usual share of positives, is kept out of the
    fit; over all that was kept out, calibrated scores have the smaller error.

    (Its documentation says "in every fold"; its code, and its results, say over all folds together.)
    """
    if not counts.positive or not counts.negative or roc_auc(counts) > NEARLY_PERFECT:
        return False
    ones, zeros = _rows(counts.scores, counts.positives), _rows(counts.scores, counts.negatives)
    if min(len(ones), len(zeros)) < folds:
        return False
    shuffle = np.random.default_rng(seed)
    labels, before, after = [], [], []
    for _ in range(folds):
        one, zero = shuffle.permutation(ones), shuffle.permutation(zeros)
        i, j = len(one) // folds, len(zero) // folds
        kept = score_counts(
            np.concatenate([one[i:], zero[j:]]), np.concatenate([np.ones(len(one) - i), np.zeros(len(zero) - j)])
        )
        out = np.concatenate([one[:i], zero[:j]])
        labels.append(np.concatenate([np.ones(i), np.zeros(j)]))
        before.append(out)
        after.append(isotonic(kept)(out))
    truth = np.concatenate(labels)
    return equal_count_error(truth, np.concatenate(before)) > equal_count_error(truth, np.concatenate(after))


def calibrator(counts: ScoreCounts, *, seed: int) -> Calibrator:
    """Isotonic where it helps, else scores as they are."""
    return isotonic(counts) if calibration_helps(counts, seed=seed) else AS_IT_IS


def _rows(scores: Floats, counts: Floats) -> Floats:
    return np.repeat(scores, np.round(counts).astype(np.int64))
