"""Services: how many requests each answered, how many failed, and how long they took.

A service's requests are its spans of kind server and consumer. A service that has none is measured by the traces it
begins (spans without a parent), and one that begins none by all of its spans: `basis` says which. Rate, errors and
duration are the RED method (T. Wilkie); quantiles are of the engine's `quantile` over every request, not of samples.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import orjson
from typing_extensions import TypedDict

from tapetum_server.query.errors import NotFound
from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions, value_sql
from tapetum_server.query.histograms import step_sql, steps_over
from tapetum_server.query.outside import ends_of
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import SECOND, Steps, TimeRange, format_time

Basis = Literal["requests", "traces", "spans"]
BASES: tuple[Basis, ...] = ("requests", "traces", "spans")
VERSION_KEY = "resource.service.version"
MAX_SERVICES = 200
MAX_OPERATIONS = 200
TREND_STEPS = 40
_RESOURCES = 100
"""Different resources of one service that are looked at for versions and environments."""

BASIS_SQL = """multiIf(span_kind IN ('server', 'consumer'), 'requests', parent_span_id = '', 'traces', 'spans')"""
_MEASURES = """count() AS requests, countIf(status = 'error') AS errors,
    quantiles(0.5, 0.95, 0.99)(duration_ms) AS durations"""


class Measures(TypedDict):
    """Rate, errors and duration over a range. `error_rate` is a share of 0 to 1."""

    requests: int
    errors: int
    rate_per_s: float
    error_rate: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class Trend(TypedDict):
    """The same by step; `null` where nothing was asked of the service."""

    times: list[str]
    interval_ms: int
    rate_per_s: list[float]
    error_rate: list[float | None]
    p50_ms: list[float | None]
    p95_ms: list[float | None]
    p99_ms: list[float | None]


class ServiceRow(Measures):
    """One service."""

    service: str
    basis: Basis
    """What counts as a request."""
    versions: list[str]
    environments: list[str]
    last_seen: str
    trend: Trend


class ServicePage(TypedDict):
    """Services, those with the most requests first."""

    rows: list[ServiceRow]
    truncated: bool
    total: int
    """How many services there are."""


class OperationRow(Measures):
    """One name under which a service is asked."""

    name: str
    span_kind: str


class VersionRow(Measures):
    """One version of a service, with when it was first and last seen within the range."""

    version: str
    first_seen: str
    last_seen: str


class ServiceDetail(ServiceRow):
    """One service, by operation and by version."""

    operations: list[OperationRow]
    by_version: list[VersionRow]


async def list_services(
    reader: Reader, *, project: str, time_range: TimeRange, filter: Filter, at_most: int = MAX_SERVICES
) -> ServicePage:
    """Every service that has spans within the range and the filter."""
    selection = await select(reader, SPANS, project=project, time_range=time_range, filter=filter)
    ends = await ends_of(reader, selection)
    if ends is None:
        return ServicePage(rows=[], truncated=False, total=0)
    selection, steps = replace(selection, time_range=ends["whole"]), steps_over(ends["drawn"], TREND_STEPS)
    found = list(tuples_of(await reader.query(*busiest_statement(selection, steps, at_most))))
    rows = _services([row[:-1] for row in found], ends["drawn"], steps)
    total = found[0][-1] if rows else 0
    return ServicePage(rows=rows, truncated=total > len(rows), total=total)


async def get_service(
    reader: Reader, *, project: str, time_range: TimeRange, filter: Filter, service: str
) -> ServiceDetail:
    """One service. Raises `NotFound` where it has no spans."""
    selection = await select(reader, SPANS, project=project, time_range=time_range, filter=filter, keys=[VERSION_KEY])
    ends = await ends_of(reader, selection)
    rows: list[ServiceRow] = []
    if ends is not None:
        selection, steps = replace(selection, time_range=ends["whole"]), steps_over(ends["drawn"], 120)
        found = list(tuples_of(await reader.query(*services_statement(selection, steps, service))))
        rows = _services(found, ends["drawn"], steps)
    if ends is None or not rows:
        raise NotFound(f"service {service[:80]!r} has no spans in this time", hint="Look at a longer time.")
    (row,) = rows
    seconds = _seconds(ends["drawn"])
    operations = tuples_of(await reader.query(*operations_statement(selection, service, row["basis"])))
    resources = tuples_of(await reader.query(*versions_statement(selection, service, row["basis"])))
    return ServiceDetail(
        **row,
        operations=[
            OperationRow(name=name, span_kind=kind, **_measures(measured, seconds))
            for name, kind, *measured in operations
        ],
        by_version=[
            VersionRow(
                version=version, first_seen=format_time(first), last_seen=format_time(last),
                **_measures(measured, seconds),
            )
            for version, first, last, *measured in resources
        ],
    )  # fmt: skip


def services_statement(selection: Selection, steps: Steps, service: str | None = None) -> Statement:
    """(service, basis, whether of the whole range, step, measures…, resources, last seen)."""
    parameters = Parameters()
    where = conditions(selection, parameters)
    if service is not None:
        where.append(f"service = {parameters.text(service)}")
    condition = " AND ".join(where)
    inner = f"""service, {BASIS_SQL} AS basis, {step_sql(selection, steps, parameters)} AS step, duration_ms, status,
    resource, start_time"""
    sql = f"""SELECT service, basis, grouping(step) AS whole, step, {_MEASURES},
    arrayMap(r -> toString(r), groupUniqArray({_RESOURCES})(resource)) AS resources,
    toUnixTimestamp64Nano(max(start_time)) AS last_seen
