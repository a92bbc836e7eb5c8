"""One measure of records of one kind over time, one series per combination of some keys' values."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Union, get_args

from tapetum_server.query.errors import QueryError
from tapetum_server.query.evaluation_verdict import verdict_sql
from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions, value_sql
from tapetum_server.query.finding_sources import FINDINGS
from tapetum_server.query.histograms import step_sql, stepped
from tapetum_server.query.metrics import MAX_SERIES, MAX_STEPS, MetricSeries
from tapetum_server.query.prediction_sources import PREDICTIONS
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import ERRORS, EVALUATIONS, LOGS, SPANS, Source
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import MILLISECOND, SECOND, Steps, TimeRange, steps_of
from tapetum_server.signals.scores import ScoreDefinition

LogMeasure = Literal["count", "rate"]
SpanMeasure = Literal[
    "count", "rate", "error_count", "error_rate", "avg_ms", "p50_ms", "p90_ms", "p95_ms", "p99_ms", "max_ms",
    "cost_usd", "tokens", "input_tokens", "output_tokens", "cache_read_tokens", "reasoning_tokens", "cached_share",
    "refusal_rate", "p50_ttft_ms", "p95_ttft_ms", "p99_ttft_ms", "sessions", "users",
]  # fmt: skip
ErrorMeasure = Literal["count", "rate", "groups", "new_groups"]
EvaluationMeasure = Literal["count", "rate", "avg_score", "min_score", "max_score", "pass_rate"]
PredictionMeasure = Literal[
    "count", "rate", "mean_score", "mean_output", "p50_latency_ms", "p95_latency_ms", "p99_latency_ms",
    "label_coverage", "flagged_share",
]  # fmt: skip
FindingMeasure = Literal["count", "rows", "features", "subjects"]
Measure = Union[LogMeasure, SpanMeasure, ErrorMeasure, EvaluationMeasure, PredictionMeasure, FindingMeasure]
_OF: Mapping[str, tuple[str, tuple[str, ...]]] = {
    LOGS.table: ("log records", get_args(LogMeasure)),
    SPANS.table: ("spans", get_args(SpanMeasure)),
    ERRORS.table: ("errors", get_args(ErrorMeasure)),
    EVALUATIONS.table: ("evaluations", get_args(EvaluationMeasure)),
    PREDICTIONS.table: ("predictions", get_args(PredictionMeasure)),
    FINDINGS.table: ("findings", get_args(FindingMeasure)),
}
"""What people call the rows of a table, and the measures they have."""
MAX_KEYS = 4


def _sum(*columns: str) -> str:
    added = " + ".join(f"ifNull({column}, 0)" for column in columns) if len(columns) > 1 else columns[0]
    return f"if(countIf(usage_counted) = 0, 0, sumIf(toFloat64({added}), usage_counted))"


_MEASURES: Mapping[str, tuple[str, str]] = {
    "count": ("toFloat64(count())", "1"),
    "rate": ("toFloat64(count())", "1/s"),
    "error_count": ("toFloat64(countIf(status = 'error'))", "1"),
    "error_rate": ("countIf(status = 'error') / count()", "%"),
    "avg_ms": ("avg(duration_ms)", "ms"),
    "p50_ms": ("quantile(0.5)(duration_ms)", "ms"),
    "p90_ms": ("quantile(0.9)(duration_ms)", "ms"),
    "p95_ms": ("quantile(0.95)(duration_ms)", "ms"),
    "p99_ms": ("quantile(0.99)(duration_ms)", "ms"),
    "max_ms": ("max(duration_ms)", "ms"),
    # A sum of what no call said is unknown; of no calls at all it is 0.
    "cost_usd": (_sum("cost_usd"), "USD"),
    "tokens": (_sum("input_tokens", "output_tokens"), "1"),
    "input_tokens": (_sum("input_tokens"), "1"),
    "output_tokens": (_sum("output_tokens"), "1"),
    "cache_read_tokens": (_sum("cache_read_tokens"), "1"),
    "reasoning_tokens": (_sum("reasoning_tokens"), "1"),
    "cached_share": ("sumIf(cache_read_tokens, usage_counted) / sumIf(input_tokens, usage_counted)", "%"),
    "refusal_rate": ("countIf(finish_reason = 'content_filter') / count()", "%"),
    "p50_ttft_ms": ("quantile(0.5)(ttft_ms)", "ms"),
    "p95_ttft_ms": ("quantile(0.95)(ttft_ms)", "ms"),
    "p99_ttft_ms": ("quantile(0.99)(ttft_ms)", "ms"),
    "sessions": ("toFloat64(uniqExactIf(session_id, session_id != ''))", "1"),
    "users": ("toFloat64(uniqExactIf(user_id, user_id != ''))", "1"),
    "groups": ("toFloat64(uniqExact(fingerprint))", "1"),
    "new_groups": ("toFloat64(uniqExactIf(fingerprint, new))", "1"),
    "avg_score": ("avg(score)", "1"),
    "min_score": ("min(score)", "1"),
    "max_score": ("max(score)", "1"),
    # Of those that can pass, by their threshold or by what is defined of their score.
    "pass_rate": ("countIf(ifNull(verdict, 0)) / countIf(isNotNull(verdict))", "%"),
    # What is no number, which predictions may have, says nothing of the others.
    "mean_score": ("avgIf(score, isFinite(ifNull(score, nan)))", "1"),
    "mean_output": ("avgIf(output, isFinite(ifNull(output, nan)))", "1"),
    "p50_latency_ms": ("quantile(0.5)(latency_ms)", "ms"),
    "p95_latency_ms": ("quantile(0.95)(latency_ms)", "ms"),
    "p99_latency_ms": ("quantile(0.99)(latency_ms)", "ms"),
    "label_coverage": ("countIf(labelled) / count()", "%"),
    "flagged_share": ("countIf(flagged) / count()", "%"),
    "rows": ("toFloat64(sum(rows))", "1"),
    "features": ("toFloat64(uniqExact(subject, feature))", "1"),
    "subjects": ("toFloat64(uniqExact(subject_type, subject))", "1"),
}
"""Measure → SQL over the rows of a step, and its unit."""
COUNTS = (
    "count", "rate", "error_count", "groups", "new_groups", "sessions", "users", "cost_usd", "tokens", "input_tokens",
    "output_tokens", "cache_read_tokens", "reasoning_tokens", "rows", "features", "subjects",
)  # fmt: skip
"""Measures of which a step without rows is 0; of the others it is unknown."""
_OWN: Mapping[str, tuple[str, ...]] = {
    SPANS.table: (
        "status", "duration_ms", "cost_usd", "input_tokens", "output_tokens", "cache_read_tokens", "reasoning_tokens",
        "usage_counted", "finish_reason", "ttft_ms", "session_id", "user_id",
    ),
    ERRORS.table: ("fingerprint",),
    EVALUATIONS.table: ("score",),
    PREDICTIONS.table: ("score", "output", "latency_ms", "labelled", "flagged"),
    FINDINGS.table: ("rows", "subject_type", "subject", "feature"),
}  # fmt: skip
"""What the measures of a table's rows are made of; each statement reads what its own names."""


