"""OpenAI's chat and Anthropic's messages, as the mock provider speaks them.

Requests are read into an `Ask`, replies written as JSON and as events.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tapetum_demo.provider_script import Ask, Reply, Tool

Json = dict[str, Any]
Event = tuple[str | None, Json | str]
"""The name of a server-sent event (OpenAI's chat has none) and its data."""
_PIECE = re.compile(r"\s*\S+(?:\s+\S+){0,3}")


class BadRequest(ValueError):
    """The request is none of this dialect; the message names the field."""


def read_openai(body: Mapping[str, Any]) -> Ask:
    """A request of `POST /v1/chat/completions`."""
    messages = _messages(body)
    systems = [text_of(m.get("content")) for m in messages if m.get("role") in ("system", "developer")]
    users = [i for i, m in enumerate(messages) if m.get("role") == "user"]
    latest = users[-1] if users else -1
    choice = body.get("tool_choice") or "auto"
    return Ask(
        model=str(body.get("model") or "mock"),
        system="\n".join(systems),
        user=text_of(messages[latest].get("content")) if users else "",
        texts=[text_of(m.get("content")) or json.dumps(m.get("tool_calls") or "") for m in messages],
        tools=[
            Tool(name=str(f["name"]), description=str(f.get("description") or ""), schema=f.get("parameters") or {})
            for t in body.get("tools") or []
            if isinstance(f := t.get("function"), dict) and "name" in f
        ],
        results=[text_of(m.get("content")) for m in messages[latest + 1 :] if m.get("role") == "tool"],
        tool_choice=str(choice["function"]["name"]) if isinstance(choice, dict) else str(choice),
    )


def read_anthropic(body: Mapping[str, Any]) -> Ask:
    """A request of `POST /v1/messages`."""
    if not isinstance(body.get("max_tokens"), int):
        raise BadRequest("max_tokens: Field required")
    messages = _messages(body)
    system = text_of(body.get("system"))
    spoken = [i for i, m in enumerate(messages) if m.get("role") == "user" and text_of(m.get("content"))]
    latest = spoken[-1] if spoken else -1
    blocks = [b for m in messages[latest + 1 :] if isinstance(m.get("content"), list) for b in m["content"]]
    choice = body.get("tool_choice") or {"type": "auto"}
    return Ask(
        model=str(body.get("model") or "mock"),
        system=system,
        user=text_of(messages[latest].get("content")) if spoken else "",
        texts=[system, *(text_of(m.get("content")) or json.dumps(m.get("content")) for m in messages)],
        tools=[
            Tool(
                name=str(t["name"]),
                description=str(t.get("description") or ""),
                schema=t.get("input_schema") or {},
            )
            for t in body.get("tools") or []
            if "name" in t
        ],
        results=[text_of(b.get("content")) for b in blocks if b.get("type") == "tool_result"],
        tool_choice={"any": "required", "tool": str(choice.get("name"))}.get(choice["type"], str(choice["type"])),
    )


def openai_answer(ask: Ask, reply: Reply, reply_id: str) -> Json:
    """The answer as one `chat.completion`."""
    message: Json = {"role": "assistant", "content": reply.text or None, "refusal": None}
    if reply.tool:
        message["tool_calls"] = [_openai_call(reply, reply_id)]
    return {
        "id": f"chatcmpl-{reply_id}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": ask.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": _openai_finish(reply)}],
        "usage": _openai_usage(reply),
    }


def openai_events(ask: Ask, reply: Reply, reply_id: str, *, usage: bool) -> Iterator[Event]:
    """The answer as the events of a stream, with a last one that counts tokens where that was asked for."""
    head = {
        "id": f"chatcmpl-{reply_id}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": ask.model,
    }

    def chunk(delta: Json, finish: str | None = None) -> Event:
        more = {"usage": None} if usage else {}
        return None, {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}

    yield chunk({"role": "assistant", "content": None if reply.tool else ""})
    if reply.tool:
        call = _openai_call(reply, reply_id)
        arguments = call["function"]["arguments"]
        yield chunk({"tool_calls": [{"index": 0, **call, "function": {"name": reply.tool, "arguments": ""}}]})
        for piece in pieces(arguments):
            yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    for piece in pieces(reply.text):
        yield chunk({"content": piece})
    yield chunk({}, _openai_finish(reply))
    if usage:
        yield None, {**head, "choices": [], "usage": _openai_usage(reply)}
    yield None, "[DONE]"


def anthropic_answer(ask: Ask, reply: Reply, reply_id: str) -> Json:
    """The answer as one `message`."""
    block = (
        {"type": "tool_use", "id": f"toolu_{reply_id}", "name": reply.tool, "input": dict(reply.arguments)}
        if reply.tool
        else {"type": "text", "text": reply.text}
    )
    return {
        "id": f"msg_{reply_id}",
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": [block],
        "stop_reason": _anthropic_stop(reply),
        "stop_sequence": None,
        "usage": {"input_tokens": reply.input_tokens, "output_tokens": reply.output_tokens},
    }


def anthropic_events(ask: Ask, reply: Reply, reply_id: str) -> Iterator[Event]:
    """The answer as the events of a stream."""
    whole = anthropic_answer(ask, reply, reply_id)
    (block,) = whole["content"]
    usage = {"input_tokens": reply.input_tokens, "output_tokens": 1}
    start = {**whole, "content": [], "stop_reason": None, "usage": usage}
    yield named({"type": "message_start", "message": start})
    empty = {**block, "input": {}} if reply.tool else {**block, "text": ""}
    yield named({"type": "content_block_start", "index": 0, "content_block": empty})
    for piece in pieces(json.dumps(dict(reply.arguments)) if reply.tool else reply.text):
        delta = {"type": "input_json_delta", "partial_json": piece} if reply.tool else {
            "type": "text_delta", "text": piece,
        }  # fmt: skip
        yield named({"type": "content_block_delta", "index": 0, "delta": delta})
    yield named({"type": "content_block_stop", "index": 0})
    end = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield named({"type": "message_delta", "delta": end, "usage": {"output_tokens": reply.output_tokens}})
    yield named({"type": "message_stop"})


def _messages(body: Mapping[str, Any]) -> Sequence[Json]:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(m, dict) for m in messages):
        raise BadRequest("messages: a list of at least one message is required")
    return messages


def text_of(content: Any) -> str:
    """The text of a content: a string, or parts of which some have text."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "\n".join(p["text"] for p in content if isinstance(p, dict) and isinstance(p.get("text"), str))


def pieces(text: str) -> list[str]:
    """A text in the pieces in which it is streamed: a few words each."""
    return _PIECE.findall(text)


def named(data: Json) -> Event:
    """An event that is named by its type."""
    return str(data["type"]), data


def _openai_call(reply: Reply, reply_id: str) -> Json:
    function = {"name": reply.tool, "arguments": json.dumps(dict(reply.arguments))}
    return {"id": f"call_{reply_id}", "type": "function", "function": function}


def _openai_finish(reply: Reply) -> str:
    return "content_filter" if reply.refused else "tool_calls" if reply.tool else "stop"


def _openai_usage(reply: Reply) -> Json:
    return {
        "prompt_tokens": reply.input_tokens,
        "completion_tokens": reply.output_tokens,
        "total_tokens": reply.input_tokens + reply.output_tokens,
    }


def _anthropic_stop(reply: Reply) -> str:
    return "refusal" if reply.refused else "tool_use" if reply.tool else "end_turn"
