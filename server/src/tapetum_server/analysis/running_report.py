"""Is a span that has not ended slow, hung, or orphaned by a process that is gone? From its heartbeats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from typing_extensions import TypedDict

from tapetum_server.query.heartbeats import Heartbeat, Running, heartbeats, running_of
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import TimeRange, format_time, parse_moment
from tapetum_server.query.traces import TracePage, TraceRow

Liveness = Literal["alive", "stuck", "silent", "exited", "unknown"]

WORST: tuple[Liveness, ...] = ("silent", "exited", "stuck", "alive", "unknown")
SILENT_INTERVALS = 3
SILENT_S = 30.0
"""So long, or so many intervals, without a heartbeat is no hiccup of a network."""
STUCK_S = 60.0
MAX_OF_TRACE = 5
"""Spans of one trace that are told of where many traces are."""


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


class NamedRunningSpan(RunningSpan):
    """One span that has not ended, told where its trace is not at hand."""

    name: str
    kind: str


class ListedTrace(TraceRow):
    """One trace of a list."""

    running: RunningSpan | None
    """Of one that has not ended: the span that matters most, without its stack."""


class ListedTraces(TypedDict):
    """Some traces, and where the next ones begin."""

    rows: list[ListedTrace]
    next_cursor: str | None


async def with_running(reader: Reader, *, project: str, page: TracePage, now_ns: int) -> ListedTraces:
    """A page of traces, each that runs with how it is: one more question where any does."""
    worst: dict[str, RunningSpan] = {}
    for one, told in await _worst_first(reader, project, page["rows"], now_ns):
        worst.setdefault(one.trace_id, told)
    rows = [ListedTrace(**row, running=worst.get(row["trace_id"])) for row in page["rows"]]
    return ListedTraces(rows=rows, next_cursor=page["next_cursor"])


async def running_by_trace(
    reader: Reader, *, project: str, traces: Sequence[TraceRow], now_ns: int
) -> dict[str, list[NamedRunningSpan]]:
    """What these traces wait for, the worst first, without stacks: one question where any of them runs."""
    found: dict[str, list[NamedRunningSpan]] = {}
    for one, told in await _worst_first(reader, project, traces, now_ns):
        spans = found.setdefault(one.trace_id, [])
        if len(spans) < MAX_OF_TRACE:
            spans.append(NamedRunningSpan(**told, name=one.name, kind=one.kind))
    return found


async def _worst_first(
    reader: Reader, project: str, traces: Sequence[TraceRow], now_ns: int
) -> list[tuple[Running, RunningSpan]]:
    """The innermost spans that run in those of the traces that do, and how each is."""
    open_ = [row for row in traces if row["state"] == "running"]
    if not open_:
        return []
    earliest = min(parse_moment(row["start_time"], now_ns) for row in open_)
    found = await running_of(
        reader, project=project, started=TimeRange(earliest, None), trace_ids=[row["trace_id"] for row in open_]
    )
    told = [(one, _running(one.beat, now_ns)) for one in innermost(found)]
    return sorted(told, key=lambda pair: WORST.index(pair[1]["liveness"]))


def innermost(found: Sequence[Running]) -> Iterable[Running]:
    """Those within which no other runs: the others only wait for these."""
    waiting = {(one.trace_id, one.parent_span_id) for one in found}
    return (one for one in found if (one.trace_id, one.beat.span_id) not in waiting)


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
