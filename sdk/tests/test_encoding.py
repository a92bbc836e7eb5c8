"""The JSON that we send says exactly what OpenTelemetry's own protobuf encoder says."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricsData
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation
from opentelemetry.sdk.trace import ReadableSpan
from otlp_oracle import parse
from recorded import RESOURCE, some_spans

from tapetum import _otlp_json


def never(error: Exception) -> None:
    raise error


def over_the_wire(document: Any) -> Any:
    return json.loads(_otlp_json.to_bytes(document))


@pytest.mark.covers("sdk-traces")
def test_spans_say_what_the_protobuf_encoder_says() -> None:
    """Remote parents, events, links, status, flags, two scopes, every attribute type."""
    spans = some_spans()
    document, count = _otlp_json.spans(spans, never)
    assert count == 2
    parsed = parse(over_the_wire(document), ExportTraceServiceRequest())
    assert without_trace_flags(parsed) == encode_spans(spans)


def without_trace_flags(request: ExportTraceServiceRequest) -> ExportTraceServiceRequest:
    """OTLP keeps W3C trace flags in the low byte of `flags`; OpenTelemetry's encoder leaves them out."""
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                for flagged in (span, *span.links):
                    assert flagged.flags & 0xFF == 1
                    flagged.flags &= ~0xFF
    return request


@pytest.mark.covers("sdk-logs")
def test_logs_say_what_the_protobuf_encoder_says() -> None:
    """Bodies are any value; a record outside a span has no ids."""
    memory = InMemoryLogRecordExporter()
    provider = LoggerProvider(resource=RESOURCE, shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(memory))
    logger = provider.get_logger("loans", "1.2")
    for body in ("plain", {"nested": {"list": [1, 2.5, None, b"\x00\xff"]}}, 7, None):
        logger.emit(
            LogRecord(
                timestamp=1_700_000_000_000_000_001,
                observed_timestamp=1_700_000_000_000_000_002,
                severity_number=SeverityNumber.WARN,
                severity_text="WARN",
                body=body,
                attributes={"row": 3, "deep": {"a": ["b"]}},
                event_name="loan.refused",
            )
        )
    provider.shutdown()
    records = list(memory.get_finished_logs())
    document, count = _otlp_json.logs(records, never)
    expected = encode_logs(records)
    assert count == 4
    assert parse(over_the_wire(document), ExportLogsServiceRequest()) == without_empty_bodies(expected)


def without_empty_bodies(request: ExportLogsServiceRequest) -> ExportLogsServiceRequest:
    """An absent body and an empty one mean the same; we leave it out."""
    for resource in request.resource_logs:
        for scope in resource.scope_logs:
            for record in scope.log_records:
                if record.body.WhichOneof("value") is None:
                    record.ClearField("body")
    return request


def collected() -> MetricsData:
    reader = InMemoryMetricReader(preferred_aggregation={Histogram: ExponentialBucketHistogramAggregation()})
    provider = MeterProvider([reader], resource=RESOURCE, shutdown_on_exit=False)
    meter = provider.get_meter("loans", "1.2")
    meter.create_counter("requests", "1", "Requests so far").add(3, {"route": "/score"})
    meter.create_up_down_counter("open").add(-2.5)
    meter.create_gauge("temperature", "Cel").set(21.5, {"room": "a"})
    latency = meter.create_histogram("latency", "ms")
    for value in (0, 0.5, 3, 1000, 12.25):
        latency.record(value)
    data = reader.get_metrics_data()
    provider.shutdown()
    assert isinstance(data, MetricsData)
    return data


@pytest.mark.covers("sdk-metrics")
def test_metrics_say_what_the_protobuf_encoder_says() -> None:
    """Counters, up-down counters, gauges and exponential histograms, with ints and doubles kept apart."""
    data = collected()
    document, count = _otlp_json.metrics(data, never)
    parsed = parse(over_the_wire(document), ExportMetricsServiceRequest())
    assert count == 4
    assert normal(parsed) == normal(encode_metrics(data))


def test_plain_histograms_say_what_the_protobuf_encoder_says() -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], resource=RESOURCE, shutdown_on_exit=False)
    provider.get_meter("loans").create_histogram("latency", "ms").record(12.25, {"route": "/score"})
    data = reader.get_metrics_data()
    provider.shutdown()
    assert isinstance(data, MetricsData)
    parsed = parse(over_the_wire(_otlp_json.metrics(data, never)[0]), ExportMetricsServiceRequest())
    assert normal(parsed) == normal(encode_metrics(data))


def normal(request: ExportMetricsServiceRequest) -> ExportMetricsServiceRequest:
    """Forget what OpenTelemetry's encoder leaves out: a gauge's start time, and an empty bucket range."""
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for gauge in metric.gauge.data_points:
                    gauge.start_time_unix_nano = 0
                for point in metric.exponential_histogram.data_points:
                    for side in ("positive", "negative"):
                        if not getattr(point, side).bucket_counts:
                            point.ClearField(side)
    return request


def test_values_that_json_cannot_say_survive() -> None:
    """Non-finite doubles, bytes, 64-bit limits and lone surrogates neither raise nor lose the record."""
    attributes = _otlp_json.attributes(
        {"nan": math.nan, "inf": -math.inf, "big": 2**63 - 1, "bigger": 2**70, "raw": b"\xff", "half": "a\ud800b"}
    )
    values = {pair["key"]: pair["value"] for pair in over_the_wire({"a": attributes})["a"]}
    assert values == {
        "nan": {"doubleValue": "NaN"},
        "inf": {"doubleValue": "-Infinity"},
        "big": {"intValue": str(2**63 - 1)},
        "bigger": {"stringValue": str(2**70)},
        "raw": {"bytesValue": "/w=="},
        "half": {"stringValue": "a?b"},
    }


def test_a_cycle_ends() -> None:
    """A log body that contains itself must not hang or crash the program that logs it."""
    body: dict[str, Any] = {}
    body["self"] = body
    assert "nested deeper" in json.dumps(_otlp_json._value(body))


def test_one_record_that_cannot_be_encoded_costs_only_itself() -> None:
    good, refused = some_spans(), []
    bad = ReadableSpan("no context")
    _, count = _otlp_json.spans([good[0], bad, good[1]], refused.append)
    assert count == 2
    assert [str(error) for error in refused] == ["span 'no context' has no context"]
