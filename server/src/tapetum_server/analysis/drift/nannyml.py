"""The drift report by NannyML's definitions: every chunk by every method, alerts and thresholds as NannyML has them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tapetum_server.analysis.drift.answers import DriftChunk, DriftFeature, DriftReport, DriftResult
from tapetum_server.analysis.drift.chunks import chunk_name, chunks_by
from tapetum_server.analysis.drift.features import side_of, whole_report
from tapetum_server.analysis.drift.pairing import Pair, pairs_of
from tapetum_server.analysis.drift.plans import Plan, count_side
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.detectors.drift import nannyml
from tapetum_server.query import drift as query
from tapetum_server.query import drift_groups as groups
from tapetum_server.query.frames import Frame
from tapetum_server.query.reader import Reader

METHODS = ("jensen_shannon", "hellinger", "kolmogorov_smirnov", "wasserstein", "chi2", "l_infinity")
"""NannyML's names, in the order of the table; the first two suit every feature."""
_MANY = "it has more values than are counted one by one"


@dataclass(frozen=True, slots=True)
class _Chunk:
    group: groups.Group
    values: float
    measured: Mapping[str, float]
    p: float | None
    """Of chi-squared; the others have none."""


async def nannyml_report(reader: Reader, baseline: Frame, window: Frame, settings: DriftSettings) -> DriftReport:
    """How each chunk of `window` differs from `baseline`, by NannyML's univariate methods."""
    settings = settings.checked()
    pairs = pairs_of(baseline, window, settings)
    # Whole sides are counted over no bins: NannyML makes its own from the values.
    plans = [Plan(pair, () if pair.kind == "numeric" else None, (), True) for pair in pairs.compared]
    whole = (await count_side(reader, baseline, plans, "baseline", None))[None]
    now = (await count_side(reader, window, plans, "window", None))[None]
    by_b, by_w = chunks_by(baseline, settings), chunks_by(window, settings)
    named = [plan for plan in plans if plan.pair.kind == "categorical"]
    chunks_b = await count_side(reader, baseline, named, "baseline", by_b)
    chunks_w = await count_side(reader, window, named, "window", by_w)
    features, left_out = [], list(pairs.left_out)
    for plan, b, w in zip(plans, whole, now):
        pair = plan.pair
        own: list[_Chunk] | None
        if min(b.presence.values, w.presence.values) < settings.min_rows:
            own, found = [], []
        elif isinstance(b, query.CategoricalCounts):
            n = named.index(plan)
            own = _categorical(b, {g: counts[n] for g, counts in chunks_b.items()})
            found = _categorical(b, {g: counts[n] for g, counts in chunks_w.items()}) or []
        else:
            own, found = await _continuous(reader, (baseline, window), pair, (by_b, by_w))
        if own is None:
            left_out.append((pair.name, _MANY))
        else:
            features.append(_feature(plan, (b, w), own, found, settings))
    features.sort(key=lambda f: (f["verdict"] == "not_enough_data", -f["score"], f["name"]))
    rows = (await query.row_count(reader, baseline), await query.row_count(reader, window))
    return whole_report(features, left_out, pairs.new, rows, (), settings)


def _categorical(baseline: query.CategoricalCounts, chunks: Mapping[groups.Group, query.Counts]) -> list[_Chunk] | None:
    if not baseline.complete:
        return None
    calculator = nannyml.Categorical(baseline.values)
    found = []
    for group, counts in chunks.items():
        assert isinstance(counts, query.CategoricalCounts)
        if counts.presence.values:
            measured, p = calculator.measure(counts.values), calculator.p(counts.values)
            found.append(_Chunk(group, counts.presence.values, measured, p))
    return found


async def _continuous(
    reader: Reader, frames: tuple[Frame, Frame], pair: Pair, by: tuple[groups.By, groups.By]
) -> tuple[list[_Chunk], list[_Chunk]]:
    assert pair.window is not None
    whole = (await query.sorted_values(reader, frames[0], pair.baseline))[None]
    calculator = nannyml.Continuous(whole)
    own = await query.sorted_values(reader, frames[0], pair.baseline, by[0])
    now = await query.sorted_values(reader, frames[1], pair.window, by[1])

    def measured(chunks: Mapping[groups.Group, Any]) -> list[_Chunk]:
        return [_Chunk(group, chunk.size, calculator.measure(chunk), None) for group, chunk in chunks.items()]

    return await asyncio.to_thread(measured, own), await asyncio.to_thread(measured, now)


def _feature(
    plan: Plan, sides: tuple[query.Counts, query.Counts], own: Sequence[_Chunk], found: Sequence[_Chunk],
    settings: DriftSettings,
) -> DriftFeature:  # fmt: skip
    names = [name for name in METHODS if found and name in found[0].measured]
    limits = {name: nannyml.threshold(name, [chunk.measured[name] for chunk in own]) for name in names}
    chunks = [
        DriftChunk(
            chunk=chunk_name(chunk.group, settings), first=None, last=None, rows=int(chunk.values),
            values=int(chunk.values), results=[_result(name, chunk, limits[name]) for name in names],
        )
        for chunk in found
    ]  # fmt: skip
    alerts = {name: sum(chunk["results"][n]["verdict"] == "drift" for chunk in chunks) for n, name in enumerate(names)}
    most = max(alerts.values(), default=0)
    importance = settings.importance.get(plan.pair.name, 1.0)
    return DriftFeature(
        name=plan.pair.name, kind=plan.pair.kind, way="exact", of_text="",
        verdict="not_enough_data" if not chunks else "drift" if most * 2 > len(chunks) else "no_drift",
        note=plan.pair.note, importance=importance,
        score=importance * most / len(chunks) if chunks else 0.0,
        results=chunks[-1]["results"] if chunks else [],
        effect=None, baseline=side_of(sides[0]), window=side_of(sides[1]), bars=[], moved=[], others_than=[],
        since=None, chunks=chunks, slices=[],
    )  # fmt: skip


def _result(name: str, chunk: _Chunk, limit: float | None) -> DriftResult:
    value = chunk.measured[name]
    p = chunk.p if name == "chi2" else None
    alert = p < nannyml.CHI_SQUARED_P if p is not None else limit is not None and value > limit
    return DriftResult(
        method=name, value=value, threshold=limit, p=p, p_adjusted=p, test="chi-squared" if p is not None else "",
        verdict="drift" if alert else "no_drift",
    )  # fmt: skip
