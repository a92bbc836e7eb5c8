"""Quantiles of histograms, against hand calculation and raw samples."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapetum_server.query.distributions import Explicit, Exponential


def test_a_quantile_lies_linearly_within_its_bucket() -> None:
    """Ten values: 2 up to 10, 6 between 10 and 20, 2 between 20 and 50."""
    histogram = Explicit()
    histogram.add([10, 20, 50], [2, 6, 2, 0])
    assert histogram.quantile(0.5) == pytest.approx(10 + 10 * 3 / 6)
    assert histogram.quantile(0.1) == pytest.approx(5)
    assert histogram.quantile(0.9) == pytest.approx(20 + 30 * 1 / 2)
    assert histogram.quantile(1) == pytest.approx(50)


def test_the_outer_buckets_reach_to_what_was_recorded() -> None:
    histogram = Explicit()
    histogram.add([10, 20], [2, 0, 2], 4, 100)
    assert histogram.quantile(0) == pytest.approx(4)
    assert histogram.quantile(0.25) == pytest.approx(7)
    assert histogram.quantile(0.75) == pytest.approx(60)
    unknown = Explicit()
    unknown.add([10, 20], [2, 0, 2])
    assert unknown.quantile(0.25) == pytest.approx(5)
    assert unknown.quantile(0.99) == pytest.approx(20)


def test_histograms_with_other_bounds_merge_as_distributions() -> None:
    """100 values spread evenly over 0..100, told in two ways, are still spread evenly."""
    histogram = Explicit()
    histogram.add([50, 100], [25, 25, 0])
    histogram.add([20, 40, 60, 80, 100], [10, 10, 10, 10, 10, 0])
    for q in (0.1, 0.33, 0.5, 0.77, 0.95):
        assert histogram.quantile(q) == pytest.approx(100 * q)


def test_nothing_recorded_has_no_quantile() -> None:
    assert Explicit().quantile(0.5) is None
    assert Exponential().quantile(0.5) is None
    empty = Explicit()
    empty.add([1, 2], [0, 0, 0])
    assert empty.quantile(0.5) is None


def bucketed(samples: list[float], scale: int) -> tuple[int, dict[int, float], dict[int, float]]:
    """Zero count and counts by index, as OpenTelemetry's mapping function puts them."""
    zeros, positive, negative = 0, {}, {}
    for sample in samples:
        if sample == 0:
            zeros += 1
            continue
        index = math.ceil(math.log2(abs(sample)) * 2.0**scale) - 1
        side = positive if sample > 0 else negative
        side[index] = side.get(index, 0) + 1
    return zeros, positive, negative


@pytest.mark.parametrize("scales", [(3,), (5, 2), (0, 4, 7), (-1,)])
def test_exponential_quantiles_are_within_the_bucket_of_the_raw_samples(scales: tuple[int, ...]) -> None:
    chance = random.Random(7)
    samples: list[float] = []
    histogram = Exponential()
    for scale in scales:
        some = [chance.lognormvariate(2, 1.5) * chance.choice([1, 1, 1, -1]) for _ in range(500)] + [0.0] * 20
        samples += some
        histogram.add(scale, *bucketed(some, scale))
    samples.sort()
    base = 2.0 ** (2.0 ** -min(scales))
    for q in (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99):
        truth = samples[min(len(samples) - 1, math.ceil(q * len(samples)) - 1)]
        found = histogram.quantile(q)
        assert found is not None
        if truth == 0:
            assert found == 0
        else:
            assert 1 / base - 1e-9 <= found / truth <= base + 1e-9, q


@given(st.lists(st.integers(0, 50), min_size=4, max_size=4), st.floats(0, 1), st.floats(0, 1))
def test_quantiles_never_fall_and_adding_a_histogram_to_itself_changes_none(
    counts: list[int], one: float, other: float
) -> None:
    histogram, doubled = Explicit(), Explicit()
    histogram.add([1, 2, 5], counts)
    doubled.add([1, 2, 5], counts)
    doubled.add([1, 2, 5], counts)
    low, high = histogram.quantile(min(one, other)), histogram.quantile(max(one, other))
    if low is None or high is None:
        assert not sum(counts)
        return
    assert low <= high + 1e-9
    assert doubled.quantile(one) == pytest.approx(histogram.quantile(one))


def test_taking_the_earlier_point_away_leaves_what_came_since() -> None:
    """A cumulative point adds its counts and takes away those of the point before it, at any scale."""
    histogram = Exponential()
    histogram.add(1, 3, {4: 10, 5: 8}, {})
    histogram.add(2, -1, {8: -5, 9: -5, 10: -8}, {})
    # At scale 1, indexes 8 and 9 of scale 2 are index 4: nothing of it is left, nor of index 5.
    assert histogram.quantile(0.5) == 0.0
