"""Statistics that are kept of a feature, as counts over the bins and values that both sides share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tapetum_server.analysis.drift.pairing import Pair
from tapetum_server.analysis.drift.plans import Plan, Sides, missing, with_values
from tapetum_server.detectors.drift.bins import inner_edges
from tapetum_server.detectors.drift.values import SortedValues
from tapetum_server.detectors.drift.verdict import Presence
from tapetum_server.detectors.feature_statistics.histograms import ranks
from tapetum_server.query import drift as query
from tapetum_server.query.frames import Frame, FrameColumn, Kind
from tapetum_server.signals.feature_statistics import POINTS, DatasetStatistics, FeatureStatistics, NumericStatistics

Features = Mapping[str, FeatureStatistics]


def frame_of(statistics: DatasetStatistics) -> Frame:
    """What columns the rows had; there are no rows."""
    kinds: tuple[Kind, ...] = ("numeric", "boolean", "categorical", "numeric_list", "categorical_list", "time")
    return Frame(
        "",
        tuple(
            FrameColumn(one.feature, next((kind for kind in kinds if kind == one.kind), "other"), "")
            for one in statistics.features
        ),
    )


def state_sides(
    pairs: Sequence[Pair], baseline: Features, window: Features, rows: tuple[int, int], bins: int
) -> list[Sides]:
    """Each feature counted on both sides, over bins that come from the baseline's kept ranks."""
    found = []
    for pair in pairs:
        edges = kept_edges(baseline[pair.name].numeric, bins) if pair.kind == "numeric" else None
        plan = Plan(pair, edges, (), True)
        side = Sides(plan, counts_of(plan, baseline, rows[0]), counts_of(plan, window, rows[1]))
        found.append(Sides(with_values(side), side.baseline, side.window))
    return found


def kept_edges(numeric: NumericStatistics | None, bins: int) -> tuple[float, ...]:
    """Between bins with equal shares of the values, by their kept ranks."""
    if numeric is None or not numeric.points:
        return ()
    levels = np.arange(1, bins) / bins
    quantiles = np.interp(levels * (POINTS - 1), np.arange(len(numeric.points)), numeric.points)
    return tuple(float(edge) for edge in inner_edges(quantiles))


def counts_of(plan: Plan, features: Features, rows: int) -> query.Counts:
    """Of one side; bins share what is kept of the ranks."""
    one = features.get(plan.pair.name)
    if one is None:
        return missing(plan, rows)
    absent = rows - round(one.counts.present)
    numeric = one.numeric
    if plan.edges is not None:
        if numeric is None:
            return missing(plan, rows)
        apart = round(numeric.nan), round(numeric.positive_infinity), round(numeric.negative_infinity)
        values = round(numeric.finite)
        presence = Presence(rows, values, absent, *apart)
        if not values:
            return query.NumericCounts(presence, (0,) * (len(plan.edges) + 1), None, None, None, None)
        below = np.rint(ranks(np.asarray(numeric.points), np.asarray(plan.edges)) * values).astype(np.int64)
        held = np.diff(np.concatenate(([0], below, [values])))
        moments = numeric.mean, numeric.std_dev, numeric.minimum, numeric.maximum
        return query.NumericCounts(presence, tuple(held.tolist()), *moments)
    if numeric is not None:
        # Truth values are kept as the numbers 0 and 1.
        no, values = round(numeric.zeros), round(numeric.finite)
        both = {"false": no, "true": values - no}
        return query.CategoricalCounts(Presence(rows, values, absent), {k: n for k, n in both.items() if n}, True)
    values = round(one.counts.present)
    text = one.text
    named: dict[str, int] = {}
    if text is not None and text.values:
        words, times = zip(*text.values)
        named = dict(zip(words, np.rint(times).astype(np.int64).tolist()))
    whole = text is None or (text.unique_exact and len(named) == text.unique)
    return query.CategoricalCounts(Presence(rows, values, absent), named, whole and len(named) < query.MAX_VALUES)


def sampled(one: FeatureStatistics | None) -> SortedValues | None:
    """The values at equal steps of rank as if they were the sample, each as often as it stands for values."""
    if one is None or one.numeric is None or not one.numeric.points:
        return None
    points = np.asarray(one.numeric.points)
    weights = np.full(len(points), one.numeric.finite / max(1, len(points) - 1))
    if len(points) > 1:
        weights[[0, -1]] /= 2
    distinct, inverse = np.unique(points, return_inverse=True)
    return SortedValues.of(distinct, np.bincount(inverse, weights=weights))
