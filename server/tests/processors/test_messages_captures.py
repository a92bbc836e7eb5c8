"""What real instrumentors sent reads as the conversation that the mock provider really had."""

from __future__ import annotations

from typing import Any

import pytest
from processors.captured_content import MANIFEST, spans_and_logs, texts, values

from tapetum_server.processors.messages.events import read_events
from tapetum_server.processors.messages.message import Message
from tapetum_server.processors.messages.span_content import SpanSource, read_span

Said = tuple[list[Message], list[Message], list[str]]

NOT_ON_THE_WIRE = {("claude_code", "chat"): 1}
"""Claude Code logs the person's words, not its own system prompt: one message of the two that it sent."""


def conversations(capture: dict[str, Any]) -> list[Said]:
    """What each span says, and what the log records say together."""
    spans, logs = spans_and_logs(capture)
    said: list[Said] = []
    for span in spans:
        events = [(event["name"], values(event.get("attributes", []))) for event in span.get("events", [])]
        content = read_span(
            SpanSource(kind="llm", name=span["name"], attributes=texts(span.get("attributes", [])), events=events)
        )
        said.append((content.input, content.output, content.flags))
    records = []
    for record in logs:
        attributes, body = values(record.get("attributes", [])), values([{"key": "body", "value": record.get("body")}])
        name = record.get("eventName") or attributes.get("event.name") or ""
        records.append((name, {**attributes, **(body["body"] if isinstance(body["body"], dict) else {})}))
    went, came = read_events(records)
    said.append((went.messages, came.messages, went.flags + came.flags))
    return said


def words(messages: list[Message]) -> str:
    return "".join(part["content"] for one in messages for part in one["parts"] if part["type"] == "text").strip()


def calls(messages: list[Message]) -> list[tuple[str, Any]]:
    return [
        (part["name"], part["arguments"]) for one in messages for part in one["parts"] if part["type"] == "tool_call"
    ]


def talking() -> list[Any]:
    return [
        pytest.param(capture, id=f"{capture['instrumentor']}-{capture['scenario']}")
        for capture in MANIFEST
        if any(call.get("output_text") or call.get("tool_calls") for call in capture["expected"]["llm_calls"])
    ]


@pytest.mark.covers("messages-captures")
@pytest.mark.parametrize("capture", talking())
def test_every_answer_and_the_number_of_messages_before_it_are_found(capture: dict[str, Any]) -> None:
    said = conversations(capture)
    assert not [flags for _went, _came, flags in said if flags]
    for call in capture["expected"]["llm_calls"]:
        answer, called = call.get("output_text"), call.get("tool_calls")
        if answer:
            found = [went for went, came, _flags in said if words(came) == answer]
        elif called:
            wanted = [(one["name"], one["arguments"]) for one in called]
            found = [went for went, came, _flags in said if calls(came) == wanted]
        else:
            continue
        before = NOT_ON_THE_WIRE.get((capture["instrumentor"], capture["scenario"]), call["input_message_count"])
        assert before in [len(went) for went in found]
