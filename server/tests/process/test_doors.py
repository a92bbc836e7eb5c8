"""OTLP's doors on a real server: answers as the specification says, keys, projects, aliases, and official exporters."""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import os
import random
import threading
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any

import grpc
import httpx
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from process.conftest import StartServer
from process.hostile import NOW, json_span, json_traces, span, traces
from process.otlp import ID_QUERY, JSON, PROTOBUF, SIGNALS, channel, export, new_ids, request
from process.servers import START_S, RunningServer, tapetum

ENCODINGS = {"protobuf": PROTOBUF, "json": JSON}
both_encodings = pytest.mark.parametrize("encoding", ENCODINGS)


def status_of(answer: Any, encoding: str) -> tuple[int, str]:
    """Code and message of a `google.rpc.Status` body, which must be in the request's encoding."""
    assert answer.headers["content-type"] == ENCODINGS[encoding]["content-type"]
    if encoding == "json":
        body = answer.json()
        return body["code"], body["message"]
    status = Status.FromString(answer.content)
    return status.code, status.message


def test_a_connection_is_there_for_the_next_export(shared_server: RunningServer) -> None:
    """Clients keep one for some seconds: a server that closes it just then loses what they send, with a reset."""
    connection = HTTPConnection("127.0.0.1", shared_server.port, timeout=START_S)
    with contextlib.closing(connection):
        for pause_s in (0, 5.5):
            time.sleep(pause_s)
            connection.request("POST", "/v1/traces", b"{}", JSON)
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, b"{}")


@both_encodings
@pytest.mark.covers("empty-request")
@pytest.mark.parametrize("signal", SIGNALS)
def test_an_empty_request_succeeds(shared_server: RunningServer, encoding: str, signal: str) -> None:
    answer = shared_server.send(signal, b"{}" if encoding == "json" else b"", headers=ENCODINGS[encoding])
    assert (answer.status_code, answer.content) == (200, b"{}" if encoding == "json" else b"")


@both_encodings
@pytest.mark.covers("error-status-body")
def test_what_cannot_be_decoded_is_400(shared_server: RunningServer, encoding: str) -> None:
    answer = shared_server.send("logs", b"\xff\xff\xff", headers=ENCODINGS[encoding])
    assert answer.status_code == 400
    code, message = status_of(answer, encoding)
    assert code == 3
    assert message


@both_encodings
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_another_method_is_405_and_says_which_is_right(
    shared_server: RunningServer, encoding: str, method: str
) -> None:
    answer = shared_server.client.request(method, "/v1/traces", headers=ENCODINGS[encoding])
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert "POST" in status_of(answer, encoding)[1]


@pytest.mark.covers("api-error-shape")
@pytest.mark.parametrize("path", ["/", "/v1/traces/", "/v1/trace", "/v1/traces/v1/traces", "/api/v2/sql"])
def test_an_exporter_with_a_wrong_endpoint_is_told_the_right_one(shared_server: RunningServer, path: str) -> None:
    """The most common mistake: the base address, or the whole path, where the other was wanted."""
    answer = shared_server.client.post(path, content=b"", headers={"content-type": "application/x-protobuf"})
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert error["code"] == "not_found"
    assert path in error["message"]
    assert "/v1/traces" in error["hint"] or "/api/openapi.json" in error["hint"]


@both_encodings
@pytest.mark.covers("partial-success")
def test_partial_success_counts_what_was_refused_and_says_why(
    shared_server: RunningServer, project: str, encoding: str
) -> None:
    if encoding == "json":
        body = json_traces(json_span(1), json_span(2, traceId="12"), json_span(3, newField={"of": "tomorrow"}))
    else:
        body = traces(span(1), span(0), span(3))
    answer = shared_server.send("traces", body, project=project, headers=ENCODINGS[encoding])
    assert answer.status_code == 200
    if encoding == "json":
        told = answer.json()["partialSuccess"]
        refused, message = int(told["rejectedSpans"]), told["errorMessage"]
    else:
        partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
        refused, message = partial.rejected_spans, partial.error_message
    assert refused == 1
    assert "trace_id must be 16 bytes" in message
    assert shared_server.rows("SELECT count() FROM spans WHERE project = {p:String}", p=project) == [(2,)]


