"""Two versions of a model: side by side, on the same requests, and whether one is better by more than chance."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tapetum_server.analysis.performance.answers import MetricValue
from tapetum_server.analysis.performance.comparison_answers import (
    FlippedRequest,
    FlippedRequests,
    FlipTable,
    MetricComparison,
    Pairing,
    SliceComparison,
    VersionComparison,
    VersionSide,
)
from tapetum_server.analysis.performance.comparison_words import better, better_of, verdict
from tapetum_server.analysis.performance.measured import Measured, MeasuredSlice
from tapetum_server.analysis.performance.of_model import measured, metrics_of, sliceable
from tapetum_server.analysis.performance.paired_differences import OnPairs, on_pairs
from tapetum_server.analysis.performance.pairing import Paired, pair_up, readable
from tapetum_server.analysis.performance.tasks import Judged, judged_by
from tapetum_server.detectors.performance.differences import welch_difference
from tapetum_server.detectors.performance.paired import Difference
from tapetum_server.query.frames import Frame
from tapetum_server.query.paired_versions import flipped_pairs
from tapetum_server.query.prediction_outcomes import Outcomes, outcomes
from tapetum_server.query.prediction_sets import with_sets
from tapetum_server.query.reader import Reader
from tapetum_server.query.slicing import SliceSpec
from tapetum_server.query.version_sides import SideMeasures, side_measures

SHOWN_SLICES = 50


@dataclass(frozen=True, slots=True)
class Side:
    """The predictions of one of the two."""

    version: str
    frame: Frame


async def compare_versions(
    reader: Reader, champion: Side, challenger: Side, *, pair_by: str = "", slice_by: str = "", positive: str = ""
) -> VersionComparison:
    """Raises `QueryError` for a key, a column or a positive label that is not there."""
    told = [await outcomes(reader, side.frame) for side in (champion, challenger)]
    judged, why = _judged(told, positive)
    paired = await pair_up(reader, champion.frame, challenger.frame, told, judged, pair_by)
    found = await on_pairs(reader, paired) if paired.frame is not None else OnPairs()
    metrics: list[MetricComparison] = []
    slices: list[SliceComparison] = []
    if judged.task is not None:
        metrics = await _metrics(reader, champion, challenger, judged, found)
        if slice_by:
            slices = await _slices(reader, champion, challenger, judged, slice_by)
    report = VersionComparison(
        verdict="", better="", task=judged.task or "unknown", why=why,
        champion=_side(champion, told[0], await side_measures(reader, champion.frame)),
        challenger=_side(challenger, told[1], await side_measures(reader, challenger.frame)),
        metrics=metrics,
        pairing=Pairing(
            by=paired.by, tried=list(paired.tried), pairs=found.pairs, labelled=found.labelled, one_in=paired.one_in
        ),
        flips=_flips(found, paired), apart=found.apart, sliced_by=slice_by if slices else "",
        slices=slices[:SHOWN_SLICES], more_slices=max(0, len(slices) - SHOWN_SLICES),
        slice_columns=sorted({*sliceable(champion.frame)} & {*sliceable(challenger.frame)} - {"version"}),
    )  # fmt: skip
    report["better"] = better_of(report)
    report["verdict"] = verdict(report)
    return report


async def flipped_requests(
    reader: Reader, champion: Side, challenger: Side, *, pair_by: str = "", positive: str = "", said: str = "",
    says: str = "", right: str = "", limit: int = 50,
) -> FlippedRequests:  # fmt: skip
    """Requests that the two answered otherwise: those that the champion `said` so and the challenger `says` so."""
    told = [await outcomes(reader, side.frame) for side in (champion, challenger)]
    judged, _ = _judged(told, positive)
    paired = await pair_up(reader, champion.frame, challenger.frame, told, judged, pair_by)
    if paired.frame is None:
        return FlippedRequests(by="", rows=[])
    names = readable(paired.answers)
    inner = {name: key for key, name in names.items()}
    rows = await flipped_pairs(
        reader, paired.frame, champion=inner.get(said, said), challenger=inner.get(says, says), right=right, limit=limit
    )
    return FlippedRequests(
        by=paired.by,
        rows=[
            FlippedRequest(
                key=row.key, champion_id=row.champion_id, challenger_id=row.challenger_id,
                champion=names.get(row.champion, row.champion), challenger=names.get(row.challenger, row.challenger),
                champion_score=row.champion_score, challenger_score=row.challenger_score,
                label=names.get(row.truth, row.truth), right=_right(row.champion, row.challenger, row.truth),
            )
            for row in rows
        ],
    )  # fmt: skip


def _judged(told: list[Outcomes], positive: str) -> tuple[Judged, str]:
    """How both are judged, and why they cannot be."""
    one, other = (judged_by(each, positive) for each in told)
    if one.task is None or other.task is None:
        known = one if one.task is not None else other
        # Without labels of one side there is nothing to hold against each other but answers.
        missing = one if one.task is None else other
        return Judged(None, known.label, known.prediction, known.positive, missing.why, known.negative), missing.why
    if one.task != other.task:
        why = f"The champion answers as {one.task}, the challenger as {other.task}: their metrics are not the same."
        return Judged(None, why=why), why
    if one.positive != other.positive:
        return judged_by(told[0], one.positive), ""
    return one, ""


def _side(side: Side, told: Outcomes, measures: SideMeasures) -> VersionSide:
    return VersionSide(
        version=side.version, rows=told.rows, labelled=told.labelled,
        coverage=told.labelled / told.rows if told.rows else 0.0, p50_ms=measures.p50_ms, p95_ms=measures.p95_ms,
        mean_score=measures.mean_score, mean_output=measures.mean_output,
    )  # fmt: skip


async def _metrics(
    reader: Reader, champion: Side, challenger: Side, judged: Judged, found: OnPairs
) -> list[MetricComparison]:
    names = metrics_of(judged)
    (one,) = await measured(reader, _rows(champion, judged), judged, names, [SliceSpec()], intervals=True)
    (other,) = await measured(reader, _rows(challenger, judged), judged, names, [SliceSpec()], intervals=True)
    return [_compared(name, one, other, found.differences.get(name)) for name in names]


def _compared(name: str, one: MeasuredSlice, other: MeasuredSlice, paired: Difference | None) -> MetricComparison:
    a, b = one.metrics[name], other.metrics[name]
    apart = paired or welch_difference(name, _interval(a), _interval(b), one.labelled, other.labelled)
    return MetricComparison(
        name=name, champion=_value(name, a), challenger=_value(name, b), difference=_number(apart.difference),
        lower=_number(apart.lower), upper=_number(apart.upper), p=_number(apart.p_value),
        test=apart.method if math.isfinite(apart.p_value) else "", paired=paired is not None,
        better=better(name, apart.difference, apart.p_value, min(one.labelled, other.labelled)),
    )  # fmt: skip


async def _slices(
    reader: Reader, champion: Side, challenger: Side, judged: Judged, slice_by: str
) -> list[SliceComparison]:
    name = metrics_of(judged)[0]
    sides = []
    for side in (champion, challenger):
        sliced = await measured(
            reader, _rows(side, judged), judged, [name], [SliceSpec((slice_by,))], intervals=True
        )  # fmt: skip
        sides.append({str(one.key): one for one in sliced})
    found = []
    for key in {**sides[0], **sides[1]}:
        one, other = sides[0].get(key), sides[1].get(key)
        known = one or other
        assert known is not None
        apart = _apart(name, one, other)
        found.append(
            SliceComparison(
                value=known.key.values[0][1], champion_rows=one.rows if one else 0,
                challenger_rows=other.rows if other else 0,
                champion=_number(one.metrics[name].value) if one else None,
                challenger=_number(other.metrics[name].value) if other else None,
                difference=_number(apart.difference) if apart else None,
                lower=_number(apart.lower) if apart else None, upper=_number(apart.upper) if apart else None,
                better=better(name, apart.difference, apart.p_value, min(one.labelled, other.labelled))
                if apart and one and other else "",
            )
        )  # fmt: skip
    # Clear differences first, the largest first; then by how many rows there are.
    found.sort(key=lambda each: (not each["better"], -abs(each["difference"] or 0) if each["better"] else 0,
                                 -each["champion_rows"] - each["challenger_rows"]))  # fmt: skip
    return found


def _apart(name: str, one: MeasuredSlice | None, other: MeasuredSlice | None) -> Difference | None:
    if one is None or other is None:
        return None
    a, b = _interval(one.metrics[name]), _interval(other.metrics[name])
    return welch_difference(name, a, b, one.labelled, other.labelled)


def _rows(side: Side, judged: Judged) -> Frame:
    return with_sets(side.frame) if judged.task == "multilabel" else side.frame


def _flips(found: OnPairs, paired: Paired) -> FlipTable | None:
    flips = found.flips
    if flips is None:
        return None
    names = readable(paired.answers)
    return FlipTable(
        classes=[names.get(name, name) for name in flips.classes], matrix=flips.matrix.tolist(), flipped=flips.flipped,
        fixed=flips.fixed, broken=flips.broken, wrong_both=flips.wrong_both, unknown=flips.unknown,
    )  # fmt: skip


def _right(champion: str, challenger: str, truth: str) -> str:
    if not truth:
        return ""
    return "champion" if champion == truth else "challenger" if challenger == truth else "neither"


def _interval(each: Measured) -> tuple[float, float, float]:
    return each.value, each.lower, each.upper


def _value(name: str, each: Measured) -> MetricValue:
    return MetricValue(
        name=name, value=_number(each.value), lower=_number(each.lower), upper=_number(each.upper)
    )  # fmt: skip


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
