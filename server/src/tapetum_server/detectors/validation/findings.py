"""What a validation finds: reasons by TFDV's names, with the values that offend, and distances that were measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tapetum_server.detectors.validation.paths import Path

Severity = Literal["ERROR", "WARNING", "UNKNOWN"]
Side = Literal["drift", "skew"]
RANK: dict[Severity, int] = {"UNKNOWN": 0, "WARNING": 1, "ERROR": 2}
MAX_VALUES = 50
"""Offending values that a reason keeps: one unseen column of identifiers must not fill the report."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is wrong."""

    type: str
    """A name of TFDV's `AnomalyInfo.Type`."""
    short: str
    description: str
    values: tuple[str, ...] = ()
    """The values that offend, at most `MAX_VALUES`."""
    severity: Severity = "ERROR"
    side: Side | None = None
    """What was compared, where it is of a comparison: one feature can have both."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A distance that a comparator of the schema asked for, whether or not it is too far."""

    side: Side
    type: str
    """A name of TFDV's `DriftSkewInfo.Measurement.Type`."""
    value: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Shift:
    """How far a feature moved by our own distance, for which the schema need not ask."""

    path: Path
    side: Side
    value: float
    threshold: float

    @property
    def high(self) -> bool:
        """Whether it is further than the threshold."""
        return self.value > self.threshold


@dataclass(frozen=True, slots=True)
class FeatureAnomaly:
    """All that is wrong with one feature."""

    path: Path
    reasons: tuple[Reason, ...]

    @property
    def severity(self) -> Severity:
        """The worst of its reasons'."""
        return worst(self.reasons)


@dataclass(frozen=True, slots=True)
class Validation:
    """The answer of `validator.validate`."""

    anomalies: tuple[FeatureAnomaly, ...]
    """By path."""
    dataset: tuple[Reason, ...]
    """What is wrong with the data set as a whole."""
    measurements: Mapping[Path, tuple[Measurement, ...]]
    shifts: tuple[Shift, ...] = ()
    data_missing: bool = False
    examples: float = 0
    features: tuple[Path, ...] = ()
    """All that the data or the schema have, in the order of the data."""

    @property
    def severity(self) -> Severity:
        """The worst of all; `UNKNOWN` where nothing is wrong."""
        found: list[Severity] = [anomaly.severity for anomaly in self.anomalies]
        return max([*found, worst(self.dataset)], key=RANK.__getitem__)


@dataclass(slots=True)
class Found:
    """What the checks of one feature have found so far."""

    reasons: list[Reason] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)

    def add(
        self, type: str, short: str, description: str, values: Iterable[str] = (), side: Side | None = None
    ) -> None:
        """Note one more reason."""
        self.reasons.append(Reason(type, short, description, tuple(values)[:MAX_VALUES], side=side))


def worst(reasons: Iterable[Reason]) -> Severity:
    """The worst severity; `UNKNOWN` without reasons."""
    return max((reason.severity for reason in reasons), key=RANK.__getitem__, default="UNKNOWN")


def digits(value: float) -> str:
    """`value` with six significant digits."""
    return f"{value:.6g}"
