"""The drift report: what is said of every feature, and of all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tapetum_server.analysis.drift.answers import (
    DriftChunk,
    DriftFeature,
    DriftReport,
    DriftResult,
    DriftSide,
    DriftSlice,
    Effect,
)
from tapetum_server.analysis.drift.chunks import Chunk, Chunked, chunked, since
from tapetum_server.analysis.drift.identifiers import identifier
from tapetum_server.analysis.drift.measuring import (
    PRESENCE,
    Result,
    constant_thresholds,
    judged,
    measured,
    values_of,
)
from tapetum_server.analysis.drift.moved import moved_of
from tapetum_server.analysis.drift.pairing import pairs_of
from tapetum_server.analysis.drift.plans import Sides, counted_sides
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.analysis.drift.slices import Slice, slices_of
from tapetum_server.detectors.drift.counts import chi_squared
from tapetum_server.detectors.drift.values import standardised_difference
from tapetum_server.query import drift as query
from tapetum_server.query.frames import Frame
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import format_time


async def drift_report(reader: Reader, baseline: Frame, window: Frame, settings: DriftSettings) -> DriftReport:
    """How far each feature of `window` has drifted from `baseline`. Raises `QueryError` for a wrong question."""
    settings = settings.checked()
    pairs = pairs_of(baseline, window, settings)
    b_rows, w_rows = await asyncio.gather(query.row_count(reader, baseline), query.row_count(reader, window))
    sides = await counted_sides(reader, baseline, window, pairs.compared, settings.bins, b_rows)
    left_out = [*pairs.left_out]
    kept: list[Sides] = []
    for side in sides:
        reason = "" if side.plan.pair.name in settings.features else identifier(side)
        if reason:
            left_out.append((side.plan.pair.name, reason))
        else:
            kept.append(side)
    values = await values_of(reader, baseline, window, [side.plan for side in kept], settings)
    results = await asyncio.to_thread(lambda: [measured(side, values, settings) for side in kept])
    chunks: Chunked | None = None
    if settings.chunked:
        whole = {name: b for name, (b, _) in values.items() if b is not None}
        chunks = await chunked(reader, baseline, window, kept, whole, settings)
        thresholds = chunks.thresholds
    else:
        thresholds = constant_thresholds(len(kept), settings)
    verdicts = judged(results, thresholds, settings)
    features = [
        _feature(side, found, chunks.window[n] if chunks else [], settings)
        for n, (side, found) in enumerate(zip(kept, verdicts))
    ]
    if settings.slices:
        drifted = [side for side, feature in zip(kept, features) if feature["verdict"] == "drift"]
        limits = {(side.plan.pair.name, r.method): r.threshold for side, found in zip(kept, verdicts) for r in found}
        sliced = await slices_of(reader, baseline, window, drifted, limits, settings)
        for feature in features:
            feature["slices"] = [_slice(one) for one in sliced.get(feature["name"], [])]
    features.sort(key=lambda f: (f["verdict"] == "not_enough_data", -f["score"], f["name"]))
    return _report(features, left_out, pairs.new, (b_rows, w_rows), settings)


def _report(
    features: list[DriftFeature], left_out: Sequence[tuple[str, str]], new: Sequence[str], rows: tuple[int, int],
    settings: DriftSettings,
) -> DriftReport:  # fmt: skip
    drifted = sum(feature["verdict"] == "drift" for feature in features)
    told = sum(feature["verdict"] != "not_enough_data" for feature in features)
    share = drifted / told if told else 0.0
    return DriftReport(
        verdict="not_enough_data" if not told else "drift" if share > settings.drifted_share else "no_drift",
        drifted=drifted,
        compared=told,
        not_enough_data=len(features) - told,
        drifted_share=share,
        baseline_rows=rows[0],
        window_rows=rows[1],
        alpha=settings.alpha,
        correction=settings.correction,
        features=features,
        not_compared=[{"name": name, "reason": reason} for name, reason in left_out],
        new_columns=list(new),
    )


def _feature(side: Sides, results: Sequence[Result], chunks: Sequence[Chunk], settings: DriftSettings) -> DriftFeature:
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
        verdict="drift" if drift else "no_drift" if told else "not_enough_data",
        note=pair.note,
        importance=importance,
        score=severity * importance,
        results=[_result(r) for r in results],
        effect=_effect(side),
        baseline=_side(side.baseline),
        window=_side(side.window),
        moved=moved_of(side),
        since=_name(begun, settings) if begun is not None else None,
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
    value = chi_squared(side.plan.aligned(b), side.plan.aligned(w)).cramers_v
    return Effect(name="cramers_v", value=value)


def _side(counts: query.Counts) -> DriftSide:
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
        chunk=_name(chunk.group, settings), rows=chunk.rows, values=chunk.values,
        results=[_result(result) for result in chunk.results],
    )  # fmt: skip


def _name(group: query.Group, settings: DriftSettings) -> str:
    """A chunk as people know it: its first row and last, or when it begins."""
    assert isinstance(group, int)
    if settings.chunk_size is None:
        return format_time(group)
    return f"{group * settings.chunk_size}:{(group + 1) * settings.chunk_size - 1}"


def _slice(found: Slice) -> DriftSlice:
    return DriftSlice(
        column=found.column, value=found.value, baseline_rows=found.baseline_rows, window_rows=found.window_rows,
        result=_result(found.result),
    )  # fmt: skip
