"""Metrics of all slices of a frame, each with its interval where one is wanted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from tapetum_server.analysis.performance.eval_config import ConfigError, Method, MetricConfig
from tapetum_server.analysis.performance.measured import (
    NO_INTERVAL,
    Measured,
    MeasuredSlice,
    Question,
    measured,
    reported_as,
    resamples,
    settings_of,
)
from tapetum_server.analysis.performance.measuring_classes import (
    Groups,
    measure_multiclass,
    measure_multilabel,
    measure_pairs,
)
from tapetum_server.analysis.performance.measuring_ranking import measure_ranking
from tapetum_server.analysis.performance.measuring_rows import measure_attributions, measure_two_models
from tapetum_server.analysis.performance.metric_names import ATTRIBUTIONS, METRICS, PLOTS, TARGETS, Task, for_task
from tapetum_server.detectors.performance import intervals
from tapetum_server.detectors.performance.binarized import Part, answered
from tapetum_server.detectors.performance.binary import BINARY_METRICS, At
from tapetum_server.detectors.performance.calibration import reliability
from tapetum_server.detectors.performance.costs import threshold_table
from tapetum_server.detectors.performance.counts import ScoreCounts, confusion
from tapetum_server.detectors.performance.regression import REGRESSION_METRICS, less
from tapetum_server.detectors.performance.two_models import COMPARISONS
from tapetum_server.query.frames import Frame
from tapetum_server.query.performance import BinaryColumns, binary_slices
from tapetum_server.query.performance_numbers import NumberColumns, number_slices
from tapetum_server.query.reader import Reader

SEED = 20
"""Of resampling: the same data gives the same interval."""


async def measure(
    reader: Reader, frame: Frame, task: Task | Mapping[str, Task], question: Question
) -> tuple[list[MeasuredSlice], bool]:
    """Every slice with its metrics, and whether scores were counted in bins. Raises `QueryError`, `ConfigError`.

    Of a model with several outputs, `task` is by output.
    """
    found: list[list[MeasuredSlice]] = []
    binned = False
    kinds = dict.fromkeys(map(_kind, question.metrics))
    labelled = any(not without for without, *_ in kinds)
    for kind in kinds:
        without, output, part, query, weighted = kind
        columns = question.outputs.get(output, question)
        asked = replace(
            question, label=columns.label, prediction=columns.prediction, weight=columns.weight if weighted else "",
            metrics=[m for m in question.metrics if _kind(m) == kind],
        )  # fmt: skip
        if without:
            slices = await (
                measure_two_models(reader, asked)
                if without == "compared"
                else measure_attributions(reader, frame, asked)
            )
            # Beside metrics of labels, a slice has as many rows as these are made of.
            found.append([replace(each, labelled=0) for each in slices] if labelled else slices)
        elif query:
            found.append(await measure_ranking(reader, frame, asked))
        elif part is not None:
            found.append(await measure_pairs(reader, frame, asked, part, _of_part, _plots))
        else:
            slices, in_bins = await _plain(reader, frame, task if isinstance(task, str) else task[output], asked)
            binned |= in_bins
            found.append(slices)
        if output:
            found[-1] = [
                replace(each, plots={f"{name}@output={output}": drawn for name, drawn in each.plots.items()})
                for each in found[-1]
            ]
    means = output_means(question.metrics)
    return [
        replace(each, metrics={**each.metrics, **{name: Measured(mean(each.metrics)) for name, mean in means.items()}})
        for each in _together(found, question)
    ], binned


def _kind(metric: MetricConfig) -> tuple[str, str, Part | None, str, bool]:
    """Metrics of one kind are measured together."""
    if metric.name in COMPARISONS:
        return "compared", metric.output, None, "", metric.weighted
    if metric.name in ATTRIBUTIONS:
        return "attributed", metric.output, None, "", metric.weighted
    return "", metric.output, metric.part, metric.query, metric.weighted


def output_means(metrics: Sequence[MetricConfig]) -> dict[str, Callable[[Mapping[str, Measured]], float]]:
    """By the name that it is reported under, a metric's weighted mean over outputs."""
    found: dict[str, Callable[[Mapping[str, Measured]], float]] = {}
    for metric in metrics:
        if metric.output_weights and metric.name not in PLOTS:
            found[reported_as(replace(metric, output=""))] = partial(_output_mean, metric)
    return found


def _output_mean(metric: MetricConfig, of_slice: Mapping[str, Measured]) -> float:
    weights = [(reported_as(replace(metric, output=name)), weight) for name, weight in metric.output_weights]
    if not all(name in of_slice for name, _ in weights):
        return math.nan
    return sum(of_slice[name].value * weight for name, weight in weights) / sum(weight for _, weight in weights)


def _together(found: list[list[MeasuredSlice]], question: Question) -> list[MeasuredSlice]:
    """Each slice once, with the metrics of all kinds in the order in which they were asked for."""
    if len(found) == 1:
        return found[0]
    order = [reported_as(metric) for metric in question.metrics]
    merged: dict[tuple[int, str, int], MeasuredSlice] = {}
    for each in (each for slices in found for each in slices):
        place = each.spec, str(each.key), each.period
        before = merged.get(place)
        if before is not None:
            metrics = {**before.metrics, **each.metrics}
            each = replace(
                before, metrics={name: metrics[name] for name in order if name in metrics},
                plots={**before.plots, **each.plots}, confusion=before.confusion or each.confusion,
                rows=max(before.rows, each.rows), labelled=max(before.labelled, each.labelled),
                uncompared=max(before.uncompared, each.uncompared),
            )  # fmt: skip
        merged[place] = each
    return list(merged.values())


