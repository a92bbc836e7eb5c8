"""Spans that have not ended, of one trace or of many, and what they last said of themselves (`tapetum.heartbeat.*`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tapetum import semconv
from tapetum_server.query.reader import Reader, rows_of, tuples_of
from tapetum_server.query.selection import Selection
from tapetum_server.query.sources import SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange

MAX_RUNNING = 1_000
"""Of the spans that run, the newest are told of."""
MAX_PLACES = 2_000
_SAID = {
    "interval_s": semconv.TAPETUM_HEARTBEAT_INTERVAL,
    "location": semconv.TAPETUM_HEARTBEAT_LOCATION,
    "stack": semconv.TAPETUM_HEARTBEAT_STACK,
    "thread": semconv.TAPETUM_HEARTBEAT_THREAD,
    "same_place_s": semconv.TAPETUM_HEARTBEAT_SAME_PLACE,
    "idle_s": semconv.TAPETUM_HEARTBEAT_IDLE,
    "exited": semconv.TAPETUM_HEARTBEAT_EXITED,
}
_NUMBERS = ("interval_s", "same_place_s", "idle_s")


class Heartbeat(NamedTuple):
    """The last record of a span without an end. `None` and "" mean that the sender does not say such things."""

    span_id: str
    start_ns: int
    heard_ns: int
    """When that record came, by the server's clock."""
    interval_s: float | None
    location: str
    stack: str
    thread: str
    same_place_s: float | None
    idle_s: float | None
    exited: bool


class Running(NamedTuple):
    """A span that has not ended, and of what it is."""

    trace_id: str
    parent_span_id: str
    service: str
    name: str
    beat: Heartbeat
    kind: str = "span"


class Place(NamedTuple):
    """Where a span stands in the order of the table."""

    start_ns: int
    trace_id: str
    span_id: str


async def running_of(
    reader: Reader, *, project: str, started: TimeRange, trace_ids: Sequence[str] = (), heard_since: int | None = None
) -> list[Running]:
    """Spans that started within a range and have not ended: of these traces, or those heard of since a moment.

    Without the stack. Of more than `MAX_PLACES`, those that were heard of last.
    """
    found = await reader.query(*places_statement(project, started, trace_ids, heard_since))
    places = [Place(*row) for row in tuples_of(found)]
    if not places:
        return []
    rows = rows_of(await reader.query(*running_statement(project, places)))
    return [
        Running(
            row.pop("trace_id"), row.pop("parent_span_id"), row.pop("service"), row.pop("name"),
            kind=row.pop("kind"), beat=_heartbeat(row),
        )
        for row in rows
    ]  # fmt: skip


def places_statement(project: str, started: TimeRange, trace_ids: Sequence[str], heard_since: int | None) -> Statement:
    """Spans of which any record has no end; without FINAL, which would read every span of the range."""
    parameters = Parameters()
    where = [*Selection(SPANS, project, started).bounds(parameters), "NOT ended"]
    if trace_ids:
        where.append(f"has({parameters.texts(trace_ids)}, trace_id)")
    if heard_since is not None:
        where.append(f"ingested_at >= {parameters.moment(heard_since)}")
    sql = f"""SELECT toUnixTimestamp64Nano(start_time) AS start_ns, trace_id, span_id
FROM span_rows
WHERE {" AND ".join(where)}
GROUP BY start_time, trace_id, span_id
ORDER BY max(ingested_at) DESC, span_id
LIMIT {MAX_PLACES}"""
    return Statement(sql, parameters.values)


def running_statement(project: str, places: Sequence[Place]) -> Statement:
    """Those of these spans that really have not ended, found by the table's order."""
    parameters = Parameters()
    said = ", ".join(f"attributes['{key}'] AS {name}" for name, key in _SAID.items() if name != "stack")
    columns = f"""trace_id, span_id, parent_span_id, service, name, kind, toUnixTimestamp64Nano(start_time) AS start_ns,
    toUnixTimestamp64Nano(ingested_at) AS heard_ns, '' AS stack, {said}"""
    starts = parameters.bind([place.start_ns for place in places], "Array(Int64)")
    condition = f"""project = {parameters.text(project)}
AND start_time IN (SELECT fromUnixTimestamp64Nano(arrayJoin({starts}), 'UTC'))
AND has({parameters.texts([place.span_id for place in places])}, span_id) AND state = 'running'"""
    sql = f"""SELECT {columns}
FROM {SPANS.relation(columns, condition)}
WHERE {condition}
ORDER BY start_time, span_id"""
    return Statement(sql, parameters.values)


async def heartbeats(reader: Reader, *, project: str, trace_id: str) -> list[Heartbeat]:
    """Of the spans of this trace that still run, in order of start."""
    answer = await reader.query(*heartbeats_statement(project, trace_id))
    return [_heartbeat(row) for row in reversed(rows_of(answer))]


def heartbeats_statement(project: str, trace_id: str) -> Statement:
    """The newest spans without an end, and the attributes that matter here."""
    parameters = Parameters()
    said = ", ".join(f"attributes['{key}'] AS {name}" for name, key in _SAID.items())
    columns = f"""span_id, toUnixTimestamp64Nano(start_time) AS start_ns,
    toUnixTimestamp64Nano(ingested_at) AS heard_ns, {said}"""
    whole = f"project = {parameters.text(project)} AND trace_id = {parameters.text(trace_id)}"
    condition = f"{whole} AND state = 'running'"
    sql = f"""SELECT {columns}
FROM {SPANS.relation(columns, condition, of=whole)}
WHERE {condition}
ORDER BY start_time DESC, span_id DESC
LIMIT {MAX_RUNNING}"""
    return Statement(sql, parameters.values)


def _heartbeat(row: dict[str, Any]) -> Heartbeat:
    # Whoever sends spans may put anything into these attributes.
    numbers = {name: _number(row[name]) for name in _NUMBERS}
    return Heartbeat(**{**row, **numbers, "exited": row["exited"] == "true"})


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
