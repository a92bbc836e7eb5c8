"""Hostile and broken records: cut, counted, and never harmful to their neighbours."""

from __future__ import annotations

import json

import pytest
from google.protobuf.internal.encoder import _VarintBytes  # the wire format by hand, where no API writes it wrong
from receivers.otlp_doors import JSON, PROTOBUF, Recorder, add_span, as_json, door, protobuf, span, span_request

from tapetum_server.receivers.otlp.limits import Limits


def send(body, *, headers=PROTOBUF, limits=None, status=200):
    recorder = Recorder()
    with door(recorder, limits=limits) as client:
        answer = client.post("/v1/traces", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    return recorder


def truncated(recorder):
    return {key[4]: n for key, n in recorder.counts.items() if key[3] == "truncated"}


def with_attribute(key, value, neighbours=True):
    request = protobuf(1)
    added = request.resource_spans[0].scope_spans[0].spans[0].attributes.add()
    added.key, added.value.string_value = key, value
    if neighbours:
        add_span(request, 2).attributes.add().key = "kept"
    return request


def field(number, payload):
    """One length-delimited protobuf field."""
    return _VarintBytes(number << 3 | 2) + _VarintBytes(len(payload)) + payload


def request_of(*raw_spans):
    return field(1, field(2, b"".join(field(2, raw) for raw in raw_spans)))


def raw_span(number, *attributes, name=b"s"):
    ids = field(1, number.to_bytes(16, "big")) + field(2, number.to_bytes(8, "big"))
    return ids + field(5, name) + b"".join(field(9, a) for a in attributes)


def text_attribute(key, value):
    return field(1, key) + field(2, field(1, value))


@pytest.mark.covers("bad-huge-attribute")
def test_a_10_mb_attribute_is_cut_and_counted():
    recorder = send(with_attribute("big", "é" * 5_000_000).SerializeToString())
    batch = recorder.only()

    assert batch.name == ["span 1", "span 2"]
    assert batch.attributes[0]["big"] == "é" * (1024 * 1024 // 2)
    assert truncated(recorder) == {"attribute_too_long": 1}


def test_a_10_mb_attribute_is_cut_the_same_in_json():
    value = {"key": "big", "value": {"stringValue": "é" * 5_000_000}}
    recorder = send(as_json(span_request(span(1, attributes=[value]), span(2))), headers=JSON)
    assert recorder.only().attributes == [{"big": "é" * (1024 * 1024 // 2)}, {}]
    assert truncated(recorder) == {"attribute_too_long": 1}


@pytest.mark.parametrize("key", ["gen_ai.input.messages", "input.value", "llm.input_messages.0.message.content"])
def test_prompts_may_be_longer_than_other_attributes(key):
    text = "word " * 600_000
    assert send(with_attribute(key, text).SerializeToString()).only().attributes[0] == {key: text}


@pytest.mark.covers("bad-many-attributes")
@pytest.mark.parametrize("json_form", [False, True])
def test_100_000_attributes_are_cut_and_counted(json_form):
    if json_form:
        attributes = [{"key": f"k{i}", "value": {"intValue": i}} for i in range(100_000)]
        body, headers = as_json(span_request(span(1, attributes=attributes, droppedAttributesCount=2), span(2))), JSON
    else:
        request = protobuf(1, dropped_attributes_count=2)
        for i in range(100_000):
            request.resource_spans[0].scope_spans[0].spans[0].attributes.add(key=f"k{i}").value.int_value = i
        add_span(request, 2)
        body, headers = request.SerializeToString(), PROTOBUF
    recorder = send(body, headers=headers)
    batch = recorder.only()

    assert len(batch) == 2
    assert batch.attributes[0] == {f"k{i}": i for i in range(1024)}
    assert batch.dropped == [(100_000 - 1024 + 2, 0, 0), (0, 0, 0)]
    assert truncated(recorder) == {"too_many_attributes": 1}


def nested_protobuf(levels, kvlist=False):
    value = field(1, b"core")
    for _ in range(levels):
        value = field(6, field(1, field(1, b"k") + field(2, value))) if kvlist else field(5, field(1, value))
    return value


@pytest.mark.covers("bad-deep-nesting")
@pytest.mark.parametrize("kvlist", [False, True])
def test_10_000_levels_of_nesting_become_a_short_text(kvlist):
    deep = field(1, b"deep") + field(2, nested_protobuf(10_000, kvlist))
    recorder = send(request_of(raw_span(1, deep), raw_span(2, text_attribute(b"a", b"b"))))
    batch = recorder.only()

    value, levels = batch.attributes[0]["deep"], 0
    while isinstance(value, list | dict):
        value, levels = (value["k"] if kvlist else value[0]), levels + 1
    assert (levels, value) == (64, "[nested too deeply]")
    assert batch.attributes[1] == {"a": "b"}
    assert truncated(recorder) == {"too_deep": 1}


def test_64_levels_of_nesting_are_kept():
    recorder = send(request_of(raw_span(1, field(1, b"deep") + field(2, nested_protobuf(64)))))
    assert json.dumps(recorder.only().attributes[0]["deep"]) == "[" * 64 + '"core"' + "]" * 64
    assert truncated(recorder) == {}


@pytest.mark.covers("bad-deep-nesting")
@pytest.mark.parametrize("levels", [64, 100, 300, 10_000, 50_000])
@pytest.mark.parametrize("kvlist", [False, True])
def test_nesting_in_json_is_cut_and_its_neighbours_stay(levels, kvlist):
    start, end = '{"arrayValue":{"values":[', "]}}"
    if kvlist:
        start, end = '{"kvlistValue":{"values":[{"key":"k ]}","value":', "}]}}"
    nested = start * levels + r'{"stringValue":"co\"re [[{"}' + end * levels
    spans = span(1, attributes=[{"key": "deep", "value": "?"}]), span(2, name='neigh\\bour "[{')
    body = json.dumps(span_request(*spans)).replace('"?"', nested)
    recorder = send(body, headers=JSON)
    batch = recorder.only()

    assert batch.name == ["span 1", 'neigh\\bour "[{']
    value, found = batch.attributes[0]["deep"], 0
    while isinstance(value, list | dict):
        value, found = (value["k ]}"] if kvlist else value[0]), found + 1
    assert (found, value) == (64, "[nested too deeply]" if levels > 64 else 'co"re [[{')
    assert truncated(recorder) == ({"too_deep": 1} if levels > 64 else {})


@pytest.mark.parametrize(
    "body", ["[" * 10_000, "{}" + "]" * 10, '{"a":' * 2000 + "1" + "}" * 1999, "[" * 2000 + "]" * 2000]
)
def test_depths_that_do_not_close_or_are_no_request_are_400(body):
    send(body, headers=JSON, status=400)


def test_a_depth_in_a_field_that_otlp_does_not_know_is_ignored_like_the_field():
    body = json.dumps(span_request(span(1, vendor="?"), span(2))).replace('"?"', "[" * 5000 + "]" * 5000)
    recorder = send(body, headers=JSON)
    assert recorder.only().name == ["span 1", "span 2"]
    assert recorder.counts.total() == 2


@pytest.mark.covers("bad-utf8")
def test_bad_utf8_is_repaired_in_the_record_that_has_it():
    """Protobuf's parser would refuse the whole request for one byte."""
    recorder = send(
        request_of(
            raw_span(1, text_attribute(b"a", b"caf\xe9"), text_attribute(b"k\xff", b"x" * 300), name=b"\xc3("),
            raw_span(2, text_attribute(b"a", b"fine"), name=b"neighbour"),
            raw_span(3, text_attribute(b"long", b"y" * 300 + b"\xff")),
        )
    )
    batch = recorder.only()

    assert batch.name == ["\ufffd(", "neighbour", "s"]
    assert batch.attributes == [{"a": "caf\ufffd", "k\ufffd": "x" * 300}, {"a": "fine"}, {"long": "y" * 300 + "\ufffd"}]
    assert truncated(recorder) == {"invalid_utf8": 2}


@pytest.mark.parametrize(
    "attribute",
    [b"\xff", b"\x0a\x05ab", field(1, b"k") + b"\x12\x7f", field(1, b"k") + field(2, b"\x0a\x7fx"),
     field(1, b"k") + field(2, field(5, b"\xff\xff")), field(1, b"k") + field(2, field(6, field(1, b"\x0a")))],
)  # fmt: skip
def test_a_malformed_attribute_refuses_its_span_only(attribute):
    recorder = send(request_of(raw_span(1, attribute), raw_span(2, text_attribute(b"a", b"b"))))
    assert recorder.only().attributes == [{"a": "b"}]
    assert recorder.counts["default", "unknown_service", "traces", "refused", "malformed"] == 1


def test_a_malformed_resource_attribute_is_left_out_and_counted():
    body = field(
        1,
        field(1, field(1, b"\xff") + field(1, text_attribute(b"service.name", b"shop")))
        + field(2, field(2, raw_span(1))),
    )
    recorder = send(body)
    resource = recorder.only().resource[0]
    assert (resource.service, resource.dropped_attributes) == ("shop", 1)
    assert truncated(recorder) == {"malformed_attribute": 1}


@pytest.mark.covers("attributes-nested", "attributes-bytes")
@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        (b"", None),
        (field(1, b""), ""),
        (field(1, b"x" * 20_000), "x" * 20_000),
        (b"\x10\x01", True),
        (b"\x10\x00", False),
        (b"\x18\x7f", 127),
        (b"\x18\xff\x7f", 16383),
        (b"\x18" + b"\xff" * 9 + b"\x01", -1),
        (b"\x18" + b"\xff" * 8 + b"\x7f", 2**63 - 1),
        (b"\x21" + bytes(6) + b"\xf8\x3f", 1.5),
        (field(7, b"\x00\xff"), b"\x00\xff"),
        (field(1, b"first") + field(1, b"last"), "last"),
        (field(1, b"text") + b"\x18\x05", 5),
        (b"\x18\x05" + field(99, b"unknown"), 5),
        (b"\x18\x85\x00", 5),
    ],
)
def test_every_way_to_write_a_value_is_read(encoded, value):
    """The quick reader knows the canonical encodings only; all others mean what protobuf says."""
    plain, reverse = field(1, b"k") + field(2, encoded), field(2, encoded) + field(1, b"k")
    batch = send(request_of(raw_span(1, plain), raw_span(2, reverse), raw_span(3, plain + field(3, b"unknown")))).only()
    assert batch.attributes == [{"k": value}] * 3
    assert [type(a["k"]) for a in batch.attributes] == [type(value)] * 3


def test_every_length_of_text_and_key_is_read():
    """Lengths are where a hand-written reader goes wrong: 127, 128, 16383, 16384."""
    texts = [*range(0, 300), *range(16_000, 16_700, 7), 16_383, 16_384, 20_000]
    attributes = [text_attribute(f"k{n}".encode(), b"v" * n) for n in texts]
    attributes += [text_attribute(b"q" * n, b"v") for n in (0, 1, 2, 126, 127, 128, 129, 300)]
    recorder = send(request_of(raw_span(1, *attributes[:300]), raw_span(2, *attributes[300:])))
    first, second = recorder.only().attributes
    assert first | second == {f"k{n}": "v" * n for n in texts} | {
        "q" * n: "v" for n in (0, 1, 2, 126, 127, 128, 129, 300)
    }
    assert truncated(recorder) == {}


def test_the_last_of_duplicate_keys_wins():
    pair = text_attribute(b"k", b"1"), text_attribute(b"k", b"2")
    assert send(request_of(raw_span(1, *pair))).only().attributes == [{"k": "2"}]
    twice = [{"key": "k", "value": {"stringValue": v}} for v in "12"]
    assert send(as_json(span_request(span(1, attributes=twice))), headers=JSON).only().attributes == [{"k": "2"}]


@pytest.mark.covers("timestamps-any-age", "bad-zero-timestamp", "bad-max-timestamp")
@pytest.mark.parametrize("time", [0, 1, 2**63, 2**64 - 1])
def test_times_of_any_age_arrive_as_sent(time):
    binary = send(protobuf(start_time_unix_nano=time, end_time_unix_nano=time).SerializeToString()).only()
    text = send(
        as_json(span_request(span(startTimeUnixNano=str(time), endTimeUnixNano=str(time)))), headers=JSON
    ).only()
    for batch in (binary, text):
        assert (batch.start_time_unix_nano, batch.end_time_unix_nano) == ([time], [time])


def test_unknown_enum_numbers_become_unspecified_and_are_counted():
    binary = send(protobuf(kind=77).SerializeToString())
    text = send(as_json(span_request(span(kind=77, status={"code": 9}))), headers=JSON)
    for recorder in (binary, text):
        assert (recorder.only().span_kind, recorder.only().status_code) == ([0], [0])
        assert truncated(recorder) == {"unknown_enum": 1}


def test_an_empty_name_is_kept():
    assert send(request_of(raw_span(1, name=b""))).only().name == [""]


@pytest.mark.parametrize("json_form", [False, True])
def test_events_links_keys_and_messages_have_limits(json_form):
    limits = Limits(max_events=2, max_links=1, max_key_bytes=4, max_attribute_value_bytes=8)
    if json_form:
        link = {"traceId": "1" * 32, "spanId": "2" * 16}
        bent = span(
            1, events=[{"name": f"e{i}"} for i in range(5)], links=[link, link], traceState="a=1,b=2,c=3",
            attributes=[{"key": "toolongkey", "value": {"intValue": 1}}], droppedEventsCount=1,
        )  # fmt: skip
        body, headers = as_json(span_request(bent, span(2))), JSON
    else:
        request = protobuf(1, trace_state="a=1,b=2,c=3", dropped_events_count=1)
        first = request.resource_spans[0].scope_spans[0].spans[0]
        for i in range(5):
            first.events.add(name=f"e{i}")
        for _ in range(2):
            first.links.add(trace_id=b"\x11" * 16, span_id=b"\x22" * 8)
        first.attributes.add(key="toolongkey").value.int_value = 1
        add_span(request, 2)
        body, headers = request.SerializeToString(), PROTOBUF
    recorder = send(body, headers=headers, limits=limits)
    batch = recorder.only()

    assert [e.name for e in batch.events[0]] == ["e0", "e1"]
    assert [link.trace_id for link in batch.links[0]] == ["1" * 32]
    assert batch.dropped == [(0, 4, 1), (0, 0, 0)]
    assert batch.trace_state == ["a=1,b=2,", ""]
    assert batch.attributes == [{"tool": 1}, {}]
    assert set(truncated(recorder)) >= {"too_many_events", "too_many_links", "key_too_long", "text_too_long"}


@pytest.mark.parametrize("json_form", [False, True])
def test_a_long_list_keeps_its_first_elements(json_form):
    limits = Limits(max_attribute_value_bytes=100)
    if json_form:
        values = [{"stringValue": f"item {i}"} for i in range(50)]
        array = {"key": "list", "value": {"arrayValue": {"values": values}}}
        body, headers = as_json(span_request(span(1, attributes=[array]))), JSON
    else:
        request = protobuf(1)
        array = request.resource_spans[0].scope_spans[0].spans[0].attributes.add(key="list").value.array_value
        for i in range(50):
            array.values.add().string_value = f"item {i}"
        body, headers = request.SerializeToString(), PROTOBUF
    recorder = send(body, headers=headers, limits=limits)
    kept = recorder.only().attributes[0]["list"]

    assert 5 < len(kept) < 20
    assert kept == [f"item {i}" for i in range(len(kept))]
    assert truncated(recorder) == {"attribute_too_long": 1}


@pytest.mark.covers("bad-label-cardinality")
def test_a_million_distinct_values_do_not_grow_the_reader():
    """What the reader remembers is bounded, whatever a sender invents."""
    from tapetum_server.receivers.otlp.values import AttributeReader

    reader = AttributeReader(Limits())
    for i in range(200_000):
        reader[text_attribute(b"k%d" % i, b"v%d" % i)]
    assert len(reader) <= 32_768


def dropped(recorder):
    return {key[4]: n for key, n in recorder.counts.items() if key[3] == "dropped"}


@pytest.mark.covers("counts-by-reason")
@pytest.mark.parametrize("json_form", [False, True])
def test_what_the_sender_says_it_dropped_is_counted_by_reason(json_form):
    """An SDK with limits of its own says so in the span; nobody else would ever tell its owner."""
    counts = [(3, 0, 1), (0, 2, 0), (1, 0, 0), (0, 0, 0)]
    if json_form:
        names = ("droppedAttributesCount", "droppedEventsCount", "droppedLinksCount")
        spans = [span(i, **dict(zip(names, found))) for i, found in enumerate(counts, 1)]
        body, headers = as_json(span_request(*spans)), JSON
    else:
        request = protobuf(9)
        for i, (attributes, events, links) in enumerate(counts, 1):
            add_span(
                request, i, dropped_attributes_count=attributes, dropped_events_count=events, dropped_links_count=links
            )
        body, headers = request.SerializeToString(), PROTOBUF
    recorder = send(body, headers=headers)
    assert dropped(recorder) == {
        "attributes_dropped_by_sender": 2, "events_dropped_by_sender": 1, "links_dropped_by_sender": 1,
    }  # fmt: skip
    assert truncated(recorder) == {}


def test_attributes_that_a_logging_sdk_dropped_are_counted():
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    for count in (0, 7, 1):
        records.add(dropped_attributes_count=count)
    recorder = Recorder()
    with door(recorder) as client:
        assert client.post("/v1/logs", content=request.SerializeToString(), headers=PROTOBUF).content == b""
    assert dropped(recorder) == {"attributes_dropped_by_sender": 2}


@pytest.mark.covers("sdk-loss-told", "counts-by-reason")
def test_records_that_a_senders_sdk_lost_are_counted_under_their_own_signal():
    """By OpenTelemetry's metrics of SDKs; deltas only, because a total would be counted again with every request."""

    def total(name, *points, temporality=1):
        data = [
            {
                "attributes": [{"key": k, "value": {"stringValue": v}} for k, v in of.items()],
                "timeUnixNano": "5",
                "asInt": n,
            }
            for n, of in points
        ]
        return {"name": name, "sum": {"dataPoints": data, "aggregationTemporality": temporality, "isMonotonic": True}}

    body = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [
        total("otel.sdk.processor.span.processed", ("3", {"error.type": "queue_full"}), ("90", {})),
        total("otel.sdk.exporter.span.exported", ("4", {"error.type": "unreachable"}), ("5", {"error.type": "http_503"})),
        total("otel.sdk.processor.log.processed", ("7", {"error.type": "queue_full"})),
        total("otel.sdk.processor.log.processed", ("1000", {"error.type": "queue_full"}), temporality=2),
        total("otel.sdk.exporter.log.exported", ("-8", {"error.type": "queue_full"})),
        total("tapetum.sdk.processor.prediction.processed", ("11", {"error.type": "queue_full"})),
        total("tapetum.sdk.exporter.label.exported", ("2", {"error.type": "http_400"})),
        total("shop.orders", ("8", {"error.type": "queue_full"})),
    ]}]}]}  # fmt: skip
    recorder = Recorder()
    with door(recorder) as client:
        assert client.post("/v1/metrics", content=as_json(body), headers=JSON).status_code == 200
    counted = {(key[2], key[4]): n for key, n in recorder.counts.items() if key[3] == "dropped"}
    assert counted == {
        ("traces", "queue_full_at_sender"): 3, ("traces", "undelivered_by_sender"): 9, ("logs", "queue_full_at_sender"): 7,
        ("predictions", "queue_full_at_sender"): 11, ("labels", "undelivered_by_sender"): 2,
    }  # fmt: skip


def test_what_we_cut_is_truncated_and_not_dropped():
    request = protobuf(1)
    for i in range(5):
        request.resource_spans[0].scope_spans[0].spans[0].attributes.add(key=f"k{i}").value.int_value = i
    recorder = send(request.SerializeToString(), limits=Limits(max_attributes=3))
    assert recorder.only().dropped == [(2, 0, 0)]
    assert truncated(recorder) == {"too_many_attributes": 1}
    assert dropped(recorder) == {}
