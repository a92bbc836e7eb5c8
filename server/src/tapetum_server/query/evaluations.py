"""Evaluations: the list, and those of one trace or one session."""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict

from tapetum_server.query.cursor import Cursor, decode_cursor, encode_cursor
from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import EVALUATIONS, SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange, format_time

EvaluationSort = Literal["-time", "time"]
MAX_TEXT_CHARACTERS = 1_000
"""Of a text in a list."""
MAX_WHOLE_CHARACTERS = 65_536
MAX_OF_ONE = 1_000
"""Evaluations that are shown of one trace or session."""
_TEXTS = ("explanation", "comment", "expected_output")


class EvaluationRow(TypedDict):
    """One evaluation."""

    evaluation_id: str
    time: str
    """When it was said first."""
    updated_at: str
    """When it was said last."""
    name: str
    target_type: str
    target_id: str
    trace_id: str
    span_id: str
    response_id: str
    slice: str
    score: float | None
    label: str
    lower: float | None
    upper: float | None
    threshold: float | None
    explanation: str
    comment: str
    expected_output: str
    evaluator: str
    source: str
    found_in: str
    """The convention in whose spans or log records it was found; "" where it was sent as an evaluation."""
    problem: str
    """What is wrong with one that was found."""
    raw: str
    """The score or label that could not be, as it was sent."""
    attributes: dict[str, str]
    truncated: dict[str, int]
    """Texts that are cut here, and how long they are."""


class EvaluationPage(TypedDict):
    """Some evaluations, and where the next ones begin."""

    rows: list[EvaluationRow]
    next_cursor: str | None


class EvaluationsOfOne(TypedDict):
    """What is said of one trace or session, the oldest first."""

    rows: list[EvaluationRow]
    more: bool
    """Whether there are others."""


async def list_evaluations(
    reader: Reader,
    *,
    project: str,
    time_range: TimeRange,
    filter: Filter,
    sort: EvaluationSort = "-time",
    limit: int = 50,
    cursor: str | None = None,
) -> EvaluationPage:
    """One page of the evaluations that pass the filter."""
    after = decode_cursor(cursor, sort, (int, str))
    if after is not None:
        time_range = after.range
    selection = await select(reader, EVALUATIONS, project=project, time_range=time_range, filter=filter)
    found = rows_of(await reader.query(*evaluations_statement(selection, sort, limit + 1, after)))
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        following = encode_cursor(Cursor(sort, time_range, (last["time_ns"], last["evaluation_id"])))
    return EvaluationPage(rows=[_row(row, MAX_TEXT_CHARACTERS) for row in found[:limit]], next_cursor=following)


async def evaluations_of_trace(reader: Reader, *, project: str, trace_id: str) -> EvaluationsOfOne:
    """What is said of a trace, of its spans, of the responses in it, and of the sessions it belongs to."""
    return await _of_one(reader, of_trace_statement(project, trace_id, MAX_OF_ONE + 1))


async def evaluations_of_session(reader: Reader, *, project: str, session_id: str) -> EvaluationsOfOne:
    """What is said of a session and of its traces."""
    return await _of_one(reader, of_session_statement(project, session_id, MAX_OF_ONE + 1))


async def _of_one(reader: Reader, statement: Statement) -> EvaluationsOfOne:
    found = rows_of(await reader.query(*statement))
    rows = [_row(row, MAX_WHOLE_CHARACTERS) for row in found[:MAX_OF_ONE]]
    return EvaluationsOfOne(rows=rows, more=len(found) > MAX_OF_ONE)


