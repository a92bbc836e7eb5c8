"""Statistics of predictions are kept per hour and added up per day and month; what comes late is counted again."""

from __future__ import annotations

import asyncio
import io
import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
from asked_world import World, world

from tapetum_server.analysis.feature_statistics import windows
from tapetum_server.analysis.feature_statistics.windows import keep_windows
from tapetum_server.query import cells, edge_rows, feature_statistics, statistics_windows
from tapetum_server.query.errors import QueryError
from tapetum_server.query.feature_aggregates import Slices
from tapetum_server.query.prediction_checks import with_integers
from tapetum_server.query.prediction_frames import prediction_frame
from tapetum_server.query.time_range import TimeRange, format_time
from tapetum_server.receivers.records.reading import PREDICTIONS, read_records
from tapetum_server.signals.feature_statistics import DatasetStatistics

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
    # The third hour lasts still, and so do its four and the day.
    assert look(asked, project, MIDNIGHT + 11 * HOUR + HOUR // 2) == 3
    two = statistics(asked, project, MIDNIGHT + 9 * HOUR, MIDNIGHT + 11 * HOUR, version="3")
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
    assert statistics(asked, project, MIDNIGHT, MIDNIGHT + 11 * HOUR)["rows"] == 200
    # A month later: one hour, and the days and months of both versions.
    later = MIDNIGHT + 40 * DAY
    assert look(asked, project, later) >= 5
    month = statistics(asked, project, MIDNIGHT - DAY, later, version="3")
    assert (month["windows"], month["rows"]) == (1, 270)
    assert month["features"]["age"]["mean"] == pytest.approx(np.concatenate(hours).mean(), rel=1e-9)
    for days in (1, 10, 12):
        found = statistics(asked, project, MIDNIGHT, MIDNIGHT + days * DAY, version="3")
        assert (found["windows"], found["rows"]) == (1, 270)
    third = next(row for row in asked.get("/feature_statistics", project=project)["rows"] if row["version"] == "3")
    assert (third["windows"], third["rows"]) == (3, 270), "its hours, and not what they are added up to"
    assert (third["window_start"], third["window_end"]) == tuple(format_time(MIDNIGHT + n * HOUR) for n in (9, 12))
    kept = asked.sql(
        "SELECT DISTINCT window_start, window_end FROM feature_statistics_rows WHERE project = {p:String} AND version = '3' "
        "AND window_end > window_start + toIntervalHour(1) ORDER BY ALL", p=project,
    )  # fmt: skip
    hours = [(row["window_end"] - row["window_start"]).total_seconds() // 3_600 for row in kept]
    assert sorted(hours) == [4, 12, 24, 5 * 24, 10 * 24, 30 * 24]


@pytest.mark.covers("feature-statistics-windows")
def test_what_is_not_counted_yet_is_read_so_that_no_hour_is_missing_meanwhile(
    asked: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (statistics_windows, windows):
        monkeypatch.setattr(module, "MOST_WINDOWS", 2)
    project, later = "behind", MIDNIGHT + 2 * DAY
    for i in range(5):
        predictions(asked, project, MIDNIGHT + (9 + i) * HOUR, np.full(30, 10.0 * i), "3")
    for counted, kept in ((2, 2), (4, 4), (5, 1)):
        assert look(asked, project, later) >= 1
        found = statistics(asked, project, MIDNIGHT, later, version="3")
        # Of a day that is only half counted nothing is added up: it would hide the other half.
        assert (found["windows"], found["scanned_rows"]) == (kept, 30 * (5 - counted))
        assert (found["rows"], found["features"]["age"]["mean"]) == (150, 20.0)


def test_an_hour_that_cannot_be_counted_keeps_none_of_the_others_from_it(
    asked: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = "heavy"
    for i in range(3):
        predictions(asked, project, MIDNIGHT + (9 + i) * HOUR, np.full(30, 10.0), "3")
    count = windows.prediction_frame

    async def refused(*asked: Any, time_range: TimeRange, **more: Any) -> Any:
        if time_range.start == MIDNIGHT + 10 * HOUR:
            raise QueryError("the question needs more than one question may take", code="too_heavy")
        return await count(*asked, time_range=time_range, **more)

    monkeypatch.setattr(windows, "prediction_frame", refused)
    with pytest.raises(QueryError, match="may take"):
        look(asked, project, MIDNIGHT + 12 * HOUR + HOUR // 2)
    (kept,) = asked.get("/feature_statistics", project=project)["rows"]
    assert (kept["windows"], kept["rows"]) == (2, 60)


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


def rich(world: World, project: str, start: int, count: int) -> list[dict[str, Any]]:
    """Predictions with features of every kind, two minutes apart."""
    random = np.random.default_rng(7)
    said = []
    for i in range(count):
        amount: Any = ("NaN", "-Infinity", 0.0)[i] if i < 3 else float(np.round(random.lognormal(3, 1), 2))
        said.append(
            {
                "model": "income", "version": "2" if i >= 90 else "1", "prediction_id": f"{start}-{i}",
                "time": (start + i * 120 * 10**9) // 10**6, "score": float(random.random()), "output": i % 7,
                "output_label": "high" if i % 3 else "low", "latency_ms": 2.5 * i, "scores": {"high": 0.5},
                "tags": {"region": "eu" if i % 4 else "us", "tier": f"t{i % 12}"},
                "features": {
                    "amount": amount, "member": i % 5 == 0 if i % 6 else None, "score": i, "city": f"city-{i % 9}",
                    "visits": [1.0] * (i % 4) + [7.0], "words": ["a", "b"][: i % 3],
                },
            }
        )  # fmt: skip
    read = read_records(PREDICTIONS, orjson.dumps(said), "application/json", project, "test")
    assert not read.refused
    world.keep(read.batch)
    return said


@pytest.fixture(scope="module")
def said(asked: World) -> list[dict[str, Any]]:
    """From nine o'clock on, of which three hours were counted and the fourth lasts."""
    told = rich(asked, "edges", MIDNIGHT + 9 * HOUR, 100)
    look(asked, "edges", MIDNIGHT + 12 * HOUR + HOUR // 30)
    return told


def in_columns(world: World, project: str, features: dict[str, pa.Array], first: int = 0, **more: pa.Array) -> None:
    """A prediction every second, all of one layout."""
    rows = len(next(iter(features.values())))
    told = {
        "model": pa.array(["income"] * rows), "version": pa.array(["1"] * rows),
        "prediction_id": pa.array([f"t{first + i}" for i in range(rows)]),
        "time": pa.array([MIDNIGHT // 10**6 + 1_000 * i for i in range(rows)], pa.int64()),
        "features": pa.StructArray.from_arrays(list(features.values()), names=list(features)), **more,
    }  # fmt: skip
    body = io.BytesIO()
    with pa.ipc.new_stream(body, pa.table(told).schema) as stream:
        stream.write_table(pa.table(told))
    read = read_records(PREDICTIONS, body.getvalue(), "application/vnd.apache.arrow.stream", project, "test")
    assert not read.refused
    world.keep(read.batch)


@pytest.mark.covers("feature-statistics-windows")
@pytest.mark.parametrize("layouts", [1, 4])
def test_features_that_are_counted_together_are_counted_as_each_by_itself(
    asked: World, monkeypatch: pytest.MonkeyPatch, layouts: int
) -> None:
    """Also where some rows lack features, have them in another order, hold one as a text, or have more of them."""
    project = f"cells-{layouts}"
    random = np.random.default_rng(8)
    amounts = random.lognormal(3, 1, 120).tolist()
    features: dict[str, list[Any]] = {
        "amount": [math.nan, -math.inf, math.inf, 0.0, None, *amounts[5:]],
        "member": [None if i % 6 == 0 else i % 5 == 0 for i in range(120)],
        "city": [None if i % 7 == 0 else f"city-{i % 9}" for i in range(120)],
        "at": [1.7e9 + i for i in range(120)],
        "nothing": [None] * 119 + [1.0],
        "visits": [[1.0] * (i % 4) for i in range(120)],
    }
    tags = [{"region": "eu" if i % 4 else "us", "tier": f"t{i % 12}"} for i in range(120)]
    columns = {name: pa.array(column) for name, column in features.items()}
    in_columns(asked, project, columns, tags=pa.array(tags))
    few = {name: column[40:50] for name, column in columns.items()}
    odd = (
        {name: few[name] for name in ("city", "amount")},
        {name: few[name] for name in reversed(few)} | {"more": few["at"]},
        few | {"amount": pa.array(["3", "many"] * 5)},
    )
    for n, told in enumerate(odd[: layouts - 1]):
        in_columns(asked, project, told, tags=pa.array(tags[:10]), first=1_000 * (n + 1))

    def counted(few_rows: int, region: str | None) -> Any:
        monkeypatch.setattr(cells, "_FEW_ROWS", few_rows)

        async def count() -> list[DatasetStatistics]:
            frame = await prediction_frame(
                asked.reader, project=project, model="income", time_range=TimeRange(None, None), version="1"
            )
            assert sum(column.cell is not None for column in frame.columns) == (5 if layouts == 1 else 4)
            frame = await with_integers(asked.reader, frame, {"amount", "at", "nothing", "more"})
            assert {column.name for column in frame.columns if column.integer} >= {"at", "nothing"}
            if region is not None:
                frame = frame.narrowed("tags['region'] = {frame_slice:String}", {"frame_slice": region})
            slices = Slices(frame.column("tags.tier"), 3)
            return await feature_statistics.feature_statistics(asked.reader, frame, slices=slices)

        told = json.dumps([asdict(one) for one in asyncio.run(count())])
        return json.loads(told, parse_float=lambda digits: float(f"{float(digits):.9g}"))

    for region in (None, "us", "nowhere"):
        assert counted(0, region) == counted(10**9, region)
    assert len(counted(10**9, None)) == 4


@pytest.mark.covers("feature-statistics-windows", "feature-statistics-wide")
def test_an_hour_of_two_thousand_features_is_counted(asked: World) -> None:
    random = np.random.default_rng(3)
    numbers, words = random.normal(size=(60, 1_700)) + np.arange(1_700), random.integers(0, 5, (60, 300))
    numbers[:10, 0], numbers[0, 1] = math.nan, math.inf
    columns = {f"n{i}": pa.array(numbers[:, i]) for i in range(1_700)}
    columns |= {f"w{i}": pa.array([f"word-{word}" for word in words[:, i]]) for i in range(300)}
    in_columns(asked, "thousands", columns)
    assert look(asked, "thousands", MIDNIGHT + 2 * HOUR) >= 1
    found = statistics(asked, "thousands", MIDNIGHT, MIDNIGHT + HOUR, version="1")
    assert (found["windows"], found["rows"]) == (1, 60)
    assert columns.keys() <= found["features"].keys()
    for i in range(1_700):
        one, values = found["features"][f"n{i}"], numbers[:, i][np.isfinite(numbers[:, i])]
        assert one["mean"] == pytest.approx(values.mean(), rel=1e-9)
        assert one["std_dev"] == pytest.approx(values.std(), rel=1e-9)
        assert (one["min"], one["max"]) == (values.min(), values.max())
    assert (found["features"]["n0"]["nan_count"], found["features"]["n1"]["nan_count"]) == (10, 0)
    for i in range(300):
        often = Counter(f"word-{word}" for word in words[:, i])
        one = found["features"][f"w{i}"]
        assert one["unique"] == len(often)
        assert dict(zip(one["top_values"], one["top_frequencies"])) == often


@pytest.mark.covers("feature-statistics-edges")
def test_the_last_minutes_and_the_ends_between_hours_are_in_every_range(
    asked: World, said: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one scan of all rows says, whichever way the edges are read."""
    project, start = "edges", MIDNIGHT + 9 * HOUR
    begin, end = start + HOUR // 2, start + 100 * 120 * 10**9
    inside = [one for one in said if one["time"] * 10**6 >= begin]
    few = statistics(asked, project, begin, end)
    assert (few["rows"], few["windows"], few["scanned_rows"]) == (85, 2, 25)
    amounts = np.asarray([one["features"]["amount"] for one in inside])
    assert few["features"]["amount"]["mean"] == pytest.approx(amounts.mean(), rel=1e-9)
    assert few["features"]["features.score"]["min"] == 15
    assert few["features"]["city"]["top_frequencies"][0] == 10
    monkeypatch.setattr(edge_rows, "MOST_CELLS", 100)
    by_engine = statistics(asked, project, begin, end)
    assert few["features"].keys() == by_engine["features"].keys()
    for name, feature in few["features"].items():
        other = by_engine["features"][name]
        assert feature.keys() == other.keys()
        for field in feature.keys() - {"lengths", "points", "standard_histogram", "quantiles_histogram", "median"}:
            wanted = other[field]
            if isinstance(wanted, float):
                wanted = pytest.approx(wanted, rel=1e-9)
            assert feature[field] == wanted, (name, field)
    whole = statistics(asked, project, MIDNIGHT, end)
    assert (whole["rows"], whole["features"]["amount"]["nan_count"], whole["features"]["amount"]["zeros"]) == (
        100,
        1,
        1,
    )
    assert statistics(asked, project, begin, end, version="2")["rows"] == sum(one["version"] == "2" for one in inside)
    # Between two counted hours there is nothing else to read, and before the first none.
    assert statistics(asked, project, start, start + 2 * HOUR)["scanned_rows"] == 0


@pytest.mark.covers("feature-statistics-window-slices")
def test_windows_are_kept_by_the_values_of_tags_and_ranges_of_a_slice_are_added_up(
    asked: World, said: list[dict[str, Any]]
) -> None:
    project, start = "edges", MIDNIGHT + 9 * HOUR
    europe = [one for one in said if one["tags"]["region"] == "eu"]
    found = statistics(asked, project, start, start + 4 * HOUR, slice="tags.region_eu")
    assert (found["rows"], found["windows"], found["scanned_rows"]) == (len(europe), 3, 8)
    assert found["features"]["latency_ms"]["mean"] == pytest.approx(np.mean([one["latency_ms"] for one in europe]))
    look(asked, project, MIDNIGHT + 40 * DAY)
    month = statistics(asked, project, MIDNIGHT, MIDNIGHT + 30 * DAY, slice="tags.region_eu")
    assert (month["rows"], month["windows"]) == (len(europe), 2)
    # Of a tag with many values the most frequent.
    kept = asked.sql(
        "SELECT max(n) AS most FROM (SELECT uniqExact(slice) AS n FROM feature_windows WHERE project = {p:String} "
        "AND window_end = window_start + toIntervalHour(1) GROUP BY version, window_start)", p=project,
    )  # fmt: skip
    assert kept[0]["most"] == 1 + 2 + 6
