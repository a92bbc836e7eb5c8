"""The hosts and processes of a trace or a span while it ran, and the minutes before."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median

from typing_extensions import TypedDict

from tapetum_server.analysis.resources.participants import Kind, Participant, participants_of
from tapetum_server.analysis.resources.recipes import RECIPES, Measure, Points, metrics_of
from tapetum_server.query.errors import NotFound
from tapetum_server.query.reader import Reader
from tapetum_server.query.resource_metrics import ResourceSeries, TracePlace, place_of_trace, resource_metrics
from tapetum_server.query.time_range import MILLISECOND, SECOND, TimeRange
from tapetum_server.query.traces import no_trace

BEFORE = 300 * SECOND
"""How much of the time before is shown for comparison."""
AFTER = 90 * SECOND
"""And after: a sample tells of the time since the one before, so the next one tells of a trace that fell between."""
SATURATED = 0.9
"""A share beyond this is called used up."""
MAX_PARTICIPANTS = 40


class ResourceMeasure(TypedDict):
    """One measure of one host or process over time. `unit` is `1` for a share of what there is."""

    measure: Measure
    part: str
    """Which GPU; empty for the whole."""
    metric: str
    """Which metric it is from."""
    unit: str
    points: list[tuple[int, float]]
    """(milliseconds since 1970, value)."""
    interval_s: float | None
    """Time between two samples."""
    inside: int
    """Samples that fell within."""
    peak: float | None
    """The highest of those, of the one right after, and, where none fell within, of the one right before."""
    before: float | None
    """The mean of the minutes before."""
    saturated: bool


class ResourceUser(TypedDict):
    """A host or a process."""

    kind: Kind
    name: str
    identity: dict[str, str]
    """Resource attributes by which its metrics are found."""
    services: list[str]
    """Those of the trace that ran there."""
    measures: list[ResourceMeasure]


class TraceResources(TypedDict):
    """What the hosts and processes of a trace, or of one of its spans, used. Times are milliseconds since 1970."""

    start: float
    end: float
    first: float
    """Start of what is shown: the minutes before too."""
    last: float
    users: list[ResourceUser]
    silent: list[ResourceUser]
    """Those of which no metric arrived."""
    saturated_at: float
    """From which share on something is called saturated."""
    truncated: bool
    """Whether there is more than is shown."""


async def trace_resources(reader: Reader, *, project: str, trace_id: str, span_id: str | None = None) -> TraceResources:
    """CPU, memory and GPU of the hosts and processes that a trace, or one span, ran on.

    Metrics are found by the resource attributes of the spans, within the project. Nothing is known of spans whose
    resource names no host, instance, container or pod but what their service reports.
    """
    where = await place_of_trace(reader, project=project, trace_id=trace_id, span_id=span_id)
    if where is None:
        missing: NotFound = no_trace(project, trace_id)
        raise missing
    everyone = participants_of(where.resources)
    shown = everyone[:MAX_PARTICIPANTS]
    kinds: tuple[Kind, ...] = ("host", "process")
    time_range = TimeRange(max(0, where.start - BEFORE), where.end + AFTER)
    series, cut = await resource_metrics(
        reader,
        project=project,
        time_range=time_range,
        wanted={metrics_of(kind): [i for one in shown if one.kind == kind for i in one.identities] for kind in kinds},
    )
    users = [_user(one, [s for s in series if one.is_told_of_by(s.resource)], where) for one in shown]
    return TraceResources(
        start=where.start / MILLISECOND,
        end=where.end / MILLISECOND,
        first=(time_range.start or 0) / MILLISECOND,
        last=(time_range.end or 0) / MILLISECOND,
        users=[user for user in users if user["measures"]],
        silent=[user for user in users if not user["measures"]],
        saturated_at=SATURATED,
        truncated=cut or len(everyone) > len(shown),
    )


def _user(one: Participant, series: Sequence[ResourceSeries], where: TracePlace) -> ResourceUser:
    measures: list[ResourceMeasure] = []
    known: set[Measure] = set()
    for recipe in RECIPES:
        if recipe.kind != one.kind or recipe.measure in known:
            continue
        heard = [s for s in series if s.name in recipe.metrics]
        # Two senders may report the same host: adding them up would double it.
        told = [
            (recipe.read([s for s in heard if s.sender == sender]), sender)
            for sender in sorted({s.sender for s in heard})
        ]
        if not told:
            continue
        parts, sender = max(told, key=lambda found: sum(len(points) for points in found[0].values()))
        intervals = [s.interval_ns for s in heard if s.sender == sender and s.interval_ns]
        interval_ns = round(median(intervals)) if intervals else None
        found = [
            _measure(recipe.measure, part, recipe.metrics[0], recipe.unit, points, interval_ns, where)
            for part, points in sorted(parts.items())
            if points
        ]
        if found:
            measures += found
            known.add(recipe.measure)
    return ResourceUser(
        kind=one.kind,
        name=one.name,
        identity=dict(one.identities[0]),
        services=sorted(one.services),
        measures=measures,
    )


def _measure(
    measure: Measure, part: str, metric: str, unit: str, points: Points, interval_ns: int | None, where: TracePlace
) -> ResourceMeasure:
    times = sorted(points)
    inside = [points[time] for time in times if where.start <= time <= where.end]
    after = [points[time] for time in times if time > where.end][:1]
    before = [points[time] for time in times if time < where.start]
    peak = max([*(inside or before[-1:]), *after], default=None)
    return ResourceMeasure(
        measure=measure,
        part=part,
        metric=metric,
        unit=unit,
        points=[(time // MILLISECOND, points[time]) for time in times],
        interval_s=None if interval_ns is None else interval_ns / SECOND,
        inside=len(inside),
        peak=peak,
        before=fmean(before) if before else None,
        saturated=unit == "1" and peak is not None and peak > SATURATED,
    )
