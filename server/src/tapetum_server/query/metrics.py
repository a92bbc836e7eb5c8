"""Metrics: what there is, and one metric over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, get_args

from typing_extensions import TypedDict

from tapetum_server.query.bucket_series import BOUND, are_buckets
from tapetum_server.query.bucket_series import merged as merged_buckets
from tapetum_server.query.distributions import Explicit, Exponential
from tapetum_server.query.errors import QueryError
from tapetum_server.query.exemplars import MetricExemplar, metric_exemplars
from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.metric_statements import (
    Aggregation,
    MetricQuestion,
    about_statement,
    buckets_statement,
    exponential_statement,
    extremes_statement,
    increases_statement,
    same_metric,
    series_statement,
    summary_statement,
    values_statement,
)
from tapetum_server.query.outside import ends_in
from tapetum_server.query.reader import Reader, rows_of, tuples_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import METRICS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import MILLISECOND, SECOND, TimeRange, format_time, steps_of

AGGREGATIONS: tuple[Aggregation, ...] = get_args(Aggregation)
MAX_SERIES = 100
MAX_STEPS = 2_000
MAX_METRICS = 2_000
BUCKETED = ("histogram", "exponential_histogram")
_DISTRIBUTIONS = (*BUCKETED, "summary")
_NOT_SAID = {
    "min": "Not every point says its smallest value. Where one does not, this is the lower bound of the lowest bucket "
    "that holds any (of the first bucket: 0, or its upper bound where that is not above 0).",
    "max": "Not every point says its largest value. Where one does not, this is the upper bound of the highest bucket "
    "that holds any (of the last bucket, which has none: its lower bound, so values may be larger).",
}

Labels = tuple[str, ...]
Point = tuple[int, float | None]
"""Milliseconds since 1970, as charts take them, and a value; `null` where nothing was recorded."""


class MetricEntry(TypedDict):
    """One metric that arrived within the range."""

    name: str
    type: str
    unit: str
    description: str
    is_monotonic: bool
    """Whether it is a sum that only rises: a rate tells more about those than a level does."""
    services: list[str]
    series: int
    points: int
    last_time: str
    attribute_keys: list[str]


class MetricCatalog(TypedDict):
    """The metrics that arrived within the range."""

    metrics: list[MetricEntry]


class MetricSeries(TypedDict):
    """One line of a chart. `total` is the same aggregation over the whole range, where that can be said."""

    labels: dict[str, str]
    points: list[Point]
    total: float | None


class MetricAnswer(TypedDict):
    """One metric over time. `truncated` when there are more series than are shown.

    `exemplars` are single measurements of all these series with the spans they were made in: of
    each step the largest, the newest first. `note` says in what way the values are not exact.
    """

    name: str
    unit: str
    type: str
    step_s: int
    series: list[MetricSeries]
    truncated: bool
    exemplars: list[MetricExemplar]
    note: str | None


async def metric_catalog(
    reader: Reader, *, project: str, time_range: TimeRange, filter: Filter = Filter()
) -> MetricCatalog:
    """Names, kinds, senders and attribute keys of the metrics that arrived within the range."""
    selection = await select(reader, METRICS, project=project, time_range=time_range, filter=filter)
    rows = rows_of(await reader.query(*catalog_statement(selection)))
    return MetricCatalog(
        metrics=[
            MetricEntry(
                name=row["name"],
                type=row["type"],
                unit=row["unit"],
                description=row["latest_description"],
                is_monotonic=row["rises"],
                services=list(row["services"]),
                series=row["series_count"],
                points=row["points"],
                last_time=format_time(row["last_ns"]),
                attribute_keys=sorted({entry[2:] for shape in row["shapes"] for entry in shape.split("\0") if entry}),
            )
            for row in rows
        ]
    )


def catalog_statement(selection: Selection) -> Statement:
    """One row per metric name, type and unit: values of different kinds are different metrics."""
    parameters = Parameters()
    condition = " AND ".join(conditions(selection, parameters))
    columns = """name, type, unit, argMax(description, time) AS latest_description,
    argMax(is_monotonic, time) AS rises,
    arraySort(groupUniqArray(50)(toString(service))) AS services, uniq(series) AS series_count, count() AS points,
    toUnixTimestamp64Nano(max(time)) AS last_ns, groupUniqArray(200)(toString(attr_shape)) AS shapes"""
    sql = f"""SELECT {columns}
