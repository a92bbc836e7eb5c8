"""Sessions and users over HTTP, against numbers worked out by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asked_world import SECOND, START, World, span_batch, trace_id

from tapetum_server.query.time_range import format_time

RANGE = {"from": format_time(START), "to": format_time(START + 1_000 * SECOND)}
ODD = "a/b?c=d&e #%2F\"'\\ <b>\u202e\n../x"
LONG = "é" * 5_000


def turn(trace: int, session: str, user: str = "", **said: Any) -> list[dict[str, Any]]:
    """A trace whose root alone names session and user, and one call of a model in it."""
    root = {"trace": trace, "span": 1, "at": trace, "seconds": said.get("seconds", 1), "name": "ask", "service": "web",
            "canonical": {"kind": "agent", "agent": "helper", "session_id": session, "user_id": user,
                          "input_tokens": 10, "cost_usd": 9.0, "input": said.get("root_input", "")}}  # fmt: skip
    call = {"trace": trace, "span": 2, "parent": 1, "at": trace, "seconds": 0.5, "name": "chat", "service": "web",
            "status": 2 if "error" in said else 0, "status_message": said.get("error", ""),
            "canonical": {"kind": "llm", "model": "gpt", "input_tokens": 10, "output_tokens": 5, "usage_counted": True,
                          "cost_usd": said.get("cost", 0.5), "input": said.get("input", ""),
                          "output": said.get("output", "")}}  # fmt: skip
    return [root, call]


HISTORY = [{"role": "system", "parts": [{"type": "text", "content": "be kind"}]},
           {"role": "user", "parts": [{"type": "text", "content": "hello"}]},
           {"role": "assistant", "parts": [{"type": "text", "content": "hi"}]},
           {"role": "user", "parts": [{"type": "text", "content": "and now?"}]},
           {"role": "tool", "parts": [{"type": "tool_call_response", "id": "1", "response": "no"}]}]  # fmt: skip


LANGCHAIN = [[{"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "HumanMessage"],
               "kwargs": {"content": "in their words", "type": "human"}}]]  # fmt: skip
COMPLETION = {
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "in ours"}}],
    "object": "chat.completion",
}


@pytest.fixture(scope="module", autouse=True)
def filled(asked: World) -> None:
    rows = [
        *turn(1, "s-1", "alice", root_input="what is it?", output="it is a fish", seconds=1),
        *turn(2, "s-1", "alice", input=json.dumps(HISTORY),
              output=json.dumps([{"role": "assistant", "content": [{"type": "text", "text": "later"}]}]), seconds=3),
        *turn(3, "s-1", "alice", error="rate limited", cost=None),
        *turn(4, "s-2", "alice", cost=2.0, input=json.dumps(LANGCHAIN), output=json.dumps(COMPLETION)),
        *turn(5, ODD, "bob", input=json.dumps({"messages": [{"role": "user", "content": "odd"}]})),
        *turn(6, LONG, "bob", output=json.dumps([{"role": "assistant", "tool_calls": [
              {"id": "c", "type": "function", "function": {"name": name, "arguments": "{}"}} for name in ("look", "ask", "look")]}])),
        # Without a session; and a span whose parent never comes.
        *turn(7, "", "carol"),
        {"trace": 8, "span": 2, "parent": 77, "at": 8, "canonical": {"session_id": "orphan", "kind": "llm"}},
        # A trace of two sessions is one of each.
        {"trace": 9, "span": 1, "at": 9, "canonical": {"session_id": "left"}},
        {"trace": 9, "span": 2, "at": 9, "canonical": {"session_id": "right"}},
    ]  # fmt: skip
    asked.keep(span_batch(*rows), span_batch(*turn(1, "s-1", "alice", cost=1000.0), project="other"))
    asked.keep(span_batch(*rows[:2]))


def ids(asked: World, path: str = "/sessions", **query: Any) -> list[str]:
    return [row["id"] for row in asked.get(path, **RANGE, **query)["rows"]]


@pytest.mark.covers("sessions")
def test_a_session_is_every_trace_that_names_it_whole(asked: World) -> None:
    found = {row["id"]: row for row in asked.get("/sessions", **RANGE)["rows"]}
    assert set(found) == {"s-1", "s-2", ODD, LONG, "orphan", "left", "right"}
    one = found["s-1"]
    assert (one["traces"], one["failed"], one["calls"], one["errors"], one["running"]) == (3, 1, 3, 1, 0)
    # The agent's own usage repeats its call's.
    assert (one["cost_usd"], one["input_tokens"], one["output_tokens"]) == (1.0, 30, 15)
    # It failed after it used tokens: what they cost is unknown.
    assert one["unpriced"] == 1
    assert (one["p50_ms"], one["p95_ms"]) == (pytest.approx(1000), pytest.approx(2800))
    assert (one["first_seen"], one["last_seen"]) == (format_time(START + SECOND), format_time(START + 3 * SECOND))
    assert one["last_error"] == "rate limited"
    assert (one["users"], one["agents"], one["models"], one["services"]) == (["alice"], ["helper"], ["gpt"], ["web"])
    assert (found["orphan"]["traces"], found["left"]["traces"], found["right"]["traces"]) == (1, 1, 1)


@pytest.mark.covers("sessions")
def test_filters_orders_and_pages(asked: World) -> None:
    assert ids(asked)[-2:] == ["s-2", "s-1"]
    assert ids(asked, sort="-cost_usd")[:2] == ["s-2", "s-1"]
    assert ids(asked, sort="-errors")[0] == ids(asked, sort="-traces")[0] == ids(asked, sort="-calls")[0] == "s-1"
    assert ids(asked, sort="-tokens")[0] == "s-1"
    # Any span of its traces; the row tells of the whole session.
    (row,) = asked.get("/sessions", **RANGE, q="status:error")["rows"]
    assert (row["id"], row["traces"]) == ("s-1", 3)
    assert ids(asked, q="user_id:alice model:gpt") == []
    assert ids(asked, q="user_id:alice") == ["s-2", "s-1"]
    assert ids(asked, q="model:nothing") == []
    for sort in ("-last_seen", "-cost_usd", "-traces"):
        seen, cursor = [], None
        while True:
            page = asked.get("/sessions", **RANGE, sort=sort, limit=2, **({"cursor": cursor} if cursor else {}))
            seen += [row["id"] for row in page["rows"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == ids(asked, sort=sort)
    cursor = asked.get("/sessions", **RANGE, limit=1)["next_cursor"]
    assert asked.error("/users", 400, **RANGE, cursor=cursor)["code"] == "bad_cursor"


@pytest.mark.covers("sessions")
def test_over_time(asked: World) -> None:
    found = asked.get("/sessions/histogram", **RANGE, buckets=10)["buckets"]
    assert sum(step["traces"] for step in found) == 8
    assert sum(step["failed"] for step in found) == 1
    assert max(step["ids"] for step in found) == 7
    assert asked.get("/users/histogram", **RANGE)["buckets"][0]["ids"] == 3
    assert not any(step["ids"] for step in asked.get("/sessions/histogram", **RANGE, q="model:nothing")["buckets"])


@pytest.mark.covers("session")
@pytest.mark.parametrize("id", ["s-2", ODD, LONG])
def test_one_session_whatever_its_name(asked: World, id: str) -> None:
    assert asked.get("/sessions/detail", session=id)["traces"] == 1
    (row,) = asked.get("/sessions/turns", session=id)["rows"]
    assert row["trace"]["session_id"] == id
    assert asked.error("/sessions/detail", 404, session=f"no {id}")["code"] == "not_found"


@pytest.mark.covers("session")
def test_a_session_is_replayed_by_what_was_asked_and_answered(asked: World) -> None:
    rows = asked.get("/sessions/turns", session="s-1")["rows"]
    assert [(row["asked"], row["answered"]) for row in rows] == [
        ("what is it?", "it is a fish"), ("and now?", "later"), ("", ""),
    ]  # fmt: skip
    assert [row["trace"]["trace_id"] for row in rows] == [trace_id(1), trace_id(2), trace_id(3)]
    assert rows[2]["trace"]["error_count"] == 1
    (bad,) = asked.get("/sessions/turns", session="s-1", failed=True)["rows"]
    assert bad["trace"]["trace_id"] == trace_id(3)
    (odd,) = asked.get("/sessions/turns", session=ODD)["rows"]
    assert odd["asked"] == "odd"
    (other,) = asked.get("/sessions/turns", session="s-2")["rows"]
    assert (other["asked"], other["answered"]) == ("in their words", "in ours"), "of whatever library"
    (waiting,) = asked.get("/sessions/turns", session=LONG)["rows"]
    assert waiting["answered"] == "asks for look, ask", "nothing was said yet"
    seen, cursor = [], None
    for _ in range(3):
        page = asked.get(
            "/sessions/turns", session="s-1", sort="-start_time", limit=1, **({"cursor": cursor} if cursor else {})
        )
        seen += [row["trace"]["trace_id"] for row in page["rows"]]
        cursor = page["next_cursor"]
    assert (seen, cursor) == ([trace_id(3), trace_id(2), trace_id(1)], None)


@pytest.mark.covers("users")
def test_users_with_their_sessions_and_spend(asked: World) -> None:
    found = {row["id"]: row for row in asked.get("/users", **RANGE)["rows"]}
    assert {id: (row["sessions"], row["traces"], row["cost_usd"]) for id, row in found.items()} == {
        "alice": (2, 4, 3.0), "bob": (2, 2, 1.0), "carol": (0, 1, 0.5),
    }  # fmt: skip
    assert asked.get("/users/detail", user="alice", **RANGE)["failed"] == 1
    assert asked.error("/users/detail", 404, user="alice", from_="now-5m")["code"] == "not_found"
    assert ids(asked, "/users", q="session_id:s-2") == ["alice"]


@pytest.mark.covers("bad-session-huge")
@pytest.mark.wide
def test_a_session_of_a_hundred_thousand_traces_opens_page_by_page(asked: World) -> None:
    """Only the traces of a page are looked at closely, wherever the page lies."""
    asked.engine.command("""INSERT INTO span_rows (project, start_time, trace_id, span_id, version, ingested_at, name,
        kind, service, status, ended, end_time, session_id, input)
    SELECT 'huge', start, lower(leftPad(hex(number + 1), 32, '0')), '1111111111111111', 1, now64(9), 'turn', 'llm', 'web',
        if(number % 1000 = 7, 'error', 'unset'), true, start + toIntervalSecond(1), 'endless', toString(number)
    FROM (SELECT number, toDateTime64('2026-11-22 00:00:00', 9, 'UTC') + toIntervalMillisecond(number) AS start
        FROM numbers(100000))""")
    asked.catalog.ensure_project("huge")
    of = {"project": "huge", "session": "endless"}
    whole = asked.get("/sessions/detail", **of)
    assert (whole["traces"], whole["failed"]) == (100_000, 100)
    page = asked.get("/sessions/turns", **of, limit=50)
    assert [row["asked"] for row in page["rows"]] == [str(n) for n in range(50)]
    page = asked.get("/sessions/turns", **of, limit=50, cursor=page["next_cursor"])
    assert [row["asked"] for row in page["rows"]] == [str(n) for n in range(50, 100)]
    (last,) = asked.get("/sessions/turns", **of, limit=1, sort="-start_time")["rows"]
    assert last["asked"] == "99999"
    failed = asked.get("/sessions/turns", **of, failed=True, limit=2)["rows"]
    assert [row["asked"] for row in failed] == ["7", "1007"]
    assert asked.get("/sessions", project="huge", from_="all")["rows"][0]["traces"] == 100_000
