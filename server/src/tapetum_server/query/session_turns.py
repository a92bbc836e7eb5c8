"""The traces of one session in their order, with the spans that say what was asked and answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from tapetum_server.query.cursor import Cursor, decode_cursor, encode_cursor
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.sources import SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange
from tapetum_server.query.traces import TraceRow, summaries_of

MAX_TEXT = 200_000
"""Characters of one payload that are looked at."""
TurnSort = Literal["start_time", "-start_time"]


class SaidBy(NamedTuple):
    """What a span says went in and came out."""

    input: str
    output: str


NOTHING_SAID = SaidBy("", "")


class Turn(NamedTuple):
    """One trace of a session: its root, and the first and last call of a model."""

    trace: TraceRow
    root: SaidBy
    first_call: SaidBy
    last_call: SaidBy


async def session_turns(
    reader: Reader,
    *,
    project: str,
    session: str,
    sort: TurnSort = "start_time",
    failed: bool = False,
    limit: int = 20,
    cursor: str | None = None,
) -> tuple[list[Turn], str | None]:
    """One page of a session's traces, and where the next ones begin; with `failed` only those with an error."""
    order = f"{'failed ' if failed else ''}{sort}"
    decoded = decode_cursor(cursor, order, (int, str))
    after = (int(decoded.place[0]), str(decoded.place[1])) if decoded else None
    found = list(tuples_of(await reader.query(*turns_statement(project, session, sort, failed, limit + 1, after))))
    shown = found[:limit]
    traces = await summaries_of(reader, project=project, ids=[trace_id for trace_id, _ in shown])
    chosen = await _spans_of(reader, project, list(traces))
    said = await _said(reader, project, [(t, s) for t, spans in chosen.items() for s in spans if s])
    turns = []
    for trace_id, _ in shown:
        if trace_id in traces:
            root, first, last = (said.get((trace_id, s), NOTHING_SAID) for s in chosen[trace_id])
            turns.append(Turn(traces[trace_id], root, first, last))
    following = None
    if len(found) > limit:
        trace_id, key = shown[-1]
        following = encode_cursor(Cursor(order, TimeRange(None, None), (key, trace_id)))
    return turns, following


def turns_statement(
    project: str, session: str, sort: TurnSort, failed: bool, limit: int, after: tuple[int, str] | None
) -> Statement:
    """(trace id, when its first span that names the session began)."""
    parameters = Parameters()
    direction, before = ("DESC", "<") if sort.startswith("-") else ("ASC", ">")
    of = f"project = {parameters.text(project)}"
    condition = f"{of} AND session_id = {parameters.text(session)}"
    if failed:
        named = f"SELECT trace_id FROM {SPANS.relation('trace_id', condition)} WHERE {condition}"
        bad = f"{of} AND status = 'error' AND trace_id IN ({named})"
        condition += f" AND trace_id IN (SELECT trace_id FROM {SPANS.relation('trace_id', bad)} WHERE {bad})"
    having = ""
    if after is not None:
        key, trace_id = parameters.integer(after[0]), parameters.text(after[1])
        having = f"\nHAVING sort_key {before} {key} OR (sort_key = {key} AND trace_id {before} {trace_id})"
    sql = f"""SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS sort_key
FROM {SPANS.relation("trace_id, start_time", condition)}
WHERE {condition}
GROUP BY trace_id{having}
ORDER BY sort_key {direction}, trace_id {direction}
LIMIT {limit}"""
    return Statement(sql, parameters.values)


def chosen_statement(project: str, ids: Sequence[str]) -> Statement:
    """(trace id, its root, its first and its last call of a model), from narrow columns."""
    parameters = Parameters()
    condition = SPANS.timed(f"project = {parameters.text(project)} AND trace_id IN {parameters.texts(ids)}")
    columns = """trace_id, argMin(span_id, (parent_span_id != '', start_time, span_id)) AS root,
    argMinIf(span_id, (start_time, span_id), kind = 'llm') AS first_call,
    argMaxIf(span_id, (start_time, span_id), kind = 'llm') AS last_call"""
    sql = f"""SELECT {columns}
FROM {SPANS.relation(columns, condition)}
WHERE {condition}
GROUP BY trace_id"""
    return Statement(sql, parameters.values)


def said_statement(project: str, spans: Sequence[tuple[str, str]]) -> Statement:
    """(trace id, span id, input, output) of some spans."""
    parameters = Parameters()
    traces = parameters.texts(list(dict.fromkeys(trace_id for trace_id, _ in spans)))
    wanted = parameters.texts([f"{trace_id}/{span_id}" for trace_id, span_id in spans])
    condition = SPANS.timed(f"project = {parameters.text(project)} AND trace_id IN {traces}")
    columns = f"""trace_id, span_id, substringUTF8(input, 1, {MAX_TEXT}) AS went_in,
    substringUTF8(output, 1, {MAX_TEXT}) AS came_out"""
    only = f"{condition} AND has({wanted}, concat(trace_id, '/', span_id))"
    sql = f"""SELECT {columns}
FROM {SPANS.relation(columns, only)}
WHERE {only}"""
    return Statement(sql, parameters.values)


async def _spans_of(reader: Reader, project: str, ids: Sequence[str]) -> dict[str, tuple[str, str, str]]:
    if not ids:
        return {}
    found = tuples_of(await reader.query(*chosen_statement(project, ids)))
    return {trace_id: (root, first, last) for trace_id, root, first, last in found}


async def _said(reader: Reader, project: str, spans: Sequence[tuple[str, str]]) -> dict[tuple[str, str], SaidBy]:
    if not spans:
        return {}
    found = tuples_of(await reader.query(*said_statement(project, spans)))
    return {(trace_id, span_id): SaidBy(went_in, came_out) for trace_id, span_id, went_in, came_out in found}
