"""The spans of one trace, as columns: fifty thousand of them parse in milliseconds this way."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from operator import and_
from typing import Any

from typing_extensions import TypedDict

from tapetum_server.query.cursor import Cursor, decode_cursor, encode_cursor
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.sources import CALL_KINDS, SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange, format_time
from tapetum_server.query.traces import TraceSummary, no_trace, trace_summary

MAX_SPANS = 50_000
_ORDER = "trace"
_EVERYTHING = TimeRange(None, None)
_COLUMNS = """span_id, parent_span_id, name, kind, span_kind, convention, service,
    toUnixTimestamp64Nano(start_time) AS start_ns, toUnixTimestamp64Nano(end_time) AS end_ns,
    status, model, input_tokens, own_output_tokens, own_cost_usd, has_events, session_id, user_id,
    owns_usage, reported_twice, logs_tell"""
_TOLD = "span_id, toUnixTimestamp64Nano(start_time) AS start_ns, output_tokens, cost_usd"
"""What log records add to spans. Planning how takes the engine longer than a trace's other columns altogether."""


class SpanColumns(TypedDict):
    """One list per column, in the order of start; all of the same length."""

    span_id: list[str]
    parent_span_id: list[str]
    name: list[str]
    kind: list[str]
    span_kind: list[str]
    convention: list[str]
    """`db`, `messaging`, `rpc`, `http`, or empty: OpenTelemetry's semantic convention that the span follows."""
    service: list[str]
    start_ns: list[int]
    """Nanoseconds after the trace's start."""
    duration_ns: list[int | None]
    status: list[str]
    model: list[str]
    input_tokens: list[int | None]
    output_tokens: list[int | None]
    cost_usd: list[float | None]
    has_events: list[bool]


class TraceSpans(TypedDict):
    """The spans of this page of the trace."""

    columns: SpanColumns
    count: int


class Trace(TypedDict):
    """One trace: what its spans say together, and the spans of this page."""

    trace: TraceSummary
    spans: TraceSpans
    start_time: str
    next_cursor: str | None


async def get_trace(
    reader: Reader, *, project: str, trace_id: str, limit: int = MAX_SPANS, cursor: str | None = None
) -> Trace:
    """One trace with up to `limit` of its spans in order of start."""
    after = decode_cursor(cursor, _ORDER, (int, str))
    answer = await reader.query(*spans_of_statement(project, trace_id, limit + 1, after))
    columns: dict[str, list[Any]] = {name: list(column) for name, column in zip(answer.names, answer.columns)}
    count = len(columns["span_id"]) if columns else 0
    if count == 0 and after is None:
        raise no_trace(project, trace_id)
    following = None
    if count > limit:
        columns = {name: column[:limit] for name, column in columns.items()}
        count = limit
        place = (columns["start_ns"][-1], columns["span_id"][-1])
        following = encode_cursor(Cursor(_ORDER, _EVERYTHING, place))
    if columns:
        columns["output_tokens"], columns["cost_usd"] = columns["own_output_tokens"], columns["own_cost_usd"]
    if any(columns.get("logs_tell", ())):
        await _add_what_logs_tell(reader, columns, told_statement(project, trace_id, limit, after))
    if following is None and after is None:
        # Every span is here: adding up costs less than asking the engine for a second scan.
        summary, start_ns = _summary(trace_id, columns)
    else:
        summary = await trace_summary(reader, project=project, trace_id=trace_id)
        start_ns = await _start(reader, project, trace_id)
    starts = columns.get("start_ns", [])
    page = SpanColumns(
        span_id=columns["span_id"],
        parent_span_id=columns["parent_span_id"],
        name=columns["name"],
        kind=columns["kind"],
        span_kind=columns["span_kind"],
        convention=columns["convention"],
        service=columns["service"],
        start_ns=[start - start_ns for start in starts],
        duration_ns=[None if end is None else end - start for start, end in zip(starts, columns["end_ns"])],
        status=columns["status"],
        model=columns["model"],
        input_tokens=columns["input_tokens"],
        output_tokens=columns["output_tokens"],
        cost_usd=columns["cost_usd"],
        has_events=list(map(bool, columns["has_events"])),
    )
    return Trace(
        trace=summary,
        spans=TraceSpans(columns=page, count=count),
        start_time=format_time(start_ns),
        next_cursor=following,
    )


