"""Each provider's and library's own shape, written by hand after its documentation, reads as the same conversation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tapetum_server.processors.messages.documents import read_documents
from tapetum_server.processors.messages.events import read_events
from tapetum_server.processors.messages.indexed import unflattened
from tapetum_server.processors.messages.reading import read_messages
from tapetum_server.processors.messages.span_content import SpanSource, read_span
from tapetum_server.processors.messages.tools import read_tools

CITY = {"city": "Paris"}
CALL = {"type": "tool_call", "name": "get_weather", "id": "c1", "arguments": CITY}
ANSWER = {"type": "tool_call_response", "id": "c1", "response": "21C"}
CONVERSATION = [
    {"role": "system", "parts": [{"type": "text", "content": "Be terse."}]},
    {"role": "user", "parts": [{"type": "text", "content": "Weather?"}]},
    {"role": "assistant", "parts": [CALL]},
    {"role": "tool", "parts": [ANSWER]},
]
OPENAI = [
    {"role": "system", "content": "Be terse."},
    {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
    {"role": "assistant", "content": None, "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}]},
    {"role": "tool", "tool_call_id": "c1", "content": "21C"},
]  # fmt: skip
REQUESTS = {
    "otel-parts": CONVERSATION,
    "openai-chat": {"model": "gpt-5.2", "messages": OPENAI},
    "openai-responses": {
        "model": "gpt-5.2", "instructions": "Be terse.",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}]},
            {"type": "function_call", "call_id": "c1", "id": "fc_1", "name": "get_weather",
             "arguments": '{"city": "Paris"}'},
            {"type": "function_call_output", "call_id": "c1", "output": "21C"},
        ],
    },
    "anthropic": {
        "system": [{"type": "text", "text": "Be terse."}], "max_tokens": 9,
        "messages": [
            {"role": "user", "content": "Weather?"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "get_weather", "input": CITY}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "21C"}]}]},
        ],
    },
    "langchain": {"messages": [[
        {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "SystemMessage"],
         "kwargs": {"content": "Be terse.", "type": "system"}},
        {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "HumanMessage"],
         "kwargs": {"content": "Weather?"}},
        {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "AIMessage"],
         "kwargs": {"content": "", "tool_calls": [{"name": "get_weather", "args": CITY, "id": "c1"}]}},
        {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "ToolMessage"],
         "kwargs": {"content": "21C", "tool_call_id": "c1"}},
    ]]},
    "langchain-plain": [
        {"type": "system", "content": "Be terse."}, {"type": "human", "content": "Weather?"},
        {"type": "ai", "content": "", "tool_calls": [{"name": "get_weather", "args": CITY, "id": "c1"}]},
        {"type": "tool", "content": "21C", "tool_call_id": "c1"},
    ],
    "vercel": [
        {"role": "system", "content": "Be terse."}, {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
        {"role": "assistant", "content": [
            {"type": "tool-call", "toolCallId": "c1", "toolName": "get_weather", "input": CITY}]},
        {"role": "tool", "content": [{"type": "tool-result", "toolCallId": "c1", "toolName": "get_weather",
                                      "output": {"type": "text", "value": "21C"}}]},
    ],
    "bedrock": {
        "system": [{"text": "Be terse."}],
        "messages": [
            {"role": "user", "content": [{"text": "Weather?"}]},
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "c1", "name": "get_weather", "input": CITY}}]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "c1", "status": "success", "content": [{"text": "21C"}]}}]},
        ],
    },
}  # fmt: skip
"""The same four messages in every shape."""


def bare(messages: list[Any]) -> list[Any]:
    """Without a tool's name on its answer, which only some formats repeat."""
    return [
        {"role": one["role"], "parts": [
            {k: v for k, v in part.items() if k != "name" or part["type"] == "tool_call"} for part in one["parts"]]}
        for one in messages
    ]  # fmt: skip


@pytest.mark.covers("messages-formats")
@pytest.mark.parametrize("shape", REQUESTS)
@pytest.mark.parametrize("written", ["value", "json", "twice", "python"])
def test_one_conversation_in_every_shape_and_writing(shape: str, written: str) -> None:
    value = REQUESTS[shape]
    ways = {"value": value, "json": json.dumps(value), "twice": json.dumps(json.dumps(value)), "python": repr(value)}
    found = read_messages(ways[written])
    assert bare(found.messages) == CONVERSATION
    assert (found.flags, found.shape) == ([], "messages")


