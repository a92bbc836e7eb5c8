"""What feature statistics must look like, and what is wrong with those that do not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import get_args

from tapetum_server.detectors.feature_statistics.histograms import points_of
from tapetum_server.receivers.records import fields
from tapetum_server.receivers.records.fields import Given, Wrong, shown
from tapetum_server.signals.feature_statistics import (
    ALL_ROWS,
    LONGEST_VALUE,
    MOST_VALUES,
    POINTS,
    Bucket,
    Counts,
    FeatureStatistics,
    NumericStatistics,
    TextStatistics,
    ValueType,
)
from tapetum_server.signals.feature_statistics_batch import FeatureStatisticsBatch, StoredStatistics

MAX_STATISTICS = 10_000
"""In one request."""
MAX_NAME_BYTES = 512
"""Of a data set, a model, its version, a slice and a feature."""
MOST_BUCKETS = 1_000
_KINDS = ("numeric", "boolean", "categorical", "numeric_list", "categorical_list", "time", "other")
_COUNTS = ("present", "missing", "value_count", "min_values", "max_values", "lengths")
_NUMERIC = (
    "finite", "nan_count", "negative_infinity", "positive_infinity", "zeros", "mean", "std_dev", "min", "median", "max",
    "points", "standard_histogram", "quantiles_histogram",
)  # fmt: skip
_TEXT = ("unique", "unique_exact", "avg_length", "shortest", "longest", "invalid_utf8", "top_values", "top_frequencies")
_STATISTICS = (*_COUNTS, *_NUMERIC, *_TEXT)
FIELDS = (
    "dataset", "model", "version", "slice", "window_start", "window_end", "rows", "weighted_rows", "feature",
    "position", "kind", "type", *_STATISTICS, "weighted",
)  # fmt: skip


def keep_feature_statistics(batch: FeatureStatisticsBatch, given: object) -> None:
    """Put the statistics of one feature at the end of `batch`. Raises `Wrong`."""
    told = fields.object_of(given, "feature statistics", FIELDS, "leave it out")
    dataset, model = (fields.text(told, name, MAX_NAME_BYTES) for name in ("dataset", "model"))
    if bool(dataset) == bool(model):
        raise Wrong("dataset", "statistics are of a dataset or of a model: name one of the two")
    start, end = fields.time(told, "window_start"), fields.time(told, "window_end")
    if bool(start) != bool(end) or end < start:
        raise Wrong("window_end", "a window has a window_start and a later window_end; a data set need have none")
    if model and not end:
        raise Wrong("window_end", "statistics of a model are of a window: window_start and window_end")
    feature = fields.text(told, "feature", MAX_NAME_BYTES)
    if not feature:
        raise Wrong("feature", "feature names what the statistics are of")
    rows = _count(told, "rows")
    kind = fields.chosen(told, "kind", _KINDS, "categorical" if "unique" in told else "numeric")
    type_name: ValueType = fields.chosen(  # type: ignore[assignment]
        told, "type", get_args(ValueType), "STRING" if "unique" in told else "FLOAT"
    )
    found = _statistics(told, feature, kind, type_name)
    if found.counts.present + found.counts.missing > rows * (1 + 1e-9):
        raise Wrong("present", f"present and missing are more than rows, {rows}")
    weighted = told.get("weighted")
    if weighted is not None:
        inner = fields.object_of(weighted, "weighted", _STATISTICS, "leave it out")
        found = FeatureStatistics(
            feature=feature, kind=kind, type=type_name, counts=found.counts, numeric=found.numeric, text=found.text,
            weighted=_statistics(inner, feature, kind, type_name),
        )  # fmt: skip
    batch.rows.append(
        StoredStatistics(
            dataset=dataset,
            model=model,
            version=fields.text(told, "version", MAX_NAME_BYTES),
            slice=fields.text(told, "slice", MAX_NAME_BYTES) or ALL_ROWS,
            window_start=start,
            window_end=end,
            rows=int(rows),
            weighted_rows=fields.number(told, "weighted_rows"),
            position=int(_count(told, "position", 0)),
            statistics=found,
        )
    )


def feature_of(told: Given) -> FeatureStatistics:
    """The statistics in a record that the server told. Raises `Wrong`."""
    return _statistics(told, str(told["feature"]), str(told["kind"]), told["type"])  # type: ignore[arg-type]


def _statistics(told: Given, feature: str, kind: str, type_name: ValueType) -> FeatureStatistics:
    present = _count(told, "present")
    counts = Counts(
        present=present,
        missing=_count(told, "missing", 0),
        values=_count(told, "value_count", present),
        fewest=int(_count(told, "min_values", 1)),
        most=int(_count(told, "max_values", 1)),
        lengths=_buckets(told, "lengths"),
    )
    numeric, text = None, None
    of_text = [name for name in _TEXT if name in told]
    if any(name in told for name in _NUMERIC):
        if of_text:
            raise Wrong(of_text[0], f"a feature is of numbers or of texts: {of_text[0]} is of texts")
        numeric = _numeric(told, counts)
    elif of_text:
        text = _text(told, counts)
    return FeatureStatistics(feature=feature, kind=kind, type=type_name, counts=counts, numeric=numeric, text=text)


def _numeric(told: Given, counts: Counts) -> NumericStatistics:
    finite = _count(told, "finite", counts.values)
    std_dev = fields.number(told, "std_dev")
    if std_dev is not None and std_dev < 0:
        raise Wrong("std_dev", f"std_dev is not negative: {shown(std_dev)}")
    points = _numbers(told, "points", POINTS)
    if any(later < earlier for earlier, later in pairwise(points)):
        raise Wrong("points", "points are values at equal steps of rank, from the least to the greatest")
    numeric = NumericStatistics(
        finite=finite,
        nan=_count(told, "nan_count", 0),
        negative_infinity=_count(told, "negative_infinity", 0),
        positive_infinity=_count(told, "positive_infinity", 0),
        zeros=_count(told, "zeros", 0),
        mean=_or_nan(told, "mean"),
        squared_deviations=math.nan if std_dev is None else std_dev * std_dev * finite,
        minimum=_or_nan(told, "min"),
        maximum=_or_nan(told, "max"),
        points=points,
        standard=_buckets(told, "standard_histogram"),
        quantiles=_buckets(told, "quantiles_histogram"),
    )
    # Windows are added up by their ranks, the first and the last of which are the least and the greatest value.
    ranked = points or points_of(numeric)
    low, high = (ranked[0], ranked[-1]) if ranked else (math.nan, math.nan)
    return replace(
        numeric,
        points=ranked,
        minimum=low if math.isnan(numeric.minimum) else numeric.minimum,
        maximum=high if math.isnan(numeric.maximum) else numeric.maximum,
    )


def _text(told: Given, counts: Counts) -> TextStatistics:
    values, frequencies = told.get("top_values") or [], _numbers(told, "top_frequencies", MOST_VALUES)
    if not isinstance(values, list) or len(values) > MOST_VALUES or not all(isinstance(v, str) for v in values):
        raise Wrong("top_values", f"top_values is an array of at most {MOST_VALUES} texts")
    if any(len(value.encode("utf-8", "surrogatepass")) > LONGEST_VALUE for value in values):
        raise Wrong("top_values", f"a value has at most {LONGEST_VALUE} bytes")
    if len(values) != len(frequencies):
        raise Wrong("top_frequencies", f"top_frequencies has a number for each of the {len(values)} values")
    if any(frequency < 0 for frequency in frequencies):
        raise Wrong("top_frequencies", "a frequency is not negative")
    return TextStatistics(
        unique=int(_count(told, "unique", len(values))),
        unique_exact=True if told.get("unique_exact") is None else fields.flag(told, "unique_exact"),
        total_bytes=_count(told, "avg_length", 0) * counts.values,
        shortest=int(_count(told, "shortest", 0)),
        longest=int(_count(told, "longest", 0)),
        not_utf8=int(_count(told, "invalid_utf8", 0)),
        values=tuple(zip(values, frequencies)),
    )


def _count(told: Given, name: str, otherwise: float | None = None) -> float:
    """A number that is not negative."""
    value = fields.number(told, name)
    if value is None and otherwise is not None:
        return otherwise
    if value is None or value < 0 or value > 2**53:
        raise Wrong(name, f"{name} is a number from 0 to 2^53, not {shown(told.get(name))}")
    return value


def _or_nan(told: Given, name: str) -> float:
    value = fields.number(told, name)
    return math.nan if value is None else value


def _numbers(told: Given, name: str, most: int) -> tuple[float, ...]:
    value = told.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > most:
        raise Wrong(name, f"{name} is an array of at most {most} numbers")
    return tuple(fields.number({name: one}, name) or 0.0 for one in value)


def _buckets(told: Given, name: str) -> tuple[Bucket, ...]:
    """Arrays of low, high and count; objects of these, as a table has them."""
    value = told.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MOST_BUCKETS:
        raise Wrong(name, f"{name} is an array of at most {MOST_BUCKETS} buckets")
    return tuple(_bucket(one, name) for one in value)


def _bucket(given: object, name: str) -> Bucket:
    parts: Sequence[object] = ()
    if isinstance(given, Mapping):
        parts = [given.get(part) for part in ("low", "high", "count")]
    elif isinstance(given, list):
        parts = given
    if len(parts) == 3:
        low, high, count = (_edge(part) for part in parts)
        if low is not None and high is not None and count is not None and low <= high and 0 <= count < math.inf:
            return Bucket(low, high, count)
    raise Wrong(name, f"a bucket is [low, high, count] with low up to high, not {shown(given)}")


def _edge(value: object) -> float | None:
    """A number, or an infinity, which JSON has no form for but a text."""
    if value in ("inf", "-inf"):
        return float(str(value))
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return None
    return float(value)
