"""OTLP requests with ids that a test can find again, and the gRPC calls that carry them."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SIGNALS = ("traces", "logs", "metrics")
PROTOBUF, JSON = {"content-type": "application/x-protobuf"}, {"content-type": "application/json"}
ID_QUERY = {
    "traces": "SELECT span_id FROM spans",
    "logs": "SELECT body FROM logs",
    "metrics": "SELECT attributes['id'] FROM metrics",
}
"""How to read back the ids that `request` gave its records."""
_SERVICE = {"traces": "trace.v1.TraceService", "logs": "logs.v1.LogsService", "metrics": "metrics.v1.MetricsService"}


def request(signal: str, ids: Sequence[str], *, start: int | None = None) -> Any:
    """An export request with one record per id (16 hex digits each), one millisecond apart."""
    start = time.time_ns() if start is None else start
    if signal == "traces":
        traces = ExportTraceServiceRequest()
        scope = _service(traces.resource_spans.add()).scope_spans.add()
        for n, known in enumerate(ids):
            span = scope.spans.add(span_id=bytes.fromhex(known), name="work", kind=2)
            span.trace_id = span.span_id * 2
            span.start_time_unix_nano = start + n * 1_000_000
            span.end_time_unix_nano = span.start_time_unix_nano + 5_000_000
            span.attributes.add(key="http.route").value.string_value = f"/{n % 7}"
        return traces
    if signal == "logs":
        logs = ExportLogsServiceRequest()
        kept = _service(logs.resource_logs.add()).scope_logs.add()
        for n, known in enumerate(ids):
            record = kept.log_records.add(time_unix_nano=start + n * 1_000_000, severity_number=9)
            record.body.string_value = known
        return logs
    metrics = ExportMetricsServiceRequest()
    metric = _service(metrics.resource_metrics.add()).scope_metrics.add().metrics.add(name="queue.length", unit="1")
    for n, known in enumerate(ids):
        point = metric.gauge.data_points.add(time_unix_nano=start + n * 1_000_000, as_double=n)
        point.attributes.add(key="id").value.string_value = known
    return metrics


def _service(owner: Any, name: str = "shop") -> Any:
    owner.resource.attributes.add(key="service.name").value.string_value = name
    return owner


def new_ids(rng: random.Random, count: int) -> list[str]:
    """Ids that nobody else has, the same ones for the same seed."""
    return [f"{rng.getrandbits(64) | 1:016x}" for _ in range(count)]


@contextmanager
def channel(address: str, **options: Any) -> Iterator[grpc.Channel]:
    """A gRPC channel without limits of its own."""
    unlimited = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(address, options=unlimited, **options) as opened:
        yield opened


def export(
    opened: grpc.Channel, signal: str, body: bytes, *, project: str | None = None,
    metadata: Mapping[str, str] | None = None, timeout: float = 120, compression: grpc.Compression | None = None,
) -> bytes:  # fmt: skip
    """One Export call with raw bytes; raises `grpc.RpcError`."""
    call = opened.unary_unary(f"/opentelemetry.proto.collector.{_SERVICE[signal]}/Export")
    wanted = dict(metadata or {}) | ({"x-tapetum-project": project} if project else {})
    answer: bytes = call(body, metadata=list(wanted.items()), timeout=timeout, compression=compression)
    return answer