class RecordSeries(NamedTuple):
    """One measure over time. `steps` is `None` where a range without bounds holds nothing."""

    unit: str
    steps: Steps | None
    series: list[MetricSeries]
    truncated: bool


async def record_series(
    reader: Reader,
    source: Source,
    *,
    project: str,
    time_range: TimeRange,
    filter: Filter,
    measure: Measure,
    group_by: Sequence[str] = (),
    step_s: int | None = None,
    definitions: Sequence[ScoreDefinition] = (),
) -> RecordSeries:
    """`measure` of the records that pass the filter, over even steps of the range.

    A record counts when it starts. Of more than `MAX_SERIES` series those with the most records are given.
    Where nobody looks by key, no errors and no findings at all are one series of zeros: that is how it should be, and
    no missing data.
    Raises `QueryError` for a measure that such records do not have, too many keys or too many steps.
    """
    called, measures = _OF[source.table]
    if measure not in measures:
        raise QueryError(
            f"{called} have no {measure}", code="bad_measure", field="measure", hint=f"Use {', '.join(measures)}."
        )
    group_by = list(dict.fromkeys(group_by))
    if len(group_by) > MAX_KEYS:
        raise QueryError(f"{len(group_by)} keys; at most {MAX_KEYS}", code="too_many_keys", field="group_by")
    selection = await select(reader, source, project=project, time_range=time_range, filter=filter, keys=group_by)
    selection, steps = await stepped(reader, selection, 120)
    unit = _MEASURES[measure][1]
    if steps is None:
        return RecordSeries(unit, None, [], False)
    steps = _whole_seconds(selection, steps, step_s)
    only, truncated = None, False
    if group_by:
        largest = list(tuples_of(await reader.query(*largest_statement(selection, group_by, MAX_SERIES + 1))))
        truncated = len(largest) > MAX_SERIES
        only = [labels for labels, _ in largest[:MAX_SERIES]] if truncated else None
    rows = tuples_of(await reader.query(*series_statement(selection, steps, measure, group_by, only, definitions)))
    found = list(rows)
    if source in (ERRORS, FINDINGS) and not group_by and not any(records for _, _, _, records in found):
        found = [(1, 0, 0.0, 1)]
    return RecordSeries(unit, steps, _series(found, selection.time_range, steps, measure, group_by), truncated)


