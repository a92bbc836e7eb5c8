"""The store that tests of questions share."""

from __future__ import annotations

from pathlib import Path

import stores
from asked_world import NOW, SECOND, world

from tapetum_server.store.embedded import EmbeddedEngine
from tapetum_server.store.engine import Engine


def told_and_kept(engine: Engine) -> int:
    """How many rows are left of one that is long past its retention."""
    told = f"({NOW // SECOND - 2_000 * 86_400}, 'p', 's', 'traces', 'accepted', '', 1)"
    columns = "(time, project, sender, signal, outcome, reason, count)"
    engine.command(f"INSERT INTO {engine.database}.ingest_rows {columns} VALUES {told}")
    engine.command(f"OPTIMIZE TABLE {engine.database}.ingest_rows FINAL")
    return int(engine.query("SELECT count() AS n FROM ingest_rows").column("n")[0].as_py())


def test_what_a_world_was_told_stays_however_long_ago_its_now_is(engine_home: Path, tmp_path: Path) -> None:
    """The engine goes by its own clock, whenever it merges."""
    with world(engine_home, tmp_path / "catalog") as asked:
        assert told_and_kept(asked.engine) == 1


def test_who_has_the_store_after_a_world_sees_rows_go(engine_home: Path, tmp_path: Path) -> None:
    with world(engine_home, tmp_path / "catalog") as asked:
        database = asked.engine.database
    engine = stores.take(str(engine_home), lambda name: EmbeddedEngine(engine_home, name))
    assert engine.database == database
    assert told_and_kept(engine) == 0
    stores.give_back(str(engine_home), engine)
