"""The items of a dataset as the bytes of a file: lines of JSON, CSV or Parquet."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from tapetum_server.catalog.dataset_rows import KeptItem
from tapetum_server.signals.datasets import FIELDS, decode_value, text_of

DatasetFormat = Literal["jsonl", "csv", "parquet"]
DATASET_FORMATS: tuple[DatasetFormat, ...] = get_args(DatasetFormat)
COLUMNS = (
    "id", *(column for field in FIELDS for column in (field, f"{field}_type")), "trace_id", "span_id", "prediction_id",
)  # fmt: skip
"""Of CSV and Parquet. `…_type` is `text` or `json`; without it, 7 and "7" would look alike."""
_SCHEMA = pa.schema([pa.field(name, pa.string()) for name in COLUMNS])
# A text that a spreadsheet would run as a formula gets an apostrophe, and so does one that has such already, so that
# taking one away gives back what was there.
_FORMULA = re.compile(r"'*[=+@\t\r-]")


def dataset_file(format: DatasetFormat, pages: Iterable[Sequence[KeptItem]]) -> Iterator[bytes]:
    """The file, piece by piece."""
    match format:
        case "jsonl":
            return _jsonl(pages)
        case "csv":
            return _csv(pages)
    return _parquet(pages)


def _jsonl(pages: Iterable[Sequence[KeptItem]]) -> Iterator[bytes]:
    for page in pages:
        yield "".join(f"{_line(item)}\n" for item in page).encode()


def _line(item: KeptItem) -> str:
    # The values are JSON already: spliced in, they are what was kept to the last digit.
    said = [f'"id":{json.dumps(item.item_id, ensure_ascii=False)}']
    said += [f'"{field}":{item.values[field] or "null"}' for field in FIELDS]
    source = {name: value for name, value in item.source._asdict().items() if value}
    said.append(f'"source":{json.dumps(source or None, ensure_ascii=False)}')
    return "{" + ",".join(said) + "}"


def _csv(pages: Iterable[Sequence[KeptItem]]) -> Iterator[bytes]:
    yield _written([COLUMNS])
    for page in pages:
        yield _written([_safe(cell) for cell in _cells(item)] for item in page)


def _written(rows: Iterable[Sequence[str | None]]) -> bytes:
    sink = io.StringIO(newline="")
    csv.writer(sink).writerows(rows)
    return sink.getvalue().encode()


def _safe(cell: str | None) -> str | None:
    return f"'{cell}" if cell is not None and _FORMULA.match(cell) else cell


def unsafe(cell: str) -> str:
    """The text that `_safe` made a cell of."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _parquet(pages: Iterable[Sequence[KeptItem]]) -> Iterator[bytes]:
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, _SCHEMA, compression="zstd") as writer:
        for page in pages:
            columns: list[list[Any]] = [[] for _ in COLUMNS]
            for item in page:
                for column, cell in zip(columns, _cells(item)):
                    column.append(cell)
            writer.write_table(pa.table(dict(zip(COLUMNS, columns)), schema=_SCHEMA))
    yield sink.getvalue()


def _cells(item: KeptItem) -> list[str | None]:
    cells: list[str | None] = [item.item_id]
    for field in FIELDS:
        value = decode_value(item.values[field])
        cells += [None, None] if value is None else [text_of(value), "text" if isinstance(value, str) else "json"]
    return [*cells, *(part or None for part in item.source)]
