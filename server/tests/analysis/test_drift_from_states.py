"""Drift out of what is kept per hour: near the exact values, and said to be from states."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asked_world import World, world
from drift_world import of

from tapetum_server.analysis.feature_statistics.windows import keep_windows
from tapetum_server.query.time_range import format_time
from tapetum_server.receivers.records.reading import LABELS, PREDICTIONS, read_records

HOUR = 3_600 * 10**9
NINE = 1_793_523_600 * 10**9
"""2026-11-01T09:00:00Z."""
AN_HOUR = 200
"""Predictions."""
COUNTS = ["js", "psi", "hellinger", "linf", "tvd", "kl", "chi2"]
NEAR = dict.fromkeys(COUNTS, 0.02) | {"psi": 0.06, "kl": 0.03, "ks": 0.02, "wasserstein": 0.03}
"""How far a distance of numbers may be from the exact one. Of categories and truth values it is the same."""
MOVED = {"income", "constant", "channel", "member"}


def prediction(random: np.random.Generator, n: int) -> dict[str, Any]:
    """From noon on four features are others than before."""
    later = n >= 3 * AN_HOUR
    features = {
        "income": float(random.lognormal(10, 0.5)) * (1.6 if later else 1.0),
        "age": float(random.integers(18, 80)),
        "debt": float(max(0.0, random.normal(-1, 3))),
        "constant": 5.0 if later else 2.0,
        "channel": str(random.choice(["web", "phone", "app"], p=[0.5, 0.2, 0.3] if later else [0.7, 0.3, 0.0])),
        "member": bool(random.random() < (0.6 if later else 0.3)),
        "history": float(random.normal(0, 1)) if random.random() < 0.8 else None,
    }
    return {
        "model": "credit", "version": "1", "prediction_id": f"p{n}", "features": features,
        "time": (NINE + n * HOUR // AN_HOUR) // 10**6, "score": float(random.random()),
    }  # fmt: skip


@pytest.fixture(scope="module")
def asked(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Six counted hours, from noon on another world, and half of one that lasts."""
    random = np.random.default_rng(11)
    with world(engine_home, tmp_path_factory.mktemp("catalog")) as opened:
        said = [prediction(random, n) for n in range(6 * AN_HOUR + AN_HOUR // 2)]
        found = read_records(PREDICTIONS, json.dumps(said).encode(), "application/json", "default", "test")
        assert not found.refused
        opened.keep(found.batch)
        now = NINE + 6 * HOUR + HOUR // 2
        asyncio.run(keep_windows(opened.reader, opened.writer, "default", since=NINE - HOUR, now=now, sums=True))
        yield opened


def report(asked: World, start: float = 12, end: float = 15, **more: Any) -> dict[str, Any]:
    """Of these hours of the day, against the three from nine."""
    times = [format_time(NINE + round((hour - 9) * HOUR)) for hour in (start, end, 9, 12)]
    names = ("from", "to", "baseline_from", "baseline_to")
    found: dict[str, Any] = asked.get("/models/drift", model="credit", **dict(zip(names, times)), **more)
    return found


@pytest.mark.covers("drift-from-states")
def test_distances_from_states_are_near_the_exact_ones_and_verdicts_the_same(asked: World) -> None:
    methods = [*COUNTS, "ks", "wasserstein"]
    exact, kept = (report(asked, method=methods, source=source) for source in ("exact", "states"))
    assert {one["way"] for one in exact["features"]} == {"exact"}
    assert {one["way"] for one in kept["features"]} == {"from states"}
    assert (kept["baseline_rows"], kept["window_rows"]) == (3 * AN_HOUR, 3 * AN_HOUR)
    told = {one["name"] for one in exact["features"] if one["verdict"] != "not_enough_data"}
    assert {one["name"] for one in kept["features"] if one["verdict"] != "not_enough_data"} == told
    for name in told:
        one, other = of(exact, name), of(kept, name)  # type: ignore[arg-type]
        assert other["verdict"] == one["verdict"] == ("drift" if name in MOVED else "no_drift"), name
        assert [r["method"] for r in other["results"]] == [r["method"] for r in one["results"]]
        for found, wanted in zip(other["results"], one["results"]):
            bound = NEAR.get(wanted["method"], 0.0) if one["kind"] == "numeric" else 0.0
            assert found["value"] == pytest.approx(wanted["value"], rel=1e-9, abs=bound + 1e-9), (name, found)
        for field, wanted in one["baseline"].items():
            assert other["baseline"][field] == (wanted if wanted is None else pytest.approx(wanted, rel=1e-9)), field
        # Two constants have no spread that their distance is a multiple of.
        assert (one["effect"] is None) == (other["effect"] is None) == (name == "constant")
        if one["effect"] is not None:
            assert other["effect"]["value"] == pytest.approx(one["effect"]["value"], rel=1e-6)
    assert of(kept, "constant")["moved"][0]["what"] in ("= 2", "> 2")  # type: ignore[arg-type]


@pytest.mark.covers("drift-from-states")
def test_states_are_taken_by_themselves_where_they_say_all_that_is_asked(asked: World) -> None:
    def ways(**more: Any) -> set[str]:
        return {one["way"] for one in report(asked, feature=["income"], **more)["features"]}

    assert ways() == ways(chunk_minutes=60) == {"from states"}
    # What is kept cannot say these, nor enough of half an hour.
    assert ways(method=["energy"]) == ways(q="channel:web") == ways(chunk_minutes=90) == {"exact"}
    assert ways(slice="channel") == ways(start=14.8, end=15.3) == {"exact"}
    refused = asked.error("/models/drift", 400, model="credit", from_="now-1h", source="states", method="mmd")
    assert (refused["code"], refused["field"]) == ("not_from_states", "source")
    asked.error("/models/drift", 404, model="nobody", from_="now-1h", source="states")


@pytest.mark.covers("drift-from-states")
def test_the_running_hour_is_in_it_and_since_when_is_told(asked: World) -> None:
    exact, kept = (
        report(asked, start=9.5, end=15.5, chunk_minutes=60, feature=["income", "age"], source=source)
        for source in ("exact", "states")
    )
    assert kept["window_rows"] == exact["window_rows"] == 6 * AN_HOUR
    for one in exact["features"]:
        other = of(kept, one["name"])  # type: ignore[arg-type]
        assert other["since"] == one["since"]
        assert [(c["chunk"], c["rows"], c["values"]) for c in other["chunks"]] == [
            (c["chunk"], c["rows"], c["values"]) for c in one["chunks"]
        ]
    assert of(kept, "income")["since"] == format_time(NINE + 3 * HOUR)  # type: ignore[arg-type]


@pytest.mark.covers("drift-from-states")
def test_labels_come_when_they_come_and_are_read_from_rows(asked: World) -> None:
    said = [
        {"model": "credit", "prediction_id": f"p{n}", "label": "paid" if n % (2 if n < 3 * AN_HOUR else 5) else "default"}
        for n in range(6 * AN_HOUR)
    ]  # fmt: skip
    read = read_records(LABELS, json.dumps(said).encode(), "application/json", "default", "test")
    assert not read.refused
    asked.keep(read.batch)
    label = of(report(asked), "label")  # type: ignore[arg-type]
    assert (label["way"], label["verdict"]) == ("exact", "drift")
    assert of(report(asked), "income")["way"] == "from states"  # type: ignore[arg-type]
    only = report(asked, feature=["label"])
    assert [(one["name"], one["way"]) for one in only["features"]] == [("label", "exact")]


def test_labels_are_read_also_where_nothing_was_kept_yet(asked: World) -> None:
    """Of hours that nobody counted: features are counted from the rows, and labels as ever."""
    random = np.random.default_rng(3)
    said = [{**prediction(random, n), "model": "fresh"} for n in range(2 * AN_HOUR)]
    labels = [
        {"model": "fresh", "prediction_id": f"p{n}", "label": "paid" if n < AN_HOUR or n % 5 else "default"}
        for n in range(2 * AN_HOUR)
    ]
    for kind, records in ((PREDICTIONS, said), (LABELS, labels)):
        asked.keep(read_records(kind, json.dumps(records).encode(), "application/json", "default", "test").batch)
    times = [format_time(NINE + hours * HOUR) for hours in (1, 2, 0, 1)]
    names = ("from", "to", "baseline_from", "baseline_to")
    found = asked.get("/models/drift", model="fresh", source="states", **dict(zip(names, times)))
    assert (found["baseline_rows"], found["window_rows"]) == (AN_HOUR, AN_HOUR)
    assert (of(found, "label")["way"], of(found, "label")["verdict"]) == ("exact", "drift")
    assert of(found, "age")["way"] == "from states"
