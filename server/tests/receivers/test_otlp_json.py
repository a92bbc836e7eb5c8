"""OTLP/JSON's own rules: hex ids, 64-bit integers, enums, and errors that name the JSON path."""

from __future__ import annotations

import math

import pytest
from receivers.otlp_doors import JSON, Recorder, as_json, door, span, span_request


def send(request, signal="traces", status=200):
    recorder = Recorder()
    with door(recorder) as client:
        answer = client.post(
            f"/v1/{signal}", content=request if isinstance(request, bytes) else as_json(request), headers=JSON
        )
    assert answer.status_code == status, answer.text
    return recorder if status == 200 else answer.json()["message"]


def value_of(any_value):
    return send(span_request(span(attributes=[{"key": "k", "value": any_value}]))).only().attributes[0]["k"]


@pytest.mark.covers("otlp-http-json")
def test_ids_are_hex_in_any_case():
    batch = send(span_request(span(traceId="ABCDEF" + "0" * 26, spanId="Ab" * 8, parentSpanId="cD" * 8))).only()
    assert (batch.trace_id, batch.span_id, batch.parent_span_id) == (["abcdef" + "0" * 26], ["ab" * 8], ["cd" * 8])


@pytest.mark.covers("otlp-http-json", "attributes-nested", "attributes-bytes", "attributes-big-int")
@pytest.mark.parametrize(
    ("any_value", "value"),
    [
        ({"intValue": "9007199254740993"}, 9007199254740993),
        ({"intValue": 9007199254740993}, 9007199254740993),
        ({"intValue": "-9223372036854775808"}, -(2**63)),
        ({"intValue": 5.0}, 5),
        ({"doubleValue": 1}, 1.0),
        ({"doubleValue": "1.5"}, 1.5),
        ({"doubleValue": "Infinity"}, math.inf),
        ({"doubleValue": "-Infinity"}, -math.inf),
        ({"boolValue": False}, False),
        ({"bytesValue": "AP8="}, b"\x00\xff"),
        ({"bytesValue": "-_8"}, b"\xfb\xff"),
        ({"stringValue": ""}, ""),
        ({"arrayValue": {"values": [{"intValue": 1}, {}, {"stringValue": "x"}]}}, [1, None, "x"]),
        ({"arrayValue": {}}, []),
        ({"kvlistValue": {"values": [{"key": "a", "value": {"boolValue": True}}]}}, {"a": True}),
        ({"stringValue": None, "intValue": 3}, 3),
        ({"futureValue": 1}, None),
        ({}, None),
        (None, None),
    ],
)
def test_values_keep_their_type_and_every_digit(any_value, value):
    found = value_of(any_value)
    assert found == value
    assert type(found) is type(value)


def test_nan_is_a_double():
    assert math.isnan(value_of({"doubleValue": "NaN"}))


def test_enums_are_numbers_or_names():
    named = send(span_request(span(kind="SPAN_KIND_CLIENT", status={"code": "STATUS_CODE_ERROR"}))).only()
    numbered = send(span_request(span(kind=3, status={"code": 2}))).only()
    assert named.span_kind == numbered.span_kind == [3]
    assert named.status_code == numbered.status_code == [2]


@pytest.mark.parametrize(
    ("name", "number"), [("SEVERITY_NUMBER_INFO", 9), ("SEVERITY_NUMBER_INFO2", 10), ("SEVERITY_NUMBER_FATAL4", 24)]
)
def test_severity_names_are_their_numbers(name, number):
    request = {
        "resourceLogs": [{"scopeLogs": [{"logRecords": [{"severityNumber": name, "body": {"stringValue": "x"}}]}]}]
    }
    assert send(request, "logs").only().severity_number == [number]


@pytest.mark.covers("otlp-http-json")
def test_unknown_fields_are_ignored_everywhere():
    request = span_request(span(1, newThing={"a": [1]}, events=[{"name": "e", "later": 1}]))
    request["resourceSpans"][0]["entity"] = request["soon"] = {"x": 1}
    assert send(request).only().name == ["span 1"]


def test_null_fields_are_absent():
    nothing = {
        "traceState": None,
        "attributes": None,
        "events": None,
        "links": None,
        "status": None,
        "kind": None,
        "flags": None,
    }
    batch = send(span_request(span(1, **nothing))).only()
    assert (batch.attributes, batch.events, batch.span_kind) == ([{}], [[]], [0])


def event(**fields):
    return span(events=[fields])


def attribute(value):
    return span(attributes=[{"key": "a", "value": {"intValue": 1}}, {"key": "k", "value": value}])


SPAN = "resourceSpans[0].scopeSpans[0].spans[0]."


@pytest.mark.parametrize(
    ("bent", "path"),
    [
        (span(traceId=5), "traceId: expected a string, got 5"),
        (span(traceId="xyz"), "traceId: expected hex digits, got 'xyz'"),
        (span(name=["a"]), "name: expected a string"),
        (span(startTimeUnixNano="soon"), "startTimeUnixNano: expected an integer"),
        (span(startTimeUnixNano=-1), "startTimeUnixNano: expected an integer from 0"),
        (span(endTimeUnixNano=str(2**64)), "endTimeUnixNano: expected an integer"),
        (span(kind="SPAN_KIND_NONE"), "kind: expected an integer"),
        (span(kind=True), "kind: expected an integer"),
        (span(attributes={}), "attributes: expected an array"),
        (span(attributes={"a": 1}), "attributes: expected an array"),
        (span(attributes=["a"]), "attributes[0]: expected an object"),
        (span(attributes=[{"key": 1, "value": {}}]), "attributes[0].key: expected a string"),
        (attribute("text"), "attributes[1].value: expected an object"),
        (attribute({"stringValue": 5}), "attributes[1].value.stringValue: expected a string, got 5"),
        (attribute({"intValue": 2**63}), "attributes[1].value.intValue: expected an integer"),
        (attribute({"intValue": "1.5"}), "attributes[1].value.intValue: expected an integer"),
        (attribute({"doubleValue": "much"}), "attributes[1].value.doubleValue: expected a number"),
        (attribute({"boolValue": "yes"}), "attributes[1].value.boolValue: expected true or false"),
        (attribute({"bytesValue": "%"}), "attributes[1].value.bytesValue: expected base64"),
        (attribute({"arrayValue": {"values": [1]}}), "attributes[1].value.arrayValue.values[0]: expected an object"),
        (event(timeUnixNano=[]), "events[0].timeUnixNano: expected an integer"),
        (span(links=[{"traceId": 1}]), "links[0].traceId: expected a string"),
        (span(status=2), "status: expected an object"),
    ],
)
def test_a_wrong_type_is_400_and_named_by_its_path(bent, path):
    assert send(span_request(bent), status=400).startswith(SPAN + path)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"nope", b'{"resourceSpans": NaN}', b'{"resourceSpans": {}}', b'{"a": "\xff"}', b'"\\ud800"']
)
def test_what_is_no_request_is_400(body):
    assert send(body, status=400)
