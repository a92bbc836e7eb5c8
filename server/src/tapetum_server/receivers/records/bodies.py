"""The body of a request into its records: JSON (one or many), lines of JSON, an Arrow stream or a Parquet file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from tapetum_server.receivers.records.fields import Wrong

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_TABLE_BYTES = 64 * 1024 * 1024
"""Of an Arrow or Parquet table, once it is read."""


class Undecodable(ValueError):
    """The request as a whole cannot be read; nothing of it was kept. `reason` is what is counted."""

    def __init__(self, message: str, hint: str, reason: str = "undecodable", status: int = 400) -> None:
        super().__init__(message)
        self.hint = hint
        self.reason = reason
        self.status = status


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one request, each as it was given, or what is wrong with its line."""

    given: list[object]
    alone: bool
    """Whether the request is one object: its fault is the request's."""


def records_of(body: bytes, media_type: str, most: int, called: str, most_bytes: int = MAX_BODY_BYTES) -> Records:
    """The records of one request, at most `most`; `called` is what people call them. Raises `Undecodable`."""
    if len(body) > most_bytes:
        raise Undecodable(
            f"the body holds {len(body)} bytes; at most {most_bytes}", "Send fewer at once.", "too_large", 413
        )
    found = _READERS.get(media_type, _json)(body)
    check_count(len(found.given), most, called)
    return found


def table_of(body: bytes, media_type: str, most: int, called: str, most_bytes: int) -> pa.Table | None:
    """The table of one request, where it is one: column by column. Raises `Undecodable`."""
    reader = _TABLES.get(media_type)
    if reader is None:
        return None
    table = reader(body, most_bytes)
    check_count(table.num_rows, most, called)
    return table


def check_count(count: int, most: int, called: str) -> None:
    """Raises `Undecodable` where there are more than `most`."""
    if count > most:
        raise Undecodable(
            f"the request holds {count} {called}; at most {most}", "Send fewer at once.", "too_large", 413
        )


def loads(text: bytes) -> object:
    """JSON, also with the bare NaN and Infinity that Python writes. Raises `ValueError`."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        if b"NaN" not in text and b"Infinity" not in text:
            raise
    found: object = json.loads(text)
    json.dumps(found, ensure_ascii=False).encode()  # half a character is no text, whoever reads it
    return found


def _json(body: bytes) -> Records:
    try:
        found = loads(body)
    except (ValueError, TypeError, RecursionError) as error:
        raise Undecodable(
            f"the body is not JSON: {error}",
            "Send an object or an array; for one object per line the content type is application/x-ndjson.",
        ) from None
    return Records(found, False) if isinstance(found, list) else Records([found], True)


def _lines(body: bytes) -> Records:
    return Records([_line(line) for line in body.split(b"\n") if line.strip()], False)


def _line(line: bytes) -> object:
    try:
        return loads(line)
    except (ValueError, TypeError, RecursionError) as error:
        return Wrong("", f"the line is not JSON: {error}")


def _arrow(body: bytes, most_bytes: int) -> pa.Table:
    batches: list[pa.RecordBatch] = []
    size = 0
    try:
        with pa.ipc.open_stream(pa.py_buffer(body)) as stream:
            schema = stream.schema
            for batch in stream:
                size += batch.nbytes
                _bounded(size, most_bytes)
                # Offsets that point elsewhere would read other memory.
                batch.validate(full=True)
                batches.append(batch)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        if isinstance(error, Undecodable):
            raise
        whole = sum(batch.num_rows for batch in batches)
        kept = f" behind row {whole}, up to which it is whole; nothing of it was kept" if whole else ""
        raise Undecodable(
            f"the body is no Arrow stream{kept}: {error}", "Send a whole Arrow IPC stream of one table."
        ) from None
    return pa.Table.from_batches(batches, schema)


def _parquet(body: bytes, most_bytes: int) -> pa.Table:
    try:
        with pq.ParquetFile(pa.BufferReader(body)) as file:
            groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
            _bounded(sum(group.total_byte_size for group in groups), most_bytes)
            table = file.read()
        _bounded(table.nbytes, most_bytes)
        return table
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        if isinstance(error, Undecodable):
            raise
        raise Undecodable(f"the body is no Parquet file: {error}", "Send a Parquet file of one table.") from None


def _table(reader: Callable[[bytes, int], pa.Table]) -> Callable[[bytes], Records]:
    return lambda body: Records(_rows(reader(body, MAX_TABLE_BYTES)), False)


def _bounded(size: int, most: int) -> None:
    if size > most:
        raise Undecodable(f"the table holds {size} bytes; at most {most}", "Send fewer rows at once.", "too_large", 413)


def _rows(table: pa.Table) -> list[object]:
    # Times finer than microseconds do not fit Python's: they travel as ISO text.
    for i, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            zoned = table.column(i).cast(pa.timestamp("ns", "UTC" if field.type.tz else None), safe=False)
            table = table.set_column(i, field.name, pa.compute.strftime(zoned, format="%Y-%m-%dT%H:%M:%SZ"))
    given = table.to_pylist(maps_as_pydicts="lossy")
    return [{name: value for name, value in row.items() if value is not None} for row in given]


_TABLES: Mapping[str, Callable[[bytes, int], pa.Table]] = {
    "application/vnd.apache.arrow.stream": _arrow,
    "application/vnd.apache.parquet": _parquet,
    "application/x-parquet": _parquet,
}
_READERS: Mapping[str, Callable[[bytes], Records]] = {
    "application/x-ndjson": _lines,
    "application/jsonl": _lines,
    "application/ndjson": _lines,
    **{media_type: _table(reader) for media_type, reader in _TABLES.items()},
}
