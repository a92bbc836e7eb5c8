"""TFDV's messages into our statistics: histograms as they are, and values at equal steps of rank from them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from tensorflow_metadata.proto.v0 import statistics_pb2 as tfdv

from tapetum_server.signals.feature_statistics import (
    ALL_ROWS,
    POINTS,
    Bucket,
    Counts,
    DatasetStatistics,
    FeatureStatistics,
    NumericStatistics,
    TextStatistics,
    ValueType,
)

_TYPES: dict[int, ValueType] = {0: "INT", 1: "FLOAT", 2: "STRING", 3: "BYTES", 4: "STRUCT"}


def datasets_of(found: tfdv.DatasetFeatureStatisticsList) -> list[DatasetStatistics]:
    """Each slice of the message. Correlations between features and custom statistics are not taken."""
    return [
        DatasetStatistics(
            slice=one.name or ALL_ROWS,
            rows=int(one.num_examples),
            weighted_rows=float(one.weighted_num_examples) or None,
            features=tuple(feature_of(feature) for feature in one.features),
        )
        for one in found.datasets
    ]


def feature_of(given: tfdv.FeatureNameStatistics) -> FeatureStatistics:
    """One feature; the steps of its path are joined by dots."""
    what = given.WhichOneof("stats")
    name = ".".join(given.path.step) or given.name
    kind = _TYPES.get(given.type, "STRUCT")
    if what is None:
        return FeatureStatistics(
            feature=name, kind="other", type=kind, counts=Counts(present=0, missing=0, values=0, fewest=0, most=0)
        )
    said = getattr(given, what)
    common = said.common_stats
    counts = Counts(
        present=int(common.num_non_missing),
        missing=int(common.num_missing),
        values=int(common.tot_num_values),
        fewest=int(common.min_num_values),
        most=int(common.max_num_values),
        lengths=_buckets(common.num_values_histogram.buckets),
    )
    numeric = text = None
    listed = counts.most > 1
    if what == "num_stats":
        numeric = _numeric(said, said.num_zeros, counts.values)
    elif what == "string_stats":
        text = _text(said, counts.values)
    elif what == "bytes_stats":
        text = TextStatistics(
            unique=int(said.unique),
            total_bytes=said.avg_num_bytes * counts.values,
            shortest=int(said.min_num_bytes),
            longest=int(said.max_num_bytes_int or said.max_num_bytes),
        )
    return FeatureStatistics(
        feature=name,
        kind=_kind(numeric is not None, text is not None, listed),
        type=kind,
        counts=counts,
        numeric=numeric,
        text=text,
        weighted=_weighted(name, kind, said, counts),
    )


def _kind(numeric: bool, text: bool, listed: bool) -> str:
    if not numeric and not text:
        return "other"
    return ("numeric" if numeric else "categorical") + ("_list" if listed else "")


def _numeric(said: Any, zeros: int, values: float) -> NumericStatistics:
    standard = quantiles = None
    for histogram in said.histograms:
        if histogram.type == tfdv.Histogram.QUANTILES:
            quantiles = histogram
        else:
            standard = histogram
    drawn = standard if standard is not None else quantiles
    nan = float(drawn.num_nan) if drawn is not None else 0.0
    low_inf, high_inf = _infinities(standard.buckets if standard is not None else ())
    finite = max(0.0, values - nan - low_inf - high_inf)
    straight = _buckets(standard.buckets) if standard is not None else ()
    even = _buckets(quantiles.buckets) if quantiles is not None else ()
    inner = [bucket for bucket in straight if math.isfinite(bucket.low) and math.isfinite(bucket.high)]
    low = getattr(said, "min", inner[0].low if inner else math.nan)
    high = getattr(said, "max", inner[-1].high if inner else math.nan)
    if not math.isfinite(low):
        low = inner[0].low if inner else math.nan
    if not math.isfinite(high):
        high = inner[-1].high if inner else math.nan
    if not finite:
        low = high = math.nan
    std_dev = said.std_dev if math.isfinite(said.std_dev) and math.isfinite(said.mean) else math.nan
    return NumericStatistics(
        finite=finite,
        nan=nan,
        negative_infinity=low_inf,
        positive_infinity=high_inf,
        zeros=int(zeros),
        mean=said.mean if finite else math.nan,
        squared_deviations=std_dev * std_dev * finite,
        minimum=low,
        maximum=high,
        points=_points(even, low, high) if finite else (),
        standard=straight,
        quantiles=even,
    )


def _infinities(buckets: Iterable[Any]) -> tuple[float, float]:
    """Values of buckets that hold infinities alone."""
    low = high = 0.0
    for bucket in buckets:
        if bucket.low_value == bucket.high_value == -math.inf:
            low += bucket.sample_count
        elif bucket.low_value == bucket.high_value == math.inf:
            high += bucket.sample_count
    return low, high


def _points(buckets: tuple[Bucket, ...], low: float, high: float) -> tuple[float, ...]:
    """Values at equal steps of rank: evenly between the edges of the buckets of equal count."""
    if not buckets or math.isnan(low) or math.isnan(high):
        return ()
    edges = np.clip([buckets[0].low, *(bucket.high for bucket in buckets)], low, high)
    share = np.cumsum([0.0, *(bucket.count for bucket in buckets)])
    if not share[-1]:
        return ()
    return tuple(float(v) for v in np.interp(np.linspace(0, 1, POINTS), share / share[-1], edges))


def _text(said: Any, values: float) -> TextStatistics:
    ranked = [(bucket.label, float(bucket.sample_count)) for bucket in said.rank_histogram.buckets]
    top = [(one.value, float(one.frequency)) for one in said.top_values]
    return TextStatistics(
        unique=int(getattr(said, "unique", 0)),
        total_bytes=getattr(said, "avg_length", 0.0) * values,
        not_utf8=int(getattr(said, "invalid_utf8_count", 0)),
        values=tuple(ranked or top),
    )


def _weighted(name: str, kind: ValueType, said: Any, counts: Counts) -> FeatureStatistics | None:
    common = said.common_stats
    if not common.HasField("weighted_common_stats"):
        return None
    weighed = common.weighted_common_stats
    total = float(weighed.tot_num_values)
    numeric = text = None
    if isinstance(said, tfdv.NumericStatistics) and said.HasField("weighted_numeric_stats"):
        numeric = _numeric(said.weighted_numeric_stats, said.num_zeros, total)
    elif isinstance(said, tfdv.StringStatistics) and said.HasField("weighted_string_stats"):
        text = _text(said.weighted_string_stats, total)
    return FeatureStatistics(
        feature=name,
        kind=_kind(numeric is not None, text is not None, counts.most > 1),
        type=kind,
        counts=Counts(
            present=float(weighed.num_non_missing), missing=float(weighed.num_missing), values=total,
            fewest=counts.fewest, most=counts.most,
        ),
        numeric=numeric,
        text=text,
    )  # fmt: skip


def _buckets(given: Iterable[Any]) -> tuple[Bucket, ...]:
    return tuple(Bucket(one.low_value, one.high_value, one.sample_count) for one in given)
