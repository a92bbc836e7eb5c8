"""The census: scikit-learn's, TFMA's and NannyML's own numbers, reproduced."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from public_data import public_data

from tapetum_server.detectors.estimation import cbpe, dle
from tapetum_server.detectors.estimation.chunk_cells import ChunkCells
from tapetum_server.detectors.performance.binary import BINARY_METRICS, At
from tapetum_server.detectors.performance.confusion_metrics import PROPORTIONS
from tapetum_server.detectors.performance.counts import ScoreCounts, confusion, score_counts
from tapetum_server.detectors.performance.intervals import delong, jackknife, wilson
from tapetum_server.detectors.performance.regression import REGRESSION_METRICS, error_sums

pytestmark = pytest.mark.evidence
_SCIKIT = {
    "accuracy": "binary_accuracy", "balanced_accuracy": "balanced_accuracy", "precision": "precision",
    "recall": "recall", "specificity": "specificity", "f1": "f1_score", "mcc": "matthews_correlation_coefficient",
    "roc_auc": "auc", "average_precision": "average_precision", "log_loss": "binary_crossentropy",
    "brier": "brier_score", "ece10": "expected_calibration_error", "mce10": "maximum_calibration_error",
    "mean_label": "mean_label", "mean_probability": "mean_prediction", "calibration_ratio": "calibration",
}  # fmt: skip
_NUMBERS = {
    "mae": "mean_absolute_error", "mse": "mean_squared_error", "rmse": "root_mean_squared_error",
    "median_ae": "median_absolute_error", "bias_mean_error_pred_minus_true": "mean_error", "r2": "r_squared",
    "explained_variance": "explained_variance", "max_error": "max_error", "squared_pearson": "squared_pearson_correlation",
}  # fmt: skip


def census_file(name: str) -> Path:
    return public_data("oracle/census_2016") / name


class Census:
    def __init__(self) -> None:
        table = pq.read_table(census_file("window.parquet"))
        self.labels = table["employed"].to_numpy().astype(float)
        self.scores = table["predicted_probability"].to_numpy()
        self.called = table["prediction"].to_numpy().astype(float)
        self.columns = {name: np.array(table[name].to_pylist()) for name in ("SEX", "MAR", "RAC1P")}
        numbers = pq.read_table(census_file("regression_window.parquet"))
        self.truth, self.guess = numbers["y_true"].to_numpy(), numbers["y_pred"].to_numpy()

    def mask(self, of: list[list[str]]) -> np.ndarray:
        return np.all([np.ones(len(self.labels), bool), *(self.columns[name] == value for name, value in of)], axis=0)

    def counts(self, of: list[list[str]]) -> ScoreCounts:
        mask = self.mask(of)
        return score_counts(self.scores[mask], self.labels[mask])


@pytest.fixture(scope="module")
def census() -> Census:
    return Census()


def expected(name: str) -> Any:
    return json.loads(census_file(name).read_text(encoding="utf-8"))


@pytest.mark.covers("oracle-scikit-learn")
def test_every_slice_is_scikit_learns_to_nine_digits(census: Census) -> None:
    told = expected("direct/expected_metrics.json")["results"]["window"]
    for slice_ in told["classification"]:
        counts = census.counts(slice_["slice"])
        for theirs, ours in _SCIKIT.items():
            value = BINARY_METRICS[ours](counts, At())
            if slice_[theirs] is None:
                assert math.isnan(value), (slice_["slice"], theirs)
            else:
                assert value == pytest.approx(slice_[theirs], rel=1e-9), (slice_["slice"], theirs)
        limits = slice_["ci95"]
        at = confusion(counts)
        for name, ours in (("accuracy", "binary_accuracy"), ("precision", "precision"), ("recall", "recall")):
            if limits.get(f"{name}_wilson"):
                found = wilson(*PROPORTIONS[ours](at))
                assert [found.lower, found.upper] == pytest.approx(limits[f"{name}_wilson"], rel=1e-9)
        if curve := limits.get("roc_auc_delong"):
            assert delong(counts).standard_error == pytest.approx(curve["se"], rel=1e-9)
    for slice_ in told["regression"]:
        mask = census.mask(slice_["slice"])
        sums = error_sums(census.truth[mask], census.guess[mask], shift=40)
        for theirs, ours in _NUMBERS.items():
            assert REGRESSION_METRICS[ours](sums) == pytest.approx(slice_[theirs], rel=1e-9), (slice_["slice"], theirs)


@pytest.mark.covers("oracle-tfma", "metric-auc-precision-recall")
def test_every_slice_is_tfmas_within_its_bins(census: Census) -> None:
    told = expected("tfma/expected.json")["results"]
    for slice_ in told["classification"]["metrics"]:
        counts = census.counts(slice_["slice"])
        for name, value in slice_["metrics"].items():
            if isinstance(value, float):
                close = 1e-4 if name.startswith("auc") else 1e-9
                assert BINARY_METRICS[name](counts, At()) == pytest.approx(value, abs=close), (slice_["slice"], name)
    for slice_ in told["regression"]["metrics"]:
        mask = census.mask(slice_["slice"])
        sums = error_sums(census.truth[mask], census.guess[mask], shift=40)
        for name, value in slice_["metrics"].items():
            assert REGRESSION_METRICS[name](sums) == pytest.approx(value, rel=1e-9), (slice_["slice"], name)


@pytest.mark.covers("oracle-tfma-jackknife")
def test_jackknife_is_as_wide_as_tfmas(census: Census) -> None:
    """Its buckets are random and unseeded: within a factor of two. Entries marked `invalid` are TFMA's bug."""
    every = slice(None, None, 7)
    for told in expected("tfma/expected.json")["results"]["classification_jackknife"]["jackknife"]:
        if "invalid" in told or len(told["slice"]) > 1 or told["slice"][:1] not in ([], [["SEX", "1"]]):
            continue
        mask = census.mask(told["slice"])[every]
        counts = score_counts(census.scores[every][mask], census.labels[every][mask])
        found = jackknife(counts, lambda c, name=told["metric"]: BINARY_METRICS[name](c, At()), seed=1)  # type: ignore[misc]
        assert 0.4 < found.standard_error / told["stderr"] < 2.5, told
        assert (found.lower + found.upper) / 2 == pytest.approx(told["value"], abs=1e-4)


