"""Rows of an answer that is in memory already, as a Parquet file with the types that the engine named."""

from __future__ import annotations

import io
import re
from datetime import datetime, timezone
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from tapetum_server.query.sql_answer import SqlColumn, SqlRows

_PLAIN = re.compile(r"(?:LowCardinality\(|Nullable\()*([A-Za-z]+)(\d*)")
_NANOS = 10**9


def parquet_of(answer: SqlRows) -> bytes:
    """A Parquet file. Numbers, times and truth values keep their types; lists and maps are JSON."""
    columns = [_column(column, [row[i] for row in answer.rows]) for i, column in enumerate(answer.columns)]
    table = pa.Table.from_arrays(columns, names=[column.name for column in answer.columns])
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def _column(column: SqlColumn, values: list[Any]) -> pa.Array:
    found = _PLAIN.match(column.type)
    kind, bits = (found[1], found[2]) if found else ("", "")
    if kind in ("Int", "UInt") and int(bits) <= 64:
        return pa.array([None if v is None else int(v) for v in values], getattr(pa, f"{kind.lower()}{bits}")())
    if kind in ("Float", "BFloat"):
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    if kind == "Bool":
        return pa.array(values, pa.bool_())
    if kind == "DateTime":
        return pa.array([None if v is None else _nanoseconds(str(v)) for v in values], pa.timestamp("ns", "UTC"))
    return pa.array([v if v is None or isinstance(v, str) else orjson.dumps(v).decode() for v in values], pa.string())


def _nanoseconds(text: str) -> int:
    whole, _, fraction = text.replace(" ", "T").removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole).replace(tzinfo=timezone.utc).timestamp())
    return seconds * _NANOS + int(fraction.ljust(9, "0")[:9] or 0)
