"""Questions about everything, where one sender's clock is at the end of time."""

from __future__ import annotations

import pytest
from asked_world import NOW, SECOND, World, log_batch, metric_batch, span_batch

from tapetum_server.signals.metrics import Metric

LATEST = 2**64 - 1
"""The latest time OTLP can say. The store's columns end in 2262, where it is clamped to."""


@pytest.fixture(scope="module", autouse=True)
def filled(asked: World) -> None:
    spans = span_batch({"trace": 1}, {"trace": 2}, {"trace": 3, "name": "wrong clock"})
    spans.start_time_unix_nano[2] = spans.end_time_unix_nano[2] = LATEST
    logs = log_batch({}, {}, {"body": "wrong clock"})
    logs.time_unix_nano[2] = LATEST
    points = metric_batch(Metric("queue", "gauge", "{job}"), {"at": 1, "value": 2}, {"at": 2, "value": 4})
    points.time_unix_nano[1] = LATEST
    asked.keep(spans, logs, points)


@pytest.mark.covers("timestamps-any-age", "wrong-clocks")
def test_one_wrong_clock_does_not_stretch_the_pictures_of_everything(asked: World) -> None:
    """Lists have the record, charts say that they leave it out, and a link leads to it."""
    assert len(asked.get("/traces", from_="all")["rows"]) == 3
    histogram = asked.get("/spans/histogram", from_="all")
    assert [bucket["count"] for bucket in histogram["buckets"] if bucket["count"]] == [2]
    assert histogram["interval_ms"] <= 1_000
    assert sum(map(sum, asked.get("/spans/heatmap", from_="all")["counts"])) == 2
    assert sum(bucket["total"] for bucket in asked.get("/logs/histogram", from_="all")["buckets"]) == 2
    (service,) = asked.get("/services", from_="all")["rows"]
    assert (service["requests"], service["trend"]["times"][0][:4]) == (3, "2026")
    for signal, path in (("spans", "/traces"), ("logs", "/logs")):
        told = asked.get("/outside", signal=signal, from_="all")
        assert told["before"] is None
        assert (told["after"]["count"], told["after"]["newest"][:4]) == (1, "2262")
        there = {"from_": told["after"]["oldest"], "to": told["after"]["until"]}
        assert len(asked.get(path, **there)["rows"]) == 1
    assert sum(b["count"] for b in asked.get("/spans/histogram", **there)["buckets"]) == 1


def test_one_wrong_clock_does_not_empty_a_metric(asked: World) -> None:
    answer = asked.post("/metrics/query", name="queue", from_="all", aggregation="count")
    assert sum(value or 0 for _, value in answer["series"][0]["points"]) == 1
    assert asked.get("/outside", signal="metrics", from_="all")["after"]["count"] == 1
    question = {"kind": "spans", "measure": "count"}
    counted = asked.post("/query", query=question, from_="all")
    assert sum(value for _, value in counted["series"][0]["points"]) == 2


@pytest.mark.covers("wrong-clocks")
def test_a_clock_that_is_an_hour_ahead_is_told_of(asked: World) -> None:
    ahead = span_batch({"trace": 7, "service": "fast"}, {"trace": 8, "service": "fast"}, project="ahead")
    ahead.start_time_unix_nano[:] = [NOW + 3_000 * SECOND, NOW + 2 * SECOND]
    ahead.end_time_unix_nano[:] = [NOW + 3_001 * SECOND, NOW + 3 * SECOND]
    asked.keep(ahead)
    last_hour = {"project": "ahead", "signal": "spans"}
    after = asked.get("/outside", **last_hour)["after"]
    assert (after["count"], after["oldest"], after["newest"]) == (1, "2026-11-23T22:50:00.000000000Z", after["oldest"])
    there = {"project": "ahead", "from_": after["oldest"], "to": after["until"]}
    assert [row["start_time"] for row in asked.get("/spans", **there)["rows"]] == [after["oldest"]]
    assert asked.get("/outside", **last_hour, q="service:slow") == {"before": None, "after": None}
    assert asked.get("/outside", **last_hour, to="2026-11-23T22:00:00Z") == {"before": None, "after": None}
    # Within a day of now it is in the charts of everything.
    assert asked.get("/outside", **last_hour, from_="all") == {"before": None, "after": None}
    assert sum(b["count"] for b in asked.get("/spans/histogram", project="ahead", from_="all")["buckets"]) == 2


@pytest.mark.covers("wrong-clocks")
def test_a_clock_that_was_never_set_is_told_of(asked: World) -> None:
    never = log_batch({}, {"body": "1970"}, project="never")
    never.time_unix_nano[1] = 5 * SECOND
    asked.keep(never)
    told = asked.get("/outside", project="never", signal="logs", from_="all")
    assert (told["before"]["count"], told["after"]) == (1, None)
    assert sum(b["total"] for b in asked.get("/logs/histogram", project="never", from_="all")["buckets"]) == 1
    only = log_batch({"body": "1970"}, project="only")
    only.time_unix_nano[0] = 5 * SECOND
    asked.keep(only)
    # Where there is nothing else, it is what is drawn.
    assert sum(b["total"] for b in asked.get("/logs/histogram", project="only", from_="all")["buckets"]) == 1
