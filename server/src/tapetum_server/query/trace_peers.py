"""Traces to hold one against: the same request another time. Told by root spans, which cost little to read."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from tapetum_server.query.reader import Reader, first_row
from tapetum_server.query.sources import SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import SECOND, TimeRange, format_time
from tapetum_server.query.traces import no_trace

LOOK_AROUND = 24 * 3_600 * SECOND
"""How far before and after a trace its peers may lie."""
MAX_PEERS = 10_000
"""The nearest in time of those; of these, median and fastest are told."""


class Peer(TypedDict):
    """A trace with the same root. `duration_ms` and `status` are its root span's."""

    trace_id: str
    start_time: str
    duration_ms: float
    status: str


class TracePeers(TypedDict):
    """Traces whose root has the same name and service, within a day before and after. `null` where there is none."""

    root_name: str
    service: str
    count: int
    """Ended ones, without this one; at most 10,000."""
    previous: Peer | None
    """The last that began before this one."""
    median: Peer | None
    """Of those whose root did not fail, the one of median duration."""
    fastest: Peer | None
    """Of those whose root did not fail."""
    slowest: Peer | None


async def trace_peers(reader: Reader, *, project: str, trace_id: str) -> TracePeers:
    """Traces that did the same as this one."""
    root = first_row(await reader.query(*root_statement(project, trace_id)))
    if root is None:
        raise no_trace(project, trace_id)
    name, service, start = root["name"], root["service"], root["start_ns"]
    row = first_row(await reader.query(*peers_statement(project, trace_id, name, service, start)))
    assert row is not None, "count() without GROUP BY always answers one row"
    return TracePeers(
        root_name=name,
        service=service,
        count=row["peers"],
        previous=_peer(row["previous"]),
        median=_peer(row["median"]),
        fastest=_peer(row["fastest"]),
        slowest=_peer(row["slowest"]),
    )


def root_statement(project: str, trace_id: str) -> Statement:
    """Name, service and start of a trace's root; of its first span where the root has not arrived."""
    parameters = Parameters()
    condition = f"project = {parameters.text(project)} AND trace_id = {parameters.text(trace_id)}"
    columns = "name, service, toUnixTimestamp64Nano(start_time) AS start_ns"
    order = "parent_span_id != '', start_time, span_id"
    sql = f"""SELECT {columns}
FROM {SPANS.relation(columns, condition, order)}
WHERE {condition}
ORDER BY {order}
LIMIT 1"""
    return Statement(sql, parameters.values)


def peers_statement(project: str, trace_id: str, name: str, service: str, start: int) -> Statement:
    """One row: how many peers there are, and the ones that are worth a look."""
    parameters = Parameters()
    around = TimeRange(max(0, start - LOOK_AROUND), start + LOOK_AROUND)
    moment = parameters.moment(start)
    condition = " AND ".join((
        f"project = {parameters.text(project)}",
        f"start_time >= {parameters.moment(around.start or 0)}",
        f"start_time < {parameters.moment(around.end or 0)}",
        f"name = {parameters.text(name)}",
        f"service = {parameters.text(service)}",
        "parent_span_id = ''",
        f"trace_id != {parameters.text(trace_id)}",
        "state = 'ended'",
    ))  # fmt: skip
    columns = "trace_id, start_time, assumeNotNull(duration_ms) AS took_ms, status"
    peer = "(trace_id, toUnixTimestamp64Nano(start_time), took_ms, status)"
    distance = f"abs(toUnixTimestamp64Nano(start_time) - toUnixTimestamp64Nano({moment}))"
    succeeded = f"groupArrayIf({peer}, status != 'error')"
    sql = f"""WITH arraySort(peer -> (tupleElement(peer, 3), tupleElement(peer, 1)), {succeeded}) AS good
SELECT count() AS peers,
    argMaxIf({peer}, (start_time, trace_id), start_time < {moment}) AS previous,
    good[intDiv(length(good) + 1, 2)] AS median, good[1] AS fastest,
    argMax({peer}, (took_ms, trace_id)) AS slowest
FROM (
    SELECT {columns}
    FROM {SPANS.relation(columns, condition)}
    WHERE {condition}
    ORDER BY {distance}, trace_id
    LIMIT {MAX_PEERS}
)"""
    return Statement(sql, parameters.values)


def _peer(found: Any) -> Peer | None:
    # One driver gives a tuple, the other a dict.
    trace_id, start, took_ms, status = found.values() if isinstance(found, dict) else found
    if not trace_id:
        return None
    return Peer(trace_id=trace_id, start_time=format_time(start), duration_ms=took_ms, status=status)
