"""What a backup says about itself. It is written last: a backup without one is not whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ValidationError

MANIFEST = "manifest.json"
CHECKSUMS = "SHA256SUMS"
"""As `sha256sum -c` reads it, so that nobody needs Tapetum to check a backup."""
CATALOG = "catalog.sqlite"
TELEMETRY = "telemetry"
FORMAT = 1
_PIECE = 1 << 20


class BackupError(Exception):
    """A backup cannot be made or used; the message says why and what to do."""


class Table(BaseModel):
    """What a table of the store holds in the backup."""

    rows: int
    bytes: int


class Manifest(BaseModel):
    """Everything that is needed to tell whether a backup is whole and can be restored."""

    format: int = FORMAT
    product: Literal["tapetum"] = "tapetum"
    version: str
    """Of the Tapetum that made it."""
    began_at: AwareDatetime
    """What was acknowledged before this moment is in the backup."""
    ended_at: AwareDatetime
    migrations: list[str]
    """The store's schema."""
    catalog_revision: str
    tables: dict[str, Table]
    catalog: dict[str, int]
    """Rows of the catalog's tables."""
    files: int
    bytes: int
    checksums_sha256: str
    """Of the file of checksums."""

    @property
    def rows(self) -> int:
        """Rows of all tables of the store."""
        return sum(table.rows for table in self.tables.values())


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Write the manifest so that it is there whole or not at all."""
    draft = directory / f"{MANIFEST}.draft"
    with draft.open("w", encoding="utf-8") as file:
        file.write(manifest.model_dump_json(indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(directory / MANIFEST)
    sync_directory(directory)


def read_manifest(directory: Path) -> Manifest:
    """The manifest of the backup in `directory`. Raises `BackupError` when it has none that we understand."""
    try:
        text = (directory / MANIFEST).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BackupError(
            f"{directory} is no complete backup: it has no {MANIFEST}, which is written last. "
            "It was interrupted, or is something else. Choose another: tapetum backup --list"
        ) from None
    except OSError as error:
        raise BackupError(f"{directory / MANIFEST} cannot be read: {error.strerror}.") from error
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        raise BackupError(
            f"{directory / MANIFEST} is damaged or of another version: "
            f"{'.'.join(map(str, first['loc'])) or 'all of it'}: {first['msg']}."
        ) from error
    if manifest.format > FORMAT:
        raise BackupError(
            f"The backup {directory} was made by Tapetum {manifest.version} in format {manifest.format}; this program "
            f"knows formats up to {FORMAT}. Install that version, and restore with it."
        )
    return manifest


def write_checksums(directory: Path, tell: Callable[[int], None]) -> tuple[int, int, str]:
    """Write the checksum of every file, each made durable; number of files, their bytes, checksum of the list.

    `tell` is told the bytes of each piece that was read.
    """
    files = total = 0
    with (directory / CHECKSUMS).open("w", encoding="utf-8") as sums:
        for path in _files(directory):
            digest, size = _digest(path, tell, durable=True)
            sums.write(f"{digest}  {path.relative_to(directory)}\n")
            files, total = files + 1, total + size
        sums.flush()
        os.fsync(sums.fileno())
    return files, total, _digest(directory / CHECKSUMS, lambda size: None)[0]


def verify(directory: Path, manifest: Manifest, tell: Callable[[int], None]) -> None:
    """Compare every file with its checksum. Raises `BackupError` naming the first that is missing, changed or added."""
    sums = directory / CHECKSUMS
    if not sums.is_file() or _digest(sums, lambda size: None)[0] != manifest.checksums_sha256:
        raise BackupError(f"The backup {directory} is damaged: {CHECKSUMS} is missing or changed. Use another backup.")
    known = {}
    for line in sums.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        known[name] = digest
    for path in _files(directory):
        name = str(path.relative_to(directory))
        expected = known.pop(name, None)
        if expected is None:
            raise BackupError(f"The backup {directory} is damaged: {name} is none of its files. Use another backup.")
        if _digest(path, tell)[0] != expected:
            raise BackupError(
                f"The backup {directory} is damaged: {name} is not as it was written. Use another backup."
            )
    if known:
        raise BackupError(f"The backup {directory} is damaged: {min(known)} is missing. Use another backup.")


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _files(directory: Path) -> Iterator[Path]:
    """Every file of a backup, but for those that say what is in it."""
    for folder, folders, names in os.walk(directory):
        folders.sort()
        for name in sorted(names):
            if Path(folder) != directory or name not in (MANIFEST, CHECKSUMS):
                yield Path(folder) / name


def _digest(path: Path, tell: Callable[[int], None], *, durable: bool = False) -> tuple[str, int]:
    sha256, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            sha256.update(piece)
            size += len(piece)
            tell(len(piece))
        if durable:
            os.fsync(file.fileno())
    return sha256.hexdigest(), size
