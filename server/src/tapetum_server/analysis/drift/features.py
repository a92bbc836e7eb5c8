"""What was found of a feature, and of all of them, as the report says it."""

from __future__ import annotations

from collections.abc import Sequence

from tapetum_server.analysis.drift.answers import (
    DriftChunk,
    DriftFeature,
    DriftReport,
    DriftResult,
    DriftSide,
    DriftSlice,
    DriftTogether,
    Effect,
    Way,
)
from tapetum_server.analysis.drift.chunks import Chunk, chunk_name, since
from tapetum_server.analysis.drift.measuring import PRESENCE, Result
from tapetum_server.analysis.drift.moved import bars_of, moved_of
from tapetum_server.analysis.drift.plans import Sides
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.analysis.drift.slices import Slice
from tapetum_server.detectors.drift.values import standardised_difference
from tapetum_server.query import drift as query


def whole_report(
    features: list[DriftFeature], left_out: Sequence[tuple[str, str]], new: Sequence[str], rows: tuple[int, int],
    together: Sequence[DriftTogether], settings: DriftSettings,
) -> DriftReport:  # fmt: skip
    """The verdict on all features, over what is said of each; `rows` are those of the baseline and of the window."""
    drifted = sum(feature["verdict"] == "drift" for feature in features)
    told = sum(feature["verdict"] != "not_enough_data" for feature in features)
    share = drifted / told if told else 0.0
    verdicts = {one["verdict"] for one in together}
    moved = share > settings.drifted_share or "drift" in verdicts
    return DriftReport(
        verdict="drift" if moved else "no_drift" if told or "no_drift" in verdicts else "not_enough_data",
        drifted=drifted,
        compared=told,
        not_enough_data=len(features) - told,
        drifted_share=share,
        baseline_rows=rows[0],
        window_rows=rows[1],
        alpha=settings.alpha,
        correction=settings.correction,
        features=features,
        together=list(together),
        not_compared=[{"name": name, "reason": reason} for name, reason in left_out],
        new_columns=list(new),
    )


def feature_of(
    side: Sides, results: Sequence[Result], chunks: Sequence[Chunk], settings: DriftSettings, way: Way = "exact"
) -> DriftFeature:
    """What is said of one feature; its slices are added where they are asked for."""
    pair = side.plan.pair
    begun = since(chunks)
    importance = settings.importance.get(pair.name, 1.0)
    # Presence has a verdict with rows alone: it says nothing of values of which there are too few.
    told = [r for r in results if r.verdict != "not_enough_data" and (r.method != PRESENCE or r.verdict == "drift")]
    # What is told first is what ranks: the first method, or a presence that drifted further.
    severity = max((r.severity for r in told), default=0.0)
    drift = begun is not None or any(r.verdict == "drift" for r in told)
    return DriftFeature(
        name=pair.name,
        kind=pair.kind,
        way=way,
        of_text=settings.described.get(pair.name, ""),
        verdict="drift" if drift else "no_drift" if told else "not_enough_data",
        note=pair.note,
        importance=importance,
        score=severity * importance,
        results=[_result(r) for r in results],
        effect=_effect(side),
        baseline=side_of(side.baseline),
        window=side_of(side.window),
        bars=bars_of(side),
        moved=[one for one in moved_of(side) if one["kind"] != "presence" or pair.name not in settings.late],
        others_than=[] if side.plan.complete else list(side.plan.values),
        since=chunk_name(begun, settings) if begun is not None else None,
        chunks=[_chunk(chunk, settings) for chunk in chunks],
        slices=[],
    )


def _effect(side: Sides) -> Effect | None:
    b, w = side.baseline, side.window
    if not b.presence.values or not w.presence.values:
        return None
    if isinstance(b, query.NumericCounts) and isinstance(w, query.NumericCounts):
        if not b.std and not w.std and b.mean != w.mean:
            return None  # two constants lie infinitely many deviations apart
        sizes = (b.mean or 0.0, b.std or 0.0, b.presence.values, w.mean or 0.0, w.std or 0.0, w.presence.values)
        return Effect(name="cohens_d", value=standardised_difference(*sizes))
    return Effect(name="cramers_v", value=side.counted.chi_squared.cramers_v)


def side_of(counts: query.Counts) -> DriftSide:
    """One side in numbers."""
    presence = counts.presence
    numeric = counts if isinstance(counts, query.NumericCounts) else None
    return DriftSide(
        rows=presence.rows,
        values=presence.values,
        missing=presence.missing,
        nan=presence.nan,
        infinite=presence.positive_infinity + presence.negative_infinity,
        mean=numeric.mean if numeric else None,
        std=numeric.std if numeric else None,
        min=numeric.least if numeric else None,
        max=numeric.greatest if numeric else None,
    )


def _result(result: Result) -> DriftResult:
    return DriftResult(
        method=result.method, value=result.value, threshold=result.threshold, p=result.p, p_adjusted=result.p_adjusted,
        test=result.test, verdict=result.verdict,
    )  # fmt: skip


def _chunk(chunk: Chunk, settings: DriftSettings) -> DriftChunk:
    return DriftChunk(
        chunk=chunk_name(chunk.group, settings), first=None, last=None, rows=chunk.rows, values=chunk.values,
        results=[_result(result) for result in chunk.results],
    )  # fmt: skip


def slice_of(found: Slice) -> DriftSlice:
    """One slice."""
    return DriftSlice(
        column=found.column, value=found.value, baseline_rows=found.baseline_rows, window_rows=found.window_rows,
        result=_result(found.result),
    )  # fmt: skip
