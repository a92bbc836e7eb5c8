"""One error: over time, by version, environment and service, and examples of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from typing_extensions import TypedDict

from tapetum_server.query.error_groups import ErrorGroup, group_of, groups_statement
from tapetum_server.query.errors import NotFound
from tapetum_server.query.filter import Choice, Filter, Term
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.histograms import step_sql, steps_over
from tapetum_server.query.outside import ends_of
from tapetum_server.query.reader import Reader, first_row, rows_of, tuples_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import ERRORS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import MILLISECOND, Steps, TimeRange, format_time

BY = ("version", "environment", "service")
MAX_VALUES = 20
MAX_EXAMPLES = 25
_TREND_STEPS = 60


class ErrorShare(TypedDict):
    """One version, environment or service of an error. An empty value: the record named none."""

    value: str
    count: int
    first_seen: str
    last_seen: str


class ErrorExample(TypedDict):
    """One occurrence, and where it is to be found."""

    time: str
    message: str
    service: str
    version: str
    environment: str
    name: str
    """The span's name, or the logger."""
    source: str
    severity: str
    handled: bool
    trace_id: str
    span_id: str
    log_id: str
    user_id: str


class ErrorTrend(TypedDict):
    """Occurrences over time; every step of the range is there."""

    times: list[str]
    interval_ms: int
    counts: list[int]


class ErrorDetail(ErrorGroup):
    """One error within a range."""

    trend: ErrorTrend
    by_version: list[ErrorShare]
    by_environment: list[ErrorShare]
    by_service: list[ErrorShare]
    examples: list[ErrorExample]
    """The newest first."""
    stacktrace: str
    """Of the newest occurrence that has one."""
    attributes: dict[str, str]
    """Of the same occurrence."""


async def get_error(
    reader: Reader, *, project: str, time_range: TimeRange, filter: Filter, fingerprint: str
) -> ErrorDetail:
    """One error. Raises `NotFound` where it has no occurrence within the range and the filter."""
    only = Term("fingerprint", "is", (Choice(fingerprint),))
    filter = replace(filter, terms=(*filter.terms, only))
    selection = await select(reader, ERRORS, project=project, time_range=time_range, filter=filter)
    ends, found = await ends_of(reader, selection), None
    if ends is not None:
        selection = replace(selection, time_range=ends["whole"])
        found = first_row(await reader.query(*groups_statement(selection, "-last_seen", 1)))
    if found is None or ends is None:
        raise await _not_here(reader, project, fingerprint)
    drawn, steps = replace(selection, time_range=ends["drawn"]), steps_over(ends["drawn"], _TREND_STEPS)
    trend, shares, examples, newest = await asyncio.gather(
        reader.query(*trend_statement(drawn, steps)),
        reader.query(*shares_statement(selection)),
        reader.query(*examples_statement(selection, MAX_EXAMPLES)),
        reader.query(*newest_statement(selection)),
    )
    counts = [0] * steps.count
    for step, count in tuples_of(trend):
        counts[step] = count
    by: list[list[ErrorShare]] = [[] for _ in BY]
    for which, value, count, first, last in tuples_of(shares):
        by[which].append(
            ErrorShare(value=value, count=count, first_seen=format_time(first), last_seen=format_time(last))
        )
    latest = first_row(newest) or {"stacktrace": "", "attributes": {}}
    return ErrorDetail(
        **group_of(found, time_range),
        trend=ErrorTrend(
            times=[format_time(time) for time in steps.times()], interval_ms=steps.step // MILLISECOND, counts=counts
        ),
        by_version=by[0],
        by_environment=by[1],
        by_service=by[2],
        examples=[
            ErrorExample(
                time=format_time(row["time_ns"]), message=row["text"], service=row["service"], version=row["version"],
                environment=row["environment"], name=row["name"], source=row["source"], severity=row["severity"],
                handled=row["handled"], trace_id=row["trace_id"], span_id=row["span_id"], log_id=row["log_id"],
                user_id=row["user_id"],
            )
            for row in rows_of(examples)
        ],
        stacktrace=latest["stacktrace"],
        attributes=dict(latest["attributes"]),
    )  # fmt: skip


def trend_statement(selection: Selection, steps: Steps) -> Statement:
    """(step, occurrences)."""
    parameters = Parameters()
    columns = f"{step_sql(selection, steps, parameters)} AS step, count() AS occurrences"
    return _selected(selection, columns, parameters, "GROUP BY step")


def shares_statement(selection: Selection, keys: Sequence[str] = BY) -> Statement:
    """(number of the key, value, occurrences, first, last), the most frequent first; versions by when they came."""
    parameters = Parameters()
    condition = " AND ".join(conditions(selection, parameters))
    values = ", ".join(f"toString({key})" for key in keys)
    inner = f"time, arrayJoin(arrayEnumerate([{values}])) AS nth, [{values}][nth] AS value"
    sql = f"""SELECT nth - 1 AS which, value, count() AS occurrences, toUnixTimestamp64Nano(min(time)) AS first,
    toUnixTimestamp64Nano(max(time)) AS last
FROM (
    SELECT {inner}
    FROM {selection.source.relation(inner, condition)}
    WHERE {condition}
)
GROUP BY nth, value
ORDER BY which, occurrences DESC, value
LIMIT {MAX_VALUES} BY which"""
    return Statement(sql, parameters.values)


def examples_statement(selection: Selection, limit: int) -> Statement:
    """The newest occurrences."""
    parameters = Parameters()
    columns = """toUnixTimestamp64Nano(time) AS time_ns, substringUTF8(message, 1, 1000) AS text, service, version,
    environment, name, source, severity, handled, trace_id, span_id, log_id, user_id"""
    return _selected(selection, columns, parameters, f"ORDER BY time DESC, trace_id, log_id\nLIMIT {limit}")


def newest_statement(selection: Selection) -> Statement:
    """Stack trace and attributes of the newest occurrence that has a stack trace, or of the newest."""
    parameters = Parameters()
    return _selected(
        selection, "stacktrace, attributes", parameters, "ORDER BY stacktrace != '' DESC, time DESC\nLIMIT 1"
    )


def _selected(selection: Selection, columns: str, parameters: Parameters, rest: str) -> Statement:
    condition = " AND ".join(conditions(selection, parameters))
    sql = f"""SELECT {columns}
FROM {selection.source.relation(columns, condition, rest)}
WHERE {condition}
{rest}"""
    return Statement(sql, parameters.values)


async def _not_here(reader: Reader, project: str, fingerprint: str) -> NotFound:
    """What to say of an error that has no occurrence: whether it ever had one."""
    parameters = Parameters()
    sql = f"""SELECT count() AS groups, toUnixTimestamp64Nano(max(last_seen)) AS last
FROM error_groups
WHERE project = {parameters.text(project)} AND fingerprint = {parameters.text(fingerprint)}"""
    row = first_row(await reader.query(sql, parameters.values))
    if row is not None and row["groups"]:
        return NotFound(
            f"error {fingerprint!r} did not occur in this time; it was last seen at {format_time(row['last'])}",
            hint="Look at a longer time, or clear the filter.",
        )
    return NotFound(
        f"project {project!r} has no error {fingerprint[:80]!r}",
        hint="It may be past its retention, or belong to another project.",
    )
