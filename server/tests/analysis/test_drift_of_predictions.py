"""A model's predictions are rows as any: a version against another, a week against the one before."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asked_world import SECOND, START, World, world
from drift_world import of

from tapetum_server.analysis.drift.answers import DriftReport
from tapetum_server.analysis.drift.report import drift_report
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.query.frames import Frame
from tapetum_server.query.prediction_frames import prediction_frame
from tapetum_server.query.time_range import TimeRange, format_time
from tapetum_server.receivers.records.reading import LABELS, PREDICTIONS, read_records

ROWS = 600
HOUR = 3_600 * SECOND


def predictions(version: str, start: int, *, moved: bool) -> list[dict[str, Any]]:
    """In the second half of the moved ones income is told in thousands; many are logged at one moment."""
    random = np.random.default_rng(int(version))
    said = []
    for n in range(ROWS):
        income = float(random.lognormal(10, 0.4)) / (1_000 if moved and n >= ROWS // 2 else 1)
        features = {
            "income": income,
            "region": str(random.choice(["north", "south"])),
            "age": float(random.integers(18, 80)),
        }
        said.append(
            {
                "model": "credit", "version": version, "prediction_id": f"{version}-{n}", "features": features,
                "time": (start + n // 20 * 60 * SECOND) // 10**6, "score": float(random.random()),
            }
        )  # fmt: skip
    return said


@pytest.fixture(scope="module")
def asked(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(engine_home, tmp_path_factory.mktemp("catalog")) as opened:
        for version, moved in (("1", False), ("2", True)):
            start = START + (int(version) - 1) * HOUR
            body = json.dumps(predictions(version, start, moved=moved)).encode()
            found = read_records(PREDICTIONS, body, "application/json", "default", "test")
            assert not found.refused
            opened.keep(found.batch)
        yield opened


def compared(asked: World, **settings: Any) -> DriftReport:
    async def report() -> DriftReport:
        async def frame(version: str) -> Frame:
            everything = TimeRange(None, None)
            return await prediction_frame(
                asked.reader, project="default", model="credit", time_range=everything, version=version
            )

        return await drift_report(asked.reader, await frame("1"), await frame("2"), DriftSettings(**settings))

    return asyncio.run(report())


@pytest.mark.covers("drift-predictions")
def test_the_feature_whose_unit_changed_is_named_and_since_when(asked: World) -> None:
    by_time = compared(asked, time="time", chunk_period_ns=300 * SECOND, ignore=("version",), slices=("region",))
    verdicts = {f["name"]: f["verdict"] for f in by_time["features"] if f["verdict"] != "not_enough_data"}
    assert verdicts == {
        "income": "drift",
        "age": "no_drift",
        "region": "no_drift",
        "score": "no_drift",
        "labelled": "no_drift",
    }
    income = of(by_time, "income")
    assert [chunk["rows"] for chunk in income["chunks"]] == [100] * 6
    assert income["since"] == income["chunks"][3]["chunk"]
    assert {s["value"] for s in income["slices"] if s["result"]["verdict"] == "drift"} == {"north", "south"}
    assert "prediction_id" not in verdicts


def test_rows_that_share_moments_are_cut_into_chunks_by_their_order(asked: World) -> None:
    """Their order is no number: twenty of them have one time."""
    income = of(compared(asked, chunk_size=100, features=("income",), multivariate=("pca",)), "income")
    assert [(c["chunk"], c["rows"]) for c in income["chunks"]] == [(f"{100 * n}:{100 * n + 99}", 100) for n in range(6)]
    assert income["since"] == "300:399"
    # Twenty every minute, so a chunk is five moments, of which the last begins four minutes after the first.
    assert [(c["first"], c["last"]) for c in income["chunks"]] == [
        (format_time(START + HOUR + minute * 60 * SECOND), format_time(START + HOUR + (minute + 4) * 60 * SECOND))
        for minute in range(0, 30, 5)
    ]


@pytest.mark.covers("drift-predictions")
def test_over_http_a_time_is_held_against_the_time_before_and_a_version_against_another(asked: World) -> None:
    """The second hour has the second version; both ways find what moved, and say so for programs."""
    hour = {"model": "credit", "from": format_time(START + HOUR), "to": format_time(START + 2 * HOUR)}
    before = asked.get("/models/drift", **hour, chunk_minutes=5, slice="region")
    assert (before["baseline_rows"], before["window_rows"], before["verdict"]) == (ROWS, ROWS, "drift")
    assert [f["name"] for f in before["features"] if f["verdict"] == "drift"] == ["income"]
    assert before["features"][0]["since"] == before["features"][0]["chunks"][3]["chunk"]
    versions = {"model": "credit", "from": "all", "version": "2", "baseline_version": "1"}
    other = asked.get("/models/drift", **versions, feature=["income", "age"], method=["ks", "psi"], threshold=0.3)
    assert [f["name"] for f in other["features"]] == ["income", "age"]
    assert [r["threshold"] for r in other["features"][0]["results"]] == [0.05, 0.3, 0.3]
    for wrong, status in (
        ({"from": "all"}, 400),
        ({"model": "none"}, 404),
        ({"method": "x"}, 422),
        ({"feature": "x"}, 400),
    ):
        refused = asked.client.get("/v1/models/drift", params=hour | wrong)
        assert refused.status_code == status, refused.text
        assert refused.json()["error"]["message"]


@pytest.mark.covers("drift-outputs")
def test_outputs_scores_and_labels_drift_each_by_itself(asked: World) -> None:
    """What is said moved, what is true did not; then the other way round. Features are as they were."""
    hour = {"from": format_time(START + 30 * HOUR), "to": format_time(START + 31 * HOUR)}
    for model, said, true in (("said", 0.5, 0.2), ("true", 0.2, 0.5)):
        rows, labels = [], []
        for side, (says, is_) in enumerate(((0.2, 0.2), (said, true))):
            random = np.random.default_rng(side)
            for n in range(400):
                yes = bool(random.random() < says)
                name = {"model": model, "prediction_id": f"{side}-{n}"}
                at = START + (29 + side) * HOUR + n * 9 * SECOND
                rows.append({**name, "time": at // 10**6, "features": {"x": float(random.normal())}, "output": "yes" if yes else "no",
                             "score": float(random.beta(5, 2) if yes else random.beta(2, 5))})  # fmt: skip
                labels.append({**name, "label": "yes" if random.random() < is_ else "no"})
        for kind, records in ((PREDICTIONS, rows), (LABELS, labels)):
            asked.keep(read_records(kind, json.dumps(records).encode(), "application/json", "default", "test").batch)
        found = asked.get("/models/drift", model=model, **hour)
        verdicts = {feature["name"]: feature["verdict"] for feature in found["features"]}
        moved = {"output_label", "score"} if model == "said" else {"label"}
        assert {name for name, verdict in verdicts.items() if verdict == "drift"} == moved
        assert {"x", "output_label", "score", "label"} <= verdicts.keys()
