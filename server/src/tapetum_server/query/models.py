"""One model in production: how much it is asked, by which version, and how many labels have come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from typing_extensions import TypedDict

from tapetum_server.query.errors import NotFound
from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.histograms import step_sql, steps_over
from tapetum_server.query.outside import ends_of
from tapetum_server.query.prediction_sources import PREDICTIONS
from tapetum_server.query.reader import Reader, rows_of, tuples_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import MILLISECOND, SECOND, Steps, TimeRange, format_time

MAX_VERSIONS = 50
DETAIL_STEPS = 120
_DELAYS = "if(labelled, dateDiff('millisecond', time, label_time) / 1000, NULL)"
_MEASURES = f"""count() AS predictions, countIf(labelled) AS labelled_count, countIf(flagged) AS flagged_count,
    quantiles(0.5, 0.95)({_DELAYS}) AS delays, quantiles(0.5, 0.95)(latency_ms) AS latencies,
    avgIf(score, isFinite(score)) AS mean_score, avgIf(output, isFinite(output)) AS mean_output,
    toUnixTimestamp64Nano(min(time)) AS first_ns, toUnixTimestamp64Nano(max(time)) AS last_ns"""
_READ = "labelled, flagged, time, label_time, latency_ms, score, output, model, version"


class ModelMeasures(TypedDict):
    """What is known of some predictions within the range."""

    predictions: int
    rate_per_s: float
    labelled: int
    label_coverage: float
    """The share, 0 to 1, of predictions whose label has come."""
    label_delay_p50_s: float | None
    """Seconds from a prediction to its label."""
    label_delay_p95_s: float | None
    flagged: int
    """Predictions with a score that cannot be a probability, or is no number."""
    p50_ms: float | None
    p95_ms: float | None
    mean_score: float | None
    mean_output: float | None
    first_seen: str
    last_seen: str


class ModelTrend(TypedDict):
    """Predictions by step."""

    times: list[str]
    interval_ms: int
    rate_per_s: list[float]
    label_coverage: list[float | None]
    """`null` where nothing was predicted."""
    mean_score: list[float | None]
    mean_output: list[float | None]
    p95_ms: list[float | None]


class ModelVersion(ModelMeasures):
    """One version of a model."""

    version: str
    trend: ModelTrend


class ModelDetail(ModelMeasures):
    """One model, by version."""

    model: str
    versions: list[str]
    """Within the range, the one that was seen last first."""
    trend: ModelTrend
    by_version: list[ModelVersion]
    has_vectors: bool
    """Whether any of its predictions has an embedding, or another feature that is a list of three numbers or more."""


async def get_model(
    reader: Reader, *, project: str, time_range: TimeRange, filter: Filter, model: str
) -> ModelDetail:  # fmt: skip
    """One model, also by version. Raises `NotFound` where it has no predictions within the range."""
    selection = await select(reader, PREDICTIONS, project=project, time_range=time_range, filter=filter)
    ends = await ends_of(reader, selection)
    versions: list[str] = []
    if ends is not None:
        selection, steps = replace(selection, time_range=ends["whole"]), steps_over(ends["drawn"], DETAIL_STEPS)
        versions = [version for (version,) in tuples_of(await reader.query(*seen_statement(selection, model)))]
    if ends is None or not versions:
        raise NotFound(f"model {model[:80]!r} has no predictions in this time", hint="Look at a longer time.")
    found = rows_of(await reader.query(*detail_statement(selection, steps, model, versions)))
    wholes = {row["version"]: row for row in found if row["of_version"] and not row["of_step"]}
    (whole,) = [row for row in found if not row["of_version"] and not row["of_step"]]
    trends = _trends([row for row in found if row["of_step"] and row["of_version"]], steps, ends["drawn"])
    (trend,) = _trends(
        [{**row, "version": ""} for row in found if row["of_step"] and not row["of_version"]], steps, ends["drawn"]
    ).values()
    return ModelDetail(
        model=model, versions=versions, trend=trend,
        by_version=[
            ModelVersion(version=one, trend=trends[one], **_measures(wholes[one], ends["drawn"])) for one in versions
        ],
        has_vectors=bool(rows_of(await reader.query(*vectors_statement(selection, model)))),
        **_measures(whole, ends["drawn"]),
    )  # fmt: skip


def seen_statement(selection: Selection, model: str) -> Statement:
    """Versions of a model, the one that was seen last first. A version that was delivered twice is one."""
    parameters = Parameters()
    where = [*conditions(selection, parameters), f"model = {parameters.text(model)}"]
    condition = " AND ".join(where)
    return Statement(
        f"""SELECT toString(version) AS version
