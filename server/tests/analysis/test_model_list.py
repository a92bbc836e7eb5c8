"""The one number that a list shows of a model: what it is, and whether it changed by more than chance."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from tapetum_server.analysis.model_list import drift_of, performance_of
from tapetum_server.query.model_glance import NOTHING, Glance


def said(scores: list[float]) -> list[int]:
    counted = Counter(min(int(score * 20), 19) for score in scores)
    return [counted.get(k, 0) for k in range(NOTHING)]


BETA = Random(5)
SCORES = [BETA.betavariate(2, 2) for _ in range(2_000)]
GLANCE = Glance(
    seen=2_000, repeated=0, labelled=1_000, delay_p50_s=None, delay_p95_s=None, p50_ms=None, p95_ms=None, mean_score=0.5,
    mean_output=None, judged=1_000, right=800, label_kinds=2, off_rows=0, off=None, off_variance=None, probable=2_000,
    expected=0.7, said=said(SCORES),
)  # fmt: skip


@pytest.mark.covers("models-glance")
def test_a_change_of_accuracy_is_told_when_it_is_more_than_chance() -> None:
    assert performance_of(GLANCE, replace(GLANCE, right=850)) == {
        "measure": "accuracy", "estimated": False, "value": 0.8, "before": 0.85, "change": "worse"
    }  # fmt: skip
    changes = [performance_of(GLANCE, replace(GLANCE, right=right)) for right in (820, 750)]
    assert [each and each["change"] for each in changes] == ["same", "better"]
    few = replace(GLANCE, judged=20, right=17)
    now = performance_of(replace(GLANCE, judged=20, right=16), few)
    assert now is not None
    assert now["change"] == "same", "of twenty, four in a hundred more is nothing"
    promised = performance_of(replace(GLANCE, labelled=0, judged=0, right=0, label_kinds=0), GLANCE)
    assert promised is not None
    assert (promised["estimated"], promised["value"], promised["change"]) == (True, 0.7, "unknown")


@pytest.mark.covers("models-glance")
def test_numbers_are_judged_by_how_far_off_they_are() -> None:
    amounts = replace(GLANCE, right=0, label_kinds=51, off_rows=400, off=2.0, off_variance=4.0, probable=0)
    assert performance_of(amounts, replace(amounts, off=1.5)) == {
        "measure": "mean_absolute_error", "estimated": False, "value": 2.0, "before": 1.5, "change": "worse"
    }  # fmt: skip
    nothing = replace(amounts, off_rows=0, off=None, judged=0)
    assert performance_of(nothing, None) is None


@pytest.mark.covers("models-glance")
def test_drift_of_what_is_said_is_more_than_few_predictions_show_by_chance() -> None:
    moved = replace(GLANCE, said=said([score**2 for score in SCORES]))
    verdict = drift_of(moved, GLANCE)
    assert verdict["verdict"] == "drift"
    assert verdict["distance"] is not None
    assert verdict["distance"] > verdict["threshold"]
    assert drift_of(replace(GLANCE, said=said(SCORES[:1_000])), GLANCE)["verdict"] == "no_drift"
    # Of 120 scores each, a distance above the threshold is chance.
    one, other = (replace(GLANCE, seen=120, said=said(SCORES[k : k + 120])) for k in (0, 120))
    by_chance = drift_of(one, other)
    assert by_chance["distance"] is not None
    assert (by_chance["distance"] > 0.1, by_chance["verdict"]) == (True, "no_drift")
    assert drift_of(replace(GLANCE, seen=99), GLANCE)["verdict"] == "not_enough_data"
    assert drift_of(GLANCE, None)["verdict"] == "not_enough_data"
