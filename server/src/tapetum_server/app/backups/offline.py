"""Backs up the data directory of a stopped server, as it is: nothing is migrated, also not by a newer program."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from tapetum_server.app.backups.making import Progress, make_backup
from tapetum_server.app.backups.manifest import BackupError
from tapetum_server.app.backups.shelf import Shelf, Shelved
from tapetum_server.catalog.database import FILE_NAME
from tapetum_server.store.directory import DataDirectory
from tapetum_server.store.engine import StoreError
from tapetum_server.store.open import open_embedded

_TELL_EVERY_S = 0.2


def back_up_directory(data: Path, shelf: Shelf, version: str, tell: Callable[[float], None]) -> Shelved:
    """Make a backup of `data`, which no process may have. `tell` is told how far it is, from another thread."""
    for part, option in (("store", "--store"), (FILE_NAME, "--catalog")):
        if not (data / part).exists():
            raise BackupError(
                f"{data} holds no {part}: it is no data directory, or its server keeps that elsewhere ({option}); "
                "then back it up with ClickHouse's BACKUP or with pg_dump."
            )
    try:
        directory = DataDirectory(data)
    except StoreError as error:
        raise BackupError(f"{error} Or ask that server: tapetum backup --url http://…") from error
    progress, done = Progress(), threading.Event()

    def watch() -> None:
        while not done.wait(_TELL_EVERY_S):
            tell(progress.share)

    watcher = threading.Thread(target=watch, name="backup-progress")
    try:
        engine = open_embedded(directory.path, backups=shelf.path)
        watcher.start()
        try:
            return make_backup(shelf, engine, directory.path, version, progress=progress)
        finally:
            done.set()
            watcher.join()
            engine.close()
    except StoreError as error:
        raise BackupError(str(error)) from error
    finally:
        directory.release()
