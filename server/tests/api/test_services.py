"""Services over HTTP: rate, errors, duration and who asks whom, against numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from asked_world import SECOND, START, World, span_batch

from tapetum_server.query.time_range import format_time

RANGE = {"from": format_time(START), "to": format_time(START + 100 * SECOND)}
SERVER, CLIENT, PRODUCER, CONSUMER, INTERNAL = 2, 3, 4, 5, 1
"""Numbers of span kinds in OTLP."""


def call(trace: int, ms: float, *, version: str = "1.0", failed: bool = False) -> list[dict[str, Any]]:
    """One request to `web`, which asks `shop` and that its database."""
    resource = {"service.version": version, "deployment.environment.name": "prod"}
    web = {"trace": trace, "at": trace, "service": "web", "resource": resource}
    shop = {"trace": trace, "at": trace, "service": "shop", "resource": {"service.version": "7"}}
    return [
        web | {"span": 1, "name": "GET /", "span_kind": SERVER, "seconds": ms / 1000, "status": 2 if failed else 0},
        web | {"span": 2, "parent": 1, "name": "GET", "span_kind": CLIENT, "seconds": ms / 2000,
               "attributes": {"server.address": "shop.internal"}},
        shop | {"span": 3, "parent": 2, "name": "GET /stock", "span_kind": SERVER, "seconds": ms / 4000},
        shop | {"span": 4, "parent": 3, "name": "SELECT stock", "span_kind": CLIENT, "seconds": 0.001,
                "attributes": {"db.system.name": "postgresql", "db.namespace": "stock"}},
    ]  # fmt: skip


MS = [10.0, 20.0, 30.0, 40.0, 400.0]


@pytest.fixture(scope="module", autouse=True)
def filled(asked: World) -> None:
    rows = [
        row for i, ms in enumerate(MS) for row in call(i + 1, ms, version="2.0" if i > 2 else "1.0", failed=ms > 100)
    ]
    rows += [
        {"trace": 50, "span": 1, "at": 60, "service": "cron", "name": "nightly", "seconds": 2},
        {"trace": 50, "span": 2, "parent": 1, "at": 60, "service": "cron", "name": "send", "span_kind": PRODUCER,
         "attributes": {"messaging.system": "kafka", "messaging.destination.name": "orders"}},
        {"trace": 50, "span": 3, "parent": 1, "at": 60, "service": "cron", "name": "chat m", "span_kind": CLIENT,
         "canonical": {"kind": "llm", "provider": "openai", "model": "m"}},
        {"trace": 51, "span": 9, "parent": 8, "at": 61, "service": "lambda", "name": "inner", "seconds": 3},
        {"trace": 52, "span": 1, "at": 62, "service": "old", "name": "ask", "span_kind": CLIENT,
         "attributes": {"db.system": "redis"}},
        {"trace": 53, "span": 1, "at": 63, "service": "odd", "name": "ask", "span_kind": CLIENT},
    ]  # fmt: skip
    asked.keep(span_batch(*rows), span_batch(*call(1, 5), project="other"))
    # Delivered twice, counted once.
    asked.keep(span_batch(*rows[:4]))


def by_name(asked: World, **query: Any) -> dict[str, Any]:
    return {row["service"]: row for row in asked.get("/services", **RANGE, **query)["rows"]}


@pytest.mark.covers("services")
def test_rate_errors_and_duration_of_each_service(asked: World) -> None:
    found = by_name(asked)
    assert list(found) == ["shop", "web", "cron", "lambda", "odd", "old"]
    web = found["web"]
    assert (web["basis"], web["requests"], web["errors"]) == ("requests", 5, 1)
    assert web["rate_per_s"] == pytest.approx(5 / 100)
    assert web["error_rate"] == pytest.approx(1 / 5)
    for name, q in (("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99)):
        assert web[name] == pytest.approx(float(np.quantile(MS, q)))
    assert (web["versions"], web["environments"]) == (["1.0", "2.0"], ["prod"])
    assert web["last_seen"] == format_time(START + 5 * SECOND)


@pytest.mark.covers("services")
def test_a_service_without_requests_is_measured_by_what_it_has(asked: World) -> None:
    found = by_name(asked)
    assert [(name, found[name]["basis"], found[name]["requests"]) for name in ("cron", "lambda", "old")] == [
        ("cron", "traces", 1), ("lambda", "spans", 1), ("old", "traces", 1),
    ]  # fmt: skip
    assert found["cron"]["p50_ms"] == pytest.approx(2_000)


@pytest.mark.covers("services")
def test_the_trend_adds_up_to_the_whole(asked: World) -> None:
    trend = by_name(asked)["web"]["trend"]
    step_s = trend["interval_ms"] / 1_000
    assert sum(trend["rate_per_s"]) * step_s == pytest.approx(5, rel=0.3)
    assert [rate for rate in trend["error_rate"] if rate is not None].count(0.0) >= 1
    assert len(trend["times"]) == len(trend["p95_ms"])


def test_the_filter_narrows_them(asked: World) -> None:
    assert list(by_name(asked, q="service.version:2.0")) == ["web"]
    assert by_name(asked, q="name:nothing") == {}


@pytest.mark.covers("service-detail")
def test_one_service_by_operation_and_version(asked: World) -> None:
    web = asked.get("/services/detail", service="web", **RANGE)
    assert [(row["name"], row["span_kind"], row["requests"]) for row in web["operations"]] == [("GET /", "server", 5)]
    versions = {row["version"]: row for row in web["by_version"]}
    assert list(versions) == ["2.0", "1.0"]
    assert (versions["2.0"]["requests"], versions["2.0"]["error_rate"]) == (2, 0.5)
    assert versions["1.0"]["p50_ms"] == pytest.approx(20)
    assert versions["2.0"]["first_seen"] == format_time(START + 4 * SECOND)


def test_an_unknown_service_is_a_404(asked: World) -> None:
    assert asked.error("/services/detail", 404, service="nobody", **RANGE)["code"] == "not_found"


@pytest.mark.covers("service-map")
def test_who_asks_whom(asked: World) -> None:
    found = asked.get("/services/map", **RANGE)
    edges = {(edge["source"], edge["target"]): edge for edge in found["edges"]}
    assert {key: edge["requests"] for key, edge in edges.items()} == {
        ("web", "shop"): 5,
        ("shop", "database:postgresql stock"): 5,
        ("cron", "messaging:kafka orders"): 1,
        ("cron", "model:openai m"): 1,
        ("old", "database:redis"): 1,
    }
    assert edges["web", "shop"]["p50_ms"] == pytest.approx(15)
    nodes = {node["id"]: node for node in found["nodes"]}
    assert nodes["database:postgresql stock"] == {
        "id": "database:postgresql stock", "label": "postgresql stock", "kind": "database", "requests": 5,
        "rate_per_s": pytest.approx(0.05), "error_rate": 0, "p95_ms": pytest.approx(1),
    }  # fmt: skip
    assert nodes["web"]["error_rate"] == pytest.approx(0.2)
    assert nodes["odd"]["requests"] == 1
    assert not found["truncated"]


@pytest.mark.covers("service-map")
def test_the_filter_of_the_map_is_about_whoever_asks(asked: World) -> None:
    found = asked.get("/services/map", q="service:web", **RANGE)
    assert [(edge["source"], edge["target"]) for edge in found["edges"]] == [("web", "shop")]
    assert {node["id"] for node in found["nodes"]} == {"web", "shop"}


@pytest.mark.covers("page-services")
def test_of_many_services_the_busiest_are_answered_and_the_others_counted(asked: World) -> None:
    every = asked.get("/services", **RANGE)
    assert (every["total"], every["truncated"]) == (len(every["rows"]), False)
    some = asked.get("/services", **RANGE, limit=2)
    assert some == {"rows": every["rows"][:2], "truncated": True, "total": every["total"]}
    assert [row["service"] for row in some["rows"]] == ["shop", "web"]
    assert asked.get("/services", **RANGE, q="service:nobody") == {"rows": [], "truncated": False, "total": 0}
