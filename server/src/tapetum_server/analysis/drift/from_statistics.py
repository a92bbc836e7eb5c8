"""Drift from statistics that are kept, such as those of the training data, where their rows are no longer at hand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from tapetum_server.analysis.drift.answers import DriftReport
from tapetum_server.analysis.drift.attributions import logged_importance
from tapetum_server.analysis.drift.chunks import chunked
from tapetum_server.analysis.drift.features import feature_of, whole_report
from tapetum_server.analysis.drift.identifiers import without_identifiers
from tapetum_server.analysis.drift.measuring import constant_thresholds, judged, measured
from tapetum_server.analysis.drift.pairing import NOT_COMPARED, Pair
from tapetum_server.analysis.drift.plans import Plan, Sides, count_side, with_values
from tapetum_server.analysis.drift.report import furthest_first
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.analysis.drift.state_counts import counts_of, kept_edges
from tapetum_server.detectors.drift.methods import Kind as MethodKind
from tapetum_server.detectors.drift.thresholds import VariationThreshold
from tapetum_server.detectors.feature_statistics.histograms import points_of
from tapetum_server.query import drift as query
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import Frame, FrameColumn, Kind
from tapetum_server.query.reader import Reader
from tapetum_server.signals.feature_statistics import DatasetStatistics, FeatureStatistics


async def drift_from_statistics(
    reader: Reader, baseline: DatasetStatistics, window: Frame, settings: DriftSettings
) -> DriftReport:
    """How far each feature of `window` has drifted from what these statistics say of it.

    Counts alone are known of the baseline. Raises `QueryError` for what takes its rows.
    """
    settings = _answerable(settings.checked())
    known = {feature.feature: with_points(feature) for feature in baseline.features}
    pairs, left_out = _pairs(known, window, settings)
    w_rows = await query.row_count(reader, window)
    sides = await _counted(reader, known, baseline.rows, window, pairs, settings)
    kept, identifiers = without_identifiers(sides, settings.features)
    if settings.attributions and not settings.importance:
        weights = await logged_importance(reader, window, window, settings.attributions)
        settings = replace(settings, importance=weights)
    results = await asyncio.to_thread(lambda: [measured(side, {}, settings) for side in kept])
    thresholds = constant_thresholds(len(kept), settings)
    chunks = await chunked(reader, window, window, kept, {}, settings) if settings.chunked else None
    features = [
        feature_of(side, found, chunks.window[n] if chunks else [], settings, "from states")
        for n, (side, found) in enumerate(zip(kept, judged(results, thresholds, settings)))
    ]
    features.sort(key=furthest_first)
    return whole_report(features, [*left_out, *identifiers], (), (baseline.rows, w_rows), (), settings)


def _answerable(settings: DriftSettings) -> DriftSettings:
    for asked, what, field in (
        (any(method.over_counts is None for method in settings.chosen), "this method", "method"),
        (isinstance(settings.threshold, VariationThreshold), "a threshold from the baseline's variation", "deviations"),
        (bool(settings.slices), "a slice", "slice"),
    ):
        if asked:
            raise QueryError(
                f"{what} takes the rows of the baseline, of which only statistics are kept", code="no_rows",
                field=field, hint="Leave it out, or hold these predictions against others.",
            )  # fmt: skip
    return settings


def _pairs(
    known: dict[str, FeatureStatistics], window: Frame, settings: DriftSettings
) -> tuple[list[Pair], list[tuple[str, str]]]:
    pairs: list[Pair] = []
    left_out: list[tuple[str, str]] = []
    for name in settings.features:
        window.column(name)
    explains = settings.attributions or "\0"
    for column in window.columns:
        asked = not settings.features or column.name in settings.features
        if not asked or column.name in settings.ignore or column.name.startswith(explains):
            continue
        feature = known.get(column.name)
        reason = _reason(column, feature)
        if reason or feature is None:
            left_out.append((column.name, reason))
            continue
        kind: MethodKind = "numeric" if column.kind == "numeric" else "categorical"
        told: Kind = "numeric" if feature.numeric is not None and feature.kind != "boolean" else "categorical"
        pairs.append(Pair(column.name, kind, FrameColumn(column.name, told, "", feature.type == "INT"), column))
    names = {column.name for column in window.columns}
    left_out += [(name, "no prediction has it") for name in known if name not in names and not settings.features]
    return pairs, left_out


def _reason(column: FrameColumn, feature: FeatureStatistics | None) -> str:
    """Why this column is not compared; "" where it is."""
    if column.kind in NOT_COMPARED:
        return NOT_COMPARED[column.kind]
    if feature is None:
        return "the data set has no such feature"
    if feature.counts.most > 1:
        return "lists in the data set, single values in predictions"
    numbers = feature.numeric is not None and feature.kind != "boolean"
    if numbers != (column.kind == "numeric"):
        return f"{feature.type} in the data set, {column.kind} in predictions"
    if feature.numeric is not None and numbers and feature.numeric.spread_untold:
        return "the data set tells no distribution of it"
    return ""


async def _counted(
    reader: Reader, known: dict[str, FeatureStatistics], rows: int, window: Frame, pairs: Sequence[Pair],
    settings: DriftSettings,
) -> list[Sides]:  # fmt: skip
    edges = [kept_edges(known[pair.name].numeric, settings.bins) if pair.kind == "numeric" else None for pair in pairs]
    plans = [Plan(pair, between, (), True) for pair, between in zip(pairs, edges)]
    baseline = [counts_of(plan, known, rows) for plan in plans]
    counted = (await count_side(reader, window, plans, "window", None))[None]
    plans = [with_values(Sides(plan, b, w)) for plan, b, w in zip(plans, baseline, counted)]
    again = [n for n, plan in enumerate(plans) if not plan.complete]
    if again:
        recounted = (await count_side(reader, window, [plans[n] for n in again], "window", None))[None]
        for n, counts in zip(again, recounted):
            counted[n] = counts
    return [Sides(plan, b, w) for plan, b, w in zip(plans, baseline, counted)]


def with_points(feature: FeatureStatistics) -> FeatureStatistics:
    """With values at equal steps of rank: of what others wrote, between the edges of its quantiles or histogram."""
    numeric = feature.numeric
    if numeric is None or numeric.points:
        return feature
    return replace(feature, numeric=replace(numeric, points=points_of(numeric)))
