"""Every model with its health at a glance: how much it is asked, whether what it says moved, and how right it is."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

from typing_extensions import TypedDict

from tapetum_server.detectors.drift.counts import chi_squared, jensen_shannon
from tapetum_server.query.filter import Filter
from tapetum_server.query.histograms import steps_over
from tapetum_server.query.model_findings import model_findings
from tapetum_server.query.model_glance import Glance, model_glances
from tapetum_server.query.model_volumes import ModelVolume, model_volumes
from tapetum_server.query.models import ModelMeasures
from tapetum_server.query.outside import ends_of
from tapetum_server.query.prediction_sources import PREDICTIONS
from tapetum_server.query.reader import Reader
from tapetum_server.query.selection import select
from tapetum_server.query.time_range import MILLISECOND, SECOND, Steps, TimeRange, format_time

TREND_STEPS = 40
EXACT_ROWS = 200_000
"""Predictions, with those of the time before, up to which labels are looked for of each one."""
SAMPLED_ROWS = 40_000
"""Of more of them, about so many."""
ENOUGH = 100
"""Predictions of a side, or labels, below which nothing is said of change."""
THRESHOLD = 0.1
SURE = 0.001
"""The chance that is left to a drift that is told: a list of many models is looked at every day."""
_NORMAL_95 = 1.959963984540054

Measure = Literal["accuracy", "mean_absolute_error"]


class RateTrend(TypedDict):
    """Predictions by step."""

    times: list[str]
    interval_ms: int
    rate_per_s: list[float]


class GlancePerformance(TypedDict):
    """How right answers were, in one number."""

    measure: Measure
    estimated: bool
    """Whether scores promise it, because too few labels have come."""
    value: float
    before: float | None
    """In as long a time before the window."""
    change: Literal["better", "worse", "same", "unknown"]
    """Against before, by more than chance."""


class GlanceDrift(TypedDict):
    """How far what the model says has moved from what it said before the window."""

    verdict: Literal["drift", "no_drift", "not_enough_data"]
    distance: float | None
    """Jensen-Shannon, of scores or answers."""
    threshold: float


class GlanceBefore(TypedDict):
    """The same measures in as long a time before the window."""

    predictions: int
    rate_per_s: float
    label_coverage: float | None
    p95_ms: float | None


class ModelRow(ModelMeasures):
    """One model."""

    model: str
    versions: list[str]
    """Within the range, the one that was seen last first."""
    trend: RateTrend
    before: GlanceBefore | None
    performance: GlancePerformance | None
    drift: GlanceDrift
    findings: int | None
    """Things that live validation found wrong; `null` where no schema is in force."""
    error_findings: int


class ModelPage(TypedDict):
    """Models, those with the most predictions first."""

    rows: list[ModelRow]
    total: int
    """How many models there are."""
    one_in: int
    """Of so many predictions one was looked at for labels, durations and answers; counts are of all of them."""


async def list_models(reader: Reader, *, project: str, time_range: TimeRange, filter: Filter) -> ModelPage:
    """Every model with predictions within the range and the filter."""
    selection = await select(reader, PREDICTIONS, project=project, time_range=time_range, filter=filter)
    ends = await ends_of(reader, selection)
    if ends is None:
        return ModelPage(rows=[], total=0, one_in=1)
    drawn, steps = ends["drawn"], steps_over(ends["drawn"], TREND_STEPS)
    start, end = ends["whole"].start, ends["whole"].end
    assert start is not None
    assert end is not None
    # Of everything there is nothing before.
    begins = start if time_range.start is None else max(0, start - (end - start))
    selection = replace(selection, time_range=replace(ends["whole"], start=begins))
    volumes = await model_volumes(reader, selection, start, steps, final=False)
    one_in = 1 if volumes.rows <= EXACT_ROWS else math.ceil(volumes.rows / SAMPLED_ROWS)
    glances = await model_glances(reader, selection, start, [each.model for each in volumes.models], one_in)
    if one_in == 1 or any(each.repeated for each in glances.values()):
        # Counting each once costs more than all the rest: only where some stand there twice, or there are few.
        volumes = await model_volumes(reader, selection, start, steps, final=True)
    wrong = await model_findings(
        reader, project, replace(ends["whole"], start=start), [each.model for each in volumes.models]
    )  # fmt: skip
    rows = [
        _row(
            each,
            glances[each.model, False],
            glances.get((each.model, True)),
            wrong.get(each.model),
            drawn,
            steps,
            begins < start,
        )
        for each in volumes.models
        if (each.model, False) in glances
    ]
    return ModelPage(rows=rows, total=volumes.total, one_in=one_in)


def _row(
    volume: ModelVolume, now: Glance, before: Glance | None, wrong: tuple[int, int] | None, drawn: TimeRange,
    steps: Steps, has_before: bool,
) -> ModelRow:  # fmt: skip
    assert drawn.start is not None
    assert drawn.end is not None
    seconds = max((drawn.end - drawn.start) / SECOND, 1e-9)
    coverage = now.labelled / now.seen if now.seen else 0.0
    return ModelRow(
        model=volume.model, predictions=volume.predictions, rate_per_s=volume.predictions / seconds,
        labelled=round(coverage * volume.predictions), label_coverage=coverage, label_delay_p50_s=now.delay_p50_s,
        label_delay_p95_s=now.delay_p95_s, flagged=volume.flagged, p50_ms=now.p50_ms, p95_ms=now.p95_ms,
        mean_score=now.mean_score, mean_output=now.mean_output, first_seen=format_time(volume.first_ns),
        last_seen=format_time(volume.last_ns), versions=list(volume.versions), trend=_trend(volume, drawn, steps),
        before=GlanceBefore(
            predictions=volume.before, rate_per_s=volume.before / seconds,
            label_coverage=before.labelled / before.seen if before and before.seen else None,
            p95_ms=before.p95_ms if before else None,
        ) if has_before else None,
        performance=performance_of(now, before), drift=drift_of(now, before),
        findings=None if wrong is None else wrong[0], error_findings=0 if wrong is None else wrong[1],
    )  # fmt: skip


def _trend(volume: ModelVolume, drawn: TimeRange, steps: Steps) -> RateTrend:
    assert drawn.start is not None
    assert drawn.end is not None
    # The range may begin or end within a step: a rate is over the part of it that was looked at.
    seconds = [(min(t + steps.step, drawn.end) - max(t, drawn.start)) / SECOND for t in steps.times()]
    return RateTrend(
        times=[format_time(at) for at in steps.times()], interval_ms=steps.step // MILLISECOND,
        rate_per_s=[volume.by_step.get(k, 0) / length if length > 0 else 0.0 for k, length in enumerate(seconds)],
    )  # fmt: skip


def performance_of(now: Glance, before: Glance | None) -> GlancePerformance | None:
    """By labels where enough have come, else by what scores promise; nothing where neither says anything."""
    told = _by_labels(now)
    if told is None:
        if not now.probable or now.expected is None or now.probable * 2 < now.seen:
            return None
        promised = before.expected if before and before.probable else None
        return GlancePerformance(
            measure="accuracy", estimated=True, value=now.expected, before=promised, change="unknown"
        )  # fmt: skip
    measure, value, error = told
    then = _by_labels(before) if before else None
    if then is None or then[0] != measure:
        return GlancePerformance(measure=measure, estimated=False, value=value, before=None, change="unknown")
    apart = value - then[1]
    sure = abs(apart) > _NORMAL_95 * math.hypot(error, then[2])
    better = (apart > 0) == (measure == "accuracy")
    return GlancePerformance(
        measure=measure, estimated=False, value=value, before=then[1],
        change=("better" if better else "worse") if sure else "same",
    )  # fmt: skip


def _by_labels(each: Glance) -> tuple[Measure, float, float] | None:
    """The measure, its value and its standard error."""
    if each.judged and each.right and each.label_kinds <= 50:
        share = each.right / each.judged
        return "accuracy", share, math.sqrt(share * (1 - share) / each.judged)
    if each.off_rows > 1 and each.off is not None and each.label_kinds not in (1, 2):
        return "mean_absolute_error", each.off, math.sqrt((each.off_variance or 0.0) / each.off_rows)
    return None


def drift_of(now: Glance, before: Glance | None) -> GlanceDrift:
    """Of what was said: a distance beyond the threshold, and beyond what so few predictions would show by chance."""
    if before is None or min(now.seen, before.seen) < ENOUGH:
        return GlanceDrift(verdict="not_enough_data", distance=None, threshold=THRESHOLD)
    then, said = before.said, now.said
    distance = jensen_shannon(then, said)
    drifted = distance > THRESHOLD and chi_squared(then, said).p < SURE
    return GlanceDrift(verdict="drift" if drifted else "no_drift", distance=distance, threshold=THRESHOLD)
