"""The list of traces, one trace and one span, over a real store."""

from __future__ import annotations

from typing import Any

import pytest
from asked_world import NOW, SECOND, START, World, span_batch, span_id, trace_id

from tapetum_server.query.time_range import format_time
from tapetum_server.signals.conventions import convention_of

LLM = {"kind": "llm", "model": "gpt-4o", "usage_counted": True}


@pytest.fixture(scope="module", autouse=True)
def filled(asked: World) -> None:
    asked.keep(
        span_batch(
            # 1: a web request with a model call, and a span that failed
            {"trace": 1, "span": 1, "name": "GET /ask", "service": "web", "at": 0, "seconds": 4, "span_kind": 2,
             "attributes": {"http.route": "/ask", "retries": 3}, "canonical": {"session_id": "s-1", "user_id": "u-1"}},
            {"trace": 1, "span": 2, "parent": 1, "name": "chat", "service": "bot", "at": 1, "seconds": 2,
             "canonical": {**LLM, "input_tokens": 100, "output_tokens": 20, "cost_usd": 0.25,
                           "input": "What is a zebrafish?", "output": "A small fish."}},
            {"trace": 1, "span": 3, "parent": 1, "name": "store", "service": "web", "at": 3, "seconds": 0.5,
             "status": 2, "status_message": "disk full", "events": [(START + 3 * SECOND, "exception", {"n": 1})]},
            # 2: an agent whose usage is the leaf's, counted once
            {"trace": 2, "span": 4, "name": "agent", "at": 10, "seconds": 10,
             "canonical": {"kind": "agent", "input_tokens": 500, "output_tokens": 50, "cost_usd": 9.0}},
            {"trace": 2, "span": 5, "parent": 4, "name": "chat", "at": 11, "seconds": 1,
             "canonical": {**LLM, "model": "claude", "input_tokens": 500, "output_tokens": 50, "cost_usd": 0.5}},
            # 3: still running; nobody said anything about tokens
            {"trace": 3, "span": 6, "name": "train", "at": 20, "seconds": None, "resource": {"host.name": "gpu-1"}},
            # 4: the root has not arrived
            {"trace": 4, "span": 7, "parent": 99, "name": "orphan", "at": 30, "seconds": 1, "status": 1},
        )
    )  # fmt: skip


@pytest.mark.parametrize("sort", ["-start_time", "-tokens", None])
def test_a_call_reported_twice_in_one_project_counts_in_another(asked: World, sort: str | None) -> None:
    """The same capture sent to two projects: in the second only the first reporter's span came."""
    call = {"kind": "llm", "model": "m", "response_id": "r-71", "usage_counted": True, "input_tokens": 7}
    twice = [{"trace": 71, "span": span, "canonical": call} for span in (71, 72)]
    asked.keep(span_batch(*twice, project="twice"), span_batch(twice[1], project="once"))
    for project in ("twice", "once"):
        page = asked.get("/traces", project=project, sort=sort) if sort else {}
        trace = page["rows"][0] if page else asked.get(f"/traces/{trace_id(71)}", project=project)["trace"]
        assert (project, trace["input_tokens"]) == (project, 7)


def ids(page: dict[str, Any]) -> list[int]:
    return [int(row["trace_id"], 16) for row in page["rows"]]


@pytest.mark.covers("api-traces")
def test_a_row_tells_of_the_whole_trace(asked: World) -> None:
    rows = {row["root_name"]: row for row in asked.get("/traces")["rows"]}
    assert rows["GET /ask"] == {
        "trace_id": trace_id(1),
        "root_name": "GET /ask",
        "service": "web",
        "start_time": format_time(START),
        "duration_ms": 4000.0,
        "state": "ended",
        "running": None,
        "span_count": 3,
        "error_count": 1,
        "models": ["gpt-4o"],
        "input_tokens": 100,
        "output_tokens": 20,
        "cost_usd": 0.25,
        "unpriced": 0,
        "session_id": "s-1",
        "user_id": "u-1",
        "status": "error",
    }


def test_usage_of_an_agent_and_of_its_model_call_counts_once(asked: World) -> None:
    (row,) = asked.get("/traces", q="name:agent")["rows"]
    assert (row["input_tokens"], row["output_tokens"], row["cost_usd"]) == (500, 50, 0.5)


def test_what_no_span_said_is_null_and_not_zero(asked: World) -> None:
    (row,) = asked.get("/traces", q="name:train")["rows"]
    assert (row["input_tokens"], row["cost_usd"], row["duration_ms"], row["state"]) == (None, None, None, "running")


def test_a_trace_without_its_root_is_named_by_its_first_span(asked: World) -> None:
    (row,) = asked.get("/traces", q="name:orphan")["rows"]
    assert (row["root_name"], row["status"]) == ("orphan", "ok")


