"""What OTLP/HTTP answers: success, partial success, and every kind of refusal."""

from __future__ import annotations

import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from receivers.otlp_doors import (
    JSON,
    PROTOBUF,
    REQUESTS,
    Recorder,
    add_span,
    as_json,
    door,
    protobuf,
    span,
    span_request,
)

from tapetum_server.signals.consumer import Busy, Receipt
from tapetum_server.signals.identity import Identity

PATHS = ["/v1/traces", "/v1/logs", "/v1/metrics", "/api/public/otel/v1/traces", "/api/public/otel/v1/metrics"]


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def client(recorder):
    with door(recorder) as opened:
        yield opened


def partial(answer):
    assert answer.status_code == 200
    return ExportTraceServiceResponse.FromString(answer.content).partial_success


@pytest.mark.covers("empty-request")
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("headers", "body", "answer"), [(PROTOBUF, b"", b""), (JSON, b"{}", b"{}")])
def test_empty_requests_succeed(client, recorder, path, headers, body, answer):
    response = client.post(path, content=body, headers=headers)

    assert (response.status_code, response.content) == (200, answer)
    assert response.headers["content-type"] == headers["content-type"]
    assert recorder.batches == []


@pytest.mark.covers("partial-success", "counts-by-reason")
def test_a_bad_span_is_refused_and_its_neighbours_are_kept(client, recorder):
    request = protobuf(1)
    add_span(request, 2, trace_id=b"short")
    add_span(request, 3, trace_id=bytes(16))
    add_span(request, 4, span_id=bytes(8))
    add_span(request, 5, parent_span_id=b"abc")
    add_span(request, 6)

    told = partial(client.post("/v1/traces", content=request.SerializeToString(), headers=PROTOBUF))

    assert recorder.only().name == ["span 1", "span 6"]
    assert told.rejected_spans == 4
    assert "2 spans refused (invalid_trace_id): trace_id must be 16 bytes" in told.error_message
    assert recorder.counts == {
        ("default", "shop", "traces", "accepted", ""): 2,
        ("default", "shop", "traces", "refused", "invalid_trace_id"): 2,
        ("default", "shop", "traces", "refused", "invalid_span_id"): 1,
        ("default", "shop", "traces", "refused", "invalid_parent_span_id"): 1,
    }


def test_the_same_spans_are_refused_in_json(client, recorder):
    spans = [span(1), span(2, traceId="abcd"), span(3, spanId="0" * 16), span(4, parentSpanId="ab"), span(5)]

    answer = client.post("/v1/traces", content=as_json(span_request(*spans)), headers=JSON).json()

    assert recorder.only().name == ["span 1", "span 5"]
    assert answer["partialSuccess"]["rejectedSpans"] == "3"
    assert "invalid_parent_span_id" in answer["partialSuccess"]["errorMessage"]


def test_a_parent_of_zeros_is_no_parent(client, recorder):
    client.post("/v1/traces", content=protobuf(parent_span_id=bytes(8)).SerializeToString(), headers=PROTOBUF)
    assert recorder.only().parent_span_id == [""]


def test_what_the_consumer_refuses_is_told_to_the_sender(client, recorder):
    recorder.receipt = Receipt(1, messages=["the day is outside retention"])
    recorder.receipt.refused["too_old"] = 1
    request = protobuf(1)
    add_span(request, 2)

    told = partial(client.post("/v1/traces", content=request.SerializeToString(), headers=PROTOBUF))

    assert (told.rejected_spans, told.error_message) == (1, "the day is outside retention")
    assert recorder.counts["default", "shop", "traces", "refused", "too_old"] == 1


def test_a_sender_is_told_of_a_time_that_was_clamped(client, recorder):
    """Nothing is refused, so rejected is 0 and the message is a warning."""
    recorder.receipt = Receipt(1)
    recorder.receipt.truncated["time_clamped"] = 1
    told = partial(client.post("/v1/traces", content=protobuf().SerializeToString(), headers=PROTOBUF))
    assert told.rejected_spans == 0
    assert "1 spans kept with less (time_clamped): a time after 2262-04-11" in told.error_message