FROM {METRICS.relation(columns, condition)}
WHERE {condition}
GROUP BY name, type, unit
ORDER BY name, type, unit
LIMIT {MAX_METRICS}"""
    return Statement(sql, parameters.values)


async def query_metric(
    reader: Reader,
    *,
    project: str,
    name: str,
    type: str | None = None,
    unit: str | None = None,
    time_range: TimeRange,
    filter: Filter,
    group_by: Sequence[str] = (),
    aggregation: Aggregation = "avg",
    quantile: float = 0.95,
    step_s: int | None = None,
) -> MetricAnswer:
    """One metric over time, one series per combination of the values of `group_by`.

    Senders may give one name to several types or units; those are never mixed. Where `type` or `unit`
    do not say which, it is the one with the most points. Counters and histograms are understood in
    both temporalities, and restarts do not count as falls. Steps in which nothing was recorded are `null`, never 0.
    """
    group_by = list(dict.fromkeys(group_by))
    if len(group_by) > 10:
        raise QueryError(f"{len(group_by)} keys to group by; at most 10", code="too_many_keys", field="group_by")
    if not 0 <= quantile <= 1:
        raise QueryError(f"the quantile {quantile} is not between 0 and 1", code="bad_quantile", field="quantile")
    keys = [*group_by, BOUND] if aggregation == "quantile" else group_by
    selection = await select(reader, METRICS, project=project, time_range=time_range, filter=filter, keys=keys)
    about = rows_of(await reader.query(*about_statement(selection, name, type, unit)))
    if not about:
        return MetricAnswer(
            name=name, unit=unit or "", type="", step_s=step_s or 0, series=[], truncated=False, exemplars=[], note=None
        )
    type_name, own_unit = about[0]["type"], about[0]["unit"]
    _check_possible(name, type_name, aggregation)
    ends = ends_in(about[0], time_range)
    assert ends is not None  # it has records
    start, end = ends["drawn"].start, ends["drawn"].end
    assert start is not None
    assert end is not None
    steps = steps_of(start, end, at_most=120, step=step_s * SECOND if step_s else None)
    if steps.step < SECOND:
        steps = steps_of(start, end, at_most=120, step=SECOND)
    if steps.count > MAX_STEPS:
        raise QueryError(
            f"{steps.count} steps of {steps.step // SECOND} s; at most {MAX_STEPS}",
            code="too_many_steps",
            field="step_s",
            hint=f"Use a step of at least {-(-(end - start) // SECOND // MAX_STEPS) + 1} s, or a shorter range.",
        )
    # The steps set where the question begins: counters look further back than the range.
    question = MetricQuestion(
        replace(selection, time_range=TimeRange(None, end)), name, type_name, own_unit, steps, group_by
    )
    truncated = False
    if group_by:
        largest = [labels for labels, _ in tuples_of(await reader.query(*series_statement(question, MAX_SERIES + 1)))]
        truncated = len(largest) > MAX_SERIES
        if truncated:
            question = replace(question, only=largest[:MAX_SERIES])
    note = None
    if type_name in BUCKETED and aggregation in ("min", "max"):
        values, totals, is_exact = await _extremes(reader, question, aggregation)
        note = None if is_exact else _NOT_SAID[aggregation]
    else:
        values, totals = await _values(reader, question, aggregation, quantile)
    times = [time // MILLISECOND for time in steps.times()]
    series = []
    for labels in sorted(values, key=lambda labels: (-(totals[labels] or 0.0), labels)):
        found = values[labels]
        series.append(
            MetricSeries(
                labels=dict(zip(group_by, labels)),
                points=[(time, _finite(found.get(i))) for i, time in enumerate(times)],
                total=_finite(totals[labels]),
            )
        )
    shown_unit = f"{own_unit}/s" if aggregation == "rate" and own_unit else own_unit
    if aggregation == "count" or (aggregation in ("rate", "increase") and type_name in _DISTRIBUTIONS):
        shown_unit = "1/s" if aggregation == "rate" else "1"
    return MetricAnswer(
        name=name,
        unit=shown_unit,
        type=type_name,
        step_s=steps.step // SECOND,
        series=series,
        truncated=truncated,
        exemplars=await metric_exemplars(reader, question),
        note=note,
    )


Values = dict[Labels, dict[int, float | None]]
Totals = dict[Labels, float | None]


async def _values(
    reader: Reader, question: MetricQuestion, aggregation: Aggregation, quantile: float
) -> tuple[Values, Totals]:
    """Values by series and step, and the same over the whole range."""
    type_name, seconds = question.type, question.steps.step / SECOND
    whole = seconds * question.steps.count
    if type_name == "gauge" or (type_name == "sum" and aggregation in ("avg", "min", "max", "last", "count")):
        rows = await _rows(reader, values_statement(question, aggregation, quantile), question)
        return _plain(rows, _fold(aggregation))
    if are_buckets(question.name, type_name) and aggregation == "quantile":
        return await _quantiles(reader, question, quantile)
    if type_name == "sum":
        rows = await _rows(reader, increases_statement(question), question)
        if aggregation == "sum" and not await _is_delta(reader, question):
            rows = await _rows(reader, values_statement(question, aggregation, quantile), question)
            return _plain(rows, _last)
        if aggregation == "rate":
            return _plain(
                [(labels, step, value / seconds, 1) for labels, step, value, _ in rows], _sum_over(whole / seconds)
            )
        return _plain(rows, _sum)
    if aggregation != "quantile":
        rows = await _rows(reader, increases_statement(question), question)
        if aggregation == "avg":
            means = [(labels, step, total / count, count) for labels, step, count, total in rows if count > 0]
            return _plain(means, _mean)
        if aggregation == "sum":
            return _plain([(labels, step, total, count) for labels, step, count, total in rows], _sum)
        if aggregation == "rate":
            return _plain(
                [(labels, step, value / seconds, 1) for labels, step, value, _ in rows], _sum_over(whole / seconds)
            )
        return _plain(rows, _sum)
    if type_name == "summary":
        rows = await _rows(reader, summary_statement(question, quantile), question)
        return _plain(rows, _fold("max"))
    return await _quantiles(reader, question, quantile)


async def _extremes(reader: Reader, question: MetricQuestion, aggregation: Aggregation) -> tuple[Values, Totals, bool]:
    """The smallest or largest values, from buckets in steps where a point does not say its own; whether all did."""
    cut = 1 + len(question.group_by)
    rows = list(tuples_of(await reader.query(*extremes_statement(question, aggregation))))
    said = [(row[1:cut], row[0], row[cut], 1.0) for row in rows if row[cut] is not None and not row[cut + 1]]
    values, totals = _plain(said, _fold(aggregation))
    if not any(row[cut + 1] for row in rows):
        return values, totals, True
    edges, _ = await _quantiles(reader, question, 0.0 if aggregation == "min" else 1.0)
    for labels, by_step in edges.items():
        own = values.setdefault(labels, {})
        for step, edge in by_step.items():
            own.setdefault(step, edge)
    choose = min if aggregation == "min" else max
    totals = {
        labels: choose((value for value in by_step.values() if value is not None), default=None)
        for labels, by_step in values.items()
    }
    if all(total is None for total in totals.values()):
        raise QueryError(
            f"the points of {question.name!r} carry neither a {aggregation} nor buckets to tell it from",
            code="no_extremes",
            field="aggregation",
            hint="Use avg, sum, count, rate or increase, or let the sender record min and max.",
        )
    return values, totals, False


async def _quantiles(reader: Reader, question: MetricQuestion, quantile: float) -> tuple[Values, Totals]:
    cut = len(question.group_by)
    steps: dict[Labels, dict[int, Explicit | Exponential]] = {}
    wholes: dict[Labels, Explicit | Exponential] = {}
    if question.type == "histogram":
        for row in tuples_of(await reader.query(*buckets_statement(question))):
            labels, (bounds, counts, low, high) = row[1 : 1 + cut], row[1 + cut :]
            for merged in (
                steps.setdefault(labels, {}).setdefault(row[0], Explicit()),
                wholes.setdefault(labels, Explicit()),
            ):
                assert isinstance(merged, Explicit)
                merged.add(bounds, counts, low, high)
    elif question.type == "sum":
        rows = tuples_of(await reader.query(*increases_statement(replace(question, apart=(BOUND,)))))
        for labels, step, bounds, counts in merged_buckets(rows, cut):
            for found in (
                steps.setdefault(labels, {}).setdefault(step, Explicit()),
                wholes.setdefault(labels, Explicit()),
            ):
                assert isinstance(found, Explicit)
                found.add(bounds, counts)
    else:
        for row in tuples_of(await reader.query(*exponential_statement(question))):
            labels, (scale, zeros, positive, negative) = row[1 : 1 + cut], row[1 + cut :]
            for whole in (
                steps.setdefault(labels, {}).setdefault(row[0], Exponential()),
                wholes.setdefault(labels, Exponential()),
            ):
                assert isinstance(whole, Exponential)
                whole.add(scale, zeros, _indexed(positive), _indexed(negative))
    values: Values = {
        labels: {step: merged.quantile(quantile) for step, merged in by_step.items()}
        for labels, by_step in steps.items()
    }
    return values, {labels: merged.quantile(quantile) for labels, merged in wholes.items()}


def _indexed(pair: Any) -> dict[int, float]:
    indexes, counts = pair.values() if isinstance(pair, dict) else pair
    return dict(zip(indexes, counts))


async def _is_delta(reader: Reader, question: MetricQuestion) -> bool:
    parameters = Parameters()
    condition = " AND ".join([*conditions(question.selection, parameters), *same_metric(question, parameters)])
    sql = f"""SELECT countIf(temporality = 'delta') * 2 > count() AS is_delta
