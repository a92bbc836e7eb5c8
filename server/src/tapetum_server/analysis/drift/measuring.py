"""How far each feature moved, by every method that was asked for, and how surely."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tapetum_server.analysis.drift.plans import Plan, Sides
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.detectors.drift.methods import Counted, DriftMethod, Measured, Sampled
from tapetum_server.detectors.drift.several import adjusted
from tapetum_server.detectors.drift.thresholds import ConstantThreshold
from tapetum_server.detectors.drift.values import SortedValues
from tapetum_server.detectors.drift.verdict import (
    MIN_PRESENCE_CHANGE,
    Verdict,
    presence_change,
    verdict_of,
)
from tapetum_server.query import drift as query
from tapetum_server.query.frames import Frame
from tapetum_server.query.reader import Reader

PRESENCE = "presence"
"""Beside the methods: whether values are missing, not a number or infinite as often as they were."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one method found of one feature."""

    method: str
    value: float
    p: float
    test: str
    threshold: float | None = None
    p_adjusted: float = 1.0
    verdict: Verdict = "not_enough_data"

    @property
    def severity(self) -> float:
        """The value as a multiple of its threshold."""
        return self.value / self.threshold if self.threshold else 0.0


Values = Mapping[str, tuple[SortedValues | None, SortedValues | None]]
"""By feature, its distinct values in the baseline and in the window."""


async def values_of(
    reader: Reader, baseline: Frame, window: Frame, plans: Iterable[Plan], settings: DriftSettings
) -> Values:
    """The sorted values of numeric features, where a method needs them."""
    if not any(method.over_values for method in settings.chosen):
        return {}
    found: dict[str, tuple[SortedValues | None, SortedValues | None]] = {}
    for plan in plans:
        if plan.edges is not None and plan.pair.window is not None:
            # One after the other: each may be as large as a column.
            b = await query.sorted_values(reader, baseline, plan.pair.baseline)
            w = await query.sorted_values(reader, window, plan.pair.window)
            found[plan.pair.name] = b.get(None), w.get(None)
    return found


def measured(sides: Sides, values: Values, settings: DriftSettings) -> list[Result]:
    """What each method that suits the feature says, and whether its values are there as often; no verdicts yet."""
    b, w = sides.baseline.presence, sides.window.presence
    results = []
    if min(b.rows, w.rows) >= settings.min_rows and sides.plan.pair.name not in settings.late:
        moved = presence_change(b, w)
        results.append(Result(PRESENCE, moved.change, moved.p, "chi-squared", MIN_PRESENCE_CHANGE))
    if min(b.values, w.values) < settings.min_rows:
        return results
    sampled = values.get(sides.plan.pair.name)
    for method in settings.chosen:
        if sides.plan.pair.kind in method.kinds:
            found = measure(method, sides.counted, sampled)
            if found is not None:
                results.append(Result(method.name, found.value, found.p, found.test))
    return results


def measure(
    method: DriftMethod, counts: Counted, sampled: tuple[SortedValues | None, SortedValues | None] | None
) -> Measured | None:
    """What the method says; `None` where it takes values that there are none of."""
    if method.over_counts is not None:
        return method.of_counts(counts)
    if sampled is None or sampled[0] is None or sampled[1] is None:
        return None
    return method.of_values(Sampled(sampled[0], sampled[1]))


def constant_threshold(method: DriftMethod, settings: DriftSettings) -> float | None:
    """The method's threshold, unless it comes from the baseline's variation."""
    if settings.threshold is None:
        return method.threshold
    return settings.threshold.value if isinstance(settings.threshold, ConstantThreshold) else None


def constant_thresholds(features: int, settings: DriftSettings) -> dict[tuple[int, str], float]:
    """By feature and method, the threshold that they all have; nothing where each gets one from its own variation."""
    limits = {method.name: constant_threshold(method, settings) for method in settings.chosen}
    return {(n, name): limit for n in range(features) for name, limit in limits.items() if limit is not None}


def judged(
    features: Sequence[Sequence[Result]], thresholds: Mapping[tuple[int, str], float], settings: DriftSettings
) -> list[list[Result]]:
    """Results with verdicts. The p-values of a method over all features are one family of tests."""
    families: dict[str, list[int]] = {}
    for n, results in enumerate(features):
        for result in results:
            families.setdefault(result.method, []).append(n)
    corrected: dict[tuple[int, str], float] = {}
    for method, members in families.items():
        p_values = [next(r.p for r in features[n] if r.method == method) for n in members]
        corrected |= {(n, method): p for n, p in zip(members, adjusted(p_values, settings.correction))}
    return [
        [_judged(one, thresholds.get((n, one.method)), corrected[n, one.method], settings) for one in results]
        for n, results in enumerate(features)
    ]


def _judged(result: Result, threshold: float | None, p_adjusted: float, settings: DriftSettings) -> Result:
    limit = result.threshold if result.threshold is not None else threshold
    if limit is None:
        return replace(result, p_adjusted=p_adjusted)
    verdict = verdict_of(result.value, limit, p_adjusted, settings.alpha)
    return replace(result, threshold=limit, p_adjusted=p_adjusted, verdict=verdict)
