"""Histograms follow from values at equal steps of rank."""

from __future__ import annotations

import numpy as np
import pytest

from tapetum_server.detectors.feature_statistics.histograms import quantiles_histogram, ranks, standard_histogram
from tapetum_server.signals.feature_statistics import POINTS, NumericStatistics


def test_half_of_the_values_at_one_place_are_in_its_bucket() -> None:
    values = np.sort(np.concatenate([np.zeros(500), np.linspace(1, 10, 500)]))
    points = np.quantile(values, np.linspace(0, 1, POINTS), method="inverted_cdf")
    found = standard_histogram(NumericStatistics(finite=1000, minimum=0.0, maximum=10.0, points=tuple(points.tolist())))
    assert found[0].count == pytest.approx(500, abs=10)
    assert sum(bucket.count for bucket in found) == pytest.approx(1000)
    assert ranks(np.array([0.0, 0.0, 1.0]), np.array([-1.0, 0.0, 0.5, 1.0, 2.0])).tolist() == [0, 0, 0.75, 1.0, 1.0]


def test_infinities_alone_are_a_histogram_too() -> None:
    only = NumericStatistics(negative_infinity=3, positive_infinity=1)
    assert [bucket.count for bucket in standard_histogram(only)] == [3, 1]
    assert quantiles_histogram(only)[0].low == -np.inf
    assert quantiles_histogram(only)[-1].high == np.inf
    assert quantiles_histogram(NumericStatistics()) == ()
