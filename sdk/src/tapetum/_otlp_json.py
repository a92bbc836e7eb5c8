"""OpenTelemetry SDK records into OTLP/JSON, without protobuf.

OTLP/JSON is protobuf's JSON mapping with three exceptions that matter here: ids are hex, enums
are numbers, and 64-bit integers are strings.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.metrics.export import (
    ExponentialHistogram,
    Gauge,
    Histogram,
    Metric,
    MetricsData,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext

Json = dict[str, Any]
Record = TypeVar("Record")

MAX_DEPTH = 64
"""A value nested deeper than this is sent as text, so that a cycle cannot hang the exporter."""

_CONTEXT_HAS_IS_REMOTE, _CONTEXT_IS_REMOTE = 0x100, 0x200


def to_bytes(document: Json) -> bytes:
    """One OTLP/JSON request as bytes. A lone surrogate, which UTF-8 cannot say, becomes `?`."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")


def spans(batch: Sequence[ReadableSpan], refuse: Callable[[Exception], None]) -> tuple[Json, int]:
    """An `ExportTraceServiceRequest` and how many spans it holds; what cannot be encoded goes to `refuse`."""
    groups, count = _grouped(batch, _span, refuse)
    return {"resourceSpans": _resources(groups, "scopeSpans", "spans")}, count


def logs(batch: Sequence[ReadableLogRecord], refuse: Callable[[Exception], None]) -> tuple[Json, int]:
    """An `ExportLogsServiceRequest` and how many records it holds; what cannot be encoded goes to `refuse`."""
    groups, count = _grouped(batch, _log, refuse)
    return {"resourceLogs": _resources(groups, "scopeLogs", "logRecords")}, count


def metrics(data: MetricsData, refuse: Callable[[Exception], None]) -> tuple[Json, int]:
    """An `ExportMetricsServiceRequest` and how many points it holds; what cannot be encoded goes to `refuse`."""
    count = 0
    resources: list[Json] = []
    for of_resource in data.resource_metrics:
        scopes: list[Json] = []
        for of_scope in of_resource.scope_metrics:
            encoded: list[Json] = []
            for metric in of_scope.metrics:
                try:
                    encoded.append(_metric(metric))
                    count += len(metric.data.data_points)
                except Exception as error:  # one bad metric must not cost the others
                    refuse(error)
            scopes.append(_scope_entry(of_scope.scope, "metrics", encoded))
        resources.append(_resource_entry(of_resource.resource, "scopeMetrics", scopes))
    return {"resourceMetrics": resources}, count


_Groups = dict[Resource, dict[InstrumentationScope | None, list[Json]]]


def _grouped(
    batch: Iterable[Record], encode: Callable[[Record], Json], refuse: Callable[[Exception], None]
) -> tuple[_Groups, int]:
    groups: _Groups = {}
    count = 0
    for record in batch:
        try:
            encoded = encode(record)
        except Exception as error:  # one bad record must not cost the others
            refuse(error)
            continue
        of_resource = groups.setdefault(record.resource, {})  # type: ignore[attr-defined]
        of_resource.setdefault(record.instrumentation_scope, []).append(encoded)  # type: ignore[attr-defined]
        count += 1
    return groups, count


def _resources(groups: _Groups, scopes_key: str, records_key: str) -> list[Json]:
    return [
        _resource_entry(
            resource,
            scopes_key,
            [_scope_entry(scope, records_key, records) for scope, records in scopes.items()],
        )
        for resource, scopes in groups.items()
    ]


def _resource_entry(resource: Resource, scopes_key: str, scopes: list[Json]) -> Json:
    return {
        "resource": {"attributes": attributes(resource.attributes)},
        scopes_key: scopes,
        "schemaUrl": resource.schema_url,
    }


def _scope_entry(scope: InstrumentationScope | None, records_key: str, records: list[Json]) -> Json:
    if scope is None:
        return {"scope": {}, records_key: records}
    return {
        "scope": {
            "name": scope.name,
            "version": scope.version or "",
            "attributes": attributes(scope.attributes),
        },
        records_key: records,
        "schemaUrl": scope.schema_url or "",
    }


def _span(span: ReadableSpan) -> Json:
    context = span.get_span_context()
    if context is None:
        raise ValueError(f"span {span.name!r} has no context")
    encoded: Json = {
        "traceId": _trace_id(context.trace_id),
        "spanId": _span_id(context.span_id),
        "traceState": context.trace_state.to_header() if context.trace_state else "",
        "flags": _span_flags(context.trace_flags, span.parent),
        "name": span.name,
        "kind": span.kind.value + 1,  # the SDK counts from INTERNAL = 0, OTLP keeps 0 for "unspecified"
        "startTimeUnixNano": str(span.start_time or 0),
        "endTimeUnixNano": str(span.end_time or 0),
        "attributes": attributes(span.attributes),
        "droppedAttributesCount": span.dropped_attributes,
        "events": [_event(event) for event in span.events],
        "droppedEventsCount": span.dropped_events,
        "links": [_link(link) for link in span.links],
        "droppedLinksCount": span.dropped_links,
        "status": {"code": span.status.status_code.value, "message": span.status.description or ""},
    }
    if span.parent is not None:
        encoded["parentSpanId"] = _span_id(span.parent.span_id)
    return encoded


def _event(event: Event) -> Json:
    return {
        "timeUnixNano": str(event.timestamp),
        "name": event.name,
        "attributes": attributes(event.attributes),
        "droppedAttributesCount": event.dropped_attributes,
    }