TEXT = {"type": "text", "content": "21 degrees"}
RESPONSES = {
    "openai-chat": {"id": "x", "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "21 degrees"}}]},
    "openai-stream": [
        {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "21 "}}]},
        {"choices": [{"index": 0, "delta": {"content": "degrees"}, "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, {"choices": [], "usage": {}}],
    "openai-responses": {"object": "response", "status": "completed", "output": [
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "21 degrees"}]}]},
    "anthropic": {"role": "assistant", "type": "message", "stop_reason": "end_turn",
                  "content": [{"type": "text", "text": "21 degrees"}]},
    "gemini": {"candidates": [{"content": {"role": "model", "parts": [{"text": "21 degrees"}]},
                               "finishReason": "STOP"}]},
    "gemini-stream": [
        {"candidates": [{"content": {"role": "model", "parts": [{"text": "21 "}]}}]},
        {"candidates": [{"content": {"role": "model", "parts": [{"text": "degrees"}]}, "finishReason": "STOP"}]}],
    "langchain": {"generations": [[{"text": "21 degrees", "generation_info": {"finish_reason": "stop"}, "message": {
        "lc": 1, "id": ["langchain", "schema", "messages", "AIMessage"], "kwargs": {"content": "21 degrees"}}}]]},
    "bedrock": {"output": {"message": {"role": "assistant", "content": [{"text": "21 degrees"}]}},
                "stopReason": "end_turn"},
    "otel-parts": [{"role": "assistant", "parts": [TEXT], "finish_reason": "stop"}],
}  # fmt: skip


@pytest.mark.covers("messages-formats")
@pytest.mark.parametrize("shape", RESPONSES)
def test_one_answer_in_every_shape(shape: str) -> None:
    found = read_messages(json.dumps(RESPONSES[shape]), "assistant")
    assert found.messages == [{"role": "assistant", "parts": [TEXT], "finish_reason": "stop"}]


