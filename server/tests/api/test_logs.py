"""Search over log records, and what arrived."""

from __future__ import annotations

from typing import Any

import pytest
from asked_world import NOW, SECOND, START, World, log_batch, trace_id

from tapetum_server.query.time_range import format_time

RANGE = {"from_": format_time(START), "to": format_time(START + 60 * SECOND)}


@pytest.fixture(scope="module", autouse=True)
def filled(asked: World) -> None:
    levels = [1, 5, 9, 13, 17, 21, 0]
    asked.keep(
        log_batch(
            *({"at": i % 7, "severity_number": levels[i % 7], "body": f"line {i}", "attributes": {"n": i, "even": i % 2 == 0}}
              for i in range(70)),
            {"at": 30, "severity_number": 17, "body": "Connection refused by 数据库", "service": "db", "trace": 5, "span": 6,
             "event_name": "net.error", "attributes": {"peer": "10.0.0.1", "list": [1, 2]}, "resource": {"host.name": "h"}},
            {"at": 31, "body": {"msg": "structured", "n": 2**60}, "trace": 5},
            {"at": 32, "body": "x" * 20_000, "trace": 5},
        ),
        log_batch({"at": 3, "body": "theirs", "trace": 5}, project="other"),
    )  # fmt: skip


def bodies(page: Any) -> list[str]:
    return [row["body"] for row in page["rows"]]


def test_a_row_shows_the_record(asked: World) -> None:
    (row,) = asked.get("/logs", q="refused")["rows"]
    row.pop("id")
    assert row == {
        "time": format_time(START + 30 * SECOND),
        "observed_time": None,
        "service": "db",
        "severity_number": 17,
        "severity": "error",
        "body": "Connection refused by 数据库",
        "event_name": "net.error",
        "trace_id": trace_id(5),
        "span_id": f"{6:016x}",
        "attributes": {"peer": "10.0.0.1", "list": "[1,2]"},
        "resource_attributes": {"service.name": "db", "host.name": "h"},
        "truncated": {},
    }


def test_records_of_the_same_nanosecond_page_without_gaps_or_repeats(asked: World) -> None:
    for sort in ("-time", "time"):
        whole = asked.get("/logs", sort=sort, limit=1000)["rows"]
        assert len({row["id"] for row in whole}) == len(whole) == 73
        paged: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            page = asked.get("/logs", sort=sort, limit=6, cursor=cursor)
            paged += page["rows"]
            cursor = page["next_cursor"]
        assert paged == whole


def test_records_that_arrive_between_two_pages_do_not_move_the_next_page(asked: World) -> None:
    asked.keep(log_batch(*({"at": i, "body": f"b{i}"} for i in range(10)), project="moving"))
    first = asked.get("/logs", limit=3, project="moving")
    asked.keep(log_batch({"at": 50, "body": "new"}, project="moving"))
    second = asked.get("/logs", limit=3, project="moving", cursor=first["next_cursor"])
    assert bodies(first) + bodies(second) == ["b9", "b8", "b7", "b6", "b5", "b4"]


def test_long_values_are_cut_in_lists_and_say_so(asked: World) -> None:
    (long,) = (row for row in asked.get("/logs")["rows"] if row["body"].startswith("xx"))
    assert len(long["body"]) == 16_384
    assert long["truncated"] == {"body": 20_000}
    assert asked.get(f"/logs/{long['id']}", time=long["time"])["body"] == "x" * 20_000


def test_a_record_is_found_by_its_id_and_each_value_comes_whole(asked: World) -> None:
    huge, wide = "é" * 70_000, "w" * 17_000
    asked.keep(
        log_batch(
            {"at": 1, "body": huge, "attributes": {"wide": wide, "nul": "a\0b"}, "resource": {"host": huge}},
            project="long",
        )
    )
    (row,) = asked.get("/logs", project="long")["rows"]
    assert row["truncated"] == {"body": 70_000, "attributes.wide": 17_000, "resource.host": 70_000}
    assert len(row["resource_attributes"]["host"]) == len(row["attributes"]["wide"]) == 16_384
    for query in ({"project": "long"}, {"project": "long", "time": row["time"]}):
        one = asked.get(f"/logs/{row['id']}", **query)
        assert one["truncated"] == {"body": 70_000, "resource.host": 70_000}
        assert (one["body"], one["attributes"]) == (huge[:65_536], {"wide": wide, "nul": "a\0b"})
        whole = {"body": huge, "attributes.wide": wide, "attributes.nul": "a\0b", "resource.host": huge}
        for field, text in whole.items():
            answer = asked.client.get(f"/v1/logs/{row['id']}/value", params={"field": field, **query})
            assert answer.status_code == 200
            assert answer.text == text
            assert answer.headers["content-disposition"].startswith("attachment")
    for missing in (f"/logs/{'0' * 32}", "/logs/live-1", "/logs/live-1/value", f"/logs/{row['id']}/value"):
        assert asked.error(missing, 404, project="long", field="attributes.none")["code"] == "not_found"
    assert asked.error(f"/logs/{row['id']}", 404, project="long", time=format_time(START))["code"] == "not_found"
    assert asked.error(f"/logs/{row['id']}", 404)["code"] == "not_found"
    assert asked.error(f"/logs/{row['id']}", 400, project="long", time="soon")["field"] == "time"
    assert asked.error(f"/logs/{row['id']}/value", 400, project="long", field="severity")["field"] == "field"


