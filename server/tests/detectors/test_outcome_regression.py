"""Versions judged by what came true of rows like theirs, in worlds where the chance of every label is known."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tapetum_server.detectors.estimation import cbpe, outcome_regression
from tapetum_server.detectors.estimation.calibrating import AS_IT_IS
from tapetum_server.detectors.estimation.chunk_cells import ChunkCells
from tapetum_server.detectors.estimation.outcome_regression import MIN_LABELLED, OutcomeModel, OutcomeRows
from tapetum_server.detectors.estimation.outcome_verdicts import (
    ExpectedVersion,
    Reference,
    chances_of_version,
    expected_metrics,
    judge,
    reference_of,
)
from tapetum_server.detectors.estimation.trust import doubts_of_quality
from tapetum_server.detectors.performance.costs import CostMatrix

RNG = np.random.default_rng(11)
NAMES = ("x", "region", "empty", "constant")
CATEGORICAL = (False, True, False, False)
SIZES = (4, 5, 1, 2)
EAST = 2
COSTS = CostMatrix(5, -2, 0, -9)
KEYS = iter(range(10**9))


def truth(x: np.ndarray, region: np.ndarray) -> np.ndarray:
    """The chance of a positive label."""
    chance: np.ndarray = 1 / (1 + np.exp(-(2 * x - 1 + 0.5 * (region == 0))))
    return chance


def rows(
    count: int, version: int, *, flipped: int | None = None, centre: float = 0.0, sure: float = 1.0, labels: bool = True,
    changed: bool = False, off: float = 0.0, spread: float = 1.0,
) -> OutcomeRows:  # fmt: skip
    """Rows that a version scores as it should, or the wrong way round in a region; `changed`, labels are."""
    x, region = RNG.normal(centre, spread, count), RNG.integers(0, 4, count)
    chance = truth(x, region)
    odds = np.log(chance / (1 - chance)) * sure + off
    scores = np.where(region == flipped, 1 / (1 + np.exp(odds)), 1 / (1 + np.exp(-odds)))
    comes = 1 - chance if changed else chance
    missing = np.where(RNG.random(count) < 0.03, np.nan, x)
    codes = np.column_stack([np.digitize(x, [-0.5, 0.5]) + 1, region + 1, np.zeros(count), np.ones(count)]).astype(int)
    return OutcomeRows(
        np.column_stack([missing, region.astype(float), np.full(count, np.nan), np.ones(count)]), scores,
        (scores > 0.5).astype(float),
        (RNG.random(count) < comes).astype(float) if labels else np.full(count, np.nan),
        np.full(count, version), np.zeros(count, int), np.asarray([next(KEYS) for _ in range(count)]), codes,
    )  # fmt: skip


BASELINE = rows(3_000, 1)


# Trained by who judges: every worker imports this to name its tests.
@functools.cache
def trained() -> OutcomeModel:
    return outcome_regression.fit(BASELINE, CATEGORICAL)


@functools.cache
def before() -> Reference | None:
    return reference_of(BASELINE, 1, CATEGORICAL)


def judged(which: OutcomeRows) -> ExpectedVersion:
    return judged_by(trained(), which, before())


def judged_by(model: OutcomeModel, which: OutcomeRows, earlier: Reference | None) -> ExpectedVersion:
    unlabelled = replace(which, labels=np.full(which.total, np.nan))
    version = int(which.versions[0])
    chances = chances_of_version(model, unlabelled, earlier, CATEGORICAL)
    return judge(model, unlabelled, chances, version, earlier, SIZES, NAMES)


def right(which: OutcomeRows) -> float:
    """The share of right calls, which the judges never see."""
    return float(np.mean(which.called == which.labels))


@pytest.mark.covers("outcome-regression")
def test_a_version_trained_on_flipped_labels_is_worse_in_that_region_before_a_label_comes() -> None:
    bad = rows(1_500, 2, flipped=EAST)
    found = judged(bad)
    accuracy = found.metrics["accuracy"]
    assert (found.verdict, found.because) == ("worse", ("earlier", "scores"))
    assert accuracy.lower <= right(bad) <= accuracy.upper
    assert found.earlier - accuracy.value > found.band
    assert found.earlier == pytest.approx(right(rows(20_000, 1)), abs=0.03)
    # Its own scores promise as much as ever.
    assert found.promised == pytest.approx(found.earlier, abs=0.04)
    assert found.slices[0].literals == ((1, EAST + 1),)
    east = bad.those(bad.codes[:, 1] == EAST + 1)
    assert found.slices[0].value == pytest.approx(right(east), abs=0.08)
    assert found.slices[0].rows == east.total
    assert len(found.slices) == 1


@pytest.mark.covers("outcome-regression")
@pytest.mark.wide
def test_every_metric_turns_out_within_its_band() -> None:
    """Of good and of bad versions: nine times in ten within three standard errors, and usually all the time."""
    for flipped in (None, EAST):
        inside: dict[str, int] = dict.fromkeys(cbpe.METRICS, 0)
        for _ in range(20):
            part = rows(800, 2, flipped=flipped)
            told = expected_metrics(trained(), part, chances_of_version(trained(), part, None, CATEGORICAL), COSTS)
            order = np.argsort(part.scores, kind="stable")
            cells = ChunkCells(
                "", part.scores[order], part.called[order], np.ones(800), part.labels[order], np.ones(800)
            )
            was = cbpe.realized(cells, COSTS)
            for name, one in told.items():
                inside[name] += one.lower <= was[name] <= one.upper
        assert min(inside.values()) >= 18, inside


@pytest.mark.covers("outcome-not-named")
@pytest.mark.parametrize(
    "other", [{}, {"sure": 1.3}, {"sure": 3.0}, {"centre": 0.5, "spread": 0.4}, {"centre": -0.8}, {"off": 0.1}],
    ids=["the same", "surer", "much too sure", "harder rows", "easier rows", "a little different"],
)  # fmt: skip
def test_a_version_that_is_as_good_is_not_named(other: dict[str, Any]) -> None:
    """Neither one that is trained anew, nor one that is too sure of the same calls, nor one that is asked other rows."""
    for _ in range(5):
        new = rows(1_500, 2, **other)
        found = judged(new)
        assert (found.verdict, found.because, found.slices) == ("as expected", (), ())
        assert found.metrics["accuracy"].lower <= right(new) <= found.metrics["accuracy"].upper


def test_a_mix_of_other_rows_changes_what_is_expected_and_what_the_earlier_version_would_be() -> None:
    """So that covariate shift alone is no fault: accuracy falls, and the earlier version's would with it."""
    usual, harder = judged(rows(4_000, 2)), judged(rows(4_000, 2, centre=0.5, spread=0.4))
    assert harder.metrics["accuracy"].value < usual.metrics["accuracy"].value - 0.1
    assert harder.earlier == pytest.approx(harder.metrics["accuracy"].value, abs=0.02)


