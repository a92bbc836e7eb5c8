"""OTLP/JSON requests into the same batches as their protobuf form."""

from __future__ import annotations

from tapetum_server.receivers.otlp import json_fields as f
from tapetum_server.receivers.otlp.decode_logs import add_log, new_log_batch
from tapetum_server.receivers.otlp.decode_metrics import add_point, new_metric_batch, temporality
from tapetum_server.receivers.otlp.decode_spans import add_span, new_span_batch
from tapetum_server.receivers.otlp.json_fields import Object, Path
from tapetum_server.receivers.otlp.json_values import JsonReader, load
from tapetum_server.receivers.otlp.outcome import Decoded, Router, Target, context_id
from tapetum_server.receivers.otlp.values import Note
from tapetum_server.signals.identity import Caller
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.metrics import NO_RECORDED_VALUE, TEMPORALITIES, Buckets, Exemplar, Metric, MetricBatch
from tapetum_server.signals.resource import Resource, Scope
from tapetum_server.signals.spans import SPAN_KINDS, STATUS_CODES, Event, Link, SpanBatch

_KIND_NAMES = {f"SPAN_KIND_{name.upper()}": number for number, name in enumerate(SPAN_KINDS)}
_STATUS_NAMES = {f"STATUS_CODE_{name.upper()}": number for number, name in enumerate(STATUS_CODES)}
_TEMPORALITY_NAMES = {f"AGGREGATION_TEMPORALITY_{name.upper()}": number for number, name in enumerate(TEMPORALITIES)}
_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_SEVERITY_NAMES = {"SEVERITY_NUMBER_UNSPECIFIED": 0} | {
    f"SEVERITY_NUMBER_{level}{step or ''}": 1 + 4 * i + max(step - 1, 0)
    for i, level in enumerate(_LEVELS)
    for step in (0, 2, 3, 4)
}
_METRIC_KINDS = {
    "gauge": "gauge", "sum": "sum", "histogram": "histogram",
    "exponentialHistogram": "exponential_histogram", "summary": "summary",
}  # fmt: skip


def decode_json_spans(body: bytes, caller: Caller, reader: JsonReader) -> Decoded[SpanBatch]:
    """The spans of one OTLP/JSON request; raises `Undecodable`."""
    router = Router(caller, new_span_batch)
    noted: set[str] = set()
    for i, item in enumerate(f.as_list(load(body).get("resourceSpans"), ("resourceSpans",))):
        path: Path = ("resourceSpans", i)
        holder = f.as_object(item, path)
        resource = reader.resource(holder, path, noted.add)
        target = router.target(resource)
        for j, inner in enumerate(f.as_list(holder.get("scopeSpans"), (*path, "scopeSpans"))):
            scope_path = (*path, "scopeSpans", j)
            scope_spans = f.as_object(inner, scope_path)
            scope = reader.scope(scope_spans, scope_path, noted.add)
            spans = f.as_list(scope_spans.get("spans"), (*scope_path, "spans"))
            if isinstance(target, str):
                router.refuse(resource, target, len(spans))
                continue
            for k, span in enumerate(spans):
                span_path = (*scope_path, "spans", k)
                _span(f.as_object(span, span_path), span_path, resource, scope, target, reader)
        if not isinstance(target, str):
            router.kept_with_less(target, noted)
        noted.clear()
    return router.finish()


def _span(
    span: Object, path: Path, resource: Resource, scope: Scope, target: Target[SpanBatch], reader: JsonReader
) -> None:
    note, limits = target.note, reader.limits
    attributes, cut = reader.attributes(span, "attributes", path, note)
    events = links = []
    extra_events = extra_links = 0
    if found := f.as_list(span.get("events"), (*path, "events")):
        extra_events = max(len(found) - limits.max_events, 0)
        events = [_event(e, (*path, "events", i), reader, note) for i, e in enumerate(found[: limits.max_events])]
    if found := f.as_list(span.get("links"), (*path, "links")):
        extra_links = max(len(found) - limits.max_links, 0)
        links = [_link(e, (*path, "links", i), reader, note) for i, e in enumerate(found[: limits.max_links])]
    if extra_events:
        note("too_many_events")
    if extra_links:
        note("too_many_links")
    status_path = (*path, "status")
    status = f.as_object(span.get("status"), status_path)
    code = f.enum(status, "code", _STATUS_NAMES, status_path)
    if not 0 <= code < len(STATUS_CODES):
        note("unknown_enum")
        code = 0
    add_span(
        target, resource, scope,
        trace_id=f.hex_id(span, "traceId", path),
        span_id=f.hex_id(span, "spanId", path),
        parent_span_id=f.hex_id(span, "parentSpanId", path),
        trace_state=reader.name(span, "traceState", path, note),
        flags=f.uint32(span, "flags", path),
        name=reader.name(span, "name", path, note),
        span_kind=f.enum(span, "kind", _KIND_NAMES, path),
        start_time_unix_nano=f.uint64(span, "startTimeUnixNano", path),
        end_time_unix_nano=f.uint64(span, "endTimeUnixNano", path),
        status=(code, reader.name(status, "message", status_path, note)),
        attributes=attributes,
        events=events,
        links=links,
        dropped=(
            f.uint32(span, "droppedAttributesCount", path) + cut,
            f.uint32(span, "droppedEventsCount", path) + extra_events,
            f.uint32(span, "droppedLinksCount", path) + extra_links,
        ),
    )  # fmt: skip


