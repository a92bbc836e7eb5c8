"""Findings: what was found wrong in a window of something, as a record that a later look at the window replaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with one feature in one window. Without a type: that the window was looked at."""

    subject_type: Literal["model"]
    subject: str
    version: str
    window_start: int
    window_end: int
    detector: str
    feature: str = ""
    type: str = ""
    slice: str = ""
    withdrawn: bool = False
    """Whether it was found earlier, and does not hold any more."""
    severity: str = ""
    short: str = ""
    evidence: str = ""
    offending: Sequence[str] = ()
    value: float | None = None
    threshold: float | None = None
    rows: int = 0
    """That it concerns; of a look without a type, how many things are wrong."""
    examples: int = 0
    """Rows of the window."""
    first_seen: int = 0
    last_seen: int = 0
    schema_version: int = 0
    rows_filter: str = ""
    """What finds the rows that it concerns."""
    received: int = 0
    """Rows that had come when the window was looked at, as they lay there: a retry may count twice."""
    newest: int = 0
    """When the last of them came."""


@dataclass(slots=True)
class FindingBatch:
    """Findings of one project, all of the same look."""

    project: str
    sender: str
    rows: list[Finding]
    signal: ClassVar[Literal["findings"]] = "findings"

    def __len__(self) -> int:
        return len(self.rows)
