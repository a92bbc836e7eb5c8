"""What TFMA's EvalConfig says: what to measure, over which slices, and what must hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tapetum_server.detectors.performance.binarized import Part
from tapetum_server.detectors.performance.ranking import ALL, CUT, DEFAULT_CUTS
from tapetum_server.query.slicing import SliceSpec

Direction = Literal["higher", "lower", ""]
Method = Literal["jackknife", "poisson_bootstrap"]


class ConfigError(ValueError):
    """The configuration cannot be used. `field` is where, `hint` what to do."""

    def __init__(self, field_path: str, message: str, hint: str = "") -> None:
        super().__init__(f"{field_path}: {message}" if field_path else message)
        self.field = field_path
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a metric must keep: ends of its value, or of its change against the baseline."""

    lower: float | None = None
    upper: float | None = None
    absolute: float | None = None
    relative: float | None = None
    direction: Direction = ""
    """Of a change; "" for bounds of the value alone."""


@dataclass(frozen=True, slots=True)
class SliceBound:
    """A bound of the slices that `spec` makes."""

    spec: SliceSpec
    bound: Bound
    baseline: SliceSpec | None = None
    """Of a difference between slices: the slice that the others are held against."""


@dataclass(frozen=True, slots=True)
class MetricConfig:
    """One metric to be measured."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    bounds: tuple[SliceBound, ...] = ()
    part: Part | None = None
    """Of a metric of yes or no that is asked of several classes: which question."""
    query: str = ""
    """Of a metric of ranked rows: the column within whose values they are ranked."""
    weighted: bool = True
    """Whether rows weigh what the model's weight column says."""
    output: str = ""
    """Of a model with several outputs: which of them it is of."""
    feature: str = ""
    """Of a metric of attributions, once columns are known: of which feature."""
    output_weights: tuple[tuple[str, float], ...] = ()
    """By output, what it weighs in the metric's mean over outputs; none where no mean is asked for."""

    @property
    def cut(self) -> int:
        """Of a metric of ranked rows: how many of the first rows of a query it looks at; 0 for all."""
        if self.name not in CUT:
            return ALL
        return int(self.options.get("top_k") or DEFAULT_CUTS.get(self.name, ALL))


@dataclass(frozen=True, slots=True)
class ModelColumns:
    """Where a model's predictions lie."""

    name: str
    label: str
    prediction: str
    weight: str
    outputs: Mapping[str, ModelColumns] = field(default_factory=dict)
    """Of a model with several outputs the columns of each, by its name; its own are empty then."""

    @property
    def predictions(self) -> list[str]:
        """The columns of all its predictions."""
        return [each.prediction for each in self.outputs.values()] or [self.prediction]


@dataclass(frozen=True, slots=True)
class EvalConfig:
    """Everything that is asked."""

    model: ModelColumns
    baseline: ModelColumns | None
    """The model marked as the baseline, where there is one."""
    specs: tuple[SliceSpec, ...]
    crosses: tuple[tuple[SliceSpec, SliceSpec], ...]
    """The slice that is held against, and the slices that are."""
    metrics: tuple[MetricConfig, ...]
    intervals: Method | None
    min_slice_size: int
    not_read: tuple[str, ...]
    """Fields that were there and change nothing here."""
