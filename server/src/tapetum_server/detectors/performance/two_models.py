"""What two models say of the same rows, from sums over these: TFMA's flip rates, prediction difference and cosine.

Sums of parts of the rows add up. The baseline is what the rows flip from, the candidate what they flip to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from tapetum_server.detectors.performance.confusion_metrics import ratio

Sums = Mapping[str, float]
FLIP_RATES: Mapping[str, tuple[str, ...]] = {
    "flip_rate": ("neg_to_pos", "pos_to_neg"),
    "neg_to_neg_flip_rate": ("neg_to_neg",),
    "neg_to_pos_flip_rate": ("neg_to_pos",),
    "pos_to_neg_flip_rate": ("pos_to_neg",),
    "pos_to_pos_flip_rate": ("pos_to_pos",),
    "symmetric_flip_rate": ("neg_to_pos", "pos_to_neg"),
}
"""By rate, the rows that it counts. TFMA has the first under two names, as one of five and by itself."""
BOOLEAN_FLIP_RATES = tuple(name for name in FLIP_RATES if name != "symmetric_flip_rate")
"""What TFMA's `BooleanFlipRates` is."""
PREDICTION_DIFFERENCE = "symmetric_prediction_difference"
COSINE = "model_cosine_similarity"
COMPARISONS = (*FLIP_RATES, PREDICTION_DIFFERENCE, COSINE)


def less(whole: Sums, part: Sums) -> Sums:
    """The sums of all rows but those of `part`."""
    return {name: value - part[name] for name, value in whole.items()}


def comparison(name: str, sums: Sums, at: int = 0) -> float:
    """A metric of the two, of the flips at the threshold in this place. NaN where it has no value."""
    if name == COSINE:
        found = ratio(sums["cosine"], sums["rows"])
    elif name == PREDICTION_DIFFERENCE:
        found = ratio(sums["difference"], sums["weight"])
    else:
        found = ratio(math.fsum(sums[f"{way}_{at}"] for way in FLIP_RATES[name]), sums["weight"])
    return found if math.isfinite(found) else math.nan


def no_value(name: str, sums: Sums) -> str:
    """Why a metric of the two has no value."""
    if not sums["rows"]:
        return "no row is scored by both models"
    if name == COSINE:
        return f"rows whose scores are all 0, to which nothing has an angle: {sums['zeros']:,.0f}"
    if not sums["weight"]:
        return "the rows weigh nothing"
    return f"rows whose scores add up to 0, of which no difference is a share: {sums['opposites']:,.0f}"
