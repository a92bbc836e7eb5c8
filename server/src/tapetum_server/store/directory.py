"""The data directory: one process owns it, and its format is known."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from pathlib import Path
from typing import TextIO

from tapetum_server.store.engine import StoreUnavailable

RESTORE_MARK = "restore.unfinished"
"""A file that is in a data directory as long as a restore into it is not done."""


def owner_of(path: Path) -> str | None:
    """Who owns the data directory, without touching it; `None` for nobody. Raises `OSError` where nobody may look."""
    try:
        lock = open(path / "owner.lock")  # noqa: SIM115 - closed below
    except FileNotFoundError:
        return None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _owner_in(lock)
    return None


def _owner_in(lock: TextIO) -> str:
    lock.seek(0)
    try:
        owner = json.loads(lock.read())
        return f"process {owner['pid']} on {owner['host']}"
    except (ValueError, KeyError, TypeError):
        return "another process"


def _is_ours(path: Path) -> bool:
    """Whether nothing but Tapetum's own files is in it: then others have no business there."""
    return (path / "owner.lock").exists() or all(entry.name == "lost+found" for entry in path.iterdir())


class DataDirectory:
    """Takes `path` for this process until `release`.

    Raises `StoreUnavailable` naming the owner when another process has it, and the path when it
    cannot be written. The lock is the kernel's: it is gone with the process, also after kill -9.
    A directory whose restore was interrupted is refused, except to `restoring`.
    """

    def __init__(self, path: Path, *, restoring: bool = False) -> None:
        self.path = path.expanduser().resolve()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            # Not a directory with other people's files: `--data /tmp` must not lock everybody out of /tmp.
            if _is_ours(self.path):
                os.chmod(self.path, 0o700)
            self._lock = open(self.path / "owner.lock", "a+")  # noqa: SIM115 - held until release
        except OSError as error:
            raise StoreUnavailable(
                f"The data directory {self.path} cannot be used: {error.strerror}. "
                "Choose another with --data, or give this user write access to it."
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = _owner_in(self._lock)
            self._lock.close()
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            raise StoreUnavailable(
                f"The data directory {self.path} belongs to {owner}. "
                "Stop that process, or start this one with another --data."
            ) from error
        if not restoring and (self.path / RESTORE_MARK).exists():
            self._lock.close()
            raise StoreUnavailable(
                f"The data directory {self.path} holds a restore that was interrupted, and so not all of the data. "
                f"Restore again: tapetum restore BACKUP --data {self.path}"
            )
        self._lock.seek(0)
        self._lock.truncate()
        json.dump({"pid": os.getpid(), "host": socket.gethostname()}, self._lock)
        self._lock.flush()

    def release(self) -> None:
        """Let another process take the directory."""
        if not self._lock.closed:
            self._lock.seek(0)
            self._lock.truncate()
            self._lock.close()
