"""Traces: pages of them, and the spans of one, column by column.

A page is found in two steps. First the trace ids, from narrow columns in time order; then the
summaries of just those traces. A trace belongs to a list when any of its spans passes the filter
within the range, and it stands where the earliest such span stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args

from typing_extensions import TypedDict

from tapetum_server.query.cursor import Cursor, decode_cursor, encode_cursor
from tapetum_server.query.errors import NotFound
from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.reader import Reader, first_row, tuples_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange, format_time

TraceSort = Literal["-start_time", "start_time", "-duration_ms", "-cost_usd", "-tokens", "-span_count", "-error_count"]
TRACE_SORTS: tuple[TraceSort, ...] = get_args(TraceSort)
FIRST_WINDOW = 20_000
"""How many of the newest matching spans the first look takes; each further look takes ten times as many."""
_PINNED = ("session_id", "trace_id")


class TraceRow(TypedDict):
    """One trace, as lists show it. `null` means that no span said it."""

    trace_id: str
    root_name: str
    service: str
    start_time: str
    duration_ms: float | None
    state: str
    span_count: int
    error_count: int
    models: list[str]
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    unpriced: int
    """Calls whose cost is not known and so not in `cost_usd`."""
    session_id: str
    user_id: str
    status: str


class TracePage(TypedDict):
    """Some traces, and where the next ones begin."""

    rows: list[TraceRow]
    next_cursor: str | None


class TraceSummary(TraceRow):
    """One trace, with what only its own page shows."""

    end_time: str | None
    services: list[str]


_ROOT_FIRST = "(parent_span_id != '', start_time, span_id)"
_RUNNING = "countIf(state = 'running')"
SUMMARY_COLUMNS = f"""argMin(name, {_ROOT_FIRST}) AS root_name,
    argMin(service, {_ROOT_FIRST}) AS root_service,
    toUnixTimestamp64Nano(min(start_time)) AS start_ns,
    toUnixTimestamp64Nano(max(end_time)) AS end_ns,
    {_RUNNING} AS running,
    count() AS span_count,
    countIf(status = 'error') AS error_count,
    countIf(status = 'ok') AS ok_count,
    arraySort(groupUniqArrayIf(model, model != '')) AS models,
    sumIf(input_tokens, usage_counted) AS input_tokens,
    sumIf(output_tokens, usage_counted) AS output_tokens,
    sumIf(cost_usd, usage_counted) AS spent,
    countIf(is_call AND isNull(cost_usd) AND (owns_usage OR status != 'error')) AS unpriced,
    minIf(session_id, session_id != '') AS session_id,
    minIf(user_id, user_id != '') AS user_id,
    arraySort(groupUniqArray(service)) AS services"""
"""What a trace's spans say together; the same meaning as the public view `traces`."""

_SORT_KEYS: Mapping[str, str] = {
    "duration_ms": f"if({_RUNNING} > 0, -1, toUnixTimestamp64Nano(assumeNotNull(max(end_time)))"
    " - toUnixTimestamp64Nano(min(start_time)))",
    # Whole nano-dollars: a sum of floats depends on the order of adding, and a cursor must not.
    "cost_usd": "if(countIf(usage_counted AND isNotNull(cost_usd)) = 0, -1,"
    " sumIf(toInt64(round(ifNull(cost_usd, 0) * 1e9)), usage_counted))",
    "tokens": "if(countIf(usage_counted AND (isNotNull(input_tokens) OR isNotNull(output_tokens))) = 0, -1,"
    " toInt64(sumIf(ifNull(input_tokens, 0) + ifNull(output_tokens, 0), usage_counted)))",
    "span_count": "toInt64(count())",
    "error_count": "toInt64(countIf(status = 'error'))",
}


class Place(NamedTuple):
    """Where a trace stands in the order of a list."""

    key: int
    trace_id: str


async def list_traces(
    reader: Reader,
    *,
    project: str,
    time_range: TimeRange,
    filter: Filter,
    sort: TraceSort = "-start_time",
    limit: int = 50,
    cursor: str | None = None,
) -> TracePage:
    """One page of the traces of which any span passes the filter.

    In time order a trace stands where its earliest matching span stands; in any other order it is
    ranked by its spans within the range. The rows themselves always tell of the whole trace.
    """
    decoded = decode_cursor(cursor, sort, (int, str))
    after = None
    if decoded is not None:
        time_range = decoded.range
        after = Place(int(decoded.place[0]), str(decoded.place[1]))
    selection = await select(reader, SPANS, project=project, time_range=time_range, filter=filter)
    if sort in ("-start_time", "start_time"):
        places, summaries = await _by_time(reader, selection, sort, limit + 1, after)
    else:
        places = await _ranked(reader, selection, sort, limit + 1, after)
        summaries = await _summaries(reader, project, [place.trace_id for place in places[:limit]])
    shown = places[:limit]
    rows = [_trace_row(summaries[p.trace_id]) for p in shown if p.trace_id in summaries]
    following = encode_cursor(Cursor(sort, time_range, tuple(shown[-1]))) if len(places) > limit else None
    return TracePage(rows=rows, next_cursor=following)


