"""Every store that some version ever wrote opens, with all that is in it, and has today's views."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest

from store.telemetry import START, logs, points, spans
from tapetum_server.store import migrate as migrate_module
from tapetum_server.store import sql_files
from tapetum_server.store.embedded import EmbeddedEngine
from tapetum_server.store.engine import Engine, StoreError, StoreUnavailable
from tapetum_server.store.migrate import migrate
from tapetum_server.store.writer import StoreWriter

VERSIONS = sql_files.migrations()
DAY = 86_400 * 10**9
LATE = 4_000_000_000 * 10**9
"""2096: what is kept for so many days is not past them, whenever this runs."""

# A row for each table as the version that made it would have written it: plain values, no expressions.
# A migration that makes a table adds a line here, and the test below fails until it does.
ROWS: dict[str, dict[str, Any]] = {
    "span_rows": {
        "project": "old", "start_time": START, "trace_id": "ab" * 16, "span_id": "cd" * 8, "version": 1 << 63,
        "ingested_at": LATE, "retention_days": 30, "name": "order", "service": "shop", "ended": 1,
        "end_time": START + 10**9, "status": "ok", "attr_shape": "s.http.route", "attr_values": ["/buy"],
    },
    "message_rows": {
        "project": "old", "hash": "0" * 32, "text": "hello", "version": 1, "expires_at": 4_000_000_000,
    },
    "span_duplicates": {
        "project": "old", "trace_id": "ab" * 16, "span_id": "ef" * 8, "duplicate_of": "cd" * 8, "response_id": "r",
        "version": 1, "expires_at": 4_000_000_000,
    },
    "span_enrichments": {
        "project": "old", "trace_id": "ab" * 16, "span_id": "cd" * 8, "input": "question", "output": "answer",
        "version": 1, "expires_at": 4_000_000_000,
    },
    "log_rows": {
        "project": "old", "time": START, "log_id": "0123456789abcdef", "version": 1, "ingested_at": LATE,
        "service": "shop", "severity": "info", "body": "sold", "attr_shape": "", "attr_values": [],
    },
    "metric_rows": {
        "project": "old", "name": "orders", "series": 1, "time": START, "version": 1,
        "ingested_at": LATE, "type": "sum", "value": 3.0,
    },
    "ingest_rows": {
        "time": 4_000_000_000, "project": "old", "sender": "shop", "signal": "logs", "outcome": "accepted",
        "reason": "", "count": 7,
    },
    "alert_rows": {
        "project": "old", "time": LATE, "alert_id": "a1", "version": 1, "monitor_id": "m1", "monitor": "slow",
        "subject": "", "labels": "{}", "previous_state": "ok", "state": "firing",
    },
    "change_rows": {
        "project": "old", "time": LATE, "change_id": "c1", "version": 1, "kind": "deploy", "subject": "shop",
        "after": "2", "attributes": "{}",
    },
    "error_rows": {
        "project": "old", "identity": "e1", "rank": 1, "time": START, "ingested_at": LATE,
        "fingerprint": "f1", "type": "Timeout", "message": "too late", "attr_shape": "", "attr_values": [],
    },
    "evaluation_rows": {
        "project": "old", "time": START, "evaluation_id": "v1", "version": 1, "updated_at": START,
        "ingested_at": LATE, "name": "correctness", "target_type": "trace", "target_id": "ab" * 16,
        "score": 0.5, "attr_shape": "", "attr_values": [],
    },
    "feature_statistics_rows": {
        "project": "old", "dataset": "census", "slice": "All Examples", "feature": "age", "version": "", "rows": 7,
        "present": 7.0, "mean": 41.5, "points": [0.0, 90.0],
    },
    "prediction_rows": {
        "project": "old", "model": "m", "prediction_id": "p1", "time": START, "written": 1,
        "ingested_at": LATE, "score": 0.5, "output_label": "yes",
    },
    "label_rows": {
        "project": "old", "model": "m", "prediction_id": "p1", "said": 1, "time": START,
        "arrived_at": LATE, "label": "yes",
    },
    "finding_rows": {
        "project": "old", "subject_type": "model", "subject": "m", "window_start": LATE, "window_end": LATE,
        "detector": "schema", "feature": "age", "type": "INT_TYPE_BIG_INT", "said": 1, "severity": "ERROR", "rows": 3,
    },
    "release_rows": {"project": "old", "service": "shop", "environment": "", "release": "1", "first_seen": LATE},
}  # fmt: skip


@pytest.fixture
def database(engine_home: Any, request: pytest.FixtureRequest) -> Iterator[EmbeddedEngine]:
    """An empty database: no tables at all."""
    name = "from_" + "".join(c if c.isalnum() else "_" for c in request.node.name)[:80]
    opened = EmbeddedEngine(engine_home, name)
    yield opened
    opened.command(f"DROP DATABASE {name} SYNC")
    opened.close()


def migrate_to(engine: Engine, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program that knew migrations up to `version` did. Views come from today's files, so it made none."""
    with monkeypatch.context() as then:
        then.setattr(migrate_module.sql_files, "migrations", lambda: VERSIONS[: VERSIONS.index(version) + 1])
        then.setattr(migrate_module.sql_files, "view_statements", lambda database: iter(()))
        migrate(engine)


