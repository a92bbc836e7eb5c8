"""Calls of models over HTTP: spend, tokens and latency against sums worked out here, in plain Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from asked_world import SECOND, START, World, span_batch, span_id, trace_id

from tapetum_server.query.llm_groups import LLM_SORTS
from tapetum_server.query.time_range import format_time

RANGE = {"from": format_time(START), "to": format_time(START + 100 * SECOND)}


def call(trace: int, span: int, **said: Any) -> dict[str, Any]:
    """A call of a model, a child of span 1; `said` goes to its canonical fields or, where it names one, to the row."""
    row = {key: said.pop(key) for key in ("at", "seconds", "status", "service", "parent", "name") if key in said}
    canonical = {
        "kind": "llm", "provider": "openai", "model": "gpt", "input_tokens": 100, "output_tokens": 10,
        "usage_counted": True, "cost_usd": 0.5,
    }  # fmt: skip
    return (
        {"trace": trace, "span": span, "parent": 1, "at": trace, "name": "chat"} | row | {"canonical": canonical | said}
    )


CALLS: list[dict[str, Any]] = [
    call(1, 2, seconds=1, cache_read_tokens=40, ttft_ms=100.0),
    call(1, 3, seconds=2, finish_reason="content_filter", cost_usd=1.5, output_tokens=30, reasoning_tokens=20, ttft_ms=300.0),
    # A price that nobody knows.
    call(2, 2, seconds=3, model="own", provider="vllm", cost_usd=None, prompt_name="greet", prompt_version="2"),
    # It failed before it used anything: nothing is unknown of it.
    call(3, 2, seconds=4, status=2, cost_usd=None, input_tokens=None, output_tokens=None, usage_counted=False),
    # A stream without usage: what it cost is unknown.
    call(4, 2, seconds=5, cost_usd=None, input_tokens=None, output_tokens=None, usage_counted=False, user_id="carol",
         usage_flags="impossible_count"),
    call(5, 2, seconds=6, kind="embedding", model="embed", input_tokens=7, output_tokens=None, cost_usd=0.25),
]  # fmt: skip
AROUND: list[dict[str, Any]] = [
    # What agents and chains say of usage repeats their calls.
    {"trace": 1, "span": 1, "at": 1, "name": "agent", "service": "web",
     "canonical": {"kind": "agent", "agent": "planner", "session_id": "s-1", "user_id": "alice",
                   "input_tokens": 200, "output_tokens": 40, "cost_usd": 2.0}},
    {"trace": 2, "span": 1, "at": 2, "name": "agent", "canonical": {"kind": "agent", "user_id": "bob"}},
    {"trace": 1, "span": 7, "parent": 1, "at": 1, "name": "search", "seconds": 0.5,
     "canonical": {"kind": "tool", "tool": "search"}},
    {"trace": 2, "span": 7, "parent": 1, "at": 2, "name": "search", "seconds": 1.5, "status": 2,
     "canonical": {"kind": "tool", "tool": "search", "agent": "finder"}},
    {"trace": 2, "span": 8, "parent": 1, "at": 2, "name": "buy", "canonical": {"kind": "tool", "tool": "buy"}},
]  # fmt: skip
BEFORE = [call(90, 2, at=-50, cost_usd=4.0), call(91, 2, at=-99.5, cost_usd=0.5, status=2)]


@pytest.fixture(scope="module", autouse=True)
def filled(asked: World) -> None:
    asked.keep(span_batch(*CALLS, *AROUND, *BEFORE, call(92, 2, at=-150, cost_usd=64.0)))
    # The same call told by two instrumentors, in another trace: one is the duplicate of the other.
    told = {"response_id": "r-1", "cost_usd": 0.125, "at": 50, "model": "twice"}
    asked.keep(span_batch(call(10, 2, **told)), span_batch(call(11, 2, **told)))
    # Delivered again, counted once.
    asked.keep(span_batch(*CALLS[:2]), span_batch(call(1, 2, cost_usd=1000.0), project="other"))


def total(asked: World, **query: Any) -> Any:
    return asked.get("/llm", **RANGE, **query)["now"]["total"]


@pytest.mark.covers("llm-overview")
def test_spend_tokens_and_latency_of_every_call_counted_once(asked: World) -> None:
    found = total(asked)
    assert (found["calls"], found["errors"], found["unpriced"]) == (7, 1, 2)
    assert (found["refused"], found["refusal_rate"]) == (1, pytest.approx(1 / 7))
    assert found["error_rate"] == pytest.approx(1 / 7)
    assert (found["flagged"], total(asked, q="usage_flags:*")["calls"]) == (1, 1)
    assert found["cost_usd"] == pytest.approx(0.5 + 1.5 + 0.25 + 0.125)
    assert (found["input_tokens"], found["output_tokens"]) == (407, 60)
    assert (found["cache_read_tokens"], found["cache_write_tokens"], found["reasoning_tokens"]) == (40, None, 20)
    assert found["cached_share"] == pytest.approx(40 / 407)
    # Nobody knows what its tokens cost.
    assert found["cache_savings_usd"] is None
    for name, q in (("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99)):
        assert found[name] == pytest.approx(np.quantile([1000, 2000, 3000, 4000, 5000, 6000, 1000], q))
    assert (found["ttft_p50_ms"], found["ttft_p99_ms"]) == (pytest.approx(200), pytest.approx(298))


@pytest.mark.covers("llm-overview")
def test_over_time_and_beside_the_period_before(asked: World) -> None:
    found = asked.get("/llm", **RANGE, buckets=10)
    assert found["interval_ms"] == 10_000
    at = found["times"].index(format_time(START))
    steps = found["now"]["steps"]
    # 1 to 5 seconds after the start; and the one that was told twice, 50 seconds after it.
    assert (steps["calls"][at], steps["calls"][at + 5]) == (6, 1)
    assert steps["cost_usd"][at] == pytest.approx(2.25)
    assert steps["cost_usd"][at + 1] is None
    assert sum(steps["calls"]) == found["now"]["total"]["calls"]
    before = found["before"]
    assert (before["start"], before["end"]) == (format_time(START - 100 * SECOND), format_time(START))
    assert (before["total"]["calls"], before["total"]["errors"], before["total"]["cost_usd"]) == (2, 1, 4.5)
    # As far into their period as the steps of `now` are into theirs.
    assert (before["steps"]["cost_usd"][at], before["steps"]["cost_usd"][at + 5]) == (0.5, 4.0)
    assert asked.get("/llm", **RANGE, compare=False)["before"] is None
    assert asked.get("/llm", from_="all")["before"] is None


@pytest.mark.covers("llm-overview")
def test_nothing_is_unknown_and_not_zero(asked: World) -> None:
    found = total(asked, q="model:own")
    assert (found["calls"], found["cost_usd"], found["unpriced"], found["input_tokens"]) == (1, None, 1, 100)
    found = total(asked, q="model:nothing")
    assert (found["calls"], found["cost_usd"], found["error_rate"], found["p50_ms"]) == (0, None, None, None)
    empty = asked.get("/llm", from_="all", q="model:nothing")
    assert empty["now"]["total"]["calls"] == 0


def by(asked: World, keys: str, **query: Any) -> list[tuple[list[str], int, float | None]]:
    found = asked.get("/llm/by", by=keys, **RANGE, **query)
    return [(row["values"], row["calls"], row["cost_usd"]) for row in found["rows"]]


@pytest.mark.covers("llm-by")
def test_by_model_the_dearest_first_and_the_unknown_last(asked: World) -> None:
    assert by(asked, "model") == [(["gpt"], 4, 2.0), (["embed"], 1, 0.25), (["twice"], 1, 0.125), (["own"], 1, None)]
    found = asked.get("/llm/by", by="model", **RANGE)
    assert (found["total"], found["keys"]) == (4, ["model"])
    gpt = found["rows"][0]
    assert sum(gpt["calls_trend"]) == 4
    assert sum(cost or 0 for cost in gpt["cost_trend"]) == pytest.approx(2.0)
    assert len(gpt["cost_trend"]) == len(found["times"])
    assert [row["values"] for row in asked.get("/llm/by", by="model", **RANGE, sort="-calls", limit=1)["rows"]] == [
        ["gpt"]
    ]
    # A share is one of all groups, also of those that are not in the answer.
    one = asked.get("/llm/by", by="model", **RANGE, limit=1)
    assert (one["total"], one["cost_usd"]) == (4, 2.375)
    first = {sort: by(asked, "model", sort=sort)[0][0] for sort in LLM_SORTS}
    assert first == {sort: ["gpt"] for sort in LLM_SORTS} | {"-p95_ms": ["embed"]}


@pytest.mark.covers("llm-by")
def test_session_user_and_agent_are_those_of_the_trace_where_a_call_names_none(asked: World) -> None:
    """Instrumentors name them on the root alone."""
    assert by(asked, "user_id") == [(["alice"], 2, 2.0), ([""], 3, 0.375), (["bob"], 1, None), (["carol"], 1, None)]
    assert by(asked, "session_id")[0] == (["s-1"], 2, 2.0)
    assert by(asked, "agent")[0] == (["planner"], 2, 2.0)
    assert total(asked, q="user_id:alice")["cost_usd"] == 2.0
    assert total(asked, q="-user_id:alice")["calls"] == 5
    assert total(asked, q="user_id:alice,bob agent:planner")["calls"] == 2
    assert total(asked, q='user_id:""')["calls"] == 3
    assert total(asked, q="user_id:*")["calls"] == 4


@pytest.mark.covers("llm-by")
def test_by_prompt_version_service_and_whatever_key_there_is(asked: World) -> None:
    assert by(asked, "prompt_name,prompt_version", q="prompt_name:*") == [(["greet", "2"], 1, None)]
    assert by(asked, "service") == [(["shop"], 7, 2.375)]
    assert by(asked, "provider,kind")[:2] == [(["openai", "llm"], 5, 2.125), (["openai", "embedding"], 1, 0.25)]
    assert by(asked, "no.such.key") == [([""], 7, 2.375)]
    assert asked.error("/llm/by", 400, by="a,b,c")["field"] == "by"
    assert asked.error("/llm/by", 400, by=",")["code"] == "bad_keys"
    assert asked.get("/llm/by", by="model", from_="all", q="model:nothing")["rows"] == []


@pytest.mark.covers("llm-by")
def test_the_numbers_lead_to_the_spans_that_they_are_of(asked: World) -> None:
    """The page's links are filters of Traces and Spans."""
    spans = asked.get("/spans", **RANGE, q="kind:llm,embedding,reranker -duplicate_of:* model:gpt")["rows"]
    assert {(s["trace_id"], s["span_id"]) for s in spans} == {
        (trace_id(t), span_id(s)) for t, s in ((1, 2), (1, 3), (3, 2), (4, 2))
    }
    traces = asked.get("/traces", **RANGE, q="user_id:alice")["rows"]
    assert [(t["trace_id"], t["cost_usd"]) for t in traces] == [(trace_id(1), 2.0)]