@pytest.mark.covers("http-429-503-retry-after")
@pytest.mark.parametrize(("reason", "status"), [("queue_full", 429), ("disk_full", 503)])
def test_a_busy_store_asks_for_a_retry_in_the_encoding_of_the_request(client, recorder, reason, status):
    recorder.error = Busy(reason, "come back later", retry_after_s=2.2)

    binary = client.post("/v1/traces", content=protobuf().SerializeToString(), headers=PROTOBUF)
    text = client.post("/v1/traces", content=as_json(span_request(span())), headers=JSON)

    for answer in (binary, text):
        assert (answer.status_code, answer.headers["retry-after"]) == (status, "3")
    assert Status.FromString(binary.content).message == "come back later"
    assert text.json()["message"] == "come back later"
    assert recorder.counts["default", "shop", "traces", "refused", reason] == 2


@pytest.mark.covers("counts-by-reason")
def test_records_that_are_to_come_again_are_counted_in_their_own_project(client, recorder):
    recorder.error = Busy("queue_full", "come back later")
    request = span_request(span(1), span(2), resource={"service.name": "shop", "tapetum.project": "search"})
    request["resourceSpans"] += span_request(span(3), resource={"service.name": "cart"})["resourceSpans"]
    headers = JSON | {"x-tapetum-project": "vision"}
    assert client.post("/v1/traces", content=as_json(request), headers=headers).status_code == 429
    assert recorder.counts == {
        ("search", "shop", "traces", "refused", "queue_full"): 2,
        ("vision", "cart", "traces", "refused", "queue_full"): 1,
    }


@pytest.mark.covers("counts-by-reason")
@pytest.mark.parametrize(
    ("key_project", "header", "counted"),
    [
        (None, "vision", "vision"),
        (None, None, "default"),
        (None, "no/slash", "default"),
        ("search", None, "search"),
        ("search", "vision", "search"),
    ],
)
def test_a_request_that_is_refused_whole_counts_in_the_callers_project(key_project, header, counted):
    recorder = Recorder()
    headers = {"x-tapetum-project": header} if header else {}
    with door(recorder, identity=Identity("key", frozenset({"ingest"}), key_project)) as client:
        assert client.post("/v1/logs", content=b"\xff", headers=PROTOBUF | headers).status_code == 400
        assert (
            client.post("/v1/logs", content=b"x", headers={"content-type": "text/plain"} | headers).status_code == 415
        )
        encoding = {"content-encoding": "br"}
        assert client.post("/v1/logs", content=b"x", headers=PROTOBUF | headers | encoding).status_code == 415
    assert recorder.counts == {
        (counted, "key", "logs", "refused", reason): 1 for reason in ("undecodable", "content_type", "content_encoding")
    }


@pytest.mark.wide
def test_invented_projects_do_not_grow_the_counters(client, recorder):
    for i in range(1100):
        client.post("/v1/traces", content=b"\xff", headers=PROTOBUF | {"x-tapetum-project": f"p{i}"})
    assert len(recorder.counts) == 1001
    assert recorder.counts["default", "loopback", "traces", "refused", "undecodable"] == 100


def test_our_own_failure_is_500_with_a_status_and_counted(client, recorder, caplog):
    """A bug is neither the sender's fault nor worth a retry, and must not go uncounted."""
    recorder.error = RuntimeError("a bug")
    binary = client.post("/v1/traces", content=protobuf().SerializeToString(), headers=PROTOBUF)
    assert (binary.status_code, Status.FromString(binary.content).code) == (500, 13)
    assert "a bug" not in Status.FromString(binary.content).message
    assert "a bug" in caplog.text
    assert recorder.counts == {("default", "shop", "traces", "refused", "internal_error"): 1}


@pytest.mark.covers("error-status-body")
@pytest.mark.parametrize("signal", REQUESTS)
@pytest.mark.parametrize("body", [b"\xff" * 40, b"\x0a\xff\x01", b"<html>"])
def test_what_cannot_be_decoded_is_400_with_a_status(client, recorder, signal, body):
    binary = client.post(f"/v1/{signal}", content=body, headers=PROTOBUF)
    text = client.post(f"/v1/{signal}", content=body, headers=JSON)

    assert (binary.status_code, text.status_code) == (400, 400)
    assert Status.FromString(binary.content).code == 3
    assert text.json()["code"] == 3
    assert "not JSON" in text.json()["message"]
    assert recorder.counts["default", "loopback", signal, "refused", "undecodable"] == 2
    assert recorder.batches == []


