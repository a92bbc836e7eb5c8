"""The drift report: what is said of every feature, and of all of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tapetum_server.analysis.drift.answers import DriftFeature, DriftReport
from tapetum_server.analysis.drift.attributions import logged_importance
from tapetum_server.analysis.drift.chunks import Chunked, chunk_times, chunked
from tapetum_server.analysis.drift.features import feature_of, slice_of, whole_report
from tapetum_server.analysis.drift.identifiers import without_identifiers
from tapetum_server.analysis.drift.measuring import constant_thresholds, judged, measured, values_of
from tapetum_server.analysis.drift.pairing import pairs_of
from tapetum_server.analysis.drift.plans import counted_sides
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.analysis.drift.slices import slices_of
from tapetum_server.analysis.drift.together import drift_together
from tapetum_server.analysis.drift.vectors import Frames
from tapetum_server.query import drift as query
from tapetum_server.query.drift_texts import described
from tapetum_server.query.frames import Frame
from tapetum_server.query.reader import Reader


def furthest_first(feature: DriftFeature) -> tuple[bool, float, str]:
    """What features are ranked by."""
    return feature["verdict"] == "not_enough_data", -feature["score"], feature["name"]


async def drift_report(reader: Reader, baseline: Frame, window: Frame, settings: DriftSettings) -> DriftReport:
    """How far each feature of `window` has drifted from `baseline`. Raises `QueryError` for a wrong question."""
    settings = settings.checked()
    b_rows, w_rows = await asyncio.gather(query.row_count(reader, baseline), query.row_count(reader, window))
    baseline, window = await described(reader, baseline, window, settings.texts, b_rows)
    if settings.attributions and not settings.importance:
        weights = await logged_importance(reader, baseline, window, settings.attributions)
        settings = replace(settings, importance=weights)
    pairs = pairs_of(baseline, window, settings)
    sides = await counted_sides(reader, baseline, window, pairs.compared, settings.bins, b_rows)
    kept, identifiers = without_identifiers(sides, settings.features)
    left_out = [*pairs.left_out, *identifiers]
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
        feature_of(side, found, chunks.window[n] if chunks else [], settings)
        for n, (side, found) in enumerate(zip(kept, verdicts))
    ]
    spans = await chunk_times(reader, window, settings)
    for chunk in (chunk for feature in features for chunk in feature["chunks"] if chunk["chunk"] in spans):
        chunk["first"], chunk["last"] = spans[chunk["chunk"]]
    if settings.slices:
        drifted = [side for side, feature in zip(kept, features) if feature["verdict"] == "drift"]
        limits = {(side.plan.pair.name, r.method): r.threshold for side, found in zip(kept, verdicts) for r in found}
        sliced = await slices_of(reader, baseline, window, drifted, limits, settings)
        for feature in features:
            feature["slices"] = [slice_of(one) for one in sliced.get(feature["name"], [])]
    features.sort(key=furthest_first)
    both = Frames(baseline, window, b_rows, w_rows)
    together = await drift_together(reader, both, [side.plan.pair for side in kept], settings)
    return whole_report(features, left_out, pairs.new, (b_rows, w_rows), together, settings)
