"""Sessions and users: what each of them asked for, cost and waited for, from the traces that name them.

A session is every trace of which any span names it; a user the same. Emitters often name them on the root alone. A
page is found in two steps: first the ids, from narrow columns; then the sums of just those ids' traces. An id is
listed when any span of its traces passes the filter; its row tells of all of its traces within the range.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, get_args

from typing_extensions import TypedDict

from tapetum_server.query.cursor import Cursor, decode_cursor, encode_cursor
from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.histograms import stepped
from tapetum_server.query.reader import Reader, rows_of, tuples_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.session_verdicts import NOTHING_SAID, SessionVerdicts, session_verdicts
from tapetum_server.query.sources import SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import MILLISECOND, Steps, TimeRange, format_time
from tapetum_server.signals.scores import ScoreDefinition

Whose = Literal["session_id", "user_id"]
SessionSort = Literal["-last_seen", "-traces", "-calls", "-tokens", "-cost_usd", "-errors"]
SESSION_SORTS: tuple[SessionSort, ...] = get_args(SessionSort)
_SHOWN = 20
"""Names that a row lists at most."""
_ERROR_CHARACTERS = 300


class SessionRow(TypedDict):
    """One session or user, within the range. `null` means that no call said it."""

    id: str
    first_seen: str
    last_seen: str
    traces: int
    failed: int
    """Traces with an error."""
    running: int
    calls: int
    """Calls of models."""
    errors: int
    """Failed spans."""
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    unpriced: int
    """Calls whose cost is not known and so not in `cost_usd`."""
    p50_ms: float | None
    """Of the durations of its traces, as the next."""
    p95_ms: float | None
    last_error: str
    services: list[str]
    agents: list[str]
    models: list[str]
    users: list[str]
    sessions: int
    evaluations: SessionVerdicts
    """What is said of it, whenever."""


class SessionPage(TypedDict):
    """Some sessions or users, and where the next ones begin."""

    rows: list[SessionRow]
    next_cursor: str | None


class SessionBucket(TypedDict):
    """The traces that began within one step, and of how many sessions or users they are."""

    time: str
    ids: int
    traces: int
    failed: int


class SessionHistogram(TypedDict):
    """Sessions or users over time; every step of the range is there, also empty ones."""

    interval_ms: int
    buckets: list[SessionBucket]


class Place(NamedTuple):
    """Where an id stands in the order of a list. A hash tells ids apart: they may be as long as they like."""

    key: int
    hash: int


_PLACE = "toInt64(bitShiftRight(cityHash64(id), 1))"
_SORT_KEYS: Mapping[str, tuple[str, str]] = {
    # Of a trace, and of an id's traces. Whole nano-dollars: see query/traces.py.
    "traces": ("0", "toInt64(count())"),
    "calls": ("countIf(is_call)", "toInt64(sum(part))"),
    "tokens": ("sumIf(ifNull(input_tokens, 0) + ifNull(output_tokens, 0), usage_counted)", "toInt64(sum(part))"),
    "cost_usd": (
        "if(countIf(usage_counted AND isNotNull(cost_usd)) = 0, -1,"
        " sumIf(toInt64(round(ifNull(cost_usd, 0) * 1e9)), usage_counted))",
        "if(max(part) < 0, -1, sumIf(part, part >= 0))",
    ),
    "errors": ("countIf(status = 'error')", "toInt64(sum(part))"),
}
_OF_A_TRACE = f"""toUnixTimestamp64Nano(min(start_time)) AS first_ns,
        toUnixTimestamp64Nano(max(start_time)) AS last_ns,
        (max(toUnixTimestamp64Nano(ifNull(end_time, start_time))) - first_ns) / 1e6 AS took_ms,
        countIf(state = 'running') > 0 AS runs,
        countIf(is_call) AS its_calls,
        countIf(status = 'error') AS its_errors,
        sumIf(input_tokens, usage_counted) AS tokens_in,
        sumIf(output_tokens, usage_counted) AS tokens_out,
        sumIf(cost_usd, usage_counted) AS spent,
        countIf(is_call AND isNull(cost_usd) AND (owns_usage OR status != 'error')) AS its_unpriced,
        maxIf(start_time, status = 'error') AS failed_at,
        argMaxIf(substringUTF8(if(status_message != '', status_message, toString(error_type)), 1, {_ERROR_CHARACTERS}),
            start_time, status = 'error') AS its_error,
        groupUniqArray({_SHOWN})(service) AS its_services,
        groupUniqArrayIf({_SHOWN})(agent, agent != '') AS its_agents,
        groupUniqArrayIf({_SHOWN})(model, model != '') AS its_models,
        groupUniqArrayIf({_SHOWN})(user_id, user_id != '') AS its_users,
        groupUniqArrayIf({_SHOWN})(session_id, session_id != '') AS its_sessions"""
_TOGETHER = f"""min(first_ns) AS first_seen, max(last_ns) AS last_seen, count() AS traces,
    countIf(its_errors > 0) AS failed, countIf(runs) AS running, sum(its_calls) AS calls, sum(its_errors) AS errors,
    sum(tokens_in) AS input_tokens, sum(tokens_out) AS output_tokens, sum(spent) AS cost_usd,
    sum(its_unpriced) AS unpriced, quantilesIf(0.5, 0.95)(took_ms, NOT runs) AS durations,
    argMaxIf(its_error, failed_at, its_errors > 0) AS last_error,
    arraySort(arrayMap(s -> toString(s), groupUniqArrayArray({_SHOWN})(its_services))) AS services,
    arraySort(arrayMap(s -> toString(s), groupUniqArrayArray({_SHOWN})(its_agents))) AS agents,
    arraySort(arrayMap(s -> toString(s), groupUniqArrayArray({_SHOWN})(its_models))) AS models,
    arraySort(groupUniqArrayArray({_SHOWN})(its_users)) AS users,
    uniqExactArray(its_sessions) AS sessions"""


async def list_sessions(
    reader: Reader,
    whose: Whose,
    *,
    project: str,
    time_range: TimeRange,
    filter: Filter,
    sort: SessionSort = "-last_seen",
    limit: int = 50,
    cursor: str | None = None,
    definitions: Sequence[ScoreDefinition] = (),
) -> SessionPage:
    """One page of the sessions (or users) that have a trace of which any span passes the filter."""
    order = f"{whose} {sort}"
    decoded = decode_cursor(cursor, order, (int, int))
    after = None
    if decoded is not None:
        time_range = decoded.range
        after = Place(int(decoded.place[0]), int(decoded.place[1]))
    selection = await select(reader, SPANS, project=project, time_range=time_range, filter=filter)
    found = list(tuples_of(await reader.query(*places_statement(selection, whose, sort, limit + 1, after))))
    shown = found[:limit]
    rows = await summaries(reader, replace(selection, filter=Filter()), whose, [id for id, _, _ in shown], definitions)
    following = encode_cursor(Cursor(order, time_range, tuple(shown[-1][1:]))) if len(found) > limit else None
    return SessionPage(rows=[rows[id] for id, _, _ in shown if id in rows], next_cursor=following)


async def summaries(
    reader: Reader, selection: Selection, whose: Whose, ids: Sequence[str], definitions: Sequence[ScoreDefinition] = ()
) -> dict[str, SessionRow]:
    """What each of these sessions or users did within the range."""
    if not ids:
        return {}
    answer, said = await asyncio.gather(
        reader.query(*summaries_statement(selection, whose, ids)),
        session_verdicts(reader, selection, whose, ids, definitions),
    )
    return {row["id"]: _row(row, said.get(row["id"], NOTHING_SAID)) for row in rows_of(answer)}


async def session_histogram(
    reader: Reader, whose: Whose, *, project: str, time_range: TimeRange, filter: Filter, buckets: int = 60
) -> SessionHistogram:
    """How many sessions or users there were, and their traces, over time."""
    selection = await select(reader, SPANS, project=project, time_range=time_range, filter=filter)
    selection, steps = await stepped(reader, selection, buckets)
    if steps is None:
        return SessionHistogram(interval_ms=0, buckets=[])
    found = {
        step: counts
        for step, *counts in tuples_of(await reader.query(*session_histogram_statement(selection, whose, steps)))
    }
    shown = []
    for i, time in enumerate(steps.times()):
        ids, traces, failed = found.get(i, (0, 0, 0))
        shown.append(SessionBucket(time=format_time(time), ids=ids, traces=traces, failed=failed))
    return SessionHistogram(interval_ms=steps.step // MILLISECOND, buckets=shown)


def places_statement(
    selection: Selection, whose: Whose, sort: SessionSort, limit: int, after: Place | None
) -> Statement:
    """(id, sort key, hash) in the order that was asked for."""
    parameters = Parameters()
    where = selection.bounds(parameters) + _matching(selection, parameters)
    having = ""
    if after is not None:
        key, place = parameters.integer(after.key), parameters.integer(after.hash)
        having = f"\nHAVING sort_key < {key} OR (sort_key = {key} AND place < {place})"
    name = sort.removeprefix("-")
    if name == "last_seen":
        where.append(f"{whose} != ''")
        condition = " AND ".join(where)
        columns = f"{whose} AS id, toUnixTimestamp64Nano(max(start_time)) AS sort_key"
        inside = f"{selection.source.relation(columns, condition)}\nWHERE {condition}"
    else:
        condition = " AND ".join(where)
        part, together = _SORT_KEYS[name]
        columns = f"id, {together} AS sort_key"
        listed = f"trace_id, groupUniqArrayIf({whose}, {whose} != '') AS ids, {part} AS part"
        inside = f"""(
    SELECT {listed}
    FROM {selection.source.relation(listed, condition, of=where[0])}
    WHERE {condition}
    GROUP BY trace_id
    HAVING notEmpty(ids)
) ARRAY JOIN ids AS id"""
    sql = f"""SELECT {columns}, {_PLACE} AS place
