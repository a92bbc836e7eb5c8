"""Two versions of a model: side by side, on the same requests, and which answers changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from asked_world import SECOND, START, World, trace_id, world
from scipy import stats

from tapetum_server.analysis.performance import comparison
from tapetum_server.analysis.performance.comparison_words import better_of, verdict
from tapetum_server.query.time_range import format_time
from tapetum_server.receivers.records.reading import LABELS, PREDICTIONS, read_records

RANGE = {"from": format_time(START), "to": format_time(START + 1_000 * SECOND)}
SAME = 300
"""Requests that both versions answer."""
TRACED = {"from": format_time(START), "to": format_time(START + 1_000 * SECOND), "champion": "1", "challenger": "2"}


def _world_of(kind: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Predictions of both versions for the same requests; the newer one is the better one. Each has one to itself."""
    random = Random(kind)
    predictions, labels = [], []
    for n in range(SAME):
        truth = random.random() < 0.5
        for version, right in (("1", 0.7), ("2", 0.85)):
            told = truth if random.random() < right else not truth
            said: dict[str, Any] = {"output": ("no", "yes")[told]}
            if kind == "scored":
                said = {"score": 0.9 - n / 10_000 if told else 0.1 + n / 10_000}
            if kind == "amount":
                said = {"output": 10.0 * truth + random.gauss(0, 2 if version == "1" else 1)}
            predictions.append(
                {"model": kind, "version": version, "prediction_id": f"{version}-{n}", "time": START // 10**6 + n,
                 "features": {"channel": ("web", "mobile")[n % 2]}, "latency_ms": 10.0 * int(version) + 100 * (n % 10 == 9), **said}
                | ({"tags": {"request": f"r{n}", "region": "eu"}} if kind == "words" else {"trace_id": trace_id(n + 1)})
            )  # fmt: skip
        # A label of either is one of both.
        label = {"amount": 10.0 * truth, "scored": int(truth)}.get(kind, ("no", "yes")[truth])
        labels += [{"model": kind, "prediction_id": f"{1 + n % 2}-{n}", "label": label}]
        if n % 3:
            labels += [{"model": kind, "prediction_id": f"{2 - n % 2}-{n}", "label": label}]
    return predictions, labels


KINDS = ("ant", "bee", "cat")
KNOWN = 110
"""Of 120 requests, those whose label has come."""


def _kinds() -> list[tuple[str, str, str]]:
    """(right, champion's, challenger's last answer) of each request."""
    random = Random("kinds")

    def answer(truth: str, right: float) -> str:
        return truth if random.random() < right else random.choice(KINDS)

    truths = [random.choice(KINDS) for _ in range(120)]
    return [(truth, answer(truth, 0.5), answer(truth, 0.6)) for truth in truths]