async def _by_time(
    reader: Reader, selection: Selection, sort: TraceSort, wanted: int, after: Place | None
) -> tuple[list[Place], dict[str, dict[str, Any]]]:
    """Places and summaries of the next traces in time order.

    Looks at a window of the spans next to the cursor. The first span of a trace in the window is
    its place, unless the trace has an earlier matching span outside it: newest first, such a trace
    belongs to a later page; oldest first, to an earlier one. Looks again, wider or further on,
    until the page is full or nothing is left.
    """
    newest_first = sort == "-start_time"
    candidates_wanted = wanted + wanted // 4 + 4
    # The spans of a session are few, found by their index, and lie anywhere: reading them in order costs most.
    few = any(selection.filter.pins(key) for key in _PINNED)
    window: int | None = None if few else FIRST_WINDOW
    places: dict[str, Place] = {}
    summaries: dict[str, dict[str, Any]] = {}
    while True:
        statement = window_statement(selection, sort, candidates_wanted, window, after)
        rows = list(tuples_of(await reader.query(*statement)))
        candidates = [Place(key, trace_id) for trace_id, key, _ in rows]
        saw_everything = not rows or window is None or rows[0][2] < window
        if saw_everything and (newest_first or after is None):
            # No edge that a trace could reach across. Oldest first, a later look always has one.
            page = candidates[:wanted]
            return page, await _summaries(reader, selection.project, [place.trace_id for place in page], apart=few)
        ids = [place.trace_id for place in candidates]
        keys, known = await _verified(reader, selection, ids)
        summaries.update(known)
        places.update((place.trace_id, place) for place in candidates if keys.get(place.trace_id) == place.key)
        all_listed = saw_everything and len(candidates) < candidates_wanted
        if len(places) >= wanted or all_listed:
            return list(places.values())[:wanted], summaries
        if newest_first or len(candidates) < candidates_wanted:
            places.clear()
            window = None if window is None or window >= FIRST_WINDOW * 1_000 else window * 10
        else:
            after = candidates[-1]


async def _verified(
    reader: Reader, selection: Selection, ids: Sequence[str]
) -> tuple[dict[str, int], dict[str, dict[str, Any]]]:
    """Where each of these traces really stands, and its summary."""
    project = selection.project
    if selection.filter:
        keys, known = await asyncio.gather(_earliest(reader, selection, ids), _summaries(reader, project, ids))
        return keys, known
    summaries = await _summaries(reader, project, ids, selection.time_range)
    return {trace_id: summary["first_ns"] for trace_id, summary in summaries.items()}, summaries


def window_statement(
    selection: Selection, sort: TraceSort, limit: int, window: int | None, after: Place | None
) -> Statement:
    """Trace ids with their first matching span among the `window` spans next to the cursor."""
    parameters = Parameters()
    direction, before = ("DESC", "<") if sort.startswith("-") else ("ASC", ">")
    where = conditions(selection, parameters)
    if after is not None:
        moment = parameters.moment(after.key)
        where.append(f"start_time {before}= {moment}")
        where.append(f"(start_time {before} {moment} OR trace_id {before} {parameters.text(after.trace_id)})")
    seen = "sum(count()) OVER ()"
    if window and not selection.filter:
        # Where the window ends, found without FINAL: the order of the table gives it at once. Redelivered spans
        # count twice there, so it is this look that tells whether rows are left outside.
        edge = f"""(SELECT start_time FROM span_rows WHERE {" AND ".join(where)}
    ORDER BY start_time {direction} LIMIT 1 OFFSET {window - 1})"""
        reach, furthest = (">=", "1900-01-01 00:00:00") if direction == "DESC" else ("<=", "2262-04-11 23:47:16")
        where.append(f"start_time {reach} ifNull({edge}, toDateTime64('{furthest}', 9, 'UTC'))")
        seen = f"if(isNull({edge}), 0, {window})"
    condition = " AND ".join(where)
    limited = f"\n    ORDER BY start_time {direction}, trace_id {direction}\n    LIMIT {window}" if window else ""
    sql = f"""SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS sort_key, {seen} AS seen
FROM (
    SELECT trace_id, start_time
    FROM {SPANS.relation("trace_id, start_time", condition)}
    WHERE {condition}{limited}
)
GROUP BY trace_id
ORDER BY sort_key {direction}, trace_id {direction}
LIMIT {limit}"""
    return Statement(sql, parameters.values)


async def _earliest(reader: Reader, selection: Selection, ids: Sequence[str]) -> dict[str, int]:
    """The earliest matching span of each of these traces."""
    if not ids:
        return {}
    parameters = Parameters()
    known = SPANS.timed(f"project = {parameters.text(selection.project)} AND trace_id IN {parameters.texts(ids)}")
    condition = " AND ".join([*conditions(selection, parameters), known])
    sql = f"""SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS sort_key
FROM {SPANS.relation("trace_id, start_time", condition)}
WHERE {condition}
GROUP BY trace_id"""
    answer = await reader.query(sql, parameters.values)
    return dict(zip(*answer.columns))


