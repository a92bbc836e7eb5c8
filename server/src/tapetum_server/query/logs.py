"""Log records: pages of them, of a project or of one trace."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import orjson
from typing_extensions import TypedDict

from tapetum_server.query.cursor import Cursor, decode_cursor, encode_cursor
from tapetum_server.query.errors import NotFound, QueryError
from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.filter_values import ATTRIBUTE_PREFIX, RESOURCE_PREFIX
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import LOGS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange, format_time
from tapetum_server.store.attribute_shape import rebuild

LogSort = Literal["-time", "time"]
LOG_SORTS: tuple[LogSort, ...] = get_args(LogSort)
MAX_BODY_CHARACTERS = 16_384
"""Where a body or an attribute is cut in a list."""
MAX_RECORD_CHARACTERS = 65_536
"""Where one is cut when a record is asked for alone; `get_log_value` has it whole."""


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
    truncated: dict[str, int]
    """Length in characters of each value that was cut: `body`, `attributes.KEY` or `resource.KEY`."""
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
    columns = _columns(MAX_BODY_CHARACTERS)
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


async def get_log(reader: Reader, *, project: str, log_id: str, time: int | None) -> LogRow:
    """One record; values longer than `MAX_RECORD_CHARACTERS` are cut. Its time makes it quick to find."""
    columns = _columns(MAX_RECORD_CHARACTERS)
    return _log_row(await _record(reader, columns, project, log_id, time), MAX_RECORD_CHARACTERS)


async def get_log_value(reader: Reader, *, project: str, log_id: str, time: int | None, field: str) -> str:
    """One whole value: `body`, `attributes.KEY` or `resource.KEY`."""
    if field != "body" and not field.startswith((ATTRIBUTE_PREFIX, RESOURCE_PREFIX)):
        raise QueryError(
            f"{field!r} is not a value of a log record",
            code="bad_field",
            field="field",
            hint="One of body, attributes.KEY, resource.KEY.",
        )
    body, *stored = await _record(reader, "body, attr_shape, attr_values, resource", project, log_id, time)
    if field == "body":
        return str(body)
    attributes, resource = _texts(*stored)
    prefix, values = (
        (ATTRIBUTE_PREFIX, attributes) if field.startswith(ATTRIBUTE_PREFIX) else (RESOURCE_PREFIX, resource)
    )
    key = field[len(prefix) :]
    if key not in values:
        raise NotFound(f"log record {log_id!r} has no {field}")
    return values[key]


async def _record(reader: Reader, columns: str, project: str, log_id: str, time: int | None) -> tuple[Any, ...]:
    found = None
    if re.fullmatch("[0-9a-f]{32}", log_id):
        found = next(iter(tuples_of(await reader.query(*record_statement(columns, project, log_id, time)))), None)
    if found is None:
        raise NotFound(
            f"project {project!r} has no log record {log_id!r}" + (" at this time" if time is not None else ""),
            hint="It may be past its retention, or belong to another project.",
        )
    return found


def record_statement(columns: str, project: str, log_id: str, time: int | None) -> Statement:
    """These columns of one record."""
    parameters = Parameters()
    condition = f"project = {parameters.text(project)} AND log_id = toFixedString(unhex({parameters.text(log_id)}), 16)"
    if time is not None:
        condition += f" AND time = {parameters.moment(time)}"
    sql = f"SELECT {columns}\nFROM {LOGS.relation(columns, condition)}\nWHERE {condition}\nLIMIT 1"
    return Statement(sql, parameters.values)


def _columns(limit: int) -> str:
    return f"""toUnixTimestamp64Nano(time) AS time_ns, lower(hex(log_id)) AS id,
    toUnixTimestamp64Nano(observed_time) AS observed_ns, service, severity_number, severity,
    substringUTF8(body, 1, {limit}) AS text, event_name, trace_id, span_id,
    attr_shape, attr_values, resource, lengthUTF8(body) AS body_length"""


def _log_row(row: tuple[Any, ...], limit: int = MAX_BODY_CHARACTERS) -> LogRow:
    attributes, resource = _texts(*row[10:13])
    truncated = {"body": row[13]} if row[13] > limit else {}
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
        attributes=cut(attributes, ATTRIBUTE_PREFIX, truncated, limit),
        resource_attributes=cut(resource, RESOURCE_PREFIX, truncated, limit),
        truncated=truncated,
        id=row[1],
    )


def cut(values: Mapping[str, str], prefix: str, truncated: dict[str, int], limit: int) -> dict[str, str]:
    """The values as a row shows them; `truncated` gets the lengths of those that were cut."""
    truncated.update((prefix + key, len(text)) for key, text in values.items() if len(text) > limit)
    return {key: text[:limit] for key, text in values.items()}


def _texts(shape: str, values: Sequence[str], resource: str) -> tuple[dict[str, str], dict[str, str]]:
    own = attribute_texts(shape, values)
    return own, {key: text for key, _type, text in orjson.loads(resource)} if resource else {}


def attribute_texts(shape: str, values: Sequence[str]) -> dict[str, str]:
    """The attributes of a stored log record: key to the exact text of its value."""
    return {key: text.replace("\0\0", "\0") for key, _type, text in rebuild(shape, values, ())}
