"""Lists and pictures of spans."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from asked_world import START, World, span_batch

from tapetum_server.query.time_range import format_time

MS = 1_000_000
RANGE = {"from_": format_time(START), "to": format_time(START + 60_000 * MS)}


@pytest.fixture(scope="module", autouse=True)
def filled(asked: World) -> None:
    asked.keep(
        span_batch(
            *({"trace": 1, "span": i, "at": 0, "seconds": i / 1000, "name": "fast", "attributes": {"shard": f"s{i % 3}"}}
              for i in range(1, 101)),
            *({"trace": 2, "span": i, "at": 30.5, "seconds": 2, "name": "slow", "service": "db", "status": 2,
               "canonical": {"cost_usd": i / 10, "input_tokens": i}, "resource": {"host.name": "h1"}}
              for i in range(1, 4)),
            {"trace": 3, "span": 1, "at": 59, "seconds": None, "name": "going on", "attributes": {"shard": "s0"}},
        ),
        span_batch({"trace": 9, "span": 9, "at": 1, "name": "not mine", "service": "other"}, project="other"),
    )  # fmt: skip


def names(page: Any) -> list[str]:
    return [row["name"] for row in page["rows"]]


def test_spans_page_in_every_order_without_gaps_or_repeats(asked: World) -> None:
    """A hundred of them start at the same nanosecond."""
    for sort in ("-start_time", "start_time", "-duration_ms", "-cost_usd", "-tokens"):
        whole = asked.get("/spans", sort=sort, limit=1000)["rows"]
        assert len(whole) == 104
        paged: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            page = asked.get("/spans", sort=sort, limit=13, cursor=cursor)
            paged += page["rows"]
            cursor = page["next_cursor"]
        assert paged == whole, sort


def test_orders_put_the_largest_first_and_the_unknown_last(asked: World) -> None:
    slow = asked.get("/spans", sort="-duration_ms", limit=4)
    assert names(slow) == ["slow", "slow", "slow", "fast"]
    assert asked.get("/spans", sort="-duration_ms", limit=1000)["rows"][-1]["duration_ms"] is None
    assert [row["cost_usd"] for row in asked.get("/spans", sort="-cost_usd", limit=4)["rows"]] == [0.3, 0.2, 0.1, None]
    assert names(asked.get("/spans", limit=1)) == ["going on"]
    assert names(asked.get("/spans", sort="start_time", limit=1)) == ["fast"]


def test_a_histogram_counts_every_step_and_measures_those_that_ended(asked: World) -> None:
    answer = asked.get("/spans/histogram", buckets=6, **RANGE)
    assert answer["interval_ms"] == 10_000
    assert [bucket["count"] for bucket in answer["buckets"]] == [100, 0, 0, 3, 0, 1]
    assert [bucket["error_count"] for bucket in answer["buckets"]] == [0, 0, 0, 3, 0, 0]
    first, empty, slow, running = (answer["buckets"][i] for i in (0, 1, 3, 5))
    assert first["time"] == format_time(START)
    assert first["p50_ms"] == pytest.approx(50.5)
    assert first["p99_ms"] == pytest.approx(99.01)
    assert empty["p50_ms"] is None
    assert slow["p95_ms"] == 2000
    assert running["p50_ms"] is None


def test_the_histogram_of_everything_finds_its_own_range(asked: World) -> None:
    answer = asked.get("/spans/histogram", from_="all", q="service:db")
    assert sum(bucket["count"] for bucket in answer["buckets"]) == 3
    assert asked.get("/spans/histogram", from_="all", project="default", q="name:none")["buckets"] is not None


def test_a_heatmap_holds_every_ended_span_in_its_band(asked: World) -> None:
    answer = asked.get("/spans/heatmap", x=6, y=10, **RANGE)
    edges = answer["edges_ms"]
    assert len(edges) == 11
    assert len(answer["counts"]) == len(answer["times"]) == 6
    ratios = [b / a for a, b in itertools.pairwise(edges)]
    assert max(ratios) / min(ratios) == pytest.approx(1, rel=1e-6)
    assert sum(map(sum, answer["counts"])) == 103
    assert sum(map(sum, answer["errors"])) == 3
    for y, count in enumerate(answer["counts"][0]):
        truth = sum(1 for i in range(1, 101) if edges[y] <= i * (1 + 1e-12) < edges[y + 1])
        assert math.isclose(count, truth, abs_tol=1), y
    row = next(y for y, count in enumerate(answer["counts"][3]) if count)
    assert edges[row] <= 2000 < edges[row + 1]


@pytest.mark.covers("api-traces")
def test_facets_count_columns_and_attributes_in_one_answer(asked: World) -> None:
    answer = asked.get("/spans/facets", keys="service,shard,host.name,status", limit=2)
    found = {facet["key"]: facet for facet in answer["facets"]}
    assert list(found) == ["service", "shard", "host.name", "status"]
    assert found["service"]["values"] == [
        {"value": "shop", "count": 101, "cut": False},
        {"value": "db", "count": 3, "cut": False},
    ]
    assert found["shard"]["values"] == [
        {"value": "s0", "count": 34, "cut": False},
        {"value": "s1", "count": 34, "cut": False},
    ]
    assert found["shard"]["more"] is True
    assert found["host.name"]["values"] == [
        {"value": "", "count": 101, "cut": False},
        {"value": "h1", "count": 3, "cut": False},
    ]
    assert found["status"]["more"] is False
    assert answer["attribute_keys"] == [{"key": "shard", "count": 101}]


def test_the_default_facets_are_there_and_follow_the_filter(asked: World) -> None:
    answer = asked.get("/spans/facets", q="service:db")
    found = {facet["key"]: facet["values"] for facet in answer["facets"]}
    assert list(found) == ["service", "name", "kind", "status", "span_kind", "model"]
    assert found["name"] == [{"value": "slow", "count": 3, "cut": False}]
    assert len(asked.get("/spans/facets", keys="service")["facets"]) == 1


def test_a_value_too_long_for_the_list_is_found_by_its_beginning(asked: World) -> None:
    """The facet gives 512 characters; as an exact value they would find nothing."""
    long = "ж" * 600
    asked.keep(span_batch({"trace": 900, "attributes": {"long": long}}, project="long-values"))
    facet = asked.get("/spans/facets", keys="long", project="long-values")["facets"][0]
    assert facet["values"] == [{"value": long[:512], "count": 1, "cut": True}]
    for q, found in ((f'long:"{long[:512]}"*', 1), (f'long:"{long[:512]}"', 0)):
        assert len(asked.get("/spans", q=q, project="long-values")["rows"]) == found


def test_numbers_of_steps_and_rows_have_bounds(asked: World) -> None:
    assert asked.error("/spans", 422, limit=0)["field"] == "limit"
    assert asked.error("/spans/histogram", 422, buckets=100_000)["field"] == "buckets"
    assert asked.error("/spans", 422, sort="colour")["field"] == "sort"
    assert asked.error("/spans/facets", 400, keys=",".join(f"k{i}" for i in range(30)))["field"] == "keys"
