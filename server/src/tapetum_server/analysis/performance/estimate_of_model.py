"""What the performance of a model in production will be, before its labels come."""

from __future__ import annotations

import math

from tapetum_server.analysis.performance.answers import EstimatedMetric, EstimatedPeriod, PerformanceEstimate
from tapetum_server.analysis.performance.estimating import EstimateQuestion, estimate
from tapetum_server.analysis.performance.tasks import judged_by
from tapetum_server.query.estimates import Chunks
from tapetum_server.query.frames import Frame
from tapetum_server.query.performance import Periods
from tapetum_server.query.prediction_outcomes import outcomes
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import SECOND, Steps

ESTIMATED = {
    "accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1": "f1_score", "roc_auc": "auc",
}  # fmt: skip
"""What is estimated, and what the same is called where it is measured."""
MIN_BASELINE = 100
_ONLY_BINARY = (
    "Only answers of yes or no that come with a probability as their score are estimated here; `tapetum estimate` "
    "estimates other models on files."
)


async def estimate_report(
    reader: Reader, baseline: Frame, window: Frame, steps: Steps, *, positive: str = ""
) -> PerformanceEstimate:
    """Estimates of `window` by step of time; every row of `baseline` has its label."""
    seconds = max(1, steps.step // SECOND)
    told = await outcomes(reader, baseline)
    judged = judged_by(told, positive)
    if not judged.scored:
        return not_estimated(judged.why or _ONLY_BINARY, seconds)
    if told.labelled < MIN_BASELINE:
        return not_estimated(
            f"The baseline has {told.labelled} labelled predictions; {MIN_BASELINE} are needed to learn from.",
            seconds,
        )  # fmt: skip
    question = EstimateQuestion(
        label=judged.label, score=judged.prediction, positive=judged.positive,
        chunks=Chunks(periods=Periods("time", seconds)),
    )  # fmt: skip
    found = await estimate(reader, baseline, window, question, "binary")
    return PerformanceEstimate(
        why="", method=found.method, calibrated=found.calibrated, baseline_rows=found.baseline_rows,
        interval_ms=seconds * 1_000,
        periods=[
            EstimatedPeriod(
                time=chunk.key,
                rows=chunk.rows,
                metrics=[
                    EstimatedMetric(
                        name=shown, value=_number(one.value), lower=_number(one.lower), upper=_number(one.upper),
                        usual_lower=_number(one.lower_threshold), usual_upper=_number(one.upper_threshold),
                        alert=bool(one.alert),
                    )
                    for name, shown in ESTIMATED.items()
                    for one in (chunk.metrics[name],)
                ],
                doubts=[doubt.message for doubt in chunk.doubts],
            )
            for chunk in found.chunks
        ],
        doubts=[doubt.message for doubt in found.doubts],
        notes=list(found.notes),
    )  # fmt: skip


def not_estimated(why: str, seconds: int) -> PerformanceEstimate:
    """No estimate, and why."""
    return PerformanceEstimate(
        why=why, method="", calibrated=False, baseline_rows=0, interval_ms=seconds * 1_000, periods=[], doubts=[],
        notes=[],
    )  # fmt: skip


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
