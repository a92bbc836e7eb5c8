"""Streams that were recorded piece by piece, put together again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tapetum_server.processors.messages.message import Message, text


def joined_chunks(values: list[Any]) -> Any | None:
    """One response of a list of streamed pieces of OpenAI chat completions; `None` where it is no such list."""
    if not all(isinstance(one, Mapping) and isinstance(one.get("choices"), list) for one in values):
        return None
    if not any(isinstance(choice, Mapping) and "delta" in choice for one in values for choice in one["choices"]):
        return None
    choices: dict[int, dict[str, Any]] = {}
    for chunk in values:
        for choice in chunk["choices"]:
            if not isinstance(choice, Mapping):
                continue
            index = choice.get("index")
            whole = choices.setdefault(index if isinstance(index, int) else 0, {"content": [], "calls": {}})
            whole["reason"] = choice.get("finish_reason") or whole.get("reason")
            delta = choice.get("delta")
            if isinstance(delta, Mapping):
                _add(whole, delta)
    return {"choices": [_choice(whole) for _index, whole in sorted(choices.items())]}


def _add(whole: dict[str, Any], delta: Mapping[str, Any]) -> None:
    if isinstance(delta.get("content"), str):
        whole["content"].append(delta["content"])
    calls = delta.get("tool_calls")
    for call in calls if isinstance(calls, list) else []:
        if not isinstance(call, Mapping):
            continue
        known = whole["calls"].setdefault(str(call.get("index", 0)), {"id": "", "name": "", "arguments": []})
        function = call.get("function")
        function = function if isinstance(function, Mapping) else {}
        known["id"] = known["id"] or call.get("id") or ""
        known["name"] = known["name"] or function.get("name") or ""
        known["arguments"].append(function.get("arguments") or "")


def _choice(whole: dict[str, Any]) -> dict[str, Any]:
    calls = [
        {"id": one["id"], "name": one["name"], "arguments": "".join(map(str, one["arguments"]))}
        for one in whole["calls"].values()
    ]
    message = {"role": "assistant", "content": "".join(whole["content"]), "tool_calls": calls}
    return {"message": message, "finish_reason": whole.get("reason")}


def merged(messages: list[Message], value: Any, role: str) -> list[Message]:
    """Gemini's streams come as one message of the model per piece: an answer is one message."""
    if role != "assistant" or len(messages) < 2 or not isinstance(value, list) or not all(map(_piece, value)):
        return messages
    if any(part["type"] not in ("text", "reasoning") for message in messages for part in message["parts"]):
        return messages
    if len({message["role"] for message in messages}) > 1:
        return messages
    pieces = [part for message in messages for part in message["parts"]]
    answer = Message(role="assistant", parts=[])
    thoughts = "".join(part.get("content", "") for part in pieces if part["type"] == "reasoning")
    said = "".join(part.get("content", "") for part in pieces if part["type"] == "text")
    if thoughts:
        answer["parts"].append({"type": "reasoning", "content": thoughts})
    if said:
        answer["parts"].append(text(said))
    if reason := messages[-1].get("finish_reason"):
        answer["finish_reason"] = reason
    return [answer]


def _piece(value: Any) -> bool:
    return isinstance(value, Mapping) and (value.get("role") in ("model", "system") or "candidates" in value)
