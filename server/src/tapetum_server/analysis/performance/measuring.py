"""Metrics of all slices of a frame, each with its interval where one is wanted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tapetum_server.analysis.performance.eval_config import ConfigError, Method, MetricConfig
from tapetum_server.analysis.performance.metric_names import BY_CLASS, METRICS, PLOTS, TARGETS, Task, for_task
from tapetum_server.detectors.performance import intervals
from tapetum_server.detectors.performance.binary import BINARY_METRICS, At
from tapetum_server.detectors.performance.calibration import reliability
from tapetum_server.detectors.performance.costs import threshold_table
from tapetum_server.detectors.performance.counts import Confusion, ScoreCounts, confusion
from tapetum_server.detectors.performance.multiclass import MULTICLASS_METRICS, one_against_rest, per_class
from tapetum_server.detectors.performance.multilabel import MULTILABEL_METRICS, confusion_of
from tapetum_server.detectors.performance.regression import REGRESSION_METRICS, less
from tapetum_server.query.frames import Frame
from tapetum_server.query.performance import BinaryColumns, Periods, binary_slices
from tapetum_server.query.performance_classes import ClassColumns, class_slices
from tapetum_server.query.performance_numbers import NumberColumns, NumberSlice, number_slices
from tapetum_server.query.performance_sets import set_slices
from tapetum_server.query.reader import Reader
from tapetum_server.query.slicing import SliceKey, SliceSpec

SEED = 20
"""Of resampling: the same data gives the same interval."""
_NO_INTERVAL = {"example_count", "weighted_example_count", "median_absolute_error", "max_error"}


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric of a slice. NaN where it has no value, as a precision without positive calls."""

    value: float
    lower: float = math.nan
    upper: float = math.nan


@dataclass(frozen=True, slots=True)
class MeasuredSlice:
    """All metrics of a slice."""

    key: SliceKey
    spec: int
    period: int
    rows: int
    labelled: int
    metrics: Mapping[str, Measured]
    plots: Mapping[str, Any] = field(default_factory=dict)
    confusion: Confusion | None = None
    """Of a yes-or-no question, at 0.5."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which columns, slices and metrics."""

    label: str
    prediction: str
    weight: str
    specs: Sequence[SliceSpec]
    metrics: Sequence[MetricConfig]
    method: Method | None = None
    positive: str = ""
    periods: Periods | None = None


async def measure(reader: Reader, frame: Frame, task: Task, question: Question) -> tuple[list[MeasuredSlice], bool]:
    """Every slice with its metrics, and whether scores were counted in bins. Raises `QueryError`, `ConfigError`."""
    wanted = [m for m in question.metrics if m.name not in PLOTS]
    for metric in wanted:
        if for_task(metric.name, task) not in METRICS[task]:
            raise ConfigError(f"metrics[{metric.name}]", f"there is no such metric for {task} predictions")
    if task == "binary":
        return await _binary(reader, frame, question)
    if task == "regression":
        return await _regression(reader, frame, question), False
    if task == "multilabel":
        return await _multilabel(reader, frame, question), False
    return await _multiclass(reader, frame, question), False


async def _binary(reader: Reader, frame: Frame, question: Question) -> tuple[list[MeasuredSlice], bool]:
    columns = BinaryColumns(question.label, question.prediction, question.positive, question.weight)
    slices, binned = await binary_slices(reader, frame, columns, question.specs, question.periods)
    plots = {PLOTS[m.name] for m in question.metrics if m.name in PLOTS}
    # Of weighted rows, resampling counts would take a weight of 100 for a hundred rows.
    method = None if question.weight else question.method
    return [
        MeasuredSlice(
            each.key, each.spec, each.period, each.rows, each.labelled,
            {
                reported_as(m): _of_scores(m, each.counts, method, each.labelled)
                for m in question.metrics if m.name not in PLOTS
            },
            _plots(each.counts, plots), confusion(each.counts),
        )
        for each in slices
    ], binned  # fmt: skip


def reported_as(metric: MetricConfig) -> str:
    """The name of a metric in a report, with what it was asked at."""
    said = [f"{name}={value:g}" for name, value in _settings(metric).items()]
    return f"{metric.name}@{','.join(said)}" if said else metric.name


def _settings(metric: MetricConfig) -> dict[str, float]:
    found: dict[str, float] = {}
    options = metric.options
    threshold = options.get("threshold", options.get("thresholds"))
    if isinstance(threshold, list):
        threshold = threshold[0] if len(threshold) == 1 else None
    if isinstance(threshold, int | float) and threshold != 0.5:
        found["threshold"] = float(threshold)
    target = options.get(TARGETS.get(metric.name, ""))
    if isinstance(target, int | float):
        found[TARGETS[metric.name]] = float(target)
    return found


