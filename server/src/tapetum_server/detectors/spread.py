"""How far a value lies from others, measured so that a few odd ones among them do not matter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median


def robust_score(values: Sequence[float], value: float) -> float:
    """The modified z score of `value`: 0.6745 · (value − median) / MAD (Iglewicz and Hoaglin, 1993).

    Up to half of `values` may come from a time that was bad already. Where most of them are equal, anything else is
    infinitely far away: whoever asks must also ask whether the difference is large enough to matter.
    """
    if not values:
        return 0.0
    middle = median(values)
    deviation = median(abs(v - middle) for v in values)
    distance = value - middle
    if deviation:
        return 0.6745 * distance / deviation
    return math.copysign(math.inf, distance) if distance else 0.0