def series_statement(
    selection: Selection,
    steps: Steps,
    measure: str,
    group_by: Sequence[str],
    only: Sequence[str] | None,
    definitions: Sequence[ScoreDefinition] = (),
) -> Statement:
    """(whether of the whole range, step, value, records, labels…), each series by step and as a whole."""
    parameters = Parameters()
    labels, names = _labels(selection, group_by, parameters)
    where = conditions(selection, parameters)
    if only is not None:
        where.append(f"has({parameters.texts(only)}, {_joined(selection, group_by, parameters)})")
    condition = " AND ".join(where)
    words = set(re.findall(r"\w+", _MEASURES[measure][0]))
    own = [column for column in _OWN.get(selection.source.table, ()) if column in words]
    if measure == "pass_rate":
        own.append(f"{verdict_sql(definitions, parameters)} AS verdict")
    if measure == "new_groups":
        own.append(f"{_new(selection, steps, parameters)} AS new")
    inner = ", ".join([f"{step_sql(selection, steps, parameters)} AS step", *own, *labels])
    by = "".join(f", {name}" for name in names)
    sql = f"""SELECT grouping(step) AS whole, step, {_MEASURES[measure][0]} AS value, count() AS records{by}
FROM (
    SELECT {inner}
    FROM {selection.source.relation(inner, condition)}
    WHERE {condition}
)
GROUP BY GROUPING SETS ((step{by}), ({by.removeprefix(", ")}))"""
    return Statement(sql, parameters.values)


def _new(selection: Selection, steps: Steps, parameters: Parameters) -> str:
    """Whether an error was seen for the first time ever within the row's own step.

    So an error is new in one step, whatever range that is looked at with: a monitor and its past agree.
    """
    return f"""(toString(fingerprint), step) IN (
            SELECT fingerprint, {step_sql(selection, steps, parameters)} FROM (
                SELECT fingerprint, min(first_seen) AS time FROM error_groups
                WHERE project = {parameters.text(selection.project)} GROUP BY fingerprint
            ) WHERE {" AND ".join(selection.bounds(parameters)[1:]) or "true"}
        )"""


def largest_statement(selection: Selection, group_by: Sequence[str], limit: int) -> Statement:
    """Joined labels of the series with the most records."""
    parameters = Parameters()
    condition = " AND ".join(conditions(selection, parameters))
    joined = _joined(selection, group_by, parameters)
    sql = f"""SELECT {joined} AS labels, count() AS records
FROM {selection.source.relation(joined, condition)}
WHERE {condition}
GROUP BY labels
ORDER BY records DESC, labels
LIMIT {limit}"""
    return Statement(sql, parameters.values)


def _labels(selection: Selection, group_by: Sequence[str], parameters: Parameters) -> tuple[list[str], list[str]]:
    names = [f"label_{i}" for i in range(len(group_by))]
    return [f"toString({value_sql(key, selection, parameters)}) AS {name}" for key, name in zip(group_by, names)], names


def _joined(selection: Selection, group_by: Sequence[str], parameters: Parameters) -> str:
    texts = [f"toString({value_sql(key, selection, parameters)})" for key in group_by]
    return f"arrayStringConcat([{', '.join(texts)}], char(31))"


def _series(
    rows: Any, time_range: TimeRange, steps: Steps, measure: str, group_by: Sequence[str]
) -> list[MetricSeries]:
    start, end = time_range.start, time_range.end
    assert start is not None
    assert end is not None
    values: dict[tuple[str, ...], dict[int, float]] = defaultdict(dict)
    totals: dict[tuple[str, ...], tuple[int, float]] = {}
    for whole, step, value, records, *labels in rows:
        if whole:
            totals[tuple(labels)] = (records, value)
        else:
            values[tuple(labels)][step] = value
    times = steps.times()
    # The range may begin or end within a step: a rate is over the part of it that was looked at.
    seen_s = [(min(time + steps.step, end) - max(time, start)) / SECOND for time in times]
    empty = 0.0 if measure in COUNTS else None

    def shown(value: float | None, over_s: float) -> float | None:
        if value is None or not math.isfinite(value):
            return None
        return value / over_s if measure == "rate" else value * 100 if _MEASURES[measure][1] == "%" else value

    out = []
    for labels, (records, total) in sorted(totals.items(), key=lambda item: (-item[1][0], item[0])):
        if not records:  # of no rows at all the engine still gives one whole
            continue
        found = values[labels]
        points = [(t // MILLISECOND, shown(found.get(i, empty), s)) for i, (t, s) in enumerate(zip(times, seen_s))]
        out.append(
            MetricSeries(labels=dict(zip(group_by, labels)), points=points, total=shown(total, (end - start) / SECOND))
        )
    return out


def _whole_seconds(selection: Selection, steps: Steps, step_s: int | None) -> Steps:
    start, end = selection.time_range.start, selection.time_range.end
    assert start is not None
    assert end is not None
    if step_s is None:
        return steps if steps.step >= SECOND else steps_of(start, end, at_most=120, step=SECOND)
    count = (end - start) // (step_s * SECOND) + 1
    if count > MAX_STEPS:
        raise QueryError(
            f"{count} steps of {step_s} s; at most {MAX_STEPS}",
            code="too_many_steps",
            field="step_s",
            hint=f"Use a step of at least {-(-(end - start) // SECOND // MAX_STEPS) + 1} s, or a shorter range.",
        )
    return steps_of(start, end, at_most=120, step=step_s * SECOND)
