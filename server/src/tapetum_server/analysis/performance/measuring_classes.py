"""Metrics of predictions that are one class of several, or several at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tapetum_server.analysis.performance.eval_config import ConfigError, Method
from tapetum_server.analysis.performance.measured import (
    Measured,
    MeasuredSlice,
    Question,
    measured,
    reported_as,
    resamples,
)
from tapetum_server.analysis.performance.metric_names import BY_CLASS, PLOTS, for_task
from tapetum_server.detectors.performance import multiclass, multilabel
from tapetum_server.detectors.performance.binarized import Part, group_of
from tapetum_server.detectors.performance.counts import ScoreCounts, merged, without
from tapetum_server.query.class_scores import HINT, Scores, class_scores
from tapetum_server.query.frames import Frame
from tapetum_server.query.performance_binarized import PairColumns, PairSlice, pair_slices
from tapetum_server.query.performance_classes import ClassColumns, class_slices
from tapetum_server.query.performance_sets import SetColumns, set_slices
from tapetum_server.query.reader import Reader

Groups = Mapping[str, ScoreCounts]


async def measure_multiclass(reader: Reader, frame: Frame, question: Question) -> list[MeasuredSlice]:
    """Each row has one class. Raises `QueryError`, `ConfigError`."""
    frame, scores = await class_scores(reader, frame, question.prediction)
    columns = ClassColumns(question.label, "" if scores else question.prediction, scores, question.weight)
    slices = await class_slices(
        reader, frame, columns, question.specs, periods=question.periods, resampling=question.method or ""
    )
    areas = await _areas(reader, frame, question, scores)
    drawn = any(PLOTS.get(m.name) == "classes" for m in question.metrics)
    found = []
    for each in slices:
        samples = resamples(each.counts, each.parts, question.method, multiclass.less)
        metrics = {}
        for metric in question.metrics:
            name = for_task(metric.name, "multiclass")
            if metric.name in PLOTS:
                continue
            if name in BY_CLASS:
                metrics[reported_as(metric)] = areas[each.spec, str(each.key), each.period, name]
            else:
                metrics[reported_as(metric)] = measured(
                    name, question.method, each.counts, samples, multiclass.MULTICLASS_METRICS[name]
                )
        plots: dict[str, Any] = {}
        if drawn:
            plots = {
                "classes": each.counts.classes, "matrix": each.counts.matrix.tolist(),
                "per_class": multiclass.per_class(each.counts),
            }  # fmt: skip
        found.append(MeasuredSlice(each.key, each.spec, each.period, each.rows, each.labelled, metrics, plots))
    return found


async def _areas(
    reader: Reader, frame: Frame, question: Question, scores: Scores
) -> dict[tuple[int, str, int, str], Measured]:
    """Areas under curves of each class against the others, by (spec, slice, period, metric)."""
    names = [m.name for m in question.metrics if m.name in BY_CLASS]
    if not names:
        return {}
    if not scores:
        raise ConfigError("prediction_key", "areas under curves need a score for each class", HINT)
    slices = await pair_slices(
        reader, frame, PairColumns(question.label, scores, weight=question.weight), Part("macro"), question.specs,
        periods=question.periods, resampling=question.method or "",
    )  # fmt: skip
    return {
        (each.spec, str(each.key), each.period, name): measured(
            name, question.method, each.groups, samples,
            lambda groups, name=name: multiclass.one_against_rest(list(groups.values()), name),  # type: ignore[misc]
        )
        for each in slices
        for samples in (resampled_groups(each, question.method),)
        for name in names
    }  # fmt: skip


async def measure_multilabel(reader: Reader, frame: Frame, question: Question) -> list[MeasuredSlice]:
    """Each row has a list of classes. Raises `QueryError`."""
    slices = await set_slices(
        reader, frame, SetColumns(question.label, question.prediction, question.weight, question.known), question.specs,
        periods=question.periods, resampling=question.method or "",
    )  # fmt: skip
    drawn = any(PLOTS.get(m.name) == "classes" for m in question.metrics)
    plain = [m for m in question.metrics if m.name not in PLOTS]
    found = []
    for each in slices:
        samples = resamples(each.counts, each.parts, question.method, multilabel.less)
        metrics = {
            reported_as(m): measured(
                m.name, question.method, each.counts, samples, multilabel.MULTILABEL_METRICS[m.name]
            )
            for m in plain
        }  # fmt: skip
        plots = {
            name: multilabel.confusion_of(each.counts, k) for k, name in enumerate(each.counts.classes)
        } if drawn else {}  # fmt: skip
        found.append(MeasuredSlice(each.key, each.spec, each.period, each.rows, each.labelled, metrics, plots))
    return found


async def measure_pairs(
    reader: Reader, frame: Frame, question: Question, part: Part, metric_of: Callable[..., Callable[[Groups], float]],
    plots_of: Callable[[ScoreCounts, set[str]], dict[str, Any]],
) -> list[MeasuredSlice]:  # fmt: skip
    """Metrics of yes or no, asked of `part` of several classes. Raises `QueryError`, `ConfigError`."""
    if part.how == "itself":
        scores: Scores = (("", question.prediction),)
    else:
        frame, scores = await class_scores(reader, frame, question.prediction)
        if not scores:
            raise ConfigError("prediction_key", "binarize and aggregate need a score for each class", HINT)
        part = _named(part, scores)
    columns = PairColumns(question.label, scores, question.positive, question.weight)
    slices = await pair_slices(
        reader, frame, columns, part, question.specs, periods=question.periods, resampling=question.method or ""
    )
    drawn = {PLOTS[m.name] for m in question.metrics if m.name in PLOTS}
    found = []
    for each in slices:
        samples = resampled_groups(each, question.method)
        metrics = {
            reported_as(m): measured(m.name, question.method, each.groups, samples, metric_of(m, part))
            for m in question.metrics
            if m.name not in PLOTS
        }
        group = group_of(part)
        plots = {}
        if drawn and group in each.groups:
            plots = {f"{name}@{part}": plot for name, plot in plots_of(each.groups[group], drawn).items()}
        found.append(MeasuredSlice(each.key, each.spec, each.period, each.rows, each.labelled, metrics, plots))
    return found


def resampled_groups(each: PairSlice, method: Method | None) -> list[Groups]:
    """The labels by score of each sample, by group."""
    if method != "jackknife":
        return list(each.parts)
    names = {name for part in each.parts for name in part}
    whole = {name: merged(part[name] for part in each.parts if name in part) for name in names}
    return [
        {name: without(whole[name], part[name]) if name in part else whole[name] for name in whole}
        for part in each.parts
    ]


def _named(part: Part, scores: Scores) -> Part:
    """The part with classes by their names: a number is a class of that name, else the place of its score."""
    names = [name for name, _ in scores]

    def named(text: str) -> str:
        if text in names:
            return text
        if text.isdecimal() and int(text) < len(names):
            return names[int(text)]
        raise ConfigError(
            "metrics_specs.binarize", f"there is no score of class {text!r}", f"There are: {', '.join(names[:20])}."
        )

    return Part(
        part.how, named(part.name) if part.name else "", part.k,
        tuple((named(name), weight) for name, weight in part.weights),
    )  # fmt: skip
