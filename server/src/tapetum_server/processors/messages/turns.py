"""One message, in any library's words, into a canonical one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tapetum_server.processors.messages.blocks import call_part, part_of, response_of
from tapetum_server.processors.messages.decoding import decode
from tapetum_server.processors.messages.message import (
    MAX_PARTS,
    ROLES,
    Found,
    Message,
    Part,
    finished,
    role_of,
    text,
)

TOO_MANY_PARTS = "more_than_2000_parts"
_CONTENT = ("parts", "contents", "content", "text")
_ITEMS = frozenset({"function_call", "function_call_output", "reasoning", "mcp_call", "web_search_call"})
"""Items of the Responses API that stand among messages and have no role."""


def is_turn(value: Any) -> bool:
    """Whether a value has the shape of one message."""
    if not isinstance(value, Mapping):
        return False
    if "lc" in value and isinstance(value.get("kwargs"), Mapping):
        return "messages" not in value["kwargs"]
    if isinstance(value.get("role"), str):
        return any(key in value for key in (*_CONTENT, "tool_calls", "function_call", "toolCalls", "type"))
    kind = value.get("type")
    if isinstance(kind, str) and kind in _ITEMS:
        return True
    return isinstance(kind, str) and kind.lower() in ROLES and "content" in value


def turn_of(value: Mapping[str, Any], found: Found, otherwise: str) -> Message:
    """The canonical message of a value for which `is_turn` holds."""
    kind = value.get("type")
    if "lc" in value and isinstance(value.get("kwargs"), Mapping):
        identity = value.get("id")
        kind = identity[-1] if isinstance(identity, list) and identity else kind
        value = {"type": kind, **value["kwargs"]}
        kind = value.get("type")
    if isinstance(kind, str) and kind in _ITEMS and "role" not in value:
        part = part_of(value, found)
        return finished(Message(role="assistant", parts=[part] if part else []))
    role = role_of(value.get("role") or kind, otherwise)
    parts = _reasoning(value) + content_parts(_content(value), found)
    calls = value.get("tool_calls") or value.get("toolCalls") or _extra(value).get("tool_calls") or []
    for call in calls if isinstance(calls, list) else []:
        inner = call.get("tool_call") if isinstance(call, Mapping) else None
        call = inner if isinstance(inner, Mapping) else call
        if isinstance(call, Mapping):
            parts.append(call_part(call, found))
    single = value.get("function_call") or _extra(value).get("function_call")
    if isinstance(single, Mapping) and not calls:
        parts.append(call_part(single, found))
    refusal = value.get("refusal")
    if isinstance(refusal, str) and refusal:
        parts.append(text(refusal))
    answered = value.get("tool_call_id") or value.get("toolCallId")
    if role == "tool" and not any(part["type"] == "tool_call_response" for part in parts):
        parts = [_response(value, parts, answered)] if parts else []
    audio = value.get("audio")
    if isinstance(audio, Mapping) and (part := part_of({"type": "audio", **audio}, found)):
        parts.append(part)
    name = value.get("name") if role != "tool" else None
    return finished(Message(role=role, parts=parts), _finish(value), name)


def content_parts(content: Any, found: Found) -> list[Part]:
    """The parts of a message's content: prose, one block, or a list of blocks."""
    if isinstance(content, str) and content.lstrip()[:2] in ("[{", '["'):
        # Strands writes the list of blocks as JSON text; prose in brackets stays prose.
        value, wrong = decode(content)
        if wrong is None and isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
            blocks = [part_of(one, found) for one in value[:MAX_PARTS]]
            if all(part is None or part["type"] != "generic" for part in blocks):
                return [part for part in blocks if part]
        return [text(content)]
    if isinstance(content, list):
        if len(content) > MAX_PARTS:
            found.flag(TOO_MANY_PARTS)
        unwrapped = (_unwrapped(block) for block in content[:MAX_PARTS])
        return [part for block in unwrapped if (part := part_of(block, found))]
    part = part_of(_unwrapped(content), found)
    return [part] if part else []


def _unwrapped(block: Any) -> Any:
    """OpenInference calls a block `message_content`."""
    inner = block.get("message_content") if isinstance(block, Mapping) else None
    return inner if isinstance(inner, Mapping) else block


def _content(value: Mapping[str, Any]) -> Any:
    """OpenInference has the blocks in `contents` and their text again in `content`."""
    said = [value[key] for key in _CONTENT if value.get(key) not in (None, "", [])]
    return said[0] if said else None


def _response(value: Mapping[str, Any], parts: list[Part], answered: Any) -> Part:
    content = _content(value)
    part = Part(type="tool_call_response", response=response_of(content) if content is not None else parts)
    if identity := answered or value.get("id"):
        part["id"] = str(identity)[:512]
    if isinstance(value.get("name"), str):
        part["name"] = value["name"][:512]
    if value.get("status") == "error":
        part["is_error"] = True
    return part


def _reasoning(value: Mapping[str, Any]) -> list[Part]:
    for source in (value, _extra(value)):
        for key in ("reasoning_content", "reasoning"):
            said = source.get(key)
            if isinstance(said, str) and said:
                return [Part(type="reasoning", content=said)]
    return []


def _extra(value: Mapping[str, Any]) -> Mapping[str, Any]:
    extra = value.get("additional_kwargs")
    return extra if isinstance(extra, Mapping) else {}


def _finish(value: Mapping[str, Any]) -> Any:
    about = value.get("response_metadata")
    inner = about.get("finish_reason") or about.get("stop_reason") if isinstance(about, Mapping) else None
    return value.get("finish_reason") or value.get("stop_reason") or value.get("finishReason") or inner
