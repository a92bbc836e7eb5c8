"""Metrics that need no label: of two models on the same rows, and of what features did to the answers.

TFMA's, as its code has them at version 0.47.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

from tapetum_server.analysis.performance.attributed import attribution_of
from tapetum_server.analysis.performance.eval_config import ConfigError, MetricConfig
from tapetum_server.analysis.performance.measured import (
    Measured,
    MeasuredSlice,
    Question,
    measured,
    reported_as,
    resamples,
)
from tapetum_server.detectors.performance.confusion_metrics import ratio
from tapetum_server.detectors.performance.two_models import COSINE, FLIP_RATES, Sums, comparison, less, no_value
from tapetum_server.query.attribution_sums import attribution_sums
from tapetum_server.query.frames import Frame
from tapetum_server.query.reader import Reader
from tapetum_server.query.row_sums import summed_slices
from tapetum_server.query.two_models import two_models_sums


def threshold_of(metric: MetricConfig) -> float:
    """Above which score a row is called positive."""
    return float(metric.options.get("threshold", 0.5))


async def measure_two_models(reader: Reader, question: Question) -> list[MeasuredSlice]:
    """The candidate against the baseline. Raises `QueryError`, `ConfigError`."""
    first = question.metrics[0]
    models = question.compared[first.output]
    models = models if first.weighted else replace(models, weight="")
    if len(models.candidate) > 1 and (one := next((m for m in question.metrics if m.name != COSINE), None)):
        raise ConfigError(
            f"metrics[{one.name}]", f"compares one score a row, and the models have {len(models.candidate)}",
            "Name the column of one class as the prediction of both. model_cosine_similarity compares them all.",
        )  # fmt: skip
    thresholds = list(dict.fromkeys(threshold_of(m) for m in question.metrics if m.name in FLIP_RATES))
    asked = two_models_sums(models, thresholds)
    slices = await summed_slices(
        reader, models.frame, asked, question.specs, periods=question.periods, resampling=question.method or ""
    )
    found = []
    for each in slices:
        samples = resamples(each.sums, each.parts, question.method, less)
        metrics = {}
        for metric in question.metrics:
            at = thresholds.index(threshold_of(metric)) if metric.name in FLIP_RATES else 0
            value = measured(metric.name, question.method, each.sums, samples, partial(comparison, metric.name, at=at))
            if value.value != value.value:
                value = Measured(value.value, reason=no_value(metric.name, each.sums))
            metrics[reported_as(metric)] = value
        found.append(
            MeasuredSlice(
                each.key, each.spec, each.period, each.rows, each.used, metrics, uncompared=each.rows - each.used
            )
        )  # fmt: skip
    return found


async def measure_attributions(reader: Reader, frame: Frame, question: Question) -> list[MeasuredSlice]:
    """Totals and means of all rows, labelled or not, as TFMA has them. Raises `QueryError`."""
    columns = question.attributed[question.metrics[0].output]
    numbers = list(dict.fromkeys(attribution_of(metric, columns) for metric in question.metrics))
    places = {number: place for place, number in enumerate(numbers)}
    slices = await summed_slices(
        reader, frame, attribution_sums(numbers, question.weight), question.specs, periods=question.periods,
        resampling=question.method or "",
    )  # fmt: skip
    found = []
    for each in slices:
        samples = resamples(each.sums, each.parts, question.method, less)
        metrics = {
            reported_as(metric): measured(
                metric.name, question.method, each.sums, samples,
                partial(_attribution, metric.name, places[attribution_of(metric, columns)]),
            )
            for metric in question.metrics
        }  # fmt: skip
        found.append(MeasuredSlice(each.key, each.spec, each.period, each.rows, each.used, metrics))
    return found


def _attribution(name: str, place: int, sums: Sums) -> float:
    total = sums[f"{'absolute' if 'absolute' in name else 'total'}_{place}"]
    found = ratio(total, sums["weight"]) if name.startswith("mean") else total
    return found if math.isfinite(found) else math.nan
