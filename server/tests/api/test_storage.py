"""What Settings says of the disk: how much each project takes, how fast it grows, and when there is no room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from asked_world import NOW, SECOND, World, log_batch, span_batch

from tapetum_server.query.storage import DiskState
from tapetum_server.query.time_range import format_time, parse_moment
from tapetum_server.receivers.records.given import read_predictions
from tapetum_server.signals.identity import Identity
from tapetum_server.signals.predictions import LabelBatch

DAY = 86_400 * SECOND
GB = 10**9
READER = Identity(name="reader", scopes=frozenset({"read"}), project="small")


@pytest.fixture(scope="module")
def world(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(engine_home, tmp_path_factory.mktemp("catalog"))
    for project, count in (("large", 900), ("small", 100)):
        world.keep(
            span_batch(*({"trace": i, "span": i, "at": i} for i in range(1, count + 1)), project=project),
            log_batch({"at": -200_000, "body": "old"}, {"at": 0, "body": "new"}, project=project),
        )
        for minutes, arrived in ((-10, count), (-60 * 30, 5_000)):
            world.engine.command(
                "INSERT INTO ingest_rows (time, project, sender, signal, outcome, reason, count) VALUES "
                f"({NOW // SECOND + minutes * 60}, '{project}', 's', 'traces', 'accepted', '', {arrived}), "
                f"({NOW // SECOND + minutes * 60}, '{project}', 's', 'traces', 'refused', 'why', 77)"
            )
    world.catalog.projects.set_retention("large", traces=10, logs=30, metrics=30)
    scored, _ = read_predictions([{"model": "m", "prediction_id": "p", "score": 1}], "scored", "s")
    told = pa.table({"model": ["m"], "prediction_id": ["p"], "time": [0], "label": ["a"], "label_value": [1.0]})
    world.catalog.ensure_project("scored")
    world.keep(scored, LabelBatch("scored", "s", told))
    for table in ("span_rows", "log_rows", "prediction_rows", "label_rows"):
        # Or the engine merges some by itself between two questions, and they take less by then.
        world.engine.command(f"OPTIMIZE TABLE {world.engine.database}.{table} FINAL")
    yield world
    world.close()


@pytest.mark.covers("storage")
def test_each_project_and_signal_says_what_it_takes(world: World) -> None:
    rows = {(row["project"], row["signal"]): row for row in world.get("/storage")["stored"]}
    held = {(p, s) for p in ("large", "small") for s in ("traces", "logs")}
    assert set(rows) == {*held, ("scored", "predictions"), ("scored", "labels")}
    assert [rows["scored", signal]["rows"] for signal in ("predictions", "labels")] == [1, 1]
    large, small = rows["large", "traces"], rows["small", "traces"]
    assert (large["rows"], small["rows"]) == (900, 100)
    assert large["bytes"] == pytest.approx(9 * small["bytes"], rel=0.02)
    (on_disk,) = world.sql(
        "SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND table = 'span_rows' "
        f"AND database = '{world.engine.database}'"
    )
    assert large["bytes"] + small["bytes"] == pytest.approx(int(on_disk["bytes"]), rel=0.01)
    assert rows["small", "logs"]["oldest"] == format_time((NOW - 1_800 * SECOND - 200_000 * SECOND) // DAY * DAY)
    assert (large["rows_per_day"], large["retention_days"], small["retention_days"]) == (900, 10, 30)
    assert large["bytes_per_day"] == large["bytes"]


@pytest.mark.covers("storage")
def test_a_caller_of_one_project_sees_that_one_and_no_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(world.api.state._state, "disk", lambda: DiskState(50.0, GB, 90.0, False))
    assert world.get("/storage")["disk"]["used_percent"] == 50
    monkeypatch.setattr(world.client.app, "identity", READER)
    answer = world.get("/storage")
    assert {row["project"] for row in answer["stored"]} == {"small"}
    assert answer["disk"] is None


@pytest.mark.covers("storage")
def test_the_day_on_which_ingest_pauses_is_foreseen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the bytes of the last day; and not at all where retention levels it off below the limit."""
    stored = world.get("/storage")["stored"]
    daily = sum(row["bytes_per_day"] for row in stored)
    # Half of a disk of 8 days is full, and 2 of its days are beyond the limit.
    free = daily * 4
    monkeypatch.setitem(world.api.state._state, "disk", lambda: DiskState(50.0, free, 75.0, False))
    disk = world.get("/storage")["disk"]
    assert (disk["bytes_per_day"], disk["paused"]) == (daily, False)
    assert abs(_time(disk["full_at"]) - (NOW + 2 * DAY)) < 3_600 * SECOND
    monkeypatch.setitem(world.api.state._state, "disk", lambda: DiskState(50.0, daily * 400, 75.0, False))
    assert world.get("/storage")["disk"]["full_at"] is None
    monkeypatch.setitem(world.api.state._state, "disk", lambda: DiskState(80.0, free, 75.0, True))
    assert _time(world.get("/storage")["disk"]["full_at"]) == NOW


def _time(text: str) -> int:
    return parse_moment(text, 0)
