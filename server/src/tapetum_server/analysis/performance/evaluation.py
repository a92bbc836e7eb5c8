"""Whether a model is good enough: its metrics against the bounds of a configuration, and against a baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tapetum_server.analysis.performance.eval_config import Bound, EvalConfig, ModelColumns, SliceBound
from tapetum_server.analysis.performance.measured import Measured, MeasuredSlice, Question, reported_as
from tapetum_server.analysis.performance.measuring import measure
from tapetum_server.analysis.performance.metric_names import METRICS, PLOTS, Task, for_task
from tapetum_server.detectors.performance.fairness import Gap, fairness_gaps
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import Frame
from tapetum_server.query.performance import BinaryColumns, Periods, binary_extent
from tapetum_server.query.reader import Reader
from tapetum_server.query.slicing import SliceKey, SliceSpec


@dataclass(frozen=True, slots=True)
class Failure:
    """A bound that was not kept."""

    slice: str
    metric: str
    value: float
    baseline: float
    message: str


@dataclass(frozen=True, slots=True)
class EvaluatedSlice:
    """A slice, with what the baseline had."""

    slice: str
    spec: int
    """Its place among the slices of the configuration."""
    key: SliceKey
    rows: int
    labelled: int
    metrics: Mapping[str, Measured]
    baseline: Mapping[str, float]
    plots: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MeasuredPeriod:
    """All rows of one period of time."""

    start: str
    rows: int
    labelled: int
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """The verdict, and everything that it stands on."""

    model: str
    """Its name in the configuration; "" where it has none."""
    blessed: bool
    task: str
    """Of several outputs, that of each: `a: binary, b: regression`."""
    checks: int
    """Bounds that were looked at."""
    failures: tuple[Failure, ...]
    missing_slices: tuple[str, ...]
    """Slices that bounds name and the data does not have."""
    small_slices: tuple[str, ...]
    """Slices with fewer rows than `min_slice_size`, neither reported nor checked."""
    slices: tuple[EvaluatedSlice, ...]
    differences: tuple[tuple[str, str, Mapping[str, float]], ...]
    """Between slices: the one held against, the other, and by metric the first less the second."""
    gaps: Mapping[str, tuple[Gap, ...]]
    """By column that rows are sliced by alone, how differently its groups are treated."""
    over_time: tuple[MeasuredPeriod, ...]
    binned: bool
    notes: tuple[str, ...]


async def task_of(reader: Reader, frame: Frame, config: EvalConfig, positive: str = "") -> Task:
    """What kind of predictions these are, by the metrics that are asked for and what labels are like."""
    if all(metric.query for metric in config.metrics):
        return "ranking"
    plain = [metric for metric in config.metrics if metric.part is None and not metric.query]
    names = [metric.name for metric in plain if metric.name not in PLOTS]
    fits: list[Task] = [
        task for task in METRICS if task != "ranking" and all(for_task(name, task) in METRICS[task] for name in names)
    ]
    if len(fits) == 1:
        return fits[0]
    label, prediction = config.model.label, config.model.prediction
    if frame.column(label).kind == "categorical_list":
        return "multilabel"
    if prediction.endswith("*") or frame.column(prediction).kind in ("categorical", "numeric_list"):
        return "multiclass"
    try:
        await binary_extent(reader, frame, BinaryColumns(label, prediction, positive))
    except QueryError as error:
        if error.code != "not_binary":
            raise
        return "regression" if frame.column(label).kind == "numeric" else "multiclass"
    return "binary"


async def evaluate(
    reader: Reader, frame: Frame, config: EvalConfig, *, baseline: Frame | None = None, task: Task | None = None,
    positive: str = "", periods: Periods | None = None,
) -> EvaluationReport:  # fmt: skip
    """Measure and judge. Raises `QueryError`, `ConfigError`."""
    tasks = await _tasks(reader, frame, config, positive, task)
    question = Question(
        config.model.label, config.model.prediction, config.model.weight, config.specs, config.metrics,
        config.intervals, positive, outputs=config.model.outputs,
    )  # fmt: skip
    measured, binned = await measure(reader, frame, tasks, question)
    old_frame, of_old = _baseline(config, frame, baseline)
    before = []
    if old_frame is not None:
        asked = replace(
            question, label=of_old.label, prediction=of_old.prediction, weight=of_old.weight, method=None,
            outputs=of_old.outputs,
        )  # fmt: skip
        before = (await measure(reader, old_frame, tasks, asked))[0]
    small = [each for each in measured if each.labelled < config.min_slice_size]
    measured = [each for each in measured if each.labelled >= config.min_slice_size]
    over_time = await _over_time(reader, frame, tasks, question, periods) if periods is not None else ()
    old = {str(each.key): each.metrics for each in before}
    slices = tuple(
        EvaluatedSlice(
            str(each.key), each.spec, each.key, each.rows, each.labelled, each.metrics,
            {name: value.value for name, value in old.get(str(each.key), {}).items()}, each.plots,
        )
        for each in measured
    )  # fmt: skip
    checks, failures, missing = _judged(config, measured, slices, {each.spec for each in small}, old_frame is not None)
    notes = [f"{name} of the configuration is not read" for name in config.not_read]
    if binned:
        notes.append("There are too many rows for every distinct score: scores are counted in 10,000 bins.")
    if not checks:
        notes.append("The configuration has no threshold: nothing was checked.")
    unlabelled = sum(each.rows - each.labelled for each in measured if not each.key.values and not each.key.condition)
    if unlabelled:
        notes.append(f"{unlabelled:,} rows have no label, and count nowhere.")
    told = tasks if isinstance(tasks, str) else ", ".join(f"{name}: {of}" for name, of in tasks.items())
    return EvaluationReport(
        config.model.name, not failures and not missing, told, checks, tuple(failures), tuple(missing),
        tuple(str(each.key) for each in small), slices, _differences(config, measured), _gaps(config, measured),
        over_time, binned, tuple(notes),
    )  # fmt: skip


async def evaluate_each(
    reader: Reader, frame: Frame, configs: Sequence[EvalConfig], *, baseline: Frame | None = None,
    task: Task | None = None, positive: str = "", periods: Periods | None = None,
) -> list[EvaluationReport]:  # fmt: skip
    """Every model of a configuration on the same rows, each judged by itself."""
    return [
        await evaluate(reader, frame, config, baseline=baseline, task=task, positive=positive, periods=periods)
        for config in configs
    ]


async def _tasks(
    reader: Reader, frame: Frame, config: EvalConfig, positive: str, task: Task | None
) -> Task | Mapping[str, Task]:
    """What kind of predictions these are; of several outputs, by output."""
    if not config.model.outputs:
        return task or await task_of(reader, frame, config, positive)
    found: dict[str, Task] = {}
    for name, columns in config.model.outputs.items():
        if metrics := tuple(metric for metric in config.metrics if metric.output == name):
            asked = replace(config, model=columns, metrics=metrics)
            found[name] = task or await task_of(reader, frame, asked, positive)
    return found


def _baseline(config: EvalConfig, frame: Frame, baseline: Frame | None) -> tuple[Frame | None, ModelColumns]:
    """Where the baseline's predictions lie: in rows of their own, or in other columns of the same rows."""
    told = config.baseline
    if baseline is None:
        own = told is not None and told.predictions != config.model.predictions
        return (frame, told) if own and told is not None else (None, config.model)
    names = {column.name for column in baseline.columns}
    has_own = told is not None and all(name in names or name.endswith("*") for name in told.predictions)
    return baseline, told if has_own and told is not None else config.model


