"""What was changed before something began: the first thing that anybody asks."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tapetum_server.analysis.health.words import name
from tapetum_server.query.changes import Change
from tapetum_server.query.time_range import SECOND, format_time

CHANGES_BEFORE_S = 3_600


def changes_before(changes: Sequence[Change], services: Collection[str], onset: int, within_s: int) -> list[Change]:
    """Changes in the hour before, and in the `within_s` seconds in which it began; those of the services first."""
    earliest, latest = format_time(onset - CHANGES_BEFORE_S * SECOND), format_time(onset + within_s * SECOND)
    near = [change for change in changes if earliest <= change["time"] <= latest]
    return sorted(near, key=lambda change: change["subject"] not in services)[:5]


def shortly_before(before: Sequence[Change], services: Collection[str]) -> str:
    """The first of them as the end of a sentence; nothing where there are none."""
    if not before:
        return ""
    first = before[0]
    step = f" from {name(first['before'])} to {name(first['after'])}" if first["before"] and first["after"] else ""
    where = "" if first["subject"] in services else ", elsewhere"
    return f". Shortly before{where}: {first['kind']} of {name(first['subject'])}{step}"