async def _plain(reader: Reader, frame: Frame, task: Task, question: Question) -> tuple[list[MeasuredSlice], bool]:
    for metric in question.metrics:
        if metric.name not in PLOTS and for_task(metric.name, task) not in METRICS[task]:
            raise ConfigError(f"metrics[{metric.name}]", f"there is no such metric for {task} predictions")
    if task == "ranking":
        raise ConfigError("metrics_specs.query_key", "ranking needs the column that names the query")
    if task == "binary":
        return await _binary(reader, frame, question)
    if task == "regression":
        return await _regression(reader, frame, question), False
    if task == "multilabel":
        return await measure_multilabel(reader, frame, question), False
    return await measure_multiclass(reader, frame, question), False


async def _binary(reader: Reader, frame: Frame, question: Question) -> tuple[list[MeasuredSlice], bool]:
    columns = BinaryColumns(question.label, question.prediction, question.positive, question.weight)
    slices, binned = await binary_slices(reader, frame, columns, question.specs, question.periods)
    plots = {PLOTS[m.name] for m in question.metrics if m.name in PLOTS}
    plain = [m for m in question.metrics if m.name not in PLOTS]
    # Of weighted rows, resampling counts would take a weight of 100 for a hundred rows: rows are resampled.
    by_rows = question.method is not None and bool(question.weight)
    intervals_of: Mapping[tuple[int, str, int], Mapping[str, Measured]] = {}
    if by_rows:
        resampled = await measure_pairs(
            reader, frame, replace(question, metrics=plain), Part("itself"), _of_part, _plots
        )
        intervals_of = {(one.spec, str(one.key), one.period): one.metrics for one in resampled}
    method = None if by_rows else question.method
    found = []
    for each in slices:
        metrics = {reported_as(m): _of_scores(m, each.counts, method, each.labelled) for m in plain}
        for name, one in intervals_of.get((each.spec, str(each.key), each.period), {}).items():
            metrics[name] = replace(metrics[name], lower=one.lower, upper=one.upper)
        found.append(
            MeasuredSlice(
                each.key, each.spec, each.period, each.rows, each.labelled, metrics, _plots(each.counts, plots),
                confusion(each.counts),
            )
        )  # fmt: skip
    return found, binned


def _at(metric: MetricConfig) -> At:
    settings = settings_of(metric)
    many = metric.options.get("num_thresholds")
    # Of the k highest scores all are called: the others stand at minus infinity.
    otherwise = -math.inf if metric.part is not None and metric.part.how == "top_k" else 0.5
    asked = settings.get("threshold", metric.options.get("threshold", otherwise))
    return At(
        float(asked) if isinstance(asked, int | float) else otherwise,
        settings.get(TARGETS.get(for_task(metric.name, "binary"), "")), int(many) if many else None,
    )  # fmt: skip


def _of_part(metric: MetricConfig, part: Part) -> Callable[[Groups], float]:
    of_counts, at = BINARY_METRICS[for_task(metric.name, "binary")], _at(metric)
    return lambda groups: answered(part, groups, lambda counts: of_counts(counts, at))


def _of_scores(metric: MetricConfig, counts: ScoreCounts, method: Method | None, labelled: int) -> Measured:
    name, at = for_task(metric.name, "binary"), _at(metric)
    if name == "example_count":
        return Measured(float(labelled))

    def of(each: ScoreCounts) -> float:
        return BINARY_METRICS[name](each, at)

    value = of(counts)
    if method is None or name in NO_INTERVAL or math.isnan(value):
        return Measured(value)
    if method == "jackknife":
        found = intervals.jackknife(counts, of, seed=SEED)
    else:
        found = intervals.poisson_bootstrap(counts, of, seed=SEED)
    return Measured(value, found.lower, found.upper)


def _plots(counts: ScoreCounts, wanted: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "calibration" in wanted:
        found["calibration"] = [
            [b.low, b.high, b.count, float(b.mean_prediction), float(b.mean_label)] for b in reliability(counts)
        ]
    if "thresholds" in wanted:
        table = threshold_table(counts, np.linspace(0, 1, 101))
        found["thresholds"] = {n: [float(v) for v in getattr(table, n)] for n in ("thresholds", "tp", "fp", "tn", "fn")}
    if "scores" in wanted:
        edges = np.linspace(0, 1, 21)
        found["scores"] = {
            side: np.histogram(counts.scores, edges, weights=getattr(counts, side))[0].tolist()
            for side in ("positives", "negatives")
        }
    return found


async def _regression(reader: Reader, frame: Frame, question: Question) -> list[MeasuredSlice]:
    columns = NumberColumns(question.label, question.prediction, question.weight)
    slices = await number_slices(
        reader, frame, columns, question.specs, periods=question.periods, resampling=question.method or ""
    )
    found = []
    for each in slices:
        samples = resamples(each.sums, each.parts, question.method, less)
        metrics = {
            reported_as(m): Measured(float(each.labelled))
            if m.name == "example_count"
            else measured(m.name, question.method, each.sums, samples, REGRESSION_METRICS[m.name])
            for m in question.metrics
            if m.name not in PLOTS
        }
        found.append(MeasuredSlice(each.key, each.spec, each.period, each.rows, each.labelled, metrics))
    return found
