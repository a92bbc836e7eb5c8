"""Above which value a distance counts as drift: a constant, or what the baseline's own chunks differ from all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class ConstantThreshold:
    """The same for every feature."""

    value: float


@dataclass(frozen=True, slots=True)
class VariationThreshold:
    """The mean distance of the baseline's chunks from the whole baseline, and so many standard deviations more."""

    deviations: float = 3.0

    def of(self, chunk_values: Sequence[float]) -> float | None:
        """The threshold that these distances make; `None` for fewer than two: they have no spread."""
        known = np.asarray([value for value in chunk_values if np.isfinite(value)])
        return float(known.mean() + self.deviations * known.std()) if len(known) > 1 else None


Threshold = ConstantThreshold | VariationThreshold
