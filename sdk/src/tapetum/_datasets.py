"""Datasets of the server, read for an experiment or a test."""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tapetum import _asking

MAX_PAGE_BYTES = 64 * 1024 * 1024


class DatasetItem(NamedTuple):
    """One item as a version of the dataset has it. Values that nobody gave are `None`."""

    id: str
    input: Any
    expected_output: Any
    output: Any
    metadata: Mapping[str, Any]
    trace_id: str
    """The trace that it came from; empty where it came from none."""
    span_id: str
    prediction_id: str


class Dataset(Sequence[DatasetItem]):
    """One version of a dataset: a sequence of its items, in the order in which they were added."""

    def __init__(self, name: str, version: int, items: Sequence[DatasetItem]) -> None:
        self.name = name
        self.version = version
        """The number of the version: name it beside results, so that they can be had again."""
        self._items = list(items)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, at: Any) -> Any:
        return self._items[at]

    def __iter__(self) -> Iterator[DatasetItem]:
        return iter(self._items)

    def __repr__(self) -> str:
        return f"Dataset({self.name!r}, version={self.version}, {len(self)} items)"


def fetch(
    endpoint: str, headers: tuple[tuple[str, str], ...], name: str, version: int | None, timeout_s: float
) -> Dataset:
    """All items of a version, the newest without one. Raises `LookupError` with what went wrong."""
    asked: dict[str, Any] = {"name": name, "limit": 1_000}
    if version is not None:
        asked["version"] = version
    items: list[DatasetItem] = []
    while True:
        try:
            page = _asking.get(
                endpoint,
                f"/api/v1/datasets/items?{urlencode(asked)}",
                dict(headers),
                timeout_s,
                max_bytes=MAX_PAGE_BYTES,
            )
        except (OSError, http.client.HTTPException, LookupError, ValueError) as error:
            raise LookupError(f"the dataset {name!r} was not fetched: {error}") from error
        items.extend(_item(row) for row in page["rows"])
        # The version of the first page is that of all others, whatever is added meanwhile.
        asked["version"], asked["cursor"] = page["version"], page["next_cursor"]
        if page["next_cursor"] is None:
            return Dataset(name, page["version"], items)


def _item(row: Mapping[str, Any]) -> DatasetItem:
    return DatasetItem(
        id=row["id"],
        input=row["input"],
        expected_output=row["expected_output"],
        output=row["output"],
        metadata=row["metadata"] or {},
        **row["source"],
    )
