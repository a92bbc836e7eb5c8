"""What follows from scores at other thresholds, what answers are worth, and how differently groups are treated."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tapetum_server.analysis.performance.answers import GroupGap, ThresholdTable
from tapetum_server.analysis.performance.measured import MeasuredSlice
from tapetum_server.detectors.performance.costs import CostMatrix, business_value
from tapetum_server.detectors.performance.counts import Confusion
from tapetum_server.detectors.performance.fairness import DISPARATE_IMPACT, fairness_gaps
from tapetum_server.query.errors import QueryError


def costs_of(text: str) -> CostMatrix | None:
    """What a true and a false positive, a true and a false negative is worth; `None` for "". Raises `QueryError`."""
    if not text:
        return None
    try:
        one, two, three, four = (float(each) for each in text.split(","))
    except ValueError:
        raise QueryError(
            f"{text[:80]!r} is not four numbers", field="costs",
            hint="What a true positive, a false positive, a true negative and a false negative is worth: 5,-2,0,-9.",
        ) from None  # fmt: skip
    if not np.isfinite([one, two, three, four]).all():
        raise QueryError("costs are finite numbers", field="costs")
    return CostMatrix(one, two, three, four)


def threshold_values(table: Mapping[str, Sequence[float]], costs: CostMatrix | None) -> ThresholdTable:
    """The counts at each threshold, with what they are worth and the threshold that is worth most."""
    thresholds = [float(each) for each in table["thresholds"]]
    tp, fp, tn, fn = ([float(each) for each in table[name]] for name in ("tp", "fp", "tn", "fn"))
    found = ThresholdTable(thresholds=thresholds, tp=tp, fp=fp, tn=tn, fn=fn, values=[], best=None)
    if costs is not None:
        worth = [business_value(Confusion(*each), costs) for each in zip(tp, fp, tn, fn)]
        found["values"], found["best"] = worth, thresholds[int(np.argmax(worth))]
    return found


def group_gaps(sliced: Sequence[MeasuredSlice]) -> list[GroupGap]:
    """The gaps between slices by the values of one column."""
    return gaps_between(
        {
            one.key.values[0][1] or "": one.confusion for one in sliced
            if one.confusion is not None and one.key.values[0][1] is not None
        }
    )  # fmt: skip


def gaps_between(groups: Mapping[str, Confusion]) -> list[GroupGap]:
    """The two groups furthest apart by each notion of fairness, the largest gap first."""
    return [
        GroupGap(
            notion=gap.notion, metric=gap.metric, highest=gap.highest, lowest=gap.lowest, high=gap.high, low=gap.low,
            difference=gap.difference, lower=gap.lower, upper=gap.upper,
            ratio=None if math.isnan(gap.ratio) else gap.ratio,
            unequal=gap.lower > 0 and gap.notion == "demographic_parity" and gap.ratio < DISPARATE_IMPACT,
        )
        for gap in fairness_gaps(groups)
    ]  # fmt: skip
