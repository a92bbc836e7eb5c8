"""What arrived, from whom, and what was refused and why."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from typing_extensions import TypedDict

from tapetum_server.query.reader import Reader, first_row, tuples_of
from tapetum_server.query.sources import INGEST_TABLE
from tapetum_server.query.statement import Parameters
from tapetum_server.query.time_range import MILLISECOND, SECOND, TimeRange, format_time, steps_of
from tapetum_server.signals.identity import OWN_SENDER

OUTCOMES = ("accepted", "refused", "dropped", "truncated")
MOST_ROWS = 1_000
"""Of each list."""
MOST_COUNTERS = 50_000
"""That these are made of."""


class Sender(TypedDict):
    """What one sender sent of one signal."""

    project: str
    sender: str
    signal: str
    accepted: int
    refused: int
    dropped: int
    truncated: int
    last_time: str


class Reason(TypedDict):
    """Why records were refused, dropped or truncated."""

    project: str
    sender: str
    signal: str
    outcome: str
    reason: str
    count: int
    last_time: str


class Redacted(TypedDict):
    """What was redacted of one sender's records: places, not records."""

    project: str
    sender: str
    signal: str
    rule: str
    count: int
    last_time: str


class IngestBucket(TypedDict):
    """Records accepted within one step by signal, and those refused."""

    time: str
    traces: int
    logs: int
    metrics: int
    refused: int


class IngestSeries(TypedDict):
    """Ingest over time; every step of the range is there."""

    interval_ms: int
    buckets: list[IngestBucket]


class Ingest(TypedDict):
    """What arrived in a project."""

    senders: list[Sender]
    reasons: list[Reason]
    redacted: list[Redacted]
    series: IngestSeries


async def ingest(reader: Reader, *, project: str, time_range: TimeRange, buckets: int = 60) -> Ingest:
    """Accepted, refused, dropped and truncated records by sender, by reason and over time."""
    parameters = Parameters()
    # The page is about what others send; what the server measures of its own machine is no arrival.
    where = f"project = {parameters.text(project)} AND sender != {parameters.text(OWN_SENDER)}"
    # Counters are kept by minute: the first minute of the range counts whole.
    if time_range.start is not None:
        where += f" AND time >= toDateTime({parameters.integer(time_range.start // SECOND // 60 * 60)}, 'UTC')"
    if time_range.end is not None:
        where += f" AND time < toDateTime({parameters.integer(-(-time_range.end // SECOND))}, 'UTC')"
    # One question for all three lists: counters come all the while, and a sender is to stand beside its reasons.
    counted_sql = f"""SELECT sender, signal, outcome, reason, sum(count) AS records,
    toInt64(toUnixTimestamp(max(time))) AS last_s
FROM {INGEST_TABLE}
WHERE {where}
GROUP BY sender, signal, outcome, reason
ORDER BY last_s DESC, records DESC, sender, signal, outcome, reason
LIMIT {MOST_COUNTERS}"""
    answer, series = await asyncio.gather(
        reader.query(counted_sql, parameters.values),
        _series(reader, where, parameters.values, time_range, buckets),
    )
    counted = list(tuples_of(answer))
    reasons = [row for row in counted if row[2] not in ("accepted", "redacted")]
    redacted = sorted(
        (row for row in counted if row[2] == "redacted"), key=lambda row: (-row[4], row[0], row[1], row[3])
    )
    return Ingest(
        senders=_senders(project, counted)[:MOST_ROWS],
        reasons=[
            Reason(
                project=project, sender=sender, signal=signal, outcome=outcome, reason=reason, count=count,
                last_time=format_time(last_s * SECOND),
            )
            for sender, signal, outcome, reason, count, last_s in reasons[:MOST_ROWS]
        ],
        redacted=[
            Redacted(
                project=project, sender=sender, signal=signal, rule=rule, count=count,
                last_time=format_time(last_s * SECOND),
            )
            for sender, signal, _, rule, count, last_s in redacted[:MOST_ROWS]
        ],
        series=series,
    )  # fmt: skip


def _senders(project: str, counted: Iterable[tuple[Any, ...]]) -> list[Sender]:
    """Who sent what, who sent last first."""
    totals: dict[tuple[str, str], dict[str, int]] = {}
    last: dict[tuple[str, str], int] = {}
    for sender, signal, outcome, _, count, last_s in counted:
        of = totals.setdefault((sender, signal), dict.fromkeys(OUTCOMES, 0))
        last[sender, signal] = max(last.get((sender, signal), 0), last_s)
        if outcome in of:
            of[outcome] += count
    return [
        Sender(
            project=project, sender=sender, signal=signal, accepted=of["accepted"], refused=of["refused"],
            dropped=of["dropped"], truncated=of["truncated"], last_time=format_time(last[sender, signal] * SECOND),
        )
        for (sender, signal), of in sorted(totals.items(), key=lambda one: (-last[one[0]], one[0]))
    ]  # fmt: skip


async def _series(
    reader: Reader, where: str, values: dict[str, object], time_range: TimeRange, at_most: int
) -> IngestSeries:
    start, end = time_range.start, time_range.end
    if start is None or end is None:
        sql = f"""SELECT toInt64(toUnixTimestamp(min(time))) AS first_s, toInt64(toUnixTimestamp(max(time))) AS last_s,
    count() AS rows
FROM {INGEST_TABLE}
WHERE {where}"""
        row = first_row(await reader.query(sql, values))
        if row is None or not row["rows"]:
            return IngestSeries(interval_ms=0, buckets=[])
        start = row["first_s"] * SECOND if start is None else start
        end = (row["last_s"] + 1) * SECOND if end is None else end
    steps = steps_of(start, end, at_most=at_most)
    if steps.step < 60 * SECOND:
        steps = steps_of(start, end, at_most=at_most, step=60 * SECOND)
    signals = ", ".join(
        f"sumIf(count, outcome = 'accepted' AND signal = '{signal}') AS {signal}"
        for signal in ("traces", "logs", "metrics")
    )
    sql = f"""SELECT intDiv(toInt64(toUnixTimestamp(time)) - {{first:Int64}}, {{step:Int64}}) AS at, {signals},
    sumIf(count, outcome = 'refused') AS refused
FROM {INGEST_TABLE}
WHERE {where}
GROUP BY at"""
    bound = {**values, "first": steps.start // SECOND, "step": steps.step // SECOND}
    found = {row[0]: row[1:] for row in tuples_of(await reader.query(sql, bound))}
    buckets = []
    for i, time in enumerate(steps.times()):
        traces, logs, metrics, refused = found.get(i, (0, 0, 0, 0))
        buckets.append(IngestBucket(time=format_time(time), traces=traces, logs=logs, metrics=metrics, refused=refused))
    return IngestSeries(interval_ms=steps.step // MILLISECOND, buckets=buckets)
