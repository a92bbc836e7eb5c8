"""The distances and tests that there are, in one list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tapetum_server.detectors.drift import counts as over_counts
from tapetum_server.detectors.drift import values as over_values
from tapetum_server.detectors.drift.values import SortedValues

Kind = Literal["numeric", "categorical"]
BOTH: tuple[Kind, ...] = ("numeric", "categorical")
NUMERIC: tuple[Kind, ...] = ("numeric",)


@dataclass(frozen=True)
class Counted:
    """Both sides counted over the same bins or values."""

    baseline: NDArray[np.float64]
    window: NDArray[np.float64]

    @cached_property
    def shares(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of each side's own counts."""
        return over_counts.shares(self.baseline), over_counts.shares(self.window)

    @cached_property
    def jensen_shannon(self) -> float:
        """The distance of the shares."""
        return over_counts.jensen_shannon_of(*self.shares)

    @cached_property
    def chi_squared(self) -> over_counts.ChiSquared:
        """The test that goes with every distance over counts: once, however many of them are asked for."""
        return over_counts.chi_squared(self.baseline, self.window)


def tell_together(many: Iterable[Counted]) -> None:
    """Have these know what is asked of nearly all of them: of all at once rather than of each by itself."""
    some = [one for one in many if one.baseline.any() and one.window.any()]
    for one, told in zip(some, over_counts.told_together([(one.baseline, one.window) for one in some])):
        # Where a cached property finds it, as if it had been asked for.
        one.__dict__.update(shares=told.shares, jensen_shannon=told.jensen_shannon, chi_squared=told.chi_squared)


@dataclass(frozen=True, slots=True)
class Sampled:
    """Both sides as their distinct values."""

    baseline: SortedValues
    window: SortedValues


@dataclass(frozen=True, slots=True)
class Measured:
    """What one method found between the two sides of one feature."""

    value: float
    p: float
    """How likely so much is by chance, by the test `test`."""
    test: Literal["chi-squared", "kolmogorov-smirnov"]


@dataclass(frozen=True, slots=True)
class DriftMethod:
    """One way to say how far two samples lie apart."""

    name: str
    threshold: float
    """Least value that counts as drift unless another is asked for: the minimum effect beside the p-value."""
    kinds: tuple[Kind, ...]
    over_counts: Callable[[Counted], float] | None = None
    over_values: Callable[[Sampled], float] | None = None
    """Distances that take every distinct value; the others do with counts."""

    def of_counts(self, sides: Counted) -> Measured:
        """The distance over counts, with the p-value of the chi-squared test on the same counts."""
        assert self.over_counts is not None
        return Measured(self.over_counts(sides), sides.chi_squared.p, "chi-squared")

    def of_values(self, sides: Sampled) -> Measured:
        """The distance over values, with the p-value of Kolmogorov and Smirnov's test on the same values."""
        assert self.over_values is not None
        p = over_values.kolmogorov_smirnov(sides.baseline, sides.window).p
        return Measured(self.over_values(sides), p, "kolmogorov-smirnov")


METHODS: tuple[DriftMethod, ...] = (
    DriftMethod(
        "js",
        0.1,
        BOTH,
        over_counts=lambda s: s.jensen_shannon,
    ),
    DriftMethod(
        "psi",
        0.1,
        BOTH,
        over_counts=lambda s: over_counts.population_stability_index(s.baseline, s.window),
    ),
    DriftMethod(
        "hellinger",
        0.1,
        BOTH,
        over_counts=lambda s: over_counts.hellinger(s.baseline, s.window),
    ),
    DriftMethod("linf", 0.1, BOTH, over_counts=lambda s: over_counts.l_infinity(s.baseline, s.window)),
    DriftMethod(
        "tvd",
        0.1,
        BOTH,
        over_counts=lambda s: over_counts.total_variation(s.baseline, s.window),
    ),
    DriftMethod(
        "kl",
        0.1,
        BOTH,
        over_counts=lambda s: over_counts.kullback_leibler(s.baseline, s.window),
    ),
    DriftMethod(
        "chi2",
        0.1,
        BOTH,
        over_counts=lambda s: s.chi_squared.cramers_v,
    ),
    DriftMethod(
        "ks",
        0.1,
        NUMERIC,
        over_values=lambda s: over_values.kolmogorov_smirnov(s.baseline, s.window).statistic,
    ),
    DriftMethod(
        "wasserstein",
        0.1,
        NUMERIC,
        over_values=lambda s: over_values.scaled_wasserstein(s.baseline, s.window),
    ),
    DriftMethod(
        "energy",
        0.1,
        NUMERIC,
        over_values=lambda s: over_values.scaled_energy(s.baseline, s.window),
    ),
    DriftMethod(
        "mmd",
        0.1,
        NUMERIC,
        over_values=lambda s: over_values.mmd(s.baseline, s.window),
    ),
)
"""The first is what is asked where nobody says otherwise: it has no infinities, needs no floor and suits both kinds."""
BY_NAME = {method.name: method for method in METHODS}
