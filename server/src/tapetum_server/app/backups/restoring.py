"""A backup into an empty data directory: all of it or, as far as `serve` is concerned, nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from tapetum_server.app.backups.archive import unpack
from tapetum_server.app.backups.manifest import (
    CATALOG,
    TELEMETRY,
    BackupError,
    Manifest,
    read_manifest,
    sync_directory,
    verify,
)
from tapetum_server.catalog.backup import catalog_rows, known_revisions
from tapetum_server.catalog.database import FILE_NAME
from tapetum_server.store import backup
from tapetum_server.store.directory import RESTORE_MARK, DataDirectory
from tapetum_server.store.engine import StoreError
from tapetum_server.store.open import open_embedded

_STORE, _UNPACKED, _LOCK = "store", "restore.unpacked", "owner.lock"
_SHOWN = 4


def restore_backup(
    source: Path, target: Path, version: str, *, tell: Callable[[str, float], None] = lambda step, share: None
) -> Manifest:
    """Restore the backup `source`, a directory or an archive, into `target`, which must be empty or absent.

    `tell` is told each step and how far it is. Raises `BackupError` saying what is in the way. An interrupted
    restore leaves a directory that `serve` refuses and that can be restored into again.
    """
    source, target = source.expanduser().resolve(), target.expanduser().resolve()
    if not source.exists():
        raise BackupError(f"There is no backup {source}. List them: tapetum backup --list")
    if source.is_dir():
        check_restorable(read_manifest(source), source, version)
    _check_empty(target)
    try:
        directory = DataDirectory(target, restoring=True)
    except StoreError as error:
        raise BackupError(str(error)) from error
    try:
        return _restore(source, directory.path, version, tell)
    finally:
        directory.release()


def check_restorable(manifest: Manifest, source: Path, version: str) -> None:
    """Raise `BackupError` when a newer program made the backup."""
    newer = sorted(set(manifest.migrations) - set(backup.known_migrations()))
    if manifest.catalog_revision and manifest.catalog_revision not in known_revisions():
        newer.append(f"catalog {manifest.catalog_revision}")
    if newer:
        raise BackupError(
            f"The backup {source} was made by the newer Tapetum {manifest.version} (schema {newer[-1]}); this is "
            f"Tapetum {version}. Install that version, and restore with it."
        )


def _check_empty(target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise BackupError(f"{target} is a file; --data names a directory that is empty or not there yet.")
    if (target / RESTORE_MARK).exists():
        return
    found = sorted(entry.name for entry in target.iterdir() if entry.name != _LOCK)
    if not found:
        return
    owner = ""
    try:
        DataDirectory(target).release()
    except StoreError as error:
        owner = f" {str(error).partition('. ')[0]}." if "belongs to" in str(error) else ""
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    raise BackupError(
        f"{target} is not empty: it holds {', '.join(found[:_SHOWN])}{more}.{owner} "
        "A restore never overwrites: name an empty directory with --data, or move this one away."
    )


def _restore(source: Path, target: Path, version: str, tell: Callable[[str, float], None]) -> Manifest:
    mark = target / RESTORE_MARK
    if mark.exists():
        _clear(target)
    mark.write_text(f"A restore of {source} into this directory is not done.\n")
    sync_directory(target)
    if not source.is_dir():
        tell("unpacking", 0)
        _check_room(target, source.stat().st_size, source)
        (target / _UNPACKED).mkdir(mode=0o700)
        source = unpack(source, target / _UNPACKED)
        check_restorable(read_manifest(source), source, version)
    manifest = read_manifest(source)
    _check_room(target, manifest.bytes, source)
    read = 0

    def verified(size: int) -> None:
        nonlocal read
        read += size
        tell("verifying", read / max(1, manifest.bytes))

    verify(source, manifest, verified)
    tell("restoring", 0)
    _restore_store(source, target, manifest)
    tell("restoring", 0.9)
    _restore_catalog(source, target, manifest)
    shutil.rmtree(target / _UNPACKED, ignore_errors=True)
    mark.unlink()
    sync_directory(target)
    tell("restoring", 1)
    return manifest


def _restore_store(source: Path, target: Path, manifest: Manifest) -> None:
    engine = open_embedded(target, backups=source)
    try:
        backup.restore_telemetry(engine, source / TELEMETRY)
        sizes = {name: backup.TableSize(table.rows, table.bytes) for name, table in manifest.tables.items()}
        found = backup.stored_tables(engine, sizes)
    except StoreError as error:
        raise BackupError(f"The engine cannot restore {source}: {error}") from error
    finally:
        engine.close()
    wrong = [
        f"{name} has {max(0, found[name])} rows and not {table.rows}"
        for name, table in manifest.tables.items()
        if found[name] != table.rows
    ]
    if wrong:
        raise BackupError(f"The restore into {target} is not what was backed up: {'; '.join(wrong)}.")


def _restore_catalog(source: Path, target: Path, manifest: Manifest) -> None:
    shutil.copyfile(source / CATALOG, target / FILE_NAME)
    (target / FILE_NAME).chmod(0o600)
    if catalog_rows(target / FILE_NAME) != manifest.catalog:
        raise BackupError(f"The catalog restored into {target} is not what was backed up.")


def _clear(target: Path) -> None:
    """Take away what an interrupted restore put there. The mark says that nothing else was there before."""
    for name in (_STORE, _UNPACKED):
        shutil.rmtree(target / name, ignore_errors=True)
    (target / FILE_NAME).unlink(missing_ok=True)


def _check_room(target: Path, needed: int, source: Path) -> None:
    free = shutil.disk_usage(target).free
    if free < needed + (16 << 20):
        raise BackupError(
            f"{source} takes {needed / 1e9:.2f} GB, and {target} has {free / 1e9:.2f} GB free. Make room, or choose "
            "another --data."
        )
