"""Confidence intervals: by formula against other people's numbers, by resampling against the formula."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tapetum_server.detectors.performance.calibration import brier_score
from tapetum_server.detectors.performance.counts import score_counts
from tapetum_server.detectors.performance.curves import roc_auc
from tapetum_server.detectors.performance.differences import rest_difference
from tapetum_server.detectors.performance.intervals import delong, jackknife, poisson_bootstrap, wilson
from tapetum_server.detectors.performance.paired import (
    bootstrap_difference,
    delong_difference,
    flips,
    mcnemar,
    model_cosine_similarity,
    paired_counts,
    symmetric_prediction_difference,
)

RNG = np.random.default_rng(3)
P = np.round(RNG.beta(2, 2, 1000), 2)
Y = (RNG.random(1000) < P).astype(int)
COUNTS = score_counts(P, Y)


@pytest.mark.covers("interval-wilson")
@pytest.mark.parametrize(("part", "whole"), [(0, 10), (7, 10), (10, 10), (400, 1000)])
def test_wilson_is_scipys(part: int, whole: int) -> None:
    theirs = stats.binomtest(part, whole).proportion_ci(method="wilson")
    ours = wilson(part, whole)
    assert (ours.lower, ours.upper) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@pytest.mark.covers("interval-delong")
def test_delong_is_the_spread_of_placements() -> None:
    """By the definition, over all pairs."""
    positive, negative = P[Y == 1], P[Y == 0]
    wins = (positive[:, None] > negative).astype(float) + 0.5 * (positive[:, None] == negative)
    variance = wins.mean(1).var(ddof=1) / len(positive) + wins.mean(0).var(ddof=1) / len(negative)
    assert delong(COUNTS).standard_error == pytest.approx(np.sqrt(variance), rel=1e-12)


@pytest.mark.covers("interval-poisson-bootstrap", "interval-jackknife")
def test_resampling_agrees_with_the_formula() -> None:
    truth = delong(COUNTS).standard_error
    bootstrap = poisson_bootstrap(COUNTS, roc_auc, seed=1, samples=200)
    assert bootstrap.standard_error == pytest.approx(truth, rel=0.2)
    assert bootstrap.degrees_of_freedom == 199
    errors = [jackknife(COUNTS, roc_auc, seed=seed).standard_error for seed in range(20)]
    assert np.mean(errors) == pytest.approx(truth, rel=0.2)
    once, again = jackknife(COUNTS, roc_auc, seed=1), jackknife(COUNTS, roc_auc, seed=1)
    assert once == again
    assert once.upper - once.lower == pytest.approx(2 * stats.t.ppf(0.975, 19) * once.standard_error)


@pytest.mark.covers("interval-coverage")
def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Of samples of a known world: 95 in 100; fewer than 85 would be a lie."""
    held = 0
    for seed in range(100):
        draw = np.random.default_rng(seed)
        p = np.round(draw.random(300), 2)
        found = jackknife(score_counts(p, draw.random(300) < p), brier_score, seed=seed)
        held += found.lower <= 1 / 6 <= found.upper  # E[p(1-p)] of a uniform p
    assert held >= 88


@pytest.mark.covers("compare-flips", "metric-flip-rates", "metric-prediction-difference", "metric-cosine-similarity")
def test_flips_and_distances_of_two_models() -> None:
    pairs = paired_counts([1, 0, 1, 0, np.nan], [0.9, 0.2, 0.4, 0.6, 0.1], [0.8, 0.7, 0.6, 0.3, 0.9], [1, 2, 3, 4, 5])
    found = flips(pairs)
    assert found.symmetric_flip_rate == 14 / 15
    assert (found.neg_to_pos_flip_rate, found.pos_to_neg_flip_rate) == (10 / 15, 4 / 15)
    assert (found.neg_to_neg_flip_rate, found.pos_to_pos_flip_rate) == (0.0, 1 / 15)
    assert (found.fixed, found.broken) == (7.0, 2.0)
    a, b = np.repeat(pairs.champion, [1, 2, 3, 4, 5]), np.repeat(pairs.challenger, [1, 2, 3, 4, 5])
    assert symmetric_prediction_difference(pairs) == pytest.approx(np.mean(2 * np.abs(a - b) / (a + b)))
    assert model_cosine_similarity(pairs) == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.covers("compare-tests")
def test_two_models_are_compared_on_the_same_rows() -> None:
    worse = np.clip(P + RNG.normal(0, 0.3, 1000), 0, 1)
    pairs = paired_counts(Y, worse, P)
    right = [(worse > 0.5) == Y, (P > 0.5) == Y]
    fixed, broken = int((~right[0] & right[1]).sum()), int((right[0] & ~right[1]).sum())
    found = mcnemar(pairs)
    assert found.difference == pytest.approx((fixed - broken) / 1000)
    assert found.p_value == pytest.approx(stats.chi2.sf((abs(fixed - broken) - 1) ** 2 / (fixed + broken), 1))
    few = paired_counts([1] * 10, [0.1] * 7 + [0.9] * 3, [0.9] * 8 + [0.1] * 2)
    assert mcnemar(few).p_value == pytest.approx(stats.binomtest(2, 9, 0.5).pvalue)
    areas = delong_difference(pairs)
    assert areas.difference == pytest.approx(roc_auc(COUNTS) - roc_auc(score_counts(worse, Y)))
    assert areas.lower > 0
    assert areas.p_value < 1e-6
    drawn = bootstrap_difference(
        pairs, "auc", lambda y, s, n: roc_auc(score_counts(s, n * (y == 1), n * (y == 0))), seed=1
    )
    assert drawn.upper - drawn.lower == pytest.approx(areas.upper - areas.lower, rel=0.25)
    same = delong_difference(paired_counts(Y, P, P))
    assert (same.difference, same.p_value) == (0.0, 1.0)


def test_a_part_is_held_against_all_other_rows() -> None:
    """By hand: of 40 rows half are right, of 10 of them a fifth; so of the other 30 six in ten are."""
    nan = float("nan")
    found = rest_difference("accuracy", (0.2, nan, nan), (0.5, nan, nan), 10, 40)
    assert (found.champion, found.challenger) == (pytest.approx(0.6), 0.2)
    assert found.difference == pytest.approx(-0.4)
    error = (0.2 * 0.8 / 10 + 0.6 * 0.4 / 30) ** 0.5
    assert (found.upper - found.lower) / 2 / error == pytest.approx(2.0, abs=0.2)
    assert 0.005 < found.p_value < 0.03
    alone = rest_difference("accuracy", (0.5, nan, nan), (0.5, nan, nan), 40, 40)
    assert alone.difference != alone.difference, "there is no other row"
