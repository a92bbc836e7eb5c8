"""Distances and tests of drift are SciPy's to 1e-9, where SciPy has them, and behave as distances do where not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import astuple

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from tapetum_server.detectors.drift import counts, values
from tapetum_server.detectors.drift.bins import doane_edges, inner_edges
from tapetum_server.detectors.drift.methods import BY_NAME, METHODS, Counted, Sampled, tell_together
from tapetum_server.detectors.drift.several import adjusted
from tapetum_server.detectors.drift.thresholds import VariationThreshold
from tapetum_server.detectors.drift.values import SortedValues
from tapetum_server.detectors.drift.verdict import Presence, presence_change, verdict_of

RANDOM = np.random.default_rng(5)
BASELINE = np.round(RANDOM.normal(0, 1, 3_000), 2)
WINDOW = np.concatenate([np.round(RANDOM.normal(0.2, 1.3, 1_990), 2), [-12.0, 40.0] * 5])
B, W = SortedValues.of(BASELINE), SortedValues.of(WINDOW)
COUNTS_B, COUNTS_W = np.array([500, 300, 150, 50, 0]), np.array([260, 200, 120, 0, 20])
P, Q = COUNTS_B / COUNTS_B.sum(), COUNTS_W / COUNTS_W.sum()
NEARLY = {"rel": 1e-9, "abs": 1e-12}


@pytest.mark.covers("drift-js")
def test_jensen_shannon_is_scipys_distance_to_base_2() -> None:
    assert counts.jensen_shannon(COUNTS_B, COUNTS_W) == pytest.approx(jensenshannon(P, Q, base=2), **NEARLY)


@pytest.mark.covers("drift-ks")
def test_kolmogorov_smirnov_is_scipys_with_its_p_value_and_location() -> None:
    for window in (WINDOW, BASELINE[::7] + 0.05):
        ours = values.kolmogorov_smirnov(B, SortedValues.of(window))
        scipy = stats.ks_2samp(BASELINE, window, method="asymp")
        assert ours.statistic == pytest.approx(scipy.statistic, rel=1e-9)
        assert ours.p == pytest.approx(scipy.pvalue, rel=1e-9)
        assert ours.location == scipy.statistic_location


@pytest.mark.covers("drift-wasserstein")
def test_wasserstein_is_scipys_also_where_the_window_reaches_beyond_the_baseline() -> None:
    assert values.wasserstein(B, W) == pytest.approx(stats.wasserstein_distance(BASELINE, WINDOW), **NEARLY)
    in_deviations = stats.wasserstein_distance(BASELINE, WINDOW) / BASELINE.std()
    assert BY_NAME["wasserstein"].of_values(Sampled(B, W)).value == pytest.approx(in_deviations, **NEARLY)


@pytest.mark.covers("drift-energy")
def test_energy_is_scipys() -> None:
    assert values.energy(B, W) == pytest.approx(stats.energy_distance(BASELINE, WINDOW), **NEARLY)
    # Of kilometres and metres the same is said.
    metres = Sampled(SortedValues.of(BASELINE * 1e3), SortedValues.of(WINDOW * 1e3))
    assert values.scaled_energy(metres.baseline, metres.window) == pytest.approx(values.scaled_energy(B, W))


@pytest.mark.covers("drift-chi2")
@pytest.mark.parametrize("yates", [False, True])
@pytest.mark.parametrize("columns", [2, 4])
def test_chi_squared_is_scipys_with_and_without_correction(columns: int, yates: bool) -> None:
    table = np.array([COUNTS_B, COUNTS_W])[:, :columns]
    ours, scipy = counts.chi_squared(*table, yates=yates), stats.chi2_contingency(table, correction=yates)
    assert ours.statistic == pytest.approx(scipy.statistic, **NEARLY)
    assert ours.p == pytest.approx(scipy.pvalue, **NEARLY)
    assert ours.degrees_of_freedom == scipy.dof
    association = stats.contingency.association(table.astype(int), method="cramer")
    assert ours.cramers_v == pytest.approx(association, **NEARLY)


@pytest.mark.covers("drift-kl", "drift-psi")
def test_the_divergences_with_logarithms_have_a_floor_under_empty_bins() -> None:
    """With it they are SciPy's entropies of the floored shares; without it an unseen category would be infinity."""
    p, q = np.maximum(P, 1e-4), np.maximum(Q, 1e-4)
    assert counts.kullback_leibler(COUNTS_B, COUNTS_W) == pytest.approx(float(np.sum(q * np.log(q / p))), **NEARLY)
    both = float(np.sum(q * np.log(q / p)) + np.sum(p * np.log(p / q)))
    assert counts.population_stability_index(COUNTS_B, COUNTS_W) == pytest.approx(both, **NEARLY)
    assert math.isfinite(counts.kullback_leibler([10, 0], [0, 10]))