def _asked_twice() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Three classes. The first requests were answered twice by the champion: what it said last counts."""
    predictions, labels = [], []
    for n, (truth, one, other) in enumerate(_kinds()):
        of = {"model": "kinds", "tags": {"request": f"r{n}"}}
        if n < 40:
            first = KINDS[(KINDS.index(one) + 1) % 3]
            predictions.append(
                {**of, "version": "1", "prediction_id": f"1-{n}-first", "time": START // 10**6 + n, "output": first}
            )
        for version, said in (("1", one), ("2", other)):
            predictions.append(
                {
                    **of,
                    "version": version,
                    "prediction_id": f"{version}-{n}",
                    "time": START // 10**6 + 900,
                    "output": said,
                }
            )
        if n < KNOWN:
            labels.append({"model": "kinds", "prediction_id": f"1-{n}", "label": truth})
    return predictions, labels


def _nearly_alike(model: str, requests: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All labels are yes. The challenger mends five answers and spoils three."""
    predictions, labels = [], []
    for n in range(requests):
        for version, wrong in (("1", n < 5), ("2", 5 <= n < 8)):
            predictions.append({"model": model, "version": version, "prediction_id": f"{version}-{n}", "trace_id": trace_id(n + 1),
                                "time": START // 10**6 + n, "score": 0.4 if wrong else 0.6})  # fmt: skip
            labels.append({"model": model, "prediction_id": f"{version}-{n}", "label": n % 2 if n >= 8 else 1})
    return predictions, labels


def _of_two_tasks() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The champion tells kinds, the challenger numbers."""
    said = [("1", n, "ant", "bee") for n in range(40)] + [("2", n, 2.5, 3.25 + n) for n in range(40)]
    predictions = [{"model": "mixed", "version": v, "prediction_id": f"{v}-{n}", "time": START // 10**6, "output": output,
                    "tags": {"request": f"r{n}"}} for v, n, output, _ in said]  # fmt: skip
    labels = [{"model": "mixed", "prediction_id": f"{v}-{n}", "label": label} for v, n, _, label in said]
    return predictions, labels


@pytest.fixture(scope="module")
def asked(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(engine_home, tmp_path_factory.mktemp("catalog")) as opened:
        worlds = [_world_of(kind) for kind in ("scored", "words", "amount")]
        worlds += [_asked_twice(), _nearly_alike("alike", 60), _nearly_alike("few", 20), _of_two_tasks()]
        for told in worlds:
            for reading, rows in zip((PREDICTIONS, LABELS), told):
                found = read_records(reading, json.dumps(rows).encode(), "application/json", "default", "test")
                assert not found.refused
                opened.keep(found.batch)
        # A model of the same name in another project is another, whatever it says to the same requests.
        theirs = [{**each, "time": each["time"] + 1, "score": 0.99} for each in _world_of("scored")[0][:100]]
        opened.keep(read_records(PREDICTIONS, json.dumps(theirs).encode(), "application/json", "theirs", "t").batch)
        alone = [{"model": "alone", "version": v, "prediction_id": f"{v}-{n}", "time": START // 10**6, "score": 0.3, "output": 1}
                 for v in ("1", "2") for n in range(40)]  # fmt: skip
        opened.keep(read_records(PREDICTIONS, json.dumps(alone).encode(), "application/json", "default", "t").batch)
        for reading, rows in zip((PREDICTIONS, LABELS), _barely_labelled()):
            opened.keep(read_records(reading, json.dumps(rows).encode(), "application/json", "default", "t").batch)
        yield opened


def _barely_labelled() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Half of the champion's answers are right; the challenger's six that have a label all are."""
    predictions = [{"model": "handful", "version": v, "prediction_id": f"{v}-{n}", "time": START // 10**6 + n,
                    "features": {"channel": "web"}, "score": 0.9 if n % 2 else 0.1}
                   for v in ("1", "2") for n in range(60)]  # fmt: skip
    labels = [{"model": "handful", "prediction_id": f"1-{n}", "label": n % 4 // 2} for n in range(60)]
    labels += [{"model": "handful", "prediction_id": f"2-{n}", "label": n % 2} for n in range(6)]
    return predictions, labels


def answers(kind: str) -> list[tuple[Any, Any, Any]]:
    """(right, champion's, challenger's) of each request, in plain Python."""
    predictions, labels = _world_of(kind)
    right = {each["prediction_id"].partition("-")[2]: each["label"] for each in labels}
    said = {(each["version"], each["prediction_id"].partition("-")[2]): each for each in predictions}

    def of(version: str, n: str) -> Any:
        each = said[version, n]
        return int(each["score"] > 0.5) if kind == "scored" else each["output"]

    return [(right[str(n)], of("1", str(n)), of("2", str(n))) for n in range(SAME)]


@pytest.mark.covers("compare-versions-api")
@pytest.mark.parametrize(("kind", "by"), [("scored", "trace_id"), ("words", "tags.request")])
def test_the_same_requests_say_which_version_is_better_and_which_answers_changed(
    asked: World, kind: str, by: str
) -> None:
    found = asked.get("/models/compare", model=kind, **TRACED)
    rows = answers(kind)
    fixed = sum(b == y != a for y, a, b in rows)
    broken = sum(a == y != b for y, a, b in rows)
    pairing = found["pairing"]
    assert (pairing["by"], pairing["pairs"], pairing["labelled"], pairing["one_in"]) == (by, SAME, SAME, 1)
    assert "tags.region" not in pairing["tried"]
    flips = found["flips"]
    assert (flips["flipped"], flips["fixed"], flips["broken"], flips["unknown"]) == (fixed + broken, fixed, broken, 0)
    for i, said in enumerate(flips["classes"]):
        for j, says in enumerate(flips["classes"]):
            assert flips["matrix"][i][j] == sum((str(a), str(b)) == (said, says) for _, a, b in rows)
    accuracy = found["metrics"][0]
    assert (accuracy["name"], accuracy["test"], accuracy["paired"]) == ("accuracy", "mcnemar", True)
    assert accuracy["difference"] == pytest.approx((fixed - broken) / SAME)
    assert accuracy["p"] == pytest.approx(stats.chi2.sf((abs(fixed - broken) - 1) ** 2 / (fixed + broken), 1))
    assert accuracy["lower"] > 0
    assert (found["better"], accuracy["better"]) == ("challenger", "challenger")
    assert found["verdict"].startswith("Version 2 is better: accuracy is ")
    assert f"{fixed} for the better and {broken} for the worse" in found["verdict"]
    assert [(side["p50_ms"], side["p95_ms"]) for side in (found["champion"], found["challenger"])] == [
        (10, 110),
        (20, 120),
    ]
    said = [each for each in _world_of(kind)[0] if each["version"] == "1"]
    mean = sum(each.get("score", 0) for each in said) / SAME
    assert found["champion"]["mean_score"] == (pytest.approx(mean) if kind == "scored" else None)


@pytest.mark.covers("compare-flips-api")
def test_changed_answers_lead_to_the_predictions_of_both(asked: World) -> None:
    rows = answers("words")
    mended = asked.get("/models/compare/flips", model="words", **TRACED, right="fixed", limit=200)["rows"]
    assert {each["key"] for each in mended} == {f"r{n}" for n, (y, a, b) in enumerate(rows) if b == y != a}
    assert all((each["right"], each["champion_id"][:2], each["challenger_id"][:2]) == ("challenger", "1-", "2-") for each in mended)  # fmt: skip
    some = asked.get("/models/compare/flips", model="words", **TRACED, said="yes", says="no", limit=200)["rows"]
    assert {each["key"] for each in some} == {f"r{n}" for n, (_, a, b) in enumerate(rows) if (a, b) == ("yes", "no")}
    assert asked.get("/models/compare/flips", model="alone", **TRACED) == {"by": "", "rows": []}
    spoilt = asked.get("/models/compare/flips", model="words", **TRACED, right="broken", limit=200)["rows"]
    assert {each["key"] for each in spoilt} == {f"r{n}" for n, (y, a, b) in enumerate(rows) if a == y != b}
    assert {each["right"] for each in spoilt} == {"champion"}
    scored = asked.get("/models/compare/flips", model="scored", **TRACED, limit=200)["rows"]
    apart = [abs(each["champion_score"] - each["challenger_score"]) for each in scored]
    assert len(apart) > 20
    assert apart == sorted(apart, reverse=True), "those whose scores lie furthest apart come first"


@pytest.mark.covers("compare-versions-api", "compare-flips-api")
def test_of_a_request_that_was_answered_again_the_last_answer_counts(asked: World) -> None:
    """Three classes: both may be wrong in two ways, and what was said does not tell what the other one says."""
    rows = _kinds()
    found = asked.get("/models/compare", model="kinds", **TRACED)
    assert (found["pairing"]["pairs"], found["pairing"]["labelled"]) == (120, KNOWN)
    flips = found["flips"]
    for i, said in enumerate(flips["classes"]):
        for j, says in enumerate(flips["classes"]):
            assert flips["matrix"][i][j] == sum((a, b) == (said, says) for _, a, b in rows)
    known = rows[:KNOWN]
    assert flips["wrong_both"] == sum(len({y, a, b}) == 3 for y, a, b in known)
    assert flips["unknown"] == sum(a != b for _, a, b in rows[KNOWN:]) > 0
    assert flips["wrong_both"] > 0

    def keys(**query: str) -> set[str]:
        asked_for = asked.get("/models/compare/flips", model="kinds", **TRACED, limit=200, **query)
        return {each["key"] for each in asked_for["rows"]}

    assert keys(said="ant") == {f"r{n}" for n, (_, a, b) in enumerate(rows) if a == "ant" != b}
    assert keys(says="ant") == {f"r{n}" for n, (_, a, b) in enumerate(rows) if b == "ant" != a}
    assert keys(said="ant") != keys(said="ant", says="bee")


@pytest.mark.covers("compare-versions-api")
def test_a_difference_that_may_be_chance_makes_neither_better(asked: World) -> None:
    found = asked.get("/models/compare", model="alike", **TRACED)
    accuracy = found["metrics"][0]
    assert accuracy["difference"] == pytest.approx(2 / 60)
    assert (accuracy["better"], found["better"], accuracy["p"] > 0.4) == ("", "", True)
    assert found["verdict"].startswith("No difference beyond chance: accuracy is ")
    few = asked.get("/models/compare", model="few", **TRACED)
    assert few["better"] == ""
    assert few["verdict"].startswith("Not enough labels to tell: 20 of the predictions of version 1 have one.")
    mixed = asked.get("/models/compare", model="mixed", **TRACED)
    assert (mixed["task"], mixed["metrics"]) == ("unknown", [])
    assert mixed["why"].startswith("The champion answers as multiclass, the challenger as regression")


def test_the_winner_is_named_and_what_the_other_one_does_better(asked: World) -> None:
    """And few labels of a good version are no victory."""
    told = asked.get("/models/compare", model="scored", **TRACED)
    metrics = {each["name"]: each for each in told["metrics"]}
    metrics["auc"]["better"] = "champion"
    for name in metrics.keys() - {"auc"}:
        metrics[name]["better"] = "challenger"
    assert " But ROC AUC is better with the other one." in verdict(told)
    assert better_of(told) == "challenger"
    told["challenger"]["labelled"] = 29
    assert (better_of(told), "Not enough labels" in verdict(told)) == ("", True)


@pytest.mark.covers("compare-versions-numbers")
def test_numbers_are_compared_by_how_far_off_they_are(asked: World, monkeypatch: pytest.MonkeyPatch) -> None:
    found = asked.get("/models/compare", model="amount", **TRACED, slice="channel")
    one, other = ([abs(row[k] - row[0]) for row in answers("amount")] for k in (1, 2))
    metrics = {each["name"]: each for each in found["metrics"]}
    error = metrics["mean_absolute_error"]
    theirs = stats.ttest_rel(other, one)
    assert (error["test"], error["better"], found["flips"]) == ("paired_t", "challenger", None)
    assert error["difference"] == pytest.approx((sum(other) - sum(one)) / SAME)
    assert error["p"] == pytest.approx(theirs.pvalue)
    interval = theirs.confidence_interval(0.95)
    assert (error["lower"], error["upper"]) == pytest.approx((interval.low, interval.high))
    # R² has no test of pairs: each version's own interval says whether the two differ.
    share = metrics["r_squared"]
    assert (share["test"], share["paired"], share["better"]) == ("welch", False, "challenger")
    assert share["difference"] == pytest.approx(share["challenger"]["value"] - share["champion"]["value"])
    assert share["lower"] < share["difference"] < share["upper"]
    rows = answers("amount")
    assert found["apart"] == pytest.approx(sum(abs(a - b) for _, a, b in rows) / SAME)
    assert found["champion"]["mean_output"] == pytest.approx(sum(a for _, a, _ in rows) / SAME)
    assert {each["value"] for each in found["slices"]} == {"web", "mobile"}
    assert all(each["better"] == "challenger" for each in found["slices"])
    for each in found["slices"]:
        assert each["difference"] == pytest.approx(each["challenger"] - each["champion"])
    apart = [abs(each["difference"]) for each in found["slices"]]
    assert apart == sorted(apart, reverse=True), "the largest difference comes first"
    assert found["more_slices"] == 0
    monkeypatch.setattr(comparison, "SHOWN_SLICES", 1)
    some = asked.get("/models/compare", model="amount", **TRACED, slice="channel")
    assert (some["slices"], some["more_slices"]) == (found["slices"][:1], 1)


@pytest.mark.covers("compare-versions-api")
def test_no_metric_and_no_slice_is_called_better_by_a_handful_of_labels(asked: World) -> None:
    """Answers that are all right do not differ from each other, so that any test is sure of them."""
    found = asked.get("/models/compare", model="handful", **TRACED, slice="channel")
    assert found["verdict"].startswith("Not enough labels to tell: 6 of the predictions of version 2 have one.")
    assert next(each for each in found["metrics"] if each["name"] == "accuracy")["difference"] == pytest.approx(0.5)
    assert {each["better"] for each in [*found["metrics"], *found["slices"]]} == {""}


@pytest.mark.covers("compare-versions-api")
def test_without_labels_or_common_requests_nothing_is_called_better(asked: World) -> None:
    found = asked.get("/models/compare", model="alone", **TRACED)
    assert (found["better"], found["metrics"], found["flips"]) == ("", [], None)
    assert found["verdict"].startswith("Which is better is not known. No label of these predictions has come.")
    assert found["pairing"]["pairs"] == 0
    wrong = asked.client.get("/v1/models/compare", params={"model": "alone", **TRACED, "pair": "nothing"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "unknown_column")
    missing = asked.client.get("/v1/models/compare", params={"model": "alone", **TRACED, "challenger": "7"})
    assert missing.status_code == 404
    assert "Version '7'" in missing.json()["error"]["message"]
