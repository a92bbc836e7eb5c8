"""Columns that name rows instead of describing them: every window has others, which is no drift."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tapetum_server.analysis.drift.plans import Sides
from tapetum_server.query import drift as query

MANY = 100
MIN_REPEATED = 1.5
"""Of a categorical feature with `MANY` values or more, how often the most frequent ones must occur on average."""
_REASON = "an identifier: {}; name it in --features to compare it all the same"


def without_identifiers(sides: Sequence[Sides], named: Collection[str]) -> tuple[list[Sides], list[tuple[str, str]]]:
    """The features that describe rows, those that are `named` whatever they are; and of the others why they do not."""
    kept: list[Sides] = []
    left_out: list[tuple[str, str]] = []
    for side in sides:
        reason = "" if side.plan.pair.name in named else identifier(side)
        if reason:
            left_out.append((side.plan.pair.name, reason))
        else:
            kept.append(side)
    return kept, left_out


def identifier(side: Sides) -> str:
    """Why this is an identifier; "" where it is none."""
    b = side.baseline
    if isinstance(b, query.NumericCounts):
        if not side.plan.pair.baseline.integer or b.least is None or b.greatest is None or b.presence.values < 2:
            return ""
        counts_on = b.greatest - b.least + 1 == b.presence.values
        # Whole numbers that fill their range exactly, and vary as a counter does rather than as dice.
        even = (b.std or 0.0) ** 2 * 12 + 1
        if counts_on and abs(even / b.presence.values**2 - 1) < 1e-6:
            return _REASON.format("the baseline counts its rows with it")
        return ""
    different = len(b.values) - list(b.values.values()).count(0)
    if hardly_repeated(different, sum(b.values.values())):
        return _REASON.format("nearly every row has another value")
    return ""


def hardly_repeated(different: int, values: float) -> bool:
    """Whether so many values that differ are too many of all `values` to describe anything."""
    return different >= MANY and values < MIN_REPEATED * different
