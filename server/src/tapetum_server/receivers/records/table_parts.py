"""Tables of a request, an Arrow stream or a Parquet file, a bounded part at a time."""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Union

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tapetum_server.receivers.records.arrow_messages import survey
from tapetum_server.receivers.records.fields import Undecodable

Body = Union[bytes, mmap.mmap]
"""A body in memory, or one that lies in a file."""
PART_ROWS = 50_000
PART_BYTES = 64 * 1024 * 1024
"""What is read at once, and written at once."""
MAX_BATCH_BYTES = 512 * 1024 * 1024
"""Of a record batch or a column of a row group, once it is inflated: it is read as a whole."""
MAX_WORD_BYTES = 1024 * 1024
"""Of a text that rows refer to: each of them may repeat it."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a table."""

    first: int
    """The place of its first row in the request."""
    table: pa.Table
    digest: Callable[[], str]
    """Names the request as far as it is read: the same when it is sent again."""


def parts_of_table(body: Body, media_type: str, most: int = 2**31) -> Iterator[Part]:
    """The table of one request. Raises `Undecodable`: before the first part where it holds more than `most` rows."""
    at = 0
    try:
        for part in _READERS[media_type](body, most):
            at = part.first
            yield part
            at += part.table.num_rows
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        if isinstance(error, Undecodable):
            raise
        called = "Arrow stream" if _READERS[media_type] is _arrow else "Parquet file"
        raise Undecodable(
            f"the body is no whole {called}{f' behind row {at - 1}' if at else ''}: {error}",
            f"Send a whole {called} of one table{': rows that were kept count once' if at else ''}.", row=at,
        ) from None  # fmt: skip


def digest_of(body: Body) -> Callable[[], str]:
    """Names a request by all of its body, which is read when somebody asks."""
    return cache(lambda: hashlib.blake2b(body, digest_size=12).hexdigest())


def _arrow(body: Body, most: int) -> Iterator[Part]:
    buffer = pa.py_buffer(body)
    found = survey(buffer, MAX_BATCH_BYTES)
    check_rows(found.rows, most)
    # By what was read and not by the whole: a stream that was cut names its rows as the whole one does.
    digest = hashlib.blake2b(digest_size=12)
    first = 0
    with pa.ipc.open_stream(buffer) as stream:
        schema = stream.schema
        for _ in range(found.batches):
            batch = stream.read_next_batch()
            # Offsets that point elsewhere would read other memory.
            batch.validate(full=True)
            named = cache(partial(_named, batch, digest))
            step = _rows_a_part(batch)
            for start in range(0, batch.num_rows, step):
                part = batch
                if batch.num_rows > step:
                    # Not a slice: what follows reads lists and maps by their buffers.
                    part = batch.take(pa.array(np.arange(start, min(start + step, batch.num_rows))))
                yield Part(first, pa.Table.from_batches([part], schema), named)
                first += part.num_rows
    if found.cut:
        raise OSError(found.cut)
    if not first:
        yield Part(0, schema.empty_table(), digest.hexdigest)


def _named(batch: pa.RecordBatch, digest: Any) -> str:
    for column in batch.columns:
        for buffer in (*column.buffers(), *(column.dictionary.buffers() if _is_coded(column.type) else ())):
            digest.update(b"" if buffer is None else buffer)
    named: str = digest.hexdigest()
    return named


def _rows_a_part(batch: pa.RecordBatch) -> int:
    size = batch.nbytes / max(1, batch.num_rows)
    for column in batch.columns:
        if _is_coded(column.type) and not pa.types.is_nested(column.type.value_type):
            longest = _longest(column)
            if longest > MAX_WORD_BYTES:
                raise Undecodable(
                    f"a dictionary has a text of {longest} bytes; at most {MAX_WORD_BYTES}", "Shorten the text."
                )
            size += longest
    return max(1, min(PART_ROWS, int(PART_BYTES / max(1.0, size))))


def _longest(column: pa.DictionaryArray) -> int:
    words = column.dictionary
    if not (pa.types.is_string(words.type) or pa.types.is_large_string(words.type)):
        return 8
    return pc.max(pc.binary_length(words)).as_py() or 0


def _is_coded(held: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(held))


def _parquet(body: Body, most: int) -> Iterator[Part]:
    source = pa.BufferReader(pa.py_buffer(body))
    with pq.ParquetFile(source) as file:
        texts = _texts_of(file)
    # Texts as words and places: a small file may repeat a long one a million times.
    with pq.ParquetFile(pa.BufferReader(pa.py_buffer(body)), read_dictionary=texts, pre_buffer=False) as file:
        said = file.metadata
        check_rows(said.num_rows, most)
        groups = [said.row_group(i) for i in range(said.num_row_groups)]
        values = [[group.column(i).num_values for i in range(group.num_columns)] for group in groups]
        largest = max((max(counts, default=0) for counts in values), default=0) * 8
        if largest > MAX_BATCH_BYTES:
            raise Undecodable(
                f"a column of a row group has {largest} bytes of values; at most {MAX_BATCH_BYTES}",
                "Write smaller row groups.", "too_large", 413,
            )  # fmt: skip
        each = [
            max(sum(counts) * 8, group.total_byte_size) / max(1, group.num_rows)
            for counts, group in zip(values, groups)
        ]
        step = max(1, min(PART_ROWS, int(PART_BYTES / max(1.0, *each)))) if each else PART_ROWS
        digest, first = digest_of(body), 0
        for batch in file.iter_batches(step, use_threads=False):
            if batch.nbytes > MAX_BATCH_BYTES:
                raise Undecodable(
                    f"{step} rows behind row {first} hold {batch.nbytes} bytes; at most {MAX_BATCH_BYTES}",
                    "Write smaller row groups.", "too_large", 413, row=first,
                )  # fmt: skip
            _rows_a_part(batch)
            yield Part(first, pa.Table.from_batches([batch]), digest)
            first += batch.num_rows
        if not first:
            yield Part(0, file.schema_arrow.empty_table(), digest)


def _texts_of(file: pq.ParquetFile) -> list[str]:
    columns = (file.schema.column(i) for i in range(len(file.schema)))
    return [
        column.path for column in columns
        if column.physical_type == "BYTE_ARRAY" and column.max_repetition_level == 0
        and column.logical_type.type in ("STRING", "ENUM", "JSON")
    ]  # fmt: skip


def check_rows(count: int, most: int) -> None:
    """Raises `Undecodable` where there are more than `most`."""
    if count > most:
        raise Undecodable(f"the request holds {count} rows; at most {most}", "Send fewer at once.", "too_large", 413)


_READERS: Mapping[str, Callable[[Body, int], Iterator[Part]]] = {
    "application/vnd.apache.arrow.stream": _arrow,
    "application/vnd.apache.parquet": _parquet,
    "application/x-parquet": _parquet,
}
TABLES = tuple(_READERS)
"""Media types of tables."""
