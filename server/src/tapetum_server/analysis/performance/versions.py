"""The report of `tapetum challenge`: a champion and its challenger on the same rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tapetum_server.detectors.performance.calibration import brier_score, log_loss
from tapetum_server.detectors.performance.counts import Floats, ScoreCounts, score_counts
from tapetum_server.detectors.performance.curves import average_precision
from tapetum_server.detectors.performance.paired import (
    Difference,
    Flips,
    bootstrap_difference,
    delong_difference,
    flips,
    mcnemar,
    model_cosine_similarity,
    symmetric_prediction_difference,
)
from tapetum_server.query.frames import Frame
from tapetum_server.query.paired_scores import PairedColumns, paired_scores
from tapetum_server.query.reader import Reader

SEED = 20
MIN_LABELLED = 30
_BOOTSTRAPPED = {"average_precision": average_precision, "brier_score": brier_score, "log_loss": log_loss}


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
    differences: tuple[Difference, ...] = ()
    if labelled >= MIN_LABELLED:
        differences = (
            mcnemar(pairs, threshold),
            delong_difference(pairs),
            *(
                bootstrap_difference(pairs, name, _over_rows(metric), seed=SEED)
                for name, metric in _BOOTSTRAPPED.items()
            ),
        )
    return ChallengeReport(
        int(pairs.rows.sum()), labelled, flips(pairs, threshold), symmetric_prediction_difference(pairs),
        model_cosine_similarity(pairs), differences,
    )  # fmt: skip


def _over_rows(metric: Callable[[ScoreCounts], float]) -> Callable[[Floats, Floats, Floats], float]:
    def of(labels: Floats, scores: Floats, rows: Floats) -> float:
        return metric(score_counts(scores, rows * (labels == 1), rows * (labels == 0)))

    return of
