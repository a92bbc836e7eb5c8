"""Rows ranked within a query: how good the order is, from sums over queries. Sums of parts of the queries add up."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tapetum_server.detectors.performance.confusion_metrics import ratio
from tapetum_server.detectors.performance.counts import Floats

ALL = 0
"""A cut-off that cuts nothing off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingSums:
    """Sums over queries, each times its weight."""

    examples: float
    """Rows, without any weight."""
    queries: float
    documents: float
    relevant: float
    """Queries with at least one relevant row."""
    gaining: float
    """Queries with a gain above 0."""
    position: float
    """Of relevant queries, the place of the first relevant row."""
    cuts: tuple[int, ...]
    """The cut-offs that the sums below are for, in their order."""
    ndcg: Floats
    precision: Floats
    recall: Floats
    average_precision: Floats
    reciprocal_rank: Floats
    hit: Floats
    fewest: float = math.nan
    """Rows of the shortest query, times its weight; NaN for sums of parts."""
    most: float = math.nan

    def at(self, name: str, k: int) -> float:
        """The sum of this name at the cut-off k."""
        return float(getattr(self, name)[self.cuts.index(k)])


ADDED = (
    "examples", "queries", "documents", "relevant", "gaining", "position", "ndcg", "precision", "recall",
    "average_precision", "reciprocal_rank", "hit",
)  # fmt: skip
"""The fields that add up."""


def less(whole: RankingSums, part: RankingSums) -> RankingSums:
    """The sums of all queries but those of `part`."""
    rest = {name: getattr(whole, name) - getattr(part, name) for name in ADDED}
    return RankingSums(**rest, cuts=whole.cuts)


RANKING_METRICS: Mapping[str, Callable[[RankingSums, int], float]] = {
    "example_count": lambda s, k: s.examples,
    "ndcg": lambda s, k: ratio(s.at("ndcg", k), s.gaining),
    "mean_average_precision": lambda s, k: ratio(s.at("average_precision", k), s.relevant),
    "mean_reciprocal_rank": lambda s, k: ratio(s.at("reciprocal_rank", k), s.relevant),
    "precision_at_k": lambda s, k: ratio(s.at("precision", k), s.queries),
    "recall_at_k": lambda s, k: ratio(s.at("recall", k), s.relevant),
    "hit_rate": lambda s, k: ratio(s.at("hit", k), s.relevant),
    "min_label_position": lambda s, k: ratio(s.position, s.relevant),
    "total_queries": lambda s, k: s.queries,
    "total_documents": lambda s, k: s.documents,
    "min_documents": lambda s, k: s.fewest,
    "max_documents": lambda s, k: s.most,
}
CUT = ("ndcg", "mean_average_precision", "mean_reciprocal_rank", "precision_at_k", "recall_at_k", "hit_rate")
"""Metrics that look at the first k rows of a query."""
DEFAULT_CUTS: Mapping[str, int] = {"precision_at_k": 10, "recall_at_k": 10, "hit_rate": 10}
"""Where nobody says what k is; of the others, all rows are looked at."""
