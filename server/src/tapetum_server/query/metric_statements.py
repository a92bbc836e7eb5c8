"""SQL for questions about one metric: values per step, increases with resets, and bucket counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tapetum_server.query.filter_sql import conditions, value_sql
from tapetum_server.query.outside import ends_sql
from tapetum_server.query.selection import Selection
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import SECOND, Steps

Aggregation = Literal["avg", "sum", "min", "max", "last", "count", "rate", "increase", "quantile"]
SEPARATOR = "\x1f"
"""Between the labels of a series where they are one text."""
LOOK_BACK = 600 * SECOND
"""How far before the range a counter's previous point is looked for."""
FIRST_POINT = 120 * SECOND
"""How long after a counter began its first point may come and be all gained then: two of OpenTelemetry's intervals."""
_OF_THE_MACHINE = ("system.", "hw.")
"""OpenTelemetry's namespaces of what a machine has counted since it booted, whoever reports it and since when."""


@dataclass(frozen=True, slots=True)
class MetricQuestion:
    """One metric over even steps, cut by some keys."""

    selection: Selection
    name: str
    type: str
    unit: str
    steps: Steps
    group_by: Sequence[str] = ()
    only: Sequence[str] | None = None
    """Labels joined by `SEPARATOR` of the series to keep, where there are too many."""
    apart: Sequence[str] = ()
    """Keys that rows are kept apart by as well, behind the labels."""


def about_statement(selection: Selection, name: str, type: str | None, unit: str | None) -> Statement:
    """What kinds of points the metric has, of this type and unit where they are given, the most frequent first."""
    parameters = Parameters()
    parts = [*conditions(selection, parameters), f"name = {parameters.text(name)}"]
    parts += [f"type = {parameters.text(type)}"] if type is not None else []
    parts += [f"unit = {parameters.text(unit)}"] if unit is not None else []
    condition = " AND ".join(parts)
    sql = f"""SELECT type, unit, countIf(is_monotonic) AS monotonic, {ends_sql(selection, parameters)}
FROM {selection.source.relation("type, unit, time, is_monotonic", condition)}
WHERE {condition}
GROUP BY type, unit
ORDER BY records DESC, type, unit"""
    return Statement(sql, parameters.values)


def series_statement(question: MetricQuestion, limit: int) -> Statement:
    """Labels of the series with the most points."""
    parameters = Parameters()
    labels, _ = _labels(question, parameters)
    condition = condition_sql(question, parameters, look_back=False)
    sql = f"""SELECT {_joined(len(question.group_by))} AS labels, count() AS points
FROM (
    SELECT {labels}
    FROM {question.selection.source.relation(labels, condition)}
    WHERE {condition}
)
GROUP BY labels
ORDER BY points DESC, labels
LIMIT {limit}"""
    return Statement(sql, parameters.values)


_VALUES = {
    "avg": ("avg(number)", "count()"),
    "min": ("min(number)", "count()"),
    "max": ("max(number)", "count()"),
    "last": ("argMax(number, time)", "count()"),
    "count": ("toFloat64(count())", "count()"),
}


def values_statement(question: MetricQuestion, aggregation: Aggregation, quantile: float) -> Statement:
    """(step, labels…, value, points) of a gauge, or of a sum's values as they stand."""
    parameters = Parameters()
    labels, names = _labels(question, parameters)
    condition = f"{condition_sql(question, parameters, look_back=False)} AND isNotNull(value)"
    step = _step(question, parameters)
    by = ", ".join(["step", *names])
    inner = f"{step} AS step, {labels + ', ' if labels else ''}series, time, assumeNotNull(value) AS number"
    rows = f"""SELECT {inner}
    FROM {question.selection.source.relation(inner, condition)}
    WHERE {condition}"""
    if aggregation == "sum":
        # Several points of one series within a step are one state seen several times.
        sql = f"""SELECT {by}, sum(latest) AS value, sum(points) AS points
FROM (
    SELECT {by}, series, argMax(number, time) AS latest, count() AS points
    FROM ({rows})
    GROUP BY {by}, series
)
GROUP BY {by}"""
        return Statement(sql, parameters.values)
    if aggregation == "quantile":
        value, weight = f"quantile({float(quantile)!r})(number)", "count()"
    else:
        value, weight = _VALUES[aggregation]
    sql = f"SELECT {by}, {value} AS result, {weight} AS points\nFROM ({rows})\nGROUP BY {by}"
    return Statement(sql, parameters.values)