@pytest.mark.covers("drift-hellinger", "drift-linf", "drift-tvd")
def test_hellinger_l_infinity_and_total_variation_by_hand() -> None:
    b, w = [6, 3, 1], [3, 3, 4]
    assert counts.l_infinity(b, w) == pytest.approx(0.3, **NEARLY)
    assert counts.total_variation(b, w) == pytest.approx(0.3, **NEARLY)
    by_hand = math.sqrt(1 - (math.sqrt(0.18) + 0.3 + math.sqrt(0.04)))
    assert counts.hellinger(b, w) == pytest.approx(by_hand, **NEARLY)


@pytest.mark.covers("drift-mmd")
def test_mmd_over_all_pairs_and_gathered_points_agree() -> None:
    """Beyond 1,500 distinct values neighbours are gathered; the kernel is too wide to notice."""
    x, y = RANDOM.normal(0, 1, 1_200), RANDOM.normal(0.5, 1, 1_100)
    pooled = np.sort(np.concatenate([x, y]))
    # Two in three of each side, so that the same few values are looked at by pairs.
    few = SortedValues.of(x[:700]), SortedValues.of(y[:700])
    width = np.median(np.abs(np.subtract.outer(pooled, pooled))[np.triu_indices(len(pooled), 1)])

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.exp(-((np.subtract.outer(a, b) / width) ** 2) / 2).mean())

    squared = kernel(x, x) + kernel(y, y) - 2 * kernel(x, y)
    gathered = values.mmd(SortedValues.of(x), SortedValues.of(y))
    # The width is a median over quantiles and not over all pairs: a thousandth apart.
    assert gathered == pytest.approx(math.sqrt(squared), rel=5e-3)
    assert values.mmd(few[0], few[1]) == pytest.approx(gathered, rel=0.2)


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.name)
def test_every_distance_is_nothing_for_the_same_and_grows(method: object) -> None:
    """A sample has not drifted from itself, and one that moved further is further away."""
    measure: Callable[[float], float]
    if method.over_counts is not None:  # type: ignore[attr-defined]

        def measure(shift: float) -> float:
            moved = np.array([100 - 50 * shift, 100.0, 100 + 50 * shift])
            return float(method.of_counts(Counted(np.full(3, 100.0), moved)).value)  # type: ignore[attr-defined]
    else:

        def measure(shift: float) -> float:
            return float(method.of_values(Sampled(B, SortedValues.of(BASELINE + shift))).value)  # type: ignore[attr-defined]

    assert measure(0) == pytest.approx(0, abs=1e-7)
    assert measure(0) < measure(0.3) < measure(0.9)


def test_a_constant_that_became_another_constant_is_far_away_and_not_infinitely() -> None:
    """JSON has no infinity, and a ranking by distance no place for it."""
    ones, twos = SortedValues.of(np.ones(50)), SortedValues.of(np.full(50, 2.0))
    for apart in (values.scaled_wasserstein, values.scaled_energy):
        assert apart(ones, twos) == apart(twos, ones) == pytest.approx(2)
        assert apart(ones, SortedValues.of(np.full(3, 1e9))) == pytest.approx(2)
        assert 1 < apart(ones, B) < 2
        assert apart(ones, ones) == 0
    assert values.mmd(ones, ones) == 0
    assert values.mmd(ones, twos) > 0.5


