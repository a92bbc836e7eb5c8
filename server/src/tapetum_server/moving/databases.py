"""SQLite databases of other tools, read without changing them: their tables as the records that their APIs answer with.

This SQL is a file format of somebody else, as CSV is: nothing of it ever reaches Tapetum's own store.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tapetum_server.moving.found import Row, Skipped
from tapetum_server.moving.rows import first_bytes

_SQLITE = b"SQLite format 3\0"
Reader = Callable[["Database"], Iterator[Row | Skipped]]


class Database:
    """A database that is only read."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self.name = name
        self.tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def ask(self, statement: str, *values: Any) -> Iterator[dict[str, Any]]:
        """Rows of a SELECT as objects, one after the other."""
        cursor = self._connection.execute(statement, values)
        names = [column[0] for column in cursor.description]
        for row in cursor:
            yield dict(zip(names, row))


def is_database(file: Path) -> bool:
    """Whether a file is an SQLite database."""
    return first_bytes(file) == _SQLITE


def database_rows(file: Path, reader: Reader) -> Iterator[Row | Skipped]:
    """The records that `reader` finds in the database."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file.resolve()))}?mode=ro", uri=True, timeout=30)) as connection:
            yield from reader(Database(connection, file.name))
    except sqlite3.Error as error:
        yield Skipped(file.name, f"the database cannot be read, its version may be another: {error}")
