"""Whatever is sent, reading ends, stays bounded, and says what was wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapetum_server.processors.messages.message import MAX_MESSAGES
from tapetum_server.processors.messages.reading import read_messages
from tapetum_server.processors.messages.span_content import SpanSource, read_span

TYPES = {"text", "tool_call", "tool_call_response", "reasoning", "blob", "uri", "file", "generic"}
WORDS = st.sampled_from([
    "role", "content", "parts", "type", "text", "tool_calls", "function", "messages", "choices", "message", "output",
    "input", "candidates", "generations", "lc", "kwargs", "id", "name", "arguments", "toolUse", "functionCall",
    "toolResult", "image_url", "source", "user", "tool", "assistant", "tool_use", "delta", "contents", "system",
])  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | WORDS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(WORDS, inner, max_size=5), max_leaves=30
)
KEYS = st.sampled_from([
    "gen_ai.input.messages", "gen_ai.output.messages", "llm.input_messages.0.message.role", "input.value",
    "llm.input_messages.0.message.content", "llm.input_messages.0", "gen_ai.prompt.0.tool_calls", "ai.response.text",
    "llm.input_messages.0.message", "ai.response.toolCalls", "llm.openai.choices", "llm.tools.0.tool.json_schema",
    "retrieval.documents.0.document.score", "pydantic_ai.all_messages", "llm.invocation_parameters",
    "gen_ai.tool.call.arguments", "gen_ai.request.temperature", "gen_ai.system_instructions", "output.value",
])  # fmt: skip


def sound(messages: list[Any]) -> None:
    """Every message is one of the schema, and can be written as JSON."""
    json.dumps(messages)
    for message in messages:
        assert isinstance(message["role"], str)
        assert {part["type"] for part in message["parts"]} <= TYPES
        assert all(isinstance(part["content"], str) for part in message["parts"] if part["type"] == "text")


@pytest.mark.covers("messages-bad-input")
@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_any_value_reads_as_messages(value: Any) -> None:
    sound(read_messages(value).messages)
    sound(read_messages(json.dumps(value), "assistant").messages)
    sound(read_messages(repr(value)).messages)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["llm", "tool", "agent", "retriever", "embedding", "span"]),
    st.dictionaries(KEYS, VALUES.map(json.dumps) | st.text(max_size=50), max_size=8),
)
def test_any_attributes_read_as_content(kind: str, attributes: dict[str, str]) -> None:
    content = read_span(SpanSource(kind=kind, name="n", attributes=attributes))
    sound(content.input + content.output)
    json.dumps([content.tools, content.documents, content.parameters])


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=60))
def test_prose_is_never_lost(text: str) -> None:
    found = read_messages(text)
    if not text.strip().startswith(("{", "[", '"')):
        assert [part["content"] for message in found.messages for part in message["parts"]] == ([text] if text else [])


@pytest.mark.covers("messages-bad-input")
def test_what_is_left_of_a_cut_history_is_read_and_flagged() -> None:
    whole = json.dumps([{"role": "user", "content": f"question {i}"} for i in range(50)])
    found = read_messages(whole[:-200])
    assert found.flags == ["malformed_json"]
    assert 30 < len(found.messages) < 50
    assert found.messages[0]["parts"] == [{"type": "text", "content": "question 0"}]


def test_malformed_json_stays_readable_as_it_was_sent() -> None:
    found = read_messages('{"role": "user", "content": ')
    assert found.messages == [{"role": "user", "parts": [{"type": "text", "content": '{"role": "user", "content": '}]}]
    assert found.flags == ["malformed_json"]


@pytest.mark.covers("messages-bad-input")
def test_arguments_that_are_no_json_stay_as_they_were_sent_and_are_flagged() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"city": Paris'}}
    found = read_messages([{"role": "assistant", "tool_calls": [call]}])
    assert found.messages[0]["parts"][0]["arguments"] == '{"city": Paris'
    assert found.flags == ["tool_arguments_not_json"]


@pytest.mark.covers("messages-bad-input")
@pytest.mark.parametrize("opening", ["[", '{"messages":', '{"output":', '[{"role":"user","content":'])
def test_deep_nesting_ends(opening: str) -> None:
    closing = "".join({"[": "]", "{": "}"}[c] for c in reversed(opening) if c in "[{")
    for depth in (60, 900, 100_000):
        found = read_messages(opening * depth + "1" + closing * depth)
        assert found.messages or found.flags


@pytest.mark.covers("messages-bad-input")
def test_a_value_that_holds_itself_ends() -> None:
    circle: dict[str, Any] = {}
    circle["output"] = circle["messages"] = circle["inputs"] = [circle]
    assert read_messages(circle).flags == ["nested_too_deeply"]


@pytest.mark.covers("messages-bad-input")
def test_of_a_history_without_end_the_newest_messages_are_kept() -> None:
    ten_thousand = [{"role": "user", "content": str(i)} for i in range(10_000)]
    assert len(read_messages(json.dumps(ten_thousand)).messages) == 10_000
    found = read_messages(json.dumps(ten_thousand * 3))
    assert found.flags == ["more_than_20000_messages"]
    assert len(found.messages) == MAX_MESSAGES
    assert found.messages[-1]["parts"] == [{"type": "text", "content": "9999"}]


@pytest.mark.covers("messages-bad-input")
def test_a_prompt_of_twenty_megabytes_is_one_text() -> None:
    prompt = "All work and no play. " * 1_000_000
    found = read_messages(json.dumps([{"role": "user", "content": prompt}]))
    assert [part["content"] == prompt for part in found.messages[0]["parts"]] == [True]
    # Python's repr of that size is not evaluated.
    assert read_messages(str([{"role": "user", "content": "it's " * 100_000}])).flags == ["malformed_json"]
