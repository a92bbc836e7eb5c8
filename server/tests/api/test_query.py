"""Saved queries over HTTP: every kind, against numbers worked out by hand."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from asked_world import SECOND, START, World, log_batch, metric_batch, span_batch

from tapetum_server.query.time_range import format_time
from tapetum_server.signals.metrics import Metric

FROM, TO = format_time(START), format_time(START + 60 * SECOND)
DURATIONS_MS = [10.0, 20.0, 30.0, 40.0, 1000.0, 60.0]


@pytest.fixture(scope="module", autouse=True)
def filled(asked: World) -> None:
    rows = [
        {"trace": i + 1, "name": "GET /", "service": "web" if i % 2 else "api", "at": i * 10, "seconds": ms / 1000,
         "status": 2 if ms == 1000 else 0, "attributes": {"route": "/a" if i < 3 else "/b, c"}}
        for i, ms in enumerate(DURATIONS_MS)
    ]  # fmt: skip
    asked.keep(
        span_batch(*rows),
        span_batch({"trace": 99, "service": "stranger", "at": 5}, project="other"),
        log_batch(*({"at": at, "body": "b", "severity_number": 17 if at < 20 else 9} for at in (1, 2, 3, 25, 59))),
        metric_batch(Metric("load", "gauge", "1"), {"at": 1, "value": 2}, {"at": 11, "value": 4}),
    )


def ask(asked: World, query: dict[str, Any], **body: Any) -> Any:
    return asked.post("/query", query=query, **{"from": FROM, "to": TO, "step_s": 10, **body})


def values(answer: Any, series: int = 0) -> list[float | None]:
    return [value for _, value in answer["series"][series]["points"]]


@pytest.mark.covers("saved-query")
@pytest.mark.parametrize(
    ("measure", "by_step", "whole", "unit"),
    [
        ("count", [1, 1, 1, 1, 1, 1], 6, "1"),
        ("rate", [0.1] * 6, 0.1, "1/s"),
        ("error_count", [0, 0, 0, 0, 1, 0], 1, "1"),
        ("error_rate", [0, 0, 0, 0, 100, 0], 100 / 6, "%"),
        ("avg_ms", DURATIONS_MS, float(np.mean(DURATIONS_MS)), "ms"),
        ("p50_ms", DURATIONS_MS, float(np.quantile(DURATIONS_MS, 0.5)), "ms"),
        ("p95_ms", DURATIONS_MS, float(np.quantile(DURATIONS_MS, 0.95)), "ms"),
        ("max_ms", DURATIONS_MS, 1000.0, "ms"),
    ],
)
def test_spans_are_measured_by_step_and_over_the_range(
    asked: World, measure: str, by_step: list[float], whole: float, unit: str
) -> None:
    answer = ask(asked, {"kind": "spans", "measure": measure})
    assert values(answer) == pytest.approx(by_step)
    assert answer["series"][0]["total"] == pytest.approx(whole)
    assert (answer["unit"], answer["step_s"], answer["table"], answer["truncated"]) == (unit, 10, None, False)


@pytest.mark.covers("saved-query")
def test_groups_are_series_and_steps_without_rows_are_zero_or_unknown(asked: World) -> None:
    counted = ask(asked, {"kind": "spans", "measure": "count", "group_by": ["service", "route"]})
    found = {tuple(series["labels"].values()): series["total"] for series in counted["series"]}
    assert found == {("api", "/a"): 2, ("web", "/a"): 1, ("web", "/b, c"): 2, ("api", "/b, c"): 1}
    web = ask(asked, {"kind": "spans", "measure": "p95_ms", "q": "service:web"})
    assert values(web) == [None, 20, None, 40, None, 60]
    assert values(ask(asked, {"kind": "spans", "q": "service:web"})) == [0, 1, 0, 1, 0, 1]


def test_a_rate_is_over_the_time_that_was_looked_at(asked: World) -> None:
    """The range begins within a step, of which it sees 5 seconds."""
    answer = ask(asked, {"kind": "spans", "measure": "rate"}, from_=format_time(START + 15 * SECOND))
    assert values(answer) == pytest.approx([0, 0.1, 0.1, 0.1, 0.1])
    answer = ask(asked, {"kind": "spans", "measure": "rate"}, to=format_time(START + 5 * SECOND))
    assert values(answer) == pytest.approx([0.2])


@pytest.mark.covers("saved-query")
def test_logs_and_metrics_answer_in_the_same_form(asked: World) -> None:
    logs = ask(asked, {"kind": "logs", "q": "severity:error"})
    assert values(logs) == [3, 0, 0, 0, 0, 0]
    grouped = ask(asked, {"kind": "logs", "group_by": ["severity"]})
    assert {s["labels"]["severity"]: s["total"] for s in grouped["series"]} == {"error": 3, "info": 2}
    metric = ask(asked, {"kind": "metric", "name": "load"})
    assert values(metric) == [2, 4, None, None, None, None]
    assert asked.client.post("/v1/query", json={"query": {"kind": "logs", "measure": "p95_ms"}}).status_code == 422


@pytest.mark.covers("saved-query")
def test_sql_whose_first_column_is_a_time_is_series_and_other_sql_a_table(asked: World) -> None:
    lines = ask(
        asked,
        {"kind": "sql", "query": """
            SELECT toStartOfInterval(start_time, toIntervalSecond({step_s:UInt32})) AS t, service, count(), max(duration_ms) AS most
            FROM spans WHERE start_time >= {from:DateTime64(9)} AND start_time < {to:DateTime64(9)}
            GROUP BY t, service ORDER BY t"""},
    )  # fmt: skip
    found = {tuple(series["labels"].values()): series["points"] for series in lines["series"]}
    start_ms = START // 1_000_000
    assert found["api", "most"] == [[start_ms, 10.0], [start_ms + 20_000, 30.0], [start_ms + 40_000, 1000.0]]
    assert found["web", "count()"] == [[start_ms + s * 1_000, 1.0] for s in (10, 30, 50)]
    table = ask(asked, {"kind": "sql", "query": "SELECT service, count() AS n FROM spans GROUP BY service ORDER BY 1"})
    assert table["series"] == []
    assert table["table"]["rows"] == [["api", "3"], ["web", "3"]]


@pytest.mark.covers("saved-query")
def test_variables_are_values_and_never_text(asked: World) -> None:
    query = {"kind": "spans", "q": "service:$who route:$where"}

    def total(**variables: list[str]) -> float:
        series = ask(asked, query, variables=variables)["series"]
        return series[0]["total"] if series else 0

    assert total(who=["web"], where=[]) == 3
    assert total(who=["web", "api"], where=["/b, c"]) == 3
    assert total(who=['x" OR 1=1'], where=[]) == 0
    listed = {"kind": "spans", "q": "service:~$who"}
    assert ask(asked, listed, variables={"who": ["web", "api"]})["series"][0]["total"] == 6
    sql = {
        "kind": "sql",
        "query": "SELECT count() FROM spans WHERE service IN {who:Array(String)} OR name = {one:String}",
    }
    table = ask(asked, sql, variables={"who": ["web", "nobody"], "one": ["'); DROP TABLE span_rows; --"]})["table"]
    assert table["rows"] == [["3"]]
    answer = asked.client.post("/v1/query", json={"query": query, "variables": {"who": ["web"]}})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "unknown_variable"
    assert "$where" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"kind": "sql", "query": "SELECT * FROM file('/etc/passwd')"}, 400, "sql_refused"),
        ({"kind": "sql", "query": "SELECT nope FROM spans"}, 400, "sql_error"),
        ({"kind": "traces"}, 422, "invalid_request"),
        ({"kind": "spans", "measure": "colour"}, 422, "invalid_request"),
        ({"kind": "spans", "group_by": ["a", "b", "c", "d", "e"]}, 422, "invalid_request"),
        ({"kind": "spans", "q": "duration_ms:>x"}, 400, "bad_filter"),
        ({"kind": "spans", "unknown": 1}, 422, "invalid_request"),
    ],
)
def test_a_query_that_cannot_be_asked_says_why(asked: World, query: dict[str, Any], status: int, code: str) -> None:
    answer = asked.client.post("/v1/query", json={"query": query})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text


def test_steps_have_a_bound_and_an_empty_store_is_no_error(asked: World) -> None:
    answer = asked.client.post("/v1/query", json={"query": {"kind": "spans"}, "from": "now-7d", "step_s": 1})
    assert answer.json()["error"]["code"] == "too_many_steps"
    nothing = ask(asked, {"kind": "spans", "q": "service:nobody"})
    assert (nothing["series"], nothing["step_s"]) == ([], 10)
    everything = asked.post("/query", query={"kind": "spans"}, **{"from": "all"})
    assert everything["series"][0]["total"] == 6


@pytest.mark.covers("saved-query-files")
def test_an_answer_is_a_file_with_the_types_it_has(asked: World) -> None:
    body = {"query": {"kind": "spans", "group_by": ["service"]}, "from": FROM, "to": TO, "step_s": 10}
    drawn = asked.post("/query", **body)
    expected = [(t, s["labels"]["service"], value) for s in drawn["series"] for t, value in s["points"]]
    answer = asked.client.post("/v1/query", json={**body, "format": "parquet"})
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert (answer.headers["x-tapetum-truncated"], "query.parquet" in answer.headers["content-disposition"]) == (
        "false",
        True,
    )
    table = pq.read_table(io.BytesIO(answer.content))
    assert [str(field.type) for field in table.schema] == ["timestamp[ns, tz=UTC]", "string", "double"]
    rows = [(int(row["time"].timestamp() * 1000), row["service"], row["value"]) for row in table.to_pylist()]
    assert rows == expected
    lines = list(csv.reader(io.StringIO(asked.client.post("/v1/query", json={**body, "format": "csv"}).text)))
    assert lines[0] == ["time", "service", "value"]
    assert [(line[1], float(line[2])) for line in lines[1:]] == [row[1:] for row in expected]


@pytest.mark.covers("saved-query-files")
def test_a_table_of_sql_keeps_whole_numbers_times_and_lists(asked: World) -> None:
    sql = """SELECT service, count() AS n, min(start_time) AS first, max(duration_ms) AS longest,
        groupUniqArray(name) AS names, any(usage_counted) AS counted, CAST(NULL AS Nullable(Int32)) AS nothing
        FROM spans GROUP BY service ORDER BY service"""
    body = {"query": {"kind": "sql", "query": sql}, "format": "parquet"}
    table = pq.read_table(io.BytesIO(asked.client.post("/v1/query", json=body).content))
    api, web = table.to_pylist()
    assert (api["service"], api["n"], api["longest"], api["names"], api["nothing"]) == (
        "api",
        3,
        1000.0,
        '["GET /"]',
        None,
    )
    assert str(table.schema.field("n").type) == "uint64"
    assert api["first"].timestamp() * 10**9 == START
    assert web["n"] == 3