@pytest.mark.parametrize(
    ("block", "part"),
    [
        ({"type": "thinking", "thinking": "hm", "signature": "x"}, {"type": "reasoning", "content": "hm"}),
        ({"text": "hm", "thought": True}, {"type": "reasoning", "content": "hm"}),
        ({"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}, {"type": "reasoning", "content": "hm"}),
        ({"reasoningContent": {"reasoningText": {"text": "hm"}}}, {"type": "reasoning", "content": "hm"}),
        ({"type": "image_url", "image_url": {"url": "https://a.test/cat.png"}},
         {"type": "uri", "modality": "image", "uri": "https://a.test/cat.png"}),
        ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
         {"type": "blob", "modality": "image", "mime_type": "image/png", "size": 4}),
        ({"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
         {"type": "blob", "modality": "image", "mime_type": "image/png", "size": 26}),
        ({"inlineData": {"mimeType": "audio/wav", "data": "aGk="}},
         {"type": "blob", "modality": "audio", "mime_type": "audio/wav", "size": 4}),
        ({"fileData": {"mimeType": "video/mp4", "fileUri": "gs://b/v.mp4"}},
         {"type": "uri", "modality": "video", "mime_type": "video/mp4", "uri": "gs://b/v.mp4"}),
        ({"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}},
         {"type": "blob", "modality": "audio", "size": 4}),
        ({"type": "file", "file": {"file_id": "f-1", "filename": "a.pdf"}},
         {"type": "file", "modality": "file", "name": "a.pdf", "file_id": "f-1"}),
        ({"type": "blob", "modality": "image", "content": "", "omitted_bytes": 70_000},
         {"type": "blob", "modality": "image", "omitted_bytes": 70_000}),
        ({"type": "blob", "modality": "image", "mime_type": "image/png", "content": "aGk="},
         {"type": "blob", "modality": "image", "mime_type": "image/png", "size": 4}),
        ({"type": "something", "new": 1}, {"type": "generic", "value": {"type": "something", "new": 1}}),
    ],
)  # fmt: skip
def test_a_block_becomes_the_part_it_is(block: dict[str, Any], part: dict[str, Any]) -> None:
    found = read_messages([{"role": "user", "content": [block]}])
    assert found.messages == [{"role": "user", "parts": [part]}]


@pytest.mark.parametrize(
    ("value", "role", "text"),
    [
        ("What is the capital of France?", "user", "What is the capital of France?"),
        ("[INST] answer in French [/INST]", "user", "[INST] answer in French [/INST]"),
        ('{"question": "Why?"}', "user", "Why?"),
        ('"\\"Paris\\""', "assistant", '"Paris"'),
        ('["one sentence"]', "assistant", "one sentence"),
    ],
)  # fmt: skip
def test_prose_stays_prose(value: str, role: str, text: str) -> None:
    found = read_messages(value, role)
    assert found.messages == [{"role": role, "parts": [{"type": "text", "content": text}]}]
    assert (found.shape, found.flags) == ("text", [])


def test_data_that_is_no_conversation_is_one_generic_part() -> None:
    value = {"rows": [1, 2], "nested": {"a": None}}
    found = read_messages(json.dumps(value))
    assert found.messages == [{"role": "user", "parts": [{"type": "generic", "value": value}]}]
    assert found.shape == "generic"


def test_flattened_attributes_of_openinference_and_traceloop_become_lists() -> None:
    attributes = {
        "llm.input_messages.1.message.role": "assistant",
        "llm.input_messages.1.message.tool_calls.0.tool_call.function.name": "get_weather",
        "llm.input_messages.1.message.tool_calls.0.tool_call.function.arguments": '{"city": "Paris"}',
        "llm.input_messages.1.message.tool_calls.0.tool_call.id": "c1",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.contents.0.message_content.type": "text",
        "llm.input_messages.0.message.contents.0.message_content.text": "Weather?",
        "llm.input_messages.10.message.role": "tool",
        "llm.input_messages.10.message.tool_call_id": "c1",
        "llm.input_messages.10.message.content": "21C",
        "llm.input_messages.x.message.role": "nobody",
    }
    assert bare(read_messages(unflattened(attributes, "llm.input_messages.")).messages) == CONVERSATION[1:]
    old = {"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "Weather?",
           "gen_ai.prompt.1.role": "assistant", "gen_ai.prompt.1.tool_calls.0.id": "c1",
           "gen_ai.prompt.1.tool_calls.0.name": "get_weather",
           "gen_ai.prompt.1.tool_calls.0.arguments": '{"city": "Paris"}'}  # fmt: skip
    assert read_messages(unflattened(old, "gen_ai.prompt.")).messages == CONVERSATION[1:3]


def test_events_one_per_message_become_input_and_output() -> None:
    went, came = read_events([
        ("gen_ai.system.message", {"content": "Be terse."}),
        ("gen_ai.user.message", {"content": '[{"text": "Weather?"}]'}),
        ("gen_ai.assistant.message", {"tool_calls": json.dumps(OPENAI[2]["tool_calls"])}),
        ("gen_ai.tool.message", {"id": "c1", "content": "21C"}),
        ("gen_ai.choice", {"finish_reason": "end_turn", "message": {"content": "21 degrees"}}),
        ("exception", {"exception.type": "ValueError"}),
    ])  # fmt: skip
    assert bare(went.messages) == CONVERSATION
    assert came.messages == [{"role": "assistant", "parts": [TEXT], "finish_reason": "stop"}]


def test_a_tools_span_is_its_call_and_its_result() -> None:
    content = read_span(SpanSource(kind="tool", name="execute_tool get_weather", tool="get_weather", attributes={
        "gen_ai.tool.call.id": "c1", "gen_ai.tool.call.arguments": '{"city":"Paris"}', "gen_ai.tool.call.result": "21C"}))  # fmt: skip
    assert content.input == [{"role": "assistant", "parts": [CALL]}]
    assert content.output == [{"role": "tool", "parts": [ANSWER]}]


DOCUMENT = {"id": "d1", "score": 0.9, "content": "Paris is the capital", "metadata": None}


@pytest.mark.covers("conversation-documents")
@pytest.mark.parametrize(
    "value",
    [
        [{"id": "d1", "score": 0.9, "content": "Paris is the capital"}],
        [{"document": {"id": "d1", "score": "0.9", "content": "Paris is the capital"}}],
        {
            "documents": [
                {"id": "d1", "relevance_score": 0.9, "page_content": "Paris is the capital", "type": "Document"}
            ]
        },
        [{"score": 0.9, "node": {"id": "d1", "text": "Paris is the capital"}}],
    ],
)
def test_documents_are_found_with_their_scores(value: Any) -> None:
    assert read_documents(json.dumps(value)) == [DOCUMENT]


SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOL = {"name": "get_weather", "description": "Weather", "parameters": SCHEMA}


@pytest.mark.covers("conversation-tools")
@pytest.mark.parametrize(
    "value",
    [
        [{"type": "function", "function": TOOL}],
        [{"type": "function", **TOOL}],
        [{"name": "get_weather", "description": "Weather", "input_schema": SCHEMA}],
        [{"functionDeclarations": [{"name": "get_weather", "description": "Weather", "parametersJsonSchema": SCHEMA}]}],
        [{"toolSpec": {"name": "get_weather", "description": "Weather", "inputSchema": {"json": SCHEMA}}}],
        [json.dumps({"type": "function", "name": "get_weather", "description": "Weather", "inputSchema": SCHEMA})],
        [{"json_schema": json.dumps({"type": "function", "function": TOOL})}],
    ],
)
def test_definitions_of_tools_in_every_shape(value: Any) -> None:
    assert read_tools(value) == [TOOL]
