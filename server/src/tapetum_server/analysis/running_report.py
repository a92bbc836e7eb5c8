"""Is a span that has not ended slow, hung, or orphaned by a process that is gone? From its heartbeats."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from tapetum_server.query.heartbeats import Heartbeat, heartbeats
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import format_time

Liveness = Literal["alive", "stuck", "silent", "exited", "unknown"]

SILENT_INTERVALS = 3
SILENT_S = 30.0
"""So long, or so many intervals, without a heartbeat is no hiccup of a network."""
STUCK_S = 60.0


class RunningSpan(TypedDict):
    """One span that has not ended, as it is now."""

    span_id: str
    running_s: float
    heard_at: str
    heard_s: float
    """Seconds since its last record came."""
    liveness: Liveness
    """alive: heard of lately; stuck: heard of, and for a minute or more in the same place with nothing happening
    inside; silent: heartbeats stopped; exited: its process said that it ends; unknown: it sends no heartbeats."""
    location: str
    stack: str
    thread: str
    same_place_s: float | None
    idle_s: float | None


class RunningSpans(TypedDict):
    """What still runs in a trace."""

    rows: list[RunningSpan]


async def running_spans(reader: Reader, *, project: str, trace_id: str, now_ns: int) -> RunningSpans:
    """The spans of a trace that have not ended, and how they are. None where all have, or no such trace is known."""
    found = await heartbeats(reader, project=project, trace_id=trace_id)
    return RunningSpans(rows=[_running(one, now_ns) for one in found])


def _running(one: Heartbeat, now_ns: int) -> RunningSpan:
    heard_s = max(0.0, (now_ns - one.heard_ns) / 1e9)
    return RunningSpan(
        span_id=one.span_id,
        running_s=max(0.0, (now_ns - one.start_ns) / 1e9),
        heard_at=format_time(one.heard_ns),
        heard_s=heard_s,
        liveness=liveness(one, heard_s),
        location=one.location,
        stack=one.stack,
        thread=one.thread,
        same_place_s=one.same_place_s,
        idle_s=one.idle_s,
    )


def liveness(one: Heartbeat, heard_s: float) -> Liveness:
    """What its last heartbeat and the silence since then mean."""
    if one.interval_s is None:
        return "unknown"
    if one.exited:
        return "exited"
    if heard_s > max(SILENT_S, SILENT_INTERVALS * one.interval_s):
        return "silent"
    if one.same_place_s is not None and one.same_place_s >= STUCK_S:
        return "stuck"
    return "alive"
