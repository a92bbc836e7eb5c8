"""One block of a message's content, in any provider's words, into a part. A table of shapes, the first match wins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tapetum_server.processors.messages.decoding import decode
from tapetum_server.processors.messages.media import media_part
from tapetum_server.processors.messages.message import Found, Part, generic, text

Block = Mapping[str, Any]
ARGUMENTS_NOT_JSON = "tool_arguments_not_json"

_TEXT_TYPES = frozenset({"text", "input_text", "output_text", "summary_text", "refusal"})
_REASONING_TYPES = frozenset({"thinking", "reasoning", "reasoning_content", "redacted_thinking", "thought"})
_CALL_TYPES = frozenset({"tool_call", "tool_use", "tool-call", "function_call", "server_tool_use", "mcp_call"})
_RESPONSE_TYPES = frozenset({
    "tool_call_response", "tool_result", "tool-result", "function_call_output", "web_search_tool_result",
    "mcp_tool_result", "tool_response",
})  # fmt: skip


def part_of(block: Any, found: Found) -> Part | None:
    """The part that a block is; `None` for one that says nothing."""
    if isinstance(block, str):
        return text(block) if block else None
    if block is None:
        return None
    if not isinstance(block, Mapping):
        return generic(block)
    said = block.get("type")
    kind = said if isinstance(said, str) else None
    for fits, read in _SHAPES:
        if fits(block, kind):
            return read(block, found)
    return media_part(block, kind) or generic(dict(block))


def call_part(block: Block, found: Found) -> Part:
    """A tool call: OpenAI's has it under `function`, all others directly."""
    inner = _first(block, "function", "functionCall", "function_call", "toolUse", "tool_call")
    source: Block = {**block, **inner} if isinstance(inner, Mapping) else block
    part = Part(type="tool_call", name=_said(source, "name", "toolName", "tool_name"))
    if identity := _said(source, "call_id", "id", "toolCallId", "tool_call_id", "toolUseId"):
        part["id"] = identity
    part["arguments"] = arguments_of(_first(source, "arguments", "args", "input", "parameters"), found)
    return part


def arguments_of(said: Any, found: Found) -> Any:
    """Arguments as a value; text that is no JSON stays text, and is flagged."""
    if not isinstance(said, str):
        return said
    if not said.strip():
        return {}
    value, _wrong = decode(said)
    if isinstance(value, str) or _wrong:
        found.flag(ARGUMENTS_NOT_JSON)
        return said
    return value


def response_part(block: Block, found: Found) -> Part:
    """What a tool answered."""
    inner = _first(block, "functionResponse", "function_response", "toolResult")
    source: Block = {**block, **inner} if isinstance(inner, Mapping) else block
    part = Part(type="tool_call_response")
    if identity := _said(source, "call_id", "tool_use_id", "toolCallId", "tool_call_id", "toolUseId", "id"):
        part["id"] = identity
    if name := _said(source, "name", "toolName", "tool_name"):
        part["name"] = name
    part["response"] = response_of(_first(source, "response", "result", "output", "content"))
    if source.get("is_error") is True or source.get("isError") is True or source.get("status") == "error":
        part["is_error"] = True
    return part


def response_of(said: Any) -> Any:
    """A response without the wrapping that says only that it is text or JSON."""
    if isinstance(said, list) and said and all(map(_is_text, said)):
        return "\n".join(str(_first(one, "text", "content")) for one in said)
    if isinstance(said, Mapping) and set(said) == {"type", "value"}:
        return said["value"]
    if isinstance(said, list) and len(said) == 1 and isinstance(said[0], Mapping) and set(said[0]) == {"json"}:
        return said[0]["json"]
    return said


def _is_text(block: Any) -> bool:
    return (
        isinstance(block, Mapping)
        and block.get("type") in (None, *_TEXT_TYPES)
        and set(block) <= {"type", "text", "content", "annotations", "cache_control"}
        and isinstance(_first(block, "text", "content"), str)
    )


def _text(block: Block, found: Found) -> Part | None:
    said = _first(block, "content", "text", "refusal", "output_text")
    if isinstance(said, Mapping):
        said = said.get("value")  # the Assistants API
    if not isinstance(said, str):
        return generic(dict(block)) if said else None
    return text(said) if said else None


def _reasoning(block: Block, found: Found) -> Part | None:
    said = _first(block, "content", "thinking", "text", "reasoning", "reasoningText", "summary", "reasoning_content")
    if isinstance(said, Mapping):
        said = _first(said, "text", "reasoningText")
        said = said.get("text") if isinstance(said, Mapping) else said
    if isinstance(said, list):
        said = "\n".join(str(_first(one, "text", "content") or "") for one in said if isinstance(one, Mapping))
    if not isinstance(said, str) or not said:
        return Part(type="reasoning", content="") if block.get("type") == "redacted_thinking" else None
    return Part(type="reasoning", content=said)


def _generic(block: Block, found: Found) -> Part:
    return generic(block.get("value", dict(block)) if "value" in block else dict(block))


def _has(*keys: str) -> Callable[[Block, Any], bool]:
    return lambda block, _kind: any(isinstance(block.get(key), Mapping) for key in keys)


_SHAPES: tuple[tuple[Callable[[Block, Any], bool], Callable[[Block, Found], Part | None]], ...] = (
    (lambda block, kind: kind in _RESPONSE_TYPES, response_part),
    (_has("functionResponse", "function_response", "toolResult"), response_part),
    (lambda block, kind: kind in _CALL_TYPES, call_part),
    (lambda block, kind: kind == "function" and isinstance(block.get("function"), Mapping), call_part),
    (_has("functionCall", "function_call", "toolUse"), call_part),
    (lambda block, kind: "toolCallId" in block and "toolName" in block and "result" not in block, call_part),
    (lambda block, kind: kind in _REASONING_TYPES or block.get("thought") is True, _reasoning),
    (_has("reasoningContent"), lambda block, found: _reasoning(block["reasoningContent"], found)),
    (lambda block, kind: kind in _TEXT_TYPES, _text),
    (lambda block, kind: kind is None and isinstance(block.get("text"), str), _text),
    (lambda block, kind: kind == "generic", _generic),
)  # fmt: skip


def _first(source: Block, *keys: str) -> Any:
    return next((source[key] for key in keys if source.get(key) is not None), None)


def _said(source: Block, *keys: str) -> str:
    value = _first(source, *keys)
    return "" if value is None else str(value)[:512]
