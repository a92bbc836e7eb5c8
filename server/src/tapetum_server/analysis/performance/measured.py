"""What is asked of rows, and what was measured of a slice."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tapetum_server.analysis.performance.eval_config import Method, MetricConfig, ModelColumns
from tapetum_server.analysis.performance.metric_names import TARGETS
from tapetum_server.detectors.performance import intervals
from tapetum_server.detectors.performance.counts import Confusion
from tapetum_server.query.frames import FrameColumn
from tapetum_server.query.performance import Periods
from tapetum_server.query.slicing import SliceKey, SliceSpec
from tapetum_server.query.two_models import TwoModels

_Counts = TypeVar("_Counts")
NO_INTERVAL = {
    "example_count", "weighted_example_count", "median_absolute_error", "max_error", "total_queries",
    "total_documents", "min_documents", "max_documents",
}  # fmt: skip
"""Metrics that are counts, or that sums of resampled rows do not say."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric of a slice. NaN where it has no value, as a precision without positive calls."""

    value: float
    lower: float = math.nan
    upper: float = math.nan
    reason: str = ""
    """Why it has no value, where that is known."""


@dataclass(frozen=True, slots=True)
class MeasuredSlice:
    """All metrics of a slice."""

    key: SliceKey
    spec: int
    period: int
    rows: int
    labelled: int
    metrics: Mapping[str, Measured]
    plots: Mapping[str, Any] = field(default_factory=dict)
    confusion: Confusion | None = None
    """Of a yes-or-no question, at 0.5."""
    uncompared: int = 0
    """Of metrics of two models: rows that one of the two did not score."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which columns, slices and metrics."""

    label: str
    prediction: str
    weight: str
    specs: Sequence[SliceSpec]
    metrics: Sequence[MetricConfig]
    method: Method | None = None
    positive: str = ""
    periods: Periods | None = None
    known: str = ""
    """Of lists of classes, the column that says whether a row has a label, where not every row does."""
    outputs: Mapping[str, ModelColumns] = field(default_factory=dict)
    """Of a model with several outputs, the columns of each."""
    compared: Mapping[str, TwoModels] = field(default_factory=dict)
    """By output, the rows with the scores of the baseline, too, where metrics of two models are asked for."""
    attributed: Mapping[str, Mapping[str, FrameColumn]] = field(default_factory=dict)
    """By output and feature, the column of attributions, where metrics of these are asked for."""


def reported_as(metric: MetricConfig) -> str:
    """The name of a metric in a report, with what it was asked at."""
    said = [f"output={metric.output}"] if metric.output else []
    said += [f"feature={metric.feature}"] if metric.feature else []
    said += [str(metric.part)] if metric.part is not None else []
    said += [f"{name}={value:g}" for name, value in settings_of(metric).items()]
    if metric.query and metric.cut:
        said.append(str(metric.cut))
    name = metric.name if metric.weighted else f"unweighted_{metric.name}"
    return f"{name}@{','.join(said)}" if said else name


def settings_of(metric: MetricConfig) -> dict[str, float]:
    """The threshold of a metric, and the condition of a metric "at"."""
    found: dict[str, float] = {}
    options = metric.options
    threshold = options.get("threshold", options.get("thresholds"))
    if isinstance(threshold, list):
        threshold = threshold[0] if len(threshold) == 1 else None
    if isinstance(threshold, int | float) and threshold != 0.5:
        found["threshold"] = float(threshold)
    target = options.get(TARGETS.get(metric.name, ""))
    if isinstance(target, int | float):
        found[TARGETS[metric.name]] = float(target)
    return found


def resamples(
    whole: _Counts, parts: Sequence[_Counts], method: Method | None, less: Callable[[_Counts, _Counts], _Counts]
) -> list[_Counts]:
    """The counts of each sample: of the jackknife, of all rows but a bucket's."""
    return [less(whole, part) for part in parts] if method == "jackknife" else list(parts)


def measured(
    name: str, method: Method | None, whole: _Counts, samples: Sequence[_Counts], metric: Callable[[_Counts], float]
) -> Measured:
    """A metric with its interval, where samples are there for one."""
    value = metric(whole)
    if method is None or name in NO_INTERVAL:
        return Measured(value)
    found = intervals.of_values(value, [metric(each) for each in samples], method)
    return Measured(value, found.lower, found.upper)