@pytest.mark.covers("llm-tools")
def test_tools_by_use_failure_and_time(asked: World) -> None:
    found = asked.get("/llm/tools", **RANGE)
    assert found["total"] == 2
    search, buy = found["rows"]
    assert (search["tool"], search["uses"], search["errors"], search["error_rate"]) == ("search", 2, 1, 0.5)
    # One use says whose it is, and around the other an agent was at work; of the third, nobody says.
    assert (search["p50_ms"], search["agents"]) == (pytest.approx(1000), ["finder", "planner"])
    assert buy["agents"] == []
    assert search["last_used"] == format_time(START + 2 * SECOND)
    assert (buy["tool"], buy["uses"], buy["errors"]) == ("buy", 1, 0)
    # A tool belongs to the trace's user too.
    assert [row["uses"] for row in asked.get("/llm/tools", **RANGE, q="user_id:alice")["rows"]] == [1]
    assert asked.get("/llm/tools", from_="all", q="tool:nothing") == {"rows": [], "total": 0}


@pytest.mark.covers("llm-by-tool")
def test_by_tool_a_call_stands_with_every_tool_that_it_asked_for(asked: World) -> None:
    """The call is the last that had begun when the tool began: a sibling or the parent, else any of the trace."""

    def tool(span: int, name: str, at: float, parent: int = 1) -> dict[str, Any]:
        canonical = {"kind": "tool", "tool": name}
        return {"trace": 1, "span": span, "parent": parent, "at": at, "name": name, "canonical": canonical}

    def one(span: int, at: float, cost: float | None, parent: int = 1, **said: Any) -> dict[str, Any]:
        return call(1, span, at=at, cost_usd=cost, parent=parent, model=f"m{span}", **said)

    asked.keep(
        span_batch(
            # It asked for two tools, one of them twice: all three are its siblings.
            one(2, 1, 1.0, input_tokens=300, cache_read_tokens=100, ttft_ms=50.0),
            tool(3, "search", 2), tool(4, "search", 2.5), tool(5, "buy", 3),
            # It asked for nothing but one tool, below itself.
            one(6, 4, 4.0, status=2, finish_reason="content_filter"),
            tool(7, "search", 4.5, parent=6),
            # A tool of another branch, as of a graph's node: the last call of the trace. An embedding asks for nothing.
            one(8, 6, 16.0, parent=9),
            call(1, 10, at=6.5, kind="embedding", cost_usd=64.0, parent=9),
            tool(11, "mail", 7, parent=12),
            # A tool that asks a model itself: that call is not the one which asked for the tool.
            one(13, 7.5, 32.0, parent=11),
            one(14, 8, None),
            # Before any call; and a tool without a name.
            tool(15, "early", 0.5), tool(16, "", 2),
            # The same call told twice stands once.
            project="tools",
        ),
        span_batch(call(2, 2, response_id="r", cost_usd=128.0), call(2, 3, response_id="r", cost_usd=128.0),
                   {"trace": 2, "span": 4, "parent": 1, "at": 3, "name": "t", "canonical": {"kind": "tool", "tool": "buy"}},
                   project="tools"),
    )  # fmt: skip

    def rows(keys: str = "tool", **query: Any) -> dict[tuple[str, ...], Any]:
        found = asked.get("/llm/by", by=keys, project="tools", **RANGE, **query)
        return {tuple(row["values"]): row for row in found["rows"]}

    found = rows()
    assert {key: (row["calls"], row["cost_usd"]) for (key,), row in found.items()} == {
        "search": (2, 5.0), "buy": (2, 129.0), "mail": (1, 16.0), "": (3, 96.0),
    }  # fmt: skip
    search = found["search",]
    assert (search["input_tokens"], search["output_tokens"], search["cache_read_tokens"]) == (400, 20, 100)
    assert (search["error_rate"], search["refusal_rate"], search["ttft_p95_ms"]) == (0.5, 0.5, 50.0)
    assert (sum(search["calls_trend"]), sum(cost or 0 for cost in search["cost_trend"])) == (2, 5.0)
    assert found["",]["unpriced"] == 1
    # One call stands in two rows, and the answer says so; the page's own sums have it once.
    whole = asked.get("/llm", project="tools", **RANGE)["now"]["total"]
    assert (whole["calls"], whole["cost_usd"]) == (7, 1 + 4 + 16 + 32 + 64 + 128)
    assert sum(row["calls"] for row in found.values()) == whole["calls"] + 1
    by_tool = asked.get("/llm/by", by="tool", project="tools", **RANGE)
    assert (by_tool["repeated"], by_tool["cost_usd"]) == (1, whole["cost_usd"])
    assert asked.get("/llm/by", by="model", project="tools", **RANGE)["repeated"] == 0
    assert rows("tool,model", q="tool:search")["search", "m6"]["cost_usd"] == 4.0

    def spent(q: str) -> tuple[int, float | None]:
        found = asked.get("/llm", project="tools", **RANGE, q=q)["now"]["total"]
        return found["calls"], found["cost_usd"]

    # In the filter, a tool means the calls that asked for it, each of them once.
    assert spent("tool:search,buy") == (3, 133.0)
    assert spent("-tool:search") == (5, 240.0)
    assert spent("-tool:*") == spent('tool:""') == (3, 96.0)


