"""Messages of any provider as OpenTelemetry's GenAI conventions write them: roles with parts, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tapetum import _capture

MAX_TEXT = 256 * 1024
"""Characters of all messages of one attribute."""
MAX_MESSAGES = 1000
Message = dict[str, Any]


def input_messages(value: Any) -> list[Message]:
    """A text is what the user says; a mapping is one message; a sequence is several, oldest first."""
    given = [value] if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence) else list(value)
    return [message_of(one, "user") for one in given[-MAX_MESSAGES:]]


def output_messages(value: Any, finish_reason: str | None = None) -> list[Message]:
    """What a model answered, in the same ways."""
    given = [value] if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence) else list(value)
    messages = [message_of(one, "assistant") for one in given[-MAX_MESSAGES:]]
    for message in messages:
        if finish_reason is not None:
            message.setdefault("finish_reason", finish_reason)
    return messages


def message_of(value: Any, role: str) -> Message:
    """One message of OpenAI's or Anthropic's shape, of the conventions' own, or a text."""
    plain = plain_of(value)
    if not isinstance(plain, Mapping):
        return {"role": role, "parts": [_text(plain if isinstance(plain, str) else _capture.text_of(value))]}
    said = str(plain.get("role") or role)
    if isinstance(plain.get("parts"), list):
        return {**plain, "role": said}
    if said in ("tool", "function"):
        answer = {"type": "tool_call_response", "id": plain.get("tool_call_id"), "response": plain.get("content")}
        return {"role": "tool", "parts": [answer]}
    parts = _parts(plain.get("content"))
    parts += [_call(one) for one in plain.get("tool_calls") or [] if isinstance(one, Mapping)]
    if isinstance(plain.get("refusal"), str):
        parts.append({"type": "refusal", "content": plain["refusal"]})
    if not parts and "type" in plain:
        parts = [_part(plain)]  # an item of the Responses API that is no message
    message: Message = {"role": said, "parts": parts}
    for key in ("name", "finish_reason"):
        if isinstance(plain.get(key), str):
            message[key] = plain[key]
    return message


def plain_of(value: Any) -> Any:
    """Objects of providers' clients as the data that they are; pydantic's know how to say it."""
    dump = getattr(value, "model_dump", None)
    if callable(dump) and not isinstance(value, type):
        return dump(exclude_none=True, warnings=False)
    return value


def text_of(messages: Sequence[Message]) -> str:
    """JSON of messages that fits: the newest in full, and of what is too long the beginning."""
    left = [MAX_TEXT]
    kept = [_fitting(message, left) for message in reversed(messages)]
    return json.dumps(kept[::-1], ensure_ascii=False, default=_capture.text_of)


def _parts(content: Any) -> list[Message]:
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [_text(content)]
    if isinstance(content, Sequence):
        return [_part(plain_of(one)) for one in content]
    return [_part(plain_of(content))]


def _part(part: Any) -> Message:
    if not isinstance(part, Mapping):
        return _text(part if isinstance(part, str) else _capture.text_of(part))
    kind = part.get("type")
    if kind in ("text", "input_text", "output_text"):
        return _text(str(part.get("text", part.get("content", ""))))
    if kind in ("tool_use", "function_call"):
        return _call(part)
    if kind in ("tool_result", "function_call_output"):
        answer = part.get("content", part.get("output"))
        return {"type": "tool_call_response", "id": part.get("tool_use_id", part.get("call_id")), "response": answer}
    if kind in ("thinking", "reasoning"):
        return {"type": "reasoning", "content": str(part.get("thinking", part.get("content", part.get("text", ""))))}
    if kind in ("image_url", "input_image"):
        url = part.get("image_url")
        url = url.get("url") if isinstance(url, Mapping) else url
        if isinstance(url, str) and not url.startswith("data:"):
            return {"type": "uri", "modality": "image", "uri": url}
        return {"type": "image", "bytes": len(str(url))}
    if kind in ("image", "document", "input_audio", "audio", "file", "input_file") and "source" not in part:
        return {"type": str(kind), "bytes": len(json.dumps(part, default=str))}
    if kind in ("image", "document"):
        source = part["source"] if isinstance(part["source"], Mapping) else {}
        if isinstance(source.get("url"), str):
            return {"type": "uri", "modality": str(kind), "uri": source["url"]}
        return {"type": str(kind), "mime_type": source.get("media_type"), "bytes": len(str(source.get("data", "")))}
    return dict(part)


def _call(call: Mapping[str, Any]) -> Message:
    """A tool call of OpenAI's chat, OpenAI's responses, or Anthropic."""
    function = call.get("function")
    of: Mapping[str, Any] = function if isinstance(function, Mapping) else call
    arguments = of.get("arguments", call.get("input"))
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            pass  # what the model said, although it is not JSON
    return {
        "type": "tool_call", "id": call.get("call_id", call.get("id")), "name": of.get("name"), "arguments": arguments,
    }  # fmt: skip


def _text(content: str) -> Message:
    return {"type": "text", "content": content}


def _fitting(value: Any, left: list[int]) -> Any:
    """The value with its texts cut to what is left."""
    if isinstance(value, str):
        room = max(0, left[0])
        left[0] -= len(value)
        return value if len(value) <= room else value[:room] + "…"
    if isinstance(value, Mapping):
        return {str(key): _fitting(inner, left) for key, inner in value.items() if inner is not None}
    if isinstance(value, (list, tuple)):
        return [_fitting(inner, left) for inner in value]
    return value