def tables(engine: Engine) -> dict[str, set[str]]:
    """Tables that hold rows, with their columns."""
    found: dict[str, set[str]] = {}
    columns = engine.query(
        "SELECT table, name FROM system.columns WHERE database = {d:String} AND table IN "
        "(SELECT name FROM system.tables WHERE database = {d:String} AND engine LIKE '%MergeTree')",
        {"d": engine.database},
    )
    for row in columns.to_pylist():
        found.setdefault(row["table"], set()).add(row["name"])
    del found["schema_migrations"]
    # Filled by the engine, from `error_rows`.
    found.pop("error_groups", None)
    for name in ("feature_windows", "feature_states"):
        found.pop(name, None)  # from `feature_statistics_rows`
    return found


def fill(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Put a row into every table of the version; what they hold."""
    held = {}
    for table, columns in tables(engine).items():
        assert table in ROWS, f"add a row for table {table} to ROWS, so that its data is migrated in this test"
        values = {name: [value] for name, value in ROWS[table].items() if name in columns}
        engine.insert(table, pa.table({name: _column(name, value) for name, value in values.items()}))
        held[table] = engine.query(f"SELECT {', '.join(values)} FROM {table}").to_pylist()
        assert len(held[table]) == 1
    return held


def _column(name: str, values: list[Any]) -> pa.Array:
    if name in ("start_time", "end_time", "ingested_at", "arrived_at", "first_seen", "window_start", "window_end") or (
        name == "time" and values[0] > 10**12
    ):
        return pa.array(values, pa.timestamp("ns", "UTC"))
    if name in ("time", "expires_at"):
        return pa.array(values, pa.uint32())
    if name in ("version", "series", "count", "rank") and isinstance(values[0], int):
        return pa.array(values, pa.uint64())
    if name == "attr_values":
        return pa.array(values, pa.list_(pa.string()))
    return pa.array(values)


@pytest.mark.covers("migrations")
@pytest.mark.parametrize(
    "version",
    [pytest.param(it, marks=[] if it in (VERSIONS[0], *VERSIONS[-2:]) else pytest.mark.wide) for it in VERSIONS],
)
def test_a_store_of_every_version_opens_with_its_data(
    version: str, database: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new migration is a new folder, and by that a new case here: from the version before it, with data."""
    migrate_to(database, version, monkeypatch)
    before = fill(database)

    assert migrate(database) == VERSIONS[VERSIONS.index(version) + 1 :]

    for table, rows in before.items():
        assert database.query(f"SELECT {', '.join(rows[0])} FROM {table}").to_pylist() == rows
    for view, expected in {"spans": "order", "logs": "sold", "metrics": "orders", "ingest": "shop"}.items():
        column = {"logs": "body", "ingest": "sender"}.get(view, "name")
        assert database.query(f"SELECT {column} AS found FROM {view}").to_pydict() == {"found": [expected]}
    assert database.query("SELECT input, output, attributes['http.route'] AS route FROM spans").to_pylist() == [
        {"input": "question", "output": "answer", "route": "/buy"}
    ]
    assert database.query("SELECT root_name FROM traces").to_pydict() == {"root_name": ["order"]}


@pytest.mark.covers("migrations")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.wide
def test_a_migrated_store_is_the_same_as_a_new_one(
    version: str, database: EmbeddedEngine, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise what is tested on new stores is not what long-time users have."""
    migrate_to(database, version, monkeypatch)
    migrate(database)
    assert described(database) == described(engine)


@pytest.mark.covers("full-text-spellings")
def test_texts_of_an_older_store_get_the_index_of_words(
    database: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the background, so that a large store opens at once; what was stored before is then found by the index."""
    migrate_to(database, VERSIONS[VERSIONS.index("0015_words") - 1], monkeypatch)
    fill(database)
    for table in ("span_rows", "log_rows", "message_rows", "span_enrichments"):
        database.command(f"OPTIMIZE TABLE {database.database}.{table} FINAL")
    migrate(database)

    def asked(sql: str) -> list[Any]:
        return database.query(sql, {"d": database.database}).column(0).to_pylist()

    while asked("SELECT 1 FROM system.mutations WHERE database = {d:String} AND NOT is_done"):
        time.sleep(0.02)
    indexed = asked(
        "SELECT table FROM system.data_skipping_indices "
        "WHERE database = {d:String} AND name LIKE 'words_of_%' AND data_compressed_bytes > 0 ORDER BY table"
    )
    assert indexed == ["log_rows", "message_rows", "span_enrichments", "span_rows"]


def described(engine: Engine) -> list[tuple[str, str]]:
    """Every table and view with the statement that would make it, names of databases left out."""
    found = engine.query(
        "SELECT name, create_table_query AS made FROM system.tables WHERE database = {d:String} ORDER BY name",
        {"d": engine.database},
    ).to_pylist()
    return [(row["name"], row["made"].replace(engine.database, "DATABASE")) for row in found]


@pytest.mark.covers("migrations")
def test_a_current_store_is_opened_again_without_a_change(database: EmbeddedEngine) -> None:
    assert migrate(database) == VERSIONS
    keep(database)
    before = described(database)
    assert migrate(database) == []
    assert described(database) == before
    assert database.query("SELECT count() AS n FROM spans").to_pydict() == {"n": [1]}
    assert database.query("SELECT count() AS n FROM schema_migrations").to_pydict() == {"n": [len(VERSIONS)]}


def keep(engine: Engine) -> None:
    """One record of each signal, written by today's writer."""
    with ThreadPoolExecutor(1) as executor:
        writer = StoreWriter(engine, executor, lambda project, signal: 30)

        async def all_signals() -> None:
            for batch in (spans({}), logs({}), points({"value": 1.0})):
                await writer.consume(batch)

        asyncio.run(all_signals())
        writer.close()


@pytest.mark.covers("migrations")
def test_a_migration_that_was_cut_off_goes_on_at_the_next_start(
    database: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9 may come between any two statements: the next start repeats what was not recorded."""
    statements = list(sql_files.migration_statements(VERSIONS[-1], database.database))
    for survived in range(len(statements)):
        with monkeypatch.context() as dying:
            dying.setattr(database, "command", _failing_after(database, survived + 1))
            with pytest.raises(StoreError, match="power cut"):
                migrate(database)
    assert migrate(database)[-1] == VERSIONS[-1]
    keep(database)
    assert database.query("SELECT count() AS n FROM spans").to_pydict() == {"n": [1]}


def _failing_after(engine: EmbeddedEngine, count: int) -> Any:
    real, left = engine.command, [count]

    def command(sql: str) -> None:
        if not left[0]:
            raise StoreError("power cut")
        left[0] -= 1
        real(sql)

    return command


@pytest.mark.covers("bad-newer-data")
def test_a_store_of_a_newer_version_is_refused_and_not_touched(database: EmbeddedEngine) -> None:
    migrate(database)
    database.command("INSERT INTO schema_migrations (name) VALUES ('9999_from_the_future')")
    database.command(f"CREATE OR REPLACE VIEW {database.database}.logs AS SELECT 'newer' AS body")
    with pytest.raises(StoreUnavailable, match="newer tapetum") as refused:
        migrate(database)
    assert "9999_from_the_future" in str(refused.value)
    assert VERSIONS[-1] in str(refused.value)
    assert database.query("SELECT body FROM logs").to_pydict() == {"body": ["newer"]}
