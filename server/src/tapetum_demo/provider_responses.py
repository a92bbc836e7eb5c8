"""OpenAI's responses, as the mock provider speaks them: requests read into an `Ask`, replies as JSON and as events."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from tapetum_demo.provider_dialects import BadRequest, Event, Json, named, pieces, text_of
from tapetum_demo.provider_script import Ask, Reply, Tool, count_tokens


def read_responses(body: Mapping[str, Any]) -> Ask:
    """A request of `POST /v1/responses`."""
    if body.get("previous_response_id") is not None:
        raise BadRequest("previous_response_id: nothing is remembered here; send the whole conversation as input")
    items = _items(body.get("input"))
    instructions = str(body.get("instructions") or "")
    users = [i for i, item in enumerate(items) if item.get("role") == "user"]
    latest = users[-1] if users else -1
    systems = [text_of(item.get("content")) for item in items if item.get("role") in ("system", "developer")]
    choice = body.get("tool_choice") or "auto"
    return Ask(
        model=str(body.get("model") or "mock"),
        system="\n".join(filter(None, (instructions, *systems))),
        user=text_of(items[latest].get("content")) if users else "",
        texts=[instructions, *map(_said, items)],
        tools=[
            Tool(name=str(t["name"]), description=str(t.get("description") or ""), schema=t.get("parameters") or {})
            for t in body.get("tools") or []
            if t.get("type") == "function"
        ],
        results=[_said(item) for item in items[latest + 1 :] if item.get("type") == "function_call_output"],
        tool_choice=str(choice["name"]) if isinstance(choice, dict) else str(choice),
        effort=str((body.get("reasoning") or {}).get("effort") or ""),
    )


def responses_answer(body: Mapping[str, Any], ask: Ask, reply: Reply, reply_id: str) -> Json:
    """The answer as one `response`; what the request set is told again, as OpenAI's server does."""
    thinking = count_tokens(reply.thought)
    return {
        **_head(body, ask, reply_id),
        "status": "completed",
        "output": _output(body, reply, reply_id),
        "usage": {
            "input_tokens": reply.input_tokens,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": reply.output_tokens,
            "output_tokens_details": {"reasoning_tokens": thinking},
            "total_tokens": reply.input_tokens + reply.output_tokens,
        },
    }


def responses_events(body: Mapping[str, Any], ask: Ask, reply: Reply, reply_id: str) -> Iterator[Event]:
    """The answer as the numbered events of a stream, the last of which has all of it."""
    started = {**_head(body, ask, reply_id), "status": "in_progress", "output": [], "usage": None}
    whole = responses_answer(body, ask, reply, reply_id)
    events: list[Json] = [{"type": f"response.{kind}", "response": started} for kind in ("created", "in_progress")]
    for place, item in enumerate(whole["output"]):
        begun = {**item, **_BEGUN[item["type"]]}
        events.append({"type": "response.output_item.added", "output_index": place, "item": begun})
        events += [{**event, "output_index": place, "item_id": item["id"]} for event in _growth(item)]
        events.append({"type": "response.output_item.done", "output_index": place, "item": item})
    events.append({"type": "response.completed", "response": whole})
    for number, event in enumerate(events):
        yield named({**event, "sequence_number": number})


_BEGUN: dict[str, Json] = {
    "reasoning": {"summary": []},
    "function_call": {"status": "in_progress", "arguments": ""},
    "message": {"status": "in_progress", "content": []},
}


def _growth(item: Json) -> Iterator[Json]:
    """How an item of the output comes into being."""
    if item["type"] == "function_call":
        kind, arguments = "response.function_call_arguments", item["arguments"]
        yield from ({"type": f"{kind}.delta", "delta": piece} for piece in pieces(arguments))
        yield {"type": f"{kind}.done", "name": item["name"], "arguments": arguments}
    elif item["type"] == "reasoning":
        for index, part in enumerate(item["summary"]):
            yield from _part_growth(
                "reasoning_summary_part", "reasoning_summary_text", part, "text", "summary_index", index
            )
    else:
        (part,) = item["content"]
        kind, key = ("refusal", "refusal") if part["type"] == "refusal" else ("output_text", "text")
        yield from _part_growth("content_part", kind, part, key, "content_index", 0)


def _part_growth(of_part: str, of_text: str, part: Json, key: str, index_name: str, index: int) -> Iterator[Json]:
    at = {index_name: index, **({"logprobs": []} if of_text == "output_text" else {})}
    place = {index_name: index}
    yield {"type": f"response.{of_part}.added", **place, "part": {**part, key: ""}}
    yield from ({"type": f"response.{of_text}.delta", **at, "delta": piece} for piece in pieces(part[key]))
    yield {"type": f"response.{of_text}.done", **at, key: part[key]}
    yield {"type": f"response.{of_part}.done", **place, "part": part}


def _head(body: Mapping[str, Any], ask: Ask, reply_id: str) -> Json:
    reasoning = body.get("reasoning") or {}
    return {
        "id": f"resp_{reply_id}",
        "object": "response",
        "created_at": int(time.time()),
        "model": ask.model,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "metadata": body.get("metadata") or {},
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
        "store": False,
        "temperature": body.get("temperature", 1.0),
        "text": {"format": {"type": "text"}},
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": body.get("tools") or [],
        "top_p": body.get("top_p", 1.0),
        "truncation": "disabled",
    }


def _output(body: Mapping[str, Any], reply: Reply, reply_id: str) -> list[Json]:
    output: list[Json] = []
    if reply.thought:
        wanted = bool((body.get("reasoning") or {}).get("summary"))
        summary = [{"type": "summary_text", "text": reply.thought}] if wanted else []
        output.append({"id": f"rs_{reply_id}", "type": "reasoning", "summary": summary})
    if reply.tool:
        call = {"call_id": f"call_{reply_id}", "name": reply.tool, "arguments": json.dumps(dict(reply.arguments))}
        return [*output, {"id": f"fc_{reply_id}", "type": "function_call", "status": "completed", **call}]
    said: Json = (
        {"type": "refusal", "refusal": reply.text}
        if reply.refused
        else {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
    )
    message = {"type": "message", "status": "completed", "role": "assistant", "content": [said]}
    return [*output, {"id": f"msg_{reply_id}", **message}]


def _items(given: Any) -> list[Json]:
    items = [{"role": "user", "content": given}] if isinstance(given, str) and given else given
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise BadRequest("input: a text or a list of at least one item is required")
    return items


def _said(item: Json) -> str:
    """All that an item says: a message its content, a call its arguments, a result its output."""
    told = next((item[key] for key in ("content", "output", "arguments") if item.get(key)), "")
    return text_of(told) or json.dumps(told)
