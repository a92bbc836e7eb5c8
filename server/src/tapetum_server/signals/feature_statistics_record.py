"""Feature statistics as a flat record: what the door takes, commands print, and the view has as columns."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from tapetum_server.signals.feature_statistics import Bucket, DatasetStatistics, FeatureStatistics

Record = dict[str, Any]


def records_of(dataset: DatasetStatistics) -> list[Record]:
    """One record per feature. What nobody knows is absent."""
    return [
        {"slice": dataset.slice, "rows": dataset.rows, "weighted_rows": dataset.weighted_rows, **record_of(feature)}
        for feature in dataset.features
    ]


def record_of(feature: FeatureStatistics) -> Record:
    """One feature, without the rows that it was counted over."""
    counts, numeric, text = feature.counts, feature.numeric, feature.text
    found: Record = {
        "feature": feature.feature, "kind": feature.kind, "type": feature.type, "present": counts.present,
        "missing": counts.missing, "value_count": counts.values, "min_values": counts.fewest,
        "max_values": counts.most, "lengths": _triples(counts.lengths),
    }  # fmt: skip
    if numeric is not None:
        found |= {
            "finite": numeric.finite, "nan_count": numeric.nan, "negative_infinity": numeric.negative_infinity,
            "positive_infinity": numeric.positive_infinity, "zeros": numeric.zeros, "mean": _known(numeric.mean),
            "std_dev": _known(numeric.std_dev), "min": _known(numeric.minimum), "median": _known(numeric.median),
            "max": _known(numeric.maximum), "points": list(numeric.points),
            "standard_histogram": _triples(numeric.standard), "quantiles_histogram": _triples(numeric.quantiles),
        }  # fmt: skip
    if text is not None:
        found |= {
            "unique": text.unique, "unique_exact": text.unique_exact,
            "avg_length": text.total_bytes / counts.values if counts.values else None,
            "shortest": text.shortest, "longest": text.longest, "invalid_utf8": text.not_utf8,
            "top_values": [value for value, _ in text.values], "top_frequencies": [count for _, count in text.values],
        }  # fmt: skip
    if feature.weighted is not None:
        weighted = record_of(feature.weighted)
        found["weighted"] = {name: value for name, value in weighted.items() if name not in ("feature", "kind", "type")}
    return {name: value for name, value in found.items() if value is not None}


def _known(value: float) -> float | str | None:
    return None if math.isnan(value) else number(value)


def number(value: float) -> float | str:
    """JSON has no infinities: they are texts."""
    return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")


def _triples(buckets: Iterable[Bucket]) -> list[list[float | str]]:
    """Low, high and count of each bucket."""
    return [[number(bucket.low), number(bucket.high), bucket.count] for bucket in buckets]
