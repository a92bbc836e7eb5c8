"""Where a model is worst, and how it does on slices that somebody chose: with the trend of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from tapetum_server.analysis.performance.answers import MetricValue
from tapetum_server.analysis.performance.decisions import gaps_between
from tapetum_server.analysis.performance.measured import MeasuredSlice
from tapetum_server.analysis.performance.of_model import measured, metrics_of, sliceable
from tapetum_server.analysis.performance.slice_answers import (
    ChosenSlice,
    ChosenSlices,
    FoundSlice,
    SliceMoment,
    WorstSlices,
)
from tapetum_server.analysis.performance.tasks import Judged, judged_of
from tapetum_server.analysis.performance.worst import find_worst
from tapetum_server.detectors.drift.several import adjusted
from tapetum_server.detectors.performance.differences import rest_difference
from tapetum_server.query.coded_rows import binned, codings
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import Frame
from tapetum_server.query.performance import Periods
from tapetum_server.query.prediction_frames import RESERVED
from tapetum_server.query.prediction_outcomes import outcomes
from tapetum_server.query.prediction_sets import with_sets
from tapetum_server.query.reader import Reader
from tapetum_server.query.row_condition import check_condition
from tapetum_server.query.slices import ErrorColumns
from tapetum_server.query.slicing import MAX_SLICES, SliceKey, SliceSpec
from tapetum_server.query.time_range import SECOND, Steps, format_time

SHOWN_SLICES = 100
MAX_CROSSED = 3
MAX_CONDITIONS = 8
CHANCE = 0.05


async def worst_report(reader: Reader, frame: Frame, steps: Steps, *, positive: str = "") -> WorstSlices:
    """Where the model is clearly worse than elsewhere, told by its features and tags."""
    judged = judged_of(frame, await outcomes(reader, frame), positive)
    found = WorstSlices(
        why=judged.why, measure="wrong", rows=0, error=None, looked_at=0, interval_ms=_seconds(steps) * 1_000, trend=[],
        slices=[],
    )  # fmt: skip
    if judged.task is None:
        return found
    if judged.task in ("multilabel", "ranking"):
        return found | {"why": "Slices are searched where each answer is right or wrong by itself."}
    numbers = judged.task == "regression"
    columns = ErrorColumns(judged.label, judged.prediction, "absolute" if numbers else "wrong", judged.positive)
    classes = [column.name for column in frame.columns if column.name.startswith("scores.")]
    try:
        report = await find_worst(reader, frame, columns, leave_out=[*RESERVED, *classes])
    except QueryError as error:
        if error.code != "no_rows":
            raise
        return found | {"why": "No prediction has both an answer and a label."}
    specs = [SliceSpec(), *(SliceSpec(condition=one.condition) for one in report.slices)]
    trends = await _trends(reader, frame, judged, specs, steps)
    return WorstSlices(
        why="", measure=columns.loss, rows=report.rows, error=_number(report.error), looked_at=report.looked_at,
        interval_ms=found["interval_ms"], trend=trends.get(SliceKey(), []),
        slices=[
            FoundSlice(
                slice=one.slice, condition=one.condition, features=list(one.features), rows=one.rows,
                support=one.support, error=one.error, lift=one.lift, excess=one.excess, p=one.p_value,
                trend=trends.get(SliceKey(condition=one.condition), []),
            )
            for one in report.slices
        ],
    )  # fmt: skip


async def chosen_report(
    reader: Reader, frame: Frame, steps: Steps, by: Sequence[str], conditions: Sequence[str], *, positive: str = ""
) -> ChosenSlices:
    """Metrics of each combination of values of the columns `by`, and of the rows that meet each condition.

    Numbers are in ten bins, in four where columns are crossed. Raises `QueryError` for what makes no sense.
    """
    judged = judged_of(frame, await outcomes(reader, frame), positive)
    report = ChosenSlices(
        task=judged.task or "unknown", why=judged.why, measure="absolute" if judged.task == "regression" else "wrong",
        metrics=[], interval_ms=_seconds(steps) * 1_000, whole=None, slices=[], more_slices=0, gaps=[],
        columns=sliceable(frame),
    )  # fmt: skip
    if judged.task is None:
        return report
    names = metrics_of(judged)
    if judged.task == "multilabel":
        frame = with_sets(frame)
    for condition in conditions:
        await check_condition(reader, condition, frame)
    sliced, by = await _binned(reader, frame, by)
    specs = [SliceSpec(), *([SliceSpec(tuple(by))] if by else []), *(SliceSpec(condition=each) for each in conditions)]
    found = await measured(reader, sliced, judged, names, specs, intervals=True)
    (whole,) = [each for each in found if each.spec == 0]
    # What somebody asked for in so many words comes first, in that order.
    others = sorted(
        (each for each in found if each.spec),
        key=lambda each: (not each.key.condition, each.spec, -each.rows, str(each.key)),
    )  # fmt: skip
    trends: dict[SliceKey, list[SliceMoment]] = {}
    if len(found) * (steps.count + 1) <= MAX_SLICES:
        trends = await _trends(reader, sliced, judged, specs, steps)
    told = [rest_difference(names[0], *_sides(names[0], each, whole)) for each in others]
    corrected = adjusted([each.p_value if math.isfinite(each.p_value) else 1.0 for each in told])
    slices = []
    for each, apart, p in zip(others, told, corrected):
        clear = math.isfinite(apart.p_value) and p < CHANCE
        better = (apart.difference > 0) == (judged.task != "regression")
        slices.append(
            _chosen(each, trends) | {
                "p": float(p) if math.isfinite(apart.p_value) else None, "better": better if clear else None
            }
        )  # fmt: skip
    groups = {_said(each.key): each.confusion for each in others if not each.key.condition and each.confusion}
    return ChosenSlices(
        task=judged.task, why="", measure=report["measure"], metrics=names, interval_ms=report["interval_ms"],
        whole=_chosen(whole, trends), slices=slices[:SHOWN_SLICES], more_slices=max(0, len(slices) - SHOWN_SLICES),
        gaps=gaps_between(groups),
        columns=report["columns"],
    )  # fmt: skip


async def _binned(reader: Reader, frame: Frame, by: Sequence[str]) -> tuple[Frame, list[str]]:
    """The frame with the bins of numbers among `by`, and what rows are then told apart by."""
    if len(by) > MAX_CROSSED:
        raise QueryError(f"at most {MAX_CROSSED} columns can be crossed", field="slice")
    numbers = [name for name in by if frame.column(name).kind == "numeric"]
    if not numbers:
        return frame, list(by)
    found = await codings(reader, frame, numbers)
    if len(by) > 1:
        found = [replace(one, edges=one.edges[1::3]) for one in found]
    sliced = replace(frame, columns=(*frame.columns, *(one.binned() for one in found)))
    return sliced, [binned(name) if name in numbers else name for name in by]


async def _trends(
    reader: Reader, frame: Frame, judged: Judged, specs: Sequence[SliceSpec], steps: Steps
) -> dict[SliceKey, list[SliceMoment]]:
    name = metrics_of(judged)[0]
    found: dict[SliceKey, list[SliceMoment]] = {}
    periods = Periods("time", _seconds(steps))
    for each in sorted(
        await measured(reader, frame, judged, [name], specs, periods=periods), key=lambda each: each.period
    ):  # fmt: skip
        value = _number(each.metrics[name].value)
        error = None if value is None else value if judged.task == "regression" else 1 - value
        found.setdefault(each.key, []).append(
            SliceMoment(time=format_time(each.period * SECOND), rows=each.labelled, error=error)
        )
    return found


def _sides(
    name: str, each: MeasuredSlice, whole: MeasuredSlice
) -> tuple[tuple[float, float, float], tuple[float, float, float], int, int]:
    one, all_ = each.metrics[name], whole.metrics[name]
    return (one.value, one.lower, one.upper), (all_.value, all_.lower, all_.upper), each.labelled, whole.labelled


def _chosen(each: MeasuredSlice, trends: dict[SliceKey, list[SliceMoment]]) -> ChosenSlice:
    return ChosenSlice(
        slice=_said(each.key), condition=each.key.condition, rows=each.rows, labelled=each.labelled,
        metrics=[
            MetricValue(name=name, value=_number(m.value), lower=_number(m.lower), upper=_number(m.upper))
            for name, m in each.metrics.items()
        ],
        p=None, better=None, trend=trends.get(each.key, []),
    )  # fmt: skip


def _said(key: SliceKey) -> str:
    """As the search for the worst slices says it: `region = east AND 18 <= age < 30`."""
    said = []
    for name, value in key.values:
        plain = name.removesuffix(binned(""))
        # A bin names its own column.
        said.append(f"{plain} is missing" if value is None else value if plain != name else f"{name} = {value}")
    return " AND ".join(said) or key.condition or "all"


def _seconds(steps: Steps) -> int:
    return max(1, steps.step // SECOND)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