@pytest.mark.covers("outcome-regression")
def test_a_version_without_another_is_held_against_its_scores_and_its_features() -> None:
    """From labels of its own alone: all that there is where a bad version answers from the first minute."""
    own = rows(600, 2, flipped=EAST)
    model = outcome_regression.fit(own, CATEGORICAL)
    found = judged_by(model, rows(400, 2, flipped=EAST), None)
    assert (found.verdict, found.because) == ("worse", ("scores",))
    assert found.slices[0].literals == ((1, EAST + 1),)
    for sure in (1.0, 3.0):
        assert judged_by(trained(), rows(400, 2, sure=sure), None).verdict == "as expected"


def test_a_version_that_mends_another_is_better() -> None:
    bad = rows(3_000, 1, flipped=EAST)
    found = judged_by(trained(), rows(1_000, 2), reference_of(bad, 1, CATEGORICAL))
    assert found.verdict == "better"


@pytest.mark.covers("outcome-not-reliable")
def test_where_it_is_not_reliable_it_says_so_and_judges_nothing() -> None:
    few = judged(rows(60, 2, flipped=EAST))
    assert ([one.code for one in few.doubts], few.verdict) == (["few_rows"], "unknown")
    far = judged(rows(500, 2, flipped=EAST, centre=6))
    assert ([one.code for one in far.doubts], far.verdict, far.slices) == (["outside_support"], "unknown", ())
    assert "x lies outside" in far.doubts[0].message
    elsewhere = rows(500, 2)
    elsewhere.features[:, 1] = -1
    assert judged(elsewhere).doubts[0].message.startswith("In 100.0% of the rows region")
    # The world has changed: no estimate sees that, but it says so once labels have come.
    drifted = rows(800, 2, changed=True)
    assert judged(drifted).verdict == "as expected"
    told = judge(trained(), drifted, trained().chances(drifted), 2, before(), SIZES, NAMES)
    assert ([one.code for one in told.doubts], told.verdict) == (["labels_contradict"], "unknown")


@pytest.mark.covers("outcome-not-reliable")
def test_features_that_do_not_tell_what_comes_true_are_said_to() -> None:
    def codes(model: OutcomeModel) -> list[str]:
        q = model.quality
        return [one.code for one in doubts_of_quality(q.auc, q.auc_error, q.calibration_error, q.by_chance)]

    assert codes(trained()) == []
    shuffled = replace(BASELINE, labels=RNG.permutation(BASELINE.labels))
    assert codes(outcome_regression.fit(shuffled, CATEGORICAL)) == ["uninformative"]
    assert [one.code for one in doubts_of_quality(0.8, 0.01, 0.2, 0.02)] == ["uncalibrated"]


def test_a_row_that_was_learned_from_is_judged_by_models_that_have_not_seen_its_label() -> None:
    """Else a label that is chance would be told as certain: of rows with labels of their own, and of others like them."""
    noise = rows(2 * MIN_LABELLED, 1)
    noise = replace(noise, labels=(RNG.random(noise.total) < 0.5).astype(float))
    model = replace(outcome_regression.fit(noise, CATEGORICAL), curve=AS_IT_IS)
    told, unaware = model.chances(noise), model.chances(replace(noise, keys=-1 - noise.keys))

    def learned(chances: np.ndarray) -> float:
        return float(chances[noise.labels == 1].mean() - chances[noise.labels == 0].mean())

    assert learned(told) < 0.05 < learned(unaware)
