"""Spans of one trace that have not ended, and what they last said of themselves (`tapetum.heartbeat.*`)."""

from __future__ import annotations

from typing import Any, NamedTuple

from tapetum import semconv
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.sources import SPANS
from tapetum_server.query.statement import Parameters, Statement

MAX_RUNNING = 1_000
"""Of the spans that run, the newest are told of."""
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
