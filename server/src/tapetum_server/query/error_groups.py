"""Errors by fingerprint: how many, of whom, since when, in which versions.

Counts are of the range and the filter. When an error was first and last seen, and in which versions, is over all that
was ever kept (`error_groups`): an error is new when nobody saw it before the range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, get_args

from typing_extensions import TypedDict

from tapetum_server.query.cursor import Cursor, decode_cursor, encode_cursor
from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.histograms import step_sql, stepped, steps_over
from tapetum_server.query.outside import ends_of
from tapetum_server.query.reader import Reader, rows_of, tuples_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import ERRORS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import MILLISECOND, Steps, TimeRange, format_time

ErrorSort = Literal["-last_seen", "-first_seen", "-count", "-traces", "-users"]
ERROR_SORTS: tuple[ErrorSort, ...] = get_args(ErrorSort)
TREND_STEPS = 40


class ErrorGroup(TypedDict):
    """One error: whatever has the same fingerprint."""

    fingerprint: str
    title: str
    """Type and message as they came last; of a log record without an exception, its template."""
    type: str
    message: str
    template: str
    culprit: str
    """The function, the span's name or the logger."""
    source: str
    severity: str
    services: list[str]
    environments: list[str]
    count: int
    unhandled: int
    traces: int
    users: int
    first_seen: str
    last_seen: str
    first_version: str
    last_version: str
    is_new: bool
    """Whether it was never seen before the range."""


class ErrorRow(ErrorGroup):
    """One error in a list."""

    trend: list[int]
    """Occurrences by step of the page's `times`."""


class ErrorPage(TypedDict):
    """Some errors, and where the next ones begin."""

    rows: list[ErrorRow]
    times: list[str]
    interval_ms: int
    next_cursor: str | None


class ErrorBucket(TypedDict):
    """The occurrences of one step: of errors that are new within the range, and of those known before."""

    time: str
    new: int
    known: int


class ErrorHistogram(TypedDict):
    """Occurrences over time; every step of the range is there, also empty ones."""

    interval_ms: int
    buckets: list[ErrorBucket]


class Place(NamedTuple):
    """Where an error stands in the order of a list."""

    key: int
    fingerprint: str


_SORT_KEYS: Mapping[str, str] = {
    # The latest within the range: it does not move while pages of a range in the past are turned.
    "last_seen": "latest_ns",
    "first_seen": "first_ns",
    "count": "occurrences",
    "traces": "traces",
    "users": "users",
}


async def list_errors(
    reader: Reader,
    *,
    project: str,
    time_range: TimeRange,
    filter: Filter,
    sort: ErrorSort = "-last_seen",
    limit: int = 50,
    cursor: str | None = None,
) -> ErrorPage:
    """One page of the errors that have occurrences within the range and the filter."""
    decoded = decode_cursor(cursor, sort, (int, str))
    after = None
    if decoded is not None:
        time_range = decoded.range
        after = Place(int(decoded.place[0]), str(decoded.place[1]))
    selection = await select(reader, ERRORS, project=project, time_range=time_range, filter=filter)
    ends = await ends_of(reader, selection)
    if ends is None:
        return ErrorPage(rows=[], times=[], interval_ms=0, next_cursor=None)
    selection, drawn = replace(selection, time_range=ends["whole"]), replace(selection, time_range=ends["drawn"])
    steps = steps_over(ends["drawn"], TREND_STEPS)
    found = rows_of(await reader.query(*groups_statement(selection, sort, limit + 1, after)))
    shown = found[:limit]
    trends: dict[str, list[int]] = {row["fingerprint"]: [0] * steps.count for row in shown}
    if shown:
        for fingerprint, step, count in tuples_of(await reader.query(*trends_statement(drawn, steps, list(trends)))):
            trends[fingerprint][step] = count
    following = None
    if len(found) > limit:
        last = shown[-1]
        settled = TimeRange(time_range.start, selection.time_range.end)
        following = encode_cursor(Cursor(sort, settled, (last["sort_key"], last["fingerprint"])))
    return ErrorPage(
        rows=[ErrorRow(**group_of(row, time_range), trend=trends[row["fingerprint"]]) for row in shown],
        times=[format_time(time) for time in steps.times()],
        interval_ms=steps.step // MILLISECOND,
        next_cursor=following,
    )


