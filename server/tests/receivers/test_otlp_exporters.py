"""OpenTelemetry's own SDK and exporters as clients, over real sockets."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status, StatusCode
from receivers.otlp_doors import Recorder, door
from receivers.test_otlp_grpc import PATIENCE_S, running

NOT_BY_ITSELF_MS = 600_000
"""Between two exports: what is sent is sent together, when the test says so."""
RESOURCE = Resource.create({"service.name": "checkout", "host.name": "gpu-1"})


@contextmanager
def http_server(recorder):
    """The HTTP door on a real port."""
    with door(recorder) as client:
        config = uvicorn.Config(client.app, port=0, log_level="error", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield server.servers[0].sockets[0].getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def exporters(kind, port):
    if kind == "grpc":
        options = {"endpoint": f"127.0.0.1:{port}", "insecure": True, "timeout": PATIENCE_S}
        return GrpcSpans(**options), GrpcMetrics(**options), GrpcLogs(**options)
    compression = {
        "http": Compression.NoCompression,
        "http, gzip": Compression.Gzip,
        "http, deflate": Compression.Deflate,
    }
    url, chosen = f"http://127.0.0.1:{port}/v1/", compression[kind]
    options = {"compression": chosen, "timeout": PATIENCE_S}
    return (
        HttpSpans(url + "traces", **options),
        HttpMetrics(url + "metrics", **options),
        HttpLogs(url + "logs", **options),
    )


@pytest.mark.covers("signal-traces", "signal-metrics")
@pytest.mark.parametrize("kind", ["http", "http, gzip", "http, deflate", "grpc"])
def test_spans_and_metrics_of_the_sdk_arrive(kind):
    recorder = Recorder()
    serve = running if kind == "grpc" else http_server
    with serve(recorder) as port:
        span_exporter, metric_exporter, log_exporter = exporters(kind, port)
        tracing = TracerProvider(resource=RESOURCE)
        tracing.add_span_processor(BatchSpanProcessor(span_exporter, schedule_delay_millis=NOT_BY_ITSELF_MS))
        tracer = tracing.get_tracer("shop", "1.0", attributes={"team": "ml"})
        with tracer.start_as_current_span("root", attributes={"n": 2**60, "list": ["a", "b"]}) as root:
            with tracer.start_as_current_span("child", links=[]) as child:
                child.record_exception(ValueError("bad"))
                child.set_status(Status(StatusCode.ERROR, "failed"))
            root_id = f"{root.get_span_context().span_id:016x}"
        metrics = MeterProvider([PeriodicExportingMetricReader(metric_exporter, NOT_BY_ITSELF_MS)], resource=RESOURCE)
        meter = metrics.get_meter("shop")
        meter.create_counter("orders").add(3, {"currency": "EUR"})
        meter.create_histogram("latency", unit="s").record(0.25)
        assert tracing.force_flush(PATIENCE_S * 1000)
        assert metrics.force_flush(PATIENCE_S * 1000)
        tracing.shutdown()
        metrics.shutdown()
        log_exporter.shutdown()

    spans = next(b for b in recorder.batches if b.signal == "traces")
    assert spans.name == ["child", "root"]
    assert spans.parent_span_id == [root_id, ""]
    assert spans.attributes[1] == {"n": 2**60, "list": ["a", "b"]}
    assert (spans.status_code, spans.status_message) == ([2, 0], ["failed", ""])
    assert spans.events[0][0].attributes["exception.type"] == "ValueError"
    assert spans.resource[0].attributes["host.name"] == "gpu-1"
    assert (spans.scope[0].name, spans.scope[0].attributes) == ("shop", {"team": "ml"})
    points = next(b for b in recorder.batches if b.signal == "metrics")
    found = {m.name: (m.type, points.value[i], points.buckets[i]) for i, m in enumerate(points.metric)}
    assert found["orders"] == ("sum", 3, None)
    assert found["latency"][2].count == 1
    assert {key[1] for key in recorder.counts} == {"checkout"}
    logging.getLogger("opentelemetry").handlers.clear()


@pytest.mark.covers("signal-logs")
@pytest.mark.parametrize("kind", ["http", "http, gzip", "grpc"])
def test_logs_of_the_sdk_arrive(kind):
    from opentelemetry._logs import LogRecord, SeverityNumber
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    recorder = Recorder()
    serve = running if kind == "grpc" else http_server
    with serve(recorder) as port:
        span_exporter, metric_exporter, log_exporter = exporters(kind, port)
        span_exporter.shutdown()
        metric_exporter.shutdown()
        provider = LoggerProvider(resource=RESOURCE)
        provider.add_log_record_processor(BatchLogRecordProcessor(log_exporter, schedule_delay_millis=NOT_BY_ITSELF_MS))
        record = LogRecord(
            timestamp=5, severity_number=SeverityNumber.WARN, severity_text="WARN",
            body={"message": "low stock", "left": [1, 2]}, attributes={"sku": "x1"}, event_name="stock.low",
        )  # fmt: skip
        provider.get_logger("shop").emit(record)
        assert provider.force_flush(PATIENCE_S * 1000)
        provider.shutdown()

    logs = recorder.only()
    assert (logs.time_unix_nano, logs.severity_number, logs.severity) == ([5], [13], ["WARN"])
    assert logs.body == [{"message": "low stock", "left": [1, 2]}]
    assert (logs.event_name, logs.attributes) == (["stock.low"], [{"sku": "x1"}])
