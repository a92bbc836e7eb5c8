"""Every kind of metric, in both encodings, down to exemplars and flags."""

from __future__ import annotations

import base64

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from receivers.otlp_doors import JSON, PROTOBUF, Recorder, as_json, door

from tapetum_server.signals.metrics import Buckets, Exemplar

TIME = 1763900000000000000


def every_kind():
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "trainer"
    metrics = resource.scope_metrics.add().metrics
    gauge = metrics.add(name="temperature", unit="Cel", description="of the GPU").gauge
    gauge.data_points.add(time_unix_nano=TIME, as_double=71.5).attributes.add(key="gpu").value.int_value = 0
    gauge.data_points.add(time_unix_nano=TIME, as_int=-3)
    gauge.data_points.add(time_unix_nano=TIME, flags=1)
    total = metrics.add(name="requests").sum
    total.aggregation_temporality, total.is_monotonic = 2, True
    point = total.data_points.add(time_unix_nano=TIME, start_time_unix_nano=TIME - 5, as_int=2**53 + 1)
    exemplar = point.exemplars.add(time_unix_nano=TIME, as_int=7, trace_id=b"\x01" * 16, span_id=b"\x02" * 8)
    exemplar.filtered_attributes.add(key="user").value.string_value = "u1"
    point.exemplars.add(as_double=0.5)
    histogram = metrics.add(name="latency", unit="s").histogram
    histogram.aggregation_temporality = 1
    histogram.data_points.add(
        time_unix_nano=TIME, count=6, sum=3.5, min=0.1, max=2.0, bucket_counts=[1, 2, 3], explicit_bounds=[0.5, 1.0]
    ).exemplars.add(as_double=1.5)
    histogram.data_points.add(time_unix_nano=TIME, count=1)
    exponential = metrics.add(name="size").exponential_histogram
    exponential.aggregation_temporality = 2
    point = exponential.data_points.add(
        time_unix_nano=TIME, count=9, sum=-1.0, scale=-2, zero_count=3, zero_threshold=1e-9
    )
    point.positive.offset, point.negative.offset = -4, 2
    point.positive.bucket_counts.extend([1, 0, 2])
    point.negative.bucket_counts.extend([3])
    point = metrics.add(name="gc").summary.data_points.add(time_unix_nano=TIME, count=4, sum=10.0)
    point.quantile_values.add(quantile=0.5, value=2.0)
    point.quantile_values.add(quantile=1.0, value=5.0)
    metrics.add(name="nothing yet").gauge.SetInParent()
    metrics.add(name="no data at all")
    return request


def hex_ids(value):
    if isinstance(value, list):
        return [hex_ids(v) for v in value]
    if isinstance(value, dict):
        ids = ("traceId", "spanId")
        return {k: base64.b64decode(v).hex() if k in ids else hex_ids(v) for k, v in value.items()}
    return value


