"""What was redacted: by rule, by the key that it was found under, by sender, and over time."""

from __future__ import annotations

import asyncio

from typing_extensions import TypedDict

from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.sources import INGEST_TABLE
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import MILLISECOND, SECOND, Steps, format_time, steps_of

MAX_PLACES = 500
MINUTE = 60 * SECOND


class RedactedRule(TypedDict):
    """How often one rule found something: places, not records."""

    rule: str
    count: int
    keys: int
    senders: int
    last_time: str
    counts: list[int]
    """By step."""


class RedactedPlace(TypedDict):
    """How often one rule found something under one key of one sender's records."""

    rule: str
    key: str
    """Of an attribute, or the name of a field; "" where it was not written down."""
    signal: str
    sender: str
    count: int
    last_time: str


class Redactions(TypedDict):
    """What was redacted in a project."""

    interval_ms: int
    times: list[str]
    """When each step begins."""
    rules: list[RedactedRule]
    places: list[RedactedPlace]
    """The most frequent ones."""
    truncated: bool


def redactions_statements(project: str, steps: Steps) -> tuple[Statement, Statement, Statement]:
    """By rule; by rule and step; by rule, key, signal and sender. Steps are of whole minutes, as counters are."""
    parameters = Parameters()
    first, step = (parameters.integer(number // SECOND) for number in (steps.start, steps.step))
    where = f"""project = {parameters.text(project)} AND outcome = 'redacted'
    AND time >= toDateTime({first}, 'UTC') AND time < toDateTime({first} + {step} * {steps.count}, 'UTC')"""
    rules = f"""SELECT reason, sum(count) AS found, uniqExact(place) AS keys, uniqExact(sender) AS senders,
    toInt64(toUnixTimestamp(max(time))) AS last_s
FROM {INGEST_TABLE}
WHERE {where}
GROUP BY reason
ORDER BY found DESC, reason"""
    series = f"""SELECT reason, intDiv(toInt64(toUnixTimestamp(time)) - {first}, {step}) AS at, sum(count) AS found
FROM {INGEST_TABLE}
WHERE {where}
GROUP BY reason, at
ORDER BY reason, at"""
    places = f"""SELECT reason, place, signal, sender, sum(count) AS found,
    toInt64(toUnixTimestamp(max(time))) AS last_s
FROM {INGEST_TABLE}
WHERE {where}
GROUP BY reason, place, signal, sender
ORDER BY found DESC, reason, place, signal, sender
LIMIT {MAX_PLACES + 1}"""
    return tuple(Statement(sql, parameters.values) for sql in (rules, series, places))  # type: ignore[return-value]


async def redactions(reader: Reader, *, project: str, start: int, end: int, buckets: int = 60) -> Redactions:
    """What was redacted between two times."""
    steps = steps_of(start, end, at_most=buckets)
    if steps.step < MINUTE:
        steps = steps_of(start, end, at_most=buckets, step=MINUTE)
    asked = redactions_statements(project, steps)
    rules, series, places = await asyncio.gather(*(reader.query(s.sql, s.parameters) for s in asked))
    counts: dict[str, list[int]] = {}
    for rule, at, count in tuples_of(series):
        counts.setdefault(rule, [0] * steps.count)[at] = count
    found = list(tuples_of(places))
    return Redactions(
        interval_ms=steps.step // MILLISECOND,
        times=[format_time(time) for time in steps.times()],
        rules=[
            RedactedRule(
                rule=rule, count=sum(counts[rule]), keys=keys, senders=senders, last_time=format_time(last_s * SECOND),
                counts=counts[rule],
            )
            for rule, _, keys, senders, last_s in tuples_of(rules)
            # Counters are written while this is asked: what one statement saw the other may not have seen yet.
            if rule in counts
        ],
        places=[
            RedactedPlace(
                rule=rule, key=key, signal=signal, sender=sender, count=count, last_time=format_time(last_s * SECOND)
            )
            for rule, key, signal, sender, count, last_s in found[:MAX_PLACES]
        ],
        truncated=len(found) > MAX_PLACES,
    )  # fmt: skip
