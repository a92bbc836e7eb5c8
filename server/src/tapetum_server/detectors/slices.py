"""The worst slices: where, told by up to three features, errors are clearly more frequent than elsewhere.

The search of SliceLine (Sagadeeva and Boehm 2021): a slice's score weighs how much worse than the average it is
against how small it is. Rows come counted by their codes, so every count is over distinct rows.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ALPHA = 0.95
"""How much a slice's errors weigh against its size."""
MAX_LITERALS = 3
MAX_FEATURES = 30
"""Features whose triples are looked at: those that tell errors apart best."""
JACCARD = 0.5
"""Slices that share more of their rows than this are one slice under two names."""
P_VALUE = 0.01
"""Of a slice, times the slices that were looked at."""
_CANDIDATES = 2_000

Literal = tuple[int, int]
"""A feature's place and its code."""


@dataclass(frozen=True, slots=True)
class ErrorCounts:
    """Distinct rows of codes; how many rows each is, and their errors."""

    codes: npt.NDArray[np.int64]
    rows: npt.NDArray[np.float64]
    errors: npt.NDArray[np.float64]
    squares: npt.NDArray[np.float64]
    """Of the errors, summed: errors themselves where one is 0 or 1."""


@dataclass(frozen=True, slots=True)
class WorstSlice:
    """One slice, and what stands behind it."""

    literals: tuple[Literal, ...]
    rows: float
    support: float
    """Share of all rows."""
    error: float
    """Mean error of its rows."""
    lift: float
    """Its mean error by that of all rows."""
    excess: float
    """Errors that it has beyond those that as many average rows would have."""
    score: float
    p_value: float
    """That the rest is as bad, times the slices looked at, at most 1."""


def worst_slices(
    counts: ErrorCounts, sizes: Sequence[int], *, top: int = 10, min_rows: float | None = None,
    literals: int = MAX_LITERALS,
) -> tuple[list[WorstSlice], int]:  # fmt: skip
    """The worst slices that are more than chance, no two of the same rows, and how many were looked at."""
    total, errors = float(counts.rows.sum()), float(counts.errors.sum())
    if not total or not errors:
        return [], 0
    least = max(32.0, total / 100) if min_rows is None else min_rows
    search = _Search(counts, sizes, total, errors, least)
    singles = range(counts.codes.shape[1])
    for size in range(1, min(literals, len(sizes)) + 1):
        chosen = singles if size == 1 else search.telling(MAX_FEATURES if size == 3 else 2 * MAX_FEATURES)
        for features in itertools.combinations(chosen, size):
            search.look(features)
    return search.found(top), search.looked_at


class _Search:
    def __init__(self, counts: ErrorCounts, sizes: Sequence[int], total: float, errors: float, least: float) -> None:
        self._counts, self._sizes, self._least = counts, sizes, least
        self._total, self._mean = total, errors / total
        self._candidates: list[tuple[float, tuple[Literal, ...], float, float, float]] = []
        self._floor = 0.0
        self._told: dict[int, float] = {}
        self._columns = [np.ascontiguousarray(counts.codes[:, k]) for k in range(counts.codes.shape[1])]
        self.looked_at = 0

    def look(self, features: tuple[int, ...]) -> None:
        """Count every combination of values of these features."""
        place, width = self._columns[features[0]], self._sizes[features[0]]
        for feature in features[1:]:
            place = place * self._sizes[feature] + self._columns[feature]
            width *= self._sizes[feature]
        rows = np.bincount(place, self._counts.rows, width)
        errors = np.bincount(place, self._counts.errors, width)
        if len(features) == 1:
            there = rows > 0
            self._told[features[0]] = float(np.sum((errors[there] - rows[there] * self._mean) ** 2 / rows[there]))
        enough = np.flatnonzero(rows >= self._least)
        self.looked_at += len(enough)
        scores = self._score(rows[enough], errors[enough])
        best = enough[scores > self._floor]
        if not len(best):
            return
        squares = np.bincount(place, self._counts.squares, width)
        for cell, score in zip(best.tolist(), scores[scores > self._floor].tolist()):
            literals, rest = [], cell
            for feature in reversed(features):
                rest, code = divmod(rest, self._sizes[feature])
                literals.append((feature, code))
            self._candidates.append(
                (score, tuple(reversed(literals)), float(rows[cell]), float(errors[cell]), float(squares[cell]))
            )
        if len(self._candidates) > 2 * _CANDIDATES:
            self._candidates.sort(key=lambda c: -c[0])
            del self._candidates[_CANDIDATES:]
            self._floor = self._candidates[-1][0]

    def telling(self, most: int) -> list[int]:
        """The features that tell errors apart best, in their own order."""
        return sorted(sorted(self._told, key=lambda k: -self._told[k])[:most])

    def found(self, top: int) -> list[WorstSlice]:
        """The best candidates that are more than chance and not the rows of a better one."""
        chosen: list[WorstSlice] = []
        masks: list[npt.NDArray[np.bool_]] = []
        # Of the same score, which is of the same rows, the slice that is said in fewer words.
        for score, literals, rows, errors, squares in sorted(self._candidates, key=lambda c: (-c[0], len(c[1]))):
            p = min(1.0, self._chance(rows, errors, squares) * self.looked_at)
            if p > P_VALUE:
                continue
            mask = np.all([self._columns[f] == code for f, code in literals], axis=0)
            if any(self._overlap(mask, other) > JACCARD for other in masks):
                continue
            mean = errors / rows
            chosen.append(
                WorstSlice(
                    literals, rows, rows / self._total, mean, mean / self._mean, errors - rows * self._mean, score, p
                )
            )
            masks.append(mask)
            if len(chosen) == top:
                break
        return chosen

    def _score(self, rows: npt.NDArray[np.float64], errors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        worse = errors / rows / self._mean - 1
        score: npt.NDArray[np.float64] = ALPHA * worse - (1 - ALPHA) * (self._total / rows - 1)
        return score

    def _chance(self, rows: float, errors: float, squares: float) -> float:
        """That the mean error inside is not above the one outside (Welch's test; large samples)."""
        outside = self._total - rows
        if outside < 2:
            return 1.0
        all_errors, all_squares = float(self._counts.errors.sum()), float(self._counts.squares.sum())
        inner, outer = errors / rows, (all_errors - errors) / outside
        # Laplace's extra success and failure: a slice where every row is wrong is not certain.
        spread = max(squares / rows - inner**2, 1 / (rows + 2)) / rows
        spread += max((all_squares - squares) / outside - outer**2, 0) / outside
        return 0.5 * math.erfc((inner - outer) / math.sqrt(2 * spread))

    def _overlap(self, one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
        either = float(self._counts.rows[one | other].sum())
        return float(self._counts.rows[one & other].sum()) / either if either else 1.0