def test_rows_agree_with_the_public_view(asked: World) -> None:
    view = {row["trace_id"]: row for row in asked.sql("SELECT * FROM traces")}
    for row in asked.get("/traces")["rows"]:
        told = view[row["trace_id"]]
        for name in set(row) - {"start_time", "trace_id", "running"}:
            assert row[name] == told[name], name


@pytest.mark.covers("api-traces")
@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("-start_time", [4, 3, 2, 1]),
        ("start_time", [1, 2, 3, 4]),
        ("-duration_ms", [2, 1, 4, 3]),
        ("-cost_usd", [2, 1, 4, 3]),
        ("-tokens", [2, 1, 4, 3]),
        ("-span_count", [1, 2, 4, 3]),
        ("-error_count", [1, 4, 3, 2]),
    ],
)
def test_each_order_puts_what_is_unknown_last_and_pages_through_all(asked: World, sort: str, order: list[int]) -> None:
    assert ids(asked.get("/traces", sort=sort)) == order
    paged: list[int] = []
    cursor = ""
    while True:
        page = asked.get("/traces", sort=sort, limit=1, cursor=cursor)
        paged += ids(page)
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert paged == order


@pytest.mark.parametrize(("sort", "order"), [("-start_time", [84, 82, 81]), ("start_time", [81, 82, 84])])
def test_the_traces_of_a_session_page_whole_and_in_order(asked: World, sort: str, order: list[int]) -> None:
    """81 names the session again after 82 began, 82 once, after its root; 83 is of another session."""
    ours, other = {"session_id": "apart"}, {"session_id": "other"}
    spans = [
        {"trace": 81, "at": 0, "canonical": ours}, {"trace": 81, "at": 70, "canonical": ours}, {"trace": 82, "at": -60},
        {"trace": 82, "at": 60, "canonical": ours}, {"trace": 83, "at": 65, "canonical": other},
        {"trace": 84, "at": 300, "canonical": ours}, {"trace": 84, "at": 301},
    ]  # fmt: skip
    asked.keep(span_batch(*spans, project="apart"))
    rows: list[dict[str, Any]] = []
    cursor = ""
    while cursor is not None:
        page = asked.get("/traces", q="session_id:apart", sort=sort, limit=1, cursor=cursor, project="apart")
        rows += page["rows"]
        cursor = page["next_cursor"]
    assert ids({"rows": rows}) == order
    assert [(row["span_count"], row["session_id"]) for row in rows] == [(2, "apart")] * 3
    began = {row["trace_id"]: row["start_time"] for row in rows}
    assert began[trace_id(82)] == format_time(START - 60 * SECOND), "a row tells of the whole trace"


@pytest.mark.covers("api-traces")
@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("", {1, 2, 3, 4}),
        ("service:bot", {1}),
        ("service:bot,shop", {1, 2, 3, 4}),
        ("-service:web name:chat", {1, 2}),
        ("status:error", {1}),
        ("duration_ms:>3s", {1, 2}),
        ("duration_ms:>=4000 duration_ms:<10s", {1}),
        ("model:*", {1, 2}),
        ("model:gpt*", {1}),
        ('name:"GET /ask"', {1}),
        ("http.route:/ask", {1}),
        ("attributes.http.route:*", {1}),
        ("retries:>2", {1}),
        ("retries:>3", set()),
        ("host.name:gpu-1", {3}),
        ("resource.host.name:gpu*", {3}),
        ("-host.name:gpu-1", {1, 2, 4}),
        ("zebrafish", {1}),
        ('"SMALL fish"', {1}),
        ("disk", {1}),
        ("-zebrafish name:chat", {2}),
        ("nobody.knows:this", set()),
        ("input_tokens:500", {2}),
        ("state:running", {3}),
        ("session_id:s-1", {1}),
    ],
)  # fmt: skip
def test_a_trace_is_found_when_any_of_its_spans_passes(asked: World, q: str, found: set[int]) -> None:
    assert set(ids(asked.get("/traces", q=q))) == found
    for sort in ("start_time", "-cost_usd"):
        assert set(ids(asked.get("/traces", q=q, sort=sort))) == found


