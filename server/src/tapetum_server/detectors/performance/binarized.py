"""Yes-or-no questions that are asked of several classes: which one, and what their answers are together.

TFMA's `binarize` and `aggregate`. Each question has labels by score of its own, by group: a class, a place, or all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tapetum_server.detectors.performance.counts import ScoreCounts

How = Literal["itself", "class", "k", "top_k", "micro", "macro", "weighted_macro"]
ALL = "all"
"""The group of a question that has one."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which question: of one class against the others, of the class at place k, or of several together."""

    how: How
    name: str = ""
    """The class, of `class`."""
    k: int = 0
    """The place of `k`; of the others, how many of the classes that score highest; 0 for all."""
    weights: tuple[tuple[str, float], ...] = ()
    """Of classes, for averages; those that are not named count nothing. Without any, all count alike."""

    def __str__(self) -> str:
        if self.how in ("class", "k", "top_k"):
            return f"{self.how}={self.name or self.k}"
        return f"{self.how},top_k={self.k}" if self.k else self.how

    @property
    def at_places(self) -> bool:
        """Whether its groups are places among the scores of a row, and not classes."""
        return self.how == "k" or (self.how in ("macro", "weighted_macro") and self.k > 0)


def group_of(part: Part) -> str:
    """The group that answers the question; none has this name where several are averaged."""
    return {"class": part.name, "k": str(part.k)}.get(part.how, ALL)


def answered(part: Part, groups: Mapping[str, ScoreCounts], metric: Callable[[ScoreCounts], float]) -> float:
    """A metric of the question. An average has a value where each of its classes has one, as in TFMA."""
    if part.how in ("macro", "weighted_macro"):
        return _averaged(part, groups, metric)
    group = group_of(part)
    return metric(groups[group]) if group in groups else math.nan


def _averaged(part: Part, groups: Mapping[str, ScoreCounts], metric: Callable[[ScoreCounts], float]) -> float:
    names = [str(place) for place in range(1, part.k + 1)] if part.k else list(groups)
    weights = dict(part.weights)
    each = np.asarray([weights.get(name, 0.0) if weights else 1.0 for name in names])
    if part.how == "weighted_macro":
        each = each * [groups[name].positive if name in groups else 0.0 for name in names]
    used = [
        (metric(groups[name]) if name in groups else math.nan, weight) for name, weight in zip(names, each) if weight
    ]
    whole = sum(weight for _, weight in used)
    return sum(value * weight for value, weight in used) / whole if whole else math.nan