def _of_scores(metric: MetricConfig, counts: ScoreCounts, method: Method | None, labelled: int) -> Measured:
    name, settings = for_task(metric.name, "binary"), _settings(metric)
    many = metric.options.get("num_thresholds")
    at = At(settings.get("threshold", 0.5), settings.get(TARGETS.get(name, "")), int(many) if many else None)
    if name == "example_count":
        return Measured(float(labelled))

    def of(each: ScoreCounts) -> float:
        return BINARY_METRICS[name](each, at)

    value = of(counts)
    if method is None or name in _NO_INTERVAL or math.isnan(value):
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
        reader, frame, columns, question.specs, periods=question.periods, resampling=question.method or "",
        parts=intervals.JACKKNIFE_BUCKETS,
    )  # fmt: skip
    return [
        MeasuredSlice(
            each.key, each.spec, each.period, each.rows, each.labelled,
            {m.name: _of_numbers(m.name, each, question.method) for m in question.metrics if m.name not in PLOTS},
        )
        for each in slices
    ]  # fmt: skip


def _of_numbers(name: str, each: NumberSlice, method: Method | None) -> Measured:
    metric = REGRESSION_METRICS[name]
    value = float(each.labelled) if name == "example_count" else metric(each.sums)
    if method is None or name in _NO_INTERVAL or len(each.parts) < 2 or math.isnan(value):
        return Measured(value)
    if method == "jackknife":
        error = intervals.jackknife_error(np.asarray([metric(less(each.sums, part)) for part in each.parts]))
    else:
        error = float(np.std([metric(part) for part in each.parts], ddof=1))
    found = intervals.around(value, error, len(each.parts) - 1, method)
    return Measured(value, found.lower, found.upper)


async def _multiclass(reader: Reader, frame: Frame, question: Question) -> list[MeasuredSlice]:
    scores = score_columns(frame, question.prediction)
    columns = ClassColumns(question.label, "" if scores else question.prediction, scores)
    names = [m.name for m in question.metrics if m.name not in PLOTS]
    by_class = bool(set(names) & set(BY_CLASS))
    if by_class and not scores:
        raise ConfigError("prediction_key", "areas under curves need a score for each class", SCORES_HINT)
    slices = await class_slices(
        reader, frame, columns, question.specs, periods=question.periods, scores=by_class
    )  # fmt: skip
    drawn = any(PLOTS.get(m.name) == "classes" for m in question.metrics)
    found = []
    for each in slices:
        metrics = {}
        for name in names:
            metric: Callable[..., float] | None = MULTICLASS_METRICS.get(for_task(name, "multiclass"))
            metrics[name] = Measured(metric(each.counts) if metric else one_against_rest(each.by_class, name))
        plots = {
            "classes": each.counts.classes, "matrix": each.counts.matrix.tolist(), "per_class": per_class(each.counts)
        } if drawn else {}  # fmt: skip
        found.append(MeasuredSlice(each.key, each.spec, each.period, each.rows, each.labelled, metrics, plots))
    return found


async def _multilabel(reader: Reader, frame: Frame, question: Question) -> list[MeasuredSlice]:
    slices = await set_slices(reader, frame, question.label, question.prediction, question.specs, question.periods)
    drawn = any(PLOTS.get(m.name) == "classes" for m in question.metrics)
    names = [m.name for m in question.metrics if m.name not in PLOTS]
    return [
        MeasuredSlice(
            each.key, each.spec, each.period, int(each.counts.rows), int(each.counts.rows),
            {name: Measured(MULTILABEL_METRICS[name](each.counts)) for name in names},
            {name: confusion_of(each.counts, k) for k, name in enumerate(each.counts.classes)} if drawn else {},
        )
        for each in slices
    ]  # fmt: skip


SCORES_HINT = "Name the columns PREFIX_class, one for each class, and give PREFIX_* as the prediction."


def score_columns(frame: Frame, prediction: str) -> tuple[tuple[str, str], ...]:
    """With a prediction `PREFIX*`: the classes, and the columns of their scores."""
    if not prediction.endswith("*"):
        return ()
    prefix = prediction[:-1]
    found = tuple((c.name[len(prefix) :], c.name) for c in frame.columns if c.name.startswith(prefix))
    if len(found) < 2:
        raise ConfigError("prediction_key", f"fewer than two columns begin with {prefix!r}", SCORES_HINT)
    return found
