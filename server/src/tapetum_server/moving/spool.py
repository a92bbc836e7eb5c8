"""Records of a live server, kept on disk while they come: they are read twice, as those of files are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator

import orjson

from tapetum_server.moving.found import Row, Skipped
from tapetum_server.moving.otlp import encoded


class Spool:
    """A temporary file of records. It is gone when it is closed, or when the process ends."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115

    def close(self) -> None:
        """Delete it."""
        self._file.close()

    def fill(self, rows: Iterable[Row | Skipped]) -> Iterator[int]:
        """Keep `rows`; after each, how many there are."""
        for count, (place, told) in enumerate(rows, 1):
            self._file.write(encoded([place, told]) + b"\n")
            yield count

    def rows(self) -> Iterator[Row | Skipped]:
        """The records, from the first."""
        self._file.seek(0)
        for line in self._file:
            place, told = orjson.loads(line)
            yield Row(place, told) if isinstance(told, dict) else Skipped(place, told)
