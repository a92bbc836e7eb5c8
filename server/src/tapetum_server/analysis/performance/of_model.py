"""How good a model in production was: over a window, over time and by slice."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tapetum_server.analysis.performance.answers import (
    CalibrationBin,
    ClassOutcome,
    Confusions,
    MetricPeriod,
    MetricSlice,
    MetricValue,
    PerformanceReport,
)
from tapetum_server.analysis.performance.decisions import group_gaps, threshold_values
from tapetum_server.analysis.performance.eval_config import MetricConfig
from tapetum_server.analysis.performance.measured import MeasuredSlice, Question
from tapetum_server.analysis.performance.measuring import measure
from tapetum_server.analysis.performance.metric_names import Task
from tapetum_server.analysis.performance.tasks import Judged, judged_of
from tapetum_server.detectors.performance.costs import CostMatrix
from tapetum_server.query.frames import Frame
from tapetum_server.query.performance import Periods
from tapetum_server.query.prediction_frames import RESERVED
from tapetum_server.query.prediction_outcomes import Outcomes, outcomes
from tapetum_server.query.prediction_sets import with_sets
from tapetum_server.query.reader import Reader
from tapetum_server.query.slicing import SliceSpec
from tapetum_server.query.time_range import SECOND, Steps, format_time

SHOWN_SLICES = 100
_METRICS = {
    "binary": ("accuracy", "precision", "recall", "f1_score", "auc", "brier_score", "expected_calibration_error"),
    "multiclass": ("accuracy", "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1_score"),
    "multilabel": (
        "exact_match", "set_match_precision", "set_match_recall", "micro_f1_score", "macro_f1_score", "jaccard_score",
        "hamming_loss",
    ),
    "ranking": (
        "ndcg@10", "ndcg", "mean_average_precision", "mean_reciprocal_rank", "precision_at_k@10", "recall_at_k@10",
        "hit_rate@10", "min_label_position", "total_queries",
    ),
    "regression": (
        "mean_absolute_error", "root_mean_squared_error", "mean_error", "mean_absolute_percentage_error", "r_squared",
    ),
}  # fmt: skip
_OF_SCORES = ("auc", "brier_score", "expected_calibration_error")
_NO_SCORE = "Without a score, the area under the curve, the Brier score and calibration are not computed."
_PLOTS = {
    "binary": ("calibration_plot", "confusion_matrix_plot"), "multiclass": ("multi_class_confusion_matrix_plot",),
    "multilabel": ("multi_label_confusion_matrix_plot",), "regression": (), "ranking": (),
}  # fmt: skip
SHOWN_CLASSES = 50
_SLICED = ("numeric", "boolean", "categorical")


async def performance_report(
    reader: Reader, frame: Frame, steps: Steps, *, slice_by: str = "", positive: str = "", query_key: str = "",
    costs: CostMatrix | None = None,
) -> PerformanceReport:  # fmt: skip
    """Metrics of the labelled rows. Raises `QueryError` for a slice or positive label that makes no sense."""
    told = await outcomes(reader, frame)
    judged = judged_of(frame, told, positive, query_key)
    if judged.task == "multilabel":
        frame = with_sets(frame)
    report = _empty(frame, told, judged, steps)
    if judged.task is None:
        return report
    names = metrics_of(judged)
    if judged.task == "binary" and not judged.scored:
        report["why"] = _NO_SCORE
    seconds = max(1, steps.step // SECOND)
    (whole,) = await measured(reader, frame, judged, names, [SliceSpec()], plots=True)
    report["metrics"] = [
        MetricValue(name=name, value=_number(m.value), lower=_number(m.lower), upper=_number(m.upper))
        for name, m in whole.metrics.items()
    ]
    _draw(report, judged, whole, costs)
    stepped = await measured(reader, frame, judged, names, [SliceSpec()], periods=Periods("time", seconds))
    report["periods"] = [
        MetricPeriod(
            time=format_time(one.period * SECOND), rows=one.rows, labelled=one.labelled, metrics=_values(one)
        )
        for one in sorted(stepped, key=lambda one: one.period)
    ]  # fmt: skip
    if slice_by:
        sliced = await measured(reader, frame, judged, names, [SliceSpec((slice_by,))])
        sliced.sort(key=lambda one: (-one.rows, str(one.key)))
        report["slices"] = [
            MetricSlice(value=one.key.values[0][1], rows=one.rows, labelled=one.labelled, metrics=_values(one))
            for one in sliced[:SHOWN_SLICES]
        ]
        report["more_slices"] = max(0, len(sliced) - SHOWN_SLICES)
        report["sliced_by"] = slice_by
        report["gaps"] = group_gaps(sliced)
    return report


def metrics_of(judged: Judged) -> list[str]:
    """The metrics of a question that a model answers; without a score, none that are made of scores."""
    assert judged.task is not None
    return [
        name for name in _METRICS[judged.task] if judged.task != "binary" or judged.scored or name not in _OF_SCORES
    ]


def sliceable(frame: Frame) -> list[str]:
    """Columns by whose values rows can be told apart: words first."""
    columns = [
        column for column in frame.columns
        if column.kind in _SLICED and not column.name.startswith("scores.")
        and (column.name == "version" or column.name not in RESERVED)
    ]  # fmt: skip
    return [column.name for column in sorted(columns, key=lambda column: (column.kind == "numeric", column.name))]


def _empty(frame: Frame, told: Outcomes, judged: Judged, steps: Steps) -> PerformanceReport:
    return PerformanceReport(
        task=judged.task or "unknown", why=judged.why, label=judged.label, prediction=judged.prediction,
        positive=judged.positive, rows=told.rows, labelled=told.labelled,
        coverage=told.labelled / told.rows if told.rows else 0.0, metrics=[],
        interval_ms=max(1, steps.step // SECOND) * 1_000, periods=[], confusion=None, classes=[], more_classes=0,
        ranked_by=judged.query, thresholds=None, calibration=[],
        sliced_by="", slices=[], more_slices=0, gaps=[], slice_columns=sliceable(frame),
    )  # fmt: skip


async def measured(
    reader: Reader, frame: Frame, judged: Judged, names: Sequence[str], specs: Sequence[SliceSpec], *,
    plots: bool = False, periods: Periods | None = None, intervals: bool = False,
) -> list[MeasuredSlice]:  # fmt: skip
    """These metrics of every slice, with their intervals where those are wanted or plots are drawn."""
    task: Task | None = judged.task
    assert task is not None
    drawn = _PLOTS[task] if plots and (judged.scored or task != "binary") else ()
    question = Question(
        judged.label, judged.prediction, "", specs, [_metric(name, judged) for name in (*names, *drawn)],
        "jackknife" if plots or intervals else None, judged.positive, periods,
        "labelled" if task == "multilabel" else "",
    )  # fmt: skip
    found, _ = await measure(reader, frame, task, question)
    return found


def _metric(name: str, judged: Judged) -> MetricConfig:
    name, _, cut = name.partition("@")
    return MetricConfig(name, {"top_k": int(cut)} if cut else {}, query=judged.query)


def _draw(report: PerformanceReport, judged: Judged, whole: MeasuredSlice, costs: CostMatrix | None) -> None:
    plots = whole.plots
    if whole.confusion is not None:
        # Without a name, the positive label is 1.
        yes, no = (judged.positive, judged.negative or f"not {judged.positive}") if judged.positive else ("1", "0")
        c = whole.confusion
        report["confusion"] = Confusions(classes=[yes, no], matrix=[[c.tp, c.fn], [c.fp, c.tn]])
    if "matrix" in plots:
        report["confusion"] = Confusions(classes=[str(name) for name in plots["classes"]], matrix=plots["matrix"])
    if "thresholds" in plots:
        report["thresholds"] = threshold_values(plots["thresholds"], costs)
    if judged.task == "multilabel":
        each = [ClassOutcome(name=name, tp=c.tp, fp=c.fp, tn=c.tn, fn=c.fn) for name, c in plots.items()]
        report["more_classes"] = max(0, len(each) - SHOWN_CLASSES)
        report["classes"] = sorted(each, key=lambda one: (-one["tp"] - one["fn"], one["name"]))[:SHOWN_CLASSES]
    report["calibration"] = [
        CalibrationBin(low=low, high=high, rows=float(rows), mean_prediction=predicted, mean_label=came)
        for low, high, rows, predicted, came in plots.get("calibration", ())
        if rows
    ]  # fmt: skip


def _values(one: MeasuredSlice) -> list[float | None]:
    return [_number(m.value) for m in one.metrics.values()]


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
