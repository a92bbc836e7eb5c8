"""What the performance of a model in production will be, before its labels come."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from tapetum_server.analysis.performance.answers import (
    EstimatedMetric,
    EstimatedPeriod,
    EstimatedVersion,
    PerformanceEstimate,
)
from tapetum_server.analysis.performance.estimated import EstimatedChunk, EstimateQuestion
from tapetum_server.analysis.performance.estimating import Task, estimate
from tapetum_server.analysis.performance.looked_at import MAX_FEATURES, features_of, part_of
from tapetum_server.analysis.performance.outcomes_of_model import not_expected
from tapetum_server.analysis.performance.tasks import Judged, judged_of
from tapetum_server.detectors.estimation.cbpe import Estimate
from tapetum_server.detectors.estimation.dle import MissingExtra
from tapetum_server.detectors.estimation.trust import MIN_ROWS
from tapetum_server.query.errors import QueryError
from tapetum_server.query.estimates import Chunks
from tapetum_server.query.frames import Frame
from tapetum_server.query.performance import Periods
from tapetum_server.query.prediction_outcomes import Outcomes, outcomes
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import SECOND, Steps

ESTIMATED: Mapping[str, Mapping[str, str]] = {
    "binary": {
        "accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1": "f1_score", "roc_auc": "auc",
    },
    "multiclass": {
        "accuracy": "accuracy", "precision": "macro_precision", "recall": "macro_recall", "f1": "macro_f1_score",
    },
    "regression": {"mae": "mean_absolute_error", "rmse": "root_mean_squared_error"},
}  # fmt: skip
"""What is estimated, and what the same is called where it is measured. The first stands for all."""
MIN_BASELINE = 100
MAX_SHIFTED = 12
"""Features whose mix is weighed."""
_NOTHING = (
    "Only answers with a probability as their score, classes with a score each, and numbers are estimated; "
    "`tapetum estimate` estimates other predictions in files."
)


async def estimate_report(
    reader: Reader, baseline: Frame, window: Frame, steps: Steps, *, positive: str = "", weighted: bool = False,
    chunk_rows: int = 0,
) -> PerformanceEstimate:  # fmt: skip
    """Estimates of `window` by step of time, or of so many rows; every row of `baseline` has its label."""
    seconds = max(1, steps.step // SECOND)
    told = await outcomes(reader, baseline)
    judged = judged_of(baseline, told, positive)
    classes = [column.name for column in baseline.columns if column.name.startswith("scores.")]
    task = judged.task
    if not (judged.scored or task == "regression" or (task == "multiclass" and len(classes) > 1)):
        return not_estimated(judged.why or _NOTHING, seconds)
    assert task == "binary" or task == "multiclass" or task == "regression"
    if told.labelled < MIN_BASELINE:
        return not_estimated(
            f"The baseline has {told.labelled} labelled predictions; {MIN_BASELINE} are needed to learn from.",
            seconds,
        )  # fmt: skip
    features = [] if task != "regression" and not weighted else features_of(baseline, window)
    most = MAX_SHIFTED if weighted else MAX_FEATURES
    notes = [f"Learned from the first {most} of {len(features)} features."] if len(features) > most else []
    if weighted and not features:
        return not_estimated("There is no feature in both whose mix could have shifted.", seconds)
    every = 1
    if task != "binary" or weighted:
        baseline, window, every, said = await _sampled(reader, baseline, window, told)
        notes += said
    chunks = Chunks(max(1, chunk_rows // every), time="time") if chunk_rows else Chunks(
        periods=Periods("time", seconds)
    )  # fmt: skip
    question = _question(judged, task, chunks, tuple(features[:most]), weighted, window)
    try:
        found = await estimate(reader, baseline, window, question, task)
    except MissingExtra as error:
        return not_estimated(f"On the server, {error}: pip install 'tapetum[analysis]'.", seconds)
    except QueryError as error:
        if error.code not in ("no_rows", "unknown_column", "unlabelled_baseline", "one_kind_of_label", "another_kind"):
            raise
        return not_estimated(f"{error.message[:1].upper()}{error.message[1:]}.", seconds)
    return PerformanceEstimate(
        why="", method=found.method, calibrated=found.calibrated, baseline_rows=found.baseline_rows,
        interval_ms=seconds * 1_000,
        periods=[
            EstimatedPeriod(
                time=chunk.key, rows=chunk.rows * every, metrics=_metrics(chunk, ESTIMATED[task]),
                doubts=[doubt.message for doubt in chunk.doubts],
            )
            for chunk in found.chunks
        ],
        versions=_versions(found.also, task, every), doubts=[doubt.message for doubt in found.doubts],
        notes=[*notes, *found.notes], outcomes=not_expected(""),
    )  # fmt: skip


def _question(
    judged: Judged, task: Task, chunks: Chunks, features: tuple[str, ...], weighted: bool, window: Frame
) -> EstimateQuestion:
    label = window.column(judged.label).sql
    by_version = Chunks(column="version")
    also = ((window, by_version), (window.narrowed(f"isNotNull({label})"), by_version))
    several = task == "multiclass"
    return EstimateQuestion(
        label=judged.label, score="scores.*" if several else judged.prediction, positive=judged.positive,
        prediction=judged.prediction if several else "", chunks=chunks, features=features, weighted=weighted, also=also,
    )  # fmt: skip


async def _sampled(
    reader: Reader, baseline: Frame, window: Frame, told: Outcomes
) -> tuple[Frame, Frame, int, list[str]]:
    """A part of the rows where there are many, every how many of the window, and words for it."""
    answer = await reader.query(f"SELECT count() FROM {window}", dict(window.parameters))
    old, _, of_old = part_of(baseline, told.rows, "baseline")
    new, every, of_new = part_of(window, int(answer.columns[0][0]), "window")
    return old, new, every, of_old + of_new


def _metrics(chunk: EstimatedChunk, names: Mapping[str, str]) -> list[EstimatedMetric]:
    return [
        EstimatedMetric(
            name=shown, value=_number(one.value), lower=_number(one.lower), upper=_number(one.upper),
            usual_lower=_number(one.lower_threshold), usual_upper=_number(one.upper_threshold), alert=bool(one.alert),
        )
        for name, shown in names.items()
        for one in (chunk.metrics[name],)
    ]  # fmt: skip


def _versions(also: Sequence[Sequence[EstimatedChunk]], task: Task, every: int) -> list[EstimatedVersion]:
    """Each version as it is estimated, and where its labels say otherwise: of the labelled rows alone."""
    asked, labelled = also
    name, shown = next(iter(ESTIMATED[task].items()))
    came = {chunk.key: chunk for chunk in labelled}
    found = []
    for chunk in asked:
        one = chunk.metrics[name]
        rows = came[chunk.key].rows if chunk.key in came else 0
        of_labelled = came[chunk.key].metrics[name] if rows else None
        found.append(
            EstimatedVersion(
                version=chunk.key, rows=chunk.rows * every, metric=shown, value=_number(one.value),
                lower=_number(one.lower), upper=_number(one.upper), alert=bool(one.alert), labelled=rows * every,
                expected=_number(of_labelled.value) if of_labelled else None,
                realised=_number(of_labelled.realized) if of_labelled else None,
                verdict=_verdict(of_labelled, rows, task),
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: -one["rows"])


def _verdict(one: Estimate | None, rows: int, task: Task) -> Literal["worse", "better", "as estimated", "unknown"]:
    """How labels answer the estimate of the same rows."""
    if one is None or rows < MIN_ROWS or math.isnan(one.realized):
        return "unknown"
    if one.lower <= one.realized <= one.upper:
        return "as estimated"
    less = one.realized < one.lower
    return "worse" if less is (task != "regression") else "better"


def not_estimated(why: str, seconds: int) -> PerformanceEstimate:
    """No estimate, and why."""
    return PerformanceEstimate(
        why=why, method="", calibrated=False, baseline_rows=0, interval_ms=seconds * 1_000, periods=[], versions=[],
        doubts=[], notes=[], outcomes=not_expected(""),
    )  # fmt: skip


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
