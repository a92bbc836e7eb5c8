"""The demo's faults, seen through the API: drift names what moved, and performance where it hurts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asked_world import SECOND, START, World, world
from loan_world import loans

from tapetum_demo.model import FLIPPED_REGION, train
from tapetum_server.query.time_range import format_time
from tapetum_server.receivers.records.reading import LABELS, PREDICTIONS, read_records

HOUR = 3_600 * SECOND
COUNT, STEP_MS = 1_200, 3_000
BEFORE, NOW_ON = START - 10 * HOUR, START - 9 * HOUR
WINDOW = {"from": format_time(NOW_ON), "to": format_time(NOW_ON + HOUR)}


def keep(asked: World, kind: Any, rows: list[dict[str, Any]], project: str = "default") -> None:
    found = read_records(kind, json.dumps(rows).encode(), "application/json", project, "test")
    assert not found.refused
    asked.keep(found.batch)


@pytest.fixture(scope="module")
def asked(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An hour as it should be; the next with incomes per month (credit-risk) or a badly trained version (retrained)."""
    good, bad = train(7, rows=600), train(7, "2", flipped=FLIPPED_REGION, rows=600)
    with world(engine_home, tmp_path_factory.mktemp("catalog")) as opened:
        for parts in (
            loans(good, COUNT, BEFORE // 10**6, STEP_MS, prefix="b"),
            loans(good, COUNT, NOW_ON // 10**6, STEP_MS, prefix="wi", monthly=True, unlabelled=0.5),
            loans(good, COUNT, BEFORE // 10**6, STEP_MS, prefix="b", model="retrained"),
            loans(bad, COUNT, NOW_ON // 10**6, STEP_MS, prefix="wi", model="retrained"),
        ):
            for kind, rows in zip((PREDICTIONS, LABELS), parts):
                keep(opened, kind, rows)
        numbers = [
            {"model": "price", "prediction_id": f"{n}", "time": NOW_ON // 10**6, "output": n + 0.5} for n in range(40)
        ]
        keep(opened, PREDICTIONS, numbers)
        keep(opened, LABELS, [{"model": "price", "prediction_id": f"{n}", "label": n + 0.25} for n in range(40)])
        yield opened


@pytest.mark.covers("drift-api")
def test_drift_names_the_feature_whose_unit_changed_and_the_channel(asked: World) -> None:
    found = asked.get("/models/drift", model="credit-risk", **WINDOW, slice="channel", chunk_minutes=10)
    assert found["verdict"] == "drift"
    drifted = {each["name"]: each for each in found["features"] if each["verdict"] == "drift"}
    assert {"income_per_year", "burden"} <= drifted.keys()
    assert not drifted.keys() & {"region", "channel", "label", "age_years", "late_share", "term_months"}
    income = drifted["income_per_year"]
    assert sum(bar["window_share"] for bar in income["bars"]) == pytest.approx(1)
    assert income["bars"][0]["window_share"] > income["bars"][0]["baseline_share"] + 0.2
    assert income["moved"][0]["what"] == income["bars"][0]["what"]
    assert [one["value"] for one in income["slices"] if one["result"]["verdict"] == "drift"] == ["mobile"]
    assert len(income["chunks"]) == 6
    assert income["since"] == income["chunks"][0]["chunk"]


@pytest.mark.covers("performance-slices-api")
def test_errors_of_the_unit_change_lie_in_the_channel_mobile(asked: World) -> None:
    found = asked.get("/models/performance", model="credit-risk", **WINDOW, slice="channel")
    assert (found["task"], found["positive"], found["prediction"]) == ("binary", "default", "score")
    names = [each["name"] for each in found["metrics"]]
    of = {each["value"]: dict(zip(names, each["metrics"])) for each in found["slices"]}
    assert of["mobile"]["accuracy"] < of["web"]["accuracy"] - 0.1
    worst = asked.get("/models/performance/slices", model="credit-risk", **WINDOW)
    # That mobile is to blame may also be told by what it does to the burden or the income.
    assert set(worst["slices"][0]["features"]) & {"channel", "burden", "income_per_year"}
    assert any(each["slice"] == "channel = mobile" for each in worst["slices"]), worst
    before = asked.get("/models/performance/slices", model="credit-risk", from_=format_time(BEFORE), to=WINDOW["from"])
    assert not any("channel" in each["features"] for each in before["slices"])


@pytest.mark.covers("performance-slices-api")
def test_errors_of_the_badly_trained_version_lie_in_the_region_east(asked: World) -> None:
    found = asked.get("/models/performance/slices", model="retrained", **WINDOW, version="2")
    assert found["slices"][0]["slice"] == "region = east", found["slices"]
    assert found["slices"][0]["lift"] > 1.5


@pytest.mark.covers("performance-api")
def test_metrics_are_those_of_the_labelled_rows(asked: World) -> None:
    """Held against sums over the rows, by plain SQL."""
    found = asked.get("/models/performance", model="credit-risk", **WINDOW)
    (told,) = asked.sql(
        "SELECT count() AS n, countIf(p.score > 0.5 AND l.label = 'default') AS tp,"
        " countIf(p.score > 0.5 AND l.label = 'repaid') AS fp, countIf(p.score <= 0.5 AND l.label = 'default') AS fn,"
        " avg(pow(p.score - (l.label = 'default'), 2)) AS brier FROM prediction_rows AS p"
        " JOIN label_rows AS l ON l.model = p.model AND l.prediction_id = p.prediction_id"
        " WHERE p.model = 'credit-risk' AND p.prediction_id LIKE 'wi-%'"
    )
    metrics = {each["name"]: each["value"] for each in found["metrics"]}
    assert (found["rows"], found["labelled"]) == (COUNT, told["n"])
    assert found["coverage"] == pytest.approx(told["n"] / COUNT)
    assert metrics["precision"] == pytest.approx(told["tp"] / (told["tp"] + told["fp"]))
    assert metrics["recall"] == pytest.approx(told["tp"] / (told["tp"] + told["fn"]))
    assert metrics["brier_score"] == pytest.approx(told["brier"])
    assert found["confusion"]["classes"] == ["default", "repaid"]
    assert found["confusion"]["matrix"][0] == [told["tp"], told["fn"]]
    assert sum(each["labelled"] for each in found["periods"]) == told["n"]
    assert sum(each["rows"] for each in found["calibration"]) == told["n"]


@pytest.mark.covers("estimate-api")
def test_an_estimate_learned_before_is_near_what_came_and_says_where_it_cannot_be_made(asked: World) -> None:
    before = {"model": "retrained", "from": format_time(BEFORE + HOUR // 2), "to": format_time(BEFORE + HOUR)}
    estimated = asked.get("/models/performance/estimate", **before)
    assert (estimated["why"], estimated["method"]) == ("", "CBPE")
    realised = asked.get("/models/performance", **before)
    expected = sum(p["rows"] * p["metrics"][0]["value"] for p in estimated["periods"])
    accuracy = next(each["value"] for each in realised["metrics"] if each["name"] == "accuracy")
    assert expected / sum(p["rows"] for p in estimated["periods"]) == pytest.approx(accuracy, abs=0.05)
    assert any("too few" in doubt for period in estimated["periods"] for doubt in period["doubts"])
    nothing = asked.get("/models/performance/estimate", **before, baseline_from="2020-01-01", baseline_to="2020-01-02")
    assert "no prediction whose label has come" in nothing["why"]
    assert nothing["periods"] == []


@pytest.mark.covers("performance-api")
def test_numbers_have_errors_and_no_estimate(asked: World) -> None:
    found = asked.get("/models/performance", model="price", **WINDOW)
    metrics = {each["name"]: each["value"] for each in found["metrics"]}
    assert found["task"] == "regression"
    assert (metrics["mean_absolute_error"], metrics["mean_error"]) == pytest.approx((0.25, 0.25))
    same = {"baseline_from": WINDOW["from"], "baseline_to": WINDOW["to"]}
    assert "yes or no" in asked.get("/models/performance/estimate", model="price", **WINDOW, **same)["why"]


def test_what_is_not_measured_says_why(asked: World) -> None:
    keep(asked, PREDICTIONS, [{"model": "new", "prediction_id": "1", "time": NOW_ON // 10**6, "score": 0.5}])
    for path in ("/models/performance", "/models/performance/slices"):
        assert "/v1/labels" in asked.get(path, model="new", **WINDOW)["why"]
    keep(asked, PREDICTIONS, [{"model": "sets", "prediction_id": "1", "time": NOW_ON // 10**6, "output": ["a", "b"]}])
    keep(asked, LABELS, [{"model": "sets", "prediction_id": "1", "label": ["a"]}])
    assert "tapetum evaluate" in asked.get("/models/performance", model="sets", **WINDOW)["why"]
    asked.error("/models/performance", 404, model="nobody's", **WINDOW)
    asked.error("/models/performance", 400, model="credit-risk", **WINDOW, slice="no such column")


@pytest.mark.covers("project-isolation")
def test_a_model_of_the_same_name_in_another_project_is_another(asked: World) -> None:
    asked.catalog.ensure_project("elsewhere")
    alone = [{"model": "credit-risk", "prediction_id": "b-1", "time": NOW_ON // 10**6, "score": 0.5}]
    keep(asked, PREDICTIONS, alone, "elsewhere")
    there = {**WINDOW, "model": "credit-risk", "project": "elsewhere"}
    whole = asked.get("/models/performance", **there)
    assert (whole["rows"], whole["labelled"]) == (1, 0)
    assert "/v1/labels" in asked.get("/models/performance/slices", **there)["why"]
    estimated = asked.get("/models/performance/estimate", **there, baseline_from=format_time(BEFORE))
    assert estimated["why"]
    assert estimated["periods"] == []
