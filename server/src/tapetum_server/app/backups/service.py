"""Backups of the running server: one at a time, on a thread of its own, beside ingest and queries."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tapetum_server.api.backups import BackupKeeper, BackupRefused, BackupRow, BackupStatus
from tapetum_server.app.backups.archive import archive, archive_bytes
from tapetum_server.app.backups.making import QUERY_ID, Progress, make_backup
from tapetum_server.app.backups.manifest import BackupError
from tapetum_server.app.backups.shelf import BackupRunning, NoSuchBackup, Shelf, Shelved
from tapetum_server.store.engine import Engine

if TYPE_CHECKING:
    from tapetum_server.store.embedded import EmbeddedEngine

logger = logging.getLogger("tapetum.backup")


class Backups(BackupKeeper):
    """Makes, lists and removes backups of this server. `elsewhere` says why it makes none, or nothing."""

    def __init__(
        self, engine: Engine, data: Path, shelf: Shelf, version: str, *, full_percent: float, elsewhere: str = ""
    ) -> None:
        self._engine = engine
        self._data = data
        self._shelf = shelf
        self._version = version
        self._full_percent = full_percent
        self._elsewhere = elsewhere
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._progress = Progress()
        self._failure = ""

    def start(self, keep: int | None) -> None:
        """See `BackupKeeper`."""
        if self._elsewhere:
            raise BackupRefused("backup_elsewhere", self._elsewhere)
        engine = cast("EmbeddedEngine", self._engine)
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                raise BackupRefused("backup_running", "A backup is being made already.")
            self._progress, self._failure = Progress(), ""
            self._thread = threading.Thread(target=self._make, args=(engine, keep), name="backup")
            self._thread.start()

    def _make(self, engine: EmbeddedEngine, keep: int | None) -> None:
        try:
            made = make_backup(
                self._shelf, engine, self._data, self._version, progress=self._progress, full_percent=self._full_percent
            )
            if keep is not None:
                self._shelf.keep(keep)
        except (BackupError, OSError) as error:
            self._failure = str(error)
            logger.error("The backup failed: %s", error)
        except Exception:
            self._failure = "The server failed at it by a fault of its own, which its log describes."
            logger.exception("The backup failed")
        else:
            logger.info("Backup %s: %d bytes in %d files", made.name, made.bytes, made.manifest.files)  # type: ignore[union-attr]

    def status(self) -> BackupStatus:
        """See `BackupKeeper`."""
        running = self._thread is not None and self._thread.is_alive()
        return BackupStatus(
            directory=str(self._shelf.path),
            elsewhere=self._elsewhere or None,
            running=running,
            progress=self._progress.share if running else None,
            step=self._progress.step if running else None,
            failure=self._failure or None,
            backups=[] if self._elsewhere else [backup_row(backup) for backup in self._shelf.all()],
        )

    def delete(self, name: str) -> None:
        """See `BackupKeeper`."""
        try:
            self._shelf.delete(name)
        except NoSuchBackup as error:
            raise BackupRefused("backup_not_found", str(error)) from error
        except BackupRunning as error:
            raise BackupRefused("backup_running", str(error)) from error

    def download(self, name: str) -> tuple[int, Iterator[bytes]]:
        """See `BackupKeeper`."""
        try:
            found = self._shelf.find(name)
        except NoSuchBackup as error:
            raise BackupRefused("backup_not_found", str(error)) from error
        if found.state != "complete":
            raise BackupRefused("backup_incomplete", f"The backup {name} is {found.state}: nobody can restore it.")
        return archive_bytes(found.path), archive(found.path)

    def close(self) -> None:
        """Stop a backup that is being made, and wait until nothing of it is left."""
        thread = self._thread
        self._progress.stopped = True
        while thread is not None and thread.is_alive():
            # Again, because the statement may not have begun yet.
            self._engine.kill(QUERY_ID)
            thread.join(0.2)


def why_elsewhere(store: str, catalog: str) -> str:
    """Why a server with these settings makes no backups itself, and what does."""
    if store and catalog:
        return (
            "The telemetry is in a ClickHouse server and the catalog in PostgreSQL. "
            "Back them up with ClickHouse's BACKUP and with pg_dump."
        )
    if store:
        return (
            "The telemetry is in a ClickHouse server: back it up with ClickHouse's own BACKUP DATABASE. "
            "The catalog is catalog.sqlite in the data directory: sqlite3 catalog.sqlite '.backup FILE'."
        )
    if catalog:
        return (
            "The catalog is in PostgreSQL: back it up with pg_dump. For the telemetry beside it, stop the server "
            "and copy the data directory, symbolic links kept: cp -a."
        )
    return ""


def backup_row(backup: Shelved) -> BackupRow:
    """As the API shows it."""
    manifest = backup.manifest
    return BackupRow(
        name=backup.name,
        state=backup.state,
        began_at=backup.began_at,
        age_s=max(0.0, time.time() - backup.began_at.timestamp()),
        bytes=backup.bytes,
        rows=manifest.rows if manifest else None,
        version=manifest.version if manifest else None,
    )
