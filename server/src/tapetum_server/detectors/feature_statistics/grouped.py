"""Rows of states that belong together, of which one number each is wanted: all features in one go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapetum_server.detectors.feature_statistics.states import SUMS, Floats, Places, States

AT = {name: place for place, name in enumerate(SUMS)}
"""In which column each of the sums is."""


@dataclass(frozen=True, slots=True)
class Grouped:
    """Rows of states by feature and what its values are: group n lies between `ends[n]` and `ends[n + 1]`."""

    states: States
    rows: Places
    """Places in the states."""
    sums: Floats
    """Of these rows."""
    ends: Places

    def of(self, name: str) -> Floats:
        """One of the sums, by row."""
        column: Floats = self.sums[:, AT[name]]
        return column

    def each(self, fold: np.ufunc, values: NDArray[Any]) -> NDArray[Any]:
        """Values of rows as one of each group."""
        folded: NDArray[Any] = fold.reduceat(values, self.ends[:-1])
        return folded

    def total(self, name: str) -> Floats:
        """One of the sums, by group."""
        return self.each(np.add, self.of(name))
