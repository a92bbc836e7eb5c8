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

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Literal = tuple[int, int]
"""A feature's place and its code."""


@dataclass(frozen=True, slots=True)
class ErrorCounts:
    """Distinct rows of codes; how many rows each is, and their errors."""

    codes: npt.NDArray[np.int64]
    rows: Floats
    errors: Floats
    squares: Floats
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
        self._candidates: list[tuple[float, tuple[Literal, ...], float, float]] = []
        self._floor = 0.0
        self._told: dict[int, float] = {}
        self._columns = [np.ascontiguousarray(counts.codes[:, k]) for k in range(counts.codes.shape[1])]
        self._stacked = np.column_stack([counts.rows, counts.errors, counts.squares])
        self.looked_at = 0

    def look(self, features: tuple[int, ...]) -> None:
        """Count every combination of values of these features."""
        place, width = self._columns[features[0]], self._sizes[features[0]]
        for feature in features[1:]:
            place = place * self._sizes[feature] + self._columns[feature]
            width *= self._sizes[feature]
        rows: Floats = np.bincount(place, self._counts.rows, width).astype(np.float64)
        errors: Floats = np.bincount(place, self._counts.errors, width).astype(np.float64)
        if len(features) == 1:
            there = rows > 0
            self._told[features[0]] = float(np.sum((errors[there] - rows[there] * self._mean) ** 2 / rows[there]))
        enough = np.flatnonzero(rows >= self._least)
        self.looked_at += len(enough)
        scores = self._score(rows[enough], errors[enough])
        best = enough[scores > self._floor]
        if not len(best):
            return
        for cell, score in zip(best.tolist(), scores[scores > self._floor].tolist()):
            literals, rest = [], cell
            for feature in reversed(features):
                rest, code = divmod(rest, self._sizes[feature])
                literals.append((feature, code))
            self._candidates.append((score, tuple(reversed(literals)), float(rows[cell]), float(errors[cell])))
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
        masks: list[Mask] = []
        # Of the same score, which is of the same rows, the slice that is said in fewer words.
        for score, literals, rows, errors in sorted(self._candidates, key=lambda c: (-c[0], len(c[1]))):
            mask = self._rows_of(literals)
            p = min(1.0, self._chance(mask, np.ones(len(mask), bool)) * self.looked_at)
            if p > P_VALUE or not self._each_matters(literals, mask):
                continue
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

    def _score(self, rows: Floats, errors: Floats) -> Floats:
        worse = errors / rows / self._mean - 1
        score: Floats = ALPHA * worse - (1 - ALPHA) * (self._total / rows - 1)
        return score

    def _rows_of(self, literals: tuple[Literal, ...]) -> Mask:
        mask: Mask = np.all([self._columns[feature] == code for feature, code in literals], axis=0)
        return mask

    def _each_matters(self, literals: tuple[Literal, ...], mask: Mask) -> bool:
        """Whether without any of its literals the slice would be less bad: else the wider one is to be told."""
        if len(literals) == 1:
            return True
        wider = (self._rows_of(literals[:k] + literals[k + 1 :]) for k in range(len(literals)))
        return all(self._chance(mask, container) * self.looked_at <= P_VALUE for container in wider)

    def _chance(self, mask: Mask, container: Mask) -> float:
        """That the mean error inside is not above the one of the container's other rows (Welch's, large samples)."""
        rows, errors, squares = self._sums(mask)
        all_rows, all_errors, all_squares = self._sums(container)
        outside, others, other_squares = all_rows - rows, all_errors - errors, all_squares - squares
        if outside < 2:
            return 1.0
        inner, outer = errors / rows, others / outside
        # As though of two more rows one were wrong: a slice where every row is wrong is not certain.
        spread = max(squares / rows - inner**2, 1 / (rows + 2)) / rows
        spread += max(other_squares / outside - outer**2, 1 / (outside + 2)) / outside
        return 0.5 * math.erfc((inner - outer) / math.sqrt(2 * spread))

    def _sums(self, mask: Mask) -> tuple[float, float, float]:
        rows, errors, squares = mask.astype(np.float64) @ self._stacked
        return float(rows), float(errors), float(squares)

    def _overlap(self, one: Mask, other: Mask) -> float:
        either = float(self._counts.rows[one | other].sum())
        return float(self._counts.rows[one & other].sum()) / either if either else 1.0
