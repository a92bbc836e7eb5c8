"""What an evaluation found: slices, bounds that were not kept, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tapetum_server.analysis.performance.measured import Measured
from tapetum_server.detectors.performance.fairness import Gap
from tapetum_server.query.slicing import SliceKey


@dataclass(frozen=True, slots=True)
class Failure:
    """A bound that was not kept."""

    slice: str
    metric: str
    value: float
    baseline: float
    message: str


@dataclass(frozen=True, slots=True)
class EvaluatedSlice:
    """A slice, with what the baseline had."""

    slice: str
    spec: int
    """Its place among the slices of the configuration."""
    key: SliceKey
    rows: int
    labelled: int
    metrics: Mapping[str, Measured]
    baseline: Mapping[str, float]
    plots: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MeasuredPeriod:
    """All rows of one period of time."""

    start: str
    rows: int
    labelled: int
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """The verdict, and everything that it stands on."""

    model: str
    """Its name in the configuration; "" where it has none."""
    blessed: bool
    task: str
    """Of several outputs, that of each: `a: binary, b: regression`."""
    checks: int
    """Bounds that were looked at."""
    failures: tuple[Failure, ...]
    missing_slices: tuple[str, ...]
    """Slices that bounds name and the data does not have."""
    small_slices: tuple[str, ...]
    """Slices with fewer rows than `min_slice_size`, neither reported nor checked."""
    slices: tuple[EvaluatedSlice, ...]
    differences: tuple[tuple[str, str, Mapping[str, float]], ...]
    """Between slices: the one held against, the other, and by metric the first less the second."""
    gaps: Mapping[str, tuple[Gap, ...]]
    """By column that rows are sliced by alone, how differently its groups are treated."""
    over_time: tuple[MeasuredPeriod, ...]
    binned: bool
    notes: tuple[str, ...]
