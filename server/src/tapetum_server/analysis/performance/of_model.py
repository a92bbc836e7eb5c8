"""How good a model in production was: over a window, over time and by slice."""

from __future__ import annotations

import math
from typing import cast

from tapetum_server.analysis.performance.answers import (
    CalibrationBin,
    Confusions,
    MetricPeriod,
    MetricSlice,
    MetricValue,
    PerformanceReport,
    ThresholdTable,
)
from tapetum_server.analysis.performance.eval_config import MetricConfig
from tapetum_server.analysis.performance.measuring import MeasuredSlice, Question, measure
from tapetum_server.analysis.performance.metric_names import Task
from tapetum_server.analysis.performance.tasks import Judged, judged_by
from tapetum_server.query.frames import Frame
from tapetum_server.query.performance import Periods
from tapetum_server.query.prediction_frames import RESERVED
from tapetum_server.query.prediction_outcomes import Outcomes, outcomes
from tapetum_server.query.reader import Reader
from tapetum_server.query.slicing import SliceSpec
from tapetum_server.query.time_range import SECOND, Steps, format_time

SHOWN_SLICES = 100
_METRICS = {
    "binary": ("accuracy", "precision", "recall", "f1_score", "auc", "brier_score", "expected_calibration_error"),
    "multiclass": ("accuracy", "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1_score"),
    "regression": (
        "mean_absolute_error", "root_mean_squared_error", "mean_error", "mean_absolute_percentage_error", "r_squared",
    ),
}  # fmt: skip
_OF_SCORES = ("auc", "brier_score", "expected_calibration_error")
_NO_SCORE = "Without a score, the area under the curve, the Brier score and calibration are not computed."
_PLOTS = {
    "binary": ("calibration_plot", "confusion_matrix_plot"), "multiclass": ("multi_class_confusion_matrix_plot",),
    "regression": (),
}  # fmt: skip
_SLICED = ("numeric", "boolean", "categorical")


async def performance_report(
    reader: Reader, frame: Frame, steps: Steps, *, slice_by: str = "", positive: str = ""
) -> PerformanceReport:
    """Metrics of the labelled rows. Raises `QueryError` for a slice or positive label that makes no sense."""
    told = await outcomes(reader, frame)
    judged = judged_by(told, positive)
    report = _empty(frame, told, judged, steps)
    if judged.task is None:
        return report
    names = metrics_of(judged)
    if judged.task == "binary" and not judged.scored:
        report["why"] = _NO_SCORE
    seconds = max(1, steps.step // SECOND)
    (whole,) = await _measured(reader, frame, judged, names, SliceSpec(), plots=True)
    report["metrics"] = [
        MetricValue(name=name, value=_number(m.value), lower=_number(m.lower), upper=_number(m.upper))
        for name, m in whole.metrics.items()
    ]
    _draw(report, judged, whole)
    stepped = await _measured(reader, frame, judged, names, SliceSpec(), periods=Periods("time", seconds))
    report["periods"] = [
        MetricPeriod(
            time=format_time(one.period * SECOND), rows=one.rows, labelled=one.labelled, metrics=_values(one)
        )
        for one in sorted(stepped, key=lambda one: one.period)
    ]  # fmt: skip
    if slice_by:
        sliced = await _measured(reader, frame, judged, names, SliceSpec((slice_by,)))
        sliced.sort(key=lambda one: (-one.rows, str(one.key)))
        report["slices"] = [
            MetricSlice(value=one.key.values[0][1], rows=one.rows, labelled=one.labelled, metrics=_values(one))
            for one in sliced[:SHOWN_SLICES]
        ]
        report["more_slices"] = max(0, len(sliced) - SHOWN_SLICES)
        report["sliced_by"] = slice_by
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
        interval_ms=max(1, steps.step // SECOND) * 1_000, periods=[], confusion=None, thresholds=None, calibration=[],
        sliced_by="", slices=[], more_slices=0, slice_columns=sliceable(frame),
    )  # fmt: skip


async def _measured(
    reader: Reader, frame: Frame, judged: Judged, names: list[str], spec: SliceSpec, *, plots: bool = False,
    periods: Periods | None = None,
) -> list[MeasuredSlice]:  # fmt: skip
    task: Task | None = judged.task
    assert task is not None
    drawn = _PLOTS[task] if plots and (judged.scored or task != "binary") else ()
    question = Question(
        judged.label, judged.prediction, "", (spec,), [MetricConfig(name) for name in (*names, *drawn)],
        "jackknife" if plots else None, judged.positive, periods,
    )  # fmt: skip
    found, _ = await measure(reader, frame, task, question)
    return found


def _draw(report: PerformanceReport, judged: Judged, whole: MeasuredSlice) -> None:
    plots = whole.plots
    if whole.confusion is not None:
        # Without a name, the positive label is 1.
        yes, no = (judged.positive, judged.negative or f"not {judged.positive}") if judged.positive else ("1", "0")
        c = whole.confusion
        report["confusion"] = Confusions(classes=[yes, no], matrix=[[c.tp, c.fn], [c.fp, c.tn]])
    if "matrix" in plots:
        report["confusion"] = Confusions(classes=[str(name) for name in plots["classes"]], matrix=plots["matrix"])
    if "thresholds" in plots:
        report["thresholds"] = cast(ThresholdTable, plots["thresholds"])
    report["calibration"] = [
        CalibrationBin(low=low, high=high, rows=float(rows), mean_prediction=predicted, mean_label=came)
        for low, high, rows, predicted, came in plots.get("calibration", ())
        if rows
    ]  # fmt: skip


def _values(one: MeasuredSlice) -> list[float | None]:
    return [_number(m.value) for m in one.metrics.values()]


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
