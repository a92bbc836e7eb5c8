"""OTLP/gRPC on a real port: answers, codes, and the details that exporters act upon."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from receivers.otlp_doors import REQUESTS, Recorder, add_span, body_of, captures, columns, protobuf

from tapetum_server.receivers.otlp.grpc import OtlpGrpc
from tapetum_server.receivers.otlp.limits import Limits
from tapetum_server.signals.consumer import Busy
from tapetum_server.signals.identity import LOOPBACK, Identity

PATIENCE_S = 120.0
SERVICES = {"traces": "trace.v1.TraceService", "logs": "logs.v1.LogsService", "metrics": "metrics.v1.MetricsService"}


class UnknownKey(PermissionError):
    pass


def identify(metadata, peer):
    assert peer.startswith("ipv4:127.0.0.1:")
    key = metadata.get("authorization", "")
    if key == "Bearer wrong":
        raise UnknownKey("this key is unknown or revoked")
    identity = Identity("viewer", frozenset({"read"})) if key == "Bearer viewer" else LOOPBACK
    return identity, metadata.get("x-tapetum-project")


@contextmanager
def running(recorder, **options):
    """A gRPC door on a free port, with the consumer's loop on another thread as in the product."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    door = OtlpGrpc(
        identify=identify, consumer=recorder, observer=recorder, loop=loop, host="127.0.0.1",
        **{"port": 0, "limits": Limits()} | options,
    )  # fmt: skip
    try:
        port = door.start()
        yield port
    finally:
        door.stop(1.0)
        door.stop(1.0)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def client(recorder, signal="traces", **options):
    """A function that sends bytes to one of the services."""
    with running(recorder, **options) as port, grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        method = f"/opentelemetry.proto.collector.{SERVICES[signal]}/Export"
        yield channel.unary_unary(method)


@pytest.mark.covers("otlp-grpc", "signal-traces", "signal-logs", "signal-metrics")
@pytest.mark.parametrize("signal", SERVICES)
@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_captured_requests_arrive_as_over_http(signal, compression):
    recorder = Recorder()
    path = captures(signal)[0]
    with client(recorder, signal) as export:
        assert export(body_of(path), compression=compression, timeout=PATIENCE_S) == b""
        assert export(b"", timeout=PATIENCE_S) == b""
    request = REQUESTS[signal].FromString(body_of(path))
    assert request.ByteSize() > 0
    assert recorder.counts.total() == sum(map(len, recorder.batches)) > 0
    assert columns(recorder.batches[0])["project"] == "default"


@pytest.mark.covers("partial-success")
def test_a_partial_success_names_the_reason():
    recorder = Recorder()
    request = protobuf(1)
    add_span(request, 2, trace_id=b"")
    with client(recorder) as export:
        metadata = (("x-tapetum-project", "vision"),)
        answer = ExportTraceServiceResponse.FromString(
            export(request.SerializeToString(), metadata=metadata, timeout=PATIENCE_S)
        ).partial_success
    assert answer.rejected_spans == 1
    assert "invalid_trace_id" in answer.error_message
    assert (recorder.only().project, recorder.only().name) == ("vision", ["span 1"])


@pytest.mark.covers("grpc-retry-info")
@pytest.mark.parametrize(
    ("reason", "code"),
    [("queue_full", grpc.StatusCode.RESOURCE_EXHAUSTED), ("disk_full", grpc.StatusCode.UNAVAILABLE)],
)
def test_a_busy_store_answers_with_retry_info(reason, code):
    recorder = Recorder(error=Busy(reason, "come back later", 1.5))
    with client(recorder) as export, pytest.raises(grpc.RpcError) as raised:
        export(protobuf().SerializeToString(), timeout=PATIENCE_S)
    error = raised.value
    assert (error.code(), error.details()) == (code, "come back later")
    status = Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
    retry = RetryInfo()
    assert status.details[0].Unpack(retry)
    assert retry.retry_delay.ToMilliseconds() == 1500


@pytest.mark.parametrize(
    ("body", "metadata", "code"),
    [
        (b"\xff\xff\xff", (), grpc.StatusCode.INVALID_ARGUMENT),
        (b"", (("authorization", "Bearer wrong"),), grpc.StatusCode.UNAUTHENTICATED),
        (b"", (("authorization", "Bearer viewer"),), grpc.StatusCode.PERMISSION_DENIED),
    ],
)
def test_refusals_have_grpcs_own_codes(body, metadata, code):
    recorder = Recorder()
    with client(recorder) as export:
        with pytest.raises(grpc.RpcError) as raised:
            export(body, metadata=metadata, timeout=PATIENCE_S)
        assert raised.value.code() == code
        assert export(protobuf().SerializeToString(), timeout=PATIENCE_S) == b""
    assert len(recorder.only()) == 1


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_a_message_beyond_the_limit_is_refused_while_inflating(compression):
    recorder = Recorder()
    request = protobuf(name="a" * 100_000).SerializeToString()
    with client(recorder, "logs", max_message_bytes=10_000) as export:
        with pytest.raises(grpc.RpcError) as raised:
            export(request, compression=compression, metadata=(("x-tapetum-project", "vision"),), timeout=PATIENCE_S)
        assert raised.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        with pytest.raises(grpc.RpcError):
            export(request, compression=compression, metadata=(("authorization", "Bearer wrong"),), timeout=PATIENCE_S)
    assert recorder.counts == {("vision", "loopback", "logs", "refused", "too_large"): 1}


def test_a_call_without_a_message_is_refused_and_counted():
    recorder = Recorder()
    method = f"/opentelemetry.proto.collector.{SERVICES['traces']}/Export"
    with running(recorder) as port, grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        with pytest.raises(grpc.RpcError) as raised:
            channel.stream_unary(method)(iter(()), timeout=PATIENCE_S)
    assert raised.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert recorder.counts == {("default", "loopback", "traces", "refused", "too_large"): 1}


def test_our_own_failure_is_internal_and_counted(caplog):
    recorder = Recorder(error=RuntimeError("a bug"))
    with client(recorder) as export, pytest.raises(grpc.RpcError) as raised:
        export(protobuf().SerializeToString(), timeout=PATIENCE_S)
    assert raised.value.code() == grpc.StatusCode.INTERNAL
    assert "a bug" not in raised.value.details()
    assert "a bug" in caplog.text
    assert recorder.counts == {("default", "shop", "traces", "refused", "internal_error"): 1}


def test_a_sender_that_runs_out_of_time_while_sending_is_not_counted_as_too_large():
    recorder = Recorder()
    method = f"/opentelemetry.proto.collector.{SERVICES['traces']}/Export"
    with running(recorder) as port, grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        never = threading.Event()
        with pytest.raises(grpc.RpcError) as raised:
            channel.stream_unary(method)(iter(never.wait, True), timeout=0.2)
        assert raised.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        never.set()
        assert channel.unary_unary(method)(protobuf().SerializeToString(), timeout=PATIENCE_S) == b""
    assert [key[3] for key in recorder.counts] == ["accepted"]


@pytest.mark.covers("bad-port-taken")
def test_a_taken_port_is_a_clear_error():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match=r"taken.*--grpc-port"), running(Recorder(), port=taken.getsockname()[1]):
            pass