def increases_statement(question: MetricQuestion) -> Statement:
    """(step, labels…, increase of the count or value, increase of the sum): delta and cumulative alike."""
    parameters = Parameters()
    _, names = _labels(question, Parameters())
    by = ", ".join(["step", *names])
    columns = "measure, total, lagInFrame(measure) OVER w AS previous, lagInFrame(total) OVER w AS previous_total"
    sql = f"""SELECT {by}, sum(if(change = 1, measure, measure - previous)) AS result,
    sum(if(change = 1, total, total - previous_total)) AS total
FROM ({_changes(question, parameters, columns)})
WHERE change > 0 AND step >= 0
GROUP BY {by}"""
    return Statement(sql, parameters.values)


def extremes_statement(question: MetricQuestion, aggregation: Aggregation) -> Statement:
    """(step, labels…, smallest or largest value that points say or NULL, points that say none) of a distribution."""
    parameters = Parameters()
    labels, names = _labels(question, parameters)
    by = ", ".join(["step", *names])
    condition = condition_sql(question, parameters, look_back=False)
    inner = f"""{_step(question, parameters)} AS step, {labels + ", " if labels else ""}{aggregation} AS extreme,
        isNull({aggregation}) AND count > 0 AS unsaid"""
    sql = f"""SELECT {by}, {aggregation}(extreme) AS result, countIf(unsaid) AS lacking
FROM (
    SELECT {inner}
    FROM {question.selection.source.relation(inner, condition)}
    WHERE {condition}
)
GROUP BY {by}"""
    return Statement(sql, parameters.values)


def buckets_statement(question: MetricQuestion) -> Statement:
    """(step, labels…, bounds, counts, min, max) of an explicit-bucket histogram."""
    parameters = Parameters()
    _, names = _labels(question, Parameters())
    by = ", ".join(["step", *names])
    columns = """measure, lagInFrame(measure) OVER w AS previous, min, max,
        (toInt64(1), explicit_bounds, bucket_counts) AS current,
        (toInt64(-1), lagInFrame(explicit_bounds) OVER w, lagInFrame(bucket_counts) OVER w) AS before"""
    sql = f"""SELECT {by}, part.2 AS bounds, sumForEach(arrayMap(c -> part.1 * toInt64(c), part.3)) AS counts,
    min(min) AS low, max(max) AS high
FROM (
    SELECT {by}, min, max, if(change = 1, [current], [current, before]) AS parts
    FROM ({_changes(question, parameters, columns)})
    WHERE change > 0 AND step >= 0
)
ARRAY JOIN parts AS part
GROUP BY {by}, bounds"""
    return Statement(sql, parameters.values)


def exponential_statement(question: MetricQuestion) -> Statement:
    """(step, labels…, scale, zeros, positive and negative (indexes, counts)) of an exponential histogram."""
    parameters = Parameters()
    _, names = _labels(question, Parameters())
    by = ", ".join(["step", *names])
    fields = ("scale", "zero_count", "positive_offset", "positive_counts", "negative_offset", "negative_counts")
    lagged = ", ".join(f"lagInFrame({name}) OVER w" for name in fields)
    columns = f"""measure, lagInFrame(measure) OVER w AS previous,
        (toInt64(1), {", ".join(fields)}) AS current, (toInt64(-1), {lagged}) AS before"""

    def side(offset: int) -> str:
        indexes = f"arrayMap(i -> part.{offset} + toInt32(i) - 1, arrayEnumerate(part.{offset + 1}))"
        return f"sumMap({indexes}, arrayMap(c -> part.1 * toInt64(c), part.{offset + 1}))"

    sql = f"""SELECT {by}, part.2 AS scale, sum(part.1 * toInt64(part.3)) AS zeros,
    {side(4)} AS positive, {side(6)} AS negative
FROM (
    SELECT {by}, if(change = 1, [current], [current, before]) AS parts
    FROM ({_changes(question, parameters, columns)})
    WHERE change > 0 AND step >= 0
)
ARRAY JOIN parts AS part
GROUP BY {by}, scale"""
    return Statement(sql, parameters.values)


def summary_statement(question: MetricQuestion, quantile: float) -> Statement:
    """(step, labels…, value, points): the largest of the reported quantiles nearest to the one asked for."""
    parameters = Parameters()
    labels, names = _labels(question, parameters)
    by = ", ".join(["step", *names])
    condition = f"{condition_sql(question, parameters, look_back=False)} AND notEmpty(quantile_levels)"
    wanted = parameters.number(quantile)
    nearest = (
        "quantile_values[indexOf(arrayMap(l -> abs(l - "
        f"{wanted}), quantile_levels), arrayMin(arrayMap(l -> abs(l - {wanted}), quantile_levels)))]"
    )
    inner = f"{_step(question, parameters)} AS step, {labels + ', ' if labels else ''}{nearest} AS reported"
    sql = f"""SELECT {by}, max(reported) AS result, count() AS points
FROM (
    SELECT {inner}
    FROM {question.selection.source.relation(inner, condition)}
    WHERE {condition}
)
GROUP BY {by}"""
    return Statement(sql, parameters.values)