async def _over_time(
    reader: Reader, frame: Frame, task: Task | Mapping[str, Task], question: Question, periods: Periods
) -> tuple[MeasuredPeriod, ...]:
    """All rows by period; judged is the whole alone."""
    plain = [metric for metric in question.metrics if metric.name not in PLOTS]
    asked = replace(question, specs=(SliceSpec(),), metrics=plain, method=None, periods=periods)
    return tuple(
        MeasuredPeriod(
            datetime.fromtimestamp(each.period, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), each.rows, each.labelled,
            {name: value.value for name, value in each.metrics.items()},
        )
        for each in (await measure(reader, frame, task, asked))[0]
    )  # fmt: skip


def _judged(
    config: EvalConfig, measured: Sequence[MeasuredSlice], slices: Sequence[EvaluatedSlice], small: set[int],
    has_baseline: bool,
) -> tuple[int, list[Failure], list[str]]:  # fmt: skip
    checks, failures, missing = 0, [], []
    for metric in config.metrics:
        for bound in metric.bounds:
            if bound.bound.direction and not has_baseline:
                raise QueryError(
                    f"{metric.name} must keep its change against a baseline, and there is none",
                    code="no_baseline",
                    hint="Give the baseline's predictions with --baseline, or its column as a model that is_baseline.",
                )
            place = config.specs.index(bound.spec)
            of_spec = [each for each, m in zip(slices, measured) if m.spec == place]
            if not of_spec and place not in small:
                missing.append(str(bound.spec))
            for each in of_spec:
                checks += 1
                name = reported_as(metric)
                value, old = each.metrics[name].value, each.baseline.get(name, math.nan)
                told = each.slice
                if bound.baseline is not None:
                    against = _value_of(config, measured, bound, name)
                    value, told = against - value, f"{bound.baseline} less {each.slice}"
                if message := violated(bound.bound, value, old):
                    failures.append(Failure(told, name, value, old, message))
    return checks, failures, missing