async def _ranked(
    reader: Reader, selection: Selection, sort: TraceSort, wanted: int, after: Place | None
) -> list[Place]:
    answer = await reader.query(*ranked_statement(selection, sort, wanted, after))
    return [Place(*row) for row in tuples_of(answer)]


def ranked_statement(selection: Selection, sort: TraceSort, limit: int, after: Place | None) -> Statement:
    """Trace ids ordered by what their spans within the range add up to."""
    parameters = Parameters()
    where = selection.bounds(parameters)
    if selection.filter:
        matching = " AND ".join(conditions(selection, parameters))
        where.append(f"trace_id IN (SELECT trace_id FROM {SPANS.relation('trace_id', matching)} WHERE {matching})")
    having = ""
    if after is not None:
        key, trace_id = parameters.integer(after.key), parameters.text(after.trace_id)
        having = f"\nHAVING sort_key < {key} OR (sort_key = {key} AND trace_id < {trace_id})"
    columns = f"{_SORT_KEYS[sort.lstrip('-')]} AS sort_key, trace_id"
    condition = " AND ".join(where)
    sql = f"""SELECT {columns}
FROM {SPANS.relation(columns, condition, of=where[0])}
WHERE {condition}
GROUP BY trace_id{having}
ORDER BY sort_key DESC, trace_id DESC
LIMIT {limit}"""
    return Statement(sql, parameters.values)


def summaries_statement(
    project: str, ids: Sequence[str], first_within: TimeRange | None = None, *, apart: bool = False
) -> Statement:
    """Summaries of whole traces, and with `first_within` also where each stands in an unfiltered list.

    Of traces that happened far `apart` the times narrow nothing, and looking them up is a second search for each id.
    """
    parameters = Parameters()
    first = ""
    if first_within is not None:
        bounds = []
        if first_within.start is not None:
            bounds.append(f"start_time >= {parameters.moment(first_within.start)}")
        if first_within.end is not None:
            bounds.append(parameters.before("start_time", first_within.end))
        minimum = f"minIf(start_time, {' AND '.join(bounds)})" if bounds else "min(start_time)"
        first = f"\n    toUnixTimestamp64Nano({minimum}) AS first_ns,"
    wanted = f"project = {parameters.text(project)} AND trace_id IN {parameters.texts(ids)}"
    sql = f"""SELECT trace_id,{first}
    {SUMMARY_COLUMNS}
FROM {SPANS.relation("project, trace_id", SUMMARY_COLUMNS, of=wanted)}
WHERE {wanted if apart else SPANS.timed(wanted)}
GROUP BY trace_id"""
    return Statement(sql, parameters.values)


async def _summaries(
    reader: Reader, project: str, ids: Sequence[str], first_within: TimeRange | None = None, *, apart: bool = False
) -> dict[str, dict[str, Any]]:
    if not ids:
        return {}
    answer = await reader.query(*summaries_statement(project, ids, first_within, apart=apart))
    names = list(answer.names)
    return {row[0]: dict(zip(names, row)) for row in tuples_of(answer)}


async def summaries_of(reader: Reader, *, project: str, ids: Sequence[str]) -> dict[str, TraceRow]:
    """Rows of these traces of one session by their ids, as lists show them."""
    found = await _summaries(reader, project, ids, apart=True)
    return {trace_id: _trace_row(row) for trace_id, row in found.items()}


async def trace_summary(reader: Reader, *, project: str, trace_id: str) -> TraceSummary:
    """What all spans of one trace say together."""
    row = first_row(await reader.query(*summaries_statement(project, [trace_id], apart=True)))
    if row is None:
        raise no_trace(project, trace_id)
    return summary_of(row)


def summary_of(row: Mapping[str, Any]) -> TraceSummary:
    """The summary that a row of `SUMMARY_COLUMNS` holds."""
    end_ns: int | None = row["end_ns"]
    return TraceSummary(
        **_trace_row(row),
        end_time=None if row["running"] or end_ns is None else format_time(end_ns),
        services=list(row["services"]),
    )


def _trace_row(row: Mapping[str, Any]) -> TraceRow:
    running = row["running"] > 0 or row["end_ns"] is None
    return TraceRow(
        trace_id=row["trace_id"],
        root_name=row["root_name"],
        service=row["root_service"],
        start_time=format_time(row["start_ns"]),
        duration_ms=None if running else (row["end_ns"] - row["start_ns"]) / 1e6,
        state="running" if running else "ended",
        span_count=row["span_count"],
        error_count=row["error_count"],
        models=list(row["models"]),
        input_tokens=row["input_tokens"],
        output_tokens=row["output_tokens"],
        cost_usd=row["spent"],
        unpriced=row["unpriced"],
        session_id=row["session_id"],
        user_id=row["user_id"],
        status="error" if row["error_count"] else "ok" if row["ok_count"] else "unset",
    )


def no_trace(project: str, trace_id: str) -> NotFound:
    """The answer about a trace that is not in the project."""
    return NotFound(
        f"project {project!r} has no trace {trace_id!r}",
        hint="It may not have arrived yet, be past its retention, or belong to another project.",
    )