FROM (
    SELECT {inner}
    FROM {selection.source.relation(inner, condition)}
    WHERE {condition}
)
GROUP BY GROUPING SETS ((service, basis, step), (service, basis))"""
    return Statement(sql, parameters.values)


def busiest_statement(selection: Selection, steps: Steps, limit: int) -> Statement:
    """The rows of `services_statement` of the services with the most requests, each with how many services there are.

    Of 10,000 services the others would be 400,000 rows that nobody sees.
    """
    every = services_statement(selection, steps)
    # Only the best basis counts, see `_services`: the first of `BASES` that a service has.
    first = ", ".join(f"'{basis}'" for basis in BASES)
    best = f"min((indexOf([{first}], basis), -toInt64(if(whole = 1, requests, 0))))"
    sql = f"""SELECT * EXCEPT (busy, place)
FROM (
    SELECT *, max(place) OVER () AS services
    FROM (
        SELECT *, dense_rank() OVER (ORDER BY tupleElement(busy, 2), service) AS place
        FROM (
            SELECT *, {best} OVER (PARTITION BY service) AS busy
            FROM (
{every.sql}
            )
        )
    )
)
WHERE place <= {limit}"""
    return Statement(sql, every.parameters)


def operations_statement(selection: Selection, service: str, basis: Basis) -> Statement:
    """(name, span kind, measures…) of one service's requests, the most frequent first."""
    parameters = Parameters()
    condition = _of_service(selection, service, basis, parameters)
    columns = f"name, span_kind, {_MEASURES}"
    sql = f"""SELECT {columns}
FROM {selection.source.relation(columns, condition)}
WHERE {condition}
GROUP BY name, span_kind
ORDER BY requests DESC, name
LIMIT {MAX_OPERATIONS}"""
    return Statement(sql, parameters.values)


def versions_statement(selection: Selection, service: str, basis: Basis) -> Statement:
    """(version, first, last, measures…) of one service's requests, the newest version first."""
    parameters = Parameters()
    condition = _of_service(selection, service, basis, parameters)
    columns = f"""{value_sql(VERSION_KEY, selection, parameters)} AS version,
    toUnixTimestamp64Nano(min(start_time)) AS first, toUnixTimestamp64Nano(max(start_time)) AS last, {_MEASURES}"""
    sql = f"""SELECT {columns}
FROM {selection.source.relation(columns, condition)}
WHERE {condition}
GROUP BY version
ORDER BY first DESC, version
LIMIT 50"""
    return Statement(sql, parameters.values)


