"""What real instrumentors sent is decoded as protobuf's own JSON mapping says it should be."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from receivers.otlp_doors import JSON, PROTOBUF, REQUESTS, Recorder, as_json, body_of, captures, columns, door

_IDS = ("traceId", "spanId", "parentSpanId")


def _signal(path: Path) -> str:
    return path.name.split(".")[1]


def _oracle(request: Any) -> dict[str, Any]:
    """Google's JSON mapping, with ids in hex as OTLP has them."""
    return _with_ids(json_format.MessageToDict(request), lambda text: base64.b64decode(text).hex())


def _with_ids(value: Any, convert: Any) -> Any:
    if isinstance(value, list):
        return [_with_ids(item, convert) for item in value]
    if isinstance(value, dict):
        return {k: convert(v) if k in _IDS else _with_ids(v, convert) for k, v in value.items()}
    return value


def _value(any_value: dict[str, Any]) -> Any:
    if not any_value:
        return None
    ((kind, value),) = any_value.items()
    if kind == "intValue":
        return int(value)
    if kind == "doubleValue":
        return float(value)
    if kind == "arrayValue":
        return [_value(v) for v in value.get("values", [])]
    if kind == "kvlistValue":
        return _attributes(value.get("values", []))
    return base64.b64decode(value) if kind == "bytesValue" else value


def _attributes(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    return {pair.get("key", ""): _value(pair.get("value", {})) for pair in pairs}


def _records(oracle: dict[str, Any], resources: str, scopes: str, records: str) -> list[dict[str, Any]]:
    return [
        {**record, "_resource": _attributes(r.get("resource", {}).get("attributes", [])), "_scope": s.get("scope", {})}
        for r in oracle.get(resources, [])
        for s in r.get(scopes, [])
        for record in s.get(records, [])
    ]


def _send(path: Path, signal: str) -> Recorder:
    recorder = Recorder()
    compressed = {"content-encoding": "gzip"} if path.read_bytes().startswith(b"\x1f\x8b") else {}
    with door(recorder) as client:
        answer = client.post(f"/v1/{signal}", content=path.read_bytes(), headers=PROTOBUF | compressed)
    assert answer.status_code == 200, answer.text
    assert answer.content == b""
    return recorder


@pytest.mark.covers(
    "otlp-http-protobuf", "signal-traces", "span-events", "span-links", "span-status", "span-trace-state"
)
@pytest.mark.parametrize("path", captures("traces"), ids=lambda p: f"{p.parent.name}-{p.name}")
def test_captured_spans_arrive_as_they_were_sent(path):
    batches = _send(path, "traces").batches
    request = REQUESTS["traces"].FromString(body_of(path))
    wanted = {s["spanId"]: s for s in _records(_oracle(request), "resourceSpans", "scopeSpans", "spans")}
    kinds = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]
    statuses = ["UNSET", "OK", "ERROR"]

    assert sum(map(len, batches)) == len(wanted)
    for batch in batches:
        for i, span_id in enumerate(batch.span_id):
            span = wanted[span_id]
            assert batch.trace_id[i] == span["traceId"]
            assert batch.parent_span_id[i] == span.get("parentSpanId", "")
            assert batch.name[i] == span.get("name", "")
            assert f"SPAN_KIND_{kinds[batch.span_kind[i]]}" == span.get("kind", "SPAN_KIND_UNSPECIFIED")
            assert batch.start_time_unix_nano[i] == int(span["startTimeUnixNano"])
            assert batch.end_time_unix_nano[i] == int(span.get("endTimeUnixNano", 0))
            status = span.get("status", {})
            assert f"STATUS_CODE_{statuses[batch.status_code[i]]}" == status.get("code", "STATUS_CODE_UNSET")
            assert batch.status_message[i] == status.get("message", "")
            assert batch.attributes[i] == _attributes(span.get("attributes", []))
            assert [(e.time_unix_nano, e.name, e.attributes) for e in batch.events[i]] == [
                (int(e["timeUnixNano"]), e.get("name", ""), _attributes(e.get("attributes", [])))
                for e in span.get("events", [])
            ]
            assert [(e.trace_id, e.span_id, e.attributes) for e in batch.links[i]] == [
                (e["traceId"], e["spanId"], _attributes(e.get("attributes", []))) for e in span.get("links", [])
            ]
            assert batch.flags[i] == span.get("flags", 0)
            assert batch.resource[i].attributes == span["_resource"]
            assert batch.resource[i].service == span["_resource"].get("service.name", "unknown_service")
            assert batch.scope[i].name == span["_scope"].get("name", "")
            assert batch.scope[i].version == span["_scope"].get("version", "")