FROM {PREDICTIONS.relation("version, time", condition, final=False)}
WHERE {condition}
GROUP BY version
ORDER BY max(time) DESC, version
LIMIT {MAX_VERSIONS}""",
        parameters.values,
    )


def vectors_statement(selection: Selection, model: str) -> Statement:
    """One row where any prediction of the model has a vector."""
    parameters = Parameters()
    where = [*conditions(selection, parameters), f"model = {parameters.text(model)}"]
    condition = " AND ".join(where)
    vector = "(length(embedding) > 2 OR arrayExists(list -> length(list) > 2, mapValues(number_lists)))"
    sql = f"""SELECT 1
FROM {PREDICTIONS.relation("embedding, number_lists", condition)}
WHERE {condition} AND {vector}
LIMIT 1"""
    return Statement(sql, parameters.values)


def detail_statement(selection: Selection, steps: Steps, model: str, versions: list[str]) -> Statement:
    """Measures of the model, of each step, of each of these versions and of each of their steps, in one scan."""
    parameters = Parameters()
    where = [*conditions(selection, parameters), f"model = {parameters.text(model)}"]
    condition = " AND ".join(where)
    known = f"has({parameters.texts(versions)}, version)"
    return Statement(
        f"""SELECT t_version AS version, t_step AS step, grouping(t_known) = 0 AS of_version,
    grouping(t_step) = 0 AS of_step,
    {_MEASURES}
FROM (
    SELECT *, {known} AS t_known, if(t_known, toString(version), '') AS t_version,
        {step_sql(selection, steps, parameters)} AS t_step
    FROM {PREDICTIONS.relation(_READ, condition)}
    WHERE {condition}
)
GROUP BY GROUPING SETS ((t_known, t_version, t_step), (t_known, t_version), (t_step), ())
HAVING NOT of_version OR t_known""",
        parameters.values,
    )


def _measures(row: Mapping[str, Any], within: TimeRange) -> ModelMeasures:
    assert within.start is not None
    assert within.end is not None
    count = row["predictions"]
    delays, latencies = row["delays"], row["latencies"]
    return ModelMeasures(
        predictions=count,
        rate_per_s=count / max((within.end - within.start) / SECOND, 1e-9),
        labelled=row["labelled_count"],
        label_coverage=row["labelled_count"] / count if count else 0.0,
        label_delay_p50_s=_finite(delays[0]),
        label_delay_p95_s=_finite(delays[1]),
        flagged=row["flagged_count"],
        p50_ms=_finite(latencies[0]),
        p95_ms=_finite(latencies[1]),
        mean_score=_finite(row["mean_score"]),
        mean_output=_finite(row["mean_output"]),
        first_seen=format_time(row["first_ns"]),
        last_seen=format_time(row["last_ns"]),
    )


def _trends(rows: Iterable[Mapping[str, Any]], steps: Steps, within: TimeRange) -> dict[str, ModelTrend]:
    assert within.start is not None
    assert within.end is not None
    # The range may begin or end within a step: a rate is over the part of it that was looked at.
    seconds = [(min(t + steps.step, within.end) - max(t, within.start)) / SECOND for t in steps.times()]
    found: dict[str, ModelTrend] = {}
    for row in rows:
        trend = found.get(row["version"])
        if trend is None:
            nothing: list[float | None] = [None] * steps.count
            trend = found[row["version"]] = ModelTrend(
                times=[format_time(at) for at in steps.times()], interval_ms=steps.step // MILLISECOND,
                rate_per_s=[0.0] * steps.count, label_coverage=nothing[:], mean_score=nothing[:],
                mean_output=nothing[:], p95_ms=nothing[:],
            )  # fmt: skip
        at = row["step"]
        if not 0 <= at < steps.count:
            continue
        trend["rate_per_s"][at] = row["predictions"] / seconds[at] if seconds[at] > 0 else 0.0
        trend["label_coverage"][at] = row["labelled_count"] / row["predictions"]
        trend["mean_score"][at] = _finite(row["mean_score"])
        trend["mean_output"][at] = _finite(row["mean_output"])
        trend["p95_ms"][at] = _finite(row["latencies"][1])
    return found


def _finite(value: float | None) -> float | None:
    return None if value is None or value != value else value
