"""OTLP requests, written the short way: one call per record, resources and scopes joined by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

MS = 1_000_000
SECOND = 1_000 * MS
Attributes = Mapping[str, Any]

SEVERITY_NUMBERS = {"TRACE": 1, "DEBUG": 5, "INFO": 9, "WARN": 13, "ERROR": 17, "FATAL": 21}
CUMULATIVE, DELTA = 2, 1


def write_value(target: Any, value: Any) -> None:
    """Set an AnyValue to a Python value."""
    if isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int):
        target.int_value = value
    elif isinstance(value, float):
        target.double_value = value
    elif isinstance(value, bytes):
        target.bytes_value = value
    elif isinstance(value, Mapping):
        target.kvlist_value.SetInParent()
        write_attributes(target.kvlist_value.values, value)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        target.array_value.SetInParent()
        for item in value:
            write_value(target.array_value.values.add(), item)
    else:
        target.string_value = value


def write_attributes(target: Any, attributes: Attributes) -> None:
    """Add key-value pairs to a repeated KeyValue."""
    for key, value in attributes.items():
        write_value(target.add(key=key).value, value)


class _Request:
    """Finds or makes the scope of a resource, so that records of one sender share it."""

    def __init__(self, request: Any, resources: str, scopes: str) -> None:
        self.request = request
        self._resources, self._scopes = resources, scopes
        self._known: dict[str, Any] = {}

    def scope(self, resource: Attributes, scope: str) -> Any:
        """The ScopeSpans, ScopeLogs or ScopeMetrics to add to."""
        key = repr((sorted(resource.items()), scope))
        if key not in self._known:
            owner = getattr(self.request, self._resources).add()
            write_attributes(owner.resource.attributes, resource)
            made = getattr(owner, self._scopes).add()
            made.scope.name = scope
            made.scope.version = "1.0"
            self._known[key] = made
        return self._known[key]

    def body(self) -> bytes:
        """The request in protobuf."""
        encoded: bytes = self.request.SerializeToString()
        return encoded


class Spans(_Request):
    """An export request of spans."""

    def __init__(self) -> None:
        super().__init__(ExportTraceServiceRequest(), "resource_spans", "scope_spans")

    def add(
        self, resource: Attributes, trace: str, span: str, name: str, start: int, end: int, *,
        parent: str = "", kind: int = 1, attributes: Attributes | None = None, error: str | None = None,
        events: Sequence[tuple[int, str, Attributes]] = (), links: Sequence[tuple[str, str, Attributes]] = (),
        scope: str = "tests", trace_state: str = "",
    ) -> None:  # fmt: skip
        """One span; `error` is its status message."""
        made = self.scope(resource, scope).spans.add(
            trace_id=bytes.fromhex(trace), span_id=bytes.fromhex(span), parent_span_id=bytes.fromhex(parent),
            name=name, kind=kind, start_time_unix_nano=start, end_time_unix_nano=end, trace_state=trace_state,
        )  # fmt: skip
        write_attributes(made.attributes, attributes or {})
        if error is not None:
            made.status.code = 2
            made.status.message = error
        for time, event, held in events:
            write_attributes(made.events.add(time_unix_nano=time, name=event).attributes, held)
        for linked_trace, linked_span, held in links:
            link = made.links.add(trace_id=bytes.fromhex(linked_trace), span_id=bytes.fromhex(linked_span))
            write_attributes(link.attributes, held)


class Logs(_Request):
    """An export request of log records."""

    def __init__(self) -> None:
        super().__init__(ExportLogsServiceRequest(), "resource_logs", "scope_logs")

    def add(
        self, resource: Attributes, time: int, severity: str, body: Any, *,
        trace: str = "", span: str = "", attributes: Attributes | None = None, event: str = "", scope: str = "tests",
    ) -> None:  # fmt: skip
        """One record."""
        made = self.scope(resource, scope).log_records.add(
            time_unix_nano=time, observed_time_unix_nano=time + MS, severity_text=severity,
            severity_number=SEVERITY_NUMBERS.get(severity, 0), trace_id=bytes.fromhex(trace),
            span_id=bytes.fromhex(span), event_name=event,
        )  # fmt: skip
        write_value(made.body, body)
        write_attributes(made.attributes, attributes or {})


class Metrics(_Request):
    """An export request of metric points."""

    def __init__(self) -> None:
        super().__init__(ExportMetricsServiceRequest(), "resource_metrics", "scope_metrics")
        self._metrics: dict[tuple[int, str], Any] = {}

    def _metric(self, resource: Attributes, name: str, unit: str, description: str) -> Any:
        scope = self.scope(resource, "tests")
        key = (id(scope), name)
        if key not in self._metrics:
            self._metrics[key] = scope.metrics.add(name=name, unit=unit, description=description)
        return self._metrics[key]

    def gauge(
        self, resource: Attributes, name: str, time: int, value: float, *,
        unit: str = "1", attributes: Attributes | None = None, description: str = "",
    ) -> None:  # fmt: skip
        """One point of a gauge."""
        points = self._metric(resource, name, unit, description).gauge.data_points
        write_attributes(points.add(time_unix_nano=time, as_double=value).attributes, attributes or {})

    def sum(
        self, resource: Attributes, name: str, since: int, time: int, value: float, *,
        unit: str = "1", attributes: Attributes | None = None, description: str = "",
    ) -> None:  # fmt: skip
        """One point of a rising, cumulative sum."""
        total = self._metric(resource, name, unit, description).sum
        total.aggregation_temporality, total.is_monotonic = CUMULATIVE, True
        point = total.data_points.add(start_time_unix_nano=since, time_unix_nano=time, as_double=value)
        write_attributes(point.attributes, attributes or {})

    def histogram(
        self, resource: Attributes, name: str, since: int, time: int, bounds: Sequence[float], counts: Sequence[int], *,
        total: float, unit: str = "s", attributes: Attributes | None = None, description: str = "",
    ) -> None:  # fmt: skip
        """One delta point of a histogram with explicit bounds."""
        histogram = self._metric(resource, name, unit, description).histogram
        histogram.aggregation_temporality = DELTA
        point = histogram.data_points.add(
            start_time_unix_nano=since, time_unix_nano=time, count=sum(counts), sum=total,
            explicit_bounds=bounds, bucket_counts=counts,
        )  # fmt: skip
        write_attributes(point.attributes, attributes or {})

    def exponential(
        self, resource: Attributes, name: str, since: int, time: int, offset: int, counts: Sequence[int], *,
        total: float, scale: int = 2, unit: str = "s", attributes: Attributes | None = None, description: str = "",
    ) -> None:  # fmt: skip
        """One delta point of an exponential histogram with positive buckets."""
        histogram = self._metric(resource, name, unit, description).exponential_histogram
        histogram.aggregation_temporality = DELTA
        point = histogram.data_points.add(
            start_time_unix_nano=since, time_unix_nano=time, count=sum(counts), sum=total, scale=scale
        )
        point.positive.offset = offset
        point.positive.bucket_counts.extend(counts)
        write_attributes(point.attributes, attributes or {})
