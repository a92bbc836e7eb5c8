"""The body of a request into its records: JSON (one or many), lines of JSON, an Arrow stream or a Parquet file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import orjson
import pyarrow as pa

from tapetum_server.receivers.records.fields import Undecodable, Wrong
from tapetum_server.receivers.records.table_parts import TABLES, Body, parts_of_table

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_TABLE_BYTES = 64 * 1024 * 1024
"""Of an Arrow or Parquet table, once it is read."""
LINES = ("application/x-ndjson", "application/jsonl", "application/ndjson")


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one request, each as it was given, or what is wrong with its line."""

    given: list[object]
    alone: bool
    """Whether the request is one object: its fault is the request's."""


def records_of(body: Body, media_type: str, most: int, called: str, most_bytes: int = MAX_BODY_BYTES) -> Records:
    """The records of one request, at most `most`; `called` is what people call them. Raises `Undecodable`."""
    if len(body) > most_bytes:
        hint = "Send fewer at once."
        if most_bytes > MAX_BODY_BYTES:
            hint = "Send fewer at once, or lines of JSON (application/x-ndjson), an Arrow stream or a Parquet file."
        raise Undecodable(f"the body holds {len(body)} bytes; at most {most_bytes}", hint, "too_large", 413)
    found = _READERS.get(media_type, _json)(body)
    check_count(len(found.given), most, called)
    return found


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


def _json(body: Body) -> Records:
    try:
        found = loads(bytes(body))
    except (ValueError, TypeError, RecursionError) as error:
        raise Undecodable(
            f"the body is not JSON: {error}",
            "Send an object or an array; for one object per line the content type is application/x-ndjson.",
        ) from None
    return Records(found, False) if isinstance(found, list) else Records([found], True)


def lines_of(body: Body, most: int) -> Iterator[list[object]]:
    """What the lines hold that are not blank, or what is wrong with one: so many bytes or lines at a time."""
    given: list[object] = []
    start = begun = 0
    while start < len(body):
        end = body.find(b"\n", start)
        end = len(body) if end < 0 else end
        line = body[start:end]
        if line.strip():
            given.append(_line(line))
        start = end + 1
        if len(given) >= most or start - begun >= MAX_BODY_BYTES:
            yield given
            given, begun = [], start
    if given:
        yield given


def _lines(body: Body) -> Records:
    return Records([one for some in lines_of(body, len(body)) for one in some], False)


def _line(line: bytes) -> object:
    try:
        return loads(line)
    except (ValueError, TypeError, RecursionError) as error:
        return Wrong("", f"the line is not JSON: {error}")


def _table(media_type: str) -> Callable[[Body], Records]:
    def read(body: Body) -> Records:
        tables = [part.table for part in parts_of_table(body, media_type)]
        size = sum(table.nbytes for table in tables)
        if size > MAX_TABLE_BYTES:
            raise Undecodable(
                f"the table holds {size} bytes; at most {MAX_TABLE_BYTES}", "Send fewer rows at once.", "too_large", 413
            )
        return Records([row for table in tables for row in _rows(table)], False)

    return read


def _rows(table: pa.Table) -> list[object]:
    # Times finer than microseconds do not fit Python's: they travel as ISO text.
    for i, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            zoned = table.column(i).cast(pa.timestamp("ns", "UTC" if field.type.tz else None), safe=False)
            table = table.set_column(i, field.name, pa.compute.strftime(zoned, format="%Y-%m-%dT%H:%M:%SZ"))
    given = table.to_pylist(maps_as_pydicts="lossy")
    return [{name: value for name, value in row.items() if value is not None} for row in given]


_READERS: Mapping[str, Callable[[Body], Records]] = {
    **dict.fromkeys(LINES, _lines),
    **{media_type: _table(media_type) for media_type in TABLES},
}
