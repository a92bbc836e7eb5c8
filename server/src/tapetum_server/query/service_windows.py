"""How each service did in even windows up to now, and all of them together over the last hour."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from typing_extensions import TypedDict

from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.histograms import step_sql
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.selection import Selection
from tapetum_server.query.services import BASES, BASIS_SQL, Basis
from tapetum_server.query.sources import SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import SECOND, Steps, TimeRange, format_time

MAX_SERVICES = 500


@dataclass(frozen=True, slots=True)
class Window:
    """What a service was asked within one window."""

    requests: int
    errors: int
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class ServiceWindows:
    """One service, window by window, the oldest first; one in which nothing was asked has no requests."""

    service: str
    basis: Basis
    windows: Sequence[Window]


class Traffic(TypedDict):
    """Requests of the whole project over the last hour, by minute."""

    basis: Basis | None
    """What counts as a request; nothing where there are no spans."""
    interval_ms: int
    times: list[str]
    requests: int
    rate_per_s: list[float]
    error_rate: list[float | None]
    p95_ms: list[float | None]
    now_rate_per_s: float
    """Of the last five minutes, as are the next two."""
    now_error_rate: float | None
    now_p95_ms: float | None


_NOTHING = Window(0, 0, None)
_MEASURES = "count() AS requests, countIf(status = 'error') AS errors, quantile(0.95)(duration_ms) AS p95"


async def service_windows(reader: Reader, *, project: str, steps: Steps) -> list[ServiceWindows]:
    """Every service that has spans within the windows, those with the most requests first."""
    selection = Selection(SPANS, project, TimeRange(steps.start, steps.end))
    best: dict[str, ServiceWindows] = {}
    for service, basis, found in tuples_of(await reader.query(*windows_statement(selection, steps))):
        if service in best and BASES.index(best[service].basis) <= BASES.index(basis):
            continue
        windows = [_NOTHING] * steps.count
        for step, requests, errors, p95 in _tuples(found):
            windows[step] = Window(requests, errors, _number(p95))
        best[service] = ServiceWindows(service, basis, windows)
    return list(best.values())


def windows_statement(selection: Selection, steps: Steps) -> Statement:
    """(service, basis, [(window, requests, errors, p95)]), those with the most requests first."""
    parameters = Parameters()
    condition = " AND ".join(conditions(selection, parameters))
    inner = f"service, {BASIS_SQL} AS basis, {step_sql(selection, steps, parameters)} AS step, {_MEASURES}"
    sql = f"""SELECT service, basis, groupArray((step, requests, errors, p95)) AS windows
FROM (
    SELECT {inner}
    FROM {selection.source.relation(inner, condition)}
    WHERE {condition}
    GROUP BY service, basis, step
)
GROUP BY service, basis
ORDER BY sum(requests) DESC, service, basis
LIMIT {MAX_SERVICES * len(BASES)}"""
    return Statement(sql, parameters.values)


async def traffic(reader: Reader, *, project: str, now: int) -> Traffic:
    """Requests, failures and durations of everything over the last hour."""
    minute = 60 * SECOND
    steps = Steps(now // minute * minute - 59 * minute, minute, 60)
    selection = Selection(SPANS, project, TimeRange(steps.start, now))
    found = list(tuples_of(await reader.query(*traffic_statement(selection, steps, now - 5 * minute))))
    basis = min((row[0] for row in found if row[3]), key=BASES.index, default=None)
    by_step: dict[int, Window] = {}
    last = _NOTHING
    for of, recently, step, requests, errors, p95 in found:
        if of == basis:
            if recently:
                last = Window(requests, errors, _number(p95))
            else:
                by_step[step] = Window(requests, errors, _number(p95))
    windows = [by_step.get(i, _NOTHING) for i in range(steps.count)]
    seconds = [*([60.0] * 59), max(1.0, (now - steps.start) / SECOND - 59 * 60)]
    return Traffic(
        basis=basis,
        interval_ms=60_000,
        times=[format_time(time) for time in steps.times()],
        requests=sum(w.requests for w in windows),
        rate_per_s=[w.requests / s for w, s in zip(windows, seconds)],
        error_rate=[w.errors / w.requests if w.requests else None for w in windows],
        p95_ms=[w.p95_ms for w in windows],
        now_rate_per_s=last.requests / 300,
        now_error_rate=last.errors / last.requests if last.requests else None,
        now_p95_ms=last.p95_ms,
    )


def traffic_statement(selection: Selection, steps: Steps, since: int) -> Statement:
    """(basis, whether of all since `since`, minute, requests, errors, p95)."""
    parameters = Parameters()
    condition = " AND ".join(conditions(selection, parameters))
    recent = f"start_time >= {parameters.moment(since)}"
    inner = f"""{BASIS_SQL} AS basis, {step_sql(selection, steps, parameters)} AS step, {recent} AS recent,
    duration_ms, status"""
    sql = f"""SELECT basis, grouping(step) AS recently, step, {_MEASURES}
FROM (
    SELECT {inner}
    FROM {selection.source.relation(inner, condition)}
    WHERE {condition}
)
GROUP BY GROUPING SETS ((basis, step), (basis, recent))
HAVING recently = 0 OR recent"""
    return Statement(sql, parameters.values)


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def _tuples(found: Iterable[Any]) -> Iterable[tuple[Any, ...]]:
    return (tuple(one.values()) if isinstance(one, dict) else tuple(one) for one in found)
