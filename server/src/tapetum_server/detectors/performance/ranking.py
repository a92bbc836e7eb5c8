"""Answers that are an order: for each query, documents by score, and how useful each was."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tapetum_server.detectors.performance.confusion_metrics import ratio


@dataclass(frozen=True, slots=True)
class QuerySums:
    """Sums over the queries of a slice; what a query cannot have (no document is useful) is left out and counted."""

    queries: float
    documents: float
    min_documents: float
    max_documents: float
    useful_queries: float
    """Queries with at least one document whose label is above 0."""
    min_label_position: float
    """Places of the first useful document, summed, counted from 1."""
    reciprocal_rank: float
    average_precision: float
    ndcg: Mapping[int, float]
    """By k, the gain of the first k documents as a share of the best order's."""
    precision: Mapping[int, float]
    """By k, the share of the first k documents that are useful (a query with fewer still divides by k)."""
    recall: Mapping[int, float]


def ranking_metrics(ks: Sequence[int]) -> dict[str, Callable[[QuerySums], float]]:
    """The metrics by name, those at k for each of `ks`."""
    found: dict[str, Callable[[QuerySums], float]] = {
        "total_queries": lambda q: q.queries,
        "total_documents": lambda q: q.documents,
        "min_documents": lambda q: q.min_documents,
        "max_documents": lambda q: q.max_documents,
        "min_label_position": lambda q: ratio(q.min_label_position, q.useful_queries),
        "mean_reciprocal_rank": lambda q: ratio(q.reciprocal_rank, q.useful_queries),
        "mean_average_precision": lambda q: ratio(q.average_precision, q.useful_queries),
    }
    for k in ks:
        found[f"ndcg@{k}"] = lambda q, k=k: ratio(q.ndcg.get(k, math.nan), q.useful_queries)  # type: ignore[misc]
        found[f"precision@{k}"] = lambda q, k=k: ratio(q.precision.get(k, math.nan), q.useful_queries)  # type: ignore[misc]
        found[f"recall@{k}"] = lambda q, k=k: ratio(q.recall.get(k, math.nan), q.useful_queries)  # type: ignore[misc]
    return found