def spans_of_statement(project: str, trace_id: str, limit: int, after: Cursor | None) -> Statement:
    """What a waterfall draws of each span, in order of start; its usage as the span itself says it."""
    return _statement(project, trace_id, limit, after, _COLUMNS)


def told_statement(project: str, trace_id: str, limit: int, after: Cursor | None) -> Statement:
    """(span id, start, output tokens, cost) of the spans of which log records tell, in order of start."""
    return _statement(project, trace_id, limit, after, _TOLD, only="logs_tell")


def _statement(
    project: str, trace_id: str, limit: int, after: Cursor | None, columns: str, *, only: str = ""
) -> Statement:
    parameters = Parameters()
    whole = f"project = {parameters.text(project)} AND trace_id = {parameters.text(trace_id)}"
    where = [whole]
    if after is not None:
        moment, span_id = parameters.moment(int(after.place[0])), parameters.text(str(after.place[1]))
        where.append(f"(start_time > {moment} OR (start_time = {moment} AND span_id > {span_id}))")
    where += [only] if only else []
    condition = " AND ".join(where)
    sql = f"""SELECT {columns}
FROM {SPANS.relation(columns, condition, of=whole)}
WHERE {condition}
ORDER BY start_time, span_id
LIMIT {limit}"""
    return Statement(sql, parameters.values)


async def _add_what_logs_tell(reader: Reader, columns: dict[str, list[Any]], statement: Statement) -> None:
    places = {place: i for i, place in enumerate(zip(columns["span_id"], columns["start_ns"]))}
    for span_id, start_ns, output_tokens, cost_usd in tuples_of(await reader.query(*statement)):
        place = places.get((span_id, start_ns))
        if place is not None:  # a span that arrived since, and belongs to the next look
            columns["output_tokens"][place], columns["cost_usd"][place] = output_tokens, cost_usd


async def _start(reader: Reader, project: str, trace_id: str) -> int:
    sql = """SELECT toUnixTimestamp64Nano(min(start_time)) AS start_ns
FROM span_rows
WHERE project = {project:String} AND trace_id = {trace_id:String}"""
    answer = await reader.query(sql, {"project": project, "trace_id": trace_id})
    return int(answer.columns[0][0])


def _summary(trace_id: str, columns: dict[str, list[Any]]) -> tuple[TraceSummary, int]:
    """The same summary as `traces.SUMMARY_COLUMNS`, from columns that hold the whole trace."""
    starts, ends, parents = columns["start_ns"], columns["end_ns"], columns["parent_span_id"]
    start_ns: int = starts[0]
    root = next((i for i, parent in enumerate(parents) if not parent), 0)
    running = None in ends
    end_ns = None if running else max(ends)
    errors = columns["status"].count("error")
    once = [not twice for twice in columns["reported_twice"]]
    counted = list(map(and_, columns["owns_usage"], once))
    unpriced = sum(
        kind in CALL_KINDS and cost is None and (owns or status != "error")
        for kind, cost, owns, status in compress(
            zip(columns["kind"], columns["cost_usd"], columns["owns_usage"], columns["status"]), once
        )
    )
    summary = TraceSummary(
        trace_id=trace_id,
        root_name=columns["name"][root],
        service=columns["service"][root],
        start_time=format_time(start_ns),
        duration_ms=None if end_ns is None else (end_ns - start_ns) / 1e6,
        state="running" if running else "ended",
        span_count=len(starts),
        error_count=errors,
        models=sorted(set(columns["model"]) - {""}),
        input_tokens=_sum(columns["input_tokens"], counted),
        output_tokens=_sum(columns["output_tokens"], counted),
        cost_usd=_sum(columns["cost_usd"], counted),
        unpriced=unpriced,
        session_id=min(set(columns["session_id"]) - {""}, default=""),
        user_id=min(set(columns["user_id"]) - {""}, default=""),
        status="error" if errors else "ok" if "ok" in columns["status"] else "unset",
        end_time=None if end_ns is None else format_time(end_ns),
        services=sorted(set(columns["service"])),
    )
    return summary, start_ns


def _sum(values: Sequence[Any], counted: Sequence[bool]) -> Any:
    said = [value for value, counts in zip(values, counted) if counts and value is not None]
    return sum(said) if said else None
