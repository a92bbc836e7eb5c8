"""Changes: what people and pipelines altered, so that a curve that bends can be told why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

CHANGE_KINDS = ("deploy", "config", "schema", "data", "prompt", "model")


@dataclass(slots=True)
class ChangeBatch:
    """Recorded changes of one project, column by column."""

    project: str
    sender: str
    time_unix_nano: list[int] = field(default_factory=list)
    """0 where the sender did not say when: it was now."""
    kind: list[str] = field(default_factory=list)
    """One of `CHANGE_KINDS`."""
    subject: list[str] = field(default_factory=list)
    """What was changed: a service, a model, a table."""
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    source: list[str] = field(default_factory=list)
    """Who or what says so."""
    attributes: list[dict[str, str]] = field(default_factory=list)
    signal: ClassVar[Literal["changes"]] = "changes"

    def __len__(self) -> int:
        return len(self.time_unix_nano)
