"""Whether one feature drifted: far enough to matter, hardly by chance, and with enough rows to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tapetum_server.detectors.drift.counts import chi_squared, l_infinity

Verdict = Literal["drift", "no_drift", "not_enough_data"]
MIN_ROWS = 100
"""Values on either side without which nothing is said: a bin of ten would hold ten of them."""
MIN_PRESENCE_CHANGE = 0.05
"""A share of missing values that moved by less is no drift, however certain it is."""


@dataclass(frozen=True, slots=True)
class Presence:
    """What the rows of one side hold of a feature, apart from values to compare."""

    rows: int
    values: int
    missing: int
    nan: int = 0
    positive_infinity: int = 0
    negative_infinity: int = 0

    @property
    def counts(self) -> tuple[int, ...]:
        """Rows by what they hold."""
        return (self.values, self.missing, self.nan, self.positive_infinity, self.negative_infinity)


@dataclass(frozen=True, slots=True)
class PresenceChange:
    """How the shares of missing values, NaN and infinities moved."""

    change: float
    """The largest change of one of the shares."""
    p: float


def presence_change(baseline: Presence, window: Presence) -> PresenceChange:
    """Whether values are there as often as they were."""
    if baseline.values and window.values and not any((*baseline.counts[1:], *window.counts[1:])):
        return PresenceChange(0.0, 1.0)  # in every row of both
    return PresenceChange(l_infinity(baseline.counts, window.counts), chi_squared(baseline.counts, window.counts).p)


def verdict_of(value: float, threshold: float, p_adjusted: float, alpha: float) -> Verdict:
    """Drift is a value above its threshold that chance does not explain."""
    return "drift" if value > threshold and p_adjusted <= alpha else "no_drift"
