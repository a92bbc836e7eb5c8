"""How each feature is counted, and that all sides are counted over the same bins and values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tapetum_server.analysis.drift.pairing import Pair
from tapetum_server.detectors.drift.bins import inner_edges
from tapetum_server.detectors.drift.methods import Counted
from tapetum_server.detectors.drift.verdict import Presence
from tapetum_server.query import drift as query
from tapetum_server.query import drift_groups as groups
from tapetum_server.query.frames import Frame
from tapetum_server.query.reader import Reader

LISTED_VALUES = 200
"""Of a feature with more values than can be counted one by one, so many of each side are; the rest is one value."""
OTHER = "(other values)"
SideName = Literal["baseline", "window"]


@dataclass(frozen=True)
class Plan:
    """One feature, its bins or values, and what they are called."""

    pair: Pair
    edges: tuple[float, ...] | None
    values: tuple[str, ...]
    """Of a categorical feature, the most frequent of the baseline first."""
    complete: bool
    """Whether these are all values of both sides."""

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Of each bin or value."""
        if self.edges is None:
            return self.values if self.complete else (*self.values, OTHER)
        if not self.edges:
            return ("all values",)
        between = [_between(low, high) for low, high in zip(self.edges, self.edges[1:])]
        last = self.edges[-1]
        # An edge just above a frequent value ends the bin that holds it alone.
        above = len(self.edges) > 1 and last == np.nextafter(self.edges[-2], np.inf)
        return (f"< {self.edges[0]:.6g}", *between, f"> {self.edges[-2]:.6g}" if above else f"≥ {last:.6g}")

    def feature(self, side: SideName) -> query.Feature | None:
        """What to count on this side; `None` where it has no such column."""
        column = self.pair.baseline if side == "baseline" else self.pair.window
        if column is None:
            return None
        if self.edges is not None:
            return query.NumericFeature(column, self.edges)
        return query.CategoricalFeature(column, None if self.complete else self.values)

    def aligned(self, counts: query.Counts) -> NDArray[np.float64]:
        """Counts in the order of `labels`."""
        if isinstance(counts, query.NumericCounts):
            return np.asarray(counts.bins, np.float64)
        found = list(map(counts.values.get, self.values, repeat(0)))
        return np.asarray(found if self.complete else [*found, counts.presence.values - sum(found)], np.float64)


def _between(low: float, high: float) -> str:
    return f"= {low:.6g}" if high == np.nextafter(low, np.inf) else f"{low:.6g} … {high:.6g}"


@dataclass(frozen=True)
class Sides:
    """One feature counted on both sides."""

    plan: Plan
    baseline: query.Counts
    window: query.Counts

    @cached_property
    def counted(self) -> Counted:
        """Both over the plan's bins or values, which all that is said of the feature comes from."""
        return Counted(self.plan.aligned(self.baseline), self.plan.aligned(self.window))


async def counted_sides(
    reader: Reader, baseline: Frame, window: Frame, pairs: Sequence[Pair], bins: int, baseline_rows: int
) -> list[Sides]:
    """Every feature counted over bins or values that come from the baseline: one scan of either side, and one for the
    edges; one more of features with very many values."""
    numeric = [pair for pair in pairs if pair.kind == "numeric"]
    levels = [n / bins for n in range(1, bins)]
    found = await query.quantiles(reader, baseline, [pair.baseline for pair in numeric], levels, baseline_rows)
    edges = {pair.name: tuple(float(e) for e in inner_edges(q)) for pair, q in zip(numeric, found)}
    plans = [Plan(pair, edges.get(pair.name), (), True) for pair in pairs]
    sides = await count_both(reader, baseline, window, plans)
    plans = [with_values(side) for side in sides]
    again = [n for n, plan in enumerate(plans) if not plan.complete]
    sides = [Sides(plan, side.baseline, side.window) for plan, side in zip(plans, sides)]
    if again:
        recounted = await count_both(reader, baseline, window, [plans[n] for n in again])
        for n, side in zip(again, recounted):
            sides[n] = side
    return sides


def with_values(side: Sides) -> Plan:
    """The plan of a feature with the values that were found of it, the most frequent of either side."""
    plan, b, w = side.plan, side.baseline, side.window
    if not isinstance(b, query.CategoricalCounts) or not isinstance(w, query.CategoricalCounts):
        return plan
    complete = b.complete and w.complete
    at_most = None if complete else LISTED_VALUES
    first, then = _by_frequency(b.values)[:at_most], _by_frequency(w.values)[:at_most]
    return Plan(plan.pair, None, tuple(dict.fromkeys([*first, *then])), complete)


def _by_frequency(values: Mapping[str, int]) -> list[str]:
    """The most frequent first; equal ones by name, which a second sort leaves as they are."""
    return sorted(sorted(values), key=values.__getitem__, reverse=True)


async def count_both(reader: Reader, baseline: Frame, window: Frame, plans: Sequence[Plan]) -> list[Sides]:
    """These features on both sides."""
    # One after the other: files are read by large pieces, and those of both at once would take twice the memory.
    b = await count_side(reader, baseline, plans, "baseline", None)
    w = await count_side(reader, window, plans, "window", None)
    return [Sides(plan, x, y) for plan, x, y in zip(plans, b[None], w[None])]


async def count_side(
    reader: Reader, frame: Frame, plans: Sequence[Plan], side: SideName, by: groups.By | None
) -> dict[groups.Group, list[query.Counts]]:
    """These features on one side, by group, in one statement."""
    features = [plan.feature(side) for plan in plans]
    answered = await query.counts(reader, frame, [f for f in features if f is not None], by)
    counted: dict[groups.Group, list[query.Counts]] = {}
    for group, (rows, found) in answered.items():
        there = iter(found)
        counted[group] = [
            missing(plan, rows) if feature is None else next(there) for plan, feature in zip(plans, features)
        ]
    return counted


def missing(plan: Plan, rows: int) -> query.Counts:
    """Counts of a side that has no such column."""
    presence = Presence(rows, 0, rows)
    if plan.edges is None:
        return query.CategoricalCounts(presence, {}, True)
    return query.NumericCounts(presence, (0,) * (len(plan.edges) + 1), None, None, None, None)
