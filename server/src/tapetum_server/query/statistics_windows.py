"""Which windows of models' predictions have no statistics yet, or older ones than their predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.signals.feature_statistics import ALL_ROWS

MOST_WINDOWS = 200
"""At once: the others are still due at the next look."""
HOUR_NS = 3_600 * 10**9
_SETTLING_S = 60
"""A prediction that came so shortly before the statistics were written may have come after they were counted."""
Unit = Literal["hours", "half_day", "day", "days", "third", "month", "quarter"]
UNITS: tuple[Unit, ...] = ("hours", "half_day", "day", "days", "third", "month", "quarter")
"""Four hours, twelve, days, five days (a month's 1st to 5th, …, 26th to its last), thirds of months (from the 1st, the
11th and the 21st), months and quarters of years, each of the shorter ones."""


def _hours(of: int) -> tuple[str, str]:
    return f"toStartOfInterval({{0}}, INTERVAL {of} HOUR)", f"{{0}} + toIntervalHour({of})"


def _days_of_month(of: int) -> tuple[str, str]:
    last = 30 // of - 1
    place = f"least(intDiv(toDayOfMonth({{0}}) - 1, {of}), {last})"
    return (
        f"toStartOfMonth({{0}}) + toIntervalDay({of} * {place})",
        f"if(toDayOfMonth({{0}}) = {of * last + 1}, toDateTime(toStartOfMonth({{0}}), 'UTC') + toIntervalMonth(1), "
        f"toDateTime({{0}}, 'UTC') + toIntervalDay({of}))",
    )


_HOUR = _hours(1)
PARTS: dict[Unit, tuple[str, str]] = {
    "hours": _hours(4),
    "half_day": _hours(12),
    "day": ("toStartOfDay({0})", "{0} + toIntervalDay(1)"),
    "days": _days_of_month(5),
    "third": _days_of_month(10),
    "month": ("toStartOfMonth({0})", "{0} + toIntervalMonth(1)"),
    "quarter": ("toStartOfQuarter({0})", "{0} + toIntervalMonth(3)"),
}
"""Where the one of a time begins, and where the one that begins at a time ends."""
_OF: dict[Unit, tuple[str, str]] = {"hours": _HOUR, **{unit: PARTS[of] for unit, of in zip(UNITS[1:], UNITS)}}


@dataclass(frozen=True, slots=True)
class DueWindow:
    """Of one version of a model, in nanoseconds since 1970."""

    model: str
    version: str
    start: int
    end: int
    again: bool = False
    """Whether it was counted before."""


async def due_hours(reader: Reader, project: str, *, since: int, until: int) -> list[DueWindow]:
    """Hours of predictions between these times that are to be counted, at most `MOST_WINDOWS`.

    Those that were never counted first, and of them the oldest: what lies after the last one that was counted is read
    from predictions until it is, what lies before the first is not.
    """
    found = rows_of(await reader.query(*due_hours_statement(project, since, until)))
    return [
        DueWindow(row["model"], row["version"], row["hour_ns"], row["hour_ns"] + HOUR_NS, again=bool(row["again"]))
        for row in found
    ]


async def due_sums(reader: Reader, project: str, unit: Unit, *, until: int) -> list[DueWindow]:
    """Days of which hours, or months of which days, were counted since they were added up; only those that are over."""
    found = rows_of(await reader.query(*due_sums_statement(project, unit, until)))
    return [DueWindow(row["model"], row["version"], row["start_ns"], row["end_ns"]) for row in found]


def due_hours_statement(project: str, since: int, until: int) -> Statement:
    """Whole hours alone: of the hour that lasts, the rows themselves are asked."""
    parameters = Parameters()
    of_project = f"project = {parameters.text(project)}"
    sql = f"""SELECT model, version, toUnixTimestamp64Nano(toDateTime64(hour, 9, 'UTC')) AS hour_ns,
    toUnixTimestamp64Nano(counted) > 0 AS again
FROM (
    SELECT toString(model) AS model, toString(version) AS version, toStartOfHour(time) AS hour,
        max(ingested_at) AS newest
    FROM prediction_rows
    WHERE {of_project} AND time >= {parameters.moment(since)} AND {parameters.before("time", until)}
    GROUP BY model, version, hour
) AS held
LEFT JOIN (
    SELECT toString(model) AS model, toString(version) AS version, toDateTime(window_start, 'UTC') AS hour,
        max(ingested_at) AS counted
    FROM feature_windows
    WHERE {of_project} AND dataset = '' AND slice = {parameters.text(ALL_ROWS)}
        AND window_end = window_start + toIntervalHour(1)
    GROUP BY model, version, hour
) AS kept USING (model, version, hour)
WHERE newest + toIntervalSecond({_SETTLING_S}) > counted
ORDER BY again, hour, model, version
LIMIT {MOST_WINDOWS}"""
    return Statement(sql, parameters.values)


def due_sums_statement(project: str, unit: Unit, until: int) -> Statement:
    """From what is kept of the shorter windows and of the longer ones."""
    parameters = Parameters()
    begin, end = PARTS[unit]
    start = f"toDateTime({begin.format('window_start')}, 'UTC')"
    sql = f"""SELECT toString(model) AS model, toString(version) AS version,
    toUnixTimestamp64Nano(toDateTime64({start} AS begun, 9, 'UTC')) AS start_ns,
    toUnixTimestamp64Nano(toDateTime64({end.format("begun")}, 9, 'UTC')) AS end_ns,
    maxIf(ingested_at, {_is(_OF[unit])}) AS counted, maxIf(ingested_at, {_is(PARTS[unit])}) AS added_up
FROM feature_windows
WHERE project = {parameters.text(project)} AND dataset = '' AND slice = {parameters.text(ALL_ROWS)}
GROUP BY model, version, begun
HAVING counted > added_up AND end_ns <= {parameters.bind(until, "Int64")}
ORDER BY start_ns DESC, model, version
LIMIT {MOST_WINDOWS}"""
    return Statement(sql, parameters.values)


def _is(unit: tuple[str, str]) -> str:
    """Whether a window is one of the unit."""
    begin, end = unit
    start = f"toDateTime({begin.format('window_start')}, 'UTC')"
    return f"window_start = {start} AND window_end = {end.format('window_start')}"
