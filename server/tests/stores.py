"""Migrated, empty stores for tests. Migrating is most of what a store costs, so one that a test is done with is emptied
and given to the next, unless the test changed more than rows."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from typing import TypeVar

import pyarrow as pa

from tapetum_server.store.engine import Engine
from tapetum_server.store.migrate import migrate

E = TypeVar("E", bound=Engine)
_numbers = itertools.count(1)
_empty: dict[str, list[str]] = {}
"""Of each home, the databases that nobody uses."""
_made: dict[str, pa.Table] = {}
"""What was in each database when it was new."""


def take(home: str, opening: Callable[[str], E]) -> E:
    """An empty, migrated store at `home`, opened with its database's name. `give_back` ends it."""
    free = _empty.setdefault(home, [])
    if free:
        return opening(free.pop())
    opened = opening(f"test_{os.getpid()}_{next(_numbers)}")
    migrate(opened, getattr(opened, "credentials", ""))
    _made[opened.database] = _schema(opened)
    return opened


def give_back(home: str, opened: Engine) -> None:
    """Close it, and empty it for the next one or remove it."""
    database = opened.database
    if _schema(opened) == _made[database]:
        for name in _filled(opened):
            opened.command(f"TRUNCATE TABLE {database}.`{name}` SYNC")
        _empty[home].append(database)
    else:
        opened.command(f"DROP DATABASE {database} SYNC")
    opened.close()


def drop_empty(home: str, opened: Engine) -> None:
    """Remove what is kept at `home`, which outlives this process."""
    for database in _empty.pop(home, []):
        opened.command(f"DROP DATABASE {database} SYNC")


def _schema(opened: Engine) -> pa.Table:
    """Every statement that made something here, the migrations that ran, and the changes of rows that still run."""
    return opened.query(
        """SELECT * FROM (SELECT name, create_table_query AS made FROM system.tables WHERE database = {database:String}
        UNION ALL SELECT name, 'migration' FROM schema_migrations
        UNION ALL SELECT table, command FROM system.mutations WHERE database = {database:String} AND NOT is_done)
        ORDER BY name, made""",
        {"database": opened.database},
    )


def _filled(opened: Engine) -> list[str]:
    found = opened.query(
        """SELECT name FROM system.tables WHERE database = {database:String} AND engine LIKE '%MergeTree'
        AND total_rows > 0 AND name != 'schema_migrations'""",
        {"database": opened.database},
    )
    names: list[str] = found.column("name").to_pylist()
    return names
