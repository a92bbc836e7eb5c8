"""The body of a request into its records: JSON (one or many), lines of JSON, an Arrow stream or a Parquet file."""

from __future__ import annotations

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


def records_of(body: bytes, media_type: str, most: int, called: str) -> Records:
    """The records of one request, at most `most`; `called` is what people call them. Raises `Undecodable`."""
    if len(body) > MAX_BODY_BYTES:
        raise Undecodable(
            f"the body holds {len(body)} bytes; at most {MAX_BODY_BYTES}", "Send fewer at once.", "too_large", 413
        )
    found = _READERS.get(media_type, _json)(body)
    if len(found.given) > most:
        raise Undecodable(
            f"the request holds {len(found.given)} {called}; at most {most}", "Send fewer at once.", "too_large", 413
        )
    return found


def _json(body: bytes) -> Records:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Undecodable(
            f"the body is not JSON: {error}",
            "Send an object or an array; for one object per line the content type is application/x-ndjson.",
        ) from None
    return Records(found, False) if isinstance(found, list) else Records([found], True)


def _lines(body: bytes) -> Records:
    return Records([_line(line) for line in body.split(b"\n") if line.strip()], False)


def _line(line: bytes) -> object:
    try:
        found: object = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Wrong("", f"the line is not JSON: {error}")
    return found


def _arrow(body: bytes) -> Records:
    rows: list[object] = []
    size = 0
    try:
        with pa.ipc.open_stream(body) as stream:
            for batch in stream:
                size += batch.nbytes
                _bounded(size)
                rows += _rows(pa.Table.from_batches([batch]))
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        if isinstance(error, Undecodable):
            raise
        raise Undecodable(f"the body is no Arrow stream: {error}", "Send an Arrow IPC stream of one table.") from None
    return Records(rows, False)


def _parquet(body: bytes) -> Records:
    try:
        with pq.ParquetFile(pa.BufferReader(body)) as file:
            groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
            _bounded(sum(group.total_byte_size for group in groups))
            table = file.read()
        _bounded(table.nbytes)
        return Records(_rows(table), False)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        if isinstance(error, Undecodable):
            raise
        raise Undecodable(f"the body is no Parquet file: {error}", "Send a Parquet file of one table.") from None


def _bounded(size: int) -> None:
    if size > MAX_TABLE_BYTES:
        raise Undecodable(
            f"the table holds {size} bytes; at most {MAX_TABLE_BYTES}", "Send fewer rows at once.", "too_large", 413
        )


def _rows(table: pa.Table) -> list[object]:
    # Times finer than microseconds do not fit Python's: they travel as ISO text.
    for i, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            zoned = table.column(i).cast(pa.timestamp("ns", "UTC" if field.type.tz else None), safe=False)
            table = table.set_column(i, field.name, pa.compute.strftime(zoned, format="%Y-%m-%dT%H:%M:%SZ"))
    given = table.to_pylist(maps_as_pydicts="lossy")
    return [{name: value for name, value in row.items() if value is not None} for row in given]


_READERS: Mapping[str, Callable[[bytes], Records]] = {
    "application/x-ndjson": _lines,
    "application/jsonl": _lines,
    "application/ndjson": _lines,
    "application/vnd.apache.arrow.stream": _arrow,
    "application/vnd.apache.parquet": _parquet,
    "application/x-parquet": _parquet,
}
