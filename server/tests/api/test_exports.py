"""Files of whole rows: exactly what a page's filter and time select, however much it is."""

from __future__ import annotations

import csv
import io
import itertools
import json
from typing import Any

import pyarrow.parquet as pq
import pytest
from asked_world import NOW, SECOND, START, World, log_batch, metric_batch, span_batch

from tapetum_server.query import exports
from tapetum_server.query.exports import slices_of
from tapetum_server.query.time_range import TimeRange, format_time
from tapetum_server.signals.alerts import AlertBatch
from tapetum_server.signals.changes import ChangeBatch
from tapetum_server.signals.findings import Finding, FindingBatch
from tapetum_server.signals.metrics import Metric

RANGE = {"from": format_time(START), "to": format_time(START + 1_200 * SECOND)}
HOUR = 3_600 * SECOND


@pytest.fixture(scope="module", autouse=True)
def filled(asked: World) -> None:
    asked.keep(
        span_batch(
            *({"trace": i // 3 + 1, "span": i + 1, "at": i, "name": f"call {i}", "service": "web" if i % 2 else "db",
               "status": 2 if i % 5 == 0 else 0, "attributes": {"http.route": f"/{i % 7}", "n": i},
               "canonical": {"input": f"question {i}"}} for i in range(600)),
            # The same again: a file has each row once.
            {"trace": 1, "span": 1, "at": 0, "name": "call 0", "service": "db", "status": 2,
             "attributes": {"http.route": "/0", "n": 0}, "canonical": {"input": "question 0"}},
        ),
        span_batch({"trace": 999, "span": 1, "at": -40_000, "name": "long ago"}),
        span_batch({"trace": 1, "span": 1, "at": 1, "name": "not mine"}, project="other"),
        log_batch(*({"at": i, "body": f"line {i}", "severity_number": 17 if i % 4 == 0 else 9,
                     "severity": "error" if i % 4 == 0 else "info"} for i in range(40))),
        log_batch({"at": 50, "body": '=cmd|"/C calc"!A0,\n"x"', "service": "@sum", "attributes": {"a": "=1"}}),
        metric_batch(Metric("queue", "gauge", "1"), *({"at": i, "value": i / 3, "attributes": {"q": str(i % 3)}} for i in range(30))),
        AlertBatch("default", "test", ["a1", "a2"], [NOW - 9 * SECOND, NOW - 4 * SECOND], ["m1", "m2"], ["slow", "gone"],
                   ["info", "critical"], [{"service": "web"}, {}], ["ok", "ok"], ["firing", "firing"], [9.0, None],
                   [1.0, None], ["9 > 1", ""]),
        ChangeBatch("default", "test", [NOW - 5 * SECOND], ["deploy"], ["web"], ["1"], ["2"], ["ci"], [{"commit": "9f"}]),
    )  # fmt: skip
    asked.engine.command(
        "INSERT INTO ingest_rows (time, project, sender, signal, outcome, reason, count) VALUES "
        f"({NOW // SECOND - 60}, 'default', 'web', 'traces', 'accepted', '', 7), "
        f"({NOW // SECOND - 60}, 'default', '__tapetum__', 'metrics', 'accepted', '', 9)"
    )


def parquet(asked: World, what: str, **query: Any) -> Any:
    answer = asked.client.get(f"/v1/export/{what}", params={**RANGE, **query})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    return pq.read_table(io.BytesIO(answer.content))


def ndjson(asked: World, what: str, **query: Any) -> list[dict[str, Any]]:
    answer = asked.client.get(f"/v1/export/{what}", params={**RANGE, "format": "ndjson", **query})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.mark.covers("export")
def test_a_parquet_file_has_every_row_and_column_of_the_view_the_newest_first(asked: World) -> None:
    """Against the view itself, asked in SQL."""
    table = parquet(asked, "spans")
    view = asked.sql("DESCRIBE TABLE spans")
    assert table.column_names == [row["name"] for row in view if row["name"] != "search_text"]
    assert table.column("name").to_pylist() == [f"call {i}" for i in reversed(range(600))]
    first = table.slice(599, 1).to_pylist()[0]
    assert first["input"] == "question 0"
    assert dict(first["attributes"])["http.route"] == "/0"
    assert dict(first["numeric_attributes"]) == {"n": 0.0}
    assert str(table.schema.field("start_time").type) == "timestamp[ns, tz=UTC]"


