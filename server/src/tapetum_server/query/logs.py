"""Log records: pages of them, of a project or of one trace."""

from __future__ import annotations

from typing import Any, Literal, get_args

import orjson
from typing_extensions import TypedDict

from tapetum_server.query.cursor import Cursor, decode_cursor, encode_cursor
from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import LOGS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange, format_time
from tapetum_server.store.attribute_shape import rebuild

LogSort = Literal["-time", "time"]
LOG_SORTS: tuple[LogSort, ...] = get_args(LogSort)
MAX_BODY_CHARACTERS = 16_384
"""Where a body is cut in a list."""


class LogRow(TypedDict):
    """One log record, as lists show it."""

    time: str
    observed_time: str | None
    service: str
    severity_number: int
    severity: str
    body: str
    event_name: str
    trace_id: str
    span_id: str
    attributes: dict[str, str]
    resource_attributes: dict[str, str]
    id: str


class LogPage(TypedDict):
    """Some log records, and where the next ones begin."""

    rows: list[LogRow]
    next_cursor: str | None


async def list_logs(
    reader: Reader,
    *,
    project: str,
    time_range: TimeRange,
    filter: Filter,
    sort: LogSort = "-time",
    limit: int = 100,
    cursor: str | None = None,
    trace_id: str | None = None,
) -> LogPage:
    """One page of the log records that pass the filter, of one trace where `trace_id` says so."""
    after = decode_cursor(cursor, sort, (int, str))
    if after is not None:
        time_range = after.range
    selection = await select(reader, LOGS, project=project, time_range=time_range, filter=filter)
    answer = await reader.query(*logs_statement(selection, sort, limit + 1, after, trace_id))
    found = list(tuples_of(answer))
    following = None
    if len(found) > limit:
        time_ns, log_id = found[limit - 1][:2]
        following = encode_cursor(Cursor(sort, time_range, (time_ns, log_id)))
    return LogPage(rows=[_log_row(row) for row in found[:limit]], next_cursor=following)


def logs_statement(
    selection: Selection, sort: LogSort, limit: int, after: Cursor | None, trace_id: str | None = None
) -> Statement:
    """The page of log records: time and identity, then what a row shows."""
    parameters = Parameters()
    where = conditions(selection, parameters)
    direction, before = ("DESC", "<") if sort.startswith("-") else ("ASC", ">")
    if trace_id is not None:
        where.append(f"trace_id = {parameters.text(trace_id)}")
    if after is not None:
        moment = parameters.moment(int(after.place[0]))
        log_id = f"toFixedString(unhex({parameters.text(str(after.place[1]))}), 16)"
        where.append(f"time {before}= {moment}")
        where.append(f"(time {before} {moment} OR log_id {before} {log_id})")
    condition, identity = " AND ".join(where), "time, log_id"
    ordered = f"ORDER BY time {direction}, log_id {direction}\nLIMIT {limit}"
    columns = f"""toUnixTimestamp64Nano(time) AS time_ns, lower(hex(log_id)) AS id,
    toUnixTimestamp64Nano(observed_time) AS observed_ns, service, severity_number, severity,
    substringUTF8(body, 1, {MAX_BODY_CHARACTERS}) AS text, event_name, trace_id, span_id,
    attr_shape, attr_values, resource"""
    # First which records, from narrow columns; then the bodies of just those.
    sql = f"""SELECT {columns}
FROM {LOGS.relation(columns, "project")}
WHERE project = {parameters.text(selection.project)} AND ({identity}) IN (
    SELECT {identity}
    FROM {LOGS.relation(identity, condition)}
    WHERE {condition}
    {ordered}
)
{ordered}"""
    return Statement(sql, parameters.values)


def _log_row(row: tuple[Any, ...]) -> LogRow:
    shape, values, resource = row[10:13]
    return LogRow(
        time=format_time(row[0]),
        observed_time=format_time(row[2]) if row[2] else None,
        service=row[3],
        severity_number=row[4],
        severity=row[5],
        body=row[6],
        event_name=row[7],
        trace_id=row[8],
        span_id=row[9],
        attributes={key: _cut(text) for key, _type, text in rebuild(shape, values, ())},
        resource_attributes={key: text for key, _type, text in orjson.loads(resource)} if resource else {},
        id=row[1],
    )


def _cut(stored: str) -> str:
    text = stored.replace("\0\0", "\0") if "\0" in stored else stored
    return text if len(text) <= MAX_BODY_CHARACTERS else text[:MAX_BODY_CHARACTERS]
