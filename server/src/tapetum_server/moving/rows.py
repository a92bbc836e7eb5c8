"""The records of export files, one after the other: JSON lines, JSON, CSV and Parquet, also gzipped."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tapetum_server.moving.found import Row, Skipped
from tapetum_server.moving.inflating import opened
from tapetum_server.moving.values import json_row

if TYPE_CHECKING:
    import pyarrow as pa

MAX_RECORD = 64 << 20
"""Bytes of one line or cell: the largest body that the server takes."""
MAX_DOCUMENT = 512 << 20
"""Bytes of a JSON object that is read whole, such as one answer of an API. Arrays are read member by member."""


def first_bytes(file: Path, count: int = 16) -> bytes:
    """How a file begins."""
    with file.open("rb") as opened:
        return opened.read(count)


def rows_of(file: Path, reached: Callable[[int], None]) -> Iterator[Row | Skipped]:
    """The records of `file`, and what of it is none. What comes before a broken place is kept.

    `reached` is told how many bytes of the file are read.
    """
    try:
        if first_bytes(file, 4) == b"PAR1":
            yield from _parquet(file, reached)
        else:
            with opened(file) as (content, raw):
                for row in _text(content, file.name):
                    yield row
                    reached(raw.tell())
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        yield Skipped(file.name, f"cannot be read: {error}")


def _text(content: io.BufferedReader, name: str) -> Iterator[Row | Skipped]:
    head = content.peek(1)
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if begin == b"[":
        yield from _array(content, name)
    elif begin == b"{":
        yield from _objects(content, name)
    elif begin:
        yield from _csv(content, name)
    else:
        yield Skipped(name, "is empty")


def _array(content: io.BufferedReader, name: str) -> Iterator[Row | Skipped]:
    import ijson

    index = 0
    try:
        for index, value in enumerate(ijson.items(content, "item", use_float=True), 1):
            yield _row(f"{name}[{index - 1}]", value)
    except ijson.JSONError as error:
        yield Skipped(f"{name}[{index}]", f"the JSON array breaks off here: {error}".replace("\n", " ")[:200])


def _objects(content: io.BufferedReader, name: str) -> Iterator[Row | Skipped]:
    """An object a line; or one object, over many lines or alone, which may hold the records."""
    first = content.readline(MAX_RECORD + 1)
    try:
        json_row(first)
        is_lines = True
    except ValueError:
        # A pretty-printed object begins with a line that is no object; the first line of JSON lines may just be broken.
        is_lines = first.rstrip().endswith(b"}")
    if is_lines:
        yield from _lines(first, content, name)
        return
    body = first + content.read(MAX_DOCUMENT)
    if len(body) > MAX_DOCUMENT:
        yield Skipped(name, f"one JSON object of more than {MAX_DOCUMENT >> 20} MiB: write JSON lines or an array")
        return
    try:
        yield _row(name, json_row(body))
    except ValueError as error:
        yield Skipped(name, f"not JSON: {error}")


def _lines(first: bytes, content: io.BufferedReader, name: str) -> Iterator[Row | Skipped]:
    number, line = 0, first
    while line:
        number += 1
        if len(line) > MAX_RECORD:
            while line and not line.endswith(b"\n"):
                line = content.readline(MAX_RECORD)
            yield Skipped(f"{name}:{number}", f"a line of more than {MAX_RECORD >> 20} MiB")
        elif line.strip():
            try:
                yield _row(f"{name}:{number}", json_row(line))
            except ValueError as error:
                yield Skipped(f"{name}:{number}", f"not JSON: {error}")
        line = content.readline(MAX_RECORD + 1)


def _csv(content: io.BufferedReader, name: str) -> Iterator[Row | Skipped]:
    csv.field_size_limit(MAX_RECORD)
    lines = io.TextIOWrapper(content, encoding="utf-8-sig", newline="")
    try:
        reader = csv.DictReader(lines, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield Skipped(f"{name}:{line}", f"not CSV: {error}")
                continue
            if cells is None:
                return
            if None in cells or None in cells.values():
                yield Skipped(f"{name}:{line}", f"has not the {len(reader.fieldnames or ())} cells of the first line")
                continue
            yield Row(f"{name}:{line}", {key: value for key, value in cells.items() if value != ""})
    finally:
        lines.detach()  # whoever opened the content closes it


def _parquet(file: Path, reached: Callable[[int], None]) -> Iterator[Row | Skipped]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(batch_size=256):
                for fields in _plain_times(batch).to_pylist():
                    number += 1
                    yield Row(f"{file.name}#{number}", fields)
                reached(file.stat().st_size * number // max(parquet.metadata.num_rows, 1))
    except pa.ArrowException as error:
        yield Skipped(f"{file.name}#{number + 1}", f"not Parquet that can be read: {error}"[:200])


def _plain_times(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Times as nanoseconds: Python's own have microseconds only."""
    import pyarrow as pa

    for index, column in enumerate(batch.schema):
        if pa.types.is_timestamp(column.type):
            exact = batch.column(index).cast(pa.timestamp("ns", column.type.tz)).cast(pa.int64())
            batch = batch.set_column(index, column.name, exact)
    return batch


def _row(place: str, value: Any) -> Row | Skipped:
    if isinstance(value, dict):
        return Row(place, value)
    return Skipped(place, "is no JSON object")
