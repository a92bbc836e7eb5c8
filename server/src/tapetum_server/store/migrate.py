"""Schema migrations of the store, run at every start before anything is written."""

from __future__ import annotations

from tapetum_server.store import sql_files
from tapetum_server.store.engine import Engine, StoreUnavailable


def migrate(engine: Engine, credentials: str = "") -> list[str]:
    """Bring the store to this program's schema and (re)make the public views.

    Returns the names of the migrations that ran. Raises `StoreUnavailable` when the store was
    written by a newer program, touching nothing.
    """
    engine.command(
        f"CREATE TABLE IF NOT EXISTS {engine.database}.schema_migrations "
        "(name String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = MergeTree ORDER BY name"
    )
    applied = _applied(engine)
    known = sql_files.migrations()
    ran = []
    for name in known:
        if name in applied:
            continue
        for statement in sql_files.migration_statements(name, engine.database, credentials):
            # A crash between a statement and its record repeats the statement: make that harmless.
            engine.command(_repeatable(statement))
        engine.command(f"INSERT INTO {engine.database}.schema_migrations (name) VALUES ('{name}')")
        ran.append(name)
    for name, target, statement in sql_files.kept_up_by_inserts(engine.database):
        _keep_up(engine, name, target, statement)
    for _, statement in sql_files.view_statements(engine.database):
        engine.command(statement)
    return ran


def _keep_up(engine: Engine, name: str, target: str, statement: str) -> None:
    """Make sure that `target` is filled at every insert. A restored store has its rows, but not what fills it."""
    there = "SELECT 1 FROM system.tables WHERE database = {database:String} AND name = {name:String}"
    if engine.query(there, {"database": engine.database, "name": name}).num_rows:
        return
    engine.command(statement)
    columns = engine.query(
        "SELECT name FROM system.columns WHERE database = {database:String} AND table = {name:String} "
        "ORDER BY position",
        {"database": engine.database, "name": name},
    ).column("name")
    # What is in both already stays as it is: these tables keep the earliest and the latest.
    select = statement[statement.index("\nSELECT") :]
    engine.command(f"INSERT INTO {engine.database}.{target} ({', '.join(columns.to_pylist())}){select}")


def check(engine: Engine) -> None:
    """Raises `StoreUnavailable` when the store was written by a newer program. Changes nothing."""
    if engine.query(
        "SELECT 1 FROM system.tables WHERE database = {database:String} AND name = 'schema_migrations'",
        {"database": engine.database},
    ).num_rows:
        _applied(engine)


def _applied(engine: Engine) -> set[str]:
    applied = set(engine.query("SELECT DISTINCT name FROM schema_migrations").to_pydict().get("name", []))
    known = sql_files.migrations()
    newer = sorted(applied - set(known))
    if newer:
        raise StoreUnavailable(
            f"This data was written by a newer tapetum (migration {newer[-1]}; this program knows up to {known[-1]}). "
            "Upgrade tapetum, or start with another --data."
        )
    return applied


def _repeatable(statement: str) -> str:
    for kind in ("TABLE", "DICTIONARY"):
        statement = statement.replace(f"CREATE {kind} ", f"CREATE {kind} IF NOT EXISTS ", 1)
    return statement
