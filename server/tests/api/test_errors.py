"""Errors over HTTP: what is counted once, what is one error, since when, and in which versions."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from asked_world import SECOND, START, World, log_batch, span_batch, span_id, trace_id
from process.servers import eventually

from tapetum_server.processors.errors.find import find_errors
from tapetum_server.query.time_range import format_time
from tapetum_server.signals.changes import ChangeBatch
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.spans import SpanBatch
from tapetum_server.store.retention import restamp

INNER = """Traceback (most recent call last):
  File "/srv/shop/cart.py", line 7, in total
    return price / count
ZeroDivisionError: division by zero
"""
OUTER = INNER.replace("last):\n", 'last):\n  File "/srv/shop/web.py", line 3, in checkout\n    total()\n')
LIBRARY = INNER.replace("/srv/shop/cart.py", "/venv/lib/python3.12/site-packages/db/cursor.py")
RANGE = {"from": format_time(START), "to": format_time(START + 1_000 * SECOND)}
FAILED = 2


def exception(at: float, trace: str = INNER, **more: Any) -> tuple[int, str, dict[str, Any]]:
    told = {
        "exception.type": "ZeroDivisionError", "exception.message": "division by zero", "exception.stacktrace": trace,
    }  # fmt: skip
    return START + round(at * SECOND), "exception", told | more


def keep(world: World, *batches: SpanBatch | LogBatch) -> None:
    for batch in batches:
        find_errors(batch)
    world.keep(*batches)


def errors(world: World, project: str, **query: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = world.get("/errors", project=project, **{**RANGE, **query})["rows"]
    return rows


def bubbling(trace: int, at: float = 0, service: str = "shop") -> list[dict[str, Any]]:
    """One exception on three spans: the one in which it happened, a library's above it, and the request's."""
    common = {"trace": trace, "service": service, "status": FAILED, "resource": {"service.version": "1.0"}}
    return [
        common | {"span": 1, "at": at, "name": "POST /cart", "events": [exception(at + 0.3, OUTER)]},
        common | {"span": 2, "parent": 1, "at": at + 0.1, "name": "total", "events": [exception(at + 0.2)]},
        common | {"span": 3, "parent": 2, "at": at + 0.15, "name": "SELECT", "events": [exception(at + 0.16, LIBRARY)]},
    ]


@pytest.mark.covers("error-once")
@pytest.mark.parametrize("order", ["together", "inner first", "outer first", "thrice"])
def test_an_exception_that_passes_through_spans_and_a_log_counts_once(asked: World, order: str) -> None:
    project = f"bubbling-{order.replace(' ', '-')}"
    rows = bubbling(1)
    # A log handler leaves out the module, and the rest of the message.
    told = exception(0, INNER)[2] | {"exception.type": "builtins.ZeroDivisionError"}
    told["exception.message"] += "\n[SQL: SELECT 1]"
    log = {"trace": 1, "span": 2, "at": 0.4, "severity_number": 17, "body": "cart 3 failed", "attributes": told}
    batches = [rows] if order == "together" else [[row] for row in (rows[::-1] if order == "inner first" else rows)]
    for _ in range(3 if order == "thrice" else 1):
        for batch in batches:
            keep(asked, span_batch(*batch, project=project))
        keep(asked, log_batch(log, project=project))
    (error,) = errors(asked, project)
    assert (error["count"], error["traces"], error["unhandled"]) == (1, 1, 1)
    assert (error["title"], error["culprit"]) == ("ZeroDivisionError: division by zero", "cart.total")
    # The innermost span that has the application's own code in its stack is where to look.
    (example,) = asked.get(f"/errors/{error['fingerprint']}", project=project, **RANGE)["examples"]
    assert (example["span_id"], example["source"], example["name"]) == (span_id(2), "span", "total")


@pytest.mark.covers("error-once")
def test_the_same_error_in_other_traces_and_without_a_trace_counts_each_time(asked: World) -> None:
    project = "each-time"
    told = exception(0)[2]
    logs = [{"at": i, "severity_number": 17, "body": "failed", "attributes": told} for i in (5, 6)]
    keep(asked, span_batch(*bubbling(1), *bubbling(2, 1), project=project), log_batch(*logs, project=project))
    keep(asked, log_batch(*logs, project=project))
    (error,) = errors(asked, project)
    assert (error["count"], error["traces"]) == (4, 2)


@pytest.mark.covers("errors-found")
def test_errors_are_exceptions_failed_spans_and_logs_of_level_error(asked: World) -> None:
    project = "kinds"
    plain = {"exception.type": "Timeout", "exception.message": "after 30 s"}
    keep(
        asked,
        span_batch(
            {"trace": 1, "status": FAILED, "name": "GET /a/17", "attributes": {"error.type": "500"}},
            {"trace": 2, "status": FAILED, "name": "GET /a/18", "attributes": {"error.type": "500"}},
            {"trace": 3, "status": FAILED, "name": "ask", "status_message": "model 7 is away"},
            {"trace": 4, "status": 1, "events": [(START, "exception", plain)]},
            {"trace": 5, "status": 1, "name": "fine", "events": [(START, "retry", plain)]},
            {"trace": 6, "status": FAILED, "attributes": plain},
            {"trace": 7, "status": FAILED, "name": "silent"},
            project=project,
        ),
        log_batch(
            {"at": 1, "severity_number": 17, "body": "order 5 lost"},
            {"at": 2, "severity_number": 21, "body": "order 6 lost"},
            {"at": 3, "severity_number": 0, "severity": "ERROR", "body": INNER},
            {"at": 4, "severity_number": 13, "body": "only a warning"},
            {"at": 5, "severity_number": 9, "body": "caught", "attributes": exception(0)[2]},
            project=project,
        ),
    )
    found = {e["title"]: (e["count"], e["unhandled"], e["source"], e["severity"]) for e in errors(asked, project)}
    assert found == {
        "500 in GET /a/18": (2, 2, "span", "error"),
        "silent failed": (1, 1, "span", "error"),
        "model <number> is away": (1, 1, "span", "error"),
        "Timeout: after 30 s": (2, 1, "span", "error"),
        "order <number> lost": (2, 1, "log", "fatal"),
        "ZeroDivisionError: division by zero": (2, 0, "log", "info"),
    }


@pytest.mark.covers("error-once")
@pytest.mark.parametrize("order", [1, -1])
def test_a_span_that_failed_because_of_another_is_no_error_of_its_own(asked: World, order: int) -> None:
    """The innermost tells; and an exception tells for all spans of its service in the trace, whichever comes first."""
    project = f"because-{order}"
    inner = {"trace": 1, "span": 3, "parent": 2, "at": 0.2, "status": FAILED, "name": "inner"}
    middle = {"trace": 1, "span": 2, "parent": 1, "at": 0.1, "status": FAILED, "name": "middle"}
    outer = {"trace": 1, "span": 1, "at": 0, "status": FAILED, "name": "outer"}
    elsewhere = outer | {"span": 9, "service": "web", "name": "elsewhere"}
    for row in [inner, middle, outer, elsewhere][::order]:
        keep(asked, span_batch(row, project=project))
    assert {e["title"] for e in errors(asked, project)} == {"inner failed", "elsewhere failed"}
    keep(asked, span_batch(middle | {"events": [exception(0.2)]}, project=project))
    for row in [inner, outer][::order]:
        keep(asked, span_batch(row, project=project))
    told = {e["title"]: e["count"] for e in errors(asked, project)}
    assert told == {"ZeroDivisionError: division by zero": 1, "elsewhere failed": 1}
    view = "SELECT fingerprint FROM errors WHERE project = {p:String}"
    assert len(asked.sql(view, p=project)) == 2


@pytest.mark.covers("error-override")
def test_an_application_may_say_which_errors_belong_together(asked: World) -> None:
    project = "override"
    for n, key in enumerate(("error.fingerprint", "exception.fingerprint")):
        other = exception(0, OUTER, **{"exception.type": f"Error{n}", key: "payments-down"})
        keep(asked, span_batch({"trace": n, "status": FAILED, "events": [other]}, project=project))
    keep(
        asked,
        log_batch({"severity_number": 17, "body": "x", "attributes": {"error.fingerprint": "payments-down"}},
                  {"severity_number": 17, "body": "x", "attributes": {"error.fingerprint": ["payments", "down"]}},
                  project=project),
    )  # fmt: skip
    assert sorted(e["count"] for e in errors(asked, project)) == [1, 3]


@pytest.mark.covers("error-releases")
def test_when_and_in_which_versions_it_was_seen_is_over_all_that_was_kept(asked: World) -> None:
    project = "releases"
    for at, version in ((500, "1.1"), (10, "1.0"), (900, "1.2"), (700, "1.2"), (500, "1.1")):
        row = {"trace": at, "at": at, "status": FAILED, "seconds": 0, "events": [exception(at)],
               "resource": {"service.version": version, "deployment.environment": "prod"}}  # fmt: skip
        keep(asked, span_batch(row | {"canonical": {"user_id": f"u{at % 400}"}}, project=project))
    changed = {"project": project, "sender": "test", "kind": ["deploy"], "before": ["0.9"], "attributes": [{}]}
    deploy = ChangeBatch(time_unix_nano=[START], subject=["shop"], after=["1.0"], source=["ci"], **changed)
    elsewhere = ChangeBatch(time_unix_nano=[START], subject=["web"], after=["7"], source=["ci"], **changed)
    asked.keep(deploy, elsewhere)
    (row,) = errors(asked, project, from_=format_time(START + 600 * SECOND))
    assert (row["count"], row["users"], row["is_new"]) == (2, 2, False)
    assert (row["first_seen"], row["last_seen"]) == (
        format_time(START + 10 * SECOND),
        format_time(START + 900 * SECOND),
    )
    assert (row["first_version"], row["last_version"]) == ("1.0", "1.2")
    assert errors(asked, project)[0]["is_new"]
    assert sum(row["trend"]) == 2

    detail = asked.get(f"/errors/{row['fingerprint']}", project=project, **RANGE)
    assert [(v["value"], v["count"]) for v in detail["by_version"]] == [("1.2", 2), ("1.0", 1), ("1.1", 1)]
    assert [(v["value"], v["count"]) for v in detail["by_environment"]] == [("prod", 4)]
    assert [(v["value"], v["count"]) for v in detail["by_service"]] == [("shop", 4)]
    assert sum(detail["trend"]["counts"]) == 4
    assert [(c["subject"], c["after"]) for c in detail["changes"]] == [("shop", "1.0")]
    (section,) = detail["sections"]
    assert (section["type"], detail["language"]) == ("ZeroDivisionError", "python")
    frame = {
        "function": "total",
        "file": "/srv/shop/cart.py",
        "line": 7,
        "in_app": True,
        "code": "return price / count",
    }
    assert section["frames"] == [frame]
    assert [e["trace_id"] for e in detail["examples"]] == [trace_id(t) for t in (900, 700, 500, 10)]
    assert detail["stacktrace"] == INNER

    new = asked.get("/errors/histogram", project=project, **RANGE)["buckets"]
    known = asked.get("/errors/histogram", project=project, **RANGE | {"from": format_time(START + 600 * SECOND)})
    assert (sum(b["new"] for b in new), sum(b["known"] for b in new)) == (4, 0)
    assert (sum(b["new"] for b in known["buckets"]), sum(b["known"] for b in known["buckets"])) == (0, 2)


@pytest.mark.covers("errors-list")
def test_errors_are_filtered_sorted_counted_and_paged(asked: World) -> None:
    project = "paging"
    rows = [
        {"trace": 100 * n + i, "at": n + i, "service": f"s{n % 2}", "status": FAILED, "name": f"op {'x' * n}",
         "attributes": {"error.type": f"E{n}", "tenant": f"t{n}"}}
        for n in range(7) for i in range(n + 1)
    ]  # fmt: skip
    keep(asked, span_batch(*rows, project=project))
    for sort, expected in {
        "-count": ["E6", "E5", "E4", "E3", "E2", "E1", "E0"],
        "-last_seen": ["E6", "E5", "E4", "E3", "E2", "E1", "E0"],
        "-first_seen": ["E6", "E5", "E4", "E3", "E2", "E1", "E0"],
        "-traces": ["E6", "E5", "E4", "E3", "E2", "E1", "E0"],
    }.items():
        seen, cursor = [], None
        while True:
            query = {"cursor": cursor} if cursor else {}
            page = asked.get("/errors", project=project, sort=sort, limit=3, **RANGE, **query)
            seen += [row["type"] for row in page["rows"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == expected, sort
    assert [e["type"] for e in errors(asked, project, q="service:s1 -type:E5", sort="-count")] == ["E3", "E1"]
    assert [e["type"] for e in errors(asked, project, q="tenant:t4")] == ["E4"]
    assert [e["count"] for e in errors(asked, project, q="handled:true")] == []
    facets = asked.get("/errors/facets", project=project, **RANGE, keys="service,tenant")["facets"]
    assert {v["value"]: v["count"] for v in facets[0]["values"]} == {"s0": 16, "s1": 12}
    assert facets[1]["values"][0] == {"value": "t6", "count": 7, "cut": False}
    assert asked.error("/errors", 422, project=project, sort="name")["field"] == "sort"
    assert errors(asked, project, from_="now-1m", to="now") == []


def test_an_error_that_did_not_occur_in_the_range_says_when_it_did(asked: World) -> None:
    project = "elsewhen"
    keep(asked, span_batch(*bubbling(1), project=project))
    (error,) = errors(asked, project)
    path = f"/errors/{error['fingerprint']}"
    told = asked.error(path, 404, project=project, from_="now-1m")
    assert "last seen" in told["message"]
    assert "no error" in asked.error("/errors/0123", 404, project=project, **RANGE)["message"]


@pytest.mark.covers("error-templates")
def test_thousands_of_messages_of_one_template_are_one_error(asked: World) -> None:
    project = "many"
    rows = [{"at": n % 900, "severity_number": 17, "body": f"order {n} of 'u{n}' lost"} for n in range(20_000)]
    keep(asked, log_batch(*rows, project=project))
    (error,) = errors(asked, project)
    assert (error["count"], error["title"]) == (20_000, "order <number> of <text> lost")


@pytest.mark.covers("bad-stack-trace")
def test_hostile_errors_are_kept_and_their_neighbours_too(asked: World) -> None:
    project = "hostile"
    evil = "<script>alert(1)</script>\x00 \x1b[2J"
    huge = exception(0, 'Traceback (most recent call last):\n  File "/a.py", line 1, in f\n' + "x" * 1_000_000)
    keep(
        asked,
        span_batch(
            {"trace": 1, "events": [huge]},
            {"trace": 2, "events": [(2**64 - 1, "exception", {"exception.type": evil, "exception.message": evil})]},
            {"trace": 3, "events": [(0, "exception", {"exception.type": 5, "exception.stacktrace": ["a", {"b": 1}]})]},
            {"trace": 4, "events": [(START, "exception", {})] * 5_000},
            {"trace": 5, "status": FAILED, "attributes": {f"k{n}": "v" * 200 for n in range(5_000)}},
            project=project,
        ),
    )
    rows = asked.get("/errors", project=project, from_="all")["rows"]
    assert sum(row["count"] for row in rows) == 5
    for row in rows:
        detail = asked.get(f"/errors/{row['fingerprint']}", project=project, from_="all")
        assert len(detail["stacktrace"]) <= 65_536
        assert len(detail["attributes"]) <= 64


@pytest.mark.covers("retention")
def test_an_error_stays_as_long_as_the_record_that_told_of_it(asked: World) -> None:
    project = "retention"
    log = {"severity_number": 17, "body": "failed"}
    keep(asked, span_batch(*bubbling(1), project=project), log_batch(log, project=project))
    restamp(asked.engine, project, "traces", 7)

    def kept() -> set[tuple[str, int]]:
        sql = "SELECT DISTINCT source, retention_days AS days FROM error_rows WHERE project = {p:String}"
        return {(row["source"], row["days"]) for row in asked.sql(sql, p=project)}

    eventually(lambda: kept() == {("span", 7), ("log", 20_000)}, "errors of spans have the new retention")


@pytest.mark.covers("saved-query")
def test_a_monitor_can_watch_errors_by_sql(asked: World) -> None:
    project = "watched"
    keep(asked, span_batch(*bubbling(1), *bubbling(2, 30), project=project))
    query = "SELECT toStartOfMinute(time) AS t, type, count() FROM errors GROUP BY t, type"
    answer = asked.post("/query", project=project, query={"kind": "sql", "query": query}, **{"from": "all"})
    (series,) = answer["series"]
    assert (series["labels"], sum(v for _, v in series["points"] if v)) == ({"type": "ZeroDivisionError"}, 2)


def asked_of(world: World, project: str, query: dict[str, Any], **body: Any) -> Any:
    times = {"from": RANGE["from"], "to": format_time(START + 40 * SECOND), "step_s": 10}
    return world.post("/query", project=project, query={"kind": "errors", **query}, **{**times, **body})


def told_at(*times: float, message: str = "order lost", **more: Any) -> list[dict[str, Any]]:
    return [{"at": at, "severity_number": 17, "body": message, **more} for at in times]


@pytest.mark.covers("errors-query")
def test_errors_are_counted_by_step_as_occurrences_groups_and_new_groups(asked: World) -> None:
    project = "counted"
    keep(asked, log_batch(*told_at(-500, 5, 15, message="known before"), project=project))
    keep(asked, log_batch(*told_at(1, 2, 15, service="a"), *told_at(16, 17, 36, message="no stock", service="b"),
                          project=project))  # fmt: skip

    def points(measure: str, **more: Any) -> list[list[float]]:
        answer = asked_of(asked, project, {"measure": measure, **more})
        assert answer["unit"] == ("1/s" if measure == "rate" else "1")
        return [[value for _, value in series["points"]] for series in answer["series"]]

    assert points("count") == [[3, 4, 0, 1]]
    assert points("rate") == [[0.3, 0.4, 0, 0.1]]
    assert points("groups") == [[2, 3, 0, 1]]
    assert points("new_groups") == [[1, 1, 0, 0]]
    assert asked_of(asked, project, {"measure": "groups"})["series"][0]["total"] == 3
    assert asked_of(asked, project, {"measure": "new_groups"})["series"][0]["total"] == 2
    # In a range that begins later, an error of before is not new, and one of the range still is.
    later = asked_of(asked, project, {"measure": "new_groups"}, **{"from": format_time(START + 10 * SECOND)})
    assert later["series"][0]["total"] == 1
    grouped = asked_of(asked, project, {"measure": "new_groups", "group_by": ["service"]})
    assert {s["labels"]["service"]: s["total"] for s in grouped["series"]} == {"a": 1, "b": 1, "shop": 0}
    (fingerprint,) = {e["fingerprint"] for e in errors(asked, project) if e["title"] == "no stock"}
    assert points("count", q=f"fingerprint:{fingerprint}") == [[0, 2, 0, 1]]


@pytest.mark.covers("errors-query")
def test_no_errors_are_a_line_of_zeros_and_not_missing_data(asked: World) -> None:
    """Else a monitor that fired would never hear that it is over."""
    keep(asked, log_batch(*told_at(900), project="nobody"))
    answer = asked_of(asked, "nobody", {"measure": "count"})
    assert [value for _, value in answer["series"][0]["points"]] == [0, 0, 0, 0]
    assert answer["series"][0]["total"] == 0
    assert asked_of(asked, "nobody", {"group_by": ["service"]})["series"] == []
    wrong = asked.client.post("/v1/query", json={"query": {"kind": "errors", "measure": "p95_ms"}})
    assert wrong.status_code == 422


@pytest.mark.covers("errors-query")
def test_a_monitor_of_new_errors_fires_when_one_comes_and_at_no_other_time(asked: World) -> None:
    project = "watched-for-new"
    keep(asked, log_batch(*told_at(-500, *range(0, 900, 30), message="as always"), project=project))
    keep(asked, log_batch(*told_at(430, 440, 700, message="never before"), project=project))
    body = {
        "project": project,
        "definition": {
            "query": {"kind": "errors", "measure": "new_groups"}, "window_s": 300,
            "condition": {"op": ">", "limit": 0, "aggregate": "sum"},
        },
    }  # fmt: skip
    answer = asked.client.post("/v1/monitors/preview", json=body)
    assert answer.status_code == 200, answer.text
    (series,) = answer.json()["preview"]["series"]
    _, firing = series["firing"]
    start_ms = START // 10**6
    assert firing[0] - start_ms == pytest.approx(430_000, abs=60_000)
    assert firing[1] - firing[0] == 300_000


@pytest.mark.covers("export")
def test_occurrences_are_exported_as_the_view_has_them(asked: World) -> None:
    project = "exported"
    keep(asked, span_batch(*bubbling(1), project=project), log_batch(*told_at(3, 4, service="b"), project=project))

    def rows(**query: Any) -> list[dict[str, Any]]:
        asking = {**RANGE, "project": project, "format": "ndjson", **query}
        answer = asked.client.get("/v1/export/errors", params=asking)
        assert answer.status_code == 200, answer.text
        return [orjson.loads(text) for text in answer.text.splitlines()]

    assert [row["message"] for row in rows()] == ["order lost", "order lost", "division by zero"]
    assert [row["service"] for row in rows(q="type:ZeroDivisionError")] == ["shop"]
    assert [row["service"] for row in rows(q="service:b")] == ["b", "b"]
    assert rows(q="service:nobody") == []
    view = asked.sql("DESCRIBE TABLE errors")
    assert list(rows()[0]) == [row["name"] for row in view]
