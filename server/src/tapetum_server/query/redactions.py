"""What was redacted: by rule, by the key that it was found under, by sender, and over time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

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


def redactions_statements(project: str, steps: Steps) -> tuple[Statement, Statement]:
    """By rule, with the counts of its steps; by rule, key, signal and sender. Steps are whole minutes, as counters are.

    Counters are written while this is asked: what is told of a rule comes of one statement.
    """
    parameters = Parameters()
    first, step = (parameters.integer(number // SECOND) for number in (steps.start, steps.step))
    where = f"""project = {parameters.text(project)} AND outcome = 'redacted'
    AND time >= toDateTime({first}, 'UTC') AND time < toDateTime({first} + {step} * {steps.count}, 'UTC')"""
    at = f"intDiv(toInt64(toUnixTimestamp(time)) - {first}, {step})"
    rules = f"""SELECT reason, sum(count) AS found, uniqExact(place) AS keys, uniqExact(sender) AS senders,
    toInt64(toUnixTimestamp(max(time))) AS last_s, sumMap(map({at}, count)) AS by_step
FROM {INGEST_TABLE}
WHERE {where}
GROUP BY reason
ORDER BY found DESC, reason"""
    places = f"""SELECT reason, place, signal, sender, sum(count) AS found,
    toInt64(toUnixTimestamp(max(time))) AS last_s
FROM {INGEST_TABLE}
WHERE {where}
GROUP BY reason, place, signal, sender
ORDER BY found DESC, reason, place, signal, sender
LIMIT {MAX_PLACES + 1}"""
    return Statement(rules, parameters.values), Statement(places, parameters.values)


async def redactions(reader: Reader, *, project: str, start: int, end: int, buckets: int = 60) -> Redactions:
    """What was redacted between two times."""
    steps = steps_of(start, end, at_most=buckets)
    if steps.step < MINUTE:
        steps = steps_of(start, end, at_most=buckets, step=MINUTE)
    asked = redactions_statements(project, steps)
    rules, places = await asyncio.gather(*(reader.query(s.sql, s.parameters) for s in asked))
    found = list(tuples_of(places))
    return Redactions(
        interval_ms=steps.step // MILLISECOND,
        times=[format_time(time) for time in steps.times()],
        rules=[
            RedactedRule(
                rule=rule, count=count, keys=keys, senders=senders, last_time=format_time(last_s * SECOND),
                counts=_by_step(by_step, steps),
            )
            for rule, count, keys, senders, last_s, by_step in tuples_of(rules)
        ],
        places=[
            RedactedPlace(
                rule=rule, key=key, signal=signal, sender=sender, count=count, last_time=format_time(last_s * SECOND)
            )
            for rule, key, signal, sender, count, last_s in found[:MAX_PLACES]
        ],
        truncated=len(found) > MAX_PLACES,
    )  # fmt: skip


def _by_step(counted: Iterable[tuple[int, int]], steps: Steps) -> list[int]:
    counts = dict(counted)
    return [counts.get(at, 0) for at in range(steps.count)]
