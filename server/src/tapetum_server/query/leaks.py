"""Secrets that arrived in telemetry and were redacted: whose, of which kind, since when, and where they stood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.sources import INGEST_TABLE
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import SECOND, TimeRange

MAX_LEAKS = 200
MINUTE = 60 * SECOND
"""Counters are kept by minute: the first one counts whole."""


class Leak(NamedTuple):
    """What one rule found in what one sender sent. Counts are of places, not of records."""

    sender: str
    rule: str
    lately: int
    first_ns: int
    """The minute of the first one in the whole range."""
    keys: int
    """Under how many it was found."""
    key: str
    """Of them that under which most was found; "" where it was not written down."""
    signal: str
    """Of that key."""


def leaks_statement(project: str, time_range: TimeRange, lately: int, rules: Sequence[str]) -> Statement:
    """By sender and rule: those that were found since `lately`, counted from then on and dated within the range."""
    parameters = Parameters()
    assert time_range.start is not None
    assert time_range.end is not None
    start, end, recent = (
        f"toDateTime({parameters.integer(at // SECOND)}, 'UTC')"
        for at in (time_range.start, time_range.end, lately // MINUTE * MINUTE)
    )
    sql = f"""SELECT sender, reason, sum(recent) AS lately, toInt64(toUnixTimestamp(min(first))) AS first_s,
    uniqExact(place) AS keys, argMax(place, (recent, place)) AS key, argMax(signal, (recent, place)) AS of_signal
FROM (
    SELECT sender, reason, place, signal, sumIf(count, time >= {recent}) AS recent, min(time) AS first
    FROM {INGEST_TABLE}
    WHERE project = {parameters.text(project)} AND outcome = 'redacted' AND has({parameters.texts(rules)}, reason)
        AND time >= {start} AND time <= {end}
    GROUP BY sender, reason, place, signal
)
GROUP BY sender, reason
HAVING lately > 0
ORDER BY lately DESC, sender, reason
LIMIT {MAX_LEAKS}"""
    return Statement(sql, parameters.values)


async def leaks(
    reader: Reader, *, project: str, time_range: TimeRange, lately: int, rules: Sequence[str]
) -> list[Leak]:
    """What these rules found since `lately`, the most frequent first."""
    asked = leaks_statement(project, time_range, lately, rules)
    return [
        Leak(sender, rule, count, first_s * SECOND, keys, place, signal)
        for sender, rule, count, first_s, keys, place, signal in tuples_of(
            await reader.query(asked.sql, asked.parameters)
        )
    ]
