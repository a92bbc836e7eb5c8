"""What every metric of a yes-or-no question is made of: how many labels of each kind stand at each score."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScoreCounts:
    """Labels by distinct score. Counts are sums of weights where rows have one."""

    scores: Floats
    """Ascending, each once. Minus infinity stands for an answer that was never given."""
    positives: Floats
    negatives: Floats

    @property
    def positive(self) -> float:
        """Positive labels at any score."""
        return float(self.positives.sum())

    @property
    def negative(self) -> float:
        """Negative labels at any score."""
        return float(self.negatives.sum())

    @property
    def total(self) -> float:
        """Labels of both kinds."""
        return self.positive + self.negative

    @property
    def weights(self) -> Floats:
        """Labels of both kinds by score."""
        both: Floats = self.positives + self.negatives
        return both


@dataclass(frozen=True, slots=True)
class Confusion:
    """The four counts behind a yes or no. Called positive is what scores above the threshold."""

    tp: float
    fp: float
    tn: float
    fn: float


def score_counts(
    scores: npt.ArrayLike, positives: npt.ArrayLike, negatives: npt.ArrayLike | None = None
) -> ScoreCounts:
    """From rows in any order, `positives` being labels 0 and 1, or from partial counts of both."""
    scores = np.asarray(scores, np.float64)
    positives = np.asarray(positives, np.float64)
    negatives = 1 - positives if negatives is None else np.asarray(negatives, np.float64)
    distinct, place = np.unique(scores, return_inverse=True)
    return ScoreCounts(
        distinct,
        np.bincount(place, positives, len(distinct)).astype(np.float64),
        np.bincount(place, negatives, len(distinct)).astype(np.float64),
    )


def merged(parts: Iterable[ScoreCounts]) -> ScoreCounts:
    """The counts of several parts together."""
    parts = list(parts)
    if not parts:
        return ScoreCounts(np.empty(0), np.empty(0), np.empty(0))
    return score_counts(*(np.concatenate([getattr(part, name) for part in parts]) for name in ScoreCounts.__slots__))


def without(whole: ScoreCounts, part: ScoreCounts) -> ScoreCounts:
    """The labels of the whole that are not in the part, all of whose scores are the whole's."""
    at = np.searchsorted(whole.scores, part.scores)
    positives, negatives = whole.positives.copy(), whole.negatives.copy()
    positives[at] -= part.positives
    negatives[at] -= part.negatives
    # Sums of weights may leave a little where nothing is left.
    return ScoreCounts(whole.scores, np.maximum(positives, 0.0), np.maximum(negatives, 0.0))


def confusions(counts: ScoreCounts, thresholds: npt.ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    """True positives, false positives, true negatives and false negatives at each threshold."""
    at = np.searchsorted(counts.scores, np.asarray(thresholds, np.float64), side="right")
    tp, fp = _from_top(counts.positives)[at], _from_top(counts.negatives)[at]
    return tp, fp, counts.negative - fp, counts.positive - tp


def confusion(counts: ScoreCounts, threshold: float = 0.5) -> Confusion:
    """The four counts at one threshold."""
    return Confusion(*(float(each[0]) for each in confusions(counts, [threshold])))


def distinct_confusions(counts: ScoreCounts) -> tuple[Floats, Floats, Floats]:
    """Scores from the highest down, and true and false positives when all from that score up is called positive."""
    finite = np.isfinite(counts.scores) | (counts.scores > 0)
    return (
        counts.scores[finite][::-1],
        np.cumsum(counts.positives[finite][::-1]),
        np.cumsum(counts.negatives[finite][::-1]),
    )


def _from_top(each: Floats) -> Floats:
    """Sums from each place to the end; one longer, the last is 0."""
    return np.concatenate([np.cumsum(each[::-1])[::-1], [0.0]])
