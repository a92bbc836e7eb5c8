"""Whole rows of the public views for a file: what a page's filter and time select, in slices of little memory.

First it is counted, by hour and from narrow columns, what there is. Then the newest hours that fit the limit are
made into slices of some thousand rows, and each is one statement: sorting and reading a month at once would need
the month in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from tapetum_server.query.errors import QueryError
from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.finding_sources import FINDINGS
from tapetum_server.query.prediction_sources import LABELS, PREDICTIONS
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import ALERTS, ERRORS, EVALUATIONS, LOGS, METRICS, SPANS, Source
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import SECOND, TimeRange
from tapetum_server.signals.identity import OWN_SENDER

ExportKind = Literal[
    "spans", "traces", "logs", "metrics", "errors", "ingest", "changes", "alerts", "evaluations", "predictions",
    "labels", "findings",
]  # fmt: skip
EXPORT_KINDS: tuple[ExportKind, ...] = get_args(ExportKind)
SLICE_ROWS = 50_000
_HOUR = 3_600 * SECOND


@dataclass(frozen=True, slots=True)
class _Export:
    """How the rows of a view are found."""

    time: str
    """The view's column that a time range is about."""
    order: str
    """After the time, so that a file is the same each time."""
    source: Source | None = None
    """What a filter is about; without it there is none."""
    identity: tuple[str, str] = ("", "")
    """Of a row in the source, and of the same row in the view."""


_FINDING = "subject_type, subject, version, window_start, detector, slice, feature, type"
_EXPORTS: Mapping[ExportKind, _Export] = {
    "spans": _Export("start_time", "trace_id, span_id", SPANS, ("start_time, trace_id, span_id",) * 2),
    "traces": _Export("start_time", "trace_id", SPANS),
    "logs": _Export("time", "log_id", LOGS, ("time, lower(hex(log_id))", "time, log_id")),
    "metrics": _Export("time", "name, series", METRICS, ("name, series, time",) * 2),
    "errors": _Export("time", "error_id", ERRORS, ("time, error_id",) * 2),
    "ingest": _Export("time", "sender, signal, reason"),
    "changes": _Export("time", "kind, subject, after"),
    "evaluations": _Export("time", "evaluation_id", EVALUATIONS, ("time, evaluation_id",) * 2),
    "predictions": _Export("time", "model, prediction_id", PREDICTIONS, ("time, model, prediction_id",) * 2),
    "labels": _Export("time", "model, prediction_id", LABELS, ("model, prediction_id",) * 2),
    "alerts": _Export("started_at", "alert_id", ALERTS, ("alert_id",) * 2),
    "findings": _Export("last_seen", _FINDING, FINDINGS, (_FINDING,) * 2),
}
_HIDDEN = ("search_text",)
"""Of a view, but made of other columns of it and only there to be searched."""


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What will be in the file."""

    kind: ExportKind
    selection: Selection | None
    project: str
    slices: Sequence[tuple[TimeRange, int]]
    """From the newest to the oldest, and how many rows each may give: what arrived since the count included."""
    matching: int
    """Rows that pass, when they were counted."""
    limit: int

    @property
    def truncated(self) -> bool:
        """Whether the oldest of the rows that pass are left out."""
        return self.matching > self.limit


async def plan_export(
    reader: Reader, kind: ExportKind, *, project: str, time_range: TimeRange, filter: Filter, limit: int
) -> ExportPlan:
    """Count what passes, and cut it into slices."""
    source = _EXPORTS[kind].source
    selection = None
    without = {ALERTS.table: ALERTS, LABELS.table: LABELS}.get(source.table) if source else None
    if without and (unknown := [term for term in filter.terms if term.key not in without.fields]):
        raise QueryError(
            f"{kind} have no {unknown[0].key or 'text to search'}",
            code="bad_filter",
            field="q",
            hint=f"A filter of {kind} names {', '.join(without.fields)}.",
        )
    if source is not None:
        selection = await select(reader, source, project=project, time_range=time_range, filter=filter)
    elif filter.terms:
        raise QueryError(
            f"{kind} takes no filter",
            code="bad_filter",
            field="q",
            hint="Filter the file, or ask in SQL for a part of it.",
        )
    counted = await reader.query(*counts_statement(kind, selection, project, time_range))
    hours = [(int(hour), int(rows)) for hour, rows in tuples_of(counted)]
    return ExportPlan(
        kind, selection, project, slices_of(hours, time_range, limit), sum(rows for _, rows in hours), limit
    )


def slices_of(hours: Sequence[tuple[int, int]], time_range: TimeRange, limit: int) -> list[tuple[TimeRange, int]]:
    """Neighbouring hours, newest first, as slices of at least `SLICE_ROWS` rows, until there are `limit`."""
    slices: list[tuple[TimeRange, int]] = []
    end, rows = time_range.end, 0
    for position, (hour, count) in enumerate(hours):
        rows += count
        last = position == len(hours) - 1
        if rows < min(SLICE_ROWS, limit) and not last:
            continue
        start = time_range.start if last else max(hour * _HOUR, time_range.start or 0)
        slices.append((TimeRange(start, end), limit))
        limit -= rows
        if limit <= 0:
            break
        end, rows = hour * _HOUR, 0
    return slices


def counts_statement(
    kind: ExportKind, selection: Selection | None, project: str, time_range: TimeRange
) -> Statement:  # fmt: skip
    """How many rows pass in each hour that has any, the newest first."""
    parameters = Parameters()
    if selection is None:
        at = f"toUnixTimestamp64Nano(toDateTime64({_EXPORTS[kind].time}, 9, 'UTC'))"
        rows = f"{kind}\nWHERE {_bounds(kind, project, time_range, parameters)}"
    elif kind == "traces":
        at, rows = "toUnixTimestamp64Nano(first)", f"({_first_spans(selection, parameters)})"
    else:
        time, where = selection.source.time, " AND ".join(conditions(selection, parameters))
        at = f"toUnixTimestamp64Nano({time})"
        rows = f"{selection.source.relation(time, where)}\nWHERE {where}"
    sql = f"SELECT intDiv({at}, {_HOUR}) AS hour, count() AS matching\nFROM {rows}\nGROUP BY hour\nORDER BY hour DESC"
    return Statement(sql, parameters.values)


def rows_statement(plan: ExportPlan, time_range: TimeRange, limit: int, columns: Sequence[str]) -> Statement:
    """The rows of one slice, the newest first; each of `columns` is an expression over the view's columns."""
    parameters = Parameters()
    export = _EXPORTS[plan.kind]
    selection = plan.selection
    if selection is None:
        where = _bounds(plan.kind, plan.project, time_range, parameters)
    elif plan.kind == "traces":
        within = _first_spans(selection, parameters, time_range)
        where = f"project = {parameters.text(plan.project)} AND trace_id IN (SELECT trace_id FROM ({within}))"
    else:
        where = _bounds(plan.kind, plan.project, time_range, parameters)
        if selection.filter.terms:
            narrowed = Selection(
                selection.source, plan.project, time_range, selection.filter, selection.whereabouts
            )  # fmt: skip
            passing = " AND ".join(conditions(narrowed, parameters))
            own, shown = export.identity
            relation = selection.source.relation(own, passing)
            where += f"\nAND ({shown}) IN (SELECT {own} FROM {relation} WHERE {passing})"
    sql = f"""SELECT {", ".join(columns)}
FROM {plan.kind}
WHERE {where}
ORDER BY {export.time} DESC, {export.order}
LIMIT {int(limit)}"""
    return Statement(sql, parameters.values)


