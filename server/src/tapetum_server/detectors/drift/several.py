"""Many tests at once: a p-value that is small among a hundred features is no surprise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

Correction = Literal["bh", "by", "none"]


def adjusted(p_values: Sequence[float], correction: Correction = "bh") -> list[float]:
    """p-values to hold against one rate of false discoveries.

    `bh` is Benjamini and Hochberg's (features independent, or positively dependent); `by` Benjamini and Yekutieli's,
    which holds under any dependence and finds less; `none` leaves them as they are.
    """
    if correction == "none" or not p_values:
        return list(p_values)
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p)
    scale = len(p) / np.arange(1, len(p) + 1)
    if correction == "by":
        scale = scale * np.sum(1 / np.arange(1, len(p) + 1))
    # The smallest adjusted value of all that are as large or larger, so that the order stays.
    steps = np.minimum.accumulate((p[order] * scale)[::-1])[::-1]
    found = np.empty(len(p))
    found[order] = np.minimum(steps, 1.0)
    return [float(value) for value in found]