@pytest.mark.covers("bad-truncated")
def test_a_truncated_request_is_refused_whole(client, recorder):
    body = protobuf().SerializeToString()
    for end in range(1, len(body)):
        assert client.post("/v1/traces", content=body[:end], headers=PROTOBUF).status_code == 400
    assert recorder.batches == []


@pytest.mark.covers("bad-content-type")
@pytest.mark.parametrize("content_type", ["text/plain", "application/grpc", ""])
def test_another_content_type_is_415(client, content_type):
    answer = client.post("/v1/traces", content=b"x", headers={"content-type": content_type})
    assert answer.status_code == 415
    assert "application/x-protobuf" in Status.FromString(answer.content).message


def test_a_content_type_may_have_parameters(client, recorder):
    headers = {"content-type": "application/json; charset=utf-8"}
    assert client.post("/v1/traces", content=as_json(span_request(span())), headers=headers).json() == {}
    assert len(recorder.only()) == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method_is_405(client, method):
    answer = client.request(method, "/v1/traces", headers=JSON)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "POST" in answer.json()["message"]


def test_a_key_without_ingest_is_403():
    recorder = Recorder()
    with door(recorder, identity=Identity("viewer", frozenset({"read"}))) as client:
        answer = client.post("/v1/traces", content=as_json(span_request(span())), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (403, 7)
    assert recorder.batches == []


def test_the_header_or_the_resource_picks_the_project(client, recorder):
    header = {"x-tapetum-project": "vision"}
    named = span_request(span(2), resource={"service.name": "shop", "tapetum.project": "search"})
    client.post("/v1/traces", content=as_json(span_request(span(1))), headers=JSON)
    client.post("/v1/traces", content=as_json(span_request(span(1))), headers=JSON | header)
    client.post("/v1/traces", content=as_json(named), headers=JSON | header)

    assert [b.project for b in recorder.batches] == ["default", "vision", "search"]


def test_records_for_another_project_are_refused_and_the_rest_is_kept():
    """A key belongs to one project; what names no project goes there."""
    recorder = Recorder()
    request = span_request(span(1))
    request["resourceSpans"] += span_request(span(2), resource={"tapetum.project": "b"})["resourceSpans"]
    request["resourceSpans"] += span_request(span(3), resource={"tapetum.project": "no/slash"})["resourceSpans"]
    with door(recorder, identity=Identity("key", frozenset({"ingest"}), "a")) as client:
        answer = client.post("/v1/traces", content=as_json(request), headers=JSON)

    assert (recorder.only().project, recorder.only().name) == ("a", ["span 1"])
    assert answer.json()["partialSuccess"]["rejectedSpans"] == "2"
    assert recorder.counts["a", "unknown_service", "traces", "refused", "project_not_allowed"] == 1
    assert recorder.counts["a", "unknown_service", "traces", "refused", "invalid_project"] == 1


def test_one_request_of_two_services_is_two_batches(client, recorder):
    request = span_request(span(1))
    request["resourceSpans"] += span_request(span(2), resource={"service.name": "cart"})["resourceSpans"]
    client.post("/v1/traces", content=as_json(request), headers=JSON)
    assert {b.sender: b.name for b in recorder.batches} == {"shop": ["span 1"], "cart": ["span 2"]}


def test_invented_service_names_do_not_grow_the_counters(client, recorder):
    request: dict = {"resourceSpans": []}
    for i in range(1, 1500):
        request["resourceSpans"] += span_request(span(i), resource={"service.name": f"s{i}"})["resourceSpans"]
    client.post("/v1/traces", content=as_json(request), headers=JSON)

    assert len({sender for _, sender, *_ in recorder.counts}) == 1001
    assert recorder.counts["default", "__other__", "traces", "accepted", ""] == 499
