"""Slices of a model's predictions: the worst with their trends, and those that somebody chose, against plain Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from asked_world import SECOND, START, World, world

from tapetum_server.query.time_range import format_time
from tapetum_server.receivers.records.reading import LABELS, PREDICTIONS, read_records

RANGE = {"from": format_time(START), "to": format_time(START + 1_000 * SECOND), "model": "loans"}
COUNT = 800
RANDOM = Random(11)
Row = dict[str, Any]


def _row(n: int) -> Row:
    """In the second half, the answers for old customers of the mobile app are mostly wrong."""
    channel, age, region = ("web", "mobile", "O'Hara")[n % 3], 20 + RANDOM.random() * 50, RANDOM.choice("abc")
    bad = n >= COUNT / 2 and channel == "mobile" and age >= 50
    yes = RANDOM.random() < 0.5
    right = RANDOM.random() < (0.2 if bad else 0.9)
    return {
        "n": n,
        "channel": channel,
        "age": age,
        "region": region,
        "label": int(yes),
        "score": 0.8 if yes == right else 0.2,
    }


ROWS = [_row(n) for n in range(COUNT)]


STREETS = 120


def _price(n: int) -> Row:
    """In the last tenth of the streets, prices are far off; three of four times in the second half."""
    street = n % STREETS
    off = 30.0 if street >= STREETS * 0.9 and (n >= COUNT / 2 or n % 4 == 0) else 5.0
    return {"n": n, "street": f"s{street:03d}", "zone": "new" if street >= STREETS * 0.9 else "old", "label": 100.0 + n % 7,
            "output": 100.0 + n % 7 + off * RANDOM.choice((-1, 1)) * (0.5 + RANDOM.random())}  # fmt: skip


PRICES = [_price(n) for n in range(COUNT)]


@pytest.fixture(scope="module")
def asked(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    predictions = [
        {"model": "loans", "prediction_id": f"l{row['n']}", "time": START // 10**6 + 1_000 * row["n"], "score": row["score"],
         "features": {name: row[name] for name in ("channel", "age", "region")}}
        for row in ROWS
    ]  # fmt: skip
    labels = [{"model": "loans", "prediction_id": f"l{row['n']}", "label": row["label"]} for row in ROWS]
    predictions += [
        {"model": "prices", "prediction_id": f"p{row['n']}", "time": START // 10**6 + 1_000 * row["n"], "output": row["output"],
         "features": {name: row[name] for name in ("street", "zone")}}
        for row in PRICES
    ]  # fmt: skip
    labels += [{"model": "prices", "prediction_id": f"p{row['n']}", "label": row["label"]} for row in PRICES]
    # The same loans once more: their labels are words, and the score is that of the bad ones.
    predictions += [
        {**each, "model": "words", "score": 1 - each["score"]} for each in predictions if each["model"] == "loans"
    ]
    labels += [
        {**each, "model": "words", "label": ("bad", "good")[each["label"]]}
        for each in labels
        if each["model"] == "loans"
    ]
    with world(engine_home, tmp_path_factory.mktemp("catalog")) as opened:
        for kind, rows in ((PREDICTIONS, predictions), (LABELS, labels)):
            opened.keep(read_records(kind, json.dumps(rows).encode(), "application/json", "default", "test").batch)
        # A model of the same name in another project is another.
        theirs = [{**row, "score": 0.99, "features": {"channel": "theirs"}} for row in predictions[:50]]
        opened.keep(read_records(PREDICTIONS, json.dumps(theirs).encode(), "application/json", "theirs", "test").batch)
        yield opened


def wrong(keeps: Callable[[Row], bool]) -> tuple[int, float]:
    """How many rows there are, and the share of wrong answers."""
    told = [(row["score"] > 0.5) != (row["label"] == 1) for row in ROWS if keeps(row)]
    return len(told), sum(told) / len(told)


@pytest.mark.covers("slices-worst-trend")
def test_the_worst_slice_is_told_with_its_sql_and_when_it_began(asked: World) -> None:
    found = asked.get("/models/performance/slices", **RANGE)
    worst = found["slices"][0]
    assert (worst["slice"], worst["condition"]) == ("channel = mobile", "`channel` = 'mobile'")
    assert (worst["p"] < 0.01, worst["lift"] > 1.4) == (True, True)
    early = [one["error"] for one in worst["trend"] if one["time"] < format_time(START + 350 * SECOND) and one["rows"]]
    late = [one["error"] for one in worst["trend"] if one["time"] >= format_time(START + 400 * SECOND) and one["rows"]]
    assert sum(early) / len(early) + 0.15 < sum(late) / len(late)
    assert worst["rows"] == sum(row["channel"] == "mobile" for row in ROWS)
    assert worst["support"] == pytest.approx(worst["rows"] / COUNT)
    assert worst["excess"] == pytest.approx(worst["rows"] * (worst["error"] - found["error"]))
    assert found["error"] == pytest.approx(wrong(lambda row: True)[1])
    named = {feature for one in found["slices"] for feature in one["features"]}
    assert named <= {"channel", "age", "region"}, "told by features, and not by what was answered or when"
    # Its SQL chooses the same rows.
    chosen = asked.get("/models/performance/chosen", **RANGE, where=worst["condition"])
    (one,) = chosen["slices"]
    assert one["labelled"] == worst["rows"]
    assert 1 - one["metrics"][0]["value"] == pytest.approx(worst["error"])
    assert (one["better"], one["trend"]) == (False, worst["trend"])


@pytest.mark.covers("slices-worst-trend", "slices-chosen")
def test_slices_of_numbers_are_told_by_how_far_off_they_are(asked: World) -> None:
    of = {**RANGE, "model": "prices"}
    found = asked.get("/models/performance/slices", **of)
    worst = found["slices"][0]
    assert (found["measure"], worst["slice"]) == ("absolute", "zone = new")
    off = [abs(row["output"] - row["label"]) for row in PRICES if row["zone"] == "new"]
    assert worst["error"] == pytest.approx(sum(off) / len(off))
    told = [(one["rows"], one["error"]) for one in worst["trend"] if one["rows"]]
    assert sum(rows * error for rows, error in told) == pytest.approx(sum(off))
    assert all(error > 0 for _, error in told)
    chosen = asked.get("/models/performance/chosen", **of, slice="zone")
    assert [(one["slice"], one["better"]) for one in chosen["slices"]] == [("zone = old", True), ("zone = new", False)]
    rows = [one["rows"] for one in chosen["slices"]]
    assert rows == sorted(rows, reverse=True), "those with the most rows come first"
    streets = asked.get("/models/performance/chosen", **of, slice="street")
    assert (len(streets["slices"]), streets["more_slices"]) == (100, STREETS - 100)


@pytest.mark.covers("slices-worst-trend")
def test_the_positive_label_of_words_is_the_one_that_is_named(asked: World) -> None:
    plain = asked.get("/models/performance/slices", **RANGE)
    words = asked.get("/models/performance/slices", **{**RANGE, "model": "words"}, positive="bad")
    assert (words["why"], words["error"]) == ("", plain["error"])
    assert [one["slice"] for one in words["slices"]] == [one["slice"] for one in plain["slices"]]


@pytest.mark.covers("slices-chosen")
def test_with_more_slices_the_same_difference_is_less_certain(asked: World) -> None:
    """Every slice that was looked at may differ by chance: p-values are corrected for their number."""
    where = "channel = 'web'"
    (alone,) = asked.get("/models/performance/chosen", **RANGE, where=where)["slices"]
    among = asked.get("/models/performance/chosen", **RANGE, where=where, slice=["region", "age"])["slices"]
    assert among[0]["condition"] == where
    assert 0 < alone["p"] < among[0]["p"]


@pytest.mark.covers("slices-chosen")
def test_chosen_slices_are_values_crosses_and_sql(asked: World) -> None:
    found = asked.get(
        "/models/performance/chosen", **RANGE, slice=["channel", "age"], where=["region = 'a' AND age < 30"]
    )
    by_name = {each["slice"]: each for each in found["slices"]}
    assert found["slices"][0]["condition"] == "region = 'a' AND age < 30"
    rows, error = wrong(lambda row: row["region"] == "a" and row["age"] < 30)
    assert (found["slices"][0]["rows"], found["slices"][0]["metrics"][0]["value"]) == (rows, pytest.approx(1 - error))
    assert len(by_name) == 1 + 3 * 4
    assert sum(each["rows"] for each in found["slices"][1:]) == COUNT == found["whole"]["rows"]
    for name, each in list(by_name.items())[1:]:
        channel, _, told = name.removeprefix("channel = ").partition(" AND ")
        low, high = 0.0, 1e9
        if told.startswith("age <"):
            high = float(told.split("< ")[1])
        elif told.startswith("age >="):
            low = float(told.split(">= ")[1])
        else:
            low, high = float(told.split(" <= ")[0]), float(told.split(" < ")[1])
        # Names round the edges to six figures; a row may lie between.
        rows, error = wrong(lambda row, of=channel, a=low, b=high: row["channel"] == of and a <= row["age"] < b)
        assert abs(each["rows"] - rows) <= 1
        assert 1 - each["metrics"][0]["value"] == pytest.approx(error, abs=0.02)
    clear = [each["slice"] for each in found["slices"] if each["better"] is False]
    assert clear
    assert all("channel = mobile" in name and "age" in name for name in clear)


@pytest.mark.covers("fairness-gaps-api")
def test_groups_are_held_against_each_other(asked: World) -> None:
    found = asked.get("/models/performance/chosen", **RANGE, slice="channel")
    of = {each["slice"].removeprefix("channel = "): each for each in found["slices"]}
    assert of.keys() == {"web", "mobile", "O'Hara"}
    gap = next(each for each in found["gaps"] if each["notion"] == "accuracy_equality")
    shares = {name: each["metrics"][0]["value"] for name, each in of.items()}
    assert (gap["lowest"], gap["lower"] > 0) == ("channel = mobile", True)
    assert gap["difference"] == pytest.approx(max(shares.values()) - min(shares.values()))
    assert of["mobile"]["better"] is False
    assert of["mobile"]["p"] < 0.001


def test_what_cannot_be_sliced_is_said(asked: World) -> None:
    def refused(**more: Any) -> dict[str, Any]:
        answer = asked.client.get("/v1/models/performance/chosen", params={**RANGE, **more})
        assert answer.status_code == 400
        said: dict[str, Any] = answer.json()["error"]
        return said

    assert refused(where="age > (SELECT 1)")["code"] == "invalid_condition"
    assert refused(where="channel > 5")["code"] == "invalid_condition"
    assert refused(slice="nothing")["code"] == "unknown_column"
