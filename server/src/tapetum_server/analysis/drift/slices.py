"""In which slices a feature drifted: each value of a column on both sides, counted in one statement a side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tapetum_server.analysis.drift.measuring import Result
from tapetum_server.analysis.drift.plans import Sides, count_side
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.detectors.drift.methods import METHODS, Counted, DriftMethod
from tapetum_server.detectors.drift.several import adjusted
from tapetum_server.detectors.drift.verdict import verdict_of
from tapetum_server.query import drift as query
from tapetum_server.query import drift_groups as groups
from tapetum_server.query.frames import Frame
from tapetum_server.query.reader import Reader

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Slice:
    """How far a feature moved among the rows with one value of a column."""

    column: str
    value: str
    baseline_rows: int
    window_rows: int
    result: Result


async def slices_of(
    reader: Reader, baseline: Frame, window: Frame, sides: Sequence[Sides],
    limits: Mapping[tuple[str, str], float | None], settings: DriftSettings,
) -> dict[str, list[Slice]]:  # fmt: skip
    """Of each feature the slices in which it moved furthest, over all columns that are asked about.

    `limits` are the thresholds of the features' methods; a method that takes every value gives way to one over counts.
    """
    method = next((m for m in settings.chosen if m.over_counts is not None), METHODS[0])
    found: dict[str, list[Slice]] = {side.plan.pair.name: [] for side in sides}
    for name in settings.slices:
        asked = [side for side in sides if side.plan.pair.name != name]
        if not asked:
            continue
        plans = [side.plan for side in asked]
        b = await count_side(reader, baseline, plans, "baseline", groups.slices_by(baseline.column(name)))
        w = await count_side(reader, window, plans, "window", groups.slices_by(window.column(name)))
        for n, side in enumerate(asked):
            found[side.plan.pair.name] += [
                slice_
                for group in w
                if group in b
                and (slice_ := _slice(side, (name, str(group)), b[group][n], w[group][n], method, limits, settings))
            ]
    return {name: _judged(slices, settings) for name, slices in found.items()}


def _slice(
    side: Sides, place: tuple[str, str], baseline: query.Counts, window: query.Counts, method: DriftMethod,
    limits: Mapping[tuple[str, str], float | None], settings: DriftSettings,
) -> Slice | None:  # fmt: skip
    if min(baseline.presence.values, window.presence.values) < settings.min_rows:
        return None
    found = method.of_counts(Counted(side.plan.aligned(baseline), side.plan.aligned(window)))
    limit = limits.get((side.plan.pair.name, method.name)) or method.threshold
    result = Result(method.name, found.value, found.p, found.test, limit)
    return Slice(*place, baseline.presence.values, window.presence.values, result)


def _judged(slices: Sequence[Slice], settings: DriftSettings) -> list[Slice]:
    judged = []
    for slice_, p in zip(slices, adjusted([s.result.p for s in slices], settings.correction)):
        result = slice_.result
        assert result.threshold is not None
        verdict = verdict_of(result.value, result.threshold, p, settings.alpha)
        judged.append(replace(slice_, result=replace(result, p_adjusted=p, verdict=verdict)))
    return sorted(judged, key=lambda s: (-s.result.value, s.column, s.value))[:SHOWN]
