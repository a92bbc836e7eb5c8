"""Sampled rows as numbers, for what looks at several features at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from tapetum_server.analysis.drift.pairing import Pair
from tapetum_server.detectors.drift.vectors import Vectors


def coded(pairs: Sequence[Pair], baseline: Sequence[list[Any]], window: Sequence[list[Any]]) -> tuple[Vectors, Vectors]:
    """A matrix of each side. Numbers are themselves, missing ones NaN; a category is the share that it has in the
    baseline's sample, so that frequent and rare ones lie apart and one that nobody has seen is 0."""
    columns: list[tuple[Vectors, Vectors]] = []
    for pair, b, w in zip(pairs, baseline, window):
        if pair.kind == "numeric":
            columns.append((_numbers(b), _numbers(w)))
        else:
            shares = {value: count / len(b) for value, count in Counter(b).items()}
            columns.append((_codes(b, shares), _codes(w, shares)))
    return np.column_stack([b for b, _ in columns]), np.column_stack([w for _, w in columns])


def _numbers(values: Sequence[float | None]) -> Vectors:
    numbers = np.array([np.nan if value is None else value for value in values], np.float64)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _codes(values: Sequence[str | None], shares: dict[str | None, float]) -> Vectors:
    return np.array([shares.get(value, 0.0) for value in values], np.float64)


def filled(baseline: Vectors, window: Vectors) -> tuple[Vectors, Vectors]:
    """Both with the baseline's mean where a number is missing; 0 where the baseline has none."""
    there = ~np.isnan(baseline)
    means = np.where(there, baseline, 0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    return np.where(there, baseline, means), np.where(np.isnan(window), means, window)


def embedded(lists: Sequence[list[float | None] | None], length: int | None = None) -> tuple[Vectors, int]:
    """Vectors of one length (without `length` the most frequent one), and how many rows have none such."""
    lengths = Counter(len(one) for one in lists if one)
    wanted = length or (lengths.most_common(1)[0][0] if lengths else 0)
    kept = [
        one for one in lists if one and len(one) == wanted and not any(x is None or not np.isfinite(x) for x in one)
    ]
    return np.array(kept, np.float64).reshape(len(kept), wanted), len(lists) - len(kept)
