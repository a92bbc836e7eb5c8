"""Evaluations in numbers: how many of each name and how they turned out, apart by a key of theirs or of their span."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from typing_extensions import TypedDict

from tapetum_server.query.evaluation_verdict import verdict_sql
from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions, value_sql
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.selection import select
from tapetum_server.query.sources import EVALUATIONS, SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange, format_time
from tapetum_server.signals.scores import ScoreDefinition

SPAN_KEYS: Mapping[str, str] = {
    **{name: name for name in ("service", "model", "provider", "operation", "agent", "tool", "user_id", "kind")},
    "prompt": "if(prompt_name = '', '', concat(prompt_name, if(prompt_version = '', '', concat(' ', prompt_version))))",
    "span_name": "name",
}
"""Keys that the evaluated span answers, and how."""
MAX_ROWS = 1_000
MAX_LABELS = 8


class LabelCount(TypedDict):
    """One label and how often it was given."""

    label: str
    count: int


class EvaluationSummaryRow(TypedDict):
    """What was said under one name, of one value of the key."""

    name: str
    value: str
    """Of the key; "" where there is none."""
    count: int
    scored: int
    """Evaluations with a score; the following are of these."""
    avg_score: float | None
    min_score: float | None
    max_score: float | None
    judged: int
    """Evaluations that can pass: with a score and a threshold, of their own or defined, or a label that says so."""
    passed: int
    labels: list[LabelCount]
    """The most frequent ones."""
    flagged: int
    """Found in telemetry, with a `problem`."""
    last_time: str


class EvaluationSummary(TypedDict):
    """Evaluations by name and key, those with the most first."""

    rows: list[EvaluationSummaryRow]
    truncated: bool


async def evaluation_summary(
    reader: Reader,
    *,
    project: str,
    time_range: TimeRange,
    filter: Filter,
    group_by: str | None = None,
    definitions: Sequence[ScoreDefinition] = (),
) -> EvaluationSummary:
    """Evaluations that pass the filter, by name and, with `group_by`, by a key of theirs or of their span."""
    keys = [group_by] if group_by and group_by not in SPAN_KEYS else []
    selection = await select(
        reader, EVALUATIONS, project=project, time_range=time_range, filter=filter, keys=keys
    )  # fmt: skip
    parameters = Parameters()
    condition = " AND ".join(conditions(selection, parameters))
    value = f"toString({value_sql(group_by, selection, parameters)})" if keys and group_by else "''"
    joined = SPAN_KEYS.get(group_by or "")
    found = rows_of(await reader.query(*summary_statement(condition, value, joined, project, parameters, definitions)))
    return EvaluationSummary(
        rows=[
            EvaluationSummaryRow(
                name=row["name"],
                value=row["value"],
                count=row["evaluations"],
                scored=row["scored"],
                avg_score=row["avg_score"],
                min_score=row["min_score"],
                max_score=row["max_score"],
                judged=row["judged"],
                passed=row["passed"],
                labels=[
                    LabelCount(label=label, count=count) for label, count in zip(row["labels"], row["label_counts"])
                ],
                flagged=row["flagged"],
                last_time=format_time(row["last_ns"]),
            )
            for row in found[:MAX_ROWS]
        ],
        truncated=len(found) > MAX_ROWS,
    )


def summary_statement(
    condition: str,
    value: str,
    of_span: str | None,
    project: str,
    parameters: Parameters,
    definitions: Sequence[ScoreDefinition] = (),
) -> Statement:
    """A row by name and value; `of_span` is asked of the evaluated span, else of the only one its trace has."""
    told = "name, score, threshold, label, problem, time, trace_id, span_id, response_id"
    verdict = verdict_sql(definitions, parameters)
    said = f"SELECT {told}, {value} AS own FROM {EVALUATIONS.relation(told, value, condition)} WHERE {condition}"
    # A label is counted by name and value first, and then put into its row: no array of all labels is made.
    sql = f"""SELECT name, value, toInt64(sum(records)) AS evaluations, toInt64(sum(with_score)) AS scored,
    if(scored = 0, NULL, sum(scores) / scored) AS avg_score, min(lowest) AS min_score, max(highest) AS max_score,
    toInt64(sum(with_verdict)) AS judged, toInt64(sum(good)) AS passed, toInt64(sum(problems)) AS flagged,
    arraySlice(arrayReverseSort(l -> (l.2, l.1), groupArrayIf((label, toInt64(records)), label != '')), 1, {MAX_LABELS})
        AS most, arrayMap(l -> l.1, most) AS labels, arrayMap(l -> l.2, most) AS label_counts,
    toUnixTimestamp64Nano(max(latest)) AS last_ns
FROM (
    SELECT name, value, toString(label) AS label, count() AS records, countIf(isNotNull(score)) AS with_score,
        sum(ifNull(score, 0)) AS scores, min(score) AS lowest, max(score) AS highest,
        countIf(isNotNull(verdict)) AS with_verdict, countIf(ifNull(verdict, 0)) AS good,
        countIf(problem != '') AS problems, max(time) AS latest
    FROM (SELECT *, {verdict} AS verdict FROM ({with_value(said, of_span, project, parameters)}))
    GROUP BY name, value, label
)
GROUP BY name, value
ORDER BY evaluations DESC, name, value
LIMIT {MAX_ROWS + 1}"""
    return Statement(sql, parameters.values)


def with_value(said: str, of_span: str | None, project: str, parameters: Parameters) -> str:
    """The rows of `said` with `value`: of the evaluated span, else the response's, else the only one of the trace."""
    if of_span is None:
        return f"SELECT *, own AS value FROM ({said})"
    ours, text = f"project = {parameters.text(project)}", f"toString({of_span})"

    def spans(condition: str, columns: str) -> str:
        where = f"{condition} AND {text} != ''"
        return f"SELECT {columns} FROM {SPANS.relation(columns, where)} WHERE {where}"

    of_traces = f"{ours} AND trace_id IN (SELECT trace_id FROM ({said}) WHERE trace_id != '')"
    of_responses = (
        f"{ours} AND response_id IN (SELECT response_id FROM ({said}) WHERE trace_id = '' AND response_id != '')"
    )
    by_span = spans(of_traces, f"trace_id, span_id, {text} AS found")
    by_trace = spans(of_traces, f"trace_id, if(uniqExact({text}) = 1, max({text}), '') AS found") + " GROUP BY trace_id"
    by_response = spans(of_responses, f"response_id, {text} AS found")
    return f"""SELECT said.*, multiIf(s.found != '', s.found, r.found != '', r.found, t.found) AS value
    FROM ({said}) AS said
    LEFT ANY JOIN ({by_span}) AS s ON said.trace_id = s.trace_id AND said.span_id = s.span_id
    LEFT ANY JOIN ({by_trace}) AS t ON said.trace_id = t.trace_id
    LEFT ANY JOIN ({by_response}) AS r ON said.response_id = r.response_id"""
