"""Two traces beside each other, the attributes of a pair, and traces to hold one against, over a real store."""

from __future__ import annotations

from typing import Any

import pytest
from asked_world import START, World, span_batch, span_id, trace_id

from tapetum_server.query.time_range import format_time

SECOND = 1_000_000_000


def checkout(trace: int, at: float, slow: float, *, status: int = 0, version: str = "1") -> list[dict[str, Any]]:
    """Web asks features, whose query takes `slow` seconds."""
    first = trace * 10
    features = {"service": "features", "resource": {"service.version": version}}
    return [
        {"trace": trace, "span": first, "name": "POST /checkout", "service": "web", "span_kind": 2, "at": at,
         "seconds": slow + 0.5, "status": status},
        {"trace": trace, "span": first + 1, "parent": first, "name": "GET /features", "at": at + 0.1,
         "seconds": slow + 0.2, **features},
        {"trace": trace, "span": first + 2, "parent": first + 1, "name": "SELECT customer", "at": at + 0.2,
         "seconds": slow, "status": status, "status_message": "lock" if status else "",
         "attributes": {"db.query.text": f"SELECT {trace}", "db.system.name": "sqlite", "rows": trace}, **features},
    ]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def filled(asked: World) -> None:
    asked.keep(
        span_batch(
            *checkout(1, 0, 0.1),
            *checkout(2, 10, 1.7, status=2, version="2"),
            *checkout(3, 20, 0.3),
            *checkout(4, 30, 0.05, status=2),
            *checkout(5, 40, 0.2),
            {"trace": 6, "span": 60, "name": "other", "service": "web", "at": 45},
            {"trace": 7, "span": 70, "name": "POST /checkout", "service": "mobile", "at": 46},
            {"trace": 8, "span": 80, "name": "POST /checkout", "service": "web", "at": 47, "seconds": None},
            {"trace": 9, "span": 90, "name": "POST /checkout", "service": "web", "at": -200_000, "seconds": 1},
        ),
        span_batch(*checkout(11, 5, 0.01), project="elsewhere"),
    )


@pytest.mark.covers("compare-traces")
def test_two_traces_are_aligned_and_the_difference_is_said(asked: World) -> None:
    found = asked.get("/traces/compare", a=trace_id(1), b=trace_id(2).upper())
    assert found["verdict"] == (
        "B is 1.60 s slower (2.20 s against 600.0 ms): 1.60 s of it in SELECT customer (features); "
        "B has 2 errors, A has 0."
    )
    columns = found["columns"]
    assert columns["name"] == ["POST /checkout", "GET /features", "SELECT customer"]
    assert columns["b"]["span_id"] == [span_id(20), span_id(21), span_id(22)]
    assert [columns["name"][one["row"]] for one in found["contributors"]] == ["SELECT customer"]
    assert columns["differences"] == [["slower", "status"], ["slower"], ["slower", "status"]]
    assert (found["a"]["trace_id"], found["b"]["error_count"], found["truncated"]) == (trace_id(1), 2, False)


@pytest.mark.covers("compare-traces")
def test_the_attributes_of_a_pair_stand_side_by_side(asked: World) -> None:
    pair = asked.get("/traces/compare/spans", a=trace_id(1), b=trace_id(2), span_a=span_id(12), span_b=span_id(22))
    assert pair["differences"] == [
        {"key": "db.query.text", "a": "SELECT 1", "b": "SELECT 2"},
        {"key": "rows", "a": "1", "b": "2"},
        {"key": "resource.service.version", "a": "1", "b": "2"},
    ]
    # The name, the scope with its version, db.system.name and resource.service.name.
    assert pair["equal"] == 5
    assert (pair["a"]["status"], pair["b"]["status"], pair["b"]["status_message"]) == ("unset", "error", "lock")


def test_a_span_that_only_one_side_has_is_shown_alone(asked: World) -> None:
    pair = asked.get("/traces/compare/spans", a=trace_id(1), b=trace_id(2), span_b=span_id(22))
    assert pair["a"] is None
    assert {"key": "rows", "a": None, "b": "2"} in pair["differences"]
    assert asked.error("/traces/compare/spans", 400, a=trace_id(1), b=trace_id(2))["field"] == "span_a"
    assert asked.error("/traces/compare/spans", 404, a=trace_id(1), b=trace_id(2), span_a=span_id(22))["hint"]


def test_long_and_many_values_are_bounded_and_still_told_apart(asked: World) -> None:
    """Two texts that begin alike for longer than a page shows differ by their length."""
    many = {f"k{n}": n for n in range(300)}
    for trace, last in ((30, 1), (31, 2)):
        attributes = {**{key: value * last for key, value in many.items()}, "text": "x" * (70_000 + last)}
        asked.keep(span_batch({"trace": trace, "span": trace, "attributes": attributes, "at": 900}))
    pair = asked.get("/traces/compare/spans", a=trace_id(30), b=trace_id(31), span_a=span_id(30), span_b=span_id(31))
    assert len(pair["differences"]) == 200
    # All but k0, which is 0 on both sides, and `text`.
    assert pair["more"] == 100
    assert max(len(one["a"]) for one in pair["differences"]) <= 2_001


@pytest.mark.covers("compare-peers")
def test_peers_are_traces_with_the_same_root_within_a_day(asked: World) -> None:
    """Not the running one, not another service's, not another project's, not one of two days ago."""
    peers = asked.get(f"/traces/{trace_id(5)}/peers")
    assert (peers["root_name"], peers["service"], peers["count"]) == ("POST /checkout", "web", 4)
    assert peers["previous"] == {
        "trace_id": trace_id(4), "start_time": format_time(START + 30 * SECOND), "duration_ms": 550.0, "status": "error",
    }  # fmt: skip
    # 4 was the fastest, because it failed at once: nothing to hold a good trace against.
    assert peers["fastest"]["trace_id"] == trace_id(1)
    assert peers["median"]["trace_id"] == trace_id(1)
    assert peers["slowest"]["trace_id"] == trace_id(2)
    assert asked.get(f"/traces/{trace_id(1)}/peers")["previous"] is None
    assert asked.get(f"/traces/{trace_id(1)}/peers")["median"]["trace_id"] == trace_id(5)


def test_a_trace_without_peers_says_so(asked: World) -> None:
    peers = asked.get(f"/traces/{trace_id(6)}/peers")
    assert (peers["count"], peers["previous"], peers["median"], peers["fastest"]) == (0, None, None, None)
    assert asked.error(f"/traces/{trace_id(77)}/peers", 404)["code"] == "not_found"


def test_what_is_not_there_or_not_of_this_project_is_404(asked: World) -> None:
    assert asked.error("/traces/compare", 404, a=trace_id(1), b=trace_id(77))["code"] == "not_found"
    assert asked.error("/traces/compare", 404, a=trace_id(1), b=trace_id(11))["code"] == "not_found"
    assert asked.error("/traces/compare", 422, a=trace_id(1))["field"] == "b"
