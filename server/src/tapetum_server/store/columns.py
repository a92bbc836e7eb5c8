"""Python lists into Arrow arrays, in the forms that the tables take."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

MAX_TIME = 2**63 - 1
"""Nanoseconds since 1970 that DateTime64(9) holds: up to 2262-04-11."""
TIMESTAMP = pa.timestamp("ns", "UTC")
STRING = pa.string()
_INT32 = pa.int32()


def texts(values: Sequence[str]) -> pa.Array:
    """A String column. Lone surrogates (not text in any encoding) become U+FFFD."""
    try:
        return pa.array(values, STRING)
    except UnicodeEncodeError:
        return pa.array([v.encode("utf-8", "replace").decode() for v in values], STRING)


def names(values: Sequence[str]) -> pa.Array:
    """A LowCardinality(String) column: each distinct text travels once."""
    return texts(values).dictionary_encode()


def same(value: str, count: int) -> pa.Array:
    """A LowCardinality(String) column with one value."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([value], STRING))


def coded(values: Sequence[int], table: Sequence[str]) -> pa.Array:
    """A LowCardinality(String) column from numbers that index `table`; unknown numbers take entry 0."""
    codes = np.asarray(values, np.int64)
    codes = np.where((codes < 0) | (codes >= len(table)), 0, codes).astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(list(table), STRING))


def shared(objects: Sequence[Any], text_of: Any) -> pa.Array:
    """A LowCardinality(String) column of one text per shared object (resource, scope, metric)."""
    if objects and objects.count(objects[0]) == len(objects):
        return same(text_of(objects[0]), len(objects))
    position: dict[int, int] = {}
    distinct: list[str] = []
    codes = []
    for item in objects:
        code = position.get(id(item))
        if code is None:
            code = position[id(item)] = len(distinct)
            distinct.append(text_of(item))
        codes.append(code)
    # Two objects may have the same text (one service, two scopes), and ClickHouse refuses a dictionary with repeats.
    encoded = texts(distinct).dictionary_encode()
    return pa.DictionaryArray.from_arrays(encoded.indices.take(pa.array(codes, _INT32)), encoded.dictionary)


def moment(value: int, count: int) -> pa.Array:
    """A DateTime64(9) column with one value."""
    return pa.array(np.full(count, min(value, MAX_TIME), np.int64).view("datetime64[ns]"), pa.timestamp("ns")).cast(
        TIMESTAMP
    )


def times(values: Sequence[int]) -> pa.Array:
    """A DateTime64(9) column; times past 2262 are clamped (see `clamped`)."""
    if values and max(values) > MAX_TIME:
        values = [min(v, MAX_TIME) for v in values]
    return moments(np.asarray(values, np.int64))


def moments(nanoseconds: np.ndarray) -> pa.Array:
    """A DateTime64(9) column from 64-bit integers."""
    return pa.array(nanoseconds.view("datetime64[ns]"), pa.timestamp("ns")).cast(TIMESTAMP)


def clamped(columns: dict[str, Sequence[int]], count: int) -> tuple[list[str] | None, int]:
    """The `original_times` column (JSON of what was clamped, "" elsewhere) and how many rows were clamped."""
    if all(not v or max(v) <= MAX_TIME for v in columns.values()):
        return None, 0
    out = []
    for i in range(count):
        over = {name: str(v[i]) for name, v in columns.items() if v[i] > MAX_TIME}
        out.append(orjson.dumps(over).decode() if over else "")
    return out, sum(1 for o in out if o)


def numbers(values: Sequence[Any], dtype: Any) -> pa.Array:
    """A fixed-width number column."""
    return pa.array(np.asarray(values, dtype))


def repeated(value: int, count: int, dtype: Any) -> pa.Array:
    """A fixed-width number column with one value."""
    return pa.array(np.full(count, value, dtype))


def optional(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """A Nullable column."""
    return pa.array(values, kind)


def lists(offsets: Sequence[int], flat: pa.Array) -> pa.Array:
    """An Array(…) column from offsets (one more than rows) and all elements."""
    return pa.ListArray.from_arrays(pa.array(offsets, _INT32), flat)


def now() -> int:
    """Nanoseconds since 1970 by this machine's clock."""
    return time.time_ns()
