"""ExportMetricsServiceRequest bytes into metric batches: numbers by column, distributions one by one."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from tapetum_server.receivers.otlp.outcome import Decoded, Router, Target, Undecodable, context_id
from tapetum_server.receivers.otlp.resources import Waiting, read_resource, read_scope
from tapetum_server.receivers.otlp.schema import MetricsRequest
from tapetum_server.receivers.otlp.values import AttributeReader, Careful, Malformed, Note
from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.identity import Caller
from tapetum_server.signals.metrics import NO_RECORDED_VALUE, TEMPORALITIES, Buckets, Exemplar, Metric, MetricBatch
from tapetum_server.signals.resource import Resource, Scope

_time, _start = attrgetter("time_unix_nano"), attrgetter("start_time_unix_nano")
_attributes, _exemplars, _flags = attrgetter("attributes"), attrgetter("exemplars"), attrgetter("flags")


def new_metric_batch(project: str, sender: str) -> MetricBatch:
    """An empty batch, as `Router` makes them."""
    return MetricBatch(project=project, sender=sender)


def decode_metrics(body: bytes, caller: Caller, reader: AttributeReader) -> Decoded[MetricBatch]:
    """The metric points of one request, by project and sender; raises `Undecodable`."""
    try:
        request = MetricsRequest.FromString(body)
    except DecodeError as error:
        raise Undecodable(f"the body is not an ExportMetricsServiceRequest: {error}") from None
    router = Router(caller, new_metric_batch)
    waiting: dict[Target[MetricBatch], _Numbers] = {}
    noted: set[str] = set()
    for resource_metrics in request.resource_metrics:
        resource = read_resource(reader, resource_metrics.resource, resource_metrics.schema_url, noted.add)
        target = router.target(resource)
        for scope_metrics in resource_metrics.scope_metrics:
            if isinstance(target, str):
                router.refuse(resource, target, sum(map(_count_points, scope_metrics.metrics)))
                continue
            scope = read_scope(reader, scope_metrics.scope, scope_metrics.schema_url, noted.add)
            numbers = waiting.setdefault(target, _Numbers())
            for message in scope_metrics.metrics:
                _read_metric(message, resource, scope, target, numbers, reader, noted.add)
        if not isinstance(target, str):
            router.kept_with_less(target, noted)
        noted.clear()
    for target, numbers in waiting.items():
        try:
            _read_columns(numbers, target.batch, reader)
        except Careful:
            rows = zip(numbers.resources, numbers.scopes, numbers.metrics, numbers.messages, strict=True)
            for resource, scope, metric, point in rows:
                _read_number(point, metric, resource, scope, target, reader)
    return router.finish()


class _Numbers(Waiting):
    """Gauge and sum points of one target."""

    def __init__(self) -> None:
        super().__init__()
        self.metrics: list[Metric] = []


def _count_points(message: Any) -> int:
    kind = message.WhichOneof("data")
    return len(getattr(message, kind).data_points) if kind else int(_has_unknown_data(message))


def _has_unknown_data(message: Any) -> bool:
    return len(UnknownFieldSet(message)) > 0


def _read_metric(
    message: Any,
    resource: Resource,
    scope: Scope,
    target: Target[MetricBatch],
    numbers: _Numbers,
    reader: AttributeReader,
    note: Note,
) -> None:
    kind = message.WhichOneof("data")
    if kind is None:
        if _has_unknown_data(message):
            target.refuse("unknown_data")
        return
    data = getattr(message, kind)
    metric = Metric(
        name=reader.name(message.name, note),
        type=kind,
        unit=reader.name(message.unit, note),
        description=reader.name(message.description, note),
    )
    if kind in ("sum", "histogram", "exponential_histogram"):
        metric.temporality = temporality(data.aggregation_temporality, note)
    if kind == "sum":
        metric.is_monotonic = data.is_monotonic
    if kind in ("gauge", "sum"):
        points = list(data.data_points)
        numbers.add(resource, scope, points)
        numbers.metrics += [metric] * len(points)
        return
    read_buckets = _BUCKETS[kind]
    for point in data.data_points:
        try:
            attributes, _ = reader.pairs(point.attributes, target.note)
            exemplars = _read_exemplars(point.exemplars, reader, target.note) if kind != "summary" else []
        except Malformed:
            target.refuse("malformed")
            continue
        add_point(
            target, resource, scope, metric,
            time_unix_nano=point.time_unix_nano,
            start_time_unix_nano=point.start_time_unix_nano,
            value=None,
            buckets=read_buckets(point),
            attributes=attributes,
            exemplars=exemplars,
            flags=point.flags,
        )  # fmt: skip


def _read_columns(numbers: _Numbers, batch: MetricBatch, reader: AttributeReader) -> None:
    """Append to `batch`; raises `Careful` with nothing appended if any point is out of the ordinary."""
    points = numbers.messages
    if not points:
        return
    attributes = reader.dicts(map(_attributes, points))
    if max(map(len, attributes)) > reader.limits.max_attributes:
        raise Careful
    try:
        exemplars = [_read_exemplars(found, reader, _careful) if found else [] for found in map(_exemplars, points)]
    except Malformed:
        raise Careful from None
    batch.resource += numbers.resources
    batch.scope += numbers.scopes
    batch.metric += numbers.metrics
    batch.time_unix_nano += map(_time, points)
    batch.start_time_unix_nano += map(_start, points)
    batch.value += map(_number, points)
    batch.buckets += [None] * len(points)
    batch.attributes += attributes
    batch.exemplars += exemplars
    batch.flags += map(_flags, points)


def _careful(_reason: str) -> None:
    raise Careful


def _number(point: Any) -> int | float | None:
    if point.flags & NO_RECORDED_VALUE:
        return None
    kind = point.WhichOneof("value")
    number: int | float | None = getattr(point, kind) if kind else None
    return number


def _read_number(
    point: Any, metric: Metric, resource: Resource, scope: Scope, target: Target[MetricBatch], reader: AttributeReader
) -> None:
    try:
        attributes, _ = reader.pairs(point.attributes, target.note)
        exemplars = _read_exemplars(point.exemplars, reader, target.note)
    except Malformed:
        target.refuse("malformed")
        return
    add_point(
        target, resource, scope, metric,
        time_unix_nano=point.time_unix_nano,
        start_time_unix_nano=point.start_time_unix_nano,
        value=_number(point),
        buckets=None,
        attributes=attributes,
        exemplars=exemplars,
        flags=point.flags,
    )  # fmt: skip


def _read_exemplars(messages: Any, reader: AttributeReader, note: Note) -> list[Exemplar]:
    if len(messages) > reader.limits.max_events:
        note("too_many_exemplars")
    exemplars = []
    for message in messages[: reader.limits.max_events]:
        kind = message.WhichOneof("value")
        exemplars.append(
            Exemplar(
                message.time_unix_nano,
                getattr(message, kind) if kind else 0.0,
                context_id(message.trace_id.hex(), 32, note),
                context_id(message.span_id.hex(), 16, note),
                reader.pairs(message.filtered_attributes, note)[0],
            )
        )
    return exemplars


def _histogram(point: Any) -> Buckets:
    return Buckets(
        count=point.count,
        sum=point.sum if point.HasField("sum") else None,
        min=point.min if point.HasField("min") else None,
        max=point.max if point.HasField("max") else None,
        bucket_counts=tuple(point.bucket_counts),
        explicit_bounds=tuple(point.explicit_bounds),
    )


def _exponential_histogram(point: Any) -> Buckets:
    return Buckets(
        count=point.count,
        sum=point.sum if point.HasField("sum") else None,
        min=point.min if point.HasField("min") else None,
        max=point.max if point.HasField("max") else None,
        scale=point.scale,
        zero_count=point.zero_count,
        zero_threshold=point.zero_threshold,
        positive_offset=point.positive.offset,
        positive_counts=tuple(point.positive.bucket_counts),
        negative_offset=point.negative.offset,
        negative_counts=tuple(point.negative.bucket_counts),
    )


def _summary(point: Any) -> Buckets:
    return Buckets(
        count=point.count,
        sum=point.sum,
        quantiles=tuple((pair.quantile, pair.value) for pair in point.quantile_values),
    )


_BUCKETS = {"histogram": _histogram, "exponential_histogram": _exponential_histogram, "summary": _summary}


def temporality(number: int, note: Note) -> int:
    """OTLP's temporality number; one it does not know is `unspecified`, and noted."""
    if 0 <= number < len(TEMPORALITIES):
        return number
    note("unknown_enum")
    return 0


def add_point(
    target: Target[MetricBatch],
    resource: Resource,
    scope: Scope,
    metric: Metric,
    *,
    time_unix_nano: int,
    start_time_unix_nano: int,
    value: int | float | None,
    buckets: Buckets | None,
    attributes: dict[str, AttributeValue],
    exemplars: list[Exemplar],
    flags: int,
) -> None:
    """Keep one point, or refuse a histogram whose counts and bounds do not belong together."""
    if buckets is not None and len(buckets.explicit_bounds) != max(len(buckets.bucket_counts) - 1, 0):
        return target.refuse("invalid_histogram")
    target.batch.add(
        resource, scope, metric,
        time_unix_nano=time_unix_nano,
        start_time_unix_nano=start_time_unix_nano,
        value=value,
        buckets=buckets,
        attributes=attributes,
        exemplars=exemplars,
        flags=flags,
    )  # fmt: skip
    target.kept()
