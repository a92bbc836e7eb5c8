"""Messages that lie flattened over many attributes, or in a span's events, as one JSON text.

Only where no single attribute holds them. The form is OTel's GenAI message JSON: a list of
`{"role", "parts": [{"type": "text" | "tool_call" | "tool_call_response" | …}]}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from tapetum_server.processors.transforms import read_json, to_finish_reason

_ROLES = {
    "gen_ai.system.message": "system", "gen_ai.user.message": "user", "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool", "gen_ai.choice": "assistant",
}  # fmt: skip
MESSAGE_EVENTS = frozenset(_ROLES)
DETAILS = "gen_ai.client.inference.operation.details"
MAX_MESSAGES = 10_000
"""More messages of one span than any call has; the attributes keep them all."""

Message = dict[str, Any]


def flattened_messages(attributes: Mapping[str, Any], prefixes: Sequence[str]) -> str:
    """The messages of `PREFIX.N.…` attributes, of the first prefix that has any; "" where none has."""
    for prefix in prefixes:
        found: dict[int, dict[str, Any]] = {}
        start = len(prefix) + 1
        for key, value in attributes.items():
            if key.startswith(prefix) and key[start - 1 : start] == ".":
                number, _, rest = key[start:].partition(".")
                if number.isdecimal() and len(number) < 6 and rest and len(found) <= MAX_MESSAGES:
                    found.setdefault(int(number), {})[rest.removeprefix("message.")] = value
        messages = [_from_flat(found[number]) for number in sorted(found)]
        if messages:
            return _dump(messages)
    return ""


def _from_flat(flat: Mapping[str, Any]) -> Message:
    parts: list[Message] = []
    content = flat.get("content")
    if content is None:
        content = flat.get("prompt.text", flat.get("completion.text"))
    contents = _indexed(flat, "contents")
    role = str(flat.get("role") or "user")
    if role == "tool" or "tool_call_id" in flat:
        parts.append({"type": "tool_call_response", "id": flat.get("tool_call_id"), "response": content})
    elif isinstance(content, str) and content:
        parts += content_parts(content)
    if not parts:
        for item in contents:
            kind = item.get("message_content.type")
            text = item.get("message_content.text")
            if isinstance(text, str):
                parts.append({"type": "reasoning" if kind == "reasoning" else "text", "content": text})
            elif url := item.get("message_content.image.image.url"):
                parts.append({"type": "uri", "modality": "image", "uri": url})
    for call in _indexed(flat, "tool_calls"):
        call = {k.removeprefix("tool_call.").removeprefix("function."): v for k, v in call.items()}
        parts.append(_call(call.get("id"), call.get("name"), call.get("arguments")))
    if name := flat.get("function_call.name", flat.get("function_call_name")):
        arguments = flat.get("function_call.arguments", flat.get("function_call_arguments_json"))
        parts.append(_call(None, name, arguments))
    message: Message = {"role": role, "parts": parts}
    if name := flat.get("name"):
        message["name"] = name
    if finish := to_finish_reason(flat.get("finish_reason")):
        message["finish_reason"] = finish
    return message


def _indexed(flat: Mapping[str, Any], prefix: str) -> list[dict[str, Any]]:
    out: dict[int, dict[str, Any]] = {}
    for key, value in flat.items():
        if key.startswith(prefix + "."):
            number, _, rest = key[len(prefix) + 1 :].partition(".")
            if number.isdecimal() and len(number) < 6:
                out.setdefault(int(number), {})[rest] = value
    return [out[number] for number in sorted(out)]


def event_messages(events: Sequence[Any]) -> tuple[str, str, str]:
    """(input, output, finish reason) from a span's events: one message each, or all in one event's attributes."""
    asked: list[Message] = []
    answered: list[Message] = []
    whole: dict[str, str] = {}
    finish = ""
    for event in events[:MAX_MESSAGES]:
        said = event.attributes
        if event.name in MESSAGE_EVENTS:
            message = message_of(event.name, said)
            (answered if event.name == "gen_ai.choice" else asked).append(message)
            finish = message.get("finish_reason", "") or finish
        elif event.name == DETAILS:
            for side in ("input", "output"):
                if text := _text(said.get(f"gen_ai.{side}.messages")):
                    whole[side] = text
        elif event.name == "tool.output":
            whole["output"] = next((_text(said[k]) for k in ("output", "content", "result") if said.get(k)), "")
        elif event.name == "gen_ai.content.prompt":
            whole["input"] = _text(said.get("gen_ai.prompt"))
        elif event.name == "gen_ai.content.completion":
            whole["output"] = _text(said.get("gen_ai.completion"))
    return whole.get("input") or _dump(asked), whole.get("output") or _dump(answered), finish


def message_of(event: str, said: Mapping[str, Any]) -> Message:
    """One message from the attributes of a span event, or from the body of a log record, named like `gen_ai.choice`."""
    inner = said
    if event == "gen_ai.choice":
        message = said.get("message", said)
        read = read_json(message) if isinstance(message, str) and message[:1] in "[{" else message
        inner = read if isinstance(read, Mapping) else {"content": message}
    role = inner.get("role") or _ROLES[event]
    content = inner.get("content")
    if event == "gen_ai.tool.message":
        parts: list[Message] = [{"type": "tool_call_response", "id": inner.get("id"), "response": content}]
        if isinstance(content, str) and content.startswith('[{"toolResult"'):
            parts = content_parts(content)
    else:
        parts = content_parts(content)
    calls = inner.get("tool_calls")
    calls = read_json(calls) if isinstance(calls, str) else calls
    for call in calls if isinstance(calls, list) else []:
        if isinstance(call, Mapping):
            function = call.get("function") if isinstance(call.get("function"), Mapping) else call
            parts.append(_call(call.get("id"), function.get("name"), function.get("arguments")))  # type: ignore[union-attr]
    out: Message = {"role": role if isinstance(role, str) else _ROLES[event], "parts": parts}
    if finish := to_finish_reason(said.get("finish_reason", inner.get("finish_reason"))):
        out["finish_reason"] = finish
    return out


def content_parts(content: Any) -> list[Message]:
    """The parts of a message's content: text, or a list of blocks as Bedrock, Anthropic and Gemini write them."""
    if isinstance(content, str) and content[:2] in ("[{", '["'):
        read = read_json(content)
        content = read if isinstance(read, list) else content
    if content is None or content == "":
        return []
    if isinstance(content, Mapping) and isinstance(content.get("parts"), list):
        content = content["parts"]
    if isinstance(content, str):
        return [{"type": "text", "content": content}]
    blocks = content if isinstance(content, list) else [content]
    return [_part(block) for block in blocks]


