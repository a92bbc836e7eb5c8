"""`tapetum.llm`: calls of models by hand, whole and streamed, from pieces as providers really send them."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from opentelemetry.trace import SpanKind, StatusCode
from test_observe import Ended, ended, said

import tapetum
from tapetum import semconv

__all__ = ["ended"]  # the fixture

CHAT = [
    {"id": "c-1", "model": "gpt-4o-mini-2024", "choices": [{"delta": {"role": "assistant", "content": ""}}]},
    {"id": "c-1", "choices": [{"delta": {"content": "Rain"}}]},
    {"id": "c-1", "choices": [{"delta": {"content": " in Oslo"}}]},
    {"id": "c-1", "choices": [{"delta": {"tool_calls": [{"index": 0, "id": "t-1", "function": {"name": "map", "arguments": ""}}]}}]},
    {"id": "c-1", "choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": '{"city": '}}]}}]},
    {"id": "c-1", "choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": '"Oslo"}'}}]}}]},
    {"id": "c-1", "choices": [{"delta": {}, "finish_reason": "tool_calls"}]},
    {"id": "c-1", "choices": [], "usage": {
        "prompt_tokens": 30, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 10},
        "completion_tokens_details": {"reasoning_tokens": 4}}},
]  # fmt: skip
ANTHROPIC = [
    {"type": "message_start", "message": {"id": "m-1", "model": "claude-x", "usage": {
        "input_tokens": 20, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 3, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Where?"}},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Rain in Oslo"}},
    {"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "t-1", "name": "map"}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '{"city": "Oslo"}'}},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"},
]  # fmt: skip
RESPONSES = [
    {"type": "response.created", "response": {"id": "r-1"}},
    {"type": "response.output_text.delta", "delta": "Rain in "},
    {"type": "response.output_text.delta", "delta": "Oslo"},
    {"type": "response.completed", "response": {
        "id": "r-1", "model": "gpt-5", "status": "completed",
        "output": [
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Rain in Oslo"}]},
            {"type": "function_call", "call_id": "t-1", "name": "map", "arguments": '{"city": "Oslo"}'}],
        "usage": {"input_tokens": 30, "input_tokens_details": {"cached_tokens": 10}, "output_tokens": 9,
                  "output_tokens_details": {"reasoning_tokens": 4}}}},
]  # fmt: skip
MAP = {"type": "tool_call", "id": "t-1", "name": "map", "arguments": {"city": "Oslo"}}


def text(content: str) -> dict[str, str]:
    return {"type": "text", "content": content}


def answered(attributes: dict[str, Any]) -> Any:
    return json.loads(attributes[semconv.GEN_AI_OUTPUT_MESSAGES])


@pytest.mark.covers("sdk-llm")
def test_a_call_says_what_was_asked_answered_and_used_in_the_words_of_the_conventions(ended: Ended) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [
            {"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 100}}]},
        {"role": "assistant", "tool_calls": [{"id": "t-0", "function": {"name": "look", "arguments": "not JSON"}}]},
        {"role": "tool", "tool_call_id": "t-0", "content": "a cat"},
    ]  # fmt: skip
    answer = {
        "id": "c-9", "object": "chat.completion", "model": "gpt-4o-mini-2024", "usage": CHAT[-1]["usage"],
        "choices": [{"message": {"role": "assistant", "content": "A cat."}, "finish_reason": "stop"}],
    }  # fmt: skip
    with tapetum.llm(
        "gpt-4o-mini", provider="openai", input=messages, temperature=0.2, tools=[{"name": "look"}]
    ) as call:
        call.output(answer)
    with tapetum.llm("own", input="Hi", system="Be brief.", attributes={"app.tenant": "acme"}) as call:
        call.output("Hello", finish_reason="stop", response_id="o-1", response_model="own-2")
        call.usage(input_tokens=3, output_tokens=1)
    one, two = ended()
    assert (one.name, one.kind) == ("chat gpt-4o-mini", SpanKind.CLIENT)
    of = said(one)
    assert [m["parts"] for m in json.loads(of[semconv.GEN_AI_INPUT_MESSAGES])] == [
        [text("Be brief.")],
        [text("What is this?"), {"type": "uri", "modality": "image", "uri": "https://x/y.png"},
         {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "A" * 100}],
        [{"type": "tool_call", "id": "t-0", "name": "look", "arguments": "not JSON"}],
        [{"type": "tool_call_response", "id": "t-0", "response": "a cat"}],
    ]  # fmt: skip
    assert answered(of) == [{"role": "assistant", "parts": [text("A cat.")], "finish_reason": "stop"}]
    assert {key: value for key, value in of.items() if "usage" in key or "response" in key or "request" in key} == {
        "gen_ai.request.model": "gpt-4o-mini", "gen_ai.request.temperature": 0.2, "gen_ai.response.id": "c-9",
        "gen_ai.response.model": "gpt-4o-mini-2024", "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 30, "gen_ai.usage.output_tokens": 9,
        "gen_ai.usage.cache_read.input_tokens": 10, "gen_ai.usage.reasoning.output_tokens": 4,
    }  # fmt: skip
    of = said(two)
    assert json.loads(of[semconv.GEN_AI_SYSTEM_INSTRUCTIONS]) == [text("Be brief.")]
    assert (of["app.tenant"], of["gen_ai.response.id"], of["gen_ai.response.model"]) == ("acme", "o-1", "own-2")
    assert (of["gen_ai.usage.input_tokens"], of["gen_ai.usage.output_tokens"]) == (3, 1)


@pytest.mark.covers("sdk-llm-stream")
@pytest.mark.parametrize(
    ("pieces", "tokens", "parts"),
    [
        (CHAT, (30, 9, 10, None, 4), [text("Rain in Oslo"), MAP]),
        (ANTHROPIC, (30, 9, 7, 3, None), [{"type": "reasoning", "content": "Where?"}, text("Rain in Oslo"), MAP]),
        (RESPONSES, (30, 9, 10, None, 4), [text("Rain in Oslo"), MAP]),
    ],
    ids=["chat", "anthropic", "responses"],
)
@pytest.mark.parametrize("waits", [False, True], ids=["sync", "async"])
def test_a_stream_is_put_together_while_it_passes(
    ended: Ended, pieces: list[Any], tokens: tuple[Any, ...], parts: list[Any], waits: bool
) -> None:
    async def source() -> AsyncIterator[Any]:
        for piece in pieces:
            await asyncio.sleep(0)
            yield piece

    async def read() -> list[Any]:
        async with tapetum.llm("m") as call:
            return [piece async for piece in call.stream(source())]

    if waits:
        passed = asyncio.run(read())
    else:
        with tapetum.llm("m") as call:
            passed = list(call.stream(iter(pieces)))
    assert passed == pieces
    (span,) = ended()
    of = said(span)
    (message,) = answered(of)
    assert message["parts"] == parts
    usage = ("input_tokens", "output_tokens", "cache_read.input_tokens", "cache_write.input_tokens")
    assert tuple(of.get(f"gen_ai.usage.{key}") for key in (*usage, "reasoning.output_tokens")) == tokens
    assert of[semconv.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK] >= 0
    assert of[semconv.GEN_AI_REQUEST_STREAM] is True


@pytest.mark.covers("sdk-llm-stream")
def test_a_stream_that_is_left_breaks_or_outlives_its_block_ends_the_span_with_what_came(ended: Ended) -> None:
    class Broken(Exception):
        pass

    def words(*given: str, then: Exception | None = None) -> Iterator[dict[str, str]]:
        for word in given:
            yield {"w": word}
        if then is not None:
            raise then

    def pick(piece: dict[str, str]) -> str:
        return piece["w"]

    with tapetum.llm("left") as call:
        for _ in call.stream(words("a", "b", "c"), text=pick):
            break
    with pytest.raises(Broken), tapetum.llm("broken") as call:
        list(call.stream(words("a", "b", then=Broken("gone")), text=pick))
    with pytest.raises(Broken), tapetum.llm("consumer") as call:
        stream = call.stream(words("a", "b", "c"), text=pick)
        next(stream)
        raise Broken("mine")

    def served() -> Any:
        with tapetum.llm("outlives") as call:
            return call.stream(words("a", "b", "c"), text=pick)

    later = served()
    assert [span.name for span in ended()] == ["chat left", "chat broken", "chat consumer"]
    assert list(later) == [{"w": "a"}, {"w": "b"}, {"w": "c"}]

    closed = served()
    next(closed)
    closed.close()

    async def cancelled() -> None:
        async def slow() -> AsyncIterator[str]:
            yield "a"
            await asyncio.sleep(600)

        async def read() -> None:
            async with tapetum.llm("cancelled") as call:
                async for _ in call.stream(slow()):
                    pass

        task = asyncio.create_task(read())
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancelled())
    found = [(s.name.split()[1], answered(said(s))[0]["parts"][0]["content"], s.status.status_code) for s in ended()]
    fine, failed = StatusCode.UNSET, StatusCode.ERROR
    assert found == [
        ("left", "a", fine), ("broken", "ab", failed), ("consumer", "a", failed), ("outlives", "abc", fine),
        ("outlives", "a", fine), ("cancelled", "a", fine),
    ]  # fmt: skip


@pytest.mark.covers("sdk-llm")
def test_content_is_bounded_and_can_be_left_out(ended: Ended) -> None:
    long = [{"role": "user", "content": "x" * 200_000}, {"role": "user", "content": "y" * 200_000}]
    with tapetum.llm("m", input=long, capture_output=False) as call:
        call.output("secret")
        call.usage(input_tokens=1)
    with tapetum.llm("m", input="Hi", capture_input=False) as call:
        call.output("kept")
    one, two = ended()
    old, new = json.loads(said(one)[semconv.GEN_AI_INPUT_MESSAGES])
    assert len(new["parts"][0]["content"]) == 200_000  # the newest stays whole
    assert 50_000 < len(old["parts"][0]["content"]) < 70_000
    assert semconv.GEN_AI_OUTPUT_MESSAGES not in said(one)
    assert said(one)["gen_ai.usage.input_tokens"] == 1
    assert semconv.GEN_AI_INPUT_MESSAGES not in said(two)
    assert answered(said(two))[0]["parts"] == [text("kept")]


PNG = bytes(range(99))
PNG_64 = base64.b64encode(PNG).decode()
CAT = {"type": "blob", "modality": "image", "mime_type": "image/png", "content": PNG_64}
SAID = {"type": "blob", "modality": "audio", "mime_type": "audio/wav", "content": PNG_64}


@pytest.mark.covers("sdk-llm-media")
@pytest.mark.parametrize(
    ("block", "part"),
    [
        ({"type": "image", "data": PNG, "mime_type": "image/png"}, CAT),
        ({"type": "image", "uri": "s3://b/cat.png"}, {"type": "uri", "modality": "image", "uri": "s3://b/cat.png"}),
        ({"type": "audio", "file_id": "f-1"}, {"type": "file", "modality": "audio", "file_id": "f-1"}),
        ({"type": "blob", "modality": "image", "mime_type": "image/png", "content": bytearray(PNG)}, CAT),
        # OpenAI's chat and responses
        ({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG_64}", "detail": "low"}}, CAT),
        ({"type": "input_image", "image_url": "https://x/y.png"}, {"type": "uri", "modality": "image", "uri": "https://x/y.png"}),
        ({"type": "input_image", "file_id": "f-1"}, {"type": "file", "modality": "image", "file_id": "f-1"}),
        ({"type": "input_audio", "input_audio": {"data": PNG_64, "format": "wav"}}, SAID),
        ({"type": "file", "file": {"filename": "a.wav", "file_data": f"data:audio/wav;base64,{PNG_64}"}}, {**SAID, "name": "a.wav"}),
        # Anthropic
        ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG_64}}, CAT),
        ({"type": "document", "source": {"type": "url", "url": "https://x/y.pdf"}},
         {"type": "uri", "modality": "document", "uri": "https://x/y.pdf"}),
        ({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Hi"}}, text("Hi")),
        # Percent-encoded, as pictures of text are
        ({"type": "image_url", "image_url": {"url": "data:image/svg+xml,%3Csvg/%3E"}},
         {"type": "blob", "modality": "image", "mime_type": "image/svg+xml", "content": "PHN2Zy8+"}),
        pytest.param(PNG, {"type": "blob", "modality": "file", "content": PNG_64}, id="bytes"),
    ],
)  # fmt: skip
def test_images_and_sounds_of_any_client_are_parts_of_the_conventions(ended: Ended, block: Any, part: Any) -> None:
    with tapetum.llm("m", input=[{"role": "user", "content": [block]}]) as call:
        call.output({"role": "assistant", "parts": [block]} if isinstance(block, dict) else block)
    (span,) = ended()
    (asked,) = json.loads(said(span)[semconv.GEN_AI_INPUT_MESSAGES])
    assert asked["parts"] == [part]
    assert answered(said(span))[0]["parts"] == [part]
    assert semconv.TAPETUM_OMITTED_MEDIA not in said(span)


@pytest.mark.covers("sdk-llm-media")
def test_what_is_too_large_is_named_and_counted_and_never_cut_amid(ended: Ended) -> None:
    def image(size: int) -> dict[str, Any]:
        return {"type": "image", "data": bytes(size), "mime_type": "image/png"}

    whole = 64 * 1024
    left_out = {"type": "blob", "modality": "image", "mime_type": "image/png", "content": ""}
    history = [
        {"role": "user", "content": [image(whole)]}, {"role": "user", "content": [image(whole), image(whole)]},
        {"role": "tool", "tool_call_id": "t", "content": [{"type": "text", "text": "x" * 300_000}, image(whole + 1)]},
    ]  # fmt: skip
    details = {"cached_tokens": 3, "audio_tokens": 20, "image_tokens": 5}
    used = {"prompt_tokens": 40, "prompt_tokens_details": details, "completion_tokens": 30,
            "completion_tokens_details": {"audio_tokens": 25}}  # fmt: skip
    heard = {"id": "a-1", "data": base64.b64encode(bytes(whole + 2)).decode(), "transcript": "Meow."}
    with tapetum.llm("m", input=history) as call:
        call.output({"role": "assistant", "content": None, "audio": heard})
        call.usage(used, audio_input_tokens=21)
    with tapetum.llm("m", input={"role": "assistant", "audio": {"id": "a-1"}}):
        pass
    one, two = ended()
    oldest, middle, newest = json.loads(said(one)[semconv.GEN_AI_INPUT_MESSAGES])
    assert newest["parts"][0]["response"][1] == {**left_out, "omitted_bytes": whole + 1}
    # Two of three fit into 256 Ki characters of base64; the newest messages come first, whatever their texts take.
    assert [len(part["content"]) for part in middle["parts"]] == [87_384, 87_384]
    assert oldest["parts"] == [{**left_out, "omitted_bytes": whole}]
    sound = {"type": "blob", "modality": "audio", "content": "", "omitted_bytes": whole + 2}
    assert answered(said(one))[0]["parts"] == [sound, text("Meow.")]
    assert said(one)[semconv.TAPETUM_OMITTED_MEDIA] == 3
    usage = ("audio.input_tokens", "audio.output_tokens", "image.input_tokens", "cache_read.input_tokens")
    assert [said(one)[f"gen_ai.usage.{name}"] for name in usage] == [21, 25, 5, 3]
    (again,) = json.loads(said(two)[semconv.GEN_AI_INPUT_MESSAGES])
    assert again["parts"] == [{"type": "file", "modality": "audio", "file_id": "a-1"}]
