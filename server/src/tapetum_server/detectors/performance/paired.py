"""Two models on the same rows: where they differ, and whether the difference may be chance."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tapetum_server.detectors.performance.confusion_metrics import ratio
from tapetum_server.detectors.performance.counts import Floats, score_counts
from tapetum_server.detectors.performance.curves import roc_auc
from tapetum_server.detectors.performance.intervals import BOOTSTRAP_SAMPLES, around

_NORMAL_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class PairedCounts:
    """Distinct (label, champion's score, challenger's score), and how many rows have them."""

    labels: Floats
    champion: Floats
    challenger: Floats
    rows: Floats


@dataclass(frozen=True, slots=True)
class Flips:
    """Rows by what the champion and what the challenger called them, as shares of all rows (TFMA's flip rates)."""

    symmetric_flip_rate: float
    """Called otherwise by the two."""
    neg_to_neg_flip_rate: float
    neg_to_pos_flip_rate: float
    pos_to_neg_flip_rate: float
    pos_to_pos_flip_rate: float
    fixed: float
    """Labelled rows that the champion had wrong and the challenger has right."""
    broken: float
    """Labelled rows that the champion had right and the challenger has wrong."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The challenger's value less the champion's."""

    metric: str
    champion: float
    challenger: float
    difference: float
    lower: float
    upper: float
    p_value: float
    method: str


def paired_counts(
    labels: npt.ArrayLike, champion: npt.ArrayLike, challenger: npt.ArrayLike, rows: npt.ArrayLike | None = None
) -> PairedCounts:
    """From rows, or from distinct ones with their counts. A label that is not known is NaN."""
    y = np.asarray(labels, np.float64)
    count = np.ones(len(y)) if rows is None else np.asarray(rows, np.float64)
    return PairedCounts(y, np.asarray(champion, np.float64), np.asarray(challenger, np.float64), count)


def flips(pairs: PairedCounts, threshold: float = 0.5) -> Flips:
    """How often the two call a row otherwise. Needs no labels, but for `fixed` and `broken`."""
    a, b, n = pairs.champion > threshold, pairs.challenger > threshold, pairs.rows
    total = float(n.sum())
    wrong_a, wrong_b = a != (pairs.labels == 1), b != (pairs.labels == 1)
    known = ~np.isnan(pairs.labels)

    def share(rows: np.ndarray) -> float:
        return ratio(float(n[rows].sum()), total)

    return Flips(
        share(a != b), share(~a & ~b), share(~a & b), share(a & ~b), share(a & b),
        float(n[known & wrong_a & ~wrong_b].sum()), float(n[known & ~wrong_a & wrong_b].sum()),
    )  # fmt: skip


def symmetric_prediction_difference(pairs: PairedCounts) -> float:
    """TFMA's: the mean of 2 |a - b| / |a + b| over the rows; rows where both are 0 do not differ."""
    apart, together = np.abs(pairs.champion - pairs.challenger), np.abs(pairs.champion + pairs.challenger)
    each = np.divide(2 * apart, together, out=np.zeros(len(apart)), where=together > 0)
    return ratio(float(each @ pairs.rows), float(pairs.rows.sum()))


def model_cosine_similarity(pairs: PairedCounts) -> float:
    """The cosine between the scores of the two over all rows."""
    a, b, n = pairs.champion, pairs.challenger, pairs.rows
    return ratio(float(n @ (a * b)), math.sqrt(float(n @ a**2) * float(n @ b**2)))


def mcnemar(pairs: PairedCounts, threshold: float = 0.5) -> Difference:
    """Whether one of the two is right more often."""
    labelled = _labelled(pairs)
    found = flips(labelled, threshold)
    right = float(labelled.rows[(labelled.champion > threshold) == (labelled.labels == 1)].sum())
    return mcnemar_of_counts(right, found.fixed, found.broken, float(labelled.rows.sum()))


def mcnemar_of_counts(right: float, fixed: float, broken: float, total: float) -> Difference:
    """The same, of the rows that the champion had right, and that the challenger fixed and broke: exact while few rows
    differ, else with the continuity correction."""
    from scipy import stats

    apart = fixed + broken
    if not apart:
        p = 1.0
    elif apart < 25:
        p = float(stats.binomtest(int(min(fixed, broken)), int(apart), 0.5).pvalue)
    else:
        p = float(stats.chi2.sf(max(abs(fixed - broken) - 1, 0) ** 2 / apart, 1))
    difference = ratio(fixed - broken, total)
    error = math.sqrt(max(apart - (fixed - broken) ** 2 / total, 0)) / total if total else math.nan
    champion = ratio(right, total)
    return Difference(
        "accuracy", champion, champion + difference, difference,
        difference - _NORMAL_95 * error, difference + _NORMAL_95 * error, p, "mcnemar",
    )  # fmt: skip


def mean_difference(
    metric: str, champion: float, challenger: float, variance: float, total: float
) -> Difference:  # fmt: skip
    """Of a mean over the same rows, by the variance of each row's difference: Student's t, paired."""
    from scipy import special

    apart = challenger - champion
    error = math.sqrt(variance / total) if total > 1 else math.nan
    freedom = max(total - 1, 1.0)
    reach = float(special.stdtrit(freedom, 0.975)) * error
    p = float(2 * special.stdtr(freedom, -abs(apart) / error)) if error else 1.0 if apart == 0 else 0.0
    return Difference(metric, champion, challenger, apart, apart - reach, apart + reach, p, "paired_t")


def loss_difference(pairs: PairedCounts, name: str, loss: Callable[[Floats, Floats], Floats]) -> Difference:
    """Whether the mean of a loss of each row, by (labels, scores), differs."""
    pairs = _labelled(pairs)
    n, total = pairs.rows, float(pairs.rows.sum())
    one, other = loss(pairs.labels, pairs.champion), loss(pairs.labels, pairs.challenger)
    champion, challenger = ratio(float(n @ one), total), ratio(float(n @ other), total)
    variance = ratio(float(n @ (other - one - (challenger - champion)) ** 2), total - 1)
    return mean_difference(name, champion, challenger, variance, total)


def delong_difference(pairs: PairedCounts) -> Difference:
    """Whether the areas under the two ROC curves differ, on the same rows (DeLong, DeLong and Clarke-Pearson 1988)."""
    from scipy import stats

    pairs = _labelled(pairs)
    positive = pairs.labels == 1
    w, v = pairs.rows[positive], pairs.rows[~positive]
    m, n = float(w.sum()), float(v.sum())
    if m < 2 or n < 2:
        return Difference("auc", math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, "delong")
    areas, over_negatives, over_positives = [], [], []
    for scores in (pairs.champion, pairs.challenger):
        counts = score_counts(scores, pairs.rows * positive, pairs.rows * ~positive)
        place = np.searchsorted(counts.scores, scores)
        areas.append(roc_auc(counts))
        over_negatives.append(((np.cumsum(counts.negatives) - counts.negatives / 2) / n)[place[positive]])
        over_positives.append((1 - (np.cumsum(counts.positives) - counts.positives / 2) / m)[place[~positive]])
    apart = areas[1] - areas[0]
    a, b = over_negatives[1] - over_negatives[0], over_positives[1] - over_positives[0]
    variance = float(w @ (a - apart) ** 2) / (m - 1) / m + float(v @ (b - apart) ** 2) / (n - 1) / n
    error = math.sqrt(variance)
    p = float(2 * stats.norm.sf(abs(apart) / error)) if error else 1.0
    return Difference(
        "auc", areas[0], areas[1], apart, apart - _NORMAL_95 * error, apart + _NORMAL_95 * error, p, "delong"
    )


def bootstrap_difference(
    pairs: PairedCounts, name: str, metric: Callable[[Floats, Floats, Floats], float], *, seed: int,
    samples: int = 10 * BOOTSTRAP_SAMPLES,
) -> Difference:  # fmt: skip
    """Whether any metric of (labels, scores, rows) differs: Poisson bootstrap of the rows, the same for both models."""
    from scipy import special

    pairs = _labelled(pairs)
    draw = np.random.default_rng(seed)
    champion = metric(pairs.labels, pairs.champion, pairs.rows)
    challenger = metric(pairs.labels, pairs.challenger, pairs.rows)
    drawn = []
    for _ in range(samples):
        rows = draw.poisson(pairs.rows).astype(np.float64)
        drawn.append(metric(pairs.labels, pairs.challenger, rows) - metric(pairs.labels, pairs.champion, rows))
    apart, error = challenger - champion, float(np.std(drawn, ddof=1))
    interval = around(apart, error, samples - 1, "poisson_bootstrap")
    p = float(2 * special.stdtr(samples - 1, -abs(apart) / error)) if error else 1.0
    return Difference(name, champion, challenger, apart, interval.lower, interval.upper, p, "poisson_bootstrap")


def _labelled(pairs: PairedCounts) -> PairedCounts:
    known = ~np.isnan(pairs.labels)
    return PairedCounts(pairs.labels[known], pairs.champion[known], pairs.challenger[known], pairs.rows[known])