def evaluations_statement(selection: Selection, sort: EvaluationSort, limit: int, after: Cursor | None) -> Statement:
    """The page of evaluations."""
    parameters = Parameters()
    where = conditions(selection, parameters)
    direction, before = ("DESC", "<") if sort.startswith("-") else ("ASC", ">")
    if after is not None:
        moment, identity = parameters.moment(int(after.place[0])), parameters.text(str(after.place[1]))
        where.append(f"time {before}= {moment}")
        where.append(f"(time {before} {moment} OR evaluation_id {before} {identity})")
    condition, columns = " AND ".join(where), _columns(MAX_TEXT_CHARACTERS)
    sql = f"""SELECT {columns}
FROM {EVALUATIONS.relation(columns, condition)}
WHERE {condition}
ORDER BY time {direction}, evaluation_id {direction}
LIMIT {limit}"""
    return Statement(sql, parameters.values)


def of_trace_statement(project: str, trace_id: str, limit: int) -> Statement:
    """All that is said of a trace. A response that an evaluation names may lie in any span of it."""
    parameters = Parameters()
    ours, trace = f"project = {parameters.text(project)}", parameters.text(trace_id)
    of = f"{ours} AND trace_id = {trace}"

    def named(column: str) -> str:
        return f"SELECT {column} FROM {SPANS.relation(column, of)} WHERE {of} AND {column} != ''"

    return _said(
        parameters,
        ours,
        f"""(trace_id = {trace}
    OR (trace_id = '' AND response_id != '' AND response_id IN ({named("response_id")}))
    OR (trace_id = '' AND target_type = 'session' AND target_id IN ({named("session_id")})))""",
        limit,
    )


def of_session_statement(project: str, session_id: str, limit: int) -> Statement:
    """All that is said of a session and of the traces in it."""
    parameters = Parameters()
    ours, session = f"project = {parameters.text(project)}", parameters.text(session_id)
    of = f"{ours} AND session_id = {session}"
    traces = f"SELECT trace_id FROM {SPANS.relation('trace_id', of)} WHERE {of}"
    return _said(
        parameters,
        ours,
        f"""((target_type = 'session' AND target_id = {session}) OR trace_id IN ({traces}))""",
        limit,
    )


def _said(parameters: Parameters, ours: str, of: str, limit: int) -> Statement:
    columns = _columns(MAX_WHOLE_CHARACTERS)
    sql = f"""SELECT {columns}
FROM {EVALUATIONS.relation(columns, ours, of)}
WHERE {ours} AND {of}
ORDER BY time, evaluation_id
LIMIT {limit}"""
    return Statement(sql, parameters.values)


def _columns(limit: int) -> str:
    texts = ", ".join(
        f"substringUTF8({name}, 1, {limit}) AS {name}_text, lengthUTF8({name}) AS {name}_length" for name in _TEXTS
    )
    return f"""evaluation_id, toUnixTimestamp64Nano(time) AS time_ns,
    toUnixTimestamp64Nano(updated_at) AS updated_ns, name, target_type, target_id, trace_id, span_id, response_id,
    slice, score, label, lower, upper, threshold, {texts},
    evaluator, source, found_in, problem, substringUTF8(raw, 1, {limit}) AS raw, attributes"""


def _row(row: dict[str, Any], limit: int) -> EvaluationRow:
    return EvaluationRow(
        evaluation_id=row["evaluation_id"],
        time=format_time(row["time_ns"]),
        updated_at=format_time(row["updated_ns"]),
        name=row["name"],
        target_type=row["target_type"],
        target_id=row["target_id"],
        trace_id=row["trace_id"],
        span_id=row["span_id"],
        response_id=row["response_id"],
        slice=row["slice"],
        score=row["score"],
        label=row["label"],
        lower=row["lower"],
        upper=row["upper"],
        threshold=row["threshold"],
        explanation=row["explanation_text"],
        comment=row["comment_text"],
        expected_output=row["expected_output_text"],
        evaluator=row["evaluator"],
        source=row["source"],
        found_in=row["found_in"],
        problem=row["problem"],
        raw=row["raw"],
        attributes=dict(row["attributes"]),
        truncated={name: row[f"{name}_length"] for name in _TEXTS if row[f"{name}_length"] > limit},
    )
