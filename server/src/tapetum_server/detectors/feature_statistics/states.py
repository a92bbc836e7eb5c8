"""Statistics of windows as rows of numbers, which any number of them is added up from at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tapetum_server.signals.feature_statistics import FeatureStatistics

SUMS = (
    "present", "missing", "values", "fewest", "most", "finite", "nan", "negative_infinity", "positive_infinity",
    "zeros", "mean", "squared_deviations", "minimum", "maximum", "unique", "unique_exact", "total_bytes", "shortest",
    "longest", "not_utf8",
)  # fmt: skip
"""What a row of sums holds. `finite` is NaN where values are no numbers, `unique` where they are no texts."""
Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ragged:
    """Lists of different lengths, one after the other: that of row i lies between `ends[i]` and `ends[i + 1]`."""

    flat: NDArray[np.float64] | NDArray[np.int64]
    ends: Places

    def of(self, rows: Places) -> tuple[Places, Places]:
        """Where the values of these rows lie in `flat`, and where each row's begin and end among them."""
        lengths = self.ends[rows + 1] - self.ends[rows]
        ends = np.concatenate(([0], np.cumsum(lengths)))
        return np.repeat(self.ends[rows] - ends[:-1], lengths) + np.arange(ends[-1]), ends


@dataclass(frozen=True, slots=True)
class States:
    """Rows of statistics, each of one feature in one window."""

    window: Places
    """Of which window each is; callers know what the numbers mean."""
    feature: Places
    """Place in `names`."""
    names: Sequence[str]
    kinds: Sequence[str]
    """By row; so is `types`."""
    types: Sequence[str]
    position: Places
    sums: Floats
    """A column for each of `SUMS`."""
    lengths: Floats
    """Edges of ten buckets of values per row; NaN where no row holds more than one."""
    points: Ragged
    words: Ragged
    """Places in `vocabulary` of the most frequent values."""
    frequencies: Floats
    """One for each of `words.flat`."""
    vocabulary: Sequence[str]
    ranks: Places | None = None
    """Where each of the vocabulary would stand if it were sorted; `None` where it is too large to be sorted whole."""


def sums_of(feature: FeatureStatistics) -> list[float]:
    """What a row of `SUMS` holds of these statistics, and the edges of their lengths where rows hold lists."""
    counts, numeric, text = feature.counts, feature.numeric, feature.text
    of_numbers = [math.nan, 0.0, 0.0, 0.0, 0.0, *[math.nan] * 4]
    if numeric is not None:
        of_numbers = [
            numeric.finite, numeric.nan, numeric.negative_infinity, numeric.positive_infinity, numeric.zeros,
            numeric.mean, numeric.squared_deviations, numeric.minimum, numeric.maximum,
        ]  # fmt: skip
    of_texts = [math.nan, 1.0, 0.0, 0.0, 0.0, 0.0]
    if text is not None:
        of_texts = [text.unique, text.unique_exact, text.total_bytes, text.shortest, text.longest, text.not_utf8]
    told = [counts.present, counts.missing, counts.values, counts.fewest, counts.most, *of_numbers, *of_texts]
    edges = [counts.lengths[0].low, *(one.high for one in counts.lengths)] if counts.most > 1 and counts.lengths else []
    return [float(value) for value in (*told, *edges)]
