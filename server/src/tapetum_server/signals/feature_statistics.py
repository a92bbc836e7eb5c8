"""Feature statistics: what the values of each feature are like, in rows of a data set or of a model's predictions."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

ALL_ROWS = "All Examples"
"""The slice that holds every row, as TFDV calls it."""
POINTS = 201
"""Values at equal steps of rank that are kept of a numeric feature: half a percent of the rows between two."""
MOST_VALUES = 1_000
"""The most frequent values that are kept of a categorical feature."""
NOT_UTF8, TOO_LONG = "__BYTES_VALUE__", "__LARGE_BYTES__"
"""What stands for values that are no text, and for those longer than `LONGEST_VALUE`, as in TFDV."""
LONGEST_VALUE = 1_024
"""Bytes of a value that is named among the most frequent."""

ValueType = Literal["INT", "FLOAT", "STRING", "BYTES", "STRUCT"]


@dataclass(frozen=True, slots=True)
class Bucket:
    """So many values from `low` to `high`."""

    low: float
    high: float
    count: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericStatistics:
    """Of values that are numbers. NaN and infinities are counted apart: moments and points are of the finite ones."""

    finite: float = 0
    """How many; the sum of their weights where they have any."""
    nan: float = 0
    negative_infinity: float = 0
    positive_infinity: float = 0
    zeros: float = 0
    mean: float = math.nan
    squared_deviations: float = 0.0
    """Sum of the squared distances from the mean, so that two parts add up (Chan)."""
    minimum: float = math.nan
    maximum: float = math.nan
    points: tuple[float, ...] = ()
    """Values at equal steps of rank from the least to the greatest; none where no value is finite."""
    standard: tuple[Bucket, ...] = ()
    """Buckets of equal width, for the finite values."""
    quantiles: tuple[Bucket, ...] = ()
    """Buckets of equal count, infinities included."""

    @property
    def spread_untold(self) -> bool:
        """Whether there are values of which nobody says how they are spread: what others send may leave that out."""
        return bool(self.finite) and not self.points

    @property
    def std_dev(self) -> float:
        """Of the population; NaN where no value is finite, or where nobody knows."""
        if not self.finite or math.isnan(self.squared_deviations):
            return math.nan
        return math.sqrt(max(0.0, self.squared_deviations) / self.finite)

    @property
    def median(self) -> float:
        """Of the values that are not NaN; NaN where there are none."""
        half = len(self.quantiles) // 2
        if not half:
            return math.nan
        return self.quantiles[half - 1].high if len(self.quantiles) % 2 == 0 else self.quantiles[half].low


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStatistics:
    """Of values that are texts or categories."""

    unique: int = 0
    """How many differ."""
    unique_exact: bool = True
    """Whether `unique` is counted, and not estimated; so are then the counts of `values`."""
    total_bytes: float = 0
    shortest: int = 0
    longest: int = 0
    """Bytes."""
    not_utf8: int = 0
    values: tuple[tuple[str, float], ...] = ()
    """The most frequent values and their counts, the most frequent first; of equal ones the one that sorts last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Rows with a value and without, and how many values they hold."""

    present: float
    missing: float
    values: float
    fewest: int = 1
    most: int = 1
    """Values in one row that has any."""
    lengths: tuple[Bucket, ...] = ()
    """Values per row, in buckets of equal count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureStatistics:
    """Of one feature. Exactly one of `numeric` and `text` says what its values are like, except for a STRUCT."""

    feature: str
    kind: str
    """As `query.frames.Kind`."""
    type: ValueType
    counts: Counts
    numeric: NumericStatistics | None = None
    text: TextStatistics | None = None
    weighted: FeatureStatistics | None = None
    """The same with every row counted as often as its weight says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetStatistics:
    """Of all features of one slice of the rows."""

    slice: str = ALL_ROWS
    rows: int
    features: tuple[FeatureStatistics, ...]
    weighted_rows: float | None = None

    def named(self, name: str) -> DatasetStatistics:
        """The same under another name of its slice."""
        return replace(self, slice=name)

    def feature(self, name: str) -> FeatureStatistics | None:
        """Of the feature of this name."""
        return next((one for one in self.features if one.feature == name), None)