@pytest.mark.covers("drift-false-discoveries")
@pytest.mark.parametrize("method", ["bh", "by"])
def test_p_values_are_adjusted_as_scipy_does(method: str) -> None:
    p = [0.01, 0.8, 0.001, 0.04, 0.04, 1.0, 0.0]
    assert adjusted(p, method) == pytest.approx(stats.false_discovery_control(p, method=method), **NEARLY)  # type: ignore[arg-type]
    assert adjusted(p, "none") == p
    assert adjusted([], "bh") == []


@pytest.mark.covers("drift-minimum-effect")
def test_a_small_difference_is_no_drift_however_certain_and_a_large_one_is_none_by_chance() -> None:
    """A million rows make every p-value tiny; thirty rows make every distance large."""
    million = counts.chi_squared([500_000, 500_000], [503_000, 497_000])
    assert million.p < 1e-4
    assert verdict_of(million.cramers_v, 0.1, million.p, 0.05) == "no_drift"
    few = counts.chi_squared([15, 15], [18, 12])
    assert verdict_of(0.2, 0.1, few.p, 0.05) == "no_drift"
    assert verdict_of(0.2, 0.1, 1e-6, 0.05) == "drift"
    assert verdict_of(0.1, 0.1, 0, 0.05) == "no_drift"  # a threshold is to be passed


@pytest.mark.covers("drift-missing")
def test_values_that_went_missing_or_became_nan_are_seen_apart_from_values() -> None:
    before = Presence(1_000, 990, 10)
    assert presence_change(before, Presence(1_000, 980, 20)).change == pytest.approx(0.01)
    to_nan = presence_change(before, Presence(1_000, 790, 10, nan=200))
    assert to_nan.change == pytest.approx(0.2)
    assert to_nan.p < 1e-30


@pytest.mark.covers("drift-threshold-variation")
def test_a_threshold_of_variation_is_mean_and_deviations_and_needs_two_chunks() -> None:
    assert VariationThreshold(3).of([0.1, 0.2, 0.3]) == pytest.approx(0.2 + 3 * np.std([0.1, 0.2, 0.3]))
    assert VariationThreshold(3).of([0.1, math.nan]) is None


def test_edges_of_bins() -> None:
    """Doane's are NumPy's; those of quantiles give a frequent value a bin of its own."""
    for sample in (BASELINE, np.exp(BASELINE), np.array([3.0, 3.0]), np.array([1.0, 2.0])):
        assert doane_edges(SortedValues.of(sample)) == pytest.approx(np.histogram_bin_edges(sample, "doane"))
    assert inner_edges([0.0, 0.0, 1.0]) == pytest.approx([0.0, np.nextafter(0, 1), 1.0], abs=0)
    borders = [-1.0, 0.0, 0.5, 2.0]
    assert list(B.counted(borders)) == list(np.histogram(BASELINE, borders)[0])


def test_many_features_at_once_are_told_what_each_by_itself_is() -> None:
    """Bins that are empty on a side or on both, one bin alone, equal sides, and sides that hold nothing."""
    generator = np.random.default_rng(4)
    many = [
        (generator.integers(0, 5, bins) * 1.0, generator.integers(0, 9, bins) * 10.0 ** generator.integers(0, 7))
        for bins in generator.integers(1, 40, 200).tolist()
    ]
    many += [(one, one) for one, _ in many[:20]]
    many += [
        (np.zeros(3), np.ones(3)),
        (np.ones(2), np.zeros(2)),
        (np.zeros(0), np.zeros(0)),
        (np.ones(1), np.full(1, 9.0)),
    ]
    told = [Counted(*one) for one in many]
    tell_together(told)
    assert sum("chi_squared" in one.__dict__ for one in told) > 150
    for one, sides in zip(told, many):
        alone = Counted(*sides)
        for found, wanted in zip(one.shares, alone.shares):
            assert found.tolist() == wanted.tolist()
        assert one.jensen_shannon == pytest.approx(alone.jensen_shannon, **NEARLY)
        assert astuple(one.chi_squared) == pytest.approx(astuple(alone.chi_squared), **NEARLY)
    tell_together([])