@pytest.mark.covers(
    "metric-gauge",
    "metric-sum",
    "metric-histogram",
    "metric-exponential-histogram",
    "metric-summary",
    "metric-exemplars",
    "metric-temporality",
)
@pytest.mark.parametrize("json_form", [False, True])
def test_every_metric_kind_arrives_whole(json_form):
    recorder = Recorder()
    body = as_json(hex_ids(json_format.MessageToDict(every_kind()))) if json_form else every_kind().SerializeToString()
    with door(recorder) as client:
        answer = client.post("/v1/metrics", content=body, headers=JSON if json_form else PROTOBUF)
    assert answer.content == (b"{}" if json_form else b"")
    batch = recorder.only()
    by_name: dict = {}
    for i, metric in enumerate(batch.metric):
        by_name.setdefault(metric.name, []).append(i)

    assert {name: len(points) for name, points in by_name.items()} == {
        "temperature": 3, "requests": 1, "latency": 2, "size": 1, "gc": 1,
    }  # fmt: skip
    gauge, total, latency = by_name["temperature"], by_name["requests"][0], by_name["latency"]
    metric = batch.metric[gauge[0]]
    assert (metric.type, metric.unit, metric.description, metric.temporality) == ("gauge", "Cel", "of the GPU", 0)
    assert batch.metric[gauge[0]] is batch.metric[gauge[1]]
    assert [batch.value[i] for i in gauge] == [71.5, -3, None]
    assert type(batch.value[gauge[1]]) is int
    assert [batch.flags[i] for i in gauge] == [0, 0, 1]
    assert batch.attributes[gauge[0]] == {"gpu": 0}
    metric = batch.metric[total]
    assert (metric.type, metric.temporality, metric.is_monotonic) == ("sum", 2, True)
    assert (batch.value[total], batch.start_time_unix_nano[total]) == (2**53 + 1, TIME - 5)
    assert batch.exemplars[total] == [
        Exemplar(TIME, 7, "01" * 16, "02" * 8, {"user": "u1"}),
        Exemplar(0, 0.5, "", "", {}),
    ]
    assert batch.metric[latency[0]].temporality == 1
    assert batch.buckets[latency[0]] == Buckets(6, 3.5, 0.1, 2.0, (1, 2, 3), (0.5, 1.0))
    assert batch.exemplars[latency[0]][0].value == 1.5
    assert batch.buckets[latency[1]] == Buckets(count=1)
    assert batch.metric[by_name["size"][0]].type == "exponential_histogram"
    assert batch.buckets[by_name["size"][0]] == Buckets(
        count=9, sum=-1.0, scale=-2, zero_count=3, zero_threshold=1e-9,
        positive_offset=-4, positive_counts=(1, 0, 2), negative_offset=2, negative_counts=(3,),
    )  # fmt: skip
    assert batch.buckets[by_name["gc"][0]] == Buckets(count=4, sum=10.0, quantiles=((0.5, 2.0), (1.0, 5.0)))
    assert {len(column) for column in (batch.resource, batch.scope, batch.exemplars, batch.flags)} == {8}
    assert recorder.counts == {("default", "trainer", "metrics", "accepted", ""): 8}


def test_an_unknown_kind_and_a_crooked_histogram_are_refused_beside_good_points():
    request = every_kind()
    metrics = request.resource_metrics[0].scope_metrics[0].metrics
    metrics.add(name="future").MergeFromString(b"\xa2\x06\x02\x08\x01")
    metrics.add(name="crooked").histogram.data_points.add(bucket_counts=[1, 2], explicit_bounds=[1.0, 2.0])
    recorder = Recorder()
    with door(recorder) as client:
        client.post("/v1/metrics", content=request.SerializeToString(), headers=PROTOBUF)

    assert len(recorder.only()) == 8
    assert recorder.counts["default", "trainer", "metrics", "refused", "unknown_data"] == 1
    assert recorder.counts["default", "trainer", "metrics", "refused", "invalid_histogram"] == 1


def test_points_of_a_refused_project_are_counted():
    recorder = Recorder()
    with door(recorder) as client:
        client.post(
            "/v1/metrics", content=every_kind().SerializeToString(), headers=PROTOBUF | {"x-tapetum-project": "?"}
        )
    assert recorder.counts == {("default", "trainer", "metrics", "refused", "invalid_project"): 8}


def test_a_log_keeps_its_place_without_broken_trace_context():
    log = {"traceId": "abcd", "spanId": "0" * 16, "body": {"stringValue": "still here"}}
    recorder = Recorder()
    with door(recorder) as client:
        client.post(
            "/v1/logs", content=as_json({"resourceLogs": [{"scopeLogs": [{"logRecords": [log]}]}]}), headers=JSON
        )
    assert (recorder.only().body, recorder.only().trace_id, recorder.only().span_id) == (["still here"], [""], [""])
    assert recorder.counts["default", "unknown_service", "logs", "truncated", "invalid_trace_context"] == 1
