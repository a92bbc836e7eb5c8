"""Univariate drift by NannyML's definitions: by hand here, and equal to NannyML on the census of its repository."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from drift_world import CENSUS

from tapetum_server.detectors.drift import nannyml
from tapetum_server.detectors.drift.values import SortedValues, kolmogorov_smirnov, wasserstein

CHUNK = 5_000


def test_estimates_on_ten_thousand_bins_are_near_the_exact_ones_also_beyond_the_baselines_ends() -> None:
    random = np.random.default_rng(1)
    baseline = SortedValues.of(random.normal(0, 1, 12_000))
    chunk = SortedValues.of(np.concatenate([random.normal(0.3, 1.2, 4_000), [-9.0] * 40, [9.0] * 70]))
    estimated = nannyml.Continuous(baseline).measure(chunk)
    exact = nannyml.Continuous(baseline, exact=True).measure(chunk)
    assert exact["kolmogorov_smirnov"] == kolmogorov_smirnov(baseline, chunk).statistic
    assert exact["wasserstein"] == wasserstein(baseline, chunk)
    assert estimated["kolmogorov_smirnov"] == pytest.approx(exact["kolmogorov_smirnov"], abs=2e-3)
    assert estimated["kolmogorov_smirnov"] != exact["kolmogorov_smirnov"]
    # NannyML counts one value too many below the first edge: (41 - 40) / 4,110 over a range of about 8.
    assert estimated["wasserstein"] == pytest.approx(exact["wasserstein"], abs=8 / 4_110 + 2e-3)


def test_all_unseen_categories_are_one_more_category() -> None:
    measured = nannyml.Categorical({"a": 60, "b": 40}).measure({"a": 50, "x": 30, "y": 20})
    assert measured["l_infinity"] == pytest.approx(0.4)
    b, w = np.array([0.6, 0.4, 0]), np.array([0.5, 0, 0.5])
    assert measured["hellinger"] == pytest.approx(np.sqrt(np.sum((np.sqrt(b) - np.sqrt(w)) ** 2) / 2))


def test_a_threshold_beyond_the_methods_limit_is_none() -> None:
    assert nannyml.threshold("kolmogorov_smirnov", [0.1, 0.9, 0.1, 0.9]) is None
    assert nannyml.threshold("hellinger", [0.1, 0.9, 0.1, 0.9]) == pytest.approx(1.7)
    assert nannyml.threshold("chi2", [1.0, 2.0]) is None


@pytest.fixture(scope="module")
def census() -> dict[str, Any]:
    if CENSUS is None:
        pytest.skip("the public data sets are not beside the checkout")
    import pyarrow.parquet as pq

    return {
        "expected": json.loads((CENSUS / "nannyml" / "expected.json").read_text()),
        "": pq.read_table(CENSUS / "window.parquet"),
        "_reference": pq.read_table(CENSUS / "baseline.parquet"),
    }


@pytest.mark.evidence
@pytest.mark.covers("drift-nannyml")
@pytest.mark.parametrize("key", ["univariate_drift_default_auto", "univariate_drift_exact"])
def test_every_value_threshold_and_alert_is_nannymls(census: dict[str, Any], key: str) -> None:
    """14 chunks of 5,000 rows on either side, 18 features, four methods each."""
    expected = census["expected"]
    features = [name for name in expected[key][0] if name != "chunk"]
    compared = 0
    for feature in features:
        column = {side: census[side][feature].to_numpy(zero_copy_only=False) for side in ("", "_reference")}
        numeric = "wasserstein" in expected[key][0][feature]
        make: Callable[[Any], Any] = SortedValues.of if numeric else lambda x: Counter(map(str, x))
        whole = make(column["_reference"])
        calculator = nannyml.Continuous(whole, exact=key.endswith("exact")) if numeric else nannyml.Categorical(whole)
        if numeric:
            assert calculator.edges == pytest.approx(expected["doane_bins"][feature], abs=1e-12)
        chunks = {
            side: [make(column[side][i : i + CHUNK]) for i in range(0, len(column[side]), CHUNK)] for side in column
        }
        found = {side: [calculator.measure(chunk) for chunk in chunks[side]] for side in chunks}
        for side, measured in found.items():
            assert len(measured) == len(expected[key + side])
            for values, row in zip(measured, expected[key + side]):
                for method, cell in row[feature].items():
                    assert values[method] == pytest.approx(cell["value"], abs=1e-6)
        for n, row in enumerate(expected[key]):
            for method, cell in row[feature].items():
                limit = nannyml.threshold(method, [chunk[method] for chunk in found["_reference"]])
                assert limit == (
                    None if cell["upper_threshold"] is None else pytest.approx(cell["upper_threshold"], abs=1e-6)
                )
                if method == "chi2":
                    alert = calculator.p(chunks[""][n]) < nannyml.CHI_SQUARED_P
                else:
                    alert = limit is not None and found[""][n][method] > limit
                assert alert == cell["alert"]
                compared += 1
    assert compared == sum(len(expected[key][0][f]) for f in features) * 14