async def error_histogram(
    reader: Reader, *, project: str, time_range: TimeRange, filter: Filter, buckets: int = 60
) -> ErrorHistogram:
    """How many errors occurred over time."""
    selection = await select(reader, ERRORS, project=project, time_range=time_range, filter=filter)
    since = time_range.start
    selection, steps = await stepped(reader, selection, buckets)
    if steps is None:
        return ErrorHistogram(interval_ms=0, buckets=[])
    found = {
        step: counts for step, *counts in tuples_of(await reader.query(*histogram_statement(selection, steps, since)))
    }
    shown = []
    for i, time in enumerate(steps.times()):
        count, new = found.get(i, (0, 0))
        shown.append(ErrorBucket(time=format_time(time), new=new, known=count - new))
    return ErrorHistogram(interval_ms=steps.step // MILLISECOND, buckets=shown)


def groups_statement(selection: Selection, sort: ErrorSort, limit: int, after: Place | None = None) -> Statement:
    """One row per error, with what was ever known of it."""
    parameters = Parameters()
    condition = " AND ".join(conditions(selection, parameters))
    columns = """toString(fingerprint) AS fingerprint, toInt64(count()) AS occurrences,
        toInt64(countIf(NOT handled)) AS unhandled,
        toInt64(uniqExactIf(trace_id, trace_id != '')) AS traces,
        toInt64(uniqExactIf(user_id, user_id != '')) AS users,
        arraySort(arrayMap(s -> toString(s), groupUniqArray(20)(service))) AS services,
        arraySort(arrayMap(e -> toString(e), groupUniqArrayIf(20)(environment, environment != ''))) AS environments,
        toUnixTimestamp64Nano(max(time)) AS latest_ns,
        argMax([toString(type), message, toString(template), toString(culprit), toString(source), toString(severity)],
            time) AS latest"""
    page = ""
    if after is not None:
        key, fingerprint = parameters.integer(after.key), parameters.text(after.fingerprint)
        page = f"\nWHERE sort_key < {key} OR (sort_key = {key} AND fingerprint < {fingerprint})"
    sql = f"""SELECT *, {_SORT_KEYS[sort.removeprefix("-")]} AS sort_key
FROM (
    SELECT {columns}
    FROM {selection.source.relation(columns, condition)}
    WHERE {condition}
    GROUP BY fingerprint
) AS found
INNER JOIN (
    SELECT fingerprint, toUnixTimestamp64Nano(min(first_seen)) AS first_ns,
        toUnixTimestamp64Nano(max(last_seen)) AS last_ns, argMinIfMerge(first_version) AS oldest,
        argMaxIfMerge(last_version) AS newest
    FROM error_groups
    WHERE project = {parameters.text(selection.project)}
    GROUP BY fingerprint
) AS known USING (fingerprint){page}
ORDER BY sort_key DESC, fingerprint DESC
LIMIT {limit}"""
    return Statement(sql, parameters.values)


def trends_statement(selection: Selection, steps: Steps, fingerprints: Sequence[str]) -> Statement:
    """(fingerprint, step, occurrences) of these errors."""
    parameters = Parameters()
    where = [*conditions(selection, parameters), f"has({parameters.texts(fingerprints)}, fingerprint)"]
    condition = " AND ".join(where)
    columns = (
        f"toString(fingerprint) AS print, {step_sql(selection, steps, parameters)} AS step, count() AS occurrences"
    )
    sql = f"""SELECT {columns}
FROM {selection.source.relation(columns, condition)}
WHERE {condition}
GROUP BY print, step"""
    return Statement(sql, parameters.values)


def histogram_statement(selection: Selection, steps: Steps, since: int | None) -> Statement:
    """(step, occurrences, of them those of errors never seen before `since`)."""
    parameters = Parameters()
    condition = " AND ".join(conditions(selection, parameters))
    new = "toUInt64(0)"
    if since is not None:
        new = f"""countIf(toString(fingerprint) IN (
        SELECT fingerprint FROM error_groups WHERE project = {parameters.text(selection.project)}
        GROUP BY fingerprint HAVING min(first_seen) >= {parameters.moment(since)}
    ))"""
    columns = f"{step_sql(selection, steps, parameters)} AS step, count() AS occurrences, {new} AS new"
    sql = f"""SELECT {columns}
FROM {selection.source.relation("fingerprint", columns, condition)}
WHERE {condition}
GROUP BY step"""
    return Statement(sql, parameters.values)


def group_of(row: Mapping[str, Any], time_range: TimeRange) -> ErrorGroup:
    """The error that a row of `groups_statement` tells of."""
    type, message, template, culprit, source, severity = row["latest"]
    return ErrorGroup(
        fingerprint=row["fingerprint"],
        title=title_of(type, message, template, culprit),
        type=type,
        message=message[:1_000],
        template=template,
        culprit=culprit,
        source=source,
        severity=severity,
        services=list(row["services"]),
        environments=list(row["environments"]),
        count=row["occurrences"],
        unhandled=row["unhandled"],
        traces=row["traces"],
        users=row["users"],
        first_seen=format_time(row["first_ns"]),
        last_seen=format_time(row["last_ns"]),
        first_version=row["oldest"],
        last_version=row["newest"],
        is_new=time_range.start is not None and row["first_ns"] >= time_range.start,
    )


def title_of(type: str, message: str, template: str, culprit: str) -> str:
    """How people name an error."""
    first = message.lstrip().split("\n", 1)[0][:300]
    if type and first:
        return f"{type}: {first}"
    if type:
        return f"{type} in {culprit}" if culprit else type
    return template[:300] or first or f"{culprit} failed"
