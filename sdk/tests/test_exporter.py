"""The exporters deliver, retry, count what they lose, and never raise."""

from __future__ import annotations

import json
import logging
import socket
from typing import Any

import pytest
from opentelemetry._logs import LogRecord
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from otlp_collector import Answer, Collector
from otlp_oracle import parse
from recorded import some_spans

from tapetum import _http, _otlp_json
from tapetum.exporter import TapetumLogExporter, TapetumMetricExporter, TapetumSpanExporter


def export(exporter: TapetumSpanExporter, spans: list[ReadableSpan] | None = None) -> SpanExportResult:
    return exporter.export(some_spans() if spans is None else spans)


@pytest.mark.covers("sdk-traces")
def test_spans_arrive_through_the_sdks_own_processor(collector: Collector) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    exporter = TapetumSpanExporter(collector.url)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    with provider.get_tracer("t").start_as_current_span("hello"):
        pass
    provider.shutdown()
    (request,) = collector.received
    message = parse(request.document, ExportTraceServiceRequest())
    assert request.path == "/v1/traces"
    assert request.headers["content-type"] == "application/json"
    assert message.resource_spans[0].scope_spans[0].spans[0].name == "hello"
    assert exporter.losses == {}


@pytest.mark.covers("sdk-logs")
def test_logs_arrive_through_the_sdks_own_processor(collector: Collector) -> None:
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(BatchLogRecordProcessor(TapetumLogExporter(collector.url)))
    provider.get_logger("t").emit(LogRecord(body="hello"))
    provider.shutdown()
    (request,) = collector.received
    assert request.path == "/v1/logs"
    assert request.document["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["body"] == {"stringValue": "hello"}


@pytest.mark.covers("sdk-metrics")
def test_metrics_arrive_through_the_sdks_own_reader(collector: Collector) -> None:
    reader = PeriodicExportingMetricReader(TapetumMetricExporter(collector.url), export_interval_millis=3_600_000)
    provider = MeterProvider([reader], shutdown_on_exit=False)
    provider.get_meter("t").create_counter("requests").add(3)
    provider.shutdown()
    (request,) = collector.received
    metric = request.document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]
    assert request.path == "/v1/metrics"
    assert (metric["name"], metric["sum"]["dataPoints"][0]["asInt"]) == ("requests", "3")


def test_key_and_project_travel_as_headers(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments win over the environment."""
    monkeypatch.setenv("TAPETUM_URL", collector.url)
    monkeypatch.setenv("TAPETUM_KEY", "from-environment")
    monkeypatch.setenv("TAPETUM_PROJECT", "loans")
    export(TapetumSpanExporter(key="given", headers={"x-extra": "1"}))
    headers = collector.received[0].headers
    assert headers["authorization"] == "Bearer given"
    assert headers["x-tapetum-project"] == "loans"
    assert headers["x-extra"] == "1"


def test_a_busy_server_is_asked_again_after_the_time_it_names(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    collector.answers = [Answer(503, {"Retry-After": "3"}), Answer(429, {"Retry-After": "1"})]
    exporter = TapetumSpanExporter(collector.url, timeout_s=30)
    monkeypatch.setattr(exporter._post._closed, "wait", waits.append)
    assert export(exporter) is SpanExportResult.SUCCESS
    assert waits == [3.0, 1.0]
    assert len(collector.received) == 3
    assert exporter.losses == {}


def test_a_server_that_names_a_time_beyond_the_deadline_is_not_waited_for(collector: Collector) -> None:
    """The batch is lost and counted; the worker thread is free for the next one."""
    collector.answers = [Answer(503, {"Retry-After": "3600"})]
    exporter = TapetumSpanExporter(collector.url)
    assert export(exporter) is SpanExportResult.FAILURE
    assert exporter.losses == {"http_503": 2}


def test_a_refusal_is_not_repeated(collector: Collector) -> None:
    collector.answers = [Answer(400, body=json.dumps({"code": 3, "message": "bad span"}).encode())]
    exporter = TapetumSpanExporter(collector.url)
    assert export(exporter) is SpanExportResult.FAILURE
    assert len(collector.received) == 1
    assert exporter.losses == {"http_400": 2}


def test_a_redirect_is_not_followed(collector: Collector) -> None:
    """Following one would send telemetry, and the key with it, to a place nobody configured."""
    collector.answers = [Answer(302, {"Location": collector.url + "/elsewhere"})]
    exporter = TapetumSpanExporter(collector.url)
    assert export(exporter) is SpanExportResult.FAILURE
    assert [r.path for r in collector.received] == ["/v1/traces"]


def test_partial_success_is_counted(collector: Collector, caplog: pytest.LogCaptureFixture) -> None:
    partial = {"partialSuccess": {"rejectedSpans": "1", "errorMessage": "span id of zeros"}}
    collector.answers = [Answer(body=json.dumps(partial).encode())]
    exporter = TapetumSpanExporter(collector.url)
    with caplog.at_level(logging.WARNING, "tapetum"):
        assert export(exporter) is SpanExportResult.SUCCESS
    assert exporter.losses == {"refused_by_server": 1}
    assert "span id of zeros" in caplog.text


@pytest.mark.covers("sdk-never-raises")
def test_no_server_is_a_counted_loss_that_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        exporter = TapetumSpanExporter(nobody, timeout_s=0.2)
        with caplog.at_level(logging.WARNING, "tapetum"):
            assert export(exporter) is SpanExportResult.FAILURE
            assert export(exporter) is SpanExportResult.FAILURE
    assert exporter.losses == {"unreachable": 4}
    assert len(caplog.records) == 1


def test_after_shutdown_nothing_is_sent(collector: Collector) -> None:
    exporter = TapetumSpanExporter(collector.url)
    exporter.shutdown()
    assert export(exporter) is SpanExportResult.FAILURE
    assert collector.received == []
    assert exporter.losses == {"after_shutdown": 2}


@pytest.mark.covers("sdk-never-raises")
def test_a_bug_in_the_exporter_never_reaches_the_host_program(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.delenv("TAPETUM_SDK_RAISE")
    monkeypatch.setattr(_otlp_json, "spans", broken)
    exporter = TapetumSpanExporter(collector.url)
    assert export(exporter, some_spans()) is SpanExportResult.FAILURE
    assert exporter.losses == {"internal_error": 2}


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("2", 2.0), ("0.5", 0.5), ("-1", 0.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("soon", None), (None, None)],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert _http._seconds(header) == seconds


def test_an_endpoint_that_cannot_work_is_refused_at_once() -> None:
    """Configuration errors are the one thing that raises: at start, where a person sees it."""
    with pytest.raises(ValueError, match=r"http://host:4318.*'localhost:4318'"):
        TapetumSpanExporter("localhost:4318")
