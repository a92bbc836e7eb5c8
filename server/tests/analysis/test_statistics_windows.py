"""Statistics of predictions are kept per hour and added up per day and month; what comes late is counted again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from asked_world import World, world

from tapetum_server.analysis.feature_statistics.windows import keep_windows
from tapetum_server.receivers.records.reading import PREDICTIONS, read_records

HOUR, DAY = 3_600 * 10**9, 86_400 * 10**9
MIDNIGHT = 1_793_491_200 * 10**9
"""2026-11-01T00:00:00Z: the month and the day begin together."""


@pytest.fixture(scope="module")
def asked(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(engine_home, tmp_path_factory.mktemp("catalog")) as opened:
        yield opened


def predictions(world: World, project: str, at: int, ages: np.ndarray, version: str, begin: int = 0) -> None:
    """One prediction a second from `at` on."""
    body = [
        {
            "model": "income", "version": version, "prediction_id": f"{version}-{at}-{begin + i}",
            "time": (at + i * 10**9) // 10**6, "score": age / 100, "output_label": "high" if age > 50 else "low",
            "features": {"age": age, "city": "Oslo" if i % 3 else None},
        }
        for i, age in enumerate(ages.tolist())
    ]  # fmt: skip
    read = read_records(PREDICTIONS, orjson.dumps(body), "application/json", project, "test")
    assert not read.refused
    world.keep(read.batch)


def look(world: World, project: str, now: int) -> int:
    """What the server does every few minutes."""
    return asyncio.run(keep_windows(world.reader, world.writer, project, since=MIDNIGHT - 90 * DAY, now=now, sums=True))


def statistics(world: World, project: str, start: int, end: int, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = world.get(
        "/feature_statistics/features", project=project, model="income", from_=start // 10**6, to=end // 10**6, **more
    )
    return found | {"features": {one["feature"]: one for one in found["features"]}}


@pytest.mark.covers("feature-statistics-windows")
def test_hours_are_counted_once_they_are_over_and_days_and_months_are_added_up(asked: World) -> None:
    project = "windows"
    random = np.random.default_rng(5)
    hours = [np.round(random.normal(40 + 5 * i, 8, 90), 1) for i in range(3)]
    for i, ages in enumerate(hours):
        predictions(asked, project, MIDNIGHT + (9 + i) * HOUR, ages, "3")
    predictions(asked, project, MIDNIGHT + 9 * HOUR, hours[0][:20], "4")
    # The third hour lasts still, and so does the day.
    assert look(asked, project, MIDNIGHT + 11 * HOUR + HOUR // 2) == 3
    two = statistics(asked, project, MIDNIGHT + 9 * HOUR, MIDNIGHT + 12 * HOUR, version="3")
    age = two["features"]["age"]
    assert (two["windows"], two["rows"]) == (2, 180)
    together = np.concatenate(hours[:2])
    assert age["mean"] == pytest.approx(together.mean(), rel=1e-9)
    assert age["std_dev"] == pytest.approx(together.std(), rel=1e-9)
    assert abs((together < age["median"]).mean() - 0.5) <= 0.02
    assert (two["features"]["city"]["missing"], two["features"]["city"]["top_values"]) == (60, ["Oslo"])
    assert two["features"]["score"]["max"] == pytest.approx(together.max() / 100)
    assert {"time", "prediction_id", "version"}.isdisjoint(two["features"])
    # All versions together, where nobody names one.
    assert statistics(asked, project, MIDNIGHT, MIDNIGHT + 12 * HOUR)["rows"] == 200
    # A month later: one hour, and the days and months of both versions.
    later = MIDNIGHT + 40 * DAY
    assert look(asked, project, later) >= 5
    month = statistics(asked, project, MIDNIGHT - DAY, later, version="3")
    assert (month["windows"], month["rows"]) == (1, 270)
    assert month["features"]["age"]["mean"] == pytest.approx(np.concatenate(hours).mean(), rel=1e-9)
    for days in (1, 10, 12):
        found = statistics(asked, project, MIDNIGHT, MIDNIGHT + days * DAY, version="3")
        assert (found["windows"], found["rows"]) == (1, 270)
    kept = asked.sql(
        "SELECT DISTINCT window_start, window_end FROM feature_statistics_rows WHERE project = {p:String} AND version = '3' "
        "AND window_end > window_start + toIntervalHour(1) ORDER BY ALL", p=project,
    )  # fmt: skip
    assert [(row["window_end"] - row["window_start"]).days for row in kept] == [1, 10, 30]


def test_a_prediction_that_comes_late_is_counted_in_its_hour_day_and_month(asked: World) -> None:
    project = "late"
    later = MIDNIGHT + 40 * DAY
    predictions(asked, project, MIDNIGHT + 9 * HOUR, np.full(30, 20.0), "3")
    look(asked, project, later)
    predictions(asked, project, MIDNIGHT + 9 * HOUR, np.full(30, 60.0), "3", begin=30)
    look(asked, project, later)
    for end in (MIDNIGHT + 10 * HOUR, MIDNIGHT + DAY, later):
        found = statistics(asked, project, MIDNIGHT, end)
        assert (found["rows"], found["features"]["age"]["mean"]) == (60, 40.0)