FROM {inside}
GROUP BY id{having}
ORDER BY sort_key DESC, place DESC
LIMIT {limit}"""
    return Statement(sql, parameters.values)


def summaries_statement(selection: Selection, whose: Whose, ids: Sequence[str]) -> Statement:
    """One row per id."""
    parameters = Parameters()
    bounds = " AND ".join(selection.bounds(parameters))
    wanted = parameters.texts(ids)
    named = f"{bounds} AND {whose} IN {wanted}"
    condition = (
        f"{bounds} AND trace_id IN (SELECT trace_id FROM {selection.source.relation('trace_id', named)} WHERE {named})"
    )
    inner = f"trace_id, groupUniqArrayIf({whose}, has({wanted}, {whose})) AS ids,\n        {_OF_A_TRACE}"
    sql = f"""SELECT id, {_TOGETHER}
FROM (
    SELECT {inner}
    FROM {selection.source.relation(inner, condition, of=selection.bounds(parameters)[0])}
    WHERE {condition}
    GROUP BY trace_id
) ARRAY JOIN ids AS id
GROUP BY id"""
    return Statement(sql, parameters.values)


def session_histogram_statement(selection: Selection, whose: Whose, steps: Steps) -> Statement:
    """(step, sessions or users, traces, failed traces)."""
    parameters = Parameters()
    condition = " AND ".join(selection.bounds(parameters) + _matching(selection, parameters))
    since = f"toUnixTimestamp64Nano(min(start_time)) - {parameters.integer(steps.start)}"
    inner = f"""intDiv({since}, {parameters.integer(steps.step)}) AS step,
        groupUniqArrayIf({whose}, {whose} != '') AS ids, countIf(status = 'error') AS errors"""
    sql = f"""SELECT step, uniqExactArray(ids) AS ids, count() AS traces, countIf(errors > 0) AS failed
