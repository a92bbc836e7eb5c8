"""Metrics before labels are known, on worlds whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from tapetum_server.detectors.estimation import cbpe, dle, multiclass
from tapetum_server.detectors.estimation.calibrating import calibration_helps, isotonic
from tapetum_server.detectors.estimation.chunk_cells import ChunkCells, together
from tapetum_server.detectors.estimation.shift import shift_weights
from tapetum_server.detectors.estimation.trust import doubts_of_baseline, doubts_of_chunk, doubts_of_order
from tapetum_server.detectors.performance.costs import CostMatrix
from tapetum_server.detectors.performance.counts import score_counts

RNG = np.random.default_rng(5)


def chunk(scores: np.ndarray, labels: np.ndarray | None, key: str = "") -> ChunkCells:
    order = np.argsort(scores)
    known = np.zeros(len(scores)) if labels is None else np.ones(len(scores))
    truth = np.zeros(len(scores)) if labels is None else labels[order].astype(float)
    return ChunkCells(key, scores[order], (scores[order] > 0.5).astype(float), np.ones(len(scores)), truth, known)


def world(rows: int, power: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    scores = RNG.beta(1.5, 1.5, rows)
    return scores, (RNG.random(rows) < scores**power).astype(int)


BASELINE = [chunk(*world(1000, 2.0), str(k)) for k in range(6)]
FITTED = cbpe.fit(BASELINE, costs=CostMatrix(5, -2, 0, -9))


@pytest.mark.covers("calibration-isotonic")
def test_isotonic_is_scikit_learns() -> None:
    scores, labels = world(500)
    scores = np.round(scores, 2)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
    asked = np.linspace(-0.2, 1.2, 300)
    assert np.allclose(isotonic(score_counts(scores, labels))(asked), theirs.predict(asked), atol=1e-12)


@pytest.mark.covers("calibration-rule")
def test_scores_are_calibrated_only_where_it_helps() -> None:
    scores, labels = world(3000, 2.0)
    assert calibration_helps(score_counts(scores, labels), seed=0)
    levels = np.repeat([0.1, 0.5, 0.9], 1000)  # right already: nothing but noise could be learned
    truth = np.concatenate([np.arange(1000) < 1000 * p for p in (0.1, 0.5, 0.9)])
    assert not calibration_helps(score_counts(levels, truth), seed=0)
    assert not calibration_helps(score_counts([0.1, 0.9], [0, 1]), seed=0)


@pytest.mark.covers(
    "cbpe-accuracy", "cbpe-roc-auc", "cbpe-f1", "cbpe-precision", "cbpe-recall", "cbpe-specificity",
    "cbpe-average-precision", "cbpe-confusion-matrix", "cbpe-business-value", "cbpe-bands",
)  # fmt: skip
def test_what_is_estimated_is_what_comes_true() -> None:
    """Nine times in ten within the band of three standard errors, for every metric; and no metric is told of a label."""
    assert FITTED.calibrated
    inside: dict[str, int] = dict.fromkeys(cbpe.METRICS, 0)
    for _ in range(20):
        scores, labels = world(1000, 2.0)
        told, truth = cbpe.estimate(FITTED, chunk(scores, None)), cbpe.realized(chunk(scores, labels), FITTED.costs)
        assert all(math.isnan(each.realized) for each in told.values())
        for name, each in told.items():
            inside[name] += each.lower <= truth[name] <= each.upper
    assert min(inside.values()) >= 18, inside


def test_a_chunk_that_is_worse_than_the_baseline_alerts() -> None:
    """Scores in the middle: fewer of them can be right."""
    unsure = RNG.uniform(0.6, 0.8, 1000)
    told = cbpe.estimate(FITTED, chunk(unsure, None))
    assert told["accuracy"].alert
    assert told["accuracy"].value < told["accuracy"].lower_threshold
    assert not cbpe.estimate(FITTED, chunk(*world(1000, 2.0)))["accuracy"].alert


@pytest.mark.covers("cbpe-multiclass")
def test_several_classes_are_estimated_too() -> None:
    def rows(n: int, labels: bool = True) -> tuple[multiclass.ClassRows, np.ndarray]:
        scores = RNG.dirichlet([1, 1, 1], n)
        sharp = scores**2 / (scores**2).sum(1, keepdims=True)  # the truth is surer than the scores say
        truth = np.array([RNG.choice(3, p=row) for row in sharp])
        return multiclass.ClassRows("", scores, scores.argmax(1), truth if labels else None), truth

    fitted = multiclass.fit([rows(600)[0] for _ in range(4)])
    window, truth = rows(4000, labels=False)
    told = multiclass.estimate(fitted, window)
    was = multiclass.realized(multiclass.ClassRows("", window.scores, window.called, truth))
    for name in multiclass.METRICS:
        assert told[name].value == pytest.approx(was[name], abs=0.03), name
        assert told[name].sampling_error < 0.02
    matrix = multiclass.expected_confusion_matrix(fitted, window)
    assert matrix.sum() == pytest.approx(4000)
    assert np.trace(matrix) / 4000 == pytest.approx(told["accuracy"].value)
    assert multiclass.expected_value(fitted, window, np.eye(3)) == pytest.approx(np.trace(matrix))


@pytest.mark.covers("cbpe-weighted")
def test_weights_follow_a_shift_that_scores_do_not_see() -> None:
    """In group 1 a score means twice what it means in group 0, and the window is mostly group 1."""

    def mixed(rows: int, share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        group = (RNG.random(rows) < share).astype(int)
        scores = RNG.uniform(0, 0.5, rows)
        return group[:, None], scores, (RNG.random(rows) < scores * (1 + group)).astype(int)

    group, scores, labels = mixed(8000, 0.3)
    new_group, new_scores, new_labels = mixed(4000, 0.9)
    weights = shift_weights(group, np.ones(8000), new_group, np.ones(4000), [2])
    assert weights.rows[group[:, 0] == 1].mean() == pytest.approx(3.0, rel=0.05)
    assert 0.1 < weights.effective_share < 0.5
    baseline = [chunk(scores[k : k + 1000], labels[k : k + 1000]) for k in range(0, 8000, 1000)]
    counts = score_counts(scores, labels * weights.rows, (1 - labels) * weights.rows)
    shifted = cbpe.fitted_with(isotonic(counts), baseline, together(baseline), None, 0)
    truth = cbpe.realized(chunk(new_scores, new_labels))["accuracy"]
    plain = cbpe.estimate(cbpe.fit(baseline), chunk(new_scores, None))["accuracy"].value
    weighted = cbpe.estimate(shifted, chunk(new_scores, None))["accuracy"].value
    assert abs(weighted - truth) < 0.02 < abs(plain - truth)


@pytest.mark.covers("estimate-not-reliable")
def test_an_estimate_that_cannot_be_believed_says_why() -> None:
    narrow = [chunk(0.3 + 0.4 * RNG.random(1000), (RNG.random(1000) < 0.5).astype(int)) for _ in range(4)]
    fitted, whole = cbpe.fit(narrow), together(narrow)
    codes = {doubt.code for doubt in doubts_of_chunk(fitted, whole, chunk(RNG.random(1000), None))}
    assert codes == {"outside_support"}
    assert doubts_of_chunk(fitted, whole, chunk(0.3 + 0.4 * RNG.random(1000), None)) == []
    assert {d.code for d in doubts_of_chunk(fitted, whole, chunk(np.full(50, 0.5), None))} == {"few_rows"}
    scores, labels = world(6000)
    assert doubts_of_order([chunk(part, None) for part in np.split(scores, 6)], "window") == []
    (doubt,) = doubts_of_order([chunk(part, None) for part in np.split(np.sort(scores), 6)], "window")
    assert doubt.code == "ordered_chunks"
    # Ordered by what the score does not know: each chunk has one kind of mistake.
    wrong = (scores > 0.5) != labels
    order = np.argsort(wrong, kind="stable")
    sorted_chunks = [chunk(s, y) for s, y in zip(np.split(scores[order], 6), np.split(labels[order], 6))]
    (doubt,) = doubts_of_baseline([cbpe.estimate(cbpe.fit(sorted_chunks), each) for each in sorted_chunks])
    assert doubt.code == "baseline_contradicts"
    assert doubts_of_baseline([cbpe.estimate(FITTED, each) for each in BASELINE]) == []


@pytest.mark.covers("dle")
def test_errors_of_numbers_are_estimated_by_what_they_depend_on() -> None:
    """Where x is 1 the model is five times as far off; the window has more of it. Of another feature nothing is known."""

    def rows(n: int, share: float, labels: bool = True) -> tuple[dle.RegressionRows, np.ndarray]:
        x = (RNG.random(n) < share).astype(float)
        guess = RNG.normal(50, 10, n)
        truth = guess + RNG.normal(0, 1, n) * (1 + 4 * x)
        features = np.column_stack([x, np.full(n, np.nan)])
        return dle.RegressionRows("", features, guess, truth if labels else None), truth

    fitted = dle.fit([rows(300, 0.2)[0] for _ in range(3)], [True, False])
    window, truth = rows(600, 0.8, labels=False)
    told = dle.estimate(fitted, window)
    was = dle.realized(dle.RegressionRows("", window.features, window.predictions, truth))
    assert told["mae"].value == pytest.approx(was["mae"], rel=0.2)
    assert told["rmse"].value == pytest.approx(was["rmse"], rel=0.2)
    assert told["mae"].alert
