"""The conversation of a span, of a whole trace, and the graph of who took part, over a real store."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asked_world import World, log_batch, span_batch, span_id, trace_id

from tapetum_server.processors.canonical import canonicalize
from tapetum_server.signals.spans import SpanBatch

MODEL = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5.2"}
SYSTEM = {"role": "system", "content": "You find flights."}
QUESTION = {"role": "user", "content": "Any flight to Paris?"}
AGAIN = {"role": "user", "content": "yes"}


def call(identity: str, city: str) -> dict[str, Any]:
    arguments = json.dumps({"city": city})
    return {"id": identity, "type": "function", "function": {"name": "search", "arguments": arguments}}


def asks(identity: str, city: str) -> dict[str, Any]:
    return {"role": "assistant", "content": "", "tool_calls": [call(identity, city)]}


def told(identity: str, what: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": identity, "content": what}


def says(what: str) -> dict[str, Any]:
    return {"role": "assistant", "content": what}


def chat(went: list[Any], came: Any, **more: Any) -> dict[str, Any]:
    return {
        **MODEL, "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 10,
        "gen_ai.input.messages": json.dumps(went), "gen_ai.output.messages": json.dumps([came]), **more,
    }  # fmt: skip


def tool(identity: str, city: str, result: str) -> dict[str, Any]:
    return {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "gen_ai.tool.call.id": identity,
            "gen_ai.tool.call.arguments": json.dumps({"city": city}), "gen_ai.tool.call.result": result}  # fmt: skip


FIRST = [SYSTEM, QUESTION]
SECOND_TURN = [*FIRST, asks("c1", "Paris"), told("c1", "none")]
THIRD = [*SECOND_TURN, asks("c2", "Lyon"), told("c2", "AF 1234")]
LATER = [*THIRD, says("To Lyon: AF 1234. Book it?"), AGAIN]
LAST = [*LATER, says("Sure?"), AGAIN]


def agent(trace: int, noise: int) -> list[dict[str, Any]]:
    """An agent of five turns, two tools, and as many internal spans as a CLI exports."""
    own = [
        {"span": 1, "name": "invoke_agent", "at": 0, "seconds": 20, "attributes": {
            "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "booker",
            "gen_ai.input.messages": json.dumps([QUESTION]), "gen_ai.output.messages": json.dumps([says("Booked.")])}},
        {"span": 2, "parent": 1, "name": "chat", "at": 1, "attributes": chat(FIRST, asks("c1", "Paris"))},
        {"span": 3, "parent": 1, "name": "search", "at": 2.5, "seconds": 2, "attributes": tool("c1", "Paris", "none")},
        {"span": 4, "parent": 1, "name": "chat", "at": 5, "attributes": chat(SECOND_TURN, asks("c2", "Lyon"))},
        {"span": 5, "parent": 1, "name": "search", "at": 6.5, "attributes": tool("c2", "Lyon", "AF 1234"), "status": 2,
         "status_message": "slow partner"},
        {"span": 6, "parent": 1, "name": "chat", "at": 8,
         "attributes": chat(THIRD, says("To Lyon: AF 1234. Book it?"))},
        {"span": 7, "parent": 1, "name": "chat", "at": 10, "attributes": chat(LATER, says("Sure?"))},
        {"span": 8, "parent": 1, "name": "chat", "at": 12, "attributes": chat(LAST, says("Booked."))},
    ]  # fmt: skip
    starts = {row["span"]: row["at"] for row in own}
    internal = [
        {"span": 1000 + i, "parent": 2 + i % 7, "name": "fs.read", "at": starts[2 + i % 7] + i / 1000, "seconds": 0.001}
        for i in range(noise)
    ]
    return [{"trace": trace, **row} for row in own + internal]


def understood(*rows: dict[str, Any]) -> SpanBatch:
    batch = span_batch(*rows)
    canonicalize(batch)
    return batch


@pytest.fixture(scope="module", autouse=True)
def filled(asked: World) -> None:
    asked.keep(
        understood(*agent(1, 500)),
        understood(
            {"trace": 2, "span": 20, "name": "chat", "attributes": {**MODEL, "gen_ai.request.temperature": 0.2}},
            {"trace": 2, "span": 21, "name": "chat", "at": 2, "status": 2, "status_message": "rate limit",
             "attributes": {**MODEL, "error.type": "429", "gen_ai.input.messages": json.dumps(FIRST)}},
            {"trace": 2, "span": 22, "name": "retrieval", "at": 4, "attributes": {
                "openinference.span.kind": "RETRIEVER", "input.value": "capital of France",
                "retrieval.documents.0.document.id": "d1", "retrieval.documents.0.document.score": 0.75,
                "retrieval.documents.0.document.content": "Paris is the capital"}},
            {"trace": 3, "span": 30, "name": "chat", "attributes": {
                **MODEL, "gen_ai.input.messages": '[{"role": "user", "content": "cut he'}},
            {"trace": 4, "span": 40, "name": "chat", "attributes": chat(
                [{"role": "user", "content": "x" * 200_000}] + [{"role": "user", "content": f"{i}"} for i in range(700)],
                says("much"))},
            {"trace": 5, "span": 50, "name": "SELECT 1", "service": "db"},
        ),
        log_batch(
            {"trace": 2, "span": 20, "event_name": "gen_ai.user.message", "body": {"content": "Said in a log"}},
            {"trace": 2, "span": 20, "event_name": "gen_ai.choice", "at": 1,
             "body": {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Heard"}}},
            {"trace": 2, "span": 20, "event_name": "other", "body": "not said"},
        ),
    )  # fmt: skip


def conversation(asked: World, trace: int, span: int) -> Any:
    return asked.get(f"/traces/{trace_id(trace)}/spans/{span_id(span)}/conversation")


def words(message: Any) -> str:
    return " ".join(part.get("content", part["type"]) for part in message["parts"])


@pytest.mark.covers("conversation-new-since")
def test_what_the_previous_turn_did_not_have_is_new(asked: World) -> None:
    found = conversation(asked, 1, 6)
    assert [(message["role"], message["is_new"]) for message in found["input"]] == [
        ("system", False), ("user", False), ("assistant", False), ("tool", False), ("assistant", False), ("tool", True),
    ]  # fmt: skip
    assert found["previous_span_id"] == span_id(4)
    assert [words(message) for message in found["output"]] == ["To Lyon: AF 1234. Book it?"]
    # The first turn knows no earlier one: all of it is new.
    first = conversation(asked, 1, 2)
    assert (first["previous_span_id"], [message["is_new"] for message in first["input"]]) == ("", [True, True])
    # "yes" the second time is new, though the same word was said before.
    assert [m["is_new"] for m in conversation(asked, 1, 8)["input"]][-2:] == [False, True]


@pytest.mark.covers("conversation-span")
def test_a_tools_span_shows_its_call_and_its_result(asked: World) -> None:
    found = conversation(asked, 1, 3)
    assert found["input"][0]["parts"] == [
        {"type": "tool_call", "name": "search", "id": "c1", "arguments": {"city": "Paris"}}
    ]
    assert found["output"][0]["parts"] == [{"type": "tool_call_response", "id": "c1", "response": "none"}]


@pytest.mark.covers("conversation-logs")
def test_what_only_log_records_say_of_a_span_is_shown_with_it(asked: World) -> None:
    found = conversation(asked, 2, 20)
    assert [words(message) for message in found["input"] + found["output"]] == ["Said in a log", "Heard"]
    assert (found["from_logs"], found["output"][0]["finish_reason"]) == (True, "stop")
    assert found["parameters"] == {"temperature": 0.2}


def test_documents_come_with_their_scores(asked: World) -> None:
    found = conversation(asked, 2, 22)
    assert found["documents"] == [{"id": "d1", "score": 0.75, "content": "Paris is the capital", "metadata": None}]
    assert [words(message) for message in found["input"]] == ["capital of France"]


def test_malformed_messages_are_shown_as_sent_and_flagged(asked: World) -> None:
    found = conversation(asked, 3, 30)
    assert found["flags"] == ["malformed_json"]
    assert words(found["input"][0]) == '[{"role": "user", "content": "cut he'


@pytest.mark.covers("messages-bad-input")
def test_an_answer_is_bounded_and_says_what_it_leaves_out(asked: World) -> None:
    found = conversation(asked, 4, 40)
    assert (found["input_count"], len(found["input"])) == (701, 500)
    assert words(found["input"][-1]) == "699"
    asked.error(f"/traces/{trace_id(4)}/spans/{span_id(999)}/conversation", 404)


@pytest.mark.covers("conversation-thread", "conversation-noise")
def test_five_turns_among_five_hundred_internal_spans_read_as_one_chat(asked: World) -> None:
    found = asked.get(f"/traces/{trace_id(1)}/conversation")
    assert [(entry["type"], entry["role"] or entry["tool"]["name"]) for entry in found["entries"]] == [
        ("message", "system"), ("message", "user"), ("tool", "search"), ("tool", "search"), ("message", "assistant"),
        ("message", "user"), ("message", "assistant"), ("message", "user"), ("message", "assistant"),
    ]  # fmt: skip
    assert [words(entry) for entry in found["entries"] if entry["type"] == "message"] == [
        "You find flights.", "Any flight to Paris?", "To Lyon: AF 1234. Book it?", "yes", "Sure?", "yes", "Booked.",
    ]  # fmt: skip
    assert (found["span_count"], found["folded_spans"], found["model_calls"]) == (508, 501, 5)
    first, second = (entry for entry in found["entries"] if entry["type"] == "tool")
    assert (first["tool"]["arguments"], first["tool"]["response"], first["tool"]["failed"]) == (
        {"city": "Paris"}, "none", False,
    )  # fmt: skip
    assert (first["span_id"], first["duration_ms"], first["agent"], first["input_tokens"]) == (
        span_id(3), 2000, "booker", 100,
    )  # fmt: skip
    assert (second["tool"]["failed"], second["error"]) == (True, "slow partner")
    assert found["errors"] == [3]


@pytest.mark.covers("conversation-thread")
def test_a_trace_without_words_has_no_conversation_and_an_unknown_one_is_not_found(asked: World) -> None:
    assert asked.get(f"/traces/{trace_id(5)}/conversation")["entries"] == []
    asked.error(f"/traces/{trace_id(99)}/conversation", 404)
    asked.error(f"/traces/{trace_id(99)}/graph", 404)
    other = {"project": "elsewhere"}
    asked.error(f"/traces/{trace_id(1)}/conversation", 404, **other)
    asked.error(f"/traces/{trace_id(1)}/graph", 404, **other)
    asked.error(f"/traces/{trace_id(1)}/spans/{span_id(2)}/conversation", 404, **other)


@pytest.mark.covers("conversation-thread")
def test_an_agent_of_many_turns_is_told_to_its_last_word(asked: World) -> None:
    """More than are read at once: a page of calls after the other."""
    turns = [
        {"trace": 70, "span": n + 1, "parent": 0, "at": n, "name": "chat",
         "attributes": chat([{"role": "user", "content": f"question {n}"}], says(f"answer {n}"))}
        for n in range(700)
    ]  # fmt: skip
    batch = span_batch(*turns)
    canonicalize(batch)
    asked.keep(batch)
    found = asked.get(f"/traces/{trace_id(70)}/conversation")
    assert [words(entry) for entry in found["entries"]] == [
        said for n in range(700) for said in (f"question {n}", f"answer {n}")
    ]
    assert found["truncated"] is False


def test_logs_retrievals_and_failures_stand_in_the_thread_in_their_order(asked: World) -> None:
    found = asked.get(f"/traces/{trace_id(2)}/conversation")
    assert [(entry["type"], words(entry), entry["error"]) for entry in found["entries"]] == [
        ("message", "Said in a log", ""), ("message", "Heard", ""), ("message", "You find flights.", ""),
        ("message", "Any flight to Paris?", ""), ("error", "", "rate limit"),
        ("retrieval", "capital of France", ""),
    ]  # fmt: skip
    assert found["entries"][-1]["documents"][0]["score"] == 0.75


@pytest.mark.covers("agent-graph")
def test_a_loop_is_one_node_with_its_count_and_the_way_that_was_waited_for(asked: World) -> None:
    found = asked.get(f"/traces/{trace_id(1)}/graph")
    nodes = {node["label"]: node for node in found["nodes"]}
    assert {label: (node["kind"], node["count"]) for label, node in nodes.items()} == {
        "booker": ("agent", 1), "gpt-5.2": ("llm", 5), "search": ("tool", 2),
    }  # fmt: skip
    model = nodes["gpt-5.2"]
    assert (model["input_tokens"], model["output_tokens"], model["repeats"]) == (500, 50, 2)
    assert (nodes["search"]["errors"], nodes["search"]["span_ids"]) == (1, [span_id(3), span_id(5)])
    edges = {(edge["source"].split("\n")[1], edge["target"].split("\n")[1], edge["type"]): edge["count"]
             for edge in found["edges"]}  # fmt: skip
    assert edges == {
        ("booker", "gpt-5.2", "calls"): 5, ("booker", "search", "calls"): 2,
        ("gpt-5.2", "search", "then"): 2, ("search", "gpt-5.2", "then"): 2,
    }  # fmt: skip
    assert nodes["search"]["path_ms"] == pytest.approx(3000, abs=200)
    # The internal spans, which have no node, keep their own milliseconds of the trace.
    assert sum(node["path_ms"] for node in nodes.values()) == pytest.approx(found["duration_ms"], abs=1000)
