"""Alerts: each change of a monitor's state, as a record that never changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal


@dataclass(slots=True)
class AlertBatch:
    """Transitions of one project's monitors, column by column."""

    project: str
    sender: str
    alert_id: list[str] = field(default_factory=list)
    """Of this transition: delivered twice, it is one."""
    time_unix_nano: list[int] = field(default_factory=list)
    monitor_id: list[str] = field(default_factory=list)
    monitor: list[str] = field(default_factory=list)
    """The monitor's name at that time."""
    severity: list[str] = field(default_factory=list)
    subject: list[dict[str, str]] = field(default_factory=list)
    """The labels of the series; none where the query makes only one."""
    previous_state: list[str] = field(default_factory=list)
    state: list[str] = field(default_factory=list)
    value: list[float | None] = field(default_factory=list)
    limit: list[float | None] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    """The condition in words, or why it ended."""
    signal: ClassVar[Literal["alerts"]] = "alerts"

    def __len__(self) -> int:
        return len(self.alert_id)