@pytest.mark.covers("otlp-http-protobuf", "signal-logs")
@pytest.mark.parametrize("path", captures("logs"), ids=lambda p: f"{p.parent.name}-{p.name}")
def test_captured_logs_arrive_as_they_were_sent(path):
    batch = _send(path, "logs").only()
    request = REQUESTS["logs"].FromString(body_of(path))
    wanted = _records(_oracle(request), "resourceLogs", "scopeLogs", "logRecords")

    assert len(batch) == len(wanted) > 0
    for i, record in enumerate(wanted):
        assert batch.time_unix_nano[i] == int(record.get("timeUnixNano", 0))
        assert batch.observed_time_unix_nano[i] == int(record.get("observedTimeUnixNano", 0))
        assert batch.trace_id[i] == record.get("traceId", "")
        assert batch.span_id[i] == record.get("spanId", "")
        assert batch.severity[i] == record.get("severityText", "")
        assert batch.body[i] == _value(record.get("body", {}))
        assert batch.event_name[i] == record.get("eventName", "")
        assert batch.attributes[i] == _attributes(record.get("attributes", []))
        assert batch.resource[i].attributes == record["_resource"]


@pytest.mark.covers("otlp-http-protobuf", "signal-metrics")
@pytest.mark.parametrize("path", captures("metrics"), ids=lambda p: f"{p.parent.name}-{p.name}")
def test_captured_metrics_arrive_as_they_were_sent(path):
    batches = _send(path, "metrics").batches
    request = REQUESTS["metrics"].FromString(body_of(path))
    wanted = {}
    for metric in _records(_oracle(request), "resourceMetrics", "scopeMetrics", "metrics"):
        for kind in ("gauge", "sum", "histogram", "exponentialHistogram", "summary"):
            for point in metric.get(kind, {}).get("dataPoints", []):
                attributes = _attributes(point.get("attributes", []))
                wanted[metric["_scope"].get("name", ""), metric["name"], str(sorted(attributes.items()))] = kind, point

    assert sum(map(len, batches)) == len(wanted) > 0
    for batch in batches:
        for i, metric in enumerate(batch.metric):
            key = batch.scope[i].name, metric.name, str(sorted(batch.attributes[i].items()))
            kind, point = wanted[key]
            assert batch.time_unix_nano[i] == int(point["timeUnixNano"])
            if kind in ("gauge", "sum"):
                assert batch.value[i] == (int(point["asInt"]) if "asInt" in point else float(point["asDouble"]))
            else:
                assert batch.buckets[i].count == int(point.get("count", 0))
                assert batch.buckets[i].bucket_counts == tuple(map(int, point.get("bucketCounts", [])))
                assert batch.buckets[i].explicit_bounds == tuple(point.get("explicitBounds", []))
                assert batch.buckets[i].sum == point.get("sum")


@pytest.mark.covers("otlp-http-json")
@pytest.mark.parametrize("signal", REQUESTS)
def test_json_and_protobuf_of_the_same_request_give_the_same_batches(signal):
    """Both encodings are one protocol: whatever is behind the door cannot tell them apart."""
    for path in captures(signal):
        as_protobuf, from_json = Recorder(), Recorder()
        request = REQUESTS[signal].FromString(body_of(path))
        with door(as_protobuf) as client:
            client.post(f"/v1/{signal}", content=request.SerializeToString(), headers=PROTOBUF)
        with door(from_json) as client:
            answer = client.post(f"/v1/{signal}", content=as_json(_oracle(request)), headers=JSON)

        assert answer.json() == {}
        assert [_by_identity(b) for b in from_json.batches] == [_by_identity(b) for b in as_protobuf.batches]


@pytest.mark.parametrize("signal", ["traces", "metrics"])
def test_captured_json_means_the_same_as_its_protobuf(signal):
    """JavaScript emitters send numbers, not strings, for 64-bit integers."""
    for path in captures(signal, "json"):
        as_protobuf, from_json = Recorder(), Recorder()
        with_base64 = _with_ids(json.loads(body_of(path)), lambda t: base64.b64encode(bytes.fromhex(t)).decode())
        request = json_format.ParseDict(with_base64, REQUESTS[signal](), ignore_unknown_fields=True)
        with door(as_protobuf) as client:
            client.post(f"/v1/{signal}", content=request.SerializeToString(), headers=PROTOBUF)
        with door(from_json) as client:
            client.post(f"/v1/{signal}", content=body_of(path), headers=JSON)

        assert from_json.batches
        assert [_by_identity(b) for b in from_json.batches] == [_by_identity(b) for b in as_protobuf.batches]


def _by_identity(batch: Any) -> list[str]:
    """Rows in an order that does not depend on how the decoder walked the request."""
    found = columns(batch)
    lists = {name: column for name, column in found.items() if isinstance(column, list)}
    return sorted(repr({name: column[i] for name, column in lists.items()}) for i in range(len(batch)))
