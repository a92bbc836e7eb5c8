"""A backup as one file: a plain tar, because what is in it is compressed already."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

from tapetum_server.app.backups.manifest import BackupError

_PIECE = 1 << 20
_BLOCK = tarfile.BLOCKSIZE


def archive(directory: Path) -> Iterator[bytes]:
    """The tar of a backup, piece by piece; its files lie in a folder of the backup's name."""
    for name, path, size in _members(directory):
        yield _header(name, path, size)
        left = size
        with path.open("rb") as file:
            while left and (piece := file.read(min(_PIECE, left))):
                yield piece
                left -= len(piece)
        if left:
            raise BackupError(f"{path} became shorter while it was read.")
        yield bytes(-size % _BLOCK)
    yield bytes(2 * _BLOCK)


def archive_bytes(directory: Path) -> int:
    """How long `archive` will be."""
    members = _members(directory)
    return 2 * _BLOCK + sum(len(_header(name, path, size)) + size + -size % _BLOCK for name, path, size in members)


def unpack(file: Path, into: Path) -> Path:
    """Unpack an archive below `into`; the backup's directory. Raises `BackupError` where it is none, or not whole."""
    try:
        with tarfile.open(file, "r:") as tar:
            # The filter refuses what would land outside, and links, devices and odd modes.
            tar.extractall(into, filter="data")
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(f"{file} is no complete backup: {error}.") from error
    except OSError as error:
        raise BackupError(f"{file} cannot be unpacked into {into}: {error.strerror}.") from error
    found = [entry for entry in into.iterdir() if entry.is_dir()]
    if len(found) != 1:
        raise BackupError(f"{file} is no backup: it holds {len(found)} directories and not one.")
    return found[0]


def _members(directory: Path) -> Iterator[tuple[str, Path, int]]:
    for folder, folders, names in os.walk(directory):
        folders.sort()
        for name in sorted(names):
            path = Path(folder) / name
            yield f"{directory.name}/{path.relative_to(directory)}", path, path.stat().st_size


def _header(name: str, path: Path, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o600
    member.mtime = int(path.stat().st_mtime)
    return member.tobuf(tarfile.PAX_FORMAT)