@pytest.mark.covers("llm-measures")
def test_what_calls_cost_and_use_can_be_watched_and_pinned(asked: World) -> None:
    def ask(measure: str, **query: Any) -> Any:
        body = {"kind": "spans", "measure": measure, **query}
        return asked.post("/query", query=body, **RANGE, step_s=50)

    def whole(measure: str, **query: Any) -> Any:
        (series,) = ask(measure, **query)["series"]
        return series["total"]

    # The agent's own numbers repeat those of its calls.
    assert whole("cost_usd") == pytest.approx(0.5 + 1.5 + 0.25 + 0.125)
    assert (whole("tokens"), whole("input_tokens"), whole("output_tokens")) == (467, 407, 60)
    assert (whole("cache_read_tokens"), whole("reasoning_tokens")) == (40, 20)
    assert whole("cached_share") == pytest.approx(4_000 / 407)
    assert whole("refusal_rate", q="model:gpt") == pytest.approx(25)
    assert whole("p50_ttft_ms") == pytest.approx(200)
    assert (whole("sessions"), whole("users")) == (1, 3)
    costs = ask("cost_usd", group_by=["model"])
    assert costs["unit"] == "USD"
    found = {series["labels"]["model"]: series["total"] for series in costs["series"]}
    # Nothing but tools and agents, of which no cost is; a model of an unknown price.
    assert (found[""], found["own"], found["gpt"]) == (0, None, 2.0)
    shown = asked.post(
        "/monitors/preview",
        definition={"query": {"kind": "spans", "measure": "cost_usd"}, "condition": {"op": ">", "limit": 1, "aggregate": "sum"},
                    "window_s": 3_600},
    )  # fmt: skip
    assert shown["condition_text"] == "Fires when the sum of cost_usd of spans over 1 h is above 1 USD"
    assert max(value or 0 for _, value in shown["preview"]["series"][0]["points"]) == pytest.approx(2.375 + 68.5)
