"""A span into an item of a dataset: what went in, what came out, and what should have come out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import TypedDict

from tapetum_server.analysis.conversation.sources import log_event, read_row
from tapetum_server.processors.messages.events import NAMES, Event
from tapetum_server.processors.messages.message import Message
from tapetum_server.query.conversation import span_content, spoken_logs
from tapetum_server.query.errors import NotFound
from tapetum_server.query.reader import Reader
from tapetum_server.query.span_corrections import expected_output_of
from tapetum_server.signals.datasets import BadValue, encode_value

_FACTS = ("kind", "service", "agent", "tool", "provider", "model", "prompt_name", "prompt_version", "session_id")
_SPEAKS = frozenset({"llm", "agent"})


class Draft(TypedDict):
    """An item as it would be saved."""

    input: Any
    output: Any
    expected_output: Any
    metadata: dict[str, Any]
    corrected: bool
    """Whether the expected output is a reviewer's correction, and not what came out."""


async def draft_of_span(reader: Reader, *, project: str, trace_id: str, span_id: str) -> Draft:
    """The item that a span makes: whole values, messages in one shape whatever library reported them."""
    row, logs, corrected = await asyncio.gather(
        span_content(reader, project=project, trace_id=trace_id, span_id=span_id),
        spoken_logs(reader, project=project, trace_id=trace_id, names=NAMES, span_id=span_id),
        expected_output_of(reader, project=project, trace_id=trace_id, span_id=span_id),
    )
    if row is None:
        raise NotFound(
            f"project {project!r} has no span {span_id!r} in trace {trace_id!r}",
            hint="It may not have arrived yet, be past its retention, or belong to another project.",
        )
    return await asyncio.to_thread(draft, row, [log_event(record) for record in logs], corrected)


def draft(row: Mapping[str, Any], events: list[Event], corrected: str | None) -> Draft:
    """The item, of a span's row, what its log records say, and a correction."""
    went: Any = _value(row["input"])
    came: Any = _value(row["output"])
    speaks = row["kind"] in _SPEAKS
    if speaks or went is None or came is None:
        content = read_row(row, events)
        if content.input and (speaks or went is None):
            went = _said(content.input)
        if content.output and (speaks or came is None):
            came = _said(content.output)
    came = _kept(came, row["output"])
    facts = {"span": row["name"], **{name: row[name] for name in _FACTS if row[name]}}
    return Draft(
        input=_kept(went, row["input"]),
        output=came,
        expected_output=came if corrected is None else _like(came, corrected),
        metadata=facts,
        corrected=corrected is not None,
    )


def _said(messages: Sequence[Message]) -> Any:
    """One message of text alone as that text, a tool's call or answer as its value, anything else as messages."""
    parts = messages[0]["parts"] if len(messages) == 1 else []
    if parts and all(part["type"] == "text" for part in parts):
        return "\n".join(part["content"] for part in parts)
    if len(parts) == 1 and messages[0]["role"] == "tool":
        return parts[0].get("response")
    return [dict(message) for message in messages]


def _value(text: str) -> Any:
    """A text that is an object or a list in JSON is kept as that, any other as it is."""
    if not text:
        return None
    if text[0] in "[{":
        try:
            # Not orjson: integers beyond 64 bits stay what they are.
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def _like(came: Any, corrected: str) -> Any:
    """A correction is kept as text; of an output that is no text it may be JSON."""
    return corrected if isinstance(came, str) else _kept(_value(corrected), corrected)


def _kept(value: Any, text: str) -> Any:
    """The value, or the text as it was sent where a dataset cannot keep the value."""
    try:
        encode_value(value)
    except BadValue:
        return text
    return value
