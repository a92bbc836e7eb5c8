"""Classic histograms that arrive as one counter per bucket, with the upper bound in a label `le`.

Prometheus' remote write sends them so, each bucket for itself, and maybe in another request than its neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

BOUND = "le"
ENDING = "_bucket"


def are_buckets(name: str, type: str) -> bool:
    """Whether a metric's series are the buckets of a histogram, by Prometheus' own naming."""
    return type == "sum" and name.endswith(ENDING)


def merged(
    rows: Iterable[tuple[Any, ...]], labels: int
) -> Iterator[tuple[tuple[str, ...], int, list[float], list[float]]]:
    """Of rows (step, labels…, bound, increase, …) in any order.

    `labels` is how many there are besides the bound. Series whose bound is no number are left out.
    """
    at_or_below: dict[tuple[tuple[str, ...], int], dict[float, float]] = {}
    for row in rows:
        try:
            bound = float(row[1 + labels])
        except ValueError:
            continue
        own = at_or_below.setdefault((row[1 : 1 + labels], row[0]), {})
        own[bound] = own.get(bound, 0.0) + row[2 + labels]
    for (of, step), cumulative in at_or_below.items():
        bounds = sorted(bound for bound in cumulative if not math.isnan(bound))
        below = 0.0
        counts = []
        for bound in bounds:
            # Buckets are stored one by one: for a moment a lower one may be ahead of a higher one.
            counts.append(max(0.0, cumulative[bound] - below))
            below = max(below, cumulative[bound])
        if bounds and bounds[-1] == math.inf:
            yield of, step, bounds[:-1], counts
        else:
            yield of, step, bounds, [*counts, 0.0]
