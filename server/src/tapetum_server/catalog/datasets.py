"""Small datasets in versions: what is added or changed makes the next one, which earlier ones do not see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select

from tapetum_server.catalog.clock import Clock, utc
from tapetum_server.catalog.database import Database
from tapetum_server.catalog.dataset_change import MAX_ITEMS, MAX_VERSIONS, Change, change
from tapetum_server.catalog.dataset_rows import (
    DatasetSummary,
    DatasetVersion,
    KeptItem,
    dataset_of,
    in_version,
    items_of,
    only_in,
    summary_of,
    version_of,
    versions_of,
)
from tapetum_server.catalog.errors import UnknownDataset
from tapetum_server.catalog.tables import dataset_items, dataset_versions, datasets
from tapetum_server.signals.datasets import ItemChange

MAX_PAGE_BYTES = 4_000_000
"""Of the items of one page; one item may be larger alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPage:
    """Some items of one version, and behind which position the next ones begin."""

    version: int
    items: list[KeptItem]
    next_position: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Items that one version has otherwise than another: before and after, either `None`."""

    before: int
    after: int
    added: int
    changed: int
    removed: int
    pairs: list[tuple[KeptItem | None, KeptItem | None]]
    """The first of them, in the order of the dataset."""


class Datasets:
    """The datasets of every project."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def all(
        self, project: str, *, trace_id: str | None = None, span_id: str | None = None, item_id: str | None = None
    ) -> list[DatasetSummary]:
        """The project's datasets by name; of a trace, span or item, those whose newest version has it."""
        query = select(datasets).where(datasets.c.project == project)
        if trace_id is not None or item_id is not None:
            holding = select(dataset_items.c.name).where(
                dataset_items.c.project == project, dataset_items.c.until_version.is_(None)
            )
            if trace_id is not None:
                holding = holding.where(dataset_items.c.trace_id == trace_id)
            if span_id is not None:
                holding = holding.where(dataset_items.c.span_id == span_id)
            if item_id is not None:
                holding = holding.where(dataset_items.c.item_id == item_id)
            query = query.where(datasets.c.name.in_(holding))
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(func.lower(datasets.c.name), datasets.c.name))
            return [summary_of(row) for row in rows]

    def change(
        self,
        project: str,
        name: str,
        *,
        put: Sequence[ItemChange] = (),
        remove: Sequence[str] = (),
        message: str = "",
        description: str | None = None,
        seen_version: int | None = None,
        by: str,
    ) -> Change:
        """Keep the next version of a dataset; the first makes the dataset. All of it or nothing.

        `seen_version` refuses the change where one of its items was changed since. Raises `UnknownDataset` for an item
        to remove that is not there, `DatasetChanged`, `DatasetFull` or `TooMany`.
        """
        with self._database.writing() as connection:
            return change(
                connection, project, name, put=put, remove=remove, message=message, description=description,
                seen_version=seen_version, by=by[:200], now=utc(self._clock()),
            )  # fmt: skip

    def versions(self, project: str, name: str) -> tuple[DatasetSummary, list[DatasetVersion]]:
        """A dataset and its versions, the newest first. Raises `UnknownDataset`."""
        with self._database.reading() as connection:
            row = dataset_of(connection, project, name)
            return summary_of(row), versions_of(connection, project, name, MAX_VERSIONS)

    def page(self, project: str, name: str, *, version: int | None, after: int, limit: int) -> ItemPage:
        """A page of one version's items, in the order in which they were added. Raises `UnknownDataset`."""
        with self._database.reading() as connection:
            wanted = version_of(dataset_of(connection, project, name), version)
            found: list[KeptItem] = []
            size = 0
            for item in items_of(connection, project, name, in_version(wanted), after=after, limit=limit + 1):
                if found and (len(found) == limit or size + item.size > MAX_PAGE_BYTES):
                    return ItemPage(version=wanted, items=found, next_position=found[-1].position)
                found.append(item)
                size += item.size
            return ItemPage(version=wanted, items=found, next_position=None)

    def item(self, project: str, name: str, item_id: str, *, version: int | None) -> tuple[int, KeptItem]:
        """One item as a version has it, and which version that is. Raises `UnknownDataset`."""
        with self._database.reading() as connection:
            wanted = version_of(dataset_of(connection, project, name), version)
            this = in_version(wanted) & (dataset_items.c.item_id == item_id)
            for item in items_of(connection, project, name, this, after=-1, limit=1):
                return wanted, item
        raise UnknownDataset(f"Version {wanted} of the dataset {name!r} has no item {item_id[:200]!r}.", "id")

    def every_item(self, project: str, name: str, *, version: int | None) -> tuple[int, Iterator[list[KeptItem]]]:
        """All items of one version, page by page, each read when it is taken. Raises `UnknownDataset` at once."""
        with self._database.reading() as connection:
            wanted = version_of(dataset_of(connection, project, name), version)

        def pages() -> Iterator[list[KeptItem]]:
            after: int | None = -1
            while after is not None:
                page = self.page(project, name, version=wanted, after=after, limit=MAX_ITEMS)
                yield page.items
                after = page.next_position

        return wanted, pages()

    def difference(self, project: str, name: str, *, before: int, after: int, limit: int) -> Difference:
        """What one version has otherwise than another. Raises `UnknownDataset`."""
        with self._database.reading() as connection:
            row = dataset_of(connection, project, name)
            version_of(row, before)
            version_of(row, after)
            ids = dataset_items.c.item_id
            of = (dataset_items.c.project == project, dataset_items.c.name == name)
            gone = {r[0] for r in connection.execute(select(ids).where(*of, only_in(before, after)))}
            come = {r[0] for r in connection.execute(select(ids).where(*of, only_in(after, before)))}
            pairs: dict[str, list[Any]] = {}
            for side, where in enumerate((only_in(before, after), only_in(after, before))):
                size = 0
                for item in items_of(connection, project, name, where, after=-1, limit=limit):
                    size += item.size
                    if size > MAX_PAGE_BYTES:
                        break
                    pairs.setdefault(item.item_id, [None, None])[side] = item
        # Where only one side of a changed item had room, nothing can be said of what changed.
        whole = [
            (old, new)
            for name_, (old, new) in pairs.items()
            if (old is not None) == (name_ in gone) and (new is not None) == (name_ in come)
        ]
        whole.sort(key=lambda pair: (pair[1] or pair[0]).position)
        return Difference(
            before=before,
            after=after,
            added=len(come - gone),
            changed=len(come & gone),
            removed=len(gone - come),
            pairs=whole[:limit],
        )

    def delete(self, project: str, name: str) -> None:
        """Forget a dataset with all its versions. Raises `UnknownDataset`."""
        with self._database.writing() as connection:
            dataset_of(connection, project, name)
            for table in (dataset_items, dataset_versions, datasets):
                connection.execute(delete(table).where(table.c.project == project, table.c.name == name))
