"""Predictions of one chunk, in the fewest numbers that an estimate needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tapetum_server.detectors.performance.counts import Floats, ScoreCounts, score_counts


@dataclass(frozen=True, slots=True)
class ChunkCells:
    """Rows by (score, whether they were called positive), scores ascending."""

    key: str
    scores: Floats
    called: Floats
    """1 where called positive, else 0."""
    rows: Floats
    positives: Floats
    """Rows known to be positive; 0 everywhere where no label is known."""
    labelled: Floats
    """Rows whose label is known."""

    @property
    def total(self) -> float:
        """Rows."""
        return float(self.rows.sum())

    @property
    def counts(self) -> ScoreCounts:
        """Labels by score."""
        return score_counts(self.scores, self.positives, self.labelled - self.positives)

    @property
    def has_labels(self) -> bool:
        """Whether the label of every row is known."""
        return bool(len(self.rows)) and bool(np.all(self.labelled == self.rows))

    def mean_score(self) -> float:
        """The mean score."""
        return float(self.rows @ self.scores) / self.total if self.total else math.nan


def together(chunks: list[ChunkCells], key: str = "all") -> ChunkCells:
    """The rows of several chunks as one."""
    parts = [np.concatenate([getattr(c, name) for c in chunks]) for name in ChunkCells.__slots__[1:]]
    order = np.argsort(parts[0], kind="stable")
    return ChunkCells(key, *(part[order] for part in parts))
