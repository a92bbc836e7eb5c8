"""Feature statistics into rows of `feature_statistics_rows`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson
import pyarrow as pa

from tapetum_server.signals.feature_statistics import Bucket, FeatureStatistics, NumericStatistics, TextStatistics
from tapetum_server.signals.feature_statistics_batch import FeatureStatisticsBatch
from tapetum_server.signals.feature_statistics_record import record_of
from tapetum_server.store import columns as col

_BUCKETS = pa.list_(pa.struct([(name, pa.float64()) for name in ("low", "high", "count")]))
_WITHOUT = ("feature", "kind", "type")


def feature_statistics_rows(batch: FeatureStatisticsBatch, ingested_at: int) -> pa.Table:
    """One row per feature. What is said last of the same rows and feature holds."""
    count, rows = len(batch), batch.rows
    found = [row.statistics for row in rows]

    def number(of: Callable[[NumericStatistics], float]) -> pa.Array:
        values = [None if one.numeric is None else of(one.numeric) for one in found]
        return pa.array([None if v is None or math.isnan(v) else float(v) for v in values], pa.float64())

    def text(of: Callable[[TextStatistics], float], kind: pa.DataType) -> pa.Array:
        return pa.array([None if one.text is None else of(one.text) for one in found], kind)

    return pa.table(
        {
            "project": col.same(batch.project, count),
            "dataset": col.names([row.dataset for row in rows]),
            "model": col.names([row.model for row in rows]),
            "version": col.names([row.version for row in rows]),
            "window_end": col.times([row.window_end for row in rows]),
            "window_start": col.times([row.window_start for row in rows]),
            "slice": col.names([row.slice for row in rows]),
            "feature": col.names([one.feature for one in found]),
            "said": col.repeated(ingested_at, count, "u8"),
            "ingested_at": col.moment(ingested_at, count),
            "position": pa.array([row.position for row in rows], pa.uint32()),
            "kind": col.names([one.kind for one in found]),
            "type": col.names([one.type for one in found]),
            "rows": pa.array([row.rows for row in rows], pa.uint64()),
            "weighted_rows": pa.array([row.weighted_rows for row in rows], pa.float64()),
            "present": _floats(one.counts.present for one in found),
            "missing": _floats(one.counts.missing for one in found),
            "value_count": _floats(one.counts.values for one in found),
            "min_values": pa.array([one.counts.fewest for one in found], pa.uint64()),
            "max_values": pa.array([one.counts.most for one in found], pa.uint64()),
            "lengths": _buckets([one.counts.lengths for one in found]),
            "finite": number(lambda n: n.finite),
            "nan_count": number(lambda n: n.nan),
            "negative_infinity": number(lambda n: n.negative_infinity),
            "positive_infinity": number(lambda n: n.positive_infinity),
            "zeros": number(lambda n: n.zeros),
            "mean": number(lambda n: n.mean),
            "squared_deviations": number(lambda n: n.squared_deviations),
            "min": number(lambda n: n.minimum),
            "max": number(lambda n: n.maximum),
            "points": pa.array([list(one.numeric.points) if one.numeric else [] for one in found], _FLOATS),
            "standard_histogram": _buckets([one.numeric.standard if one.numeric else () for one in found]),
            "quantiles_histogram": _buckets([one.numeric.quantiles if one.numeric else () for one in found]),
            "unique": text(lambda t: t.unique, pa.uint64()),
            "unique_exact": pa.array([one.text.unique_exact if one.text else True for one in found], pa.bool_()),
            "total_bytes": text(lambda t: float(t.total_bytes), pa.float64()),
            "shortest": text(lambda t: t.shortest, pa.uint64()),
            "longest": text(lambda t: t.longest, pa.uint64()),
            "invalid_utf8": text(lambda t: t.not_utf8, pa.uint64()),
            "top_values": pa.array([[value for value, _ in _values(one)] for one in found], pa.list_(pa.string())),
            "top_frequencies": pa.array([[float(times) for _, times in _values(one)] for one in found], _FLOATS),
            "weighted": col.texts([_weighted(one) for one in found]),
        }
    )


_FLOATS = pa.list_(pa.float64())


def _floats(values: Iterable[float]) -> pa.Array:
    return pa.array([float(value) for value in values], pa.float64())


def _values(one: FeatureStatistics) -> Sequence[tuple[str, float]]:
    return one.text.values if one.text else ()


def _buckets(rows: Iterable[Sequence[Bucket]]) -> pa.Array:
    return pa.array(
        [[{"low": one.low, "high": one.high, "count": one.count} for one in row] for row in rows], _BUCKETS
    )  # fmt: skip


def _weighted(one: FeatureStatistics) -> str:
    """As JSON: few ask for it."""
    if one.weighted is None:
        return ""
    told: dict[str, Any] = {name: value for name, value in record_of(one.weighted).items() if name not in _WITHOUT}
    return orjson.dumps(told).decode()
