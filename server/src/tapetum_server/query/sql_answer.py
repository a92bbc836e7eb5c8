"""What the engine answered to a user's SQL, into what the user gets: rows, CSV, or a file cut to its limit."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TEXT = re.compile(r"(?:LowCardinality\(|Nullable\()*(?:String|FixedString|Enum|JSON|Dynamic|Variant)")


@dataclass(frozen=True, slots=True)
class SqlColumn:
    """A column of an answer."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class SqlRows:
    """An answer in rows. 64-bit integers are texts, times ISO-8601 in UTC; NaN and infinity are null."""

    columns: Sequence[SqlColumn]
    rows: Sequence[Sequence[Any]]
    rows_read: int
    elapsed_ms: float
    truncated: bool
    """There were more rows than were asked for."""


def rows_of_json(body: bytes, max_rows: int) -> SqlRows:
    """Read the engine's `JSONCompact`."""
    answer = orjson.loads(body)
    data = answer["data"]
    return SqlRows(
        columns=[SqlColumn(column["name"], column["type"]) for column in answer["meta"]],
        rows=data[:max_rows],
        rows_read=int(answer["statistics"]["rows_read"]),
        elapsed_ms=round(float(answer["statistics"]["elapsed"]) * 1000, 3),
        truncated=len(data) > max_rows,
    )


def csv_of(answer: SqlRows) -> bytes:
    """RFC 4180 with a header line. Lists and maps are JSON.

    A text that a spreadsheet would run as a formula gets an apostrophe in front: the texts in
    telemetry come from strangers.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_harmless(column.name) for column in answer.columns])
    texts = [bool(_TEXT.match(column.type)) for column in answer.columns]
    for row in answer.rows:
        writer.writerow([_cell(value, text) for value, text in zip(row, texts, strict=True)])
    return out.getvalue().encode()


def _cell(value: object, text: bool) -> object:
    if value is None:
        return ""
    if isinstance(value, str):
        return _harmless(value) if text else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return orjson.dumps(value).decode()
    return value


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def cut_arrow(body: bytes, max_rows: int) -> tuple[bytes, bool]:
    """An Arrow stream with at most `max_rows` rows, and whether it had more."""
    with pa.ipc.open_stream(body) as reader:
        table = reader.read_all()
    if table.num_rows <= max_rows:
        return body, False
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.slice(0, max_rows))
    return sink.getvalue(), True


def cut_parquet(body: bytes, max_rows: int) -> tuple[bytes, bool]:
    """A Parquet file with at most `max_rows` rows, and whether it had more."""
    if pq.read_metadata(io.BytesIO(body)).num_rows <= max_rows:
        return body, False
    sink = io.BytesIO()
    pq.write_table(pq.read_table(io.BytesIO(body)).slice(0, max_rows), sink)
    return sink.getvalue(), True
