"""Our statistics into TFDV's messages, which its visualiser and its validation read."""

from __future__ import annotations

import math
from collections.abc import Iterable

from tensorflow_metadata.proto.v0 import statistics_pb2 as tfdv

from tapetum_server.signals.feature_statistics import (
    ALL_ROWS,
    Bucket,
    Counts,
    DatasetStatistics,
    FeatureStatistics,
    NumericStatistics,
    TextStatistics,
)

TOP_VALUES = 20
"""As in TFDV; the rank histogram has the others."""


def statistics_list(datasets: Iterable[DatasetStatistics]) -> tfdv.DatasetFeatureStatisticsList:
    """All slices in TFDV's message. One that stands alone has no name there."""
    every = list(datasets)
    found = tfdv.DatasetFeatureStatisticsList(datasets=[dataset_message(one) for one in every])
    if len(every) == 1 and every[0].slice == ALL_ROWS:
        found.datasets[0].ClearField("name")
    return found


def dataset_message(dataset: DatasetStatistics) -> tfdv.DatasetFeatureStatistics:
    """One slice in TFDV's message."""
    return tfdv.DatasetFeatureStatistics(
        name=dataset.slice,
        num_examples=dataset.rows,
        weighted_num_examples=dataset.weighted_rows or 0.0,
        features=[feature_message(one) for one in dataset.features],
    )


def feature_message(feature: FeatureStatistics) -> tfdv.FeatureNameStatistics:
    """One feature in TFDV's message."""
    found = tfdv.FeatureNameStatistics(
        path={"step": [feature.feature]}, type=tfdv.FeatureNameStatistics.Type.Value(feature.type)
    )
    common = _common(feature.counts)
    weighted = feature.weighted
    if weighted is not None:
        common.weighted_common_stats.CopyFrom(_weighted_common(weighted.counts))
    if feature.numeric is not None:
        found.num_stats.CopyFrom(_numeric(feature.numeric))
        found.num_stats.common_stats.CopyFrom(common)
        if weighted is not None and weighted.numeric is not None:
            found.num_stats.weighted_numeric_stats.CopyFrom(_weighted_numeric(weighted.numeric))
    elif feature.text is not None:
        found.string_stats.CopyFrom(_text(feature.text, feature.counts.values))
        found.string_stats.common_stats.CopyFrom(common)
        if weighted is not None and weighted.text is not None:
            told = found.string_stats.weighted_string_stats
            told.top_values.extend(_top_values(weighted.text))
            told.rank_histogram.CopyFrom(_rank_histogram(weighted.text))
    else:
        found.struct_stats.common_stats.CopyFrom(common)
    return found


def _common(counts: Counts) -> tfdv.CommonStatistics:
    return tfdv.CommonStatistics(
        num_non_missing=int(counts.present),
        num_missing=int(counts.missing),
        min_num_values=counts.fewest,
        max_num_values=counts.most,
        avg_num_values=counts.values / counts.present if counts.present else 0.0,
        tot_num_values=int(counts.values),
        num_values_histogram=_histogram(counts.lengths, tfdv.Histogram.QUANTILES) if counts.lengths else None,
    )


def _weighted_common(counts: Counts) -> tfdv.WeightedCommonStatistics:
    return tfdv.WeightedCommonStatistics(
        num_non_missing=counts.present,
        num_missing=counts.missing,
        avg_num_values=counts.values / counts.present if counts.present else 0.0,
        tot_num_values=counts.values,
    )


def _numeric(numeric: NumericStatistics) -> tfdv.NumericStatistics:
    mean, std_dev, low, high = _moments(numeric)
    return tfdv.NumericStatistics(
        mean=mean, std_dev=std_dev, num_zeros=int(numeric.zeros), min=low, max=high, median=_or_zero(numeric.median),
        histograms=_histograms(numeric),
    )  # fmt: skip


def _weighted_numeric(numeric: NumericStatistics) -> tfdv.WeightedNumericStatistics:
    mean, std_dev, _, _ = _moments(numeric)
    return tfdv.WeightedNumericStatistics(
        mean=mean, std_dev=std_dev, median=_or_zero(numeric.median), histograms=_histograms(numeric)
    )


def _moments(numeric: NumericStatistics) -> tuple[float, float, float, float]:
    """Mean, deviation, least and greatest as TFDV has them: a value that is not finite spoils the first two."""
    low = -math.inf if numeric.negative_infinity else numeric.minimum
    high = math.inf if numeric.positive_infinity else numeric.maximum
    if not numeric.finite:
        low = -math.inf if numeric.negative_infinity else high
        high = math.inf if numeric.positive_infinity else low
    if numeric.nan or numeric.negative_infinity or numeric.positive_infinity:
        return math.nan, 0.0, _or_zero(low), _or_zero(high)
    return _or_zero(numeric.mean), _or_zero(numeric.std_dev), _or_zero(low), _or_zero(high)


def _or_zero(value: float) -> float:
    """TFDV leaves out what no value says, and what is left out reads as 0."""
    return 0.0 if math.isnan(value) else value


def _histograms(numeric: NumericStatistics) -> list[tfdv.Histogram]:
    if not (numeric.standard or numeric.quantiles or numeric.nan):
        return []
    found = [
        _histogram(numeric.standard, tfdv.Histogram.STANDARD), _histogram(numeric.quantiles, tfdv.Histogram.QUANTILES)
    ]  # fmt: skip
    for histogram in found:
        histogram.num_nan = round(numeric.nan)
    return found


def _histogram(buckets: Iterable[Bucket], kind: tfdv.Histogram.HistogramType.ValueType) -> tfdv.Histogram:
    return tfdv.Histogram(
        buckets=[
            tfdv.Histogram.Bucket(low_value=one.low, high_value=one.high, sample_count=one.count) for one in buckets
        ],
        type=kind,
    )  # fmt: skip


def _text(text: TextStatistics, values: float) -> tfdv.StringStatistics:
    return tfdv.StringStatistics(
        unique=text.unique,
        top_values=_top_values(text),
        avg_length=text.total_bytes / values if values else 0.0,
        rank_histogram=_rank_histogram(text),
        invalid_utf8_count=text.not_utf8,
    )


def _top_values(text: TextStatistics) -> list[tfdv.StringStatistics.FreqAndValue]:
    return [
        tfdv.StringStatistics.FreqAndValue(value=value, frequency=count) for value, count in text.values[:TOP_VALUES]
    ]  # fmt: skip


def _rank_histogram(text: TextStatistics) -> tfdv.RankHistogram:
    return tfdv.RankHistogram(
        buckets=[
            tfdv.RankHistogram.Bucket(low_rank=rank, high_rank=rank, label=value, sample_count=count)
            for rank, (value, count) in enumerate(text.values)
        ]
    )