def _event(value: object, path: Path, reader: JsonReader, note: Note) -> Event:
    event = f.as_object(value, path)
    attributes, cut = reader.attributes(event, "attributes", path, note)
    return Event(
        f.uint64(event, "timeUnixNano", path),
        reader.name(event, "name", path, note),
        attributes,
        f.uint32(event, "droppedAttributesCount", path) + cut,
    )


def _link(value: object, path: Path, reader: JsonReader, note: Note) -> Link:
    link = f.as_object(value, path)
    attributes, cut = reader.attributes(link, "attributes", path, note)
    return Link(
        context_id(f.hex_id(link, "traceId", path), 32, note),
        context_id(f.hex_id(link, "spanId", path), 16, note),
        reader.name(link, "traceState", path, note),
        attributes,
        f.uint32(link, "droppedAttributesCount", path) + cut,
        f.uint32(link, "flags", path),
    )


def decode_json_logs(body: bytes, caller: Caller, reader: JsonReader) -> Decoded[LogBatch]:
    """The log records of one OTLP/JSON request; raises `Undecodable`."""
    router = Router(caller, new_log_batch)
    noted: set[str] = set()
    for i, item in enumerate(f.as_list(load(body).get("resourceLogs"), ("resourceLogs",))):
        path: Path = ("resourceLogs", i)
        holder = f.as_object(item, path)
        resource = reader.resource(holder, path, noted.add)
        target = router.target(resource)
        for j, inner in enumerate(f.as_list(holder.get("scopeLogs"), (*path, "scopeLogs"))):
            scope_path = (*path, "scopeLogs", j)
            scope_logs = f.as_object(inner, scope_path)
            scope = reader.scope(scope_logs, scope_path, noted.add)
            records = f.as_list(scope_logs.get("logRecords"), (*scope_path, "logRecords"))
            if isinstance(target, str):
                router.refuse(resource, target, len(records))
                continue
            for k, record in enumerate(records):
                record_path = (*scope_path, "logRecords", k)
                _log(f.as_object(record, record_path), record_path, resource, scope, target, reader)
        if not isinstance(target, str):
            router.kept_with_less(target, noted)
        noted.clear()
    return router.finish()


def _log(
    record: Object, path: Path, resource: Resource, scope: Scope, target: Target[LogBatch], reader: JsonReader
) -> None:
    note = target.note
    attributes, cut = reader.attributes(record, "attributes", path, note)
    add_log(
        target, resource, scope,
        time_unix_nano=f.uint64(record, "timeUnixNano", path),
        observed_time_unix_nano=f.uint64(record, "observedTimeUnixNano", path),
        trace_id=f.hex_id(record, "traceId", path),
        span_id=f.hex_id(record, "spanId", path),
        severity_number=f.enum(record, "severityNumber", _SEVERITY_NAMES, path),
        severity=reader.name(record, "severityText", path, note),
        body=reader.body(record.get("body"), (*path, "body"), note),
        event_name=reader.name(record, "eventName", path, note),
        attributes=attributes,
        flags=f.uint32(record, "flags", path),
        dropped=f.uint32(record, "droppedAttributesCount", path) + cut,
    )  # fmt: skip


def decode_json_metrics(body: bytes, caller: Caller, reader: JsonReader) -> Decoded[MetricBatch]:
    """The metric points of one OTLP/JSON request; raises `Undecodable`."""
    router = Router(caller, new_metric_batch)
    noted: set[str] = set()
    for i, item in enumerate(f.as_list(load(body).get("resourceMetrics"), ("resourceMetrics",))):
        path: Path = ("resourceMetrics", i)
        holder = f.as_object(item, path)
        resource = reader.resource(holder, path, noted.add)
        target = router.target(resource)
        for j, inner in enumerate(f.as_list(holder.get("scopeMetrics"), (*path, "scopeMetrics"))):
            scope_path = (*path, "scopeMetrics", j)
            scope_metrics = f.as_object(inner, scope_path)
            scope = reader.scope(scope_metrics, scope_path, noted.add)
            for k, metric in enumerate(f.as_list(scope_metrics.get("metrics"), (*scope_path, "metrics"))):
                metric_path = (*scope_path, "metrics", k)
                found = f.as_object(metric, metric_path)
                if isinstance(target, str):
                    router.refuse(resource, target, _count_points(found, metric_path))
                else:
                    _metric(found, metric_path, resource, scope, target, reader, noted.add)
        if not isinstance(target, str):
            router.kept_with_less(target, noted)
        noted.clear()
    return router.finish()


def _kind_of(metric: Object) -> str | None:
    return next((kind for kind in _METRIC_KINDS if metric.get(kind) is not None), None)


