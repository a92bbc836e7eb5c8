"""The mock provider, asked by OpenAI's own client and, for the other dialect, by plain HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tapetum_demo.provider import Provider
from tapetum_demo.provider_script import count_tokens

WEATHER = {
    "name": "get_weather",
    "description": "Tells the weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}},
}
ASKED = "What is the weather in Oslo for 3 days?"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider(7) as running:
        yield running


@pytest.fixture(scope="module")
def openai() -> Any:
    """OpenAI's package, which takes long to import."""
    return pytest.importorskip("openai")


@pytest.fixture(scope="module")
def client(provider: Provider, openai: Any) -> Iterator[Any]:
    with openai.OpenAI(base_url=f"{provider.url}/v1", api_key="any", max_retries=0) as made:
        yield made


@pytest.mark.covers("demo-provider")
def test_openais_client_gets_tool_calls_streams_usage_and_failures(
    provider: Provider, openai: Any, client: Any
) -> None:
    """The client checks the shape of everything it is told; streamed and whole answers say the same."""
    call = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": ASKED}]}
    tools = [{"type": "function", "function": WEATHER}]
    whole = client.chat.completions.create(**call, tools=tools)
    (choice,) = whole.choices
    (asked_for,) = choice.message.tool_calls
    assert (choice.finish_reason, asked_for.function.name) == ("tool_calls", "get_weather")
    assert json.loads(asked_for.function.arguments) == {"city": ASKED, "days": 3}
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens > 0

    answered = [
        *call["messages"],
        choice.message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": asked_for.id, "content": "Rain."},
    ]
    said = client.chat.completions.create(model="gpt-4o-mini", messages=answered, tools=tools)
    assert "Rain." in said.choices[0].message.content
    assert said.usage.completion_tokens == count_tokens(said.choices[0].message.content)
    chunks = list(
        client.chat.completions.create(
            model="gpt-4o-mini", messages=answered, tools=tools, stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == said.choices[0].message.content
    assert chunks[-1].usage == said.usage
    assert len(chunks) > 4
    streamed = [c for c in client.chat.completions.create(**call, tools=tools, stream=True) if c.choices]
    arguments = "".join(t.function.arguments for c in streamed for t in c.choices[0].delta.tool_calls or [])
    assert arguments == asked_for.function.arguments

    rows = client.embeddings.create(model="text-embedding-3-small", input=["late fee", "late fee", "holiday"]).data
    assert rows[0].embedding == rows[1].embedding != rows[2].embedding

    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(**call, extra_headers={"x-mock-status": "500"})
    with pytest.raises(openai.RateLimitError) as limited:
        client.chat.completions.create(**call, extra_headers={"x-mock-status": "429"})
    assert limited.value.response.headers["retry-after"] == "1"
    with pytest.raises(openai.BadRequestError, match="messages"):
        client.chat.completions.create(model="gpt-4o-mini", messages=[])


@pytest.mark.covers("demo-provider")
def test_openais_client_gets_responses_with_calls_thoughts_and_usage_whole_and_streamed(
    openai: Any, client: Any
) -> None:
    """The client puts the stream together itself, and refuses events that do not fit each other."""
    weather = {"type": "function", "strict": False, **WEATHER}
    call = {"model": "gpt-5-mini", "instructions": "Be brief.", "input": ASKED, "tools": [weather]}
    thinking = {"reasoning": {"effort": "high", "summary": "auto"}}
    whole = client.responses.create(**call, **thinking)
    thought, wanted = whole.output
    assert (whole.status, thought.type, wanted.type, wanted.name) == (
        "completed",
        "reasoning",
        "function_call",
        "get_weather",
    )
    assert json.loads(wanted.arguments) == {"city": ASKED, "days": 3}
    used = whole.usage
    assert used.output_tokens_details.reasoning_tokens == count_tokens(thought.summary[0].text) > 10
    assert used.output_tokens == used.output_tokens_details.reasoning_tokens + count_tokens(
        f"get_weather {wanted.arguments}"
    )
    assert used.total_tokens == used.input_tokens + used.output_tokens

    history = [
        {"role": "user", "content": [{"type": "input_text", "text": ASKED}]},
        *(item.model_dump(exclude_none=True) for item in whole.output),
        {"type": "function_call_output", "call_id": wanted.call_id, "output": "Rain."},
    ]
    told = {"model": "gpt-5-mini", "input": history, "tools": [weather]}
    said = client.responses.create(**told)
    assert "Rain." in said.output_text
    assert said.usage.output_tokens == count_tokens(said.output_text)
    assert said.usage.output_tokens_details.reasoning_tokens == 0
    for asked, expected in (({**call, **thinking}, whole), (told, said)):
        with client.responses.stream(**asked) as stream:
            kinds = [event.type for event in stream]
            put_together = stream.get_final_response()
        assert kinds[:2] == ["response.created", "response.in_progress"]
        assert kinds[-1] == "response.completed"
        assert (put_together.output_text, put_together.usage) == (expected.output_text, expected.usage)
    deltas = [e.delta for e in client.responses.create(**told, stream=True) if e.type == "response.output_text.delta"]
    assert "".join(deltas) == said.output_text
    assert len(deltas) > 2
    arguments = [
        e.delta
        for e in client.responses.create(**call, stream=True)
        if e.type == "response.function_call_arguments.delta"
    ]
    assert "".join(arguments) == wanted.arguments

    loop = "Search again until all sources agree."
    search = {"type": "function", "name": "search", "parameters": {}, "strict": False}
    refused = client.responses.create(model="m", instructions=loop, input=history, tools=[search], tool_choice="none")
    assert refused.output[0].content[0].type == "refusal"
    with pytest.raises(openai.BadRequestError, match="input"):
        client.responses.create(model="m", input=[])
    with pytest.raises(openai.BadRequestError, match="previous_response_id"):
        client.responses.create(model="m", input="And then?", previous_response_id="resp_1")


@pytest.mark.covers("demo-provider")
def test_anthropics_dialect_whole_and_streamed(provider: Provider) -> None:
    """Events in Anthropic's order; the pieces make the whole."""
    tools = [{"name": "get_weather", "description": WEATHER["description"], "input_schema": WEATHER["parameters"]}]
    body = {"model": "claude-haiku", "max_tokens": 50, "tools": tools, "messages": [{"role": "user", "content": ASKED}]}
    headers = {"x-api-key": "any"}
    with httpx.Client(base_url=provider.url, headers=headers, timeout=30) as http:
        whole = http.post("/v1/messages", json=body).json()
        assert (whole["stop_reason"], whole["content"][0]["name"]) == ("tool_use", "get_weather")
        streamed = http.post("/v1/messages", json={**body, "stream": True}).text
        events = [json.loads(line[6:]) for line in streamed.splitlines() if line.startswith("data: ")]
        assert [e["type"] for e in events][:2] == ["message_start", "content_block_start"]
        assert [e["type"] for e in events][-3:] == ["content_block_stop", "message_delta", "message_stop"]
        pieces = "".join(e["delta"]["partial_json"] for e in events if e["type"] == "content_block_delta")
        assert json.loads(pieces) == whole["content"][0]["input"]
        assert events[-2]["usage"]["output_tokens"] == whole["usage"]["output_tokens"]
        refused = http.post("/v1/messages", json={**body, "max_tokens": None})
        assert (refused.status_code, refused.json()["error"]["type"]) == (400, "invalid_request_error")


def test_a_share_of_requests_fails_by_the_seed() -> None:
    """The same ones for the same seed."""

    def luck(seed: int) -> list[int | None]:
        with Provider(seed, fail_share=0.2, limit_share=0.2) as made:
            return [made.bad_luck() for _ in range(50)]

    assert luck(7) == luck(7) != luck(8)
    assert {500, 429, None} == set(luck(7))
