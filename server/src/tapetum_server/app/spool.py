"""Where a large body goes while it arrives: into memory up to a few MiB, then into a file that has no name."""

from __future__ import annotations

import asyncio
import errno
import mmap
import tempfile
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from types import TracebackType

from tapetum_server.app.inflating import BodyError, BodyLimits, Budget, Inflating

SPOOL_ABOVE = 8 * 1024 * 1024
_WRITE_BYTES = 1024 * 1024
"""What is inflated and written at once, off the event loop."""


class Spool:
    """Takes the pieces of one body, compressed or not, and gives it whole. `take_room` may refuse room for more."""

    def __init__(
        self, encoding: str | None, limits: BodyLimits, directory: Path | None, take_room: Callable[[int], None],
        executor: Executor,
    ) -> None:  # fmt: skip
        self._budget = Budget(limits.large_bytes, "max_predictions_mib")
        self._wire = Budget(limits.large_bytes, "max_predictions_mib")
        self._inflating = Inflating(encoding, limits.zstd_window_log, self._budget) if encoding else None
        self._file = tempfile.SpooledTemporaryFile(SPOOL_ABOVE, dir=str(directory) if directory else None)  # noqa: SIM115
        self._take_room = take_room
        self._executor = executor
        self._waiting: list[bytes] = []
        self._bytes_waiting = 0
        self._size = 0

    async def __aenter__(self) -> Spool:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    async def write(self, piece: bytes) -> None:
        """The next piece. Raises `BodyError`."""
        self._wire.expect(len(piece))
        self._waiting.append(piece)
        self._bytes_waiting += len(piece)
        if self._bytes_waiting >= _WRITE_BYTES:
            await asyncio.get_running_loop().run_in_executor(self._executor, self._flush)

    async def whole(self) -> bytes | mmap.mmap:
        """All of it. Raises `BodyError`."""
        if self._size == 0 and self._bytes_waiting < _WRITE_BYTES and self._inflating is None:
            self._take_room(self._bytes_waiting)
            return self._waiting[0] if len(self._waiting) == 1 else b"".join(self._waiting)
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._finished)

    def _finished(self) -> bytes | mmap.mmap:
        self._flush()
        if self._inflating is not None and self._wire.taken:
            self._inflating.end()
        if self._size <= SPOOL_ABOVE:
            self._file.seek(0)
            return self._file.read()
        self._file.flush()
        return mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)

    def _flush(self) -> None:
        pieces, self._waiting, self._bytes_waiting = self._waiting, [], 0
        try:
            for piece in pieces:
                if self._inflating is None:
                    self._put(self._budget.take(piece))
                    continue
                for chunk in self._inflating.feed(piece):
                    self._put(chunk)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise BodyError(
                503, "disk_full", "the disk has no room for the request: send again when there is"
            ) from None

    def _put(self, chunk: bytes) -> None:
        self._take_room(len(chunk))
        self._file.write(chunk)
        self._size += len(chunk)
