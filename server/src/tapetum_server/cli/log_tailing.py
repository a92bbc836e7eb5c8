"""Lines of a file while it grows, is rotated or is cut, and of standard input."""

from __future__ import annotations

import gzip
import os
import queue
import sys
import threading
from pathlib import Path

_CHUNK = 1024 * 1024
MAX_LINE_BYTES = 2 * 1024 * 1024
"""A line that is longer by a chunk becomes several, each within the server's limit for a body."""


class _Lines:
    """Bytes cut into lines; what has no end yet waits."""

    def __init__(self) -> None:
        self._rest = b""

    def cut(self, chunk: bytes) -> list[bytes]:
        """The lines that `chunk` completes."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) >= MAX_LINE_BYTES:
            lines.append(self._rest)
            self._rest = b""
        return lines

    def end(self) -> list[bytes]:
        """What is left when nothing follows."""
        rest, self._rest = self._rest, b""
        return [rest] if rest else []


class FileTail:
    """The lines of one file, across rotation (another file under its name) and truncation."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("rb", buffering=0)
        self._lines = _Lines()
        self.position = 0

    def more(self) -> list[bytes]:
        """The next lines; none at the end of what there is now."""
        while chunk := self._file.read(_CHUNK):
            self.position += len(chunk)
            if lines := self._lines.cut(chunk):
                return lines
        return []

    def moved_on(self) -> list[bytes] | None:
        """At the end of the file: what its last line was if another one, or a new beginning, follows it."""
        try:
            named = self._path.stat()
        except OSError:
            return None  # between a rotation's two steps
        ours = os.fstat(self._file.fileno())
        if (named.st_dev, named.st_ino) != (ours.st_dev, ours.st_ino):
            if ours.st_size > self.position:
                return None  # written to between our read and the rotation: read that first
            fresh = self._path.open("rb", buffering=0)
            self._file.close()
            self._file = fresh
        elif ours.st_size < self.position:
            self._file.seek(0)
        else:
            return None
        self.position = 0
        return self._lines.end()

    def end(self) -> list[bytes]:
        """Close; the last line if it has no end."""
        self._file.close()
        return self._lines.end()


class GzipLines:
    """The lines of a file that a rotation has compressed. It grows no more."""

    def __init__(self, path: Path) -> None:
        self._raw = path.open("rb")
        self._file = gzip.GzipFile(fileobj=self._raw)
        self._lines = _Lines()

    @staticmethod
    def is_one(path: Path) -> bool:
        """Whether the file begins as gzip does, whatever its name."""
        with path.open("rb") as file:
            return file.read(2) == b"\x1f\x8b"

    @property
    def position(self) -> int:
        """Bytes of the file that were read."""
        return self._raw.tell() if not self._raw.closed else 0

    def more(self) -> list[bytes]:
        """The next lines; none at the end. Raises `OSError` or `EOFError` where the file is damaged."""
        while chunk := self._file.read(_CHUNK):
            if lines := self._lines.cut(chunk):
                return lines
        return []

    def end(self) -> list[bytes]:
        """Close; the last line if it has no end."""
        self._file.close()
        self._raw.close()
        return self._lines.end()


class StdinTail:
    """The lines of standard input, read by a thread so that what waits can be sent in time."""

    def __init__(self) -> None:
        self._queue: queue.Queue[bytes] = queue.Queue(64)
        self._lines = _Lines()
        self.ended = False
        threading.Thread(target=self._read, name="stdin", daemon=True).start()

    def _read(self) -> None:
        while chunk := os.read(sys.stdin.fileno(), _CHUNK):
            self._queue.put(chunk)
        self._queue.put(b"")

    def more(self, wait_s: float) -> list[bytes]:
        """The next lines; none if nothing came for `wait_s`, or at the end."""
        try:
            chunk = self._queue.get(timeout=wait_s)
        except queue.Empty:
            return []
        if not chunk:
            self.ended = True
            return self._lines.end()
        return self._lines.cut(chunk)

    def end(self) -> list[bytes]:
        """The last line if it has no end; the reading thread ends with the process."""
        return self._lines.end()
