"""How differently groups are treated: the largest gap of each metric between them, and whether it may be chance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tapetum_server.detectors.performance.confusion_metrics import CONFUSION_METRICS, PROPORTIONS, ratio
from tapetum_server.detectors.performance.counts import Confusion

GAPS: Mapping[str, str] = {
    "demographic_parity": "predicted_positive_rate",
    "equal_opportunity": "recall",
    "predictive_equality": "fall_out",
    "predictive_parity": "precision",
    "accuracy_equality": "binary_accuracy",
    "false_omission_parity": "false_omission_rate",
}
"""Notions of fairness, and the metric that must be alike in all groups."""
MIN_GROUP = 30
"""Rows on which a share stands, below which a group is not held against others."""
DISPARATE_IMPACT = 0.8
"""The four-fifths rule: the lowest group's share of positive calls by the highest's."""


@dataclass(frozen=True, slots=True)
class Gap:
    """The two groups that lie furthest apart."""

    notion: str
    metric: str
    highest: str
    lowest: str
    high: float
    low: float
    difference: float
    ratio: float
    z: float
    """Standard errors between the two, were they alike."""
    lower: float
    """Ends of the 95 % interval of the difference."""
    upper: float


def fairness_gaps(groups: Mapping[str, Confusion], min_group: int = MIN_GROUP) -> list[Gap]:
    """For each notion the largest gap, the largest first. Groups with too few rows are left out."""
    found = []
    for notion, metric in GAPS.items():
        shares = {
            name: PROPORTIONS[metric](confusion) for name, confusion in groups.items()
            if PROPORTIONS[metric](confusion)[1] >= min_group
        }  # fmt: skip
        if len(shares) < 2:
            continue
        values = {name: CONFUSION_METRICS[metric](groups[name]) for name in shares}
        highest, lowest = max(values, key=values.__getitem__), min(values, key=values.__getitem__)
        high, low = values[highest], values[lowest]
        (a, n), (b, m) = shares[highest], shares[lowest]
        pooled = (a + b) / (n + m)
        error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
        apart = math.sqrt(high * (1 - high) / n + low * (1 - low) / m)
        reach = 1.959963984540054 * apart
        difference = high - low
        found.append(
            Gap(
                notion, metric, highest, lowest, high, low, difference, ratio(low, high),
                difference / error if error else 0.0, difference - reach, difference + reach,
            )
        )  # fmt: skip
    return sorted(found, key=lambda gap: -gap.difference)
