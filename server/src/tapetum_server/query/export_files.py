"""Rows of a view into the bytes of a file, batch by batch: Parquet, CSV, or lines of JSON."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, Literal, get_args

import pyarrow as pa
import pyarrow.parquet as pq

ExportFormat = Literal["parquet", "csv", "ndjson"]
EXPORT_FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
EXPORT_SETTINGS = {
    "export": {
        "max_threads": 2,
        # Of one slice, the time in which a slow client takes it included.
        "max_execution_time": 3600,
        "max_memory_usage": 2_000_000_000,
        # An hour with millions of large rows is sorted on the disk.
        "max_bytes_before_external_sort": 400_000_000,
        # Rows may be large, and a block of them is in memory at once.
        "max_block_size": 1_024,
        "output_format_arrow_string_as_string": 1,
        "output_format_arrow_low_cardinality_as_dictionary": 0,
        "output_format_json_quote_64bit_integers": 1,
        "output_format_json_quote_denormals": 0,
        "date_time_output_format": "iso",
        "format_csv_null_representation": "",
    }
}
"""What is in force on the handles that exports read from."""

_GROUP_ROWS, _GROUP_BYTES = 65_536, 16 << 20
"""Of a row group in Parquet: as large as readers like them, as small as memory does."""
Batches = Callable[[Sequence[str]], Iterator[pa.RecordBatch]]
"""The rows of an export, given an expression for each column."""


def export_file(format: ExportFormat, schema: pa.Schema, batches: Batches) -> Generator[bytes]:
    """The file, piece by piece. At least one piece."""
    match format:
        case "parquet":
            return _parquet(schema, batches)
        case "csv":
            return _csv(schema, batches)
    return _ndjson(schema, batches)


def _parquet(schema: pa.Schema, batches: Batches) -> Generator[bytes]:
    sink = _Pieces()
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        group: list[pa.RecordBatch] = []
        for batch in batches(_names(schema)):
            group.append(batch.cast(schema))
            if sum(b.nbytes for b in group) >= _GROUP_BYTES or sum(b.num_rows for b in group) >= _GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(group, schema))
                group.clear()
                yield sink.take()
        if group:
            writer.write_table(pa.Table.from_batches(group, schema))
    yield sink.take()


def _csv(schema: pa.Schema, batches: Batches) -> Generator[bytes]:
    """RFC 4180. What is nested is JSON; a text that a spreadsheet would run as a formula gets an apostrophe."""
    yield (",".join(f'"{name}"' for name in schema.names) + "\r\n").encode()
    cells = [_cell(field) for field in schema]
    for batch in batches([f"formatRowNoNewline('CSV', {', '.join(cells)}) AS line"]):
        yield "".join(f"{line}\r\n" for line in batch.column(0).to_pylist()).encode("utf-8", "replace")


def _ndjson(schema: pa.Schema, batches: Batches) -> Generator[bytes]:
    """One object a line. Integers of 64 bits are texts, times ISO-8601."""
    yield b""
    for batch in batches([f"formatRowNoNewline('JSONEachRow', {', '.join(_names(schema))}) AS line"]):
        yield "".join(f"{line}\n" for line in batch.column(0).to_pylist()).encode("utf-8", "replace")


def _names(schema: pa.Schema) -> list[str]:
    return [f"`{name}`" for name in schema.names]


def _cell(field: pa.Field) -> str:
    name = f"`{field.name}`"
    if pa.types.is_nested(field.type):
        return f"toJSONString({name})"
    if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
        text = f"toString({name})"
        return f"if(match({text}, '^[=+@\\\\t\\\\r-]'), concat('\\'', {text}), {text})"
    return name


class _Pieces(io.RawIOBase):
    """A file that hands on what is written to it and keeps nothing."""

    def __init__(self) -> None:
        self._written: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._written.append(piece)
        self._length += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._length

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = b"".join(self._written)
        self._written.clear()
        return taken
