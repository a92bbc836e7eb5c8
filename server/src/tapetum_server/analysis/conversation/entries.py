"""What a whole trace's conversation is made of."""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict

from tapetum_server.processors.messages.documents import Document
from tapetum_server.processors.messages.message import Part


class ToolUse(TypedDict):
    """A tool's call with what came back."""

    id: str
    name: str
    arguments: Any
    arguments_truncated_from: int | None
    answered: bool
    response: Any
    response_truncated_from: int | None
    failed: bool


class Entry(TypedDict):
    """One thing that was said or done: a message, a tool's call with its result, a retrieval, an error."""

    type: Literal["message", "tool", "retrieval", "error"]
    role: str
    """Of a message: system, user, assistant or tool."""
    parts: list[Part]
    tool: ToolUse | None
    documents: list[Document]
    error: str
    error_type: str
    at_ns: int
    """Nanoseconds after the trace's start."""
    span_id: str
    """Where it was said; of a tool's call the tool's own span, where it has one. Empty for a log record."""
    agent: str
    model: str
    duration_ms: float | None
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    finish_reason: str


class TraceConversation(TypedDict):
    """A trace as a chat: everything once, in the order in which it happened."""

    entries: list[Entry]
    span_count: int
    model_calls: int
    folded_spans: int
    """Spans of the trace that say nothing here: internals of agents and frameworks, repeated reports."""
    errors: list[int]
    """Places in `entries` of what failed."""
    flags: list[str]
    truncated: bool
    """Whether there was more than an answer holds: 2,000 entries, 64 MB of text read."""