@pytest.mark.covers("oracle-nannyml")
def test_estimates_are_nannymls() -> None:
    def chunks(name: str) -> list[ChunkCells]:
        table = pq.read_table(census_file(name), columns=["employed", "predicted_probability", "prediction"])
        columns = [table[c].to_numpy().astype(float) for c in ("predicted_probability", "prediction", "employed")]
        found = []
        for start in range(0, len(columns[0]), 5000):
            scores, called, labels = (column[start : start + 5000] for column in columns)
            order = np.argsort(scores)
            one = np.ones(len(scores))
            found.append(ChunkCells("", scores[order], called[order], one, labels[order], one))
        return found

    fitted = cbpe.fit(chunks("baseline.parquet"))
    told = expected("nannyml/expected.json")
    assert fitted.calibrated is told["cbpe_needs_calibration"]
    for cells, theirs, was in zip(chunks("window.parquet"), told["cbpe"], told["realized"], strict=True):
        ours = cbpe.estimate(fitted, cells)
        for name, wanted in theirs.items():
            if name == "chunk":
                continue
            found = ours[name]
            assert found.value == pytest.approx(wanted["value"], abs=1e-6), name
            assert found.alert == wanted["alert"]
            assert found.realized == pytest.approx(was[name]["value"], abs=1e-9)
            assert (found.lower_threshold, found.upper_threshold) == pytest.approx(
                (wanted["lower_threshold"], wanted["upper_threshold"]), abs=1e-9
            )
            # NannyML's error of average precision comes of unseeded resampling.
            close = {"rel": 0.2} if name == "average_precision" else {"abs": 1e-6}
            assert found.sampling_error == pytest.approx(wanted["sampling_error"], **close)


@pytest.mark.covers("oracle-nannyml-dle")
def test_errors_of_numbers_are_estimated_near_nannymls() -> None:
    """Their trees are LightGBM's: within a few hundredths, and by the same alerts. Every sixth row is learned from."""
    features = json.loads(census_file("dataset.json").read_text(encoding="utf-8"))["regression"]["features"]

    def chunks(name: str, every: int, most: int) -> list[dle.RegressionRows]:
        rows = pq.read_table(census_file(f"regression_{name}.parquet"))
        place = {
            key: k
            for k, key in enumerate(pq.read_table(census_file(f"{name}.parquet"), columns=["id"])["id"].to_pylist())
        }
        at = np.array([place[key] for key in rows["id"].to_pylist()])
        table = pq.read_table(census_file(f"{name}.parquet"), columns=features)
        codes = np.column_stack([_codes(table[column]) for column in features])[at][::every]
        guess, truth = (rows[column].to_numpy()[::every] for column in ("y_pred", "y_true"))
        size = 5_000 // every
        return [
            dle.RegressionRows("", codes[k : k + size], guess[k : k + size], truth[k : k + size])
            for k in range(0, min(len(guess), most * size), size)
        ]

    fitted = dle.fit(chunks("baseline", 6, 99), [True] * len(features))
    told = expected("nannyml/expected.json")
    for rows, theirs, was in zip(chunks("window", 1, 2), told["dle"], told["dle_realized"]):
        ours = dle.estimate(fitted, rows)
        for name in ("mae", "rmse", "mse"):
            assert ours[name].value == pytest.approx(theirs[name]["value"], rel=0.05), name
            assert ours[name].realized == pytest.approx(was[name]["value"], rel=1e-9), name
            assert ours[name].sampling_error == pytest.approx(theirs[name]["sampling_error"], rel=0.1), name
            assert ours[name].alert == theirs[name]["alert"], name


def _codes(column: Any) -> np.ndarray:
    """Texts as their place among the values, in order; the same in both files."""
    values = column.to_numpy()
    if values.dtype != object:
        return values.astype(float)
    return np.array(
        [float(text) if text.replace(".", "").isdecimal() else float(sum(map(ord, text))) for text in values]
    )
