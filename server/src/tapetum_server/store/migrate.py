"""Schema migrations of the store, run at every start before anything is written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from tapetum_server.store import sql_files
from tapetum_server.store.engine import Engine, StoreUnavailable


def migrate(engine: Engine, credentials: str = "") -> list[str]:
    """Bring the store to this program's schema and its public views.

    Returns the names of the migrations that ran. Raises `StoreUnavailable` when the store was
    written by a newer program, touching nothing.
    """
    if "schema_migrations" not in _there(engine):
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
            if kept := sql_files.kept_up(statement):
                _keep_up(engine, *kept)
            else:
                engine.command(_repeatable(statement))
        engine.command(f"INSERT INTO {engine.database}.schema_migrations (name) VALUES ('{name}')")
        ran.append(name)
    there = _there(engine)
    for name, target, statement in sql_files.kept_up_by_inserts(engine.database):
        if name not in there:
            _keep_up(engine, name, target, statement)
    # A view has the types that its columns had when it was made: a migration may have changed them.
    _make_views(engine, {} if ran else there)
    return ran


def _there(engine: Engine) -> dict[str, str]:
    """Everything in the database, with its comment."""
    found = engine.query(
        "SELECT name, comment FROM system.tables WHERE database = {database:String}", {"database": engine.database}
    ).to_pydict()
    return dict(zip(found.get("name", []), found.get("comment", [])))


def _make_views(engine: Engine, there: Mapping[str, str]) -> None:
    """(Re)make the public views, except those that are there as these statements make them.

    A view says in its comment what it was made by. Whatever else makes or replaces it, a program of another version
    among them, says nothing or something else; so it is made anew.
    """
    version = engine.query("SELECT version() AS version").column("version")[0].as_py()
    # Types of columns are the engine's, and those of a view may come from views before it.
    so_far = hashlib.sha256(f"{version}\n".encode())
    for name, statement in sql_files.view_statements("{database}"):
        so_far.update(statement.encode())
        made_by = f"made by tapetum in {engine.database}: {so_far.hexdigest()[:32]}"
        if there.get(name) != made_by:
            engine.command(f"{statement.rstrip().replace('{database}', engine.database)}\nCOMMENT '{made_by}'")


def _keep_up(engine: Engine, name: str, target: str, statement: str) -> None:
    """Have `target` filled at every insert, and with what is there.

    A restored store has its rows, but not what fills it.
    """
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
