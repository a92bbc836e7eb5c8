"""The catalog in SQLite into one file, while others use it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from tapetum_server.catalog.database import FILE_NAME
from tapetum_server.catalog.errors import CatalogError


def copy_catalog(data: Path, target: Path) -> dict[str, int]:
    """Copy the catalog of a data directory to the new file `target`; its rows by table. Writers wait, none fails."""
    source = data / FILE_NAME
    # Hashes of keys are nobody else's business.
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with (
            contextlib.closing(sqlite3.connect(f"file:{_uri(source)}?mode=ro", uri=True)) as old,
            contextlib.closing(sqlite3.connect(target)) as new,
        ):
            old.execute("PRAGMA busy_timeout = 5000")
            old.backup(new)
            # One file, without a write-ahead log beside it.
            new.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise CatalogError(f"The catalog {source} cannot be copied: {error}.") from error
    return catalog_rows(target)


def catalog_rows(file: Path) -> dict[str, int]:
    """Rows by table. Raises `CatalogError` where the file is damaged."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{_uri(file)}?mode=ro", uri=True)) as catalog:
            state = catalog.execute("PRAGMA integrity_check").fetchone()[0]
            if state != "ok":
                raise CatalogError(f"The catalog {file} is damaged: {state}.")
            names = [
                name
                for (name,) in catalog.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
                )
            ]
            return {name: catalog.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
    except sqlite3.Error as error:
        raise CatalogError(f"The catalog {file} cannot be read: {error}.") from error


def catalog_revision(file: Path) -> str:
    """The schema of the catalog in `file`; nothing where it has none."""
    with contextlib.closing(sqlite3.connect(f"file:{_uri(file)}?mode=ro", uri=True)) as catalog:
        try:
            found = catalog.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.Error as error:
            raise CatalogError(f"The catalog {file} cannot be read: {error}.") from error
    return str(found[0]) if found else ""


def known_revisions() -> set[str]:
    """The schemas that this program knows."""
    # Alembic takes a seventh of a CPU-second to import.
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(Path(__file__).parent / "migrations"))
    return {revision.revision for revision in script.walk_revisions()}


def _uri(path: Path) -> str:
    return str(path.resolve()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