def _of_service(selection: Selection, service: str, basis: Basis, parameters: Parameters) -> str:
    where = [*conditions(selection, parameters), f"service = {parameters.text(service)}"]
    if basis != "spans":
        where.append(f"{BASIS_SQL} = '{basis}'")
    return " AND ".join(where)


def _services(found: Sequence[tuple[Any, ...]], time_range: TimeRange, steps: Steps) -> list[ServiceRow]:
    best: dict[str, Basis] = {}
    for service, basis, *_ in found:
        if service not in best or BASES.index(basis) < BASES.index(best[service]):
            best[service] = basis
    by_step: dict[str, dict[int, Sequence[Any]]] = {}
    wholes: dict[str, Sequence[Any]] = {}
    resources: dict[str, set[str]] = {}
    last_seen: dict[str, int] = {}
    for service, basis, whole, step, *measured, held, last in found:
        if whole:
            resources.setdefault(service, set()).update(held)
            last_seen[service] = max(last, last_seen.get(service, 0))
        if basis == best[service]:
            if whole:
                wholes[service] = measured
            else:
                by_step.setdefault(service, {})[step] = measured
    rows = []
    for service, whole_range in wholes.items():
        # No rows at all still make one whole.
        if not whole_range[0]:
            continue
        known = [_attributes(text) for text in resources[service]]
        rows.append(
            ServiceRow(
                service=service,
                basis=best[service],
                **_measures(whole_range, _seconds(time_range)),
                versions=sorted({a["service.version"] for a in known if a.get("service.version")}),
                environments=sorted({e for a in known if (e := _environment(a))}),
                last_seen=format_time(last_seen[service]),
                trend=_trend(by_step.get(service, {}), time_range, steps),
            )
        )
    return sorted(rows, key=lambda row: (-row["requests"], row["service"]))


def _trend(by_step: Mapping[int, Sequence[Any]], time_range: TimeRange, steps: Steps) -> Trend:
    assert time_range.start is not None
    assert time_range.end is not None
    times = steps.times()
    # The range may begin or end within a step: a rate is over the part of it that was looked at.
    seconds = [(min(t + steps.step, time_range.end) - max(t, time_range.start)) / SECOND for t in times]
    measured = [_measures(by_step[i], s) if i in by_step else None for i, s in enumerate(seconds)]
    return Trend(
        times=[format_time(t) for t in times],
        interval_ms=steps.step // 1_000_000,
        rate_per_s=[m["rate_per_s"] if m else 0.0 for m in measured],
        error_rate=[m["error_rate"] if m else None for m in measured],
        p50_ms=[m["p50_ms"] if m else None for m in measured],
        p95_ms=[m["p95_ms"] if m else None for m in measured],
        p99_ms=[m["p99_ms"] if m else None for m in measured],
    )


def _measures(measured: Sequence[Any], seconds: float) -> Measures:
    requests, errors, durations = measured
    p50, p95, p99 = (None if d is None or math.isnan(d) else d for d in durations)
    return Measures(
        requests=requests,
        errors=errors,
        rate_per_s=requests / seconds if seconds > 0 else 0.0,
        error_rate=errors / requests if requests else 0.0,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
    )


def _seconds(time_range: TimeRange) -> float:
    assert time_range.start is not None
    assert time_range.end is not None
    return (time_range.end - time_range.start) / SECOND


def _attributes(resource: str) -> dict[str, str]:
    return {key: value for key, _, value in orjson.loads(resource)} if resource else {}


def _environment(attributes: Mapping[str, str]) -> str:
    return attributes.get("deployment.environment.name") or attributes.get("deployment.environment") or ""
