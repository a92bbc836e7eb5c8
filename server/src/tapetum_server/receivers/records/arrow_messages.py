"""What an Arrow stream says of itself before anything in it is read: rows, sizes, and where it is cut."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import pyarrow as pa

from tapetum_server.receivers.records.fields import Undecodable

_HEADER, _BATCH_OF_DICTIONARY = 2, 1
"""Fields of flatbuffers: the header of a Message, and the batch within a DictionaryBatch."""
_LENGTH, _BUFFERS, _COMPRESSION = 0, 2, 3
"""Fields of a RecordBatch."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a stream holds."""

    batches: int
    """Record batches that are whole."""
    rows: int
    cut: str
    """Why nothing behind them can be read, or ""."""


def survey(body: pa.Buffer, most_bytes: int) -> Survey:
    """Look at every message of a stream, and at nothing inside of them.

    Raises `Undecodable` where one would inflate to more than `most_bytes`: Arrow allocates what the message claims.
    """
    batches = rows = known = 0
    try:
        reader = pa.ipc.MessageReader.open_stream(body)
        while True:
            message = reader.read_next_message()
            if message.type not in ("record batch", "dictionary"):
                continue
            length, size = _measured(message)
            known += size if message.type == "dictionary" else 0
            if max(size, known) > most_bytes:
                raise Undecodable(
                    f"a record batch behind row {rows} inflates to {size} bytes; at most {most_bytes}",
                    "Write smaller record batches.", "too_large", 413,
                )  # fmt: skip
            if message.type == "record batch":
                batches, rows = batches + 1, rows + length
    except StopIteration:
        return Survey(batches, rows, "")
    except (pa.ArrowException, OSError, struct.error, IndexError) as error:
        return Survey(batches, rows, str(error))


def _measured(message: pa.ipc.Message) -> tuple[int, int]:
    """Rows of a batch, and the bytes that it takes once it is inflated."""
    table = _Table(message.metadata, struct.unpack_from("<I", message.metadata)[0]).table(_HEADER)
    batch = table if message.type == "record batch" else table.table(_BATCH_OF_DICTIONARY)
    length, body = batch.int64(_LENGTH), message.body
    if length < 0:
        raise IndexError("a record batch has fewer than no rows")
    if not batch.has(_COMPRESSION):
        return length, 0 if body is None else body.size
    # Each compressed buffer begins with the size that it has inflated, or -1 where it is not compressed.
    sizes = []
    for offset, stored in batch.pairs(_BUFFERS):
        size = struct.unpack_from("<q", body, offset)[0] if stored else 0
        sizes.append(stored if size == -1 else size)
    if sizes and min(sizes) < 0:
        raise IndexError("a buffer has fewer than no bytes")
    return length, sum(sizes)


class _Table:
    """A table of a flatbuffer: as much of the format as these messages need."""

    def __init__(self, data: pa.Buffer, at: int) -> None:
        self._data = data
        self._at = at
        self._fields = at - struct.unpack_from("<i", data, at)[0]
        self._size = struct.unpack_from("<H", data, self._fields)[0]

    def has(self, field: int) -> bool:
        return bool(self._offset(field))

    def int64(self, field: int) -> int:
        offset = self._offset(field)
        return int(struct.unpack_from("<q", self._data, self._at + offset)[0]) if offset else 0

    def table(self, field: int) -> _Table:
        return _Table(self._data, self._pointed(field))

    def pairs(self, field: int) -> list[tuple[int, int]]:
        """A vector of structs of two 64-bit integers."""
        if not self.has(field):
            return []
        at = self._pointed(field)
        count = struct.unpack_from("<I", self._data, at)[0]
        values = struct.unpack_from(f"<{2 * count}q", self._data, at + 4)
        return list(zip(values[::2], values[1::2]))

    def _offset(self, field: int) -> int:
        place = 4 + 2 * field
        return int(struct.unpack_from("<H", self._data, self._fields + place)[0]) if place < self._size else 0

    def _pointed(self, field: int) -> int:
        at = self._at + self._offset(field)
        return at + int(struct.unpack_from("<I", self._data, at)[0])
