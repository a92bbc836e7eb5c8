"""What a reviewer goes through: spans, traces or sessions that a filter selects, and whom of them somebody judged."""

from __future__ import annotations

import asyncio
from typing import Any, Literal, NamedTuple

from typing_extensions import TypedDict

from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.reader import Reader, first_row, rows_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import EVALUATIONS, SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange, format_time

Reviewed = Literal["span", "trace", "session"]
QueueOrder = Literal["unreviewed", "newest"]
_ROOT_FIRST = "(parent_span_id != '', start_time, span_id)"
_PLACES: dict[Reviewed, str] = {
    "span": "trace_id, span_id",
    "trace": "trace_id",
    "session": "session_id",
}
"""What tells one thing from another."""
_IDS: dict[Reviewed, str] = {
    "span": "trace_id, span_id, '' AS session_id",
    "trace": "trace_id, its_span AS span_id, '' AS session_id",
    "session": "'' AS trace_id, '' AS span_id, session_id",
}


class Wanted(NamedTuple):
    """Which of the selected things are in the queue, and what counts as reviewed."""

    what: Reviewed
    score: str
    """Reviewed is what a person gave this score; with "" any."""
    sample: int
    """One in so many, the same ones each time."""
    low_score: str
    """Only what an evaluation of this name says to be below `below`; with "" all."""
    below: float


class QueueRow(TypedDict):
    """One thing to judge."""

    trace_id: str
    """Empty for a session."""
    span_id: str
    """Of a span that one; of a trace the first of its spans that pass the filter."""
    session_id: str
    name: str
    kind: str
    start_time: str
    failed: bool
    reviewers: list[str]
    """Who judged it."""


class Queue(TypedDict):
    """Some things to judge, and how far all of them are."""

    rows: list[QueueRow]
    total: int
    reviewed: int


async def review_queue(
    reader: Reader,
    wanted: Wanted,
    *,
    project: str,
    time_range: TimeRange,
    filter: Filter,
    order: QueueOrder = "unreviewed",
    limit: int = 200,
) -> Queue:
    """The first things of the queue, and how many there are."""
    selection = await select(reader, SPANS, project=project, time_range=time_range, filter=filter)
    listed, counted = await asyncio.gather(
        reader.query(*queue_statement(selection, wanted, order, limit)),
        reader.query(*progress_statement(selection, wanted)),
    )
    progress = first_row(counted) or {"total": 0, "reviewed": 0}
    return Queue(rows=[_row(row) for row in rows_of(listed)], total=progress["total"], reviewed=progress["reviewed"])


def queue_statement(selection: Selection, wanted: Wanted, order: QueueOrder, limit: int) -> Statement:
    """The things with who judged them, the newest first; those that nobody judged before the others."""
    parameters = Parameters()
    things = _things(selection, wanted, parameters)
    first = "empty(reviewers) DESC, " if order == "unreviewed" else ""
    sql = f"""{things}
ORDER BY {first}start_ns DESC, trace_id, span_id, session_id
LIMIT {limit}"""
    return Statement(sql, parameters.values)


def progress_statement(selection: Selection, wanted: Wanted) -> Statement:
    """How many things there are, and how many of them a person judged."""
    parameters = Parameters()
    things = _things(selection, wanted, parameters)
    return Statement(
        f"SELECT count() AS total, countIf(notEmpty(reviewers)) AS reviewed\nFROM ({things})", parameters.values
    )


def _things(selection: Selection, wanted: Wanted, parameters: Parameters) -> str:
    condition = " AND ".join(conditions(selection, parameters))
    if wanted.what == "session":
        # A session is often named on the root alone: the filter may pass any span of its traces.
        of = f"project = {parameters.text(selection.project)} AND session_id != ''"
        traces = f"SELECT trace_id FROM {SPANS.relation('trace_id', condition)} WHERE {condition}"
        condition = f"{of} AND trace_id IN ({traces})"
    place = _PLACES[wanted.what]
    if wanted.sample > 1:
        condition += f" AND cityHash64({place}) % {parameters.integer(wanted.sample)} = 0"
    if wanted.low_score:
        said = f"name = {parameters.text(wanted.low_score)} AND score < {parameters.number(wanted.below)}"
        condition += f" AND ({place}) IN (SELECT {_said_of(selection, wanted, parameters, said)})"
    columns = _columns(wanted.what)
    grouped = "" if wanted.what == "span" else f"\n    GROUP BY {place}"
    judged = "source = 'human'"
    if wanted.score:
        judged += f" AND name = {parameters.text(wanted.score)}"
    return f"""SELECT {_IDS[wanted.what]}, its_name AS name, its_kind AS kind, start_ns, failed, reviewers
FROM (
    SELECT {columns}
    FROM {SPANS.relation(columns, condition)}
    WHERE {condition}{grouped}
) AS things
LEFT JOIN (
    SELECT arraySort(groupUniqArray(evaluator)) AS reviewers, {_said_of(selection, wanted, parameters, judged)}
    GROUP BY {place}
) AS said USING ({place})"""


def _columns(what: Reviewed) -> str:
    # Not under the columns' own names: the engine would take an alias for the column everywhere else in the statement.
    if what == "span":
        return """trace_id, span_id, name AS its_name, kind AS its_kind, toUnixTimestamp64Nano(start_time) AS start_ns,
        status = 'error' AS failed"""
    name, kind, span = (f"argMin({column}, {_ROOT_FIRST})" for column in ("name", "kind", "span_id"))
    return f"""{_PLACES[what]}, {span} AS its_span, {name} AS its_name, {kind} AS its_kind,
        toUnixTimestamp64Nano(min(start_time)) AS start_ns, countIf(status = 'error') > 0 AS failed"""


def _said_of(selection: Selection, wanted: Wanted, parameters: Parameters, said: str) -> str:
    """The ids of what these evaluations are about, and FROM where."""
    where = [
        f"project = {parameters.text(selection.project)}",
        f"target_type = {parameters.text(wanted.what)}",
        said,
    ]
    if selection.time_range.start is not None:
        # Nothing is judged before it happens; clocks that run apart have an hour.
        where.append(f"time >= {parameters.moment(selection.time_range.start)} - toIntervalHour(1)")
    condition = " AND ".join(where)
    ids = "target_id AS session_id" if wanted.what == "session" else _PLACES[wanted.what]
    return f"{ids} FROM {EVALUATIONS.relation(ids, 'evaluator', condition)} WHERE {condition}"


def _row(row: dict[str, Any]) -> QueueRow:
    return QueueRow(
        trace_id=row["trace_id"],
        span_id=row["span_id"],
        session_id=row["session_id"],
        name=row["name"],
        kind=row["kind"],
        start_time=format_time(row["start_ns"]),
        failed=bool(row["failed"]),
        reviewers=list(row["reviewers"]),
    )
