"""Feature statistics on their way into the store: of a data set, or of a model in a window."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from tapetum_server.signals.feature_statistics import FeatureStatistics


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredStatistics:
    """Of one feature, and of what rows. Exactly one of `dataset` and `model` is named."""

    dataset: str = ""
    model: str = ""
    version: str = ""
    slice: str
    window_start: int = 0
    window_end: int = 0
    """Nanoseconds since 1970; 0 where the rows have no time."""
    rows: int
    weighted_rows: float | None = None
    position: int = 0
    """Of the feature among others, as they were told."""
    statistics: FeatureStatistics


@dataclass(slots=True)
class FeatureStatisticsBatch:
    """Statistics of one project."""

    project: str
    sender: str
    rows: list[StoredStatistics] = field(default_factory=list)
    signal: ClassVar[Literal["feature_statistics"]] = "feature_statistics"

    def __len__(self) -> int:
        return len(self.rows)
