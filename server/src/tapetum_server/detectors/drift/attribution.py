"""Drift of explanations: whether the features that matter to the model are still the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def ndcg(baseline: Sequence[float], window: Sequence[float]) -> float:
    """How well the window's ranking of features keeps the baseline's: 1 is the same order.

    Normalised discounted cumulative gain: the gain of a feature is its mean absolute attribution in the baseline, its
    place is that in the window. Changes among features that hardly matter cost little.
    """
    gains = np.abs(np.asarray(baseline, np.float64))
    discounts = 1 / np.log2(np.arange(len(gains)) + 2)
    ideal = float(np.sort(gains)[::-1] @ discounts)
    order = np.argsort(-np.abs(np.asarray(window, np.float64)), kind="stable")
    return float(gains[order] @ discounts) / ideal if ideal else 1.0
