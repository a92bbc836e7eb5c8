"""What the machines and processes behind some spans were doing: `system.*`, `process.*` and `hw.*` metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from typing_extensions import TypedDict

from tapetum_server.query.reader import Reader, first_row, rows_of
from tapetum_server.query.selection import Selection, resource_pattern
from tapetum_server.query.sources import METRICS, SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import MILLISECOND, SECOND, TimeRange
from tapetum_server.store.attribute_shape import rebuild

ENTITY_KEYS = ("host.name", "service.instance.id")
"""Resource attributes that say on what something ran."""
PREFIXES = ("system.", "process.", "hw.")
MAX_SERIES = 200
_POINTS = 300


class HostSeries(TypedDict):
    """One metric of one host or process: (milliseconds since 1970, value). Counters are shown per second."""

    name: str
    unit: str
    service: str
    """Who reported it."""
    attributes: dict[str, str]
    points: list[tuple[int, float]]


class HostMetrics(TypedDict):
    """What the hosts were doing."""

    series: list[HostSeries]


@dataclass(frozen=True, slots=True)
class TracePlace:
    """When and on what a trace ran."""

    start: int
    end: int
    entities: Mapping[str, frozenset[str]]
    """Values of `ENTITY_KEYS` among the resources of its spans."""


async def resources_of_trace(reader: Reader, *, project: str, trace_id: str) -> TracePlace | None:
    """When and on what a trace ran; `None` when there is no such trace."""
    columns = """groupUniqArray(toString(resource)) AS resources, toUnixTimestamp64Nano(min(start_time)) AS start_ns,
    toUnixTimestamp64Nano(max(greatest(start_time, ifNull(end_time, start_time)))) AS end_ns, count() AS spans"""
    condition = "project = {project:String} AND trace_id = {trace_id:String}"
    sql = f"SELECT {columns}\nFROM {SPANS.relation(columns, condition)}\nWHERE {condition}"
    row = first_row(await reader.query(sql, {"project": project, "trace_id": trace_id}))
    if row is None or not row["spans"]:
        return None
    found: dict[str, set[str]] = {key: set() for key in ENTITY_KEYS}
    for resource in row["resources"]:
        for key, _type, value in orjson.loads(resource) if resource else ():
            if key in found:
                found[key].add(value)
    return TracePlace(row["start_ns"], row["end_ns"], {key: frozenset(values) for key, values in found.items()})


async def host_metrics(
    reader: Reader, *, project: str, time_range: TimeRange, entities: Mapping[str, frozenset[str]]
) -> HostMetrics:
    """Metrics of these hosts and instances within the range."""
    if not any(entities.values()):
        return HostMetrics(series=[])
    statement = host_metrics_statement(Selection(METRICS, project, time_range), entities)
    return HostMetrics(
        series=[
            HostSeries(
                name=row["name"],
                unit=f"{row['latest_unit']}/s" if row["counts"] else row["latest_unit"],
                service=row["reporter"],
                attributes={key: text for key, _type, text in rebuild(row["shape"], row["texts"], ())},
                points=[(time // MILLISECOND, value) for time, value in sorted(_pairs(row["found"]))],
            )
            for row in rows_of(await reader.query(*statement))
        ]
    )


def _pairs(points: list[object]) -> list[tuple[int, float]]:
    return [tuple(p.values()) if isinstance(p, dict) else tuple(p) for p in points]  # type: ignore[arg-type]


def host_metrics_statement(selection: Selection, entities: Mapping[str, frozenset[str]]) -> Statement:
    """One row per series; monotonic counters as their rate between two points."""
    parameters = Parameters()
    where = selection.bounds(parameters)
    where.append(f"({' OR '.join(f'startsWith(name, {parameters.text(prefix)})' for prefix in PREFIXES)})")
    patterns = [
        resource_pattern(key, value) for key, values in sorted(entities.items()) for value in sorted(values)[:50]
    ]
    where.append(f"({' OR '.join(f'match(resource, {parameters.text(pattern)})' for pattern in patterns)})")
    where.append("isNotNull(value)")
    condition = " AND ".join(where)
    start, end = selection.time_range.start or 0, selection.time_range.end or 0
    step = max(SECOND, (end - start) // _POINTS)
    columns = "name, series, time, unit, service, is_monotonic, temporality, attr_shape, attr_values, value"
    sql = f"""SELECT name, any(unit) AS latest_unit, any(service) AS reporter, counts,
    any(attr_shape) AS shape, any(attr_values) AS texts, groupArray(1000)((step_ns, shown)) AS found
FROM (
    SELECT name, series, counts, any(unit) AS unit, any(service) AS service, any(attr_shape) AS attr_shape,
        any(attr_values) AS attr_values,
        intDiv(toUnixTimestamp64Nano(time), {step}) * {step} AS step_ns, avg(at_point) AS shown
    FROM (
        SELECT *, is_monotonic AND temporality = 'cumulative' AS counts,
            row_number() OVER w AS nth, lagInFrame(value) OVER w AS previous, lagInFrame(time) OVER w AS previous_time,
            multiIf(NOT counts, assumeNotNull(value), nth = 1 OR value < previous OR time <= previous_time, nan,
                (assumeNotNull(value) - assumeNotNull(previous))
                / ((toUnixTimestamp64Nano(time) - toUnixTimestamp64Nano(previous_time)) / 1e9)) AS at_point
        FROM (
            SELECT {columns}
            FROM {METRICS.relation(columns, condition)}
            WHERE {condition}
        )
        WINDOW w AS (PARTITION BY name, series ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
    )
    WHERE NOT isNaN(at_point)
    GROUP BY name, series, counts, step_ns
)
GROUP BY name, series, counts
ORDER BY name, series
LIMIT {MAX_SERIES}"""
    return Statement(sql, parameters.values)