@pytest.mark.covers("export")
@pytest.mark.parametrize(
    "q", ["", "service:web", "status:error http.route:/3", "-service:db question", '"question 17"', "name:none"]
)
@pytest.mark.wide
def test_a_file_has_what_the_page_lists(asked: World, q: str) -> None:
    """The same filter in the same range, page by page: the same spans and the same traces."""
    for what, keys in (("spans", ("trace_id", "span_id")), ("traces", ("trace_id",))):
        listed, cursor = [], ""
        while cursor is not None:
            page = asked.get(f"/{what}", from_=RANGE["from"], to=RANGE["to"], q=q, limit=500, cursor=cursor)
            listed += [tuple(row[key] for key in keys) for row in page["rows"]]
            cursor = page["next_cursor"]
        rows = ndjson(asked, what, q=q)
        assert sorted(tuple(row[key] for key in keys) for row in rows) == sorted(listed)
    assert parquet(asked, "spans", q=q).num_rows == len(ndjson(asked, "spans", q=q))


@pytest.mark.covers("export")
def test_every_kind_of_row_has_its_file(asked: World) -> None:
    everything = {"from": "all", "to": "now"}
    logs = ndjson(asked, "logs", q="severity:error")
    assert [row["body"] for row in logs] == [f"line {i}" for i in range(36, -1, -4)]
    assert {len(row["log_id"]) for row in logs} == {32}
    points = ndjson(asked, "metrics", q="q:1")
    assert [row["value"] for row in points] == [i / 3 for i in range(28, 0, -3)]
    assert points[0]["attributes"] == {"q": "1"}
    (change,) = ndjson(asked, "changes", **everything)
    assert (change["subject"], change["after"], change["attributes"]) == ("web", "2", {"commit": "9f"})
    (arrived,) = ndjson(asked, "ingest", **everything)
    assert (arrived["sender"], arrived["accepted"]) == ("web", "7")
    assert [row["monitor"] for row in ndjson(asked, "alerts", **everything)] == ["gone", "slow"]
    (slow,) = ndjson(asked, "alerts", q="monitor_id:m1", **everything)
    assert (slow["monitor"], slow["value"], slow["labels"]) == ("slow", 9.0, {"service": "web"})
    assert parquet(asked, "alerts", q="-severity:info state:firing", **everything).num_rows == 1
    assert len(ndjson(asked, "spans", **everything)) == 601


@pytest.mark.covers("export", "findings-export")
def test_findings_have_their_file(asked: World) -> None:
    """A row per window, as in the view: not what a window was looked at, nor what holds no more, nor the look before."""
    window = {"subject_type": "model", "subject": "income", "version": "3", "detector": "schema"}

    def found(at: int, feature: str = "age", type: str = "INT_TYPE_BIG_INT", **more: Any) -> Finding:
        start = START + at * SECOND
        times = {"window_start": start, "window_end": start + 300 * SECOND, "first_seen": start, "last_seen": start}
        return Finding(**window, **times, feature=feature, type=type, **{"severity": "ERROR", "rows": 3, **more})  # type: ignore[arg-type]

    said = [
        found(0), found(300, rows=7, value=0.5), found(300, "job", "ENUM_TYPE_UNEXPECTED_STRING_VALUES", offending=["x"]),
        found(300, type="", feature=""), found(600, "gone", withdrawn=True),
    ]  # fmt: skip
    asked.keep(FindingBatch("default", "test", said), FindingBatch("other", "test", [found(0, "secret")]))
    asked.keep(FindingBatch("default", "test", [found(0, rows=4)]))
    rows = ndjson(asked, "findings")
    assert [(row["feature"], row["rows"]) for row in rows] == [("age", "7"), ("job", "3"), ("age", "4")]
    assert (rows[0]["value"], rows[1]["offending"], rows[0]["schema_version"]) == (0.5, ["x"], 0)
    table = parquet(asked, "findings", q="model:income feature:age rows:>4")
    assert table.column_names == [row["name"] for row in asked.sql("DESCRIBE TABLE findings")]
    assert table.column("rows").to_pylist() == [7]
    assert asked.error("/export/findings", 400, q="service:web", **RANGE)["field"] == "q"


