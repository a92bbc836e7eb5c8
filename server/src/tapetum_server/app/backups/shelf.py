"""The directory in which backups lie, one directory each."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal

from tapetum_server.app.backups.manifest import BackupError, Manifest, read_manifest, sync_directory

_UNFINISHED = ".incomplete"
_NAME = re.compile(r"tapetum-\d{8}T\d{6}Z(?:-\d+)?(?:\.incomplete)?")


class BackupRunning(BackupError):
    """Another backup is being made."""


class NoSuchBackup(BackupError):
    """There is no backup of that name."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """One backup. Only a complete one can be restored."""

    name: str
    path: Path
    state: Literal["complete", "incomplete", "running"]
    began_at: datetime
    bytes: int
    manifest: Manifest | None = None


class Shelf:
    """Backups below `path`. Several processes may look at it; one at a time makes a backup."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self) -> list[Shelved]:
        """Every backup, the newest first."""
        if not self.path.is_dir():
            return []
        busy = self._is_busy()
        found = [_shelved(entry, busy) for entry in self.path.iterdir() if _NAME.fullmatch(entry.name)]
        return sorted(found, key=lambda backup: backup.name, reverse=True)

    def find(self, name: str) -> Shelved:
        """The backup of that name."""
        path = self.path / name
        if not _NAME.fullmatch(name) or not path.is_dir():
            raise NoSuchBackup(f"There is no backup {name[:80]!r} in {self.path}.")
        return _shelved(path, self._is_busy())

    def delete(self, name: str) -> None:
        """Remove a backup, complete or not. Raises `BackupRunning` for the one that is being made."""
        found = self.find(name)
        if found.state == "running":
            raise BackupRunning(f"The backup {name} is being made; wait for it.")
        _remove(found.path)

    def keep(self, count: int) -> list[str]:
        """Remove complete backups but for the newest `count`; the names of those that went."""
        complete = [backup for backup in self.all() if backup.state == "complete"]
        for backup in complete[count:]:
            _remove(backup.path)
        return [backup.name for backup in complete[count:]]

    @contextmanager
    def making(self, now: datetime) -> Iterator[Path]:
        """A new directory to make a backup in, which gets its name when the block ends well and goes when it does not.

        Takes away what an interrupted backup left. Raises `BackupRunning` while another is made by anybody.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = open(self.path / ".lock", "a")  # noqa: SIM115 - held until the backup is done
        except OSError as error:
            raise BackupError(f"The directory of backups {self.path} cannot be written: {error.strerror}.") from error
        with lock:
            while not _taken(lock):
                # Who only looks whether one is made shares the lock for a moment; who makes one lets nobody share it.
                if self._is_busy():
                    raise BackupRunning("A backup is being made already; wait for it: tapetum backup --list")
                time.sleep(0.001)
            for entry in self.path.iterdir():
                if _NAME.fullmatch(entry.name) and entry.name.endswith(_UNFINISHED):
                    _remove(entry)
            name = self._free_name(now)
            work = self.path / f"{name}{_UNFINISHED}"
            work.mkdir(mode=0o700)
            try:
                yield work
            except BaseException:
                _remove(work)
                raise
            work.rename(self.path / name)
            sync_directory(self.path)

    def _free_name(self, now: datetime) -> str:
        name = f"tapetum-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        taken = {entry.name for entry in self.path.iterdir()}
        return next(n for n in (name, *(f"{name}-{i}" for i in range(2, 1000))) if n not in taken)

    def _is_busy(self) -> bool:
        """Whether some process makes a backup here now."""
        try:
            with open(self.path / ".lock") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False


def bytes_below(path: Path) -> int:
    """Bytes of all files below `path`; of what is there, while others write and delete."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.stat(os.path.join(folder, name)).st_size
            except FileNotFoundError:
                continue
    return total


def _taken(lock: IO[str]) -> bool:
    """Whether it is ours alone from now on."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _shelved(path: Path, busy: bool) -> Shelved:
    name = path.name
    began = datetime.strptime(name[8:24], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if name.endswith(_UNFINISHED):
        return Shelved(name, path, "running" if busy else "incomplete", began, bytes_below(path))
    try:
        manifest = read_manifest(path)
    except BackupError:
        return Shelved(name, path, "incomplete", began, bytes_below(path))
    return Shelved(name, path, "complete", manifest.began_at, manifest.bytes, manifest)


def _remove(path: Path) -> None:
    # Out of the way first: a removal that is cut off must not leave something that looks whole.
    if not path.name.endswith(_UNFINISHED):
        path = path.rename(path.with_name(path.name + _UNFINISHED))
    shutil.rmtree(path)
