"""Every metric by its name, against scikit-learn or the textbook's formula, on a few hundred rows with ties."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

from tapetum_server.detectors.performance import curves
from tapetum_server.detectors.performance.binary import BINARY_METRICS, At
from tapetum_server.detectors.performance.calibration import reliability
from tapetum_server.detectors.performance.costs import CostMatrix, business_value, threshold_table
from tapetum_server.detectors.performance.counts import Confusion, confusion, merged, score_counts
from tapetum_server.detectors.performance.fairness import fairness_gaps
from tapetum_server.detectors.performance.multiclass import (
    MULTICLASS_METRICS,
    ClassCounts,
    one_against_rest,
    per_class,
)
from tapetum_server.detectors.performance.regression import REGRESSION_METRICS, added, error_sums, less

RNG = np.random.default_rng(7)
P = np.round(RNG.beta(2, 2, 500), 2)  # two digits: many ties
Y = (RNG.random(500) < P**1.3).astype(int)
COUNTS = score_counts(P, Y)
CALLED = (P > 0.5).astype(int)
TN, FP, FN, TP = (float(each) for each in sk.confusion_matrix(Y, CALLED).ravel())
N, TPR, FPR, TNR, PPV, NPV = 500.0, TP / (TP + FN), FP / (FP + TN), TN / (TN + FP), TP / (TP + FP), TN / (TN + FN)


def best(values: Any, allowed: Any) -> float:
    return float(np.asarray(values)[np.asarray(allowed)].max())


def roc() -> tuple[np.ndarray, np.ndarray]:
    false, hit, _ = sk.roc_curve(Y, P, drop_intermediate=False)
    return false, hit


def by_recall() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    precision, recall, scores = sk.precision_recall_curve(Y, P)
    return precision[:-1], recall[:-1], scores


BINARY: dict[str, Callable[[], float]] = {
    "example_count": lambda: N,
    "weighted_example_count": lambda: N,
    "mean_label": lambda: Y.mean(),
    "mean_prediction": lambda: P.mean(),
    "calibration": lambda: P.mean() / Y.mean(),
    "expected_calibration_error": lambda: (
        sum(abs(P[b].sum() - Y[b].sum()) for k in range(10) if (b := np.minimum(np.floor(P * 10), 9) == k).any()) / N
    ),
    "maximum_calibration_error": lambda: max(
        abs(P[b].mean() - Y[b].mean()) for k in range(10) if (b := np.minimum(np.floor(P * 10), 9) == k).any()
    ),
    "brier_score": lambda: sk.brier_score_loss(Y, P),
    "binary_crossentropy": lambda: sk.log_loss(Y, np.clip(P, 1e-15, 1 - 1e-15)),
    "mean_squared_error": lambda: sk.mean_squared_error(Y, P),
    "mean_absolute_error": lambda: sk.mean_absolute_error(Y, P),
    "squared_pearson_correlation": lambda: np.corrcoef(Y, P)[0, 1] ** 2,
    "coefficient_of_discrimination": lambda: P[Y == 1].mean() - P[Y == 0].mean(),
    "relative_coefficient_of_discrimination": lambda: P[Y == 1].mean() / P[Y == 0].mean(),
    "auc": lambda: sk.roc_auc_score(Y, P),
    "average_precision": lambda: sk.average_precision_score(Y, P),
    "sensitivity_at_specificity": lambda: best(roc()[1], 1 - roc()[0] >= 0.5),
    "specificity_at_sensitivity": lambda: best(1 - roc()[0], roc()[1] >= 0.5),
    "precision_at_recall": lambda: best(by_recall()[0], by_recall()[1] >= 0.5),
    "recall_at_precision": lambda: best(by_recall()[1], by_recall()[0] >= 0.5),
    "recall_at_false_positive_rate": lambda: best(roc()[1], roc()[0] <= 0.05),
    "threshold_at_recall": lambda: best(by_recall()[2], by_recall()[1] >= 0.5),
    "max_recall": lambda: 1.0,
    "true_positives": lambda: TP,
    "false_positives": lambda: FP,
    "true_negatives": lambda: TN,
    "false_negatives": lambda: FN,
    "binary_accuracy": lambda: sk.accuracy_score(Y, CALLED),
    "precision": lambda: sk.precision_score(Y, CALLED),
    "ppv": lambda: PPV,
    "recall": lambda: sk.recall_score(Y, CALLED),
    "tpr": lambda: TPR,
    "specificity": lambda: sk.recall_score(Y, CALLED, pos_label=0),
    "tnr": lambda: TNR,
    "fall_out": lambda: FPR,
    "fpr": lambda: FPR,
    "miss_rate": lambda: 1 - TPR,
    "fnr": lambda: 1 - TPR,
    "npv": lambda: NPV,
    "false_discovery_rate": lambda: 1 - PPV,
    "false_omission_rate": lambda: 1 - NPV,
    "prevalence": lambda: Y.mean(),
    "prevalence_threshold": lambda: (math.sqrt(TPR * FPR) - FPR) / (TPR - FPR),
    "threat_score": lambda: sk.jaccard_score(Y, CALLED),
    "balanced_accuracy": lambda: sk.balanced_accuracy_score(Y, CALLED),
    "f1_score": lambda: sk.f1_score(Y, CALLED),
    "matthews_correlation_coefficient": lambda: sk.matthews_corrcoef(Y, CALLED),
    "fowlkes_mallows_index": lambda: math.sqrt(PPV * TPR),
    "informedness": lambda: sk.balanced_accuracy_score(Y, CALLED, adjusted=True),
    "markedness": lambda: PPV + NPV - 1,
    "positive_likelihood_ratio": lambda: sk.class_likelihood_ratios(Y, CALLED)[0],
    "negative_likelihood_ratio": lambda: sk.class_likelihood_ratios(Y, CALLED)[1],
    "diagnostic_odds_ratio": lambda: TP * TN / FP / FN,
    "predicted_positive_rate": lambda: CALLED.mean(),
}


@pytest.mark.covers(
    "metric-example-count",
    "metric-weighted-example-count",
    "metric-mean-label",
    "metric-mean-prediction",
    "metric-calibration",
    "metric-expected-calibration-error",
    "metric-maximum-calibration-error",
    "metric-brier-score",
    "metric-binary-crossentropy",
    "metric-mean-squared-error",
    "metric-mean-absolute-error",
    "metric-squared-pearson-correlation",
    "metric-coefficient-of-discrimination",
    "metric-relative-coefficient-of-discrimination",
    "metric-auc",
    "metric-auc-precision-recall",
    "metric-average-precision",
    "metric-sensitivity-at-specificity",
    "metric-specificity-at-sensitivity",
    "metric-precision-at-recall",
    "metric-recall-at-precision",
    "metric-recall-at-false-positive-rate",
    "metric-threshold-at-recall",
    "metric-max-recall",
    "metric-true-positives",
    "metric-false-positives",
    "metric-true-negatives",
    "metric-false-negatives",
    "metric-binary-accuracy",
    "metric-precision",
    "metric-ppv",
    "metric-recall",
    "metric-tpr",
    "metric-specificity",
    "metric-tnr",
    "metric-fall-out",
    "metric-fpr",
    "metric-miss-rate",
    "metric-fnr",
    "metric-npv",
    "metric-false-discovery-rate",
    "metric-false-omission-rate",
    "metric-prevalence",
    "metric-prevalence-threshold",
    "metric-threat-score",
    "metric-balanced-accuracy",
    "metric-f1-score",
    "metric-matthews-correlation-coefficient",
    "metric-fowlkes-mallows-index",
    "metric-informedness",
    "metric-markedness",
    "metric-positive-likelihood-ratio",
    "metric-negative-likelihood-ratio",
    "metric-diagnostic-odds-ratio",
    "metric-predicted-positive-rate",
)
@pytest.mark.parametrize("name", BINARY_METRICS)
def test_a_metric_of_yes_or_no_is_scikit_learns(name: str) -> None:
    if name == "auc_precision_recall":  # TFMA's own interpolation; held against TFMA below, and close to the exact area
        assert BINARY_METRICS[name](COUNTS, At()) == pytest.approx(sk.average_precision_score(Y, P), abs=0.01)
        return
    assert BINARY_METRICS[name](COUNTS, At()) == pytest.approx(float(BINARY[name]()), rel=1e-9)


@pytest.mark.covers("metric-multiclass", "metric-multiclass-auc")
def test_metrics_of_several_classes_are_scikit_learns() -> None:
    scores = RNG.dirichlet([1, 1, 1, 1], 300)
    labels = np.array([RNG.choice(4, p=row) for row in scores])
    called = scores.argmax(1)
    matrix = sk.confusion_matrix(labels, called).astype(float)
    above = (scores > scores[np.arange(300), labels][:, None]).sum(1)
    surprise = float(-np.log(scores[np.arange(300), labels]).sum())
    counts = ClassCounts(("a", "b", "c", "d"), matrix, np.bincount(above, minlength=4).astype(float), surprise)
    expected: dict[str, float] = {
        "example_count": 300,
        **dict.fromkeys(
            ["accuracy", "categorical_accuracy", "sparse_categorical_accuracy"], sk.accuracy_score(labels, called)
        ),
        "balanced_accuracy": sk.balanced_accuracy_score(labels, called),
        "matthews_correlation_coefficient": sk.matthews_corrcoef(labels, called),
        "cohen_kappa": sk.cohen_kappa_score(labels, called),
        **dict.fromkeys(["categorical_crossentropy", "sparse_categorical_crossentropy"], sk.log_loss(labels, scores)),
        **{f"top_{k}_accuracy": sk.top_k_accuracy_score(labels, scores, k=k) for k in (2, 3)},
        "top_5_accuracy": 1.0,
    }
    for how in ("micro", "macro", "weighted"):
        expected[f"{how}_precision"] = sk.precision_score(labels, called, average=how)
        expected[f"{how}_recall"] = sk.recall_score(labels, called, average=how)
        expected[f"{how}_f1_score"] = sk.f1_score(labels, called, average=how)
    assert {name: metric(counts) for name, metric in MULTICLASS_METRICS.items()} == pytest.approx(expected, rel=1e-9)
    by_class = [score_counts(scores[:, k], labels == k) for k in range(4)]
    for how in ("macro", "weighted"):
        wanted = sk.roc_auc_score(labels, scores, multi_class="ovr", average=how)
        assert one_against_rest(by_class, "auc", how) == pytest.approx(wanted, rel=1e-9)
    assert per_class(counts)["b"]["support"] == float((labels == 1).sum())


@pytest.mark.covers(
    "metric-root-mean-squared-error",
    "metric-median-absolute-error",
    "metric-max-error",
    "metric-mean-error",
    "metric-mean-absolute-percentage-error",
    "metric-symmetric-mean-absolute-percentage-error",
    "metric-weighted-absolute-percentage-error",
    "metric-mean-squared-logarithmic-error",
    "metric-r-squared",
    "metric-explained-variance",
)
def test_metrics_of_numbers_are_scikit_learns() -> None:
    y = np.round(RNG.normal(40, 20, 300))
    y[:10] = 0
    p = y + RNG.normal(1, 5, 300)
    there = y != 0
    logs = (y > -1) & (p > -1)
    expected = {
        "example_count": 300,
        "weighted_example_count": 300,
        "mean_label": y.mean(),
        "mean_prediction": p.mean(),
        "calibration": p.mean() / y.mean(),
        "mean_absolute_error": sk.mean_absolute_error(y, p),
        "mean_squared_error": sk.mean_squared_error(y, p),
        "root_mean_squared_error": sk.root_mean_squared_error(y, p),
        "median_absolute_error": sk.median_absolute_error(y, p),
        "max_error": sk.max_error(y, p),
        "mean_error": (p - y).mean(),
        "mean_absolute_percentage_error": 100 * sk.mean_absolute_percentage_error(y[there], p[there]),
        "symmetric_mean_absolute_percentage_error": 100 * np.mean(2 * np.abs(p - y) / (np.abs(p) + np.abs(y))),
        "weighted_absolute_percentage_error": 100 * np.abs(p - y).sum() / np.abs(y).sum(),
        "mean_squared_logarithmic_error": sk.mean_squared_log_error(y[logs], p[logs]),
        "r_squared": sk.r2_score(y, p),
        "explained_variance": sk.explained_variance_score(y, p),
        "squared_pearson_correlation": np.corrcoef(y, p)[0, 1] ** 2,
    }
    whole = error_sums(y, p, shift=40)
    assert {name: metric(whole) for name, metric in REGRESSION_METRICS.items()} == pytest.approx(expected, rel=1e-9)
    first, rest = error_sums(y[:100], p[:100], shift=40), error_sums(y[100:], p[100:], shift=40)
    for parts in (added([first, rest]), less(added([whole, first]), first)):
        assert REGRESSION_METRICS["r_squared"](parts) == pytest.approx(expected["r_squared"], rel=1e-9)


@pytest.mark.covers("metric-undefined")
def test_what_is_a_share_of_nothing_has_no_value() -> None:
    """Neither 0, which looks like failure, nor 1, which looks like success."""
    positive = score_counts([0.1, 0.2], [1, 1])
    assert math.isnan(BINARY_METRICS["precision"](positive, At()))
    assert math.isnan(BINARY_METRICS["auc"](positive, At()))
    assert math.isnan(BINARY_METRICS["specificity"](positive, At()))
    assert BINARY_METRICS["recall"](positive, At()) == 0.0


@pytest.mark.covers("calibration-curve", "roc-and-pr-curves")
def test_curves_are_scikit_learns() -> None:
    false, hit, _ = curves.roc_curve(COUNTS)
    assert np.allclose(np.stack([false, hit]), np.stack(roc()), rtol=0, atol=1e-12)
    precision, recall, scores = curves.precision_recall_curve(COUNTS)
    for ours, theirs in zip((precision, recall, scores), by_recall()):
        assert np.allclose(ours[::-1], theirs)
    assert sum(b.count for b in reliability(COUNTS)) == N
    thin = curves.thinned(20, false, hit)
    assert len(thin[0]) == 20
    assert (thin[0][0], thin[0][-1]) == (0.0, 1.0)


@pytest.mark.covers("threshold-slider", "cost-matrix")
def test_the_threshold_that_is_worth_most_is_found() -> None:
    costs = CostMatrix(true_positive=5, false_positive=-3, false_negative=-1)
    table = threshold_table(COUNTS, np.linspace(0, 1, 101), costs)
    values = [business_value(confusion(COUNTS, t), costs) for t in np.linspace(0, 1, 101)]
    assert table.values.tolist() == values
    assert table.best() == np.linspace(0, 1, 101)[int(np.argmax(values))]
    assert (table.tp[50], table.fp[50], table.tn[50], table.fn[50]) == (TP, FP, TN, FN)


@pytest.mark.covers("fairness-gaps")
def test_the_gap_between_groups_names_the_two_that_lie_apart() -> None:
    groups = {
        "a": Confusion(tp=80, fp=10, tn=90, fn=20),
        "b": Confusion(tp=50, fp=10, tn=90, fn=50),
        "c": Confusion(tp=70, fp=12, tn=88, fn=30),
        "few": Confusion(tp=0, fp=3, tn=1, fn=3),
    }
    gap = next(gap for gap in fairness_gaps(groups) if gap.notion == "equal_opportunity")
    assert (gap.highest, gap.lowest) == ("a", "b")
    assert (gap.difference, gap.ratio) == (pytest.approx(0.3), pytest.approx(0.625))
    # statsmodels' proportions_ztest([80, 50], [100, 100]) gives 4.4475…
    assert gap.z == pytest.approx(0.3 / math.sqrt(0.65 * 0.35 * 0.02))
    assert gap.lower > 0
    assert fairness_gaps({"a": groups["a"]}) == []


def test_counts_of_parts_are_counts_of_the_whole() -> None:
    both = merged([score_counts(P[:200], Y[:200]), score_counts(P[200:], Y[200:])])
    assert np.array_equal(both.positives, COUNTS.positives)
    assert np.array_equal(both.scores, COUNTS.scores)
