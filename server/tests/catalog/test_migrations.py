"""Every catalog that some version ever wrote opens, with all that is in it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, insert, inspect, select, text

from tapetum_server.catalog import database as database_module
from tapetum_server.catalog import tables
from tapetum_server.catalog.catalog import Catalog
from tapetum_server.catalog.database import Database
from tapetum_server.catalog.errors import CatalogError, CatalogTooNew

_config = Config()
_config.set_main_option("script_location", str(Path(database_module.__file__).parent / "migrations"))
_config.set_main_option("path_separator", "os")
REVISIONS = [r.revision for r in reversed(list(ScriptDirectory.from_config(_config).walk_revisions()))]
THEN = datetime(2026, 1, 2, 3, 4, 5, 6_000, UTC)
ROWS = {
    "projects": {
        "name": "old",
        "created_at": THEN,
        "traces_days": 90,
        "logs_days": 7,
        "metrics_days": 400,
        "predictions_days": 90,
        "labels_days": 90,
    },
    "prices": {
        "id": "0123456789abcdef",
        "project": "old",
        "provider": "openai",
        "model": "gpt-*",
        "valid_from": THEN.date(),
        "input_usd": 0.15,
        "output_usd": 0.6,
        "cache_read_usd": None,
        "cache_write_usd": None,
        "audio_input_usd": None,
        "audio_output_usd": None,
        "image_input_usd": None,
        "hourly_usd": None,
        "accelerators": 1.0,
        "updated_at": THEN,
        "updated_by": "root",
    },
    "data_schemas": {
        "project": "old",
        "kind": "model",
        "name": "risk/🙂",
        "version": 1,
        "schema_text": 'feature { name: "a" type: INT }',
        "features": 1,
        "message": "",
        "created_at": THEN,
        "created_by": "root",
    },
    "keys": {
        "id": "0123456789abcdef",
        "name": "collector",
        "prefix": "tpt_abcdefgh",
        "sha256": bytes(range(32)),
        "scopes": "ingest,read",
        "project": "old",
        "created_at": THEN,
        "last_used_at": THEN,
        "expires_at": None,
        "revoked_at": None,
    },
    "sessions": {"sha256": bytes(32), "key_id": "0123456789abcdef", "created_at": THEN, "expires_at": THEN},
    "dashboards": {
        "id": "0123456789abcdef",
        "project": "old",
        "title": "Checkout",
        "description": "",
        "panels": 0,
        "document": '{"schema_version": 1, "title": "Checkout"}',
        "revision": 3,
        "created_at": THEN,
        "updated_at": THEN,
        "updated_by": "root",
    },
    "views": {
        "id": "0123456789abcdef",
        "project": "old",
        "page": "/traces",
        "name": "Slow",
        "search": "q=service%3Ashop",
        "created_at": THEN,
        "created_by": "root",
    },
}


def snapshot(database: Database) -> dict[str, list[dict[str, object]]]:
    """What the tables hold, read as they are now; columns that came later are left out."""
    with database.reading() as connection:
        found = inspect(connection)
        there = {name: {column["name"] for column in found.get_columns(name)} for name in found.get_table_names()}
        return {
            table.name: [
                dict(row._mapping)
                for row in connection.execute(select(*(c for c in table.columns if c.name in there[table.name])))
            ]
            for table in tables.metadata.sorted_tables
            if table.name in there and table.name in ROWS
        }


@pytest.mark.covers("migrations")
@pytest.mark.parametrize("revision", REVISIONS)
def test_a_catalog_of_every_earlier_version_opens_with_its_data(
    revision: str, catalog_url: str, tmp_path: Path
) -> None:
    database = Database(catalog_url)
    database.migrate("0.0.1", to=revision)
    old = MetaData()
    with database.writing() as connection:
        old.reflect(connection)
        for name, row in ROWS.items():
            if name in old.tables:
                # Through today's column types: they say how times and bytes are written.
                table = tables.metadata.tables[name]
                there = {column: value for column, value in row.items() if column in old.tables[name].columns}
                connection.execute(insert(table).values(**there))
    before = snapshot(database)
    assert before["keys"], "a catalog without data proves nothing"

    database.migrate("0.1.0")

    after = snapshot(database)
    for name, rows in before.items():
        assert [{key: row[key] for key in rows[0]} for row in after[name]] == rows
    (project,) = (row for row in after["projects"] if row["name"] == "old")
    # Until they had settings of their own, predictions and labels stayed as long as traces.
    assert (project["predictions_days"], project["labels_days"]) == (90, 90)
    database.close()
    catalog = Catalog.open(tmp_path, version="0.1.0", url=catalog_url)
    assert catalog.projects.retention("old").metrics == 400
    catalog.close()


def test_the_migrations_make_the_tables_that_the_code_believes_in(catalog: Catalog) -> None:
    with catalog._database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


@pytest.mark.covers("bad-newer-data")
def test_a_catalog_of_a_newer_version_is_left_alone_and_both_versions_are_named(
    catalog_url: str, tmp_path: Path
) -> None:
    Catalog.open(tmp_path, version="0.9.0", url=catalog_url).close()
    database = Database(catalog_url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0099_moons'"))

    with pytest.raises(CatalogTooNew) as refused:
        Catalog.open(tmp_path, version="0.1.0", url=catalog_url)

    for said in ("0.9.0", "0099_moons", "0.1.0", REVISIONS[-1], "backup"):
        assert said in str(refused.value)
    with database.reading() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "0099_moons"
    database.close()


def test_servers_that_start_at_once_do_not_trip_over_each_other(catalog_url: str, tmp_path: Path) -> None:
    failed: list[Exception] = []

    def start() -> None:
        try:
            Catalog.open(tmp_path, version="0.1.0", url=catalog_url).close()
        except Exception as error:
            failed.append(error)

    starts = [threading.Thread(target=start) for _ in range(4)]
    for thread in starts:
        thread.start()
    for thread in starts:
        thread.join()
    assert failed == []


def test_a_migration_that_fails_halfway_changes_nothing(
    catalog_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(database_module, "_write_version", fail)
    database = Database(catalog_url)
    with pytest.raises(RuntimeError):
        database.migrate("0.1.0")
    with database.reading() as connection:
        assert inspect(connection).get_table_names() == []
    database.close()


def test_a_file_that_is_no_database_is_named_and_kept(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"what is this " * 100)
    with pytest.raises(CatalogError, match=r"catalog\.sqlite.*not a database"):
        Catalog.open(tmp_path, version="0.1.0")
    assert (tmp_path / "catalog.sqlite").read_bytes().startswith(b"what is this")


@pytest.mark.parametrize("url", ["mysql://root:hunter2@db/x", "nonsense", "sqlite://", "sqlite:////proc/no/x.sqlite"])
def test_a_url_that_cannot_be_a_catalog_says_what_can(url: str, tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as refused:
        Catalog.open(tmp_path, version="0.1.0", url=url)
    assert "hunter2" not in str(refused.value)
