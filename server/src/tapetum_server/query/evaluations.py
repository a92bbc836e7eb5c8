"""Evaluations: the list, and those of one trace or one session."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from typing_extensions import TypedDict

from tapetum_server.query.cursor import Cursor, decode_cursor, encode_cursor
from tapetum_server.query.errors import QueryError
from tapetum_server.query.evaluation_summary import SPAN_KEYS, with_value
from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import EVALUATIONS, SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange, format_time

EvaluationSort = Literal["-time", "time", "score", "-score"]
"""By score, those that have one."""
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


class OfSpan(NamedTuple):
    """Only evaluations of spans that have this, as `evaluation_summary` finds it."""

    key: str
    value: str


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
    of: OfSpan | None = None,
) -> EvaluationPage:
    """One page of the evaluations that pass the filter, of spans with a value where `of` says which.

    Raises `QueryError` for a key that spans do not have.
    """
    if of is not None and of.key not in SPAN_KEYS:
        raise QueryError(
            f"the evaluated span has no key {of.key[:80]!r}", code="bad_key", field="span_key",
            hint=f"Use {', '.join(SPAN_KEYS)}; other keys belong into q.",
        )  # fmt: skip
    by_score = sort.endswith("score")
    after = decode_cursor(cursor, sort, (float if by_score else int, str))
    if after is not None:
        time_range = after.range
    selection = await select(reader, EVALUATIONS, project=project, time_range=time_range, filter=filter)
    found = rows_of(await reader.query(*evaluations_statement(selection, sort, limit + 1, after, of)))
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        following = encode_cursor(
            Cursor(sort, time_range, (last["score" if by_score else "time_ns"], last["evaluation_id"]))
        )
    return EvaluationPage(rows=[_row(row, MAX_TEXT_CHARACTERS) for row in found[:limit]], next_cursor=following)


async def evaluations_of_trace(reader: Reader, *, project: str, trace_id: str) -> EvaluationsOfOne:
    """What is said of a trace, of its spans, of the responses in it, and of the sessions it belongs to."""
    return await _of_one(reader, of_trace_statement(project, trace_id, MAX_OF_ONE + 1))


async def evaluations_of_session(reader: Reader, *, project: str, session_id: str) -> EvaluationsOfOne:
    """What is said of a session, of its traces and of the responses in them."""
    return await _of_one(reader, of_session_statement(project, session_id, MAX_OF_ONE + 1))


async def _of_one(reader: Reader, statement: Statement) -> EvaluationsOfOne:
    found = rows_of(await reader.query(*statement))
    rows = [_row(row, MAX_WHOLE_CHARACTERS) for row in found[:MAX_OF_ONE]]
    return EvaluationsOfOne(rows=rows, more=len(found) > MAX_OF_ONE)


def evaluations_statement(
    selection: Selection, sort: EvaluationSort, limit: int, after: Cursor | None, of: OfSpan | None = None
) -> Statement:
    """The page of evaluations."""
    parameters = Parameters()
    where = conditions(selection, parameters)
    direction, before = ("DESC", "<") if sort.startswith("-") else ("ASC", ">")
    by = "score" if sort.endswith("score") else "time"
    if by == "score":
        where.append("isNotNull(score)")
    if of is not None:
        where.append(_of_span(selection, of, parameters))
    if after is not None:
        place = float(after.place[0]) if by == "score" else int(after.place[0])
        at = parameters.number(place) if isinstance(place, float) else parameters.moment(place)
        identity = parameters.text(str(after.place[1]))
        where.append(f"{by} {before}= {at}")
        where.append(f"({by} {before} {at} OR evaluation_id {before} {identity})")
    condition, columns = " AND ".join(where), _columns(MAX_TEXT_CHARACTERS)
    sql = f"""SELECT {columns}
FROM {EVALUATIONS.relation(columns, condition)}
WHERE {condition}
ORDER BY {by} {direction}, evaluation_id {direction}
LIMIT {limit}"""
    return Statement(sql, parameters.values)


def _of_span(selection: Selection, of: OfSpan, parameters: Parameters) -> str:
    told = "evaluation_id, time, trace_id, span_id, response_id"
    bounds = " AND ".join(conditions(selection, parameters))
    said = f"SELECT {told}, '' AS own FROM {EVALUATIONS.relation(told, bounds)} WHERE {bounds}"
    joined = with_value(said, SPAN_KEYS[of.key], selection.project, parameters)
    those = f"SELECT time, evaluation_id FROM ({joined}) WHERE value = {parameters.text(of.value)}"
    return f"(time, evaluation_id) IN ({those})"


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
    """All that is said of a session, of the traces in it and of their responses."""
    parameters = Parameters()
    ours, session = f"project = {parameters.text(project)}", parameters.text(session_id)
    of = f"{ours} AND session_id = {session}"
    traces = f"SELECT trace_id FROM {SPANS.relation('trace_id', of)} WHERE {of}"
    responses = f"SELECT response_id FROM {SPANS.relation('response_id', of)} WHERE {of} AND response_id != ''"
    return _said(
        parameters,
        ours,
        f"""((target_type = 'session' AND target_id = {session}) OR trace_id IN ({traces})
    OR (trace_id = '' AND response_id IN ({responses})))""",
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
