"""Statistics of several windows into those of all their rows, without the rows: any range is a merge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tapetum_server.detectors.feature_statistics.complete import with_histograms
from tapetum_server.signals.feature_statistics import (
    MOST_VALUES,
    POINTS,
    Bucket,
    Counts,
    DatasetStatistics,
    FeatureStatistics,
    NumericStatistics,
    TextStatistics,
)

Floats = NDArray[np.float64]


def merged(parts: Sequence[DatasetStatistics]) -> DatasetStatistics:
    """Of the rows of all parts, feature by feature, in the order of the first part that has each.

    A part that has no statistics of a feature had none of its values. A feature whose values are numbers in one part
    and texts in another is as the part with the most values has it.
    """
    if len(parts) == 1:
        return parts[0]
    names = dict.fromkeys(feature.feature for part in parts for feature in part.features)
    rows = sum(part.rows for part in parts)
    held: dict[str, list[FeatureStatistics]] = {name: [] for name in names}
    for part in parts:
        for feature in part.features:
            held[feature.feature].append(feature)
    weighted = [part.weighted_rows for part in parts if part.weighted_rows is not None]
    found = DatasetStatistics(
        slice=parts[0].slice,
        rows=rows,
        weighted_rows=sum(weighted) if len(weighted) == len(parts) else None,
        features=tuple(_feature(some, rows) for some in held.values()),
    )
    return with_histograms(found)


def _feature(parts: Sequence[FeatureStatistics], rows: float) -> FeatureStatistics:
    chief = max(parts, key=lambda part: part.counts.values)
    alike = [p for p in parts if (p.numeric is None, p.text is None) == (chief.numeric is None, chief.text is None)]
    present = sum(part.counts.present for part in alike)
    weighted = [part.weighted for part in alike if part.weighted is not None]
    return replace(
        chief,
        counts=_counts([part.counts for part in alike], present, rows - present),
        numeric=_numeric([part.numeric for part in alike if part.numeric is not None]),
        text=_text([part.text for part in alike if part.text is not None]),
        weighted=_weighted(weighted) if weighted and len(weighted) == len(alike) else None,
    )


def _weighted(parts: Sequence[FeatureStatistics]) -> FeatureStatistics:
    return _feature(parts, sum(part.counts.present + part.counts.missing for part in parts))


def _counts(parts: Sequence[Counts], present: float, missing: float) -> Counts:
    filled = [part for part in parts if part.present]
    if not filled:
        return Counts(present=present, missing=missing, values=0, fewest=0, most=0)
    lengths: tuple[Bucket, ...] = ()
    drawn = [part for part in filled if part.lengths]
    if drawn:
        edges = [np.array([part.lengths[0].low, *(bucket.high for bucket in part.lengths)]) for part in drawn]
        points = _at_equal_ranks(edges, [part.present for part in drawn], len(edges[0]))
        each = present / (len(points) - 1)
        lengths = tuple(Bucket(float(a), float(b), each) for a, b in pairwise(points))
    return Counts(
        present=present,
        missing=missing,
        values=sum(part.values for part in filled),
        fewest=min(part.fewest for part in filled),
        most=max(part.most for part in filled),
        lengths=lengths,
    )


def _numeric(parts: Sequence[NumericStatistics]) -> NumericStatistics | None:
    if not parts:
        return None
    apart = NumericStatistics(
        nan=sum(part.nan for part in parts),
        negative_infinity=sum(part.negative_infinity for part in parts),
        positive_infinity=sum(part.positive_infinity for part in parts),
        zeros=sum(part.zeros for part in parts),
    )
    filled = [part for part in parts if part.finite]
    if not filled:
        return apart
    sizes = np.array([part.finite for part in filled])
    means = np.array([part.mean for part in filled])
    total = float(sizes.sum())
    # Distances from one of the means, so that nothing is lost where all are far from 0.
    mean = float(means[0] + ((means - means[0]) * sizes).sum() / total)
    spread = sum(part.squared_deviations for part in filled) + float((sizes * (means - mean) ** 2).sum())
    drawn = [part for part in filled if part.points]
    points: tuple[float, ...] = ()
    low = min((part.minimum for part in filled if not math.isnan(part.minimum)), default=math.nan)
    high = max((part.maximum for part in filled if not math.isnan(part.maximum)), default=math.nan)
    if drawn:
        inner = _at_equal_ranks([np.array(part.points) for part in drawn], [part.finite for part in drawn], POINTS)
        points = tuple(float(value) for value in inner)
    return replace(
        apart, finite=total, mean=mean, squared_deviations=spread, minimum=low, maximum=high, points=points
    )  # fmt: skip


def _at_equal_ranks(parts: Sequence[Floats], sizes: Sequence[float], count: int) -> Floats:
    """`count` values at equal steps of rank of all parts, from such values of each and how many rows it stands for."""
    values = np.concatenate(parts)
    weights = []
    for part, size in zip(parts, sizes):
        # Each stands for the rows half way to its neighbours.
        each = np.full(len(part), size / max(1, len(part) - 1))
        if len(part) > 1:
            each[0] = each[-1] = each[0] / 2
        weights.append(each)
    order = np.argsort(values, kind="stable")
    values, weight = values[order], np.concatenate(weights)[order]
    below = np.cumsum(weight)
    wanted = np.linspace(0, below[-1], count)
    # A value that is there, and none between two.
    found = values[np.minimum(np.searchsorted(below, wanted), len(values) - 1)]
    found[0], found[-1] = values[0], values[-1]
    return np.asarray(found)


def _text(parts: Sequence[TextStatistics]) -> TextStatistics | None:
    if not parts:
        return None
    counted: dict[str, float] = {}
    for part in parts:
        for value, count in part.values:
            counted[value] = counted.get(value, 0.0) + count
    whole = all(part.unique_exact and part.unique <= len(part.values) for part in parts)
    frequent = sorted(counted.items(), key=lambda pair: (pair[1], pair[0]), reverse=True)
    return TextStatistics(
        # Where not every value was kept there are at least as many as in any part, and as are named.
        unique=len(counted) if whole else max(len(counted), *(part.unique for part in parts)),
        unique_exact=whole,
        total_bytes=sum(part.total_bytes for part in parts),
        shortest=min((part.shortest for part in parts if part.longest), default=0),
        longest=max(part.longest for part in parts),
        not_utf8=sum(part.not_utf8 for part in parts),
        values=tuple(frequent[:MOST_VALUES]),
    )
