"""The demo's faults, seen through the API: drift names what moved, and performance where it hurts."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asked_world import SECOND, START, World, world
from loan_world import loans

from tapetum_demo.model import FLIPPED_REGION, train
from tapetum_server.analysis.performance import of_model
from tapetum_server.query.time_range import format_time
from tapetum_server.receivers.records.reading import EVALUATIONS, LABELS, PREDICTIONS, read_records

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


@pytest.mark.covers("labels-at-predictions-time")
def test_a_label_stands_at_its_predictions_time_and_the_one_that_was_said_last_counts(asked: World) -> None:
    """Said days later, or the day before; of two the later one holds, whichever came first. By hand, per step of the hour."""
    day = 24 * HOUR
    rows = [
        {"model": "late", "prediction_id": f"{n}", "time": (NOW_ON + n * 60 * SECOND) // 10**6, "output": "yes"}
        for n in range(60)
    ]
    early = [
        {"model": "late", "prediction_id": f"{n}", "label": "yes", "time": (NOW_ON - day) // 10**6} for n in range(10)
    ]
    later = [
        {"model": "late", "prediction_id": f"{n}", "label": "no" if n < 20 else "yes", "time": (NOW_ON + 5 * day) // 10**6}
        for n in range(5, 40)
    ]  # fmt: skip
    older = [
        {"model": "late", "prediction_id": f"{n}", "label": "no", "time": (NOW_ON + 2 * day) // 10**6}
        for n in range(30, 40)
    ]
    keep(asked, LABELS, early)
    keep(asked, PREDICTIONS, rows)
    keep(asked, LABELS, later)
    keep(asked, LABELS, older)
    right = [True] * 5 + [False] * 15 + [True] * 20
    found = asked.get("/models/performance", model="late", **WINDOW)
    accuracy = next(one["value"] for one in found["metrics"] if one["name"] == "accuracy")
    assert (found["rows"], found["labelled"], accuracy) == (60, 40, pytest.approx(sum(right) / 40))
    step = found["interval_ms"] // 60_000
    assert [(one["time"], one["rows"], one["labelled"], one["metrics"][0]) for one in found["periods"]] == [
        (format_time(NOW_ON + at * 60 * SECOND), step, len(some), pytest.approx(sum(some) / len(some)) if some else None)
        for at in range(0, 60, step) for some in [right[at : at + step]]
    ]  # fmt: skip
    # Where labels were said, nothing was predicted.
    asked.error(
        "/models/performance", 404, model="late", from_=format_time(NOW_ON + 2 * day), to=format_time(NOW_ON + 6 * day)
    )
    half = asked.get("/models/performance", model="late", from_=WINDOW["from"], to=format_time(NOW_ON + HOUR // 3))
    assert (half["rows"], half["labelled"]) == (20, 20)
    detail = asked.get("/models/detail", model="late", **WINDOW)
    assert detail["label_delay_p50_s"] == pytest.approx(np.median([
        *[-86_400 - 60 * n for n in range(5)], *[5 * 86_400 - 60 * n for n in range(5, 40)],
    ]), abs=60)  # fmt: skip


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


@pytest.mark.covers("estimate-names-version")
def test_the_estimate_names_the_version_that_was_badly_trained(asked: World) -> None:
    """Learned from the good version; the bad one keeps not what its scores promise, the good one does."""
    found = asked.get(
        "/models/performance/estimate", model="retrained", from_=format_time(BEFORE + HOUR // 2), to=WINDOW["to"],
        baseline_from=format_time(BEFORE), baseline_to=format_time(BEFORE + HOUR // 2),
    )  # fmt: skip
    verdicts = {each["version"]: each["verdict"] for each in found["versions"]}
    assert verdicts == {"1": "as estimated", "2": "worse"}
    bad = next(each for each in found["versions"] if each["version"] == "2")
    assert bad["metric"] == "accuracy"
    assert bad["realised"] < bad["expected"] - 0.05


@pytest.mark.covers("estimate-names-version-early")
@pytest.mark.wide
def test_before_a_label_of_it_has_come_the_estimate_names_the_version_and_the_region(asked: World) -> None:
    """Version 2 of one model is badly trained, of the other well; neither has a label, nor does its score tell."""
    good = train(7, rows=600)
    for model, second in (
        ("bad-soon", train(7, "2", flipped=FLIPPED_REGION, rows=600)),
        ("good-soon", train(23, "2", rows=600)),
    ):
        for kind, rows in zip((PREDICTIONS, LABELS), loans(good, 600, BEFORE // 10**6, 6_000, prefix="b", model=model)):
            keep(asked, kind, rows)
        keep(asked, PREDICTIONS, loans(second, 200, NOW_ON // 10**6, 18_000, prefix="wi", model=model)[0])
    found = asked.get("/models/performance/estimate", model="bad-soon", **WINDOW, costs="5,-2,0,-9")
    assert [one["verdict"] for one in found["versions"]] == ["unknown"]
    outcomes = found["outcomes"]
    assert (outcomes["why"], outcomes["method"], outcomes["reference"]) == ("", "Outcome regression", "1")
    assert outcomes["learned"] < 600
    (bad,) = outcomes["versions"]
    assert (bad["version"], bad["verdict"], bad["labelled"], bad["realised"]) == ("2", "worse", 0, None)
    assert [one["slice"] for one in bad["slices"]] == ["region = east"]
    assert (bad["slices"][0]["features"], bad["slices"][0]["condition"]) == (["region"], "`region` = 'east'")
    assert bad["slices"][0]["value"] < 0.4 < 0.7 < bad["slices"][0]["other"]
    metrics = {one["name"]: one for one in bad["metrics"]}
    assert metrics["accuracy"]["upper"] < bad["promised"]
    assert sum(metrics[name]["value"] for name in _CELLS) == pytest.approx(200)
    assert metrics["business_value"]["value"] == pytest.approx(
        sum(worth * metrics[name]["value"] for name, worth in zip(_CELLS, (5, -2, 0, -9)))
    )  # fmt: skip
    assert sum(one["rows"] for one in outcomes["periods"]) == 200
    # What comes: of the same rows, once their labels are known.
    keep(
        asked,
        LABELS,
        loans(
            train(7, "2", flipped=FLIPPED_REGION, rows=600), 200, NOW_ON // 10**6, 18_000, prefix="wi", model="bad-soon"
        )[1],
    )
    (later,) = asked.get("/models/performance/estimate", model="bad-soon", **WINDOW)["outcomes"]["versions"]
    assert later["verdict"] == "worse"
    assert metrics["accuracy"]["lower"] <= later["realised"] <= metrics["accuracy"]["upper"]
    (well,) = asked.get("/models/performance/estimate", model="good-soon", **WINDOW)["outcomes"]["versions"]
    assert (well["version"], well["verdict"], well["slices"]) == ("2", "as expected", [])


_CELLS = ("true_positives", "false_positives", "true_negatives", "false_negatives")


@pytest.mark.covers("estimate-names-version-early")
@pytest.mark.wide
def test_a_version_that_answers_from_the_first_minute_is_judged_by_the_first_labels(asked: World) -> None:
    """Nothing is before it: learned from labels of the window, and held against its scores and what features allow."""
    bad = train(7, "2", flipped=FLIPPED_REGION, rows=600)
    for kind, rows in zip(
        (PREDICTIONS, LABELS), loans(bad, 500, NOW_ON // 10**6, 7_000, prefix="wi", model="alone", unlabelled=0.4)
    ):
        keep(asked, kind, rows)
    found = asked.get("/models/performance/estimate", model="alone", **WINDOW)
    assert "no prediction whose label has come" in found["why"]
    (version,) = found["outcomes"]["versions"]
    assert (version["verdict"], version["because"], version["earlier"]) == ("worse", ["scores"], None)
    assert version["slices"][0]["slice"] == "region = east"
    assert any("has few labels" in note for note in found["outcomes"]["notes"])
    # Where the unit of a feature changed, rows are like none whose outcome is known: that is said, and nothing judged.
    (changed,) = asked.get("/models/performance/estimate", model="credit-risk", **WINDOW)["outcomes"]["versions"]
    assert changed["verdict"] == "unknown"
    assert "lies outside of what it was where labels are known" in changed["doubts"][0]


def test_outcomes_are_not_learned_where_nothing_says_them(asked: World) -> None:
    early = {"from": format_time(NOW_ON), "to": format_time(NOW_ON + 60 * SECOND)}
    few = asked.get(
        "/models/performance/estimate", model="retrained", **early, baseline_from="2020-01-01", baseline_to="2020-01-02"
    )
    assert "at least 200" in few["outcomes"]["why"]
    assert few["outcomes"]["versions"] == []
    asked.error("/models/performance/estimate", 400, model="retrained", **WINDOW, costs="1,2")
    keep(asked, PREDICTIONS, [{"model": "mute", "prediction_id": "1", "time": NOW_ON // 10**6, "score": 0.5}])
    assert "No label has come" in asked.get("/models/performance/estimate", model="mute", **WINDOW)["outcomes"]["why"]


@pytest.mark.covers("estimate-chunks-of-rows")
@pytest.mark.wide
def test_steps_of_so_many_predictions_are_counted_in_their_order(asked: World) -> None:
    """Half an hour of one prediction every three seconds: 250 of them last 750 seconds."""
    before = {"model": "retrained", "from": format_time(BEFORE + HOUR // 2), "to": format_time(BEFORE + HOUR)}
    found = asked.get("/models/performance/estimate", **before, chunk_rows=250)
    assert [each["rows"] for each in found["periods"]] == [250, 250, 100]
    starts = [BEFORE // SECOND + 1_800 + 750 * k for k in range(3)]
    assert [each["time"] for each in found["periods"]] == [
        format_time(at * SECOND)[:19] + "Z" for at in starts
    ]  # fmt: skip
    by_time = asked.get("/models/performance/estimate", **before)
    assert sum(each["rows"] for each in by_time["periods"]) == 600


@pytest.mark.covers("estimate-weighted-api")
@pytest.mark.wide
def test_a_weighted_estimate_says_what_the_weights_leave(asked: World) -> None:
    window = {"model": "credit-risk", **WINDOW}
    found = asked.get("/models/performance/estimate", **window, weighted="true")
    assert found["method"] == "CBPE, importance-weighted"
    assert any("Weights leave the baseline worth" in note for note in found["notes"])
    plain = asked.get("/models/performance/estimate", **window)
    assert plain["method"] == "CBPE"
    assert plain["versions"][0]["value"] != found["versions"][0]["value"]


@pytest.mark.covers("performance-api", "estimate-dle-api")
@pytest.mark.wide
def test_numbers_have_errors_that_are_estimated_by_what_they_depend_on(asked: World) -> None:
    """Where `far` is true the price is five times as far off; in the window it always is."""
    rng = random.Random(3)
    for prefix, start, share, count in (("old", BEFORE, 0.2, 200), ("new", NOW_ON, 1.0, 120)):
        rows, labels = [], []
        for n in range(count):
            far, guess = rng.random() < share, rng.uniform(10, 90)
            off = 5.0 if far else 1.0
            features = {"far": far, "size": guess / 10, "kind": rng.choice(["flat", "house"])}
            told = {"model": "price", "prediction_id": f"{prefix}{n}"}
            rows.append({**told, "time": start // 10**6 + n * 18_000, "output": guess, "features": features})
            labels.append({**told, "label": guess + rng.choice([-off, off])})
        keep(asked, PREDICTIONS, rows)
        keep(asked, LABELS, labels)
    found = asked.get("/models/performance", model="price", **WINDOW)
    metrics = {each["name"]: each["value"] for each in found["metrics"]}
    assert found["task"] == "regression"
    assert metrics["mean_absolute_error"] == pytest.approx(5)
    estimated = asked.get("/models/performance/estimate", model="price", **WINDOW)
    assert (estimated["why"], estimated["method"]) == ("", "DLE")
    (version,) = estimated["versions"]
    assert version["metric"] == "mean_absolute_error"
    assert version["value"] == pytest.approx(5, abs=0.3)
    assert version["alert"]
    assert version["realised"] == pytest.approx(5)
    assert any("too few" in doubt for period in estimated["periods"] for doubt in period["doubts"])
    weighted = asked.get("/models/performance/estimate", model="price", **WINDOW, weighted="true")
    assert weighted["method"] == "DLE, importance-weighted"
    assert weighted["versions"][0]["value"] == pytest.approx(5, abs=0.5)


@pytest.mark.covers("estimate-multiclass-api")
def test_several_classes_with_a_score_each_are_estimated(asked: World) -> None:
    """The truth follows the scores: the estimate is what comes; and without scores it says why there is none."""
    rng = np.random.default_rng(5)
    for prefix, start in (("old", BEFORE), ("new", NOW_ON)):
        chances = rng.dirichlet([1, 1, 1], 400)
        truth = [rng.choice(3, p=each) for each in chances]
        told = [{"model": "kinds", "prediction_id": f"{prefix}{n}"} for n in range(400)]
        keep(asked, PREDICTIONS, [
            {**one, "time": start // 10**6 + n * 8_000, "output": "abc"[each.argmax()], "features": {"n": n % 7},
             "scores": dict(zip("abc", each.tolist()))}
            for n, (one, each) in enumerate(zip(told, chances))
        ])  # fmt: skip
        keep(asked, LABELS, [{**one, "label": "abc"[k]} for one, k in zip(told, truth)])
    found = asked.get("/models/performance/estimate", model="kinds", **WINDOW)
    assert (found["why"], found["method"]) == ("", "CBPE")
    assert [one["name"] for one in found["periods"][0]["metrics"]][:2] == ["accuracy", "macro_precision"]
    (version,) = found["versions"]
    assert version["verdict"] == "as estimated"
    assert version["value"] == pytest.approx(version["realised"], abs=0.1)
    weighted = asked.get("/models/performance/estimate", model="kinds", **WINDOW, weighted="true")
    assert weighted["method"] == "CBPE, importance-weighted"


def test_numbers_of_a_baseline_with_few_labels_are_not_estimated(asked: World) -> None:
    same = {"baseline_from": format_time(NOW_ON), "baseline_to": format_time(NOW_ON + 20 * SECOND)}
    assert "100 are needed" in asked.get("/models/performance/estimate", model="credit-risk", **WINDOW, **same)["why"]


def test_what_is_not_measured_says_why(asked: World) -> None:
    keep(asked, PREDICTIONS, [{"model": "new", "prediction_id": "1", "time": NOW_ON // 10**6, "score": 0.5}])
    for path in ("/models/performance", "/models/performance/slices"):
        assert "/v1/labels" in asked.get(path, model="new", **WINDOW)["why"]
    asked.error("/models/performance", 404, model="nobody's", **WINDOW)
    for wrong in ({"slice": "no such column"}, {"query_key": "no such column"}, {"costs": "5,-2"}):
        asked.error("/models/performance", 400, model="credit-risk", **WINDOW, **wrong)
    ranked = asked.get("/models/performance", model="credit-risk", **WINDOW, query_key="region")
    assert "how relevant" in ranked["why"]


@pytest.mark.covers("performance-ranking-api")
def test_predictions_of_a_query_are_ranked_against_each_other(asked: World) -> None:
    """By hand: the relevant offer is first in even searches and second of three in odd ones, in Chur always second."""
    rows = [
        {"model": "offers", "prediction_id": f"{n}-{place}", "time": NOW_ON // 10**6 + n * 60_000 + place,
         "score": 3.0 - place, "tags": {"query_id": f"s{n}", "city": "Chur" if n % 4 == 1 else "Bern"}}
        for n in range(40) for place in range(3)
    ]  # fmt: skip
    keep(asked, PREDICTIONS, [*rows, rows[0] | {"prediction_id": "unlabelled"}])
    keep(asked, LABELS, [
        {"model": "offers", "prediction_id": f"{n}-{place}", "label": int(place == n % 2)}
        for n in range(40) for place in range(3)
    ])  # fmt: skip
    found = asked.get("/models/performance", model="offers", **WINDOW, slice="tags.city")
    assert (found["task"], found["ranked_by"], found["rows"], found["labelled"]) == (
        "ranking", "tags.query_id", 121, 120,
    )  # fmt: skip
    metrics = {each["name"]: each for each in found["metrics"]}
    second = 1 / np.log2(3)
    assert metrics["ndcg@10"]["value"] == pytest.approx((1 + second) / 2)
    assert metrics["mean_average_precision"]["value"] == metrics["mean_reciprocal_rank"]["value"] == 0.75
    assert metrics["precision_at_k@10"]["value"] == pytest.approx(0.1)
    assert (metrics["min_label_position"]["value"], metrics["total_queries"]["value"]) == (1.5, 40)
    assert metrics["ndcg@10"]["lower"] < metrics["ndcg@10"]["value"] < metrics["ndcg@10"]["upper"]
    of = {each["value"]: each for each in found["slices"]}
    assert of["Chur"]["metrics"][0] == pytest.approx(second)
    assert of["Bern"]["rows"] == 91
    assert sum(each["labelled"] for each in found["periods"]) == 120
    by_city = asked.get("/models/performance", model="offers", **WINDOW, query_key="tags.city")
    assert {each["name"]: each["value"] for each in by_city["metrics"]}["total_queries"] == 2
    assert asked.get("/models/performance/estimate", model="offers", **WINDOW)["periods"] == []
    assert "right or wrong by itself" in asked.get("/models/performance/slices", model="offers", **WINDOW)["why"]


@pytest.mark.covers("performance-multilabel-api")
def test_several_classes_at_once_are_measured_as_sets(asked: World, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"1": (["a", "b"], ["a"]), "2": (["b"], ["b"]), "3": (["c", "a"], ["a", "c"]), "4": (["d"], None)}
    keep(asked, PREDICTIONS, [
        {"model": "sets", "prediction_id": k, "time": NOW_ON // 10**6, "output": output}
        for k, (output, _) in said.items()
    ])  # fmt: skip
    keep(asked, LABELS, [
        {"model": "sets", "prediction_id": k, "label": label} for k, (_, label) in said.items() if label
    ])  # fmt: skip
    found = asked.get("/models/performance", model="sets", **WINDOW)
    assert (found["task"], found["rows"], found["labelled"]) == ("multilabel", 4, 3)
    metrics = {each["name"]: each["value"] for each in found["metrics"]}
    assert metrics["exact_match"] == pytest.approx(2 / 3)
    assert metrics["set_match_precision"] == pytest.approx((0.5 + 1 + 1) / 3)
    assert metrics["set_match_recall"] == 1
    assert metrics["hamming_loss"] == pytest.approx(1 / 9)
    assert found["classes"] == [
        {"name": "a", "tp": 2, "fp": 0, "tn": 1, "fn": 0}, {"name": "b", "tp": 1, "fp": 1, "tn": 1, "fn": 0},
        {"name": "c", "tp": 1, "fp": 0, "tn": 2, "fn": 0},
    ]  # fmt: skip
    assert [(each["rows"], each["labelled"]) for each in found["periods"]] == [(4, 3)]
    assert found["more_classes"] == 0
    monkeypatch.setattr(of_model, "SHOWN_CLASSES", 2)
    some = asked.get("/models/performance", model="sets", **WINDOW)
    assert ([each["name"] for each in some["classes"]], some["more_classes"]) == (["a", "b"], 1)
    assert some["metrics"] == found["metrics"], "all of them count"


@pytest.mark.covers("performance-multilabel-api", "filter-contains")
@pytest.mark.wide
def test_each_count_of_a_class_is_of_as_many_predictions_as_the_filter_finds(asked: World) -> None:
    """`sport` is neither `sports` nor within a word; one class alone may be a word; what has no label counts nowhere."""
    told: dict[str, tuple[Any, Any]] = {
        "1": (["sport", "a, b"], ["sport"]), "2": (["sports"], ["sport", 'say "hi"']), "3": ("sport", ["sport", "a, b"]),
        "4": (["sport"], "a, b"), "5": ([], ["sports"]), "6": (["sport"], None), "7": (["a, b", 'say "hi"'], []),
        "8": (["[odd", "sport", "sport"], ["[odd"]), "9": (["Sport"], "sport"),
    }  # fmt: skip
    keep(asked, PREDICTIONS, [
        {"model": "topics", "prediction_id": k, "time": NOW_ON // 10**6, "output": output}
        for k, (output, _) in told.items()
    ])  # fmt: skip
    keep(asked, LABELS, [
        {"model": "topics", "prediction_id": k, "label": label} for k, (_, label) in told.items() if label is not None
    ])  # fmt: skip
    classes = {each["name"]: each for each in asked.get("/models/performance", model="topics", **WINDOW)["classes"]}

    def ids(q: str) -> str:
        found = asked.get("/predictions", **WINDOW, q=f"model:topics {q}")["rows"]
        return "".join(sorted(row["prediction_id"] for row in found))

    # Said and so, said and not so, so and not said: by hand.
    expected = {
        "sport": ("13", "48", "29"), "a, b": ("", "17", "34"), "sports": ("", "2", "5"), "Sport": ("", "9", ""),
        'say "hi"': ("", "7", "2"), "[odd": ("8", "", ""),
    }  # fmt: skip
    for name, (right, wrong, missed) in expected.items():
        word = json.dumps(name)
        assert ids(f"label:~{word} output_label:~{word}") == right
        assert ids(f"labelled:true -label:~{word} output_label:~{word}") == wrong
        assert ids(f"label:~{word} -output_label:~{word}") == missed
        assert ids(f"labelled:true output_label:~{word}") == "".join(sorted(right + wrong))
        assert ids(f"label:~{word}") == "".join(sorted(right + missed))
        one = classes.pop(name)
        assert (one["tp"], one["fp"], one["fn"]) == (len(right), len(wrong), len(missed)), name
        assert one["tn"] == 8 - len(right) - len(wrong) - len(missed)
    assert classes == {}
    assert ids("output_label:~sport") == "13468"
    assert ids("output_label:~sports,Sport") == "29"
    assert ids("output_label:~sp*") == "123468"
    assert ids("labelled:true -output_label:~*") == "5"
    counted = asked.get("/predictions/facets", **WINDOW, q="model:topics label:~sport", keys="labelled")
    assert [(one["value"], one["count"]) for one in counted["facets"][0]["values"]] == [("true", 4)]


@pytest.mark.covers("performance-costs-api", "performance-gaps-api")
def test_what_answers_are_worth_and_how_groups_differ(asked: World) -> None:
    """A missed default costs as much as five good loans bring: the best threshold lies below a half."""
    found = asked.get("/models/performance", model="credit-risk", **WINDOW, slice="channel", costs="0,-1,0,-5")
    table = found["thresholds"]
    worth = [-fp - 5 * fn for fp, fn in zip(table["fp"], table["fn"])]
    assert table["values"] == worth
    assert table["best"] == table["thresholds"][worth.index(max(worth))] < 0.5
    gaps = {gap["notion"]: gap for gap in found["gaps"]}
    parity = gaps["demographic_parity"]
    assert (parity["metric"], parity["highest"]) == ("predicted_positive_rate", "mobile")
    names = [each["name"] for each in found["metrics"]]
    of = {each["value"]: dict(zip(names, each["metrics"])) for each in found["slices"]}
    equality = gaps["accuracy_equality"]
    assert (equality["lowest"], equality["low"]) == ("mobile", pytest.approx(of["mobile"]["accuracy"]))
    assert equality["lower"] > 0
    plain = asked.get("/models/performance", model="credit-risk", **WINDOW)
    assert (plain["gaps"], plain["thresholds"]["values"], plain["thresholds"]["best"]) == ([], [], None)


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
    kept = {
        "name": "blessed", "slice": "all rows", "score": 1, "target_type": "model_version", "target_id": "credit-risk",
        "evaluator": "tapetum evaluate", "attributes": {"model": "credit-risk", "version": "1", "evaluation": "e"},
        "time": NOW_ON // 10**6,
    }  # fmt: skip
    keep(asked, EVALUATIONS, [kept])
    assert asked.get("/models/evaluations", model="credit-risk", **WINDOW)["rows"][0]["blessed"]
    assert asked.get("/models/evaluations", **there) == {"rows": []}