FROM (
    SELECT {inner}
    FROM {selection.source.relation("trace_id", inner, condition)}
    WHERE {condition}
    GROUP BY trace_id
    HAVING notEmpty(ids)
)
GROUP BY step"""
    return Statement(sql, parameters.values)


def _matching(selection: Selection, parameters: Parameters) -> list[str]:
    """That any span of the trace passes the filter; nothing where there is none."""
    if not selection.filter:
        return []
    passes = " AND ".join(conditions(selection, parameters))
    return [f"trace_id IN (SELECT trace_id FROM {selection.source.relation('trace_id', passes)} WHERE {passes})"]


def _row(row: Mapping[str, Any], said: SessionVerdicts) -> SessionRow:
    p50, p95 = (None if d is None or math.isnan(d) else d for d in row["durations"])
    return SessionRow(
        id=row["id"],
        first_seen=format_time(row["first_seen"]),
        last_seen=format_time(row["last_seen"]),
        p50_ms=p50,
        p95_ms=p95,
        traces=row["traces"],
        failed=row["failed"],
        running=row["running"],
        calls=row["calls"],
        errors=row["errors"],
        input_tokens=row["input_tokens"],
        output_tokens=row["output_tokens"],
        cost_usd=row["cost_usd"],
        unpriced=row["unpriced"],
        last_error=row["last_error"],
        services=list(row["services"]),
        agents=list(row["agents"]),
        models=list(row["models"]),
        users=list(row["users"]),
        sessions=row["sessions"],
        evaluations=said,
    )
