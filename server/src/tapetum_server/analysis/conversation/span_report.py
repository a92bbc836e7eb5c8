"""The conversation of one span: what went into a model, tool or agent, and what came out."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

from typing_extensions import NotRequired, TypedDict

from tapetum_server.analysis.conversation.history import continues, keys_of, new_ones
from tapetum_server.analysis.conversation.shown import Room
from tapetum_server.analysis.conversation.sources import log_event, read_row
from tapetum_server.processors.messages.documents import Document
from tapetum_server.processors.messages.events import NAMES, Event
from tapetum_server.processors.messages.message import Message, Part
from tapetum_server.processors.messages.span_content import SpanContent
from tapetum_server.processors.messages.tools import ToolDefinition
from tapetum_server.query.conversation import Place, earlier_calls, span_content, spoken_logs
from tapetum_server.query.errors import NotFound
from tapetum_server.query.reader import Reader

MAX_SHOWN = 500
"""Messages of one answer; the newest."""
MAX_TEXT = 65_536
"""Where one text is cut; the whole has a route of its own."""
_EARLIER = 6
"""How many calls back the previous turn is looked for: others of the agent may run beside it."""


class ShownMessage(TypedDict):
    """One message. `is_new`: it was not in the previous turn."""

    role: str
    parts: list[Part]
    is_new: bool
    finish_reason: NotRequired[str]
    name: NotRequired[str]


class SpanConversation(TypedDict):
    """What one span says that was said."""

    span_id: str
    kind: str
    input: list[ShownMessage]
    output: list[ShownMessage]
    input_count: int
    """Messages that went in; of more than 500, the newest are here."""
    previous_span_id: str
    """The model call that this one goes on from: what it knew already is not new. Empty where there is none."""
    tools: list[ToolDefinition]
    documents: list[Document]
    parameters: dict[str, Any]
    flags: list[str]
    """What was wrong with what was sent, as words: `malformed_json`, `tool_arguments_not_json`, …"""
    from_logs: bool
    """Whether the messages come from log records and not from the span itself."""


async def span_conversation(reader: Reader, *, project: str, trace_id: str, span_id: str) -> SpanConversation:
    """The conversation of one span, and what of it is new since the previous turn of the same agent."""
    row, logs = await asyncio.gather(
        span_content(reader, project=project, trace_id=trace_id, span_id=span_id),
        spoken_logs(reader, project=project, trace_id=trace_id, names=NAMES, span_id=span_id),
    )
    if row is None:
        raise NotFound(
            f"project {project!r} has no span {span_id!r} in trace {trace_id!r}",
            hint="It may not have arrived yet, be past its retention, or belong to another project.",
        )
    events = [log_event(record) for record in logs]
    content = await asyncio.to_thread(read_row, row, events)
    previous: list[dict[str, Any]] = []
    if row["kind"] == "llm" and content.input:
        previous = await earlier_calls(
            reader,
            project=project,
            trace_id=trace_id,
            before=Place(row["start_ns"], span_id),
            agent=row["agent"],
            service=row["service"],
            limit=_EARLIER,
        )
    return await asyncio.to_thread(report, row, content, events, previous)


def report(
    row: Mapping[str, Any], content: SpanContent, events: list[Event], earlier: list[dict[str, Any]]
) -> SpanConversation:
    """The answer, of what was read."""
    keys = keys_of(content.input)
    previous, known = "", Counter[bytes]()
    for call in earlier:
        before = read_row(call)
        before_keys = keys_of(before.input)
        if continues(keys, before_keys):
            previous, known = call["span_id"], Counter(before_keys + keys_of(before.output))
            break
    fresh = new_ones(keys, known)
    room = Room(MAX_TEXT)
    # What came out and what is newest matters most when there is no room for all.
    output = [_shown(message, True, room) for message in content.output]
    newest = list(zip(content.input, fresh))[-MAX_SHOWN:]
    shown = [_shown(message, is_new, room) for message, is_new in reversed(newest)]
    documents = [_document(one, room) for one in content.documents]
    return SpanConversation(
        span_id=row["span_id"],
        kind=row["kind"],
        input=shown[::-1],
        output=output,
        input_count=len(content.input),
        previous_span_id=previous,
        tools=[ToolDefinition(**{**tool, "parameters": room.value(tool["parameters"])[0]}) for tool in content.tools],
        documents=documents,
        parameters=content.parameters,
        flags=content.flags,
        from_logs=bool(events) and not row["input"] and not row["output"],
    )


def _shown(message: Message, is_new: bool, room: Room) -> ShownMessage:
    shown = ShownMessage(role=message["role"], parts=room.parts(message), is_new=is_new)
    if "finish_reason" in message:
        shown["finish_reason"] = message["finish_reason"]
    if "name" in message:
        shown["name"] = message["name"]
    return shown


def _document(document: Document, room: Room) -> Document:
    text, whole = room.text(document["content"])
    return Document(**{**document, "content": text if whole is None else f"{text}… [{whole:,} characters]"})