def _link(link: Link) -> Json:
    return {
        "traceId": _trace_id(link.context.trace_id),
        "spanId": _span_id(link.context.span_id),
        "traceState": link.context.trace_state.to_header() if link.context.trace_state else "",
        "attributes": attributes(link.attributes),
        "droppedAttributesCount": link.dropped_attributes,
        "flags": _span_flags(link.context.trace_flags, link.context),
    }


def _span_flags(trace_flags: int, remote: SpanContext | None) -> int:
    flags = int(trace_flags) | _CONTEXT_HAS_IS_REMOTE
    return flags | _CONTEXT_IS_REMOTE if remote is not None and remote.is_remote else flags


def _log(record: ReadableLogRecord) -> Json:
    log = record.log_record
    encoded: Json = {
        "timeUnixNano": str(log.timestamp or 0),
        "observedTimeUnixNano": str(log.observed_timestamp or 0),
        "severityNumber": log.severity_number.value if log.severity_number is not None else 0,
        "severityText": log.severity_text or "",
        "attributes": attributes(log.attributes),
        "droppedAttributesCount": record.dropped_attributes,
        "flags": int(log.trace_flags or 0),
        "eventName": log.event_name or "",
    }
    if log.body is not None:
        encoded["body"] = _value(log.body)
    if log.trace_id:
        encoded["traceId"] = _trace_id(log.trace_id)
    if log.span_id:
        encoded["spanId"] = _span_id(log.span_id)
    return encoded


def _metric(metric: Metric) -> Json:
    data = metric.data
    encoded: Json = {"name": metric.name, "description": metric.description or "", "unit": metric.unit or ""}
    if isinstance(data, Gauge):
        encoded["gauge"] = {"dataPoints": [_number_point(p) for p in data.data_points]}
    elif isinstance(data, Sum):
        encoded["sum"] = {
            "dataPoints": [_number_point(p) for p in data.data_points],
            "aggregationTemporality": int(data.aggregation_temporality),
            "isMonotonic": data.is_monotonic,
        }
    elif isinstance(data, Histogram):
        encoded["histogram"] = {
            "dataPoints": [_histogram_point(p) for p in data.data_points],
            "aggregationTemporality": int(data.aggregation_temporality),
        }
    elif isinstance(data, ExponentialHistogram):
        encoded["exponentialHistogram"] = {
            "dataPoints": [_exponential_point(p) for p in data.data_points],
            "aggregationTemporality": int(data.aggregation_temporality),
        }
    else:
        raise ValueError(f"metric {metric.name!r} has data of unknown type {type(data).__name__}")
    return encoded


def _number_point(point: Any) -> Json:
    return _point(point) | _number(point.value)


def _number(value: int | float) -> Json:
    return {"asInt": str(value)} if isinstance(value, int) else {"asDouble": _double(value)}


def _histogram_point(point: Any) -> Json:
    return (
        _point(point)
        | _distribution(point)
        | {
            "bucketCounts": [str(n) for n in point.bucket_counts],
            "explicitBounds": [_double(b) for b in point.explicit_bounds],
        }
    )


def _exponential_point(point: Any) -> Json:
    return (
        _point(point)
        | _distribution(point)
        | {
            "scale": point.scale,
            "zeroCount": str(point.zero_count),
            "flags": point.flags,
            "positive": _buckets(point.positive),
            "negative": _buckets(point.negative),
        }
    )


def _buckets(buckets: Any) -> Json:
    return {"offset": buckets.offset, "bucketCounts": [str(n) for n in buckets.bucket_counts]}


def _distribution(point: Any) -> Json:
    encoded: Json = {"count": str(point.count), "sum": _double(point.sum)}
    if point.count:  # an empty point's min and max are infinities, not measurements
        encoded["min"] = _double(point.min)
        encoded["max"] = _double(point.max)
    return encoded


def _point(point: Any) -> Json:
    return {
        "attributes": attributes(point.attributes),
        "startTimeUnixNano": str(point.start_time_unix_nano or 0),
        "timeUnixNano": str(point.time_unix_nano),
        "exemplars": [_exemplar(e) for e in point.exemplars],
    }


def _exemplar(exemplar: Any) -> Json:
    encoded = {
        "timeUnixNano": str(exemplar.time_unix_nano),
        "filteredAttributes": attributes(exemplar.filtered_attributes),
    } | _number(exemplar.value)
    if exemplar.trace_id is not None and exemplar.span_id is not None:
        encoded["traceId"] = _trace_id(exemplar.trace_id)
        encoded["spanId"] = _span_id(exemplar.span_id)
    return encoded


def _trace_id(trace_id: int) -> str:
    return format(trace_id, "032x")


def _span_id(span_id: int) -> str:
    return format(span_id, "016x")


def attributes(found: Mapping[str, Any] | None) -> list[Json]:
    """OTLP's list of key-value pairs."""
    return [{"key": str(key), "value": _value(value)} for key, value in (found or {}).items()]


def _value(value: Any, depth: int = 0) -> Json:
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        # OTLP's integers have 64 bits; a longer one keeps its digits as text
        return {"intValue": str(value)} if -(2**63) <= value < 2**63 else {"stringValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": _double(value)}
    if value is None:
        return {}
    if isinstance(value, bytes):
        return {"bytesValue": base64.b64encode(value).decode("ascii")}
    if depth >= MAX_DEPTH:
        return {"stringValue": f"<{type(value).__name__} nested deeper than {MAX_DEPTH} levels>"}
    if isinstance(value, Mapping):
        pairs = [{"key": str(k), "value": _value(v, depth + 1)} for k, v in value.items()]
        return {"kvlistValue": {"values": pairs}}
    if isinstance(value, Sequence):
        return {"arrayValue": {"values": [_value(v, depth + 1) for v in value]}}
    return {"stringValue": str(value)}


def _double(value: float) -> float | str:
    if math.isfinite(value):
        return float(value)
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
