"""What the machines and processes behind some spans used: CPU, memory and GPU metrics, found by their resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from tapetum_server.query.reader import Reader, first_row, rows_of
from tapetum_server.query.selection import Selection, resource_pattern
from tapetum_server.query.sources import METRICS, SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import SECOND, TimeRange
from tapetum_server.store.attribute_shape import rebuild

MAX_SERIES = 1_024
"""A machine of 64 CPUs that reports each in eight states has half of that."""
MAX_IDENTITIES = 50
_POINTS = 240

Identity = tuple[tuple[str, str], ...]
"""Resource attributes that, together, say which host or process something is."""


@dataclass(frozen=True, slots=True)
class TracePlace:
    """When a trace (or a span of it) ran, and the resources of its spans."""

    start: int
    end: int
    resources: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class ResourceSeries:
    """One series of one sender. Counters are shown per second, as the rate since the point before."""

    name: str
    unit: str
    attributes: Mapping[str, str]
    resource: Mapping[str, str]
    sender: str
    """Equal for series of the same resource."""
    points: Sequence[tuple[int, float]]
    """(nanoseconds since 1970, value)."""
    interval_ns: int | None
    """Usual time between two points as they were sent; `None` for a single one."""


async def place_of_trace(reader: Reader, *, project: str, trace_id: str, span_id: str | None) -> TracePlace | None:
    """When and on what a trace or one of its spans ran; `None` when there is no such one."""
    row = first_row(await reader.query(*place_statement(project, trace_id, span_id)))
    if row is None or not row["spans"]:
        return None
    resources = [{key: value for key, _type, value in orjson.loads(text)} for text in sorted(row["resources"]) if text]
    return TracePlace(row["start_ns"], row["end_ns"], resources)


def place_statement(project: str, trace_id: str, span_id: str | None) -> Statement:
    """One row: the different resources, the first start and the last end."""
    parameters = Parameters()
    condition = f"project = {parameters.text(project)} AND trace_id = {parameters.text(trace_id)}"
    if span_id is not None:
        condition += f" AND span_id = {parameters.text(span_id)}"
    columns = """groupUniqArray(1000)(toString(resource)) AS resources, count() AS spans,
    toUnixTimestamp64Nano(min(start_time)) AS start_ns,
    toUnixTimestamp64Nano(max(greatest(start_time, ifNull(end_time, start_time)))) AS end_ns"""
    sql = f"SELECT {columns}\nFROM {SPANS.relation(columns, condition)}\nWHERE {condition}"
    return Statement(sql, parameters.values)


async def resource_metrics(
    reader: Reader, *, project: str, time_range: TimeRange, wanted: Mapping[Sequence[str], Iterable[Identity]]
) -> tuple[list[ResourceSeries], bool]:
    """Series of these metrics (names → whose resources) within the range, and whether there were more."""
    asked = {names: sorted(set(whose))[:MAX_IDENTITIES] for names, whose in wanted.items()}
    if not any(asked.values()):
        return [], False
    statement = resource_metrics_statement(Selection(METRICS, project, time_range), asked)
    rows = rows_of(await reader.query(*statement))
    series = [
        ResourceSeries(
            name=row["name"],
            unit=row["latest_unit"],
            attributes={key: text for key, _type, text in rebuild(row["shape"], row["texts"], ())},
            resource={key: text for key, _type, text in orjson.loads(row["reporter"] or "[]")},
            sender=row["reporter"],
            points=sorted(_pairs(row["found"])),
            interval_ns=row["interval_ns"] or None,
        )
        for row in rows[:MAX_SERIES]
    ]
    return series, len(rows) > MAX_SERIES


def _pairs(points: Sequence[object]) -> list[tuple[int, float]]:
    return [tuple(p.values()) if isinstance(p, dict) else tuple(p) for p in points]  # type: ignore[arg-type]


def resource_metrics_statement(selection: Selection, wanted: Mapping[Sequence[str], Sequence[Identity]]) -> Statement:
    """One row per series; monotonic sums as their rate since the point before."""
    parameters = Parameters()
    where = selection.bounds(parameters)
    alternatives = []
    for names, whose in wanted.items():
        if not whose:
            continue
        those = " OR ".join(
            "("
            + " AND ".join(f"match(resource, {parameters.text(resource_pattern(key, value))})" for key, value in one)
            + ")"
            for one in whose
        )
        alternatives.append(f"(name IN {parameters.texts(names)} AND ({those}))")
    where += [f"({' OR '.join(alternatives)})", "isNotNull(value)"]
    condition = " AND ".join(where)
    start, end = selection.time_range.start or 0, selection.time_range.end or 0
    step = max(SECOND, (end - start) // _POINTS)
    columns = (
        "name, series, time, start_time, unit, resource, is_monotonic, temporality, attr_shape, attr_values, value"
    )
    sql = f"""SELECT name, any(unit) AS latest_unit, any(resource) AS reporter, any(attr_shape) AS shape,
    any(attr_values) AS texts, toInt64(quantileExactIf(0.5)(gap_ns, gap_ns > 0)) AS interval_ns,
    groupArray({_POINTS + 2})((step_ns, shown)) AS found
FROM (
    SELECT name, series, any(unit) AS unit, any(resource) AS resource, any(attr_shape) AS attr_shape,
        any(attr_values) AS attr_values, toInt64(min(since_ns)) AS gap_ns,
        intDiv(toUnixTimestamp64Nano(time), {step}) * {step} AS step_ns, avg(at_point) AS shown
    FROM (
        SELECT *, row_number() OVER w AS nth, lagInFrame(value) OVER w AS previous,
            if(nth = 1, 0, toUnixTimestamp64Nano(time) - toUnixTimestamp64Nano(lagInFrame(time) OVER w)) AS since_ns,
            toUnixTimestamp64Nano(time) - toUnixTimestamp64Nano(start_time) AS covered_ns,
            multiIf(NOT is_monotonic, assumeNotNull(value),
                temporality = 'delta' AND covered_ns > 0 AND covered_ns < 86400000000000,
                    assumeNotNull(value) / (covered_ns / 1e9),
                since_ns <= 0 OR (temporality != 'delta' AND value < previous), nan,
                (assumeNotNull(value) - if(temporality = 'delta', 0, assumeNotNull(previous))) / (since_ns / 1e9)
            ) AS at_point
        FROM (
            SELECT {columns}
            FROM {METRICS.relation(columns, condition)}
            WHERE {condition}
        )
        WINDOW w AS (PARTITION BY name, series ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
    )
    WHERE NOT isNaN(at_point)
    GROUP BY name, series, step_ns
)
GROUP BY name, series
ORDER BY name, series
LIMIT {MAX_SERIES + 1}"""
    return Statement(sql, parameters.values)
