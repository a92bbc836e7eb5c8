"""What lies outside of a range because a clock is wrong: lists of "the last hour" never show it, and charts of
everything would be one bar if they reached to the year 2262, where such times are clamped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from typing_extensions import TypedDict

from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.reader import Reader, first_row
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import Source
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import EARLIEST_LIKELY, TimeRange, format_time


class Beyond(TypedDict):
    """Records on one side of the range."""

    count: int
    oldest: str
    newest: str
    until: str
    """`to` of a range from `oldest` that holds all of them."""


class Outside(TypedDict):
    """What passes the filter and lies outside of the range with times that no right clock gives."""

    before: Beyond | None
    """Of `from=all`: what says it is from before the year 2000. Charts leave it out."""
    after: Beyond | None
    """Of a range that ends now: what lies more than 5 seconds after now. Of `from=all`: more than a day, and charts
    leave it out."""


async def outside(reader: Reader, source: Source, *, project: str, time_range: TimeRange, filter: Filter) -> Outside:
    """How many records lie outside of the range that a right clock would have put elsewhere."""

    async def within(some: TimeRange) -> Beyond | None:
        selection = await select(reader, source, project=project, time_range=some, filter=filter)
        row = first_row(await reader.query(*outside_statement(selection)))
        if row is None or not row["records"]:
            return None
        first, last = row["first_ns"], row["last_ns"]
        return Beyond(
            count=row["records"], oldest=format_time(first), newest=format_time(last), until=format_time(last + 1)
        )

    return Outside(
        before=await within(TimeRange(None, EARLIEST_LIKELY)) if time_range.start is None else None,
        after=await within(TimeRange(time_range.late, None)) if time_range.late is not None else None,
    )


def outside_statement(selection: Selection) -> Statement:
    """One row: how many, from when to when. Where no partition lies in the future, it reads nothing."""
    parameters = Parameters()
    condition = " AND ".join(conditions(selection, parameters))
    columns = f"""count() AS records, toUnixTimestamp64Nano(min({selection.source.time})) AS first_ns,
    toUnixTimestamp64Nano(max({selection.source.time})) AS last_ns"""
    sql = f"""SELECT {columns}
FROM {selection.source.relation(columns, condition)}
WHERE {condition}"""
    return Statement(sql, parameters.values)


def likely(selection: Selection, parameters: Parameters) -> str:
    """Condition that a record's time is one that charts of everything have room for."""
    time_range = selection.time_range
    where = []
    if time_range.start is None:
        where.append(f"{selection.source.time} >= {parameters.moment(EARLIEST_LIKELY)}")
    if time_range.end is None and time_range.late is not None:
        where.append(f"{selection.source.time} < {parameters.moment(time_range.late)}")
    return " AND ".join(where) or "true"


class Ends(TypedDict):
    """Both ends of the records of a question."""

    drawn: TimeRange
    """What charts show."""
    whole: TimeRange
    """What lists show."""


async def ends_of(reader: Reader, selection: Selection) -> Ends | None:
    """Where the records of the selection begin and end; `None` where there are none and the range has an open end.

    Records with an unlikely time do not stretch what is drawn, unless there are no others.
    """
    time_range = selection.time_range
    if time_range.start is not None and time_range.end is not None:
        return Ends(drawn=time_range, whole=time_range)
    parameters = Parameters()
    columns, where = ends_sql(selection, parameters), " AND ".join(selection.bounds(parameters))
    sql = f"SELECT {columns}\nFROM {selection.source.table}\nWHERE {where}"
    row = first_row(await reader.query(sql, parameters.values))
    return None if row is None else ends_in(row, time_range)


def ends_sql(selection: Selection, parameters: Parameters) -> str:
    """Columns for `ends_in`."""
    time, usual = selection.source.time, likely(selection, parameters)
    return f"""count() AS records, toUnixTimestamp64Nano(min({time})) AS first_ns,
    toUnixTimestamp64Nano(max({time})) AS last_ns, countIf({usual}) AS likely,
    toUnixTimestamp64Nano(minIf({time}, {usual})) AS likely_first_ns,
    toUnixTimestamp64Nano(maxIf({time}, {usual})) AS likely_last_ns"""


def ends_in(row: Mapping[str, Any], time_range: TimeRange) -> Ends | None:
    """What the columns of `ends_sql` say of a range with open ends."""
    if not row["records"]:
        return None
    whole = _closed(time_range, row["first_ns"], row["last_ns"])
    drawn = _closed(time_range, row["likely_first_ns"], row["likely_last_ns"]) if row["likely"] else whole
    return Ends(drawn=drawn, whole=whole)


def _closed(time_range: TimeRange, first: int, last: int) -> TimeRange:
    return replace(
        time_range,
        start=first if time_range.start is None else time_range.start,
        end=last + 1 if time_range.end is None else time_range.end,
    )
