"""Which values or bins of a feature moved."""

from __future__ import annotations

import numpy as np
from typing_extensions import TypedDict

from tapetum_server.analysis.drift.plans import Sides
from tapetum_server.detectors.drift.verdict import Presence

SHOWN = 5
BARS = 12
"""Values of a feature that are drawn."""
LEAST = 0.001
"""Changes of a share that are too small to mention."""
_PRESENCE = ("", "missing", "NaN", "+infinity", "-infinity")


class Moved(TypedDict):
    """A value or bin whose share changed. Values are shares of the values; what is missing is a share of the rows."""

    what: str
    kind: str
    baseline_share: float
    window_share: float
    change: float


class Bar(TypedDict):
    """A bin or value of the whole distribution, as it is drawn: shares of the values of either side."""

    what: str
    baseline_share: float
    window_share: float


def bars_of(sides: Sides) -> list[Bar]:
    """Every bin in its order, or the most frequent values; none where a side has no values."""
    plan = sides.plan
    if not sides.window.presence.values or not sides.baseline.presence.values:
        return []
    b, w = sides.counted.shares
    drawn = np.arange(len(b)) if plan.edges is not None else np.argsort(-np.maximum(b, w), kind="stable")[:BARS]
    told = zip(drawn.tolist(), b[drawn].tolist(), w[drawn].tolist())
    return [Bar(what=plan.labels[n], baseline_share=before, window_share=now) for n, before, now in told]


def moved_of(sides: Sides) -> list[Moved]:
    """The largest changes first."""
    plan = sides.plan
    kind = "bin" if plan.edges is not None else "value"
    found: list[Moved] = []
    if sides.window.presence.values and sides.baseline.presence.values:
        b, w = sides.counted.shares
        change = np.abs(w - b)
        far = np.flatnonzero(change >= LEAST)
        if len(far) > SHOWN:
            # Of equal ones all are looked at: their names say which comes first.
            far = far[change[far] >= np.partition(change[far], -SHOWN)[-SHOWN]]
        found = [_moved(plan.labels[n], kind, float(b[n]), float(w[n])) for n in far]
    found += [
        _moved(name, "presence", x, y)
        for name, x, y in zip(_PRESENCE, _shares(sides.baseline.presence), _shares(sides.window.presence))
        if name
    ]
    found = [one for one in found if abs(one["change"]) >= LEAST]
    return sorted(found, key=lambda one: (-abs(one["change"]), one["what"]))[:SHOWN]


def _shares(presence: Presence) -> list[float]:
    return [count / presence.rows if presence.rows else 0.0 for count in presence.counts]


def _moved(what: str, kind: str, baseline: float, window: float) -> Moved:
    return Moved(what=what, kind=kind, baseline_share=baseline, window_share=window, change=window - baseline)
