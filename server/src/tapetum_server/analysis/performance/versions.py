"""The report of `tapetum challenge`: a champion and its challenger on the same rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tapetum_server.detectors.performance.confusion_metrics import f1_score, precision, recall
from tapetum_server.detectors.performance.counts import Floats, ScoreCounts, score_counts
from tapetum_server.detectors.performance.curves import average_precision
from tapetum_server.detectors.performance.paired import (
    Difference,
    Flips,
    PairedCounts,
    bootstrap_difference,
    delong_difference,
    flips,
    loss_difference,
    mcnemar,
    model_cosine_similarity,
    paired_counts,
    symmetric_prediction_difference,
)
from tapetum_server.detectors.performance.paired_cells import cells_of_scores, confusion_difference, of_binary
from tapetum_server.query.frames import Frame
from tapetum_server.query.paired_scores import PairedColumns, paired_scores
from tapetum_server.query.reader import Reader

SEED = 20
MIN_LABELLED = 30
FINEST = 20_000
"""Distinct pairs of scores beyond which an area's interval is resampled over hundredths of a score."""
_AT_THRESHOLD = {"precision": precision, "recall": recall, "f1_score": f1_score}
_SMALLEST = 1e-15


@dataclass(frozen=True, slots=True)
class ChallengeReport:
    """How the two differ; without labels there are no differences, only flips."""

    rows: int
    labelled: int
    flips: Flips
    symmetric_prediction_difference: float
    model_cosine_similarity: float
    differences: tuple[Difference, ...]


async def challenge(reader: Reader, frame: Frame, columns: PairedColumns, threshold: float = 0.5) -> ChallengeReport:
    """Raises `QueryError`."""
    pairs = await paired_scores(reader, frame, columns)
    labelled = int(pairs.rows[~np.isnan(pairs.labels)].sum())
    differences = _differences(pairs, threshold) if labelled >= MIN_LABELLED else ()
    return ChallengeReport(
        int(pairs.rows.sum()), labelled, flips(pairs, threshold), symmetric_prediction_difference(pairs),
        model_cosine_similarity(pairs), differences,
    )  # fmt: skip


def _differences(pairs: PairedCounts, threshold: float) -> tuple[Difference, ...]:
    cells = cells_of_scores(pairs, threshold)
    return (
        mcnemar(pairs, threshold),
        *(confusion_difference(cells, name, of_binary(of), seed=SEED) for name, of in _AT_THRESHOLD.items()),
        delong_difference(pairs),
        _precision_difference(pairs),
        loss_difference(pairs, "brier_score", lambda labels, scores: (scores - labels) ** 2),
        loss_difference(pairs, "log_loss", _surprise),
    )


def _precision_difference(pairs: PairedCounts) -> Difference:
    metric = _over_rows(average_precision)
    found = bootstrap_difference(_coarse(pairs), "average_precision", metric, seed=SEED)
    known = ~np.isnan(pairs.labels)
    labels, rows = pairs.labels[known], pairs.rows[known]
    one, other = (metric(labels, scores[known], rows) for scores in (pairs.champion, pairs.challenger))
    shift = (other - one) - found.difference
    return replace(
        found, champion=one, challenger=other, difference=other - one, lower=found.lower + shift,
        upper=found.upper + shift,
    )  # fmt: skip


def _coarse(pairs: PairedCounts) -> PairedCounts:
    if len(pairs.rows) <= FINEST:
        return pairs
    known = ~np.isnan(pairs.labels)
    rounded = [np.round(scores[known], 2) for scores in (pairs.champion, pairs.challenger)]
    distinct, place = np.unique(np.column_stack([pairs.labels[known], *rounded]), axis=0, return_inverse=True)
    labels, one, other = distinct.T
    return paired_counts(labels, one, other, np.bincount(place.ravel(), pairs.rows[known]))


def _surprise(labels: Floats, scores: Floats) -> Floats:
    p = np.clip(scores, _SMALLEST, 1 - _SMALLEST)
    return -(labels * np.log(p) + (1 - labels) * np.log1p(-p))


def _over_rows(metric: Callable[[ScoreCounts], float]) -> Callable[[Floats, Floats, Floats], float]:
    def of(labels: Floats, scores: Floats, rows: Floats) -> float:
        return metric(score_counts(scores, rows * (labels == 1), rows * (labels == 0)))

    return of
