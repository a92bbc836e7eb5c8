"""Feature statistics of many windows added up in the engine: what comes back is as small as those of one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.statement import Parameters, Statement
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

ADDED_VALUES = 2 * MOST_VALUES
"""Different values whose frequencies are added up exactly; of more, the frequent ones."""
_LEVELS = ", ".join(f"{step / (POINTS - 1):g}" for step in range(POINTS))
_DECILES = ", ".join(f"{step / 10:g}" for step in range(11))
_PARTS_OF_ROWS = 1_000
"""The engine takes whole weights: a value stands for so many parts of a row."""
Row = Mapping[str, Any]


async def added_statistics(
    reader: Reader, where: Sequence[str], parameters: Parameters, *, rows: int, slice: str
) -> DatasetStatistics:
    """Of all windows that meet the conditions, which hold `rows` rows together. Histograms are not made yet.

    A window that has no statistics of a feature had none of its values. A feature whose values are numbers in one
    window and texts in another is as most of its values are.
    """
    found: dict[str, Row] = {}
    for row in rows_of(await reader.query(*added_statement(where, parameters))):
        chief = found.get(row["feature"])
        if chief is None or row["total"] > chief["total"]:
            found[row["feature"]] = row
    features = tuple(
        _feature(row, rows) for row in sorted(found.values(), key=lambda row: (int(row["place"]), row["feature"]))
    )
    return DatasetStatistics(slice=slice, rows=rows, features=features)


def added_statement(where: Sequence[str], parameters: Parameters) -> Statement:
    """One row per feature: sums, what moments are added up from, ranks and frequent values of all windows."""
    # The points at both ends stand for half as many rows as the others.
    weights = (
        f"arrayMap((p, i) -> toUInt64(finite * {_PARTS_OF_ROWS} / greatest(length(points) - 1, 1)"
        " / if(length(points) > 1 AND (i = 1 OR i = length(points)), 2, 1)), points, arrayEnumerate(points))"
    )
    edges = "if(max_values < 2 OR empty(lengths), [], arrayPushFront(tupleElement(lengths, 'high'), lengths[1].low))"
    sql = f"""SELECT feature, any(kind) AS its_kind, any(type) AS its_type, min(position) AS place,
    sum(value_count) AS total, sum(present) AS held, minIf(min_values, present > 0) AS fewest, max(max_values) AS most,
    quantilesExactWeightedArray({_DECILES})({edges}, arrayMap(e -> toUInt64(present), {edges})) AS edges,
    isNotNull(finite) AS numeric, isNotNull(unique) AS text,
    groupArray(ifNull(finite, 0)) AS sizes, groupArray(ifNull(mean, nan)) AS means,
    sum(ifNull(squared_deviations, if(finite > 0, nan, 0))) AS within,
    sum(ifNull(nan_count, 0)) AS nans, sum(ifNull(negative_infinity, 0)) AS low_inf,
    sum(ifNull(positive_infinity, 0)) AS high_inf, sum(ifNull(zeros, 0)) AS all_zeros, min(min) AS least,
    max(max) AS greatest, quantilesExactWeightedArray({_LEVELS})(points, {weights}) AS ranked,
    max(unique) AS most_unique, min(unique_exact AND unique <= length(top_values)) AS whole,
    sum(ifNull(total_bytes, 0)) AS bytes, minIf(shortest, longest > 0) AS least_bytes, max(longest) AS most_bytes,
    sum(ifNull(invalid_utf8, 0)) AS not_utf8,
    arrayReverseSort(t -> (t.2, t.1), approx_top_sumArray({ADDED_VALUES}, {ADDED_VALUES})(
        top_values, arrayMap(f -> toUInt64(round(f)), top_frequencies))) AS often,
    length(often) AS named, arrayMap(t -> t.1, arraySlice(often, 1, {MOST_VALUES})) AS words,
    arrayMap(t -> t.2, arraySlice(often, 1, {MOST_VALUES})) AS frequencies
FROM (
    SELECT toString(feature) AS feature, toString(kind) AS kind, toString(type) AS type, position, present, value_count,
        min_values, max_values, lengths, finite, nan_count, negative_infinity, positive_infinity, zeros, mean,
        squared_deviations, min, max, points, unique, unique_exact, total_bytes, shortest, longest, invalid_utf8,
        top_values, top_frequencies
    FROM feature_statistics_rows FINAL
    WHERE {" AND ".join(where)}
)
GROUP BY feature, numeric, text"""
    return Statement(sql, parameters.values)


def _feature(row: Row, rows: int) -> FeatureStatistics:
    present = float(row["held"])
    edges = [1.0] * 11 if int(row["most"]) < 2 else [float(edge) for edge in row["edges"]]
    counts = Counts(
        present=present,
        missing=rows - present,
        values=float(row["total"]),
        fewest=int(row["fewest"]),
        most=int(row["most"]),
        lengths=tuple(Bucket(low, high, present / 10) for low, high in pairwise(edges)) if present else (),
    )
    return FeatureStatistics(
        feature=row["feature"],
        kind=row["its_kind"],
        type=row["its_type"],
        counts=counts,
        numeric=_numeric(row) if row["numeric"] else None,
        text=_text(row) if row["text"] else None,
    )


def _numeric(row: Row) -> NumericStatistics:
    sizes, means = np.asarray(row["sizes"], float), np.asarray(row["means"], float)
    sizes, means = sizes[sizes > 0], means[sizes > 0]
    total = float(sizes.sum())
    mean, between = math.nan, 0.0
    if total:
        # Distances from one of the means, so that nothing is lost where all are far from 0.
        mean = float(means[0] + ((means - means[0]) * sizes).sum() / total)
        between = float((sizes * (means - mean) ** 2).sum())
    least, greatest = (math.nan if row[name] is None else float(row[name]) for name in ("least", "greatest"))
    points = [float(point) for point in row["ranked"]]
    drawn = bool(points) and not math.isnan(points[0]) and not math.isnan(least)
    return NumericStatistics(
        finite=total,
        nan=row["nans"],
        negative_infinity=row["low_inf"],
        positive_infinity=row["high_inf"],
        zeros=row["all_zeros"],
        mean=mean,
        squared_deviations=float(row["within"]) + between,
        minimum=least,
        maximum=greatest,
        points=(least, *points[1:-1], greatest) if drawn and total else (),
    )


def _text(row: Row) -> TextStatistics:
    named = int(row["named"])
    whole = bool(row["whole"]) and named < ADDED_VALUES
    return TextStatistics(
        # Where not every value was kept there are at least as many as in any window, and as are named.
        unique=named if whole else max(named, int(row["most_unique"])),
        unique_exact=whole,
        total_bytes=float(row["bytes"]),
        shortest=int(row["least_bytes"] or 0),
        longest=int(row["most_bytes"] or 0),
        not_utf8=int(row["not_utf8"]),
        values=tuple(zip(row["words"], (float(count) for count in row["frequencies"]))),
    )
