"""Drift of explanations: whether the same features matter, and how much each does, where attributions are logged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tapetum_server.analysis.drift.answers import DriftTogether, Telling
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.detectors.drift.attribution import ndcg
from tapetum_server.detectors.drift.counts import shares
from tapetum_server.detectors.drift.verdict import Verdict
from tapetum_server.query.drift_samples import mean_sizes
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import Frame
from tapetum_server.query.reader import Reader

MIN_NDCG_LOSS = 0.1


def attributed(baseline: Frame, window: Frame, prefix: str) -> list[str]:
    """Columns of attributions that both sides have."""
    there = {column.name for column in window.columns}
    return [
        column.name
        for column in baseline.columns
        if column.name.startswith(prefix) and column.kind == "numeric" and column.name in there
    ]


async def logged_importance(reader: Reader, baseline: Frame, window: Frame, prefix: str) -> dict[str, float]:
    """How much each feature matters, by the mean size of its attributions on both sides: 1 is as much as on average.

    Nothing where fewer than two features have attributions.
    """
    names = attributed(baseline, window, prefix)
    if len(names) < 2:
        return {}
    b, w = await _shares(reader, baseline, names), await _shares(reader, window, names)
    return {name.removeprefix(prefix): float((x + y) / 2 * len(names)) for name, x, y in zip(names, b[0], w[0])}


async def of_attributions(reader: Reader, baseline: Frame, window: Frame, settings: DriftSettings) -> DriftTogether:
    """Whether the window ranks the features by their attributions as the baseline does. Raises `QueryError`."""
    prefix = settings.attributions
    names = attributed(baseline, window, prefix)
    if len(names) < 2:
        raise QueryError(
            f"fewer than two columns of numbers begin with {prefix!r}", code="no_attributions",
            hint="Attributions are columns of one prefix and the feature's name, such as shap_income.",
        )  # fmt: skip
    (before, b_rows), (now, w_rows) = (
        await _shares(reader, baseline, names),
        await _shares(reader, window, names),
    )
    value = 1 - ndcg([float(x) for x in before], [float(x) for x in now])
    moved = sorted(zip(names, now - before), key=lambda one: -abs(one[1]))[:5]
    verdict: Verdict = "not_enough_data" if min(b_rows, w_rows) < settings.min_rows else "no_drift"
    if verdict == "no_drift" and value > MIN_NDCG_LOSS:
        verdict = "drift"
    telling = [Telling(name=name.removeprefix(prefix), value=float(change)) for name, change in moved]
    listed = ", ".join(f"{one['name']} {one['value']:+.1%}" for one in telling[:3])
    return DriftTogether(
        method="ndcg", of=f"attributions {prefix}", value=value, threshold=MIN_NDCG_LOSS, p=None, verdict=verdict,
        says=f"the ranking of what matters lost {value:.3f} of its gain; shares moved most: {listed}",
        telling=telling, baseline_rows=b_rows, window_rows=w_rows,
    )  # fmt: skip


async def _shares(reader: Reader, frame: Frame, names: list[str]) -> tuple[NDArray[np.float64], int]:
    """Of all attributions the share of each column, and in how many rows it is told at least."""
    found = await mean_sizes(reader, frame, [frame.column(name) for name in names])
    return shares([mean for mean, _ in found]), min(count for _, count in found)
