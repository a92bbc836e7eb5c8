"""Drift in how features hang together: what principal components of the baseline fail to reconstruct."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tapetum_server.detectors.drift.vectors import Vectors

VARIANCE = 0.65
"""Share of the baseline's variance that the components keep, as NannyML's do."""


@dataclass(frozen=True, slots=True)
class Components:
    """Principal components of standardised features."""

    mean: Vectors
    scale: Vectors
    axes: Vectors
    """One row per component."""

    @classmethod
    def of(cls, baseline: Vectors, variance: float = VARIANCE) -> Components:
        """The fewest components that keep at least this share of the baseline's variance."""
        mean, scale = baseline.mean(axis=0), baseline.std(axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        _, lengths, axes = np.linalg.svd((baseline - mean) / scale, full_matrices=False)
        kept = np.cumsum(lengths**2) / max(float(np.sum(lengths**2)), 1e-300)
        return cls(mean, scale, axes[: int(np.searchsorted(kept, variance - 1e-12)) + 1])

    def errors(self, rows: Vectors) -> Vectors:
        """Of each row, the distance between itself and what the components make of it, in standard deviations."""
        standard = (rows - self.mean) / self.scale
        return np.asarray(np.linalg.norm(standard - standard @ self.axes.T @ self.axes, axis=1))


@dataclass(frozen=True, slots=True)
class ReconstructionDrift:
    """Mean errors of reconstruction. A window may be harder to reconstruct than the baseline's chunks, or easier."""

    error: float
    baseline_error: float
    lower: float
    upper: float


def reconstruction_drift(baseline: Sequence[Vectors], window: Vectors, deviations: float = 3.0) -> ReconstructionDrift:
    """The window's mean error, and the limits that the mean errors of the baseline's chunks make."""
    components = Components.of(np.concatenate(baseline))
    own = np.array([components.errors(chunk).mean() for chunk in baseline])
    middle, spread = float(own.mean()), float(own.std())
    error = float(components.errors(window).mean())
    return ReconstructionDrift(error, middle, middle - deviations * spread, middle + deviations * spread)
