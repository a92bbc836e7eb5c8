"""Prometheus' remote write into a real server: both versions, good and bad."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import cramjam
import pytest
from process.conftest import StartServer
from process.remote_write import (
    STALE,
    V1,
    V2,
    V2Request,
    double,
    exemplar,
    histogram,
    inside,
    label,
    metadata,
    post,
    series,
    snappy,
    whole,
)
from process.servers import RunningServer, tapetum

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
JOB = {"job": "shop", "instance": "10.0.0.1:9090"}


def now_ms(back_s: float = 0) -> int:
    return int((time.time() - back_s) * 1000)


def kept(server: RunningServer, project: str, columns: str, where: str = "1") -> list[tuple[Any, ...]]:
    return server.rows(
        f"SELECT {columns} FROM metrics WHERE project = {{p:String}} AND {where} ORDER BY name, time, value", p=project
    )


def ask(server: RunningServer, project: str, name: str, aggregation: str, **more: Any) -> dict[str, Any]:
    body = {"project": project, "name": name, "aggregation": aggregation, "from": "now-30m", "to": "now", **more}
    answer = server.client.post("/api/v1/metrics/query", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def named(name: str, **labels: str) -> dict[str, str]:
    return {"__name__": name, **JOB, **labels}


@pytest.mark.covers("remote-write")
def test_series_become_points_of_their_job_under_opentelemetrys_names(
    shared_server: RunningServer, project: str
) -> None:
    at = now_ms()
    body = snappy(
        series(named("http_requests_total", code="200", otel_scope_name="web", otel_scope_version="2"), (at, 5.0)),
        series(named("queue_bytes", empty=""), (at, -1.5), (at + 1, 2.0)),
        series({"__name__": "no_job"}, (at, 1.0)),
        series(named("pods_count"), (at, 1.0)),
    )
    answer = post(shared_server, project, body)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "x-prometheus-remote-write-samples-written" not in answer.headers
    columns = "name, type, is_monotonic, unit, value, service, scope, toUnixTimestamp64Milli(time)"
    assert kept(shared_server, project, columns) == [
        ("http_requests_total", "sum", True, "", 5, "shop", "web", at),
        ("no_job", "gauge", False, "", 1, "unknown_service", "", at),
        ("pods_count", "sum", True, "", 1, "shop", "", at),
        ("queue_bytes", "gauge", False, "By", -1.5, "shop", "", at),
        ("queue_bytes", "gauge", False, "By", 2, "shop", "", at + 1),
    ]
    ((attributes, resource),) = kept(shared_server, project, "attributes, resource_attributes", "name LIKE 'http%'")
    assert dict(attributes) == {"code": "200"}
    assert dict(resource) == {"service.name": "shop", "service.instance.id": "10.0.0.1:9090"}
    assert shared_server.counts()[project, "metrics", "accepted", ""] == 5


@pytest.mark.covers("bad-remote-write")
def test_samples_out_of_order_and_twice_are_each_kept_once(shared_server: RunningServer, project: str) -> None:
    """A counter in whatever order it arrives has the rate of the order it was measured in."""
    start = now_ms(600)
    samples = [(start + n * 10_000, float(n * n)) for n in range(40)]
    shuffled = [*samples, *samples[5:20]]
    random.Random(4).shuffle(shuffled)
    for sample in range(0, len(shuffled), 10):
        body = snappy(*(series(named("work_total"), s) for s in shuffled[sample : sample + 10]))
        assert post(shared_server, project, body).status_code == 204
    assert shared_server.rows("SELECT count() FROM metrics WHERE project = {p:String}", p=project) == [(40,)]
    assert ask(shared_server, project, "work_total", "increase")["series"][0]["total"] == 39.0 * 39.0


@pytest.mark.covers("bad-remote-write")
def test_a_stale_marker_is_a_point_without_a_value_and_any_other_nan_is_a_value(
    shared_server: RunningServer, project: str
) -> None:
    at = now_ms(60)
    body = snappy(
        series(named("level"), (at, 4.0), (at + 1000, STALE)),
        series(named("odd"), (at, float("nan"))),
        series(named("native"), rest=histogram(at, 0, STALE, 0, 0, [], [])),
    )
    assert post(shared_server, project, body).status_code == 204
    assert kept(shared_server, project, "name, isNull(value), flags", "name != 'odd'") == [
        ("level", False, 0), ("level", True, 1), ("native", True, 1),
    ]  # fmt: skip
    assert kept(shared_server, project, "isNaN(value), flags", "name = 'odd'") == [(True, 0)]
    assert ask(shared_server, project, "level", "last")["series"][0]["total"] == 4


@pytest.mark.covers("bad-remote-write")
def test_a_bad_series_costs_no_neighbour_and_is_named(shared_server: RunningServer, project: str) -> None:
    at = now_ms()
    bad = [
        series({"job": "x"}, (at, 1.0)),
        series({}, (at, 1.0)),
        series({"__name__": ""}, (at, 1.0)),
        inside(1, label("__name__", "a"), label("", "x"), inside(2, double(1, 1.0), whole(2, at))),
        inside(1, label("__name__", "a"), label("b", "1"), label("b", "2"), inside(2, double(1, 1.0), whole(2, at))),
        inside(1, label("__name__", "a"), label(b"\xff\xfe", "x"), inside(2, double(1, 1.0), whole(2, at))),
        inside(1, label("__name__", "a"), label("line\nbreak", "x"), inside(2, double(1, 1.0), whole(2, at))),
        series({"__name__": "a", **{f"l{n}": "x" for n in range(200)}}, (at, 1.0)),
        series({"__name__": "a", "b": "x" * 5000}, (at, 1.0)),
        series({"__name__": "a"}, (0, 1.0), (-5, 1.0), (2**62, 1.0)),
        series({"__name__": "h"}, rest=histogram(at, 5, 1.0, 99, 0, [(0, 1)], [5])),
        series({"__name__": "h"}, rest=histogram(at, 5, 1.0, 0, 0, [(0, 3)], [5])),
        series({"__name__": "h"}, rest=histogram(at, 5, 1.0, 0, 0, [(0, 2)], [5, -7])),
        series({"__name__": "h"}, rest=histogram(at, 5, 1.0, 0, 0, [(0, 1), (2_000_000_000, 1)], [5, 0])),
        series({"__name__": "h"}, rest=histogram(at, 5, 1.0, -53, 0, [(0, 5)], [1, 0, 0, 0, 0], custom=[1.0])),
        inside(1, b"\xff\xff\xff"),
    ]
    answer = post(shared_server, project, snappy(*bad, series(named("good"), (at, 1.0))))
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith("1 points kept, 18 refused (")
    for said in ("invalid_label", "a series has no name", "twice", "too_many_labels", "label_too_long", "invalid_time"):
        assert said in answer.text
    assert kept(shared_server, project, "name") == [("good",)]
    counts = shared_server.counts()
    assert {r: counts[project, "metrics", "refused", r] for r in ("invalid_label", "invalid_time", "invalid_histogram", "malformed")} == {
        "invalid_label": 7, "invalid_time": 3, "invalid_histogram": 5, "malformed": 1,
    }  # fmt: skip


@pytest.mark.covers("remote-write-histograms")
def test_quantiles_of_a_classic_histogram_whose_buckets_came_in_different_requests(
    shared_server: RunningServer, project: str
) -> None:
    """Senders shard by series, so no request holds a histogram whole. 100 in (0, 0.1], 100 in (0.1, 1], of two instances."""
    start = now_ms(300)
    for le, gained in (("0.1", 100), ("1.0", 200), ("+Inf", 200)):
        for instance in ("a", "b"):
            labels = {"__name__": "took_seconds_bucket", "job": "shop", "instance": instance, "le": le}
            samples = [(start + n * 15_000, 7.0 + gained / 2 * n / 10) for n in range(11)]
            assert post(shared_server, project, snappy(series(labels, *samples))).status_code == 204
    for quantile, expected in ((0.5, 0.1), (0.25, 0.05), (0.75, 0.55), (1.0, 1.0)):
        answered = ask(shared_server, project, "took_seconds_bucket", "quantile", quantile=quantile)
        assert answered["series"][0]["total"] == pytest.approx(expected)
    by_instance = ask(
        shared_server, project, "took_seconds_bucket", "quantile", quantile=0.75, group_by=["service.instance.id"]
    )
    assert [s["labels"] for s in by_instance["series"]] == [{"service.instance.id": "a"}, {"service.instance.id": "b"}]
    assert by_instance["series"][0]["total"] == pytest.approx(0.55)
    refused = shared_server.client.post(
        "/api/v1/metrics/query",
        json={"project": project, "name": "took_seconds_bucket", "aggregation": "quantile", "quantile": 2},
    )
    assert refused.status_code in (400, 422)


@pytest.mark.covers("remote-write-histograms")
def test_native_histograms_become_exponential_ones(shared_server: RunningServer, project: str) -> None:
    """Prometheus' bucket 1 of schema 0 is (1, 2], OpenTelemetry's bucket 0."""
    start = now_ms(120)
    body = snappy(
        series(
            named("took_seconds"),
            rest=histogram(start, 0, 0.0, 0, 0, [], [])
            + histogram(start + 60_000, 107, 300.0, 0, 2, [(1, 2), (1, 1)], [50, -45, 45]),
        ),
        series(named("listed"), rest=histogram(start, 6, 9.0, -53, 0, [(0, 1), (1, 1)], [4, -2], custom=[0.5, 1.0])),
    )
    answer = post(shared_server, project, body)
    assert (answer.status_code, answer.text) == (204, "")
    columns = "type, count, sum, scale, zero_count, positive_offset, positive_counts"
    assert kept(shared_server, project, columns, "name = 'took_seconds'")[1] == (
        "exponential_histogram", 107, 300, 0, 2, 0, [50, 5, 0, 50],
    )  # fmt: skip
    assert kept(shared_server, project, "type, bucket_counts, explicit_bounds", "name = 'listed'") == [
        ("histogram", [4, 0, 2], [0.5, 1.0])
    ]
    total = ask(shared_server, project, "took_seconds", "quantile", quantile=1.0)["series"][0]["total"]
    assert total == pytest.approx(16)


@pytest.mark.covers("remote-write")
def test_exemplars_that_come_apart_from_their_samples_are_found(shared_server: RunningServer, project: str) -> None:
    at = now_ms(60)
    labels = named("took_seconds_bucket", le="1")
    mark = exemplar({"trace_id": TRACE, "span_id": SPAN, "user": "u1"}, 0.7, at)
    for body in (series(labels, (at, 3.0)), series(labels, rest=mark)):
        assert post(shared_server, project, snappy(body)).status_code == 204
    answered = ask(shared_server, project, "took_seconds_bucket", "last")
    assert answered["exemplars"] == [[at, 0.7, TRACE, SPAN]]
    assert answered["series"][0]["total"] == 3


@pytest.mark.covers("remote-write")
def test_help_that_comes_apart_describes_what_comes_after(shared_server: RunningServer, project: str) -> None:
    assert post(shared_server, project, snappy(metadata("jobs", "Jobs done."))).status_code == 204
    assert post(shared_server, project, snappy(series(named("jobs_total"), (now_ms(), 1.0)))).status_code == 204
    catalog = shared_server.client.get("/api/v1/metrics/catalog", params={"project": project}).json()
    assert [m["description"] for m in catalog["metrics"]] == ["Jobs done."]


@pytest.mark.covers("remote-write-2")
def test_version_two_says_types_units_and_beginnings_and_is_told_what_was_written(
    shared_server: RunningServer, project: str
) -> None:
    at = now_ms(30)
    request = V2Request()
    request.add(named("jobs"), (at, 3.0), type=1, help="Jobs done.", created=at - 60_000)
    request.add(named("size"), (at, 2.0), type=2, unit="bytes")
    request.add(named("pods_count"), (at, 2.0), type=2)
    request.add(named("build_info", commit="9f2c"), (at, 1.0), type=6)
    request.add(named("took"), type=3, rest=histogram(at, 5, 1.0, 0, 0, [(0, 1)], [5], field=3))
    marked = request.refs(1, {"trace_id": TRACE, "span_id": SPAN})
    request.add(named("jobs"), type=1, rest=inside(4, marked, double(2, 9.0), whole(3, at)))
    answer = post(shared_server, project, snappy(request.bytes()), V2)
    assert (answer.status_code, answer.text) == (204, "")
    written = {
        n: answer.headers[f"x-prometheus-remote-write-{n}-written"] for n in ("samples", "histograms", "exemplars")
    }
    assert written == {"samples": "4", "histograms": "1", "exemplars": "1"}
    columns = "name, type, is_monotonic, unit, description, toUnixTimestamp64Milli(start_time)"
    assert kept(shared_server, project, columns, "flags = 0") == [
        ("build_info", "sum", False, "", "", 0),
        ("jobs", "sum", True, "", "Jobs done.", at - 60_000),
        ("pods_count", "gauge", False, "", "", 0),
        ("size", "gauge", False, "By", "", 0),
        ("took", "exponential_histogram", False, "", "", 0),
    ]
    assert ask(shared_server, project, "jobs", "increase")["series"][0]["total"] == 3
    assert ask(shared_server, project, "jobs", "last")["exemplars"] == [[at, 9.0, TRACE, SPAN]]

    bad = V2Request()
    bad.add(named("fine"), (at, 1.0), type=2)
    bad.parts.append(inside(5, inside(1, b"\x01\x7f"), inside(2, double(1, 1.0), whole(2, at))))
    bad.parts.append(inside(5, inside(1, b"\x01"), inside(2, double(1, 1.0), whole(2, at))))
    answer = post(shared_server, project, snappy(bad.bytes()), V2)
    assert (answer.status_code, answer.headers["x-prometheus-remote-write-samples-written"]) == (400, "1")
    assert "refers to symbol 127 of" in answer.text


@pytest.mark.covers("bad-remote-write", "bad-snappy-bomb")
def test_what_cannot_be_read_is_400_and_what_is_too_large_413(shared_server: RunningServer, project: str) -> None:
    good = series(named("a"), (now_ms(), 1.0))
    for body in (b"\xff" * 20, b"\x05\x00", snappy(b"\xff\xff\xff"), good):
        answer = post(shared_server, project, body)
        assert (answer.status_code, answer.headers["content-type"][:10]) == (400, "text/plain"), body
        assert answer.text.startswith("the body ")
    for body in (b"\xff\xff\xff\xff\x0f" + b"\x00" * 50, snappy(bytes(70 * 2**20))):
        assert post(shared_server, project, body).status_code == 413
    many = snappy(*(series(named("a"), *((now_ms() + n, 1.0) for n in range(50_001))) for _ in range(2)))
    assert post(shared_server, project, many).status_code == 413
    assert post(shared_server, project, snappy(good), V1 | {"content-type": "application/json"}).status_code == 415
    proto = {"content-type": "application/x-protobuf;proto=other.Request"}
    assert post(shared_server, project, snappy(good), V1 | proto).status_code == 415
    assert post(shared_server, project, snappy(good), V1 | {"content-encoding": "br"}).status_code == 415
    assert shared_server.client.get("/api/v1/write").status_code == 405
    assert post(shared_server, project, b"").status_code == 204
    assert not kept(shared_server, project, "name")
    zstd = {"content-type": "application/x-protobuf", "content-encoding": "zstd"}
    assert post(shared_server, project, bytes(cramjam.zstd.compress(good)), zstd).status_code == 204
    assert post(shared_server, project, snappy(good), {"content-type": "application/x-protobuf"}).status_code == 204


@pytest.mark.covers("remote-write", "project-isolation")
def test_it_needs_a_key_that_may_send_and_stays_in_its_project(start_server: StartServer, tmp_path: Path) -> None:
    data = tmp_path / "data"

    def key(scope: str) -> dict[str, str]:
        made = tapetum(
            "keys", "create", "--data", data, "--name", scope, "--scope", scope, "--project", "mine", "--json"
        )
        return {"authorization": f"Bearer {json.loads(made.stdout)['key']}"}

    sender, reader = key("ingest"), key("read")
    server = start_server(data, "--require-keys")
    body = snappy(series(named("a"), (now_ms(), 1.0)))
    write = server.client.post
    assert write("/api/v1/write", content=body, headers=V1).status_code == 401
    assert write("/api/v1/write", content=body, headers=V1 | reader).status_code == 403
    assert write("/api/v1/write", content=body, headers=V1 | sender).status_code == 204
    other = write("/api/v1/write", content=body, headers=V1 | sender | {"x-tapetum-project": "theirs"})
    assert (other.status_code, "project_not_allowed" in other.text) == (400, True)
    listed = server.client.get("/api/v1/scrape_targets", headers=reader, params={"project": "mine"})
    assert listed.json() == {"targets": []}
    assert server.client.get("/api/v1/scrape_targets", headers=sender).status_code == 403
    assert server.client.get("/api/v1/scrape_targets", headers=reader, params={"project": "default"}).status_code == 404