def _count_points(metric: Object, path: Path) -> int:
    kind = _kind_of(metric)
    if kind is None:
        return int(_has_unknown_data(metric))
    return len(f.as_list(f.as_object(metric[kind], (*path, kind)).get("dataPoints"), (*path, kind, "dataPoints")))


def _has_unknown_data(metric: Object) -> bool:
    return any(isinstance(value, dict) and "dataPoints" in value for value in metric.values())


def _metric(
    metric: Object,
    path: Path,
    resource: Resource,
    scope: Scope,
    target: Target[MetricBatch],
    reader: JsonReader,
    note: Note,
) -> None:
    kind = _kind_of(metric)
    if kind is None:
        if _has_unknown_data(metric):
            target.refuse("unknown_data")
        return
    data_path = (*path, kind)
    data = f.as_object(metric[kind], data_path)
    described = Metric(
        name=reader.name(metric, "name", path, note),
        type=_METRIC_KINDS[kind],
        unit=reader.name(metric, "unit", path, note),
        description=reader.name(metric, "description", path, note),
        temporality=temporality(f.enum(data, "aggregationTemporality", _TEMPORALITY_NAMES, data_path), note),
        is_monotonic=f.boolean(data, "isMonotonic", data_path),
    )
    for i, item in enumerate(f.as_list(data.get("dataPoints"), (*data_path, "dataPoints"))):
        point_path = (*data_path, "dataPoints", i)
        point = f.as_object(item, point_path)
        attributes, _ = reader.attributes(point, "attributes", point_path, target.note)
        flags = f.uint32(point, "flags", point_path)
        number = _number(point, point_path)
        add_point(
            target, resource, scope, described,
            time_unix_nano=f.uint64(point, "timeUnixNano", point_path),
            start_time_unix_nano=f.uint64(point, "startTimeUnixNano", point_path),
            value=None if kind not in ("gauge", "sum") or flags & NO_RECORDED_VALUE else number,
            buckets=_buckets(kind, point, point_path),
            attributes=attributes,
            exemplars=_exemplars(point, point_path, reader, target.note),
            flags=flags,
        )  # fmt: skip


def _number(holder: Object, path: Path) -> int | float | None:
    if (value := holder.get("asInt")) is not None:
        return f.int64(value, (*path, "asInt"))
    return f.optional_double(holder, "asDouble", path)


def _buckets(kind: str, point: Object, path: Path) -> Buckets | None:
    if kind in ("gauge", "sum"):
        return None
    count, total = f.uint64(point, "count", path), f.optional_double(point, "sum", path)
    if kind == "summary":
        pairs_path = (*path, "quantileValues")
        pairs = f.as_list(point.get("quantileValues"), pairs_path)
        quantiles = tuple(_quantile(pair, (*pairs_path, i)) for i, pair in enumerate(pairs))
        return Buckets(count=count, sum=total or 0.0, quantiles=quantiles)
    low, high = f.optional_double(point, "min", path), f.optional_double(point, "max", path)
    if kind == "histogram":
        return Buckets(
            count=count, sum=total, min=low, max=high,
            bucket_counts=f.uint64_list(point, "bucketCounts", path),
            explicit_bounds=f.double_list(point, "explicitBounds", path),
        )  # fmt: skip
    positive_path, negative_path = (*path, "positive"), (*path, "negative")
    positive = f.as_object(point.get("positive"), positive_path)
    negative = f.as_object(point.get("negative"), negative_path)
    return Buckets(
        count=count, sum=total, min=low, max=high,
        scale=f.int32(point, "scale", path),
        zero_count=f.uint64(point, "zeroCount", path),
        zero_threshold=f.optional_double(point, "zeroThreshold", path) or 0.0,
        positive_offset=f.int32(positive, "offset", positive_path),
        positive_counts=f.uint64_list(positive, "bucketCounts", positive_path),
        negative_offset=f.int32(negative, "offset", negative_path),
        negative_counts=f.uint64_list(negative, "bucketCounts", negative_path),
    )  # fmt: skip


def _quantile(value: object, path: Path) -> tuple[float, float]:
    pair = f.as_object(value, path)
    return f.optional_double(pair, "quantile", path) or 0.0, f.optional_double(pair, "value", path) or 0.0


def _exemplars(point: Object, path: Path, reader: JsonReader, note: Note) -> list[Exemplar]:
    path = (*path, "exemplars")
    found = f.as_list(point.get("exemplars"), path)
    if len(found) > reader.limits.max_events:
        note("too_many_exemplars")
    exemplars = []
    for i, item in enumerate(found[: reader.limits.max_events]):
        here = (*path, i)
        exemplar = f.as_object(item, here)
        value = _number(exemplar, here)
        exemplars.append(
            Exemplar(
                f.uint64(exemplar, "timeUnixNano", here),
                0.0 if value is None else value,
                context_id(f.hex_id(exemplar, "traceId", here), 32, note),
                context_id(f.hex_id(exemplar, "spanId", here), 16, note),
                reader.attributes(exemplar, "filteredAttributes", here, note)[0],
            )
        )
    return exemplars
