"""Statistics of a few thousand values that are at hand, as the engine counts those of many rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tapetum_server.signals.feature_statistics import (
    LONGEST_VALUE,
    MOST_VALUES,
    POINTS,
    TOO_LONG,
    Bucket,
    Counts,
    NumericStatistics,
    TextStatistics,
)

Floats = NDArray[np.float64]
Sizes = NDArray[np.int64]
_LEVELS = np.linspace(0, 1, POINTS)
_DECILES = np.linspace(0, 1, 11)


def counts_of(rows: int, present: int) -> Counts:
    """Of a feature with at most one value in a row."""
    held = int(present > 0)
    lengths = tuple(Bucket(1.0, 1.0, present / 10) for _ in range(10)) if present else ()
    return Counts(
        present=present, missing=rows - present, values=present, fewest=held, most=held, lengths=lengths
    )  # fmt: skip


def counts_of_lists(rows: int, lengths: Sizes) -> Counts:
    """Of a feature whose rows hold lists of these lengths; an empty list is none."""
    filled = lengths[lengths > 0]
    if not len(filled):
        return Counts(present=0, missing=rows, values=0, fewest=0, most=0)
    edges = np.quantile(filled, _DECILES, method="inverted_cdf").tolist()
    return Counts(
        present=len(filled),
        missing=rows - len(filled),
        values=int(filled.sum()),
        fewest=int(filled.min()),
        most=int(filled.max()),
        lengths=tuple(Bucket(float(low), float(high), len(filled) / 10) for low, high in pairwise(edges)),
    )


def numeric_statistics(values: Floats) -> NumericStatistics:
    """Of numbers of which some may be NaN or infinite."""
    finite = np.sort(values[np.isfinite(values)])
    apart = NumericStatistics(
        nan=int(np.isnan(values).sum()), negative_infinity=int((values == -np.inf).sum()),
        positive_infinity=int((values == np.inf).sum()), zeros=int((values == 0).sum()),
    )  # fmt: skip
    if not len(finite):
        return apart
    at = np.clip(np.ceil(_LEVELS * len(finite)).astype(np.int64) - 1, 0, len(finite) - 1)
    mean = float(finite[0] + (finite - finite[0]).mean())
    return NumericStatistics(
        finite=len(finite),
        nan=apart.nan,
        negative_infinity=apart.negative_infinity,
        positive_infinity=apart.positive_infinity,
        zeros=apart.zeros,
        mean=mean,
        squared_deviations=float(((finite - mean) ** 2).sum()),
        minimum=float(finite[0]),
        maximum=float(finite[-1]),
        points=tuple(finite[at].tolist()),
    )


def text_statistics(values: Sequence[str], times: Sequence[int], bytes_of: Sequence[int]) -> TextStatistics:
    """Of different texts, how often each is there, and how long each is."""
    if not values:
        return TextStatistics()
    named: dict[str, int] = {}
    for value, count, size in zip(values, times, bytes_of):
        name = TOO_LONG if size > LONGEST_VALUE else value
        named[name] = named.get(name, 0) + count
    listed = sorted(((count, value) for value, count in named.items()), reverse=True)[:MOST_VALUES]
    return TextStatistics(
        unique=len(values),
        unique_exact=TOO_LONG not in named,
        total_bytes=sum(count * size for count, size in zip(times, bytes_of)),
        shortest=min(bytes_of),
        longest=max(bytes_of),
        values=tuple((value, float(count)) for count, value in listed),
    )