def columns_statement(kind: ExportKind) -> str:
    """No rows of the view, for its columns and their types."""
    hidden = f" EXCEPT ({', '.join(_HIDDEN)})" if kind == "spans" else ""
    return f"SELECT *{hidden} FROM {kind} WHERE 0"


def _bounds(kind: ExportKind, project: str, time_range: TimeRange, parameters: Parameters) -> str:
    time = _EXPORTS[kind].time
    found = [f"project = {parameters.text(project)}"]
    start = time_range.start
    if kind == "ingest":
        # As on the page: without what the server measures of its own machine, and the first minute counts whole.
        found.append(f"sender != {parameters.text(OWN_SENDER)}")
        start = None if start is None else start // (60 * SECOND) * 60 * SECOND
    if start is not None:
        found.append(f"{time} >= {parameters.moment(start)}")
    if time_range.end is not None:
        found.append(parameters.before(time, time_range.end))
    return " AND ".join(found)


def _first_spans(selection: Selection, parameters: Parameters, within: TimeRange | None = None) -> str:
    """Each trace of which any span passes, and when the first that does began: there it stands in lists."""
    where = " AND ".join(conditions(selection, parameters))
    bounds = []
    if within is not None and within.start is not None:
        bounds.append(f"first >= {parameters.moment(within.start)}")
    if within is not None and within.end is not None:
        bounds.append(parameters.before("first", within.end))
    having = f"\nHAVING {' AND '.join(bounds)}" if bounds else ""
    relation = SPANS.relation("trace_id start_time", where)
    return f"SELECT trace_id, min(start_time) AS first\nFROM {relation}\nWHERE {where}\nGROUP BY trace_id{having}"
