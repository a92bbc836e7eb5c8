"""One line of what needs attention: how bad, what exactly, since when, what to do, and where to look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from typing_extensions import TypedDict

from tapetum_server.query.changes import Change
from tapetum_server.query.time_range import format_time

Severity = Literal["critical", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")
RULES = (
    "monitor", "nothing_arrives", "disk_full", "failing", "errors", "new_error", "error_burst", "silent", "stuck",
    "lost", "latency", "leak", "refused", "host", "disk_fills", "queue", "queries", "memory", "merges", "notifications",
    "late", "clock", "dropped", "truncated", "backfill",
)  # fmt: skip
"""Every rule there is; of lines that are equally bad, those of an earlier one stand first."""
MAX_LINES = 50


class PageLink(TypedDict):
    """A page of the web UI: its path, and what else its address holds."""

    path: str
    search: dict[str, str]


class NamedLink(PageLink):
    """Another page that tells of the same thing."""

    label: str


class AttentionRow(TypedDict):
    """One thing that needs attention."""

    rule: str
    severity: Severity
    subject: str
    text: str
    """A whole sentence, with the value and its limit."""
    since: str | None
    value: float | None
    limit: float | None
    next: str
    """What to do."""
    link: PageLink
    links: list[NamedLink]
    """Where else to look."""
    muted: bool
    changes: list[Change]
    """What was changed shortly before, the newest first."""


class CheckRow(TypedDict):
    """One thing that was looked at, whether or not anything was found."""

    name: str
    outcome: Literal["ok", "attention", "not_enough_data", "not_seen"]
    """`not_seen`: nobody sends what it takes to look."""
    text: str


@dataclass(slots=True)
class Found:
    """What one group of rules has to say."""

    lines: list[AttentionRow] = field(default_factory=list)
    checks: list[CheckRow] = field(default_factory=list)


def line(
    rule: str,
    severity: Severity,
    subject: str,
    text: str,
    *,
    link: PageLink,
    next: str,
    since: int | None = None,
    value: float | None = None,
    limit: float | None = None,
    muted: bool = False,
    changes: Iterable[Change] = (),
    links: Iterable[NamedLink] = (),
) -> AttentionRow:
    """One line; `since` in nanoseconds since 1970."""
    assert rule in RULES
    return AttentionRow(
        rule=rule, severity=severity, subject=subject, text=text, since=None if since is None else format_time(since),
        value=value, limit=limit, next=next, link=link, muted=muted, changes=list(changes),
        links=list(links),
    )  # fmt: skip


def page(path: str, search: Mapping[str, str] | None = None, *, since: int | None = None) -> PageLink:
    """A page, with its time beginning at `since`."""
    found = dict(search or {})
    if since is not None:
        found |= {"from": str(since // 1_000_000), "to": "now"}
    return PageLink(path=path, search=found)


def ranked(lines: Iterable[AttentionRow]) -> list[AttentionRow]:
    """The worst first; what is muted last, since somebody knows of it."""
    return sorted(
        lines,
        key=lambda one: (one["muted"], SEVERITIES.index(one["severity"]), RULES.index(one["rule"])),
    )
