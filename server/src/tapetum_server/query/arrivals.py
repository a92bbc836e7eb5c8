"""When each service spoke, and how long its records took to get here: from plain scans of two narrow columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from typing_extensions import TypedDict

from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import SECOND, TimeRange

MAX_ROWS = 1_500
_OLDEST_S = 86_400
"""Records that are older than this when they arrive are somebody's archive; looking for them would read all of it."""
_SIGNALS = (("traces", "span_rows", "start_time"), ("logs", "log_rows", "time"), ("metrics", "metric_rows", "time"))


@dataclass(frozen=True, slots=True)
class Spoken:
    """How one service sent one signal."""

    signal: str
    service: str
    active_minutes: int
    longest_pause_s: float
    first: int
    last: int
    answers: bool
    """Whether it answers requests of others, as its spans of kind server or consumer say."""


class ArrivalLag(TypedDict):
    """Seconds between a record's own time (a span's end) and its arrival; below zero, its time was in the future."""

    signal: str
    service: str
    records: int
    p50_s: float
    p99_s: float


async def spoken(reader: Reader, *, project: str, time_range: TimeRange) -> list[Spoken]:
    """Which minutes of the range each service has records of, those that spoke longest ago first."""
    return [
        Spoken(
            row["signal"], row["service"], row["active"], row["pause"] * 60.0, row["first_ns"], row["last_ns"],
            bool(row["answers"]),
        )
        for row in rows_of(await reader.query(*spoken_statement(project, time_range)))
    ]  # fmt: skip


def spoken_statement(project: str, time_range: TimeRange) -> Statement:
    """One row per signal and service. No FINAL: what was delivered twice was said in the same minute."""
    parameters = Parameters()
    assert time_range.start is not None
    assert time_range.end is not None
    of = f"project = {parameters.text(project)}"
    start, end = parameters.moment(time_range.start), parameters.moment(time_range.end)
    parts = [
        f"""    SELECT '{signal}' AS signal, toString(service) AS service,
        arraySort(groupUniqArray(intDiv(toUnixTimestamp64Nano({time}), 60000000000))) AS minutes,
        toUnixTimestamp64Nano(min({time})) AS first_ns, toUnixTimestamp64Nano(max({time})) AS last_ns,
        {"max(span_kind IN ('server', 'consumer'))" if signal == "traces" else "false"} AS answers
    FROM {table}
    WHERE {of} AND {time} >= {start} AND {time} < {end}
    GROUP BY service"""
        for signal, table, time in _SIGNALS
    ]
    union = "\n    UNION ALL\n".join(parts)
    sql = f"""SELECT signal, service, length(minutes) AS active, arrayMax(arrayDifference(minutes)) AS pause,
    first_ns, last_ns, answers
FROM (
{union}
)
ORDER BY last_ns, service, signal
LIMIT {MAX_ROWS}"""
    return Statement(sql, parameters.values)


async def arrival_lag(reader: Reader, *, project: str, arrived: TimeRange) -> Sequence[ArrivalLag]:
    """How late what arrived within the range was, by signal and service, the latest first."""
    found = await reader.query(*lag_statement(project, arrived))
    return [
        ArrivalLag(
            signal=row["signal"], service=row["service"], records=row["records"],
            p50_s=row["lags"][0], p99_s=row["lags"][1],
        )
        for row in rows_of(found)
    ]  # fmt: skip


def lag_statement(project: str, arrived: TimeRange) -> Statement:
    """One row per signal and service. A span that still runs has not happened yet."""
    parameters = Parameters()
    assert arrived.start is not None
    assert arrived.end is not None
    of = f"project = {parameters.text(project)}"
    oldest = parameters.moment(arrived.start - _OLDEST_S * SECOND)
    since, until = parameters.moment(arrived.start), parameters.moment(arrived.end)
    parts = []
    for signal, table, time in _SIGNALS:
        happened, ended = ("end_time", " AND ended") if signal == "traces" else (time, "")
        parts.append(
            f"""    SELECT '{signal}' AS signal, toString(service) AS service, count() AS records,
        quantiles(0.5, 0.99)(
            (toUnixTimestamp64Nano(ingested_at) - toUnixTimestamp64Nano({happened})) / 1e9) AS lags
    FROM {table}
    WHERE {of} AND {time} >= {oldest} AND ingested_at >= {since} AND ingested_at < {until}{ended}
    GROUP BY service"""
        )
    union = "\n    UNION ALL\n".join(parts)
    sql = f"""SELECT signal, service, records, lags
FROM (
{union}
)
ORDER BY lags[1] DESC, service, signal
LIMIT {MAX_ROWS}"""
    return Statement(sql, parameters.values)