def _changes(question: MetricQuestion, parameters: Parameters, columns: str) -> str:
    """Points with what happened since the one before: 1 all of it is new, 2 the difference is, 0 nobody knows.

    A counter starts anew when its start time changes, or when it falls without saying so. The
    first point in sight counts whole if it says that it began shortly before: within sight, and no
    longer ago than a step or `FIRST_POINT`. Otherwise what it gained is unknown, or gained so long
    ago that one step must not have it all. A start equal to the point's own time is OpenTelemetry's
    way to say "unknown start". What a machine counts is told by its falls alone: OpenTelemetry's SDKs
    give it the start of the process that reports it, and all that was read since the boot would
    stand in one step.
    """
    labels, names = _labels(question, parameters)
    condition = f"{condition_sql(question, parameters, look_back=True)} AND bitAnd(flags, 1) = 0"
    measure, total, falls = ("toFloat64(assumeNotNull(count))", "toFloat64(ifNull(sum, 0))", "1")
    if question.type == "sum":
        measure, total, falls = "assumeNotNull(value)", "toFloat64(0)", "is_monotonic"
        condition += " AND isNotNull(value)"
    else:
        condition += " AND isNotNull(count)"
    if question.name.startswith(_OF_THE_MACHINE):
        begins = "nth = 1, 0,"
    else:
        since = parameters.moment(question.steps.start - LOOK_BACK)
        shortly = parameters.integer(max(question.steps.step, FIRST_POINT))
        begins = f"""nth = 1, start_time >= {since} AND start_time < time
                AND toUnixTimestamp64Nano(time) - toUnixTimestamp64Nano(start_time) <= {shortly},
            start_time != previous_start, start_time < time,"""
    carried = f"temporality, start_time, time, is_monotonic, series, {columns}"
    own = f"""{_step(question, parameters)} AS step, {labels + ", " if labels else ""}*, {measure} AS measure,
            {total} AS total"""
    relation = question.selection.source.relation(own, condition, carried, "value count sum is_monotonic")
    return f"""
    SELECT step, {", ".join(names) + ", " if names else ""}{columns},
        row_number() OVER w AS nth, lagInFrame(start_time) OVER w AS previous_start,
        multiIf(
            temporality = 'delta', 1,
            {begins}
            {falls} AND measure < previous, 1,
            2) AS change
    FROM (
        SELECT {own}
        FROM {relation}
        WHERE {condition}
    )
    WINDOW w AS (PARTITION BY series ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
"""


def same_metric(question: MetricQuestion, parameters: Parameters) -> list[str]:
    """What tells this metric's points from those of every other, also of the same name."""
    return [
        f"name = {parameters.text(question.name)}",
        f"type = {parameters.text(question.type)}",
        f"unit = {parameters.text(question.unit)}",
    ]


def condition_sql(question: MetricQuestion, parameters: Parameters, *, look_back: bool) -> str:
    """What the points of a question have in common, from a little earlier where `look_back` says so."""
    parts = conditions(question.selection, parameters)
    parts += same_metric(question, parameters)
    steps = question.steps
    parts.append(f"time >= {parameters.moment(steps.start - (LOOK_BACK if look_back else 0))}")
    parts.append(parameters.before("time", steps.end))
    if question.only is not None:
        labels = [value_sql(key, question.selection, parameters) for key in question.group_by]
        parts.append(f"has({parameters.texts(question.only)}, {_joined_of(labels)})")
    return " AND ".join(parts)


def _labels(question: MetricQuestion, parameters: Parameters) -> tuple[str, list[str]]:
    keys = [*question.group_by, *question.apart]
    names = [f"label_{i}" for i in range(len(keys))]
    found = [f"toString({value_sql(key, question.selection, parameters)}) AS {name}" for key, name in zip(keys, names)]
    return ", ".join(found), names


def _joined(count: int) -> str:
    return _joined_of([f"label_{i}" for i in range(count)])


def _joined_of(texts: Sequence[str]) -> str:
    return f"arrayStringConcat([{', '.join(f'toString({text})' for text in texts)}], char(31))"


def _step(question: MetricQuestion, parameters: Parameters) -> str:
    steps = question.steps
    # Floor, not truncation: points of the look-back must not fall into the first step.
    since = f"(toUnixTimestamp64Nano(time) - {parameters.integer(steps.start)})"
    return f"toInt64(floor({since} / {parameters.integer(steps.step)}))"
