"""Whatever arrives is decoded or refused: no other exception, and no crash of the process.

Inputs that once mattered are kept in `data/otlp_corpus`, and run first and always.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from receivers.otlp_doors import CORPUS, REQUESTS, body_of, captures, columns

from tapetum_server.app.inflate import ENCODINGS, BodyError, BodyLimits, inflate
from tapetum_server.receivers.otlp import decode_logs, decode_metrics, decode_spans
from tapetum_server.receivers.otlp.delivery import SIGNALS
from tapetum_server.receivers.otlp.json_values import JsonReader
from tapetum_server.receivers.otlp.limits import Limits
from tapetum_server.receivers.otlp.outcome import Undecodable
from tapetum_server.receivers.otlp.values import AttributeReader, Careful
from tapetum_server.signals.attributes import decode_text, encode_text, type_of
from tapetum_server.signals.identity import LOOPBACK, Caller

CALLER = Caller(LOOPBACK)
QUICK = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
BODIES = {signal: [body_of(path) for path in captures(signal) if path.stat().st_size < 4000] for signal in REQUESTS}
MODULES = {"traces": decode_spans, "logs": decode_logs, "metrics": decode_metrics}


def decode(signal, body):
    """The outcome as plain values, or `None` if refused; what is kept must be sound."""
    try:
        decoded = SIGNALS[signal].decode(body, CALLER, AttributeReader(Limits()))
    except Undecodable:
        return None
    return sound(decoded)


def decode_json(signal, body):
    try:
        decoded = SIGNALS[signal].decode_json(body, CALLER, JsonReader(Limits()))
    except Undecodable:
        return None
    return sound(decoded)


def sound(decoded):
    for batch in decoded.batches:
        found = columns(batch)
        assert {len(column) for column in found.values() if isinstance(column, list)} == {len(batch)}
        for attributes in batch.attributes:
            for key, value in attributes.items():
                assert type(key) is str
                assert (
                    decode_text(encode_text(value), type_of(value)) == value or value != value or "nan" in repr(value)
                )
        if batch.signal == "traces":
            assert {len(i) for i in batch.trace_id} == {32}
            assert {len(i) for i in batch.span_id} == {16}
            assert {len(i) for i in batch.parent_span_id} <= {0, 16}
    return repr([columns(b) for b in decoded.batches]), decoded.refused, decoded.truncated


def slowly(signal, body, monkeypatch):
    """The same, read record by record."""

    def careful(*_args):
        raise Careful

    with monkeypatch.context() as patch:
        patch.setattr(MODULES[signal], "_read_columns", careful)
        return decode(signal, body)


@st.composite
def mutated(draw, bodies):
    """A real request, cut, overwritten, doubled or with bytes put in."""
    body = bytearray(draw(st.sampled_from(bodies)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(body) - 1)) if body else 0
        change = draw(st.sampled_from(["cut", "byte", "insert", "remove", "double"]))
        if change == "cut":
            del body[at:]
        elif change == "byte" and body:
            body[at] = draw(st.integers(0, 255))
        elif change == "insert":
            body[at:at] = draw(st.binary(max_size=8))
        elif change == "remove":
            del body[at : at + draw(st.integers(1, 16))]
        elif len(body) < 50_000:
            body += body[at:]
    return bytes(body)


@pytest.mark.parametrize("signal", REQUESTS)
class TestProtobuf:
    @pytest.mark.covers("bad-random", "fuzz-decoders")
    @QUICK
    @given(body=st.binary(max_size=400))
    def test_random_bytes_are_decoded_or_refused(self, signal, body):
        decode(signal, body)

    @pytest.mark.covers("fuzz-decoders")
    @settings(QUICK, max_examples=250)
    @given(data=st.data())
    def test_mutated_requests_are_decoded_or_refused(self, signal, data):
        """And by column or by record makes no difference to what is kept, refused and counted."""
        body = data.draw(mutated(BODIES[signal]))
        with pytest.MonkeyPatch.context() as patch:
            assert decode(signal, body) == slowly(signal, body, patch)

    def test_the_corpus_is_decoded_or_refused(self, signal):
        found = sorted(CORPUS.glob(f"{signal}-*.pb"))
        assert found
        for path in found:
            with pytest.MonkeyPatch.context() as patch:
                assert decode(signal, path.read_bytes()) == slowly(signal, path.read_bytes(), patch), path.name


def slots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a JSON document."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += slots(inner, (*path, key))
    return found


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
JSON_REQUEST = {
    "traces": {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "s"}}]},
        "scopeSpans": [{"scope": {"name": "n"}, "spans": [{
            "traceId": "1" * 32, "spanId": "2" * 16, "parentSpanId": "3" * 16, "name": "x", "kind": 1, "flags": 1,
            "startTimeUnixNano": "5", "endTimeUnixNano": 6, "status": {"code": 2, "message": "m"},
            "attributes": [{"key": "k", "value": {"arrayValue": {"values": [{"intValue": "1"}, {"kvlistValue": {
                "values": [{"key": "a", "value": {"doubleValue": 1.5}}]}}]}}}],
            "events": [{"timeUnixNano": "1", "name": "e", "attributes": []}],
            "links": [{"traceId": "1" * 32, "spanId": "2" * 16, "attributes": []}]}]}]}]},
    "logs": {"resourceLogs": [{"scopeLogs": [{"logRecords": [{
        "timeUnixNano": "1", "severityNumber": 9, "severityText": "INFO", "body": {"stringValue": "b"},
        "attributes": [{"key": "k", "value": {"bytesValue": "AA=="}}], "traceId": "1" * 32}]}]}]},
    "metrics": {"resourceMetrics": [{"scopeMetrics": [{"metrics": [
        {"name": "g", "gauge": {"dataPoints": [{"timeUnixNano": "1", "asInt": "3", "exemplars": [{"asDouble": 1}]}]}},
        {"name": "h", "histogram": {"aggregationTemporality": 1, "dataPoints": [
            {"count": "3", "sum": 1.5, "bucketCounts": ["1", "2"], "explicitBounds": [1]}]}},
        {"name": "e", "exponentialHistogram": {"dataPoints": [{"scale": 1, "positive": {"offset": 1, "bucketCounts": [1]}}]}},
        {"name": "s", "summary": {"dataPoints": [{"quantileValues": [{"quantile": 0.5, "value": 1}]}]}}]}]}]},
}  # fmt: skip


@pytest.mark.parametrize("signal", REQUESTS)
class TestJson:
    @settings(QUICK, max_examples=250)
    @given(data=st.data())
    def test_any_value_in_any_place_is_decoded_or_refused(self, signal, data):
        document = json.loads(json.dumps(JSON_REQUEST[signal]))
        for _ in range(data.draw(st.integers(1, 3))):
            places = slots(document)
            *parents, last = data.draw(st.sampled_from(places))
            holder = document
            for key in parents:
                holder = holder[key]
            holder[last] = data.draw(ANY_JSON)
        decode_json(signal, json.dumps(document).encode())

    @QUICK
    @given(data=st.data())
    def test_mutated_text_is_decoded_or_refused(self, signal, data):
        decode_json(signal, data.draw(mutated([json.dumps(JSON_REQUEST[signal]).encode()])))

    def test_the_corpus_is_decoded_or_refused(self, signal):
        for path in sorted(CORPUS.glob(f"{signal}-*.json")):
            decode_json(signal, path.read_bytes())

    def test_the_unchanged_request_is_kept(self, signal):
        """Or the tests above would mutate something that is refused anyway."""
        assert decode_json(signal, json.dumps(JSON_REQUEST[signal]).encode())[1:] == ({}, {})


@QUICK
@given(wire=st.binary(max_size=300), encoding=st.sampled_from(ENCODINGS), magic=st.booleans())
def test_random_compressed_bytes_are_inflated_or_refused(wire, encoding, magic):
    starts = {"gzip": b"\x1f\x8b\x08\x00", "deflate": b"\x78\x9c", "zstd": b"\x28\xb5\x2f\xfd"}
    status = 200
    try:
        inflate(starts[encoding] + wire if magic else wire, encoding, BodyLimits(inflated_bytes=1024 * 1024))
    except BodyError as refused:
        status = refused.status
    assert status in (200, 400, 413)