def _gaps(config: EvalConfig, measured: Sequence[MeasuredSlice]) -> Mapping[str, tuple[Gap, ...]]:
    found: dict[str, tuple[Gap, ...]] = {}
    if config.model.outputs:
        return found  # of which of them, nobody could tell
    for place, spec in enumerate(config.specs):
        if len(spec.columns) == 1 and not spec.values and not spec.condition:
            groups = {str(e.key): e.confusion for e in measured if e.spec == place and e.confusion is not None}
            if gaps := fairness_gaps(groups):
                found[spec.columns[0]] = tuple(gaps)
    return found


def _value_of(config: EvalConfig, measured: Sequence[MeasuredSlice], bound: SliceBound, name: str) -> float:
    place = config.specs.index(bound.baseline or SliceSpec())
    return next((each.metrics[name].value for each in measured if each.spec == place), math.nan)


def violated(bound: Bound, value: float, baseline: float) -> str:
    """What is wrong with a value; "" where nothing is. What has no value keeps no bound."""
    if math.isnan(value):
        return "has no value"
    if not bound.direction:
        if bound.lower is not None and value < bound.lower:
            return f"{value:.6g} is below {bound.lower:g}"
        if bound.upper is not None and value > bound.upper:
            return f"{value:.6g} is above {bound.upper:g}"
        return ""
    if math.isnan(baseline):
        return "the baseline has no value"
    change = value - baseline
    share = change / baseline if baseline else math.copysign(math.inf, change) if change else 0.0
    for amount, limit, said in ((change, bound.absolute, ""), (share, bound.relative, " of the baseline")):
        if limit is None:
            continue
        if (amount < limit) if bound.direction == "higher" else (amount > limit):
            side = "below" if bound.direction == "higher" else "above"
            return f"{value:.6g} after {baseline:.6g}: a change of {amount:+.4g}{said} is {side} {limit:g}"
    return ""


def _differences(
    config: EvalConfig, measured: Sequence[MeasuredSlice]
) -> tuple[tuple[str, str, Mapping[str, float]], ...]:
    found = []
    for first, second in config.crosses:
        one, other = config.specs.index(first), config.specs.index(second)
        for a in (each for each in measured if each.spec == one):
            for b in (each for each in measured if each.spec == other and each.key != a.key):
                apart = {name: a.metrics[name].value - value.value for name, value in b.metrics.items()}
                found.append((str(a.key), str(b.key), apart))
    return tuple(found)
