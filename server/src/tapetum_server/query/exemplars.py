"""Exemplars: single measurements behind a metric, with the spans they were made in."""

from __future__ import annotations

from tapetum_server.query.metric_statements import MetricQuestion, condition_sql
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import MAX_TIME, MILLISECOND

MAX_EXEMPLARS = 100

MetricExemplar = tuple[int, float, str, str]
"""Milliseconds since 1970, the value measured, trace id and span id."""

_STORED = "Array(Tuple(UInt64, Float64, String, String, Array(Tuple(String, String, String))))"


async def metric_exemplars(reader: Reader, question: MetricQuestion) -> list[MetricExemplar]:
    """Of each step the exemplar with the largest value that names a trace; the newest first."""
    return [
        (time // MILLISECOND, value, trace_id, span_id)
        for time, value, trace_id, span_id in tuples_of(await reader.query(*exemplars_statement(question)))
    ]


def exemplars_statement(question: MetricQuestion) -> Statement:
    """(time, value, trace id, span id) of each step's largest exemplar."""
    parameters = Parameters()
    condition = f"{condition_sql(question, parameters, look_back=False)} AND exemplars_json != ''"
    steps = question.steps
    start, end = parameters.integer(steps.start), parameters.integer(min(steps.end, MAX_TIME))
    sql = f"""SELECT at, value, trace_id, span_id
FROM (
    SELECT toInt64(least(one.1, 9223372036854775807)) AS at, one.2 AS value, one.3 AS trace_id, one.4 AS span_id
    FROM (
        SELECT arrayJoin(JSONExtract(exemplars_json, '{_STORED}')) AS one
        FROM {question.selection.source.relation("exemplars_json", condition)}
        WHERE {condition}
    )
    WHERE trace_id != '' AND isFinite(value) AND at >= {start} AND at < {end}
    ORDER BY value DESC, at
    LIMIT 1 BY intDiv(at - {start}, {parameters.integer(steps.step)})
)
ORDER BY at DESC
LIMIT {MAX_EXEMPLARS}"""
    return Statement(sql, parameters.values)