@pytest.mark.covers("export")
@pytest.mark.parametrize("q", ["service:web", "words", "monitor:slow http.route:/a"])
def test_a_filter_of_alerts_that_they_cannot_pass_is_refused(asked: World, q: str) -> None:
    error = asked.error("/export/alerts", 400, q=q, **RANGE)
    assert error["field"] == "q"
    assert "monitor_id" in error["hint"]


@pytest.mark.covers("export")
def test_a_file_that_is_cut_has_the_newest_rows_and_says_so(asked: World) -> None:
    answer = asked.client.get("/v1/export/spans", params={**RANGE, "format": "ndjson", "limit": 7, "q": "service:web"})
    assert (answer.headers["x-tapetum-matching"], answer.headers["x-tapetum-truncated"]) == ("300", "true")
    assert [json.loads(line)["name"] for line in answer.text.splitlines()] == [f"call {i}" for i in range(599, 585, -2)]
    assert 'filename="default-spans.ndjson"' in answer.headers["content-disposition"]
    whole = asked.client.get("/v1/export/spans", params={**RANGE, "limit": 600})
    assert whole.headers["x-tapetum-truncated"] == "false"


@pytest.mark.covers("export")
def test_slices_of_a_long_range_lose_and_repeat_nothing(asked: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In slices of a few rows, with the oldest one half a day before the others."""
    monkeypatch.setattr(exports, "SLICE_ROWS", 10)
    everything = {"from": "all", "to": "now"}
    for what, count in (("spans", 601), ("traces", 201), ("logs", 41)):
        rows = ndjson(asked, what, **everything)
        assert len(rows) == len({json.dumps(row) for row in rows}) == count
        times = [row["start_time" if what != "logs" else "time"] for row in rows]
        assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("limit", [1, 5, 25, 30, 31, 1000])
def test_slices_cover_the_newest_hours_until_there_is_enough(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "SLICE_ROWS", 10)
    hours = [(9, 5), (8, 5), (7, 20), (2, 1)]
    slices = slices_of(hours, TimeRange(2 * HOUR + 5, 9 * HOUR + 5), limit)
    assert slices[0][0].end == 9 * HOUR + 5
    for (newer, more), (older, less) in itertools.pairwise(slices):
        assert newer.start == older.end
        assert 0 < less < more == min(limit, more)
    assert slices_of([], TimeRange(None, None), 5) == []
    assert (slices[-1][0].start == 2 * HOUR + 5) == (limit > 30)


@pytest.mark.covers("export")
def test_csv_is_harmless_to_spreadsheets_and_holds_nested_values_as_json(asked: World) -> None:
    answer = asked.client.get("/v1/export/logs", params={**RANGE, "format": "csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(rows) == 41
    assert rows[0]["body"] == '\'=cmd|"/C calc"!A0,\n"x"'
    assert rows[0]["service"] == "'@sum"
    assert json.loads(rows[0]["attributes"]) == {"a": "=1"}
    assert rows[-1]["time"] == format_time(START)
    spans = asked.client.get("/v1/export/spans", params={**RANGE, "format": "csv", "limit": 1}).text
    (span,) = csv.DictReader(io.StringIO(spans, newline=""))
    assert (span["cost_usd"], span["duration_ms"]) == ("", "1000")


@pytest.mark.parametrize(
    ("path", "code", "field"),
    [
        ("spans?format=xlsx", 422, "format"),
        ("nothing", 422, "what"),
        ("spans?limit=0", 422, "limit"),
        ("ingest?q=service:web", 400, "q"),
        ("spans?q=duration_ms:%3Ebig", 400, "q"),
        ("spans?from=yesterday", 400, "from"),
        ("spans?project=nobody", 404, "project"),
    ],
)
def test_what_cannot_be_exported_is_named_before_a_file_begins(asked: World, path: str, code: int, field: str) -> None:
    answer = asked.client.get(f"/v1/export/{path}")
    assert (answer.status_code, answer.json()["error"]["field"]) == (code, field)
