"""A batch of metric points, as columns (see `signals.spans` for why)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.identity import DEFAULT_PROJECT
from tapetum_server.signals.resource import Resource, Scope

METRIC_TYPES = ("gauge", "sum", "histogram", "exponential_histogram", "summary")
TEMPORALITIES = ("unspecified", "delta", "cumulative")
"""OTLP's `AggregationTemporality` numbers, by position."""
CUMULATIVE = TEMPORALITIES.index("cumulative")
NO_RECORDED_VALUE = 1
"""OTLP's data point flag: the series exists, but there is no number at this time."""


@dataclass(slots=True, eq=False)
class Metric:
    """What all points of one metric share. One object per OTLP metric in a request."""

    name: str
    type: str
    """One of `METRIC_TYPES`."""
    unit: str = ""
    description: str = ""
    temporality: int = 0
    is_monotonic: bool = False


class Exemplar(NamedTuple):
    """A raw measurement kept beside an aggregate, with the span it was made in."""

    time_unix_nano: int
    value: float | int
    trace_id: str
    span_id: str
    filtered_attributes: dict[str, AttributeValue]


@dataclass(frozen=True, slots=True)
class Buckets:
    """The distribution part of a histogram, exponential histogram or summary point.

    `explicit_bounds` has one element fewer than `bucket_counts`. For exponential histograms
    bucket i of the positive range covers (base**(offset+i), base**(offset+i+1)] with
    base = 2**(2**-scale). `quantiles` are (quantile, value) pairs of a summary.
    """

    count: int = 0
    sum: float | None = None
    min: float | None = None
    max: float | None = None
    bucket_counts: tuple[int, ...] = ()
    explicit_bounds: tuple[float, ...] = ()
    scale: int = 0
    zero_count: int = 0
    zero_threshold: float = 0.0
    positive_offset: int = 0
    positive_counts: tuple[int, ...] = ()
    negative_offset: int = 0
    negative_counts: tuple[int, ...] = ()
    quantiles: tuple[tuple[float, float], ...] = ()


@dataclass(slots=True)
class MetricBatch:
    """Metric points of one project from one sender. Every list has one element per point.

    `value` is the number of a gauge or sum (int or float as sent, `None` for distributions and
    for points flagged "no recorded value"); `buckets` is `None` for gauges and sums.
    """

    project: str = DEFAULT_PROJECT
    sender: str = ""
    resource: list[Resource] = field(default_factory=list)
    scope: list[Scope] = field(default_factory=list)
    metric: list[Metric] = field(default_factory=list)
    time_unix_nano: list[int] = field(default_factory=list)
    start_time_unix_nano: list[int] = field(default_factory=list)
    value: list[int | float | None] = field(default_factory=list)
    buckets: list[Buckets | None] = field(default_factory=list)
    attributes: list[dict[str, AttributeValue]] = field(default_factory=list)
    exemplars: list[list[Exemplar]] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)

    signal = "metrics"

    def __len__(self) -> int:
        return len(self.time_unix_nano)

    def add(
        self,
        resource: Resource,
        scope: Scope,
        metric: Metric,
        *,
        time_unix_nano: int,
        start_time_unix_nano: int = 0,
        value: int | float | None = None,
        buckets: Buckets | None = None,
        attributes: dict[str, AttributeValue],
        exemplars: list[Exemplar] | None = None,
        flags: int = 0,
    ) -> None:
        """Append one point."""
        self.resource.append(resource)
        self.scope.append(scope)
        self.metric.append(metric)
        self.time_unix_nano.append(time_unix_nano)
        self.start_time_unix_nano.append(start_time_unix_nano)
        self.value.append(value)
        self.buckets.append(buckets)
        self.attributes.append(attributes)
        self.exemplars.append([] if exemplars is None else exemplars)
        self.flags.append(flags)