@pytest.mark.parametrize("path", ["/v1/traces", "/api/public/otel/v1/traces"])
def test_a_project_is_made_by_the_first_record_that_names_it(
    shared_server: RunningServer, project: str, path: str
) -> None:
    """The header wins over nothing, and a resource attribute over the header."""
    named = project + "-r"
    headers = PROTOBUF | {"x-tapetum-project": project}
    both = request("traces", ["00000000000000d1"])
    other = both.resource_spans.add()
    other.CopyFrom(both.resource_spans[0])
    other.resource.attributes.add(key="tapetum.project").value.string_value = named
    answer = shared_server.client.post(path, content=both.SerializeToString(), headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")
    found = {p["name"] for p in shared_server.client.get("/api/v1/projects").json()["projects"]}
    assert {project, named} <= found
    for where in (project, named):
        assert shared_server.rows("SELECT count() FROM spans WHERE project = {p:String}", p=where) == [(1,)]


def test_a_project_with_a_name_that_cannot_be_is_refused_by_name(shared_server: RunningServer) -> None:
    answer = shared_server.send("traces", traces(span(1)), project="../etc")
    assert answer.status_code == 200
    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert partial.rejected_spans == 1
    assert "invalid_project" in partial.error_message


RESOURCE = Resource.create({"service.name": "checkout", "host.name": "gpu-1"})


def exporters(server: RunningServer, kind: str, headers: Mapping[str, str]) -> tuple[Any, Any, Any]:
    """Official exporters of spans, metrics and logs."""
    if kind.startswith("grpc"):
        compression = grpc.Compression.Gzip if "gzip" in kind else grpc.Compression.NoCompression
        options = {
            "endpoint": server.grpc, "insecure": True, "compression": compression, "headers": tuple(headers.items()),
            "timeout": START_S,
        }  # fmt: skip
        return GrpcSpans(**options), GrpcMetrics(**options), GrpcLogs(**options)
    chosen = Compression.Gzip if "gzip" in kind else Compression.NoCompression
    return tuple(
        make(endpoint=f"{server.url}/v1/{signal}", compression=chosen, headers=dict(headers), timeout=START_S)
        for make, signal in ((HttpSpans, "traces"), (HttpMetrics, "metrics"), (HttpLogs, "logs"))
    )  # type: ignore[return-value]


@pytest.fixture
def sdk_stays_quiet() -> Iterator[None]:
    """What the SDK sets up for itself is taken down again."""
    yield
    logging.getLogger("opentelemetry").handlers.clear()


@pytest.mark.usefixtures("sdk_stays_quiet")
@pytest.mark.parametrize("kind", ["http", "http gzip", "grpc", "grpc gzip"])
@pytest.mark.covers(
    "otlp-http-protobuf", "otlp-grpc", "compression-gzip", "signal-traces", "signal-logs", "signal-metrics"
)
def test_the_official_sdk_is_heard_in_all_signals(shared_server: RunningServer, project: str, kind: str) -> None:
    """What was flushed can be asked for at once."""
    spans, metrics, logs = exporters(shared_server, kind, {"x-tapetum-project": project})
    tracing = TracerProvider(resource=RESOURCE)
    tracing.add_span_processor(BatchSpanProcessor(spans))
    with tracing.get_tracer("shop").start_as_current_span("order", attributes={"n": 2**60}) as order:
        trace_id = f"{order.get_span_context().trace_id:032x}"
        with tracing.get_tracer("shop").start_as_current_span("pay") as pay:
            pay.record_exception(ValueError("declined"))
    metering = MeterProvider([PeriodicExportingMetricReader(metrics, 60_000)], resource=RESOURCE)
    metering.get_meter("shop").create_counter("orders").add(3, {"currency": "EUR"})
    logging_provider = LoggerProvider(resource=RESOURCE)
    logging_provider.add_log_record_processor(BatchLogRecordProcessor(logs))
    logging_provider.get_logger("shop").emit(
        LogRecord(timestamp=NOW, severity_number=SeverityNumber.WARN, severity_text="WARN", body="low stock")
    )
    for provider in (tracing, metering, logging_provider):
        assert provider.force_flush(START_S * 1_000)

    mine = "project = {p:String}"
    assert shared_server.rows(
        f"SELECT name, service, trace_id, attributes['n'] FROM spans WHERE {mine} ORDER BY name", p=project
    ) == [("order", "checkout", trace_id, str(2**60)), ("pay", "checkout", trace_id, "")]
    assert shared_server.rows(f"SELECT root_name, span_count FROM traces WHERE {mine}", p=project) == [("order", 2)]
    assert shared_server.rows(f"SELECT body, severity, service FROM logs WHERE {mine}", p=project) == [
        ("low stock", "warn", "checkout")
    ]
    assert shared_server.rows(
        f"SELECT value, attributes['currency'] FROM metrics WHERE {mine} AND name = 'orders'", p=project
    ) == [(3.0, "EUR")]
    for provider in (tracing, metering, logging_provider):
        provider.shutdown()


def make_key(data: Path, *options: str) -> str:
    """A key made on the data directory itself, as before a first start."""
    made = tapetum("keys", "create", "--data", data, "--name", options[0], *options[1:])
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


@pytest.mark.covers("keys", "cli-keys")
def test_with_keys_required_every_door_asks_for_one(start_server: StartServer, tmp_path: Path) -> None:
    ingest = make_key(tmp_path, "app", "--scope", "ingest", "--project", "shop")
    reader = make_key(tmp_path, "viewer", "--scope", "read")
    admin = make_key(tmp_path, "root", "--scope", "admin")
    server = start_server(tmp_path, env={"TAPETUM_REQUIRE_KEYS": "1"})
    body = request("traces", ["00000000000000e1"]).SerializeToString()

    def bearer(key: str) -> dict[str, str]:
        return {"authorization": f"Bearer {key}"}

    for encoding, headers in ENCODINGS.items():
        missing = server.send("traces", body, headers=headers)
        assert (missing.status_code, status_of(missing, encoding)[0]) == (401, 16)
        wrong = server.send("traces", body, headers=headers | bearer("tpt_wrong"))
        assert (wrong.status_code, status_of(wrong, encoding)[0]) == (401, 16)
        not_allowed = server.send("traces", body, headers=headers | bearer(reader))
        assert (not_allowed.status_code, status_of(not_allowed, encoding)[0]) == (403, 7)

    basic = base64.b64encode(f"pk:{ingest}".encode()).decode()
    assert server.send("traces", body, headers=bearer(ingest)).status_code == 200
    assert server.send("traces", body, headers={"authorization": f"Basic {basic}"}).status_code == 200
    assert server.client.post(f"/k/{ingest}/v1/traces", content=body, headers=PROTOBUF).status_code == 200
    assert server.client.post("/k/tpt_wrong/v1/traces", content=body, headers=PROTOBUF).status_code == 401

    elsewhere = server.send("traces", body, project="other", headers=bearer(ingest))
    partial = ExportTraceServiceResponse.FromString(elsewhere.content).partial_success
    assert (elsewhere.status_code, partial.rejected_spans) == (200, 1)
    assert "project_not_allowed" in partial.error_message

    with channel(server.grpc) as opened:
        for metadata, code in [
            ({}, grpc.StatusCode.UNAUTHENTICATED),
            (bearer("tpt_wrong"), grpc.StatusCode.UNAUTHENTICATED),
            (bearer(reader), grpc.StatusCode.PERMISSION_DENIED),
        ]:
            with pytest.raises(grpc.RpcError) as refused:
                export(opened, "traces", body, metadata=metadata)
            assert refused.value.code() == code
        assert export(opened, "traces", body, metadata=bearer(ingest)) == b""

    for path in ("/healthz", "/readyz"):
        assert server.client.get(path).status_code == 200
    for path in ("/metrics", "/api/v1/projects", "/api/v1/sql/schema"):
        assert server.client.get(path).status_code == 401
        assert server.client.get(path, headers=bearer(admin)).status_code == 200
    answer = server.client.post(
        "/api/v1/sql", json={"query": "SELECT project, count() FROM spans GROUP BY 1"}, headers=bearer(admin)
    )
    assert answer.json()["rows"] == [["shop", "1"]]
    assert ingest not in server.stderr()
    assert server.stop() == 0


@pytest.mark.covers("ack-durable", "cli-serve")
def test_sigterm_under_load_ends_cleanly_with_everything_acknowledged(
    start_server: StartServer, tmp_path: Path
) -> None:
    """Exit code 0, nothing lost, nothing twice, no traceback: what a container's stop must be."""
    server = start_server(tmp_path)
    acknowledged: dict[str, set[str]] = {signal: set() for signal in SIGNALS}
    failed: list[Exception] = []
    loaded = threading.Barrier(5)

    def send(seed: int) -> None:
        chance = random.Random(seed)
        try:
            with channel(server.grpc) as opened:
                for n in range(10_000):
                    signal, ids = SIGNALS[n % 3], new_ids(chance, 30)
                    body = request(signal, ids).SerializeToString()
                    if seed == 0:
                        export(opened, signal, body)
                    elif server.send(signal, body).status_code != 200:
                        return
                    acknowledged[signal].update(ids)
                    if n == 3:
                        loaded.wait(START_S)
        except (grpc.RpcError, OSError):
            return
        except Exception as error:
            if "httpx" not in type(error).__module__:
                failed.append(error)

    senders = [threading.Thread(target=send, args=(seed,)) for seed in range(4)]
    for sender in senders:
        sender.start()
    loaded.wait(START_S)
    assert server.stop() == 0
    for sender in senders:
        sender.join(START_S)
        assert not sender.is_alive()
    assert not failed
    said = server.stderr()
    assert "Traceback" not in said, said
    assert "ERROR" not in said, said

    again = start_server(tmp_path)
    for signal in SIGNALS:
        stored = [row[0] for row in again.rows(ID_QUERY[signal])]
        assert acknowledged[signal] <= set(stored)
        assert len(stored) == len(set(stored))
    assert again.stored_counts()["default", "logs", "accepted", ""] >= len(acknowledged["logs"])
    assert again.stop() == 0


@pytest.mark.wide
def test_a_request_that_came_while_the_server_stood_still_is_answered(shared_server: RunningServer) -> None:
    """On a connection that was used before: as of an exporter, or of a proxy that keeps some open."""
    assert shared_server.client.get("/healthz").status_code == 200
    os.kill(shared_server.pid, SIGSTOP)
    goes_on = threading.Timer(6, os.kill, (shared_server.pid, SIGCONT))
    goes_on.start()
    try:
        assert shared_server.client.get("/healthz").text == "ok\n"
    finally:
        goes_on.join()


@pytest.mark.covers("api-tail")
def test_sigterm_does_not_wait_for_open_live_tails(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(tmp_path)
    with server.client.stream("GET", "/api/v1/logs/tail") as tail:
        assert tail.status_code == 200
        assert server.send("logs", request("logs", ["00000000000000f1"]).SerializeToString()).status_code == 200
        lines = tail.iter_lines()
        assert json.loads(next(line for line in lines if line.startswith("data:"))[5:])["rows"]
        server.process.terminate()
        with contextlib.suppress(httpx.RemoteProtocolError):  # the tail may be cut where it stands
            list(lines)
    assert server.process.wait(START_S) == 0
    assert "Traceback" not in server.stderr()
