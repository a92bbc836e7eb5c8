"""Questions about everything, where one sender's clock is at the end of time."""

from __future__ import annotations

import pytest
from asked_world import World, log_batch, metric_batch, span_batch

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


@pytest.mark.covers("timestamps-any-age")
def test_one_wrong_clock_does_not_empty_the_pictures_of_everything(asked: World) -> None:
    """The list and the charts above it tell of the same records."""
    assert len(asked.get("/traces", from_="all")["rows"]) == 3
    assert sum(bucket["count"] for bucket in asked.get("/spans/histogram", from_="all")["buckets"]) == 3
    assert sum(map(sum, asked.get("/spans/heatmap", from_="all")["counts"])) == 3
    assert sum(bucket["total"] for bucket in asked.get("/logs/histogram", from_="all")["buckets"]) == 3
    assert [row["requests"] for row in asked.get("/services", from_="all")["rows"]] == [3]


def test_one_wrong_clock_does_not_empty_a_metric(asked: World) -> None:
    answer = asked.post("/metrics/query", name="queue", from_="all", aggregation="count")
    assert sum(value or 0 for _, value in answer["series"][0]["points"]) == 2
    question = {"kind": "spans", "measure": "count"}
    counted = asked.post("/query", query=question, from_="all")
    assert sum(value for _, value in counted["series"][0]["points"]) == 2 + 1
