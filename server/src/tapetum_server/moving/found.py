"""What an export holds, in the words of Tapetum's doors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

Fields = dict[str, Any]


class Row(NamedTuple):
    """One record of an export, and where it stands: `spans.jsonl:17`."""

    place: str
    fields: Fields


class Skipped(NamedTuple):
    """A record that is not taken over, and why."""

    place: str
    why: str


@dataclass(slots=True)
class Event:
    """Something that happened during a span."""

    name: str
    time: int
    attributes: Fields


@dataclass(slots=True)
class Span:
    """A span with the emitter's own attributes; times in nanoseconds, `end` 0 while it runs."""

    place: str
    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    start: int
    end: int
    attributes: Fields
    error: bool = False
    ok: bool = False
    message: str = ""
    kind: int = 1
    events: list[Event] = field(default_factory=list)
    service: str = ""
    scope: str = ""
    scope_version: str = ""


@dataclass(slots=True)
class Evaluation:
    """What `POST /v1/evaluations` takes."""

    place: str
    fields: Fields


@dataclass(slots=True)
class Prompt:
    """One version of a prompt."""

    place: str
    name: str
    version: int | None
    prompt: str | list[dict[str, str]]
    config: Fields = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    message: str = ""
    description: str | None = None


Item = Span | Evaluation | Prompt | Skipped