def _part(block: Any) -> Message:
    if isinstance(block, str):
        return {"type": "text", "content": block}
    if not isinstance(block, Mapping):
        return {"type": "generic", "content": block}
    if isinstance(use := block.get("toolUse"), Mapping):
        return _call(use.get("toolUseId"), use.get("name"), use.get("input"))
    if isinstance(result := block.get("toolResult"), Mapping):
        return {"type": "tool_call_response", "id": result.get("toolUseId"), "response": result.get("content")}
    for name in ("functionCall", "function_call"):
        if isinstance(call := block.get(name), Mapping):
            return _call(call.get("id"), call.get("name"), call.get("args"))
    for name in ("functionResponse", "function_response"):
        if isinstance(result := block.get(name), Mapping):
            return {"type": "tool_call_response", "id": result.get("id"), "response": result.get("response")}
    if block.get("type") == "tool_use":
        return _call(block.get("id"), block.get("name"), block.get("input"))
    if isinstance(text := block.get("text"), str):
        return {"type": "text", "content": text}
    return dict(block) if "type" in block else {"type": "generic", "content": dict(block)}


def _call(call_id: Any, name: Any, arguments: Any) -> Message:
    return {"type": "tool_call", "id": call_id, "name": name, "arguments": arguments}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else _dump(value)


def _dump(value: Any) -> str:
    if not value:
        return ""
    try:
        return orjson.dumps(value, default=str).decode()
    except (orjson.JSONEncodeError, RecursionError):
        return ""