def test_the_range_is_about_spans_and_ends_before_its_end(asked: World) -> None:
    at_10 = format_time(START + 10 * SECOND)
    assert ids(asked.get("/traces", from_=at_10, to=format_time(START + 20 * SECOND))) == [2]
    assert ids(asked.get("/traces", from_=str((START + 20 * SECOND) // 1_000_000))) == [4, 3]
    assert ids(asked.get("/traces", from_="now-29m")) == []
    assert ids(asked.get("/traces", from_="all")) == [4, 3, 2, 1]


@pytest.mark.covers("api-trace")
def test_one_trace_comes_as_columns_in_order_of_start(asked: World) -> None:
    answer = asked.get(f"/traces/{trace_id(1)}")
    columns = answer["spans"]["columns"]
    assert answer["spans"]["count"] == 3
    assert columns["span_id"] == [span_id(1), span_id(2), span_id(3)]
    assert columns["parent_span_id"] == ["", span_id(1), span_id(1)]
    assert columns["start_ns"] == [0, SECOND, 3 * SECOND]
    assert columns["duration_ns"] == [4 * SECOND, 2 * SECOND, SECOND // 2]
    assert columns["span_kind"] == ["server", "internal", "internal"]
    assert columns["input_tokens"] == [None, 100, None]
    assert columns["has_events"] == [False, False, True]
    assert answer["trace"]["services"] == ["bot", "web"]
    assert answer["trace"]["end_time"] == format_time(START + 4 * SECOND)
    assert len({len(column) for column in columns.values()}) == 1


@pytest.mark.covers("span-conventions")
def test_a_span_says_which_convention_it_follows(asked: World) -> None:
    """Told by whole keys, stable and older ones; what is asked over HTTP is what it is."""
    told = {
        "db": {"db.system": "sqlite", "http.request.method": "POST"}, "messaging": {"messaging.system": "kafka"},
        "rpc": {"rpc.system": "grpc", "n": 1}, "http": {"a": 1, "http.route": "/"},
        "": {"mydb.system": 1, "db.system.names": 2, "x": "db.system"},
    }  # fmt: skip
    spans = [{"trace": 55, "span": 550 + n, "at": n, "attributes": keys} for n, keys in enumerate(told.values())]
    asked.keep(span_batch(*spans))
    assert asked.get(f"/traces/{trace_id(55)}")["spans"]["columns"]["convention"] == list(told)
    rows = asked.get("/spans", q=f"trace_id:{trace_id(55)}", sort="start_time")["rows"]
    assert [row["convention"] for row in rows] == list(told)
    assert [convention_of(keys) for keys in told.values()] == list(told)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_whole_trace_and_a_page_of_it_say_the_same_of_the_trace(asked: World, number: int) -> None:
    """A whole trace is added up from its columns, a page of one by the engine."""
    whole = asked.get(f"/traces/{trace_id(number)}")
    (row,) = (row for row in asked.get("/traces")["rows"] if row["trace_id"] == trace_id(number))
    assert row.pop("running") is None or row["state"] == "running"  # only lists say how what runs is
    assert row.items() <= whole["trace"].items()
    if whole["spans"]["count"] > 1:
        assert asked.get(f"/traces/{trace_id(number)}", limit=1)["trace"] == whole["trace"]


@pytest.mark.covers("api-trace")
def test_a_large_trace_pages_without_gaps(asked: World) -> None:
    spans = [{"trace": 50, "span": 1000 + i, "at": 100 + i // 3, "name": f"s{i}"} for i in range(50)]
    asked.keep(span_batch(*spans))
    seen: list[str] = []
    starts: list[int] = []
    cursor = ""
    while cursor is not None:
        page = asked.get(f"/traces/{trace_id(50)}", limit=7, cursor=cursor)
        seen += page["spans"]["columns"]["name"]
        starts += page["spans"]["columns"]["start_ns"]
        assert page["trace"]["span_count"] == 50
        cursor = page["next_cursor"]
    assert seen == [f"s{i}" for i in range(50)]
    assert starts == [i // 3 * SECOND for i in range(50)]


def test_a_trace_that_is_not_there_is_404_and_says_why_that_may_be(asked: World) -> None:
    assert asked.error(f"/traces/{trace_id(77)}", 404)["code"] == "not_found"
    assert asked.error(f"/traces/{trace_id(1)}/spans/{span_id(77)}", 404)["hint"]
    assert asked.error(f"/traces/{trace_id(77)}/resources", 404)["code"] == "not_found"


def keep_typed_span(asked: World) -> None:
    """Span 60: a value of every type, and some too long for a page. Kept twice, it is one span."""
    asked.keep(
        span_batch(
            {
                "trace": 60, "span": 60, "name": "typed", "at": 200, "status": 2, "status_message": "no",
                "attributes": {"s": "text", "i": 2**60, "d": 0.1, "b": True, "n": None, "y": b"\x00\xff",
                               "a": [1, "x"], "m": {"k": 1}, "big": "x" * 70_000, "model": "m-1"},
                "resource": {"host.name": "h", "port": 8080},
                "events": [(START, "start", {"k": 1.5}, 2)],
                "links": [(trace_id(1), span_id(1), "st=1", {"why": "retry"})],
                "dropped": (1, 2, 3),
                "canonical": {**LLM, "model": "m-1", "input": "q" * 70_000, "output": "a"},
            }
        )
    )  # fmt: skip


def test_one_span_tells_everything_with_types(asked: World) -> None:
    keep_typed_span(asked)
    span = asked.get(f"/traces/{trace_id(60)}/spans/{span_id(60)}")
    attributes = {a["key"]: (a["type"], a["value"], a.get("truncated_from")) for a in span["attributes"]}
    assert attributes["i"] == ("int", str(2**60), None)
    assert attributes["d"] == ("double", "0.1", None)
    assert attributes["b"] == ("bool", "true", None)
    assert attributes["y"] == ("bytes", "AP8=", None)
    assert attributes["a"] == ("array", '[1,"x"]', None)
    assert attributes["m"] == ("kvlist", '{"k":1}', None)
    assert attributes["n"] == ("empty", "", None)
    assert attributes["model"] == ("string", "m-1", None)
    assert attributes["big"] == ("string", "x" * 65_536, 70_000)
    assert {a["key"]: a["type"] for a in span["resource_attributes"]} == {
        "host.name": "string", "port": "int", "service.name": "string",
    }  # fmt: skip
    assert span["events"] == [
        {"time": format_time(START), "name": "start", "attributes": [{"key": "k", "type": "double", "value": "1.5"}]}
    ]
    assert span["links"][0]["trace_id"] == trace_id(1)
    assert span["links"][0]["attributes"] == [{"key": "why", "type": "string", "value": "retry"}]
    assert span["dropped"] == 6
    assert span["input"] == {"text": "q" * 65_536, "truncated_from": 70_000}
    assert span["output"] == {"text": "a"}
    assert span["usage_counted"] is True


@pytest.mark.covers("cut-on-arrival")
def test_a_value_of_the_size_at_which_values_are_cut_says_so(asked: World) -> None:
    """1 MiB, or 4 of what holds prompts and answers; a character that would be halved is left out whole."""
    mib = 1024 * 1024
    sent = {"plain": "x" * mib, "wide": "é" * (mib // 2 - 1) + "x", "bytes": b"b" * mib, "a.content": "y" * 4 * mib,
            "b.content": "y" * mib, "short": "x" * (mib - 4), "list": ["x"] * 9}  # fmt: skip
    asked.keep(span_batch({"trace": 61, "span": 61, "at": 201, "attributes": sent}))
    span = asked.get(f"/traces/{trace_id(61)}/spans/{span_id(61)}")
    cut = {a["key"]: a["cut_at_bytes"] for a in span["attributes"] if "cut_at_bytes" in a}
    assert cut == {"plain": mib, "wide": mib, "bytes": mib, "a.content": 4 * mib}


@pytest.mark.parametrize(
    ("field", "text"),
    [("attributes.big", "x" * 70_000), ("input", "q" * 70_000), ("resource.port", "8080"), ("attributes.i", str(2**60))],
)  # fmt: skip
def test_a_cut_value_can_be_fetched_whole_and_never_runs(asked: World, field: str, text: str) -> None:
    keep_typed_span(asked)
    path = f"/v1/traces/{trace_id(60)}/spans/{span_id(60)}/value"
    answer = asked.client.get(path, params={"field": field})
    assert answer.text == text
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_value_that_is_not_there_or_means_nothing_says_so(asked: World) -> None:
    path = f"/traces/{trace_id(60)}/spans/{span_id(60)}/value"
    assert asked.error(path, 404, field="attributes.none")["code"] == "not_found"
    assert asked.error(path, 400, field="everything")["field"] == "field"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"q": "duration_ms:>soon"}, "q"),
        ({"q": "input_tokens:many"}, "q"),
        ({"from_": "yesterday"}, "from"),
        ({"from_": "now", "to": "now-1h"}, "from"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"q": " ".join(f"k{i}:v" for i in range(101))}, "q"),
    ],
)
def test_a_question_that_cannot_be_asked_names_the_field(asked: World, query: dict[str, str], field: str) -> None:
    assert asked.error("/traces", 400, **query)["field"] == field


def test_a_cursor_belongs_to_its_order(asked: World) -> None:
    cursor = asked.get("/traces", limit=1)["next_cursor"]
    assert asked.error("/traces", 400, cursor=cursor, sort="-cost_usd")["code"] == "bad_cursor"


def test_the_default_range_is_the_last_hour(asked: World) -> None:
    asked.keep(span_batch({"trace": 70, "span": 70, "name": "old", "at": -(NOW - START) // SECOND - 3600}))
    assert asked.get("/traces", q="name:old")["rows"] == []
    assert len(asked.get("/traces", q="name:old", from_="all")["rows"]) == 1
