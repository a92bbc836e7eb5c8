"""What looks at predictions while the server runs: after a restart, beside other data, and for whoever watches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from asked_world import NOW, SECOND, World, world

from tapetum_server.app.live_validation import LiveValidation
from tapetum_server.query.time_range import format_time
from tapetum_server.receivers.records.reading import FEATURE_STATISTICS, PREDICTIONS, Kind, read_records

MODEL = "income"
AT = NOW - 300 * SECOND
HOUR = 3_600 * SECOND
SCHEMA = """
feature { name: "age" type: INT int_domain { max: 120 } }
feature {
  name: "country" type: BYTES domain: "country" distribution_constraints { min_domain_mass: 0.5 }
  drift_comparator { infinity_norm { threshold: 0.2 } } skew_comparator { infinity_norm { threshold: 0.1 } }
}
string_domain { name: "country" value: "NO" value: "PE" }
"""


@pytest.fixture
def asked(engine_home: Path, tmp_path: Path) -> Iterator[World]:
    with world(engine_home, tmp_path) as opened:
        yield opened


def keep(asked: World, kind: Kind, *records: dict[str, Any]) -> None:
    read = read_records(kind, orjson.dumps(records), "application/json", "default", "test")
    assert read.refused == []
    asked.keep(read.batch)


def schema(asked: World, model: str = MODEL, text: str = SCHEMA) -> None:
    asked.catalog.ensure_project("default")
    asked.catalog.data_schemas.add("default", "model", model, text=text, features=2, message="", by="test")


def predicted(n: int, country: str = "NO", age: float = 30, model: str = MODEL, at: int = AT) -> dict[str, Any]:
    return {
        "model": model, "version": "1", "prediction_id": f"{at}-{n}", "time": (at + n * SECOND) // 10**6, "score": n / 200,
        "features": {"age": age, "country": country},
    }  # fmt: skip


def looked(asked: World, until: Callable[[], bool]) -> None:
    """Let it run until something is so. A server that stops, and starts again, is two of these."""

    async def run() -> None:
        validation = LiveValidation(asked.catalog.data_schemas, asked.reader, asked.writer, clock=lambda: NOW)
        running = asyncio.create_task(validation.run())
        try:
            async with asyncio.timeout(90):
                while not await asyncio.to_thread(until):  # noqa: ASYNC110
                    await asyncio.sleep(0.3)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            while asked.writer.waiting:  # noqa: ASYNC110 -- it tells this loop of what it wrote, so the loop stays
                await asyncio.sleep(0.01)

    asyncio.run(run())


def findings(asked: World, **query: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = asked.get("/findings", from_="now-3h", **query)["rows"]
    return rows


def examples(asked: World) -> int:
    return sum(one["examples"] for one in asked.get("/findings", from_="now-3h")["looked"])


@pytest.mark.covers("live-findings-restart")
def test_what_came_while_nobody_looked_is_looked_at_once_somebody_does(asked: World) -> None:
    schema(asked)
    keep(asked, PREDICTIONS, predicted(1, age=130), predicted(2), predicted(3, at=AT - 2 * HOUR))
    looked(asked, lambda: examples(asked) == 3)
    (found,) = findings(asked)
    assert (found["feature"], found["rows"], found["examples"], found["current"]) == ("age", 1, 2, True)
    first = asked.sql("SELECT count() AS n, max(said) AS last FROM finding_rows")
    keep(asked, PREDICTIONS, predicted(4, age=131))
    looked(asked, lambda: examples(asked) == 4)
    (found,) = findings(asked)
    assert (found["rows"], found["offending"], found["windows"]) == (2, ["131"], 1)
    again = asked.sql("SELECT count() AS n FROM finding_rows WHERE said > {last:UInt64}", last=first[0]["last"])
    assert again == [{"n": 2}], "the window that lay two hours back got nothing new"


def test_many_models_of_which_one_has_a_schema_that_cannot_be_read(asked: World) -> None:
    """It is told in the log and keeps nobody else waiting."""
    models = [f"m{n}" for n in range(4)]
    for model in models:
        schema(asked, model)
    schema(asked, "broken", "nonsense {")
    keep(asked, PREDICTIONS, *(predicted(1, age=130, model=model) for model in [*models, "broken"]))
    looked(asked, lambda: len(findings(asked)) == len(models))
    assert {one["subject"] for one in findings(asked)} == set(models)


HOUR_BEFORE = {"window_start": (AT // HOUR - 1) * HOUR // 10**6, "window_end": AT // HOUR * HOUR // 10**6}
COUNTRIES = {"feature": "country", "type": "STRING", "rows": 100, "present": 100, "top_values": ["NO", "PE"],
             "top_frequencies": [50, 50], "unique": 2}  # fmt: skip


@pytest.mark.covers("live-findings-compared")
def test_a_category_that_moved_is_told_beside_the_day_before_and_the_training_data(asked: World) -> None:
    """Where there is nothing to compare with nothing is told, and of a few predictions neither shares nor distances."""
    schema(asked)
    keep(asked, FEATURE_STATISTICS, {"model": MODEL, "version": "1", **HOUR_BEFORE, **COUNTRIES})
    keep(asked, FEATURE_STATISTICS, {"dataset": f"{MODEL}/train", **COUNTRIES, "top_frequencies": [80, 20]})
    keep(asked, PREDICTIONS, *(predicted(n, "XX") for n in range(99)))
    looked(asked, lambda: examples(asked) == 99)
    assert findings(asked) == [], "99 are not enough"
    keep(asked, PREDICTIONS, *(predicted(n, ("NO", "PE")[n > 97]) for n in range(100)))
    looked(asked, lambda: examples(asked) == 100)
    found = {one["detector"]: one for one in findings(asked)}
    assert set(found) == {"drift", "skew"}
    assert {one["type"] for one in found.values()} == {"COMPARATOR_L_INFTY_HIGH"}
    assert [round(found[side]["value"], 9) for side in ("drift", "skew")] == [0.48, 0.18]
    assert [round(found[side]["threshold"], 6) for side in ("drift", "skew")] == [0.2, 0.1]
    assert "between the current data and the previous data" in found["drift"]["evidence"]
    assert "between the serving data and the training data" in found["skew"]["evidence"]
    assert (found["drift"]["rows"], found["drift"]["rows_filter"]) == (2, "model:income version:1 features.country:PE")


@pytest.mark.covers("live-validation-compared")
def test_a_live_validation_compares_as_findings_do(asked: World) -> None:
    """The same controls, types and distances; beside them our own, and of what is not compared the reason."""
    schema(asked)
    of_time = {"from_": str(AT // 10**6), "to": str((AT + 300 * SECOND) // 10**6)}

    def live(**query: Any) -> dict[str, Any]:
        found: dict[str, Any] = asked.get("/data-schemas/live", name=MODEL, windows=2, **{**of_time, **query})
        return found

    keep(asked, PREDICTIONS, *(predicted(n, "XX") for n in range(99)))
    few = live()
    assert [(one["side"], "Fewer than 100" in one["missing"]) for one in few["compared"]] == [
        ("drift", True), ("skew", True),
    ]  # fmt: skip
    keep(asked, PREDICTIONS, *(predicted(n, ("NO", "PE")[n > 97]) for n in range(100)))
    alone = live()
    assert (alone["anomalies"], alone["measurements"], alone["shifts"]) == ([], [], [])
    assert [one["missing"] for one in alone["compared"]] == [
        "There are no predictions in the time before.",
        "No statistics of training data are kept as the data set income/1/train or income/train.",
    ]
    keep(asked, FEATURE_STATISTICS, {"model": MODEL, "version": "1", **HOUR_BEFORE, **COUNTRIES})
    keep(asked, FEATURE_STATISTICS, {"dataset": f"{MODEL}/train", **COUNTRIES, "top_frequencies": [80, 20]})
    found = live()
    assert [(one["feature"], one["severity"], [r["type"] for r in one["reasons"]]) for one in found["anomalies"]] == [
        ("country", "ERROR", ["COMPARATOR_L_INFTY_HIGH"] * 2)
    ]
    assert not found["passed"]
    words = [reason["description"] for reason in found["anomalies"][0]["reasons"]]
    assert [("the current data and the previous data" in each, "the serving data and the training data" in each) for each in words] == [
        (True, False), (False, True),
    ]  # fmt: skip
    measured = {one["side"]: (round(one["value"], 9), one["high"]) for one in found["measurements"]}
    assert measured == {"drift": (0.48, True), "skew": (0.18, True)}
    drift, skew = found["compared"]
    assert (drift["missing"], drift["examples"], drift["end"]) == ("", 100, format_time(AT // HOUR * HOUR))
    assert (skew["missing"], skew["examples"], skew["dataset"]) == ("", 100, "income/train")
    shifts = {one["side"]: one for one in found["shifts"] if one["feature"] == "country"}
    assert shifts["drift"]["high"]
    assert shifts["drift"]["value"] > shifts["skew"]["value"] > 0.02
    # By parts of 150 seconds: the first has all of them, the second none.
    assert [(one["type"], one["windows"]) for one in found["counts"]] == [("COMPARATOR_L_INFTY_HIGH", 1)]
    assert [part["reasons"] for part in found["windows"]] == [2, 0]
    filtered = live(q="features.country:NO")
    assert [one["missing"][:36] for one in filtered["compared"]] == ["Fewer than 100 predictions say nothi"] * 2
    looked(asked, lambda: examples(asked) == 100)
    kept = {one["detector"]: one for one in findings(asked)}
    assert {side: round(one["value"], 9) for side, one in kept.items()} == {"drift": 0.48, "skew": 0.18}
    assert f"By our own distance it moved by {shifts['drift']['value']:.6g}." in kept["drift"]["evidence"]


def test_predictions_that_a_filter_selects_are_held_against_those_of_the_time_before(asked: World) -> None:
    """No statistics are kept of them, so they are counted; the training data are of all, and no measure for a part."""
    schema(asked)
    hour = AT // HOUR * HOUR
    keep(asked, PREDICTIONS, *(predicted(n, age=20 + n % 2 * 20) for n in range(300)))
    keep(asked, PREDICTIONS, *(predicted(n, ("NO", "PE")[n % 2], at=hour - HOUR) for n in range(50)))
    asked_of = {"from_": str(AT // 10**6), "to": str((AT + 300 * SECOND) // 10**6)}
    found = asked.get("/data-schemas/live", name=MODEL, windows=0, q="features.age:<40", **asked_of)
    drift, skew = found["compared"]
    assert (drift["missing"], drift["examples"], "filter" in skew["missing"]) == ("", 50, True)
    assert [(one["side"], one["value"]) for one in found["measurements"]] == [("drift", 0.5)]


@pytest.mark.covers("findings-watched")
def test_findings_and_predictions_are_drawn_and_watched(asked: World) -> None:
    schema(asked)
    keep(asked, PREDICTIONS, *(predicted(n, age=130 if n < 3 else 30) for n in range(8)))

    def ask(**query: Any) -> dict[str, Any]:
        found: dict[str, Any] = asked.post("/query", query=query, from_="now-10m")
        return found

    (none,) = ask(kind="findings")["series"]
    assert (none["labels"], none["total"]) == ({}, 0), "nothing found is zero, and no missing data"
    watched = {
        "query": {"kind": "findings", "measure": "rows", "q": "severity:ERROR"},
        "condition": {"op": ">", "limit": 2, "aggregate": "sum"},
    }
    quiet = asked.post("/monitors/preview", definition=watched)
    assert quiet["preview"]["series"][0]["firing"] == []
    looked(asked, lambda: bool(findings(asked)))
    loud = asked.post("/monitors/preview", definition=watched)
    assert loud["preview"]["series"][0]["firing"]
    assert "rows of findings where severity:ERROR" in loud["condition_text"]

    by_feature = ask(kind="findings", measure="rows", group_by=["feature"])["series"]
    assert [(one["labels"], one["total"]) for one in by_feature] == [({"feature": "age"}, 3)]
    by_country = ask(kind="predictions", measure="mean_score", q="age:>100", group_by=["country"])
    assert [(one["labels"], round(one["total"], 9)) for one in by_country["series"]] == [({"country": "NO"}, 0.005)]
    covered = ask(kind="predictions", measure="label_coverage")
    assert (covered["unit"], covered["series"][0]["total"]) == ("%", 0)
    refused = asked.client.post("/v1/query", json={"query": {"kind": "findings", "q": "nobody:x"}})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "unknown_key")
