"""A file of items, as `tapetum datasets add` takes it: lines of JSON, a JSON list, or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from tapetum_server.analysis.dataset_files import unsafe
from tapetum_server.signals.datasets import FIELDS

_SOURCE = ("trace_id", "span_id", "prediction_id")
_KNOWN = {"id", "source", *FIELDS}


class UnreadableItems(ValueError):
    """The file is no list of items: where and why."""


def items_in(content: bytes, *, is_csv: bool) -> list[dict[str, Any]]:
    """The items of a file, as `POST /api/v1/datasets` takes them. Raises `UnreadableItems`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableItems(f"The file is no UTF-8 text: {error.reason} at byte {error.start}.") from error
    if is_csv:
        return list(_of_csv(text))
    if text.lstrip().startswith("["):
        return [_item(one, f"item {number}") for number, one in enumerate(_json(text, "the file"), 1)]
    lines = enumerate(text.split("\n"), 1)
    return [_item(_json(line, f"line {number}"), f"line {number}") for number, line in lines if line.strip()]


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UnreadableItems(f"In {where} there is no JSON: {error}.") from error


def _item(one: Any, where: str) -> dict[str, Any]:
    if not isinstance(one, dict):
        raise UnreadableItems(f"In {where} there is no object with input, expected_output and so on.")
    unknown = sorted(one.keys() - _KNOWN)
    if unknown:
        raise UnreadableItems(
            f"In {where} there is a key {unknown[0]!r}; an item has {', '.join(sorted(_KNOWN))}. "
            "Put what else there is under metadata."
        )
    return {name: value for name, value in one.items() if name != "source" or value is not None}


def _of_csv(text: str) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(64 * 1024 * 1024)
    reader = csv.DictReader(io.StringIO(text, newline=""))
    names = list(reader.fieldnames or [])
    if not set(names) & set(FIELDS):
        raise UnreadableItems(f"The CSV has none of the columns {', '.join(FIELDS)}.")
    ours = any(name.endswith("_type") and name.removesuffix("_type") in FIELDS for name in names)
    for row in reader:
        where = f"line {reader.line_num}"
        if None in row or None in row.values():
            raise UnreadableItems(f"{where} of the CSV has not {len(names)} cells.")
        cells = {name: unsafe(cell) if ours else cell for name, cell in row.items() if cell}
        yield _of_cells(cells, {name for name, cell in row.items() if name in FIELDS and cell is not None}, where)


def _of_cells(cells: dict[str, str], columns: set[str], where: str) -> dict[str, Any]:
    types = {field: cells.pop(f"{field}_type", "") for field in FIELDS}
    item: dict[str, Any] = {}
    if identity := cells.pop("id", ""):
        item["id"] = identity
    if source := {name: value for name in _SOURCE if (value := cells.pop(name, ""))}:
        item["source"] = source
    for field in FIELDS:
        cell = cells.pop(field, None)
        if types[field] == "text":
            item[field] = cell or ""
        elif cell is not None:
            item[field] = _json(cell, f"{field} of {where}") if types[field] == "json" or field == "metadata" else cell
        elif field in columns:
            item[field] = None
    if cells:
        # Other columns of somebody's table say what the item is about.
        item["metadata"] = {**(item.get("metadata") or {}), **cells}
    return item
