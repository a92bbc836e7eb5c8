"""Makes one backup of an open store and the catalog beside it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tapetum_server.app.backups.manifest import (
    CATALOG,
    TELEMETRY,
    BackupError,
    Manifest,
    Table,
    write_checksums,
    write_manifest,
)
from tapetum_server.app.backups.shelf import Shelf, Shelved, bytes_below
from tapetum_server.catalog.backup import catalog_revision, copy_catalog
from tapetum_server.catalog.errors import CatalogError
from tapetum_server.store import backup
from tapetum_server.store.engine import StoreError

if TYPE_CHECKING:
    from tapetum_server.store.embedded import EmbeddedEngine

QUERY_ID = "backup"
_SPARE_BYTES = 16 << 20


@dataclass(slots=True)
class Progress:
    """How far a backup is. Read it from any thread."""

    step: Literal["copying", "checksums", "done"] = "copying"
    bytes: int = 1
    """That will be copied, as far as that can be known."""
    work: Path | None = None
    read: int = 0
    stopped: bool = field(default=False)
    """Set to stop it at the next opportunity."""

    @property
    def share(self) -> float:
        """From 0 to 1: half is copying, half is reading it again for checksums."""
        if self.step == "done":
            return 1.0
        copied = self.bytes if self.step == "checksums" else bytes_below(self.work) if self.work else 0
        return min(0.99, (copied + self.read) / (2 * self.bytes))

    def tell(self, size: int) -> None:
        """`size` more bytes have their checksum."""
        self.read += size
        if self.stopped:
            raise BackupError("The backup was stopped.")


def make_backup(
    shelf: Shelf,
    engine: EmbeddedEngine,
    data: Path,
    version: str,
    *,
    progress: Progress | None = None,
    full_percent: float = 100,
    clock: Callable[[], float] = time.time,
) -> Shelved:
    """Copy telemetry and catalog of the data directory into a new backup, and describe it.

    Raises `BackupError` when it cannot be made: another one is being made, there is no room for it below
    `full_percent` of the disk, or the engine refuses; nothing of it is left then.
    """
    progress = progress or Progress()
    began_at = datetime.fromtimestamp(clock(), UTC)
    with shelf.making(began_at) as work:
        progress.bytes = backup.stored_bytes(engine) or 1
        progress.work = work
        _check_room(shelf.path, data, progress.bytes, full_percent)
        try:
            backup.copy_telemetry(engine, work / TELEMETRY, QUERY_ID)
            # After the telemetry: a project is made before the first of its records is kept, and so is in the copy.
            catalog = copy_catalog(data, work / CATALOG)
        except StoreError as error:
            raise BackupError(
                "The backup was stopped." if progress.stopped else f"The engine cannot copy its tables: {error}"
            ) from error
        except CatalogError as error:
            raise BackupError(str(error)) from error
        progress.step = "checksums"
        progress.bytes = bytes_below(work) or 1
        files, size, checksum = write_checksums(work, progress.tell)
        write_manifest(
            work,
            Manifest(
                version=version,
                began_at=began_at,
                ended_at=datetime.fromtimestamp(clock(), UTC),
                migrations=backup.applied_migrations(engine),
                catalog_revision=catalog_revision(work / CATALOG),
                tables={
                    name: Table(rows=table.rows, bytes=table.bytes)
                    for name, table in backup.copied_tables(work / TELEMETRY).items()
                },
                catalog=catalog,
                files=files,
                bytes=size,
                checksums_sha256=checksum,
            ),
        )
        name = work.name.removesuffix(".incomplete")
    progress.step = "done"
    return shelf.find(name)


def _check_room(path: Path, data: Path, needed: int, full_percent: float) -> None:
    usage = shutil.disk_usage(path)
    room = usage.free
    what = f"{path} has {_size(room)} free"
    if full_percent < 100 and path.stat().st_dev == data.stat().st_dev:
        room = int((usage.used + usage.free) * full_percent / 100) - usage.used
        what = f"{path} has {_size(max(0, room))} until its disk is {full_percent:g} % full, where ingest pauses"
    needed += needed // 50 + _SPARE_BYTES
    if room < needed:
        raise BackupError(
            f"A backup takes about {_size(needed)}, and {what}. Delete old backups (tapetum backup --keep N), or put "
            "them on another disk with the setting `backups`."
        )


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