FROM {METRICS.table}
WHERE {condition}"""
    return bool((await reader.query(sql, parameters.values)).columns[0][0])


Row = tuple[Labels, int, float, float]


async def _rows(reader: Reader, statement: Statement, question: MetricQuestion) -> list[Row]:
    """(labels, step, value, weight) of a statement that answers (step, labels…, value, weight)."""
    cut = 1 + len(question.group_by)
    return [(row[1:cut], row[0], row[cut], row[cut + 1]) for row in tuples_of(await reader.query(*statement))]


Fold = Callable[[list[tuple[int, float, float]]], float | None]


def _plain(rows: Iterable[Row], fold: Fold) -> tuple[Values, Totals]:
    values: Values = {}
    folded: dict[Labels, list[tuple[int, float, float]]] = {}
    for labels, step, value, weight in rows:
        values.setdefault(labels, {})[step] = value
        folded.setdefault(labels, []).append((step, value, weight))
    return values, {labels: fold(points) for labels, points in folded.items()}


def _sum(points: list[tuple[int, float, float]]) -> float | None:
    return sum(value for _, value, _ in points)


def _sum_over(steps: float) -> Fold:
    return lambda points: sum(value for _, value, _ in points) / steps


def _mean(points: list[tuple[int, float, float]]) -> float | None:
    weights = sum(weight for _, _, weight in points)
    return sum(value * weight for _, value, weight in points) / weights if weights else None


def _last(points: list[tuple[int, float, float]]) -> float | None:
    return max(points)[1] if points else None


def _unknown(points: list[tuple[int, float, float]]) -> float | None:
    return None


def _fold(aggregation: str) -> Fold:
    folds: dict[str, Fold] = {
        "avg": _mean,
        "sum": _last,
        "last": _last,
        "count": _sum,
        "min": lambda points: min(value for _, value, _ in points),
        "max": lambda points: max(value for _, value, _ in points),
    }
    return folds.get(aggregation, _unknown)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _check_possible(name: str, type_name: str, aggregation: Aggregation) -> None:
    impossible = {
        "gauge": ("rate", "increase"),
        "sum": ("quantile",),
        "histogram": ("last",),
        "exponential_histogram": ("last",),
        "summary": ("last", "min", "max"),
    }.get(type_name, ())
    if aggregation in impossible and not (aggregation == "quantile" and are_buckets(name, type_name)):
        possible = [a for a in AGGREGATIONS if a not in impossible]
        raise QueryError(
            f"{name!r} is a {type_name}, and {aggregation} of a {type_name} means nothing",
            code="bad_aggregation",
            field="aggregation",
            hint=f"Use one of {', '.join(possible)}.",
        )
