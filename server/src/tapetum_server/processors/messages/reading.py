"""Any value into messages: requests and responses of every provider are looked through until messages appear."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tapetum_server.processors.messages.blocks import part_of
from tapetum_server.processors.messages.chunks import joined_chunks, merged
from tapetum_server.processors.messages.decoding import decode
from tapetum_server.processors.messages.message import (
    MAX_DEPTH,
    MAX_LOOKS,
    MAX_MESSAGES,
    Found,
    Message,
    finished,
    generic,
    role_of,
    text,
)
from tapetum_server.processors.messages.turns import content_parts, is_turn, turn_of

TOO_MANY = "more_than_20000_messages"
TOO_DEEP = "nested_too_deeply"
SYSTEM_KEYS = (
    "system", "instructions", "system_instruction", "systemInstruction", "system_instructions", "system_prompt",
)  # fmt: skip
_PROSE_KEYS = (
    "input", "question", "query", "prompt", "output", "answer", "text", "result", "response", "content",
    "user_prompt", "completion", "user_input", "final_output",
)  # fmt: skip
_WRAPPERS = ("message", "inputs", "outputs", "kwargs", "value", "data", "input", "output", "response", "result")
"""Keys behind which a library keeps the value itself, when nothing else in it looks like a message."""


def read_messages(value: Any, role: str = "user") -> Found:
    """The messages in a value. `role` is whose words bare text is."""
    found = Found()
    if isinstance(value, str):
        value, wrong = decode(value)
        if wrong:
            found.flag(wrong)
    if value is None or value == "" or value == [] or value == {}:
        return found
    messages = _messages(value, role, found, 0)
    if messages is not None:
        found.shape = "messages"
    elif isinstance(value, str):
        found.shape, messages = "text", [Message(role=role, parts=[text(value)])]
    else:
        found.shape, messages = _plain(value, role)
    if len(messages) > MAX_MESSAGES:
        found.flag(TOO_MANY)
        messages = messages[-MAX_MESSAGES:]
    found.messages = merged(messages, value, role)
    return found


def _plain(value: Any, role: str) -> tuple[str, list[Message]]:
    """A value that holds no message: the one sentence in it, or itself."""
    if isinstance(value, Mapping) and len(value) == 1:
        key, only = next(iter(value.items()))
        if key in _PROSE_KEYS and isinstance(only, str) and only:
            return "text", [Message(role=role, parts=[text(only)])]
    if isinstance(value, list) and len(value) <= 100 and all(isinstance(one, str) and one for one in value):
        return "text", [Message(role=role, parts=[text(one)]) for one in value]
    return "generic", [Message(role=role, parts=[generic(value)])]


def _messages(value: Any, role: str, found: Found, depth: int) -> list[Message] | None:
    """The messages of a value, `None` where it has none."""
    found.looks += 1
    if depth > MAX_DEPTH or found.looks > MAX_LOOKS:
        found.flag(TOO_DEEP)
        return None
    if isinstance(value, list):
        return _list(value, role, found, depth)
    if not isinstance(value, Mapping):
        return None
    for key, read in _ENVELOPES:
        if key in value and (messages := read(value, role, found, depth)) is not None:
            return messages
    if is_turn(value):
        return [turn_of(value, found, role)]
    for key in _WRAPPERS:
        inner = value.get(key)
        if isinstance(inner, (Mapping, list)) and (messages := _messages(inner, role, found, depth + 1)) is not None:
            return messages
    return None


def _list(values: list[Any], role: str, found: Found, depth: int) -> list[Message] | None:
    if not values or not all(isinstance(one, (Mapping, list, str)) for one in values[:MAX_MESSAGES]):
        return None
    if (joined := joined_chunks(values)) is not None:
        return _messages(joined, role, found, depth + 1)
    if any(is_turn(one) for one in values):
        if len(values) > MAX_MESSAGES:
            found.flag(TOO_MANY)
            values = values[-MAX_MESSAGES:]
        return _turns(values, role, found)
    if all(isinstance(one, list) for one in values):
        # LangChain: one list of messages per prompt of a batch.
        batches = [_messages(one, role, found, depth + 1) for one in values]
        return [message for batch in batches if batch for message in batch] if any(batches) else None
    if all(isinstance(one, Mapping) for one in values):
        aside = Found()
        parts = content_parts(values, aside)
        if parts and all(part["type"] != "generic" for part in parts):
            found.flags += [flag for flag in aside.flags if flag not in found.flags]
            return [finished(Message(role=role, parts=parts))]
        if len(values) <= 1_000:
            several = [_messages(one, role, found, depth + 1) for one in values]
            if all(several):
                return [message for messages in several if messages for message in messages]
    return None


def _turns(values: Sequence[Any], role: str, found: Found) -> list[Message]:
    """A history: each turn a message; a stray block or sentence is one of its own."""
    out: list[Message] = []
    for one in values:
        if is_turn(one):
            out.append(turn_of(one, found, role))
        elif one and (part := part_of(one, found)):
            out.append(finished(Message(role=role, parts=[part])))
    return out


def _system(value: Mapping[str, Any], found: Found) -> list[Message]:
    for holder in (value, value.get("config"), value.get("kwargs")):
        if not isinstance(holder, Mapping):
            continue
        for key in SYSTEM_KEYS:
            said = holder.get(key)
            if isinstance(said, Mapping) and "parts" in said:
                said = said["parts"]
            if said and (parts := content_parts(said, found)):
                return [Message(role="system", parts=parts)]
    return []


def _history(key: str) -> Callable[[Mapping[str, Any], str, Found, int], list[Message] | None]:
    def read(value: Mapping[str, Any], role: str, found: Found, depth: int) -> list[Message] | None:
        said = value[key]
        if isinstance(said, str) and said:
            if key in ("prompt", "input") and not (set(value) & {*SYSTEM_KEYS, "model", "messages"}):
                return None
            inner: list[Message] | None = [Message(role="user", parts=[text(said)])]
        elif isinstance(said, (list, Mapping)):
            inner = _messages(said, "user" if key != "messages" else role, found, depth + 1)
        else:
            return None
        if inner is None:
            return None
        system = _system(value, found)
        if system and any(message["role"] == "system" for message in inner):
            system = []
        return system + inner

    return read


def _choices(value: Mapping[str, Any], role: str, found: Found, depth: int) -> list[Message] | None:
    if not isinstance(value["choices"], list):
        return None
    out = []
    for choice in value["choices"]:
        if not isinstance(choice, Mapping):
            continue
        said = choice.get("message") or choice.get("delta")
        if isinstance(said, Mapping):
            message = turn_of({"role": "assistant", **said}, found, "assistant")
        elif isinstance(choice.get("text"), str):
            message = Message(role="assistant", parts=[text(choice["text"])])
        else:
            continue
        out.append(finished(message, choice.get("finish_reason")))
    return out


def _candidates(value: Mapping[str, Any], role: str, found: Found, depth: int) -> list[Message] | None:
    if not isinstance(value["candidates"], list):
        return None
    out = []
    for candidate in value["candidates"]:
        if not isinstance(candidate, Mapping):
            continue
        content = candidate.get("content")
        parts = content_parts(content.get("parts") if isinstance(content, Mapping) else content, found)
        reason = candidate.get("finish_reason") or candidate.get("finishReason")
        out.append(finished(Message(role="assistant", parts=parts), reason))
    return out


def _generations(value: Mapping[str, Any], role: str, found: Found, depth: int) -> list[Message] | None:
    """LangChain's LLMResult."""
    out: list[Message] = []
    said = value["generations"]
    for one in said if isinstance(said, list) else []:
        for generation in one if isinstance(one, list) else [one]:
            if not isinstance(generation, Mapping):
                continue
            info = generation.get("generation_info")
            reason = info.get("finish_reason") if isinstance(info, Mapping) else None
            if is_turn(generation.get("message")):
                out.append(finished(turn_of(generation["message"], found, "assistant"), reason))
            elif isinstance(generation.get("text"), str):
                out.append(finished(Message(role="assistant", parts=[text(generation["text"])]), reason))
    return out or None


def _response_items(value: Mapping[str, Any], role: str, found: Found, depth: int) -> list[Message] | None:
    """OpenAI's Responses API; its items are parts of one answer. Bedrock's Converse has a message there."""
    said = value["output"]
    if isinstance(said, Mapping) and isinstance(said.get("message"), Mapping):
        messages = _messages(said["message"], role, found, depth + 1)
        return [finished(one, value.get("stopReason") or value.get("stop_reason")) for one in messages or []] or None
    if not isinstance(said, list) or not any(is_turn(one) for one in said):
        return None
    parts = [part for message in _turns(said, "assistant", found) for part in message["parts"]]
    reason = value.get("status")
    if reason == "completed" and any(part["type"] == "tool_call" for part in parts):
        reason = "tool_calls"
    return [finished(Message(role=role_of("assistant", role), parts=parts), reason)]


_ENVELOPES: tuple[tuple[str, Callable[[Mapping[str, Any], str, Found, int], list[Message] | None]], ...] = (
    ("choices", _choices),
    ("candidates", _candidates),
    ("generations", _generations),
    ("output", _response_items),
    ("messages", _history("messages")),
    ("contents", _history("contents")),
    ("input", _history("input")),
    ("prompt", _history("prompt")),
)