@pytest.mark.covers("api-logs")
@pytest.mark.parametrize(
    ("q", "count"),
    [("数据库", 1), ("据", 1), ('"line 7"', 1), ("severity:error", 11), ("severity:>=error", 21), ("n:>=60", 10),
     ("even:true", 35), ("peer:10.0.0.1", 1), ("-line", 3), ("structured", 1), ("service:db host.name:h", 1)],
)  # fmt: skip
def test_search_finds_words_of_every_script_and_values(asked: World, q: str, count: int) -> None:
    assert len(asked.get("/logs", q=q, limit=1000)["rows"]) == count


@pytest.mark.covers("api-trace")
def test_a_trace_brings_its_records_oldest_first(asked: World) -> None:
    page = asked.get(f"/traces/{trace_id(5)}/logs", limit=2)
    assert bodies(page) == ["Connection refused by 数据库", '{"msg":"structured","n":1152921504606846976}']
    rest = asked.get(f"/traces/{trace_id(5)}/logs", limit=2, cursor=page["next_cursor"])
    assert len(rest["rows"]) == 1
    assert asked.get(f"/traces/{trace_id(6)}/logs")["rows"] == []


@pytest.mark.covers("api-logs")
def test_a_histogram_counts_levels(asked: World) -> None:
    answer = asked.get("/logs/histogram", buckets=6, **RANGE)
    assert answer["interval_ms"] == 10_000
    first = answer["buckets"][0]
    assert first == {
        "time": format_time(START), "total": 70, "trace": 10, "debug": 10, "info": 10, "warn": 10, "error": 10, "fatal": 10,
    }  # fmt: skip
    assert [bucket["total"] for bucket in answer["buckets"]] == [70, 0, 0, 3, 0, 0]


@pytest.mark.covers("api-logs")
def test_facets_of_logs(asked: World) -> None:
    answer = asked.get("/logs/facets")
    found = {facet["key"]: {v["value"]: v["count"] for v in facet["values"]} for facet in answer["facets"]}
    assert list(found) == ["service", "severity", "scope", "event_name"]
    assert found["service"] == {"shop": 72, "db": 1}
    assert found["severity"]["error"] == 11
    assert {"key": "n", "count": 70} in answer["attribute_keys"]


@pytest.mark.covers("counts-by-reason")
def test_ingest_says_who_sent_what_and_why_some_was_refused(asked: World) -> None:
    minute = (NOW // SECOND - 600) // 60 * 60
    rows = [
        ("default", "a", "traces", "accepted", "", 500, 0), ("default", "a", "traces", "accepted", "", 40, 60),
        ("default", "a", "traces", "refused", "bad_id", 3, 60), ("default", "b", "logs", "accepted", "", 7, 0),
        ("default", "b", "logs", "truncated", "body", 2, 0), ("other", "c", "logs", "accepted", "", 9, 0),
    ]  # fmt: skip
    values = ", ".join(f"({minute + at}, '{p}', '{s}', '{g}', '{o}', '{r}', {n})" for p, s, g, o, r, n, at in rows)
    columns = "time, project, sender, signal, outcome, reason, count"
    asked.engine.command(f"INSERT INTO ingest_rows ({columns}) VALUES {values}")
    answer = asked.get("/ingest", buckets=60)
    assert [(s["sender"], s["accepted"], s["refused"], s["truncated"]) for s in answer["senders"]] == [
        ("a", 540, 3, 0), ("b", 7, 0, 2),
    ]  # fmt: skip
    assert answer["senders"][0]["last_time"] == format_time((minute + 60) * SECOND)
    assert [(r["outcome"], r["reason"], r["count"]) for r in answer["reasons"]] == [
        ("refused", "bad_id", 3), ("truncated", "body", 2),
    ]  # fmt: skip
    assert answer["series"]["interval_ms"] == 60_000
    buckets = {b["time"]: b for b in answer["series"]["buckets"]}
    assert buckets[format_time(minute * SECOND)]["traces"] == 500
    assert buckets[format_time((minute + 60) * SECOND)]["refused"] == 3
    assert sum(b["logs"] for b in answer["series"]["buckets"]) == 7
