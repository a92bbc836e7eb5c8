"""What a message is: OpenTelemetry's GenAI message schema, and what was found wrong while reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from typing_extensions import Required, TypedDict

PartType = Literal["text", "tool_call", "tool_call_response", "reasoning", "blob", "uri", "file", "generic"]

MAX_MESSAGES = 20_000
"""Read of one history; the newest are kept."""
MAX_PARTS = 2_000
"""Of one message."""
MAX_LOOKS = 50_000
"""At how many values inside one value messages are looked for: values that hold each other have no end."""
MAX_DEPTH = 64
"""Levels of nesting in which messages are looked for; what lies deeper is one generic part."""


class Part(TypedDict, total=False):
    """One part of a message. Which keys are there follows from `type`."""

    type: Required[PartType]
    content: str
    """Of text and reasoning."""
    id: str
    """Of a tool call and its response: what pairs them."""
    name: str
    """Of a tool call; of a file."""
    arguments: Any
    """Of a tool call: a value, or the text as it was sent where that is not JSON."""
    response: Any
    """Of a tool call response."""
    is_error: bool
    modality: str
    """Of blob, uri and file: image, audio, video or document."""
    mime_type: str
    uri: str
    file_id: str
    size: int
    """Of a blob: characters of its base64 text, which is not carried along."""
    omitted_bytes: int
    """Of a blob that was too large to be sent: its bytes."""
    value: Any
    """Of generic: what was there."""
    truncated_from: int
    """Characters of the whole, where an answer has less of it."""


class Message(TypedDict, total=False):
    """One message."""

    role: Required[str]
    parts: Required[list[Part]]
    finish_reason: str
    name: str


@dataclass(slots=True)
class Found:
    """Messages, and in plain words what was wrong with their source."""

    messages: list[Message] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    shape: str = ""
    """`messages` where the value had the shape of messages, `text` where it was prose, `generic` otherwise."""
    looks: int = 0
    """At how many values messages were looked for so far."""

    def flag(self, what: str) -> None:
        """Say once that something is wrong."""
        if what not in self.flags:
            self.flags.append(what)

    @property
    def says_something(self) -> bool:
        """Whether any message has a part."""
        return any(message["parts"] for message in self.messages)


ROLES: Mapping[str, str] = {
    "human": "user", "ai": "assistant", "aimessage": "assistant", "aimessagechunk": "assistant",
    "humanmessage": "user", "systemmessage": "system", "toolmessage": "tool", "functionmessage": "tool",
    "chatmessage": "user", "model": "assistant", "function": "tool", "bot": "assistant",
    "user": "user", "assistant": "assistant", "system": "system", "developer": "system", "tool": "tool",
}  # fmt: skip
"""What libraries call a role, in lower case."""

FINISH_REASONS: Mapping[str, str] = {
    "stop": "stop", "end_turn": "stop", "stop_sequence": "stop", "completed": "stop",
    "tool_calls": "tool_call", "tool_call": "tool_call", "tool-calls": "tool_call", "tool_use": "tool_call",
    "function_call": "tool_call",
    "length": "length", "max_tokens": "length", "max_output_tokens": "length",
    "content_filter": "content_filter", "content-filter": "content_filter", "safety": "content_filter",
    "refusal": "content_filter", "error": "error",
}  # fmt: skip


def role_of(said: object, otherwise: str) -> str:
    """The canonical role; a role nobody knows stays as it is."""
    if not isinstance(said, str) or not said:
        return otherwise
    return ROLES.get(said.lower(), said[:64])


def finish_reason_of(said: object) -> str:
    """The canonical finish reason; empty where there is none."""
    if not isinstance(said, str):
        return ""
    return FINISH_REASONS.get(said.lower().removeprefix("finishreason."), said[:64])


def text(content: str) -> Part:
    """A text part."""
    return Part(type="text", content=content)


def generic(value: Any) -> Part:
    """A part for what has no other."""
    return Part(type="generic", value=value)


def finished(message: Message, finish_reason: object = None, name: object = None) -> Message:
    """The message with what is known of its end, and `tool` as the role of what only answers calls."""
    if message["parts"] and all(part["type"] == "tool_call_response" for part in message["parts"]):
        message["role"] = "tool"
    if reason := finish_reason_of(finish_reason):
        message["finish_reason"] = reason
    if isinstance(name, str) and name:
        message["name"] = name[:256]
    return message
