"""Which versions of a model in production will turn out worse, and where, before their labels come."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tapetum_server.analysis.performance.answers import (
    ExpectedMetric,
    ExpectedPeriod,
    ExpectedSlice,
    ExpectedVersion,
    OutcomeEstimate,
)
from tapetum_server.analysis.performance.by_outcome import METHOD, OutcomeReport, estimate_by_outcome
from tapetum_server.analysis.performance.estimated import EstimateQuestion
from tapetum_server.analysis.performance.looked_at import MAX_FEATURES, features_of, part_of
from tapetum_server.analysis.performance.tasks import judged_of
from tapetum_server.detectors.estimation import outcome_verdicts
from tapetum_server.detectors.estimation.dle import MissingExtra
from tapetum_server.detectors.estimation.outcome_verdicts import Expected
from tapetum_server.detectors.performance.costs import CostMatrix
from tapetum_server.query.coded_rows import Coding
from tapetum_server.query.errors import QueryError
from tapetum_server.query.estimates import Chunks
from tapetum_server.query.frames import Frame
from tapetum_server.query.performance import Periods
from tapetum_server.query.prediction_outcomes import outcomes
from tapetum_server.query.reader import Reader

ENOUGH_LABELLED = 1_000
"""Labels of the baseline, below which those of the window are learned from too."""
SHOWN: Mapping[str, str] = {
    "accuracy": "accuracy", "precision": "precision", "recall": "recall", "specificity": "specificity",
    "f1": "f1_score", "roc_auc": "auc", "average_precision": "average_precision", "true_positive": "true_positives",
    "false_positive": "false_positives", "true_negative": "true_negatives", "false_negative": "false_negatives",
    "business_value": "business_value",
}  # fmt: skip
"""What is expected, and what the same is called where it is measured."""
_SUMS = ("true_positive", "false_positive", "true_negative", "false_negative", "business_value")
_OF_PERIODS = ("accuracy", "precision", "recall", "f1", "roc_auc")
_ONLY = "What comes true is learned where answers are yes or no, with a probability as their score."


async def outcomes_report(
    reader: Reader, baseline: Frame | None, around: Frame | None, window: Frame, seconds: int, *, positive: str = "",
    chunk_rows: int = 0, costs: CostMatrix | None = None,
) -> OutcomeEstimate:  # fmt: skip
    """Estimates of `window`, learned from the labelled rows of `baseline` and, where those are few, of `around`, which
    are the labelled rows of all versions in the window's time."""
    told = [await outcomes(reader, frame) if frame else None for frame in (baseline, around)]
    if around is not None and told[0] is not None and told[0].labelled >= ENOUGH_LABELLED:
        around, told[1] = None, None
    first, said = next(((f, t) for f, t in zip((baseline, around), told) if f and t), (None, None))
    if first is None or said is None:
        return not_expected(
            "No label has come, neither of the baseline nor of this time: there is nothing to learn from."
        )
    judged = judged_of(first, said, positive)
    if not judged.scored:
        return not_expected(_ONLY)
    features = features_of(first, window)
    notes = (
        [f"Learned from the first {MAX_FEATURES} of {len(features)} features."] if len(features) > MAX_FEATURES else []
    )
    learned: list[Frame | None] = []
    for frame, rows, what in zip((baseline, around), told, ("baseline", "labels of this time")):
        if frame and rows:
            frame, _, words = part_of(frame, rows.rows, what)
            notes += words
        learned.append(frame)
    if around is not None:
        notes.append("The baseline has few labels, so those that have come in this time are learned from too.")
    answer = await reader.query(f"SELECT count() FROM {window}", dict(window.parameters))
    window, every, words = part_of(window, int(answer.columns[0][0]), "window")
    by_time = Chunks(periods=Periods("time", seconds))
    question = EstimateQuestion(
        label=judged.label, score=judged.prediction, positive=judged.positive, features=tuple(features[:MAX_FEATURES]),
        chunks=Chunks(max(1, chunk_rows // every), time="time") if chunk_rows else by_time, costs=costs,
    )  # fmt: skip
    try:
        found = await estimate_by_outcome(
            reader, learned[0], window, question, also=learned[1], version="version", id_column="prediction_id",
            chunks_of_learned=by_time,
        )  # fmt: skip
    except MissingExtra as error:
        return not_expected(f"On the server, {error}: pip install 'tapetum[analysis]'.")
    except QueryError as error:
        if error.code not in ("no_rows", "unknown_column", "another_kind"):
            raise
        return not_expected(f"{error.message[:1].upper()}{error.message[1:]}.")
    return _answer(found, every, [*notes, *words])


def not_expected(why: str) -> OutcomeEstimate:
    """No estimate, and why."""
    return OutcomeEstimate(
        why=why, method="", learned=0, auc=None, calibration_error=None, reference=None, periods=[], versions=[],
        doubts=[], notes=[],
    )  # fmt: skip


def _answer(found: OutcomeReport, every: int, notes: Sequence[str]) -> OutcomeEstimate:
    return OutcomeEstimate(
        why=found.why, method="" if found.why else METHOD, learned=found.learned,
        auc=_number(found.quality.auc) if found.quality else None,
        calibration_error=_number(found.quality.calibration_error) if found.quality else None,
        reference=found.reference,
        periods=[
            ExpectedPeriod(
                time=chunk.key, rows=chunk.rows * every, metrics=_metrics(chunk.metrics, _OF_PERIODS, every),
                doubts=[doubt.message for doubt in chunk.doubts],
            )
            for chunk in found.chunks
        ],
        versions=[_version(name, one, found.used, every) for name, one in found.versions],
        doubts=[doubt.message for doubt in found.doubts], notes=[*notes, *found.notes],
    )  # fmt: skip


def _version(name: str, one: outcome_verdicts.ExpectedVersion, used: Sequence[Coding], every: int) -> ExpectedVersion:
    return ExpectedVersion(
        version=name, rows=one.rows * every, metrics=_metrics(one.metrics, tuple(SHOWN), every), promised=one.promised,
        attainable=one.attainable, earlier=_number(one.earlier), band=one.band, verdict=one.verdict,
        because=list(one.because), slices=[said_slice(each, used, every) for each in one.slices],
        labelled=one.labelled * every, expected=_number(one.expected), realised=_number(one.realized),
        doubts=[doubt.message for doubt in one.doubts],
    )  # fmt: skip


def said_slice(one: outcome_verdicts.ExpectedSlice, used: Sequence[Coding], every: int = 1) -> ExpectedSlice:
    """A slice in words."""
    return ExpectedSlice(
        slice=" AND ".join(used[k].said(code) for k, code in one.literals),
        condition=" AND ".join(used[k].condition(code) for k, code in one.literals),
        features=[used[k].column.name for k, _ in one.literals], rows=one.rows * every, value=one.value,
        other=one.other, band=one.band,
    )  # fmt: skip


def _metrics(metrics: Mapping[str, Expected], names: Sequence[str], every: int) -> list[ExpectedMetric]:
    """Those that there are; counts are of all rows where a part is looked at."""
    found = []
    for name in names:
        if name in metrics:
            one, times = metrics[name], every if name in _SUMS else 1
            found.append(
                ExpectedMetric(
                    name=SHOWN[name], value=_number(one.value * times), lower=_number(one.lower * times),
                    upper=_number(one.upper * times),
                )
            )  # fmt: skip
    return found


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
