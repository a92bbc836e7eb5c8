"""The next version of a dataset: what is added, changed and taken away, in one step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, func, insert, select, update

from tapetum_server.catalog.dataset_rows import KeptItem, kept_item
from tapetum_server.catalog.errors import DatasetChanged, DatasetFull, TooMany, UnknownDataset
from tapetum_server.catalog.tables import dataset_items, dataset_versions, datasets
from tapetum_server.signals.datasets import FIELDS, ItemChange, Source

MAX_DATASETS = 500
"""Of one project."""
MAX_VERSIONS = 20_000
"""Of one dataset: a reviewer who saves one span after the other makes many."""
MAX_ITEMS = 10_000
"""Of one version."""
MAX_ITEM_BYTES = 2_000_000
MAX_KEPT_BYTES = 256_000_000
"""Of all versions of one dataset together."""
_AT_ONCE = 500
"""Values of one statement: SQLite takes a limited number."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a change did. `version` is the one before where there was nothing to change."""

    name: str
    version: int
    items: int
    added: int
    changed: int
    removed: int
    unchanged: int
    """Items that were there already as they were given."""


def change(
    connection: Connection,
    project: str,
    name: str,
    *,
    put: Sequence[ItemChange],
    remove: Sequence[str],
    message: str,
    description: str | None,
    seen_version: int | None,
    by: str,
    now: datetime,
) -> Change:
    """Keep the next version. Raises `UnknownDataset`, `DatasetChanged`, `DatasetFull` or `TooMany`."""
    where = (datasets.c.project == project, datasets.c.name == name)
    row = connection.execute(select(datasets).where(*where).with_for_update()).one_or_none()
    _room_for(connection, project, name, row)
    wanted = {one.item_id: one for one in put}
    there = _current(connection, project, name, [*wanted, *remove])
    if missing := [one for one in remove if one not in there]:
        raise UnknownDataset(f"The dataset {name!r} has no item {missing[0][:200]!r}.", "remove")
    if seen_version is not None:
        for item in there.values():
            if item.since_version > seen_version:
                raise DatasetChanged(
                    f"The item {item.item_id!r} was changed in version {item.since_version}; "
                    f"this change began from version {seen_version}."
                )
    version = 1 if row is None else row.versions + 1
    position = 0 if row is None else row.next_position
    fresh: list[dict[str, Any]] = []
    added = changed = 0
    for one in wanted.values():
        before = there.get(one.item_id)
        values = {field: one.values.get(field, before.values[field] if before else None) for field in FIELDS}
        source = one.source if one.source is not None else before.source if before else Source()
        if before is not None and (one.if_absent or (values, source) == (before.values, before.source)):
            continue
        if before is None:
            added, position = added + 1, position + 1
        else:
            changed += 1
        size = sum(len(value.encode()) for value in values.values() if value is not None)
        if size > MAX_ITEM_BYTES:
            raise DatasetFull(f"The item {one.item_id!r} has {size:,} bytes; one may have {MAX_ITEM_BYTES:,}.", "put")
        fresh.append(
            {
                "project": project, "name": name, "item_id": one.item_id, "since_version": version,
                "until_version": None, "position": before.position if before else position, **values, "size": size,
                **source._asdict(), "created_at": now, "created_by": by,
            }
        )  # fmt: skip
    removed = [one for one in dict.fromkeys(remove) if one not in wanted]
    items = (0 if row is None else row.items) + added - len(removed)
    kept = (0 if row is None else row.kept_bytes) + sum(one["size"] for one in fresh)
    if items > MAX_ITEMS:
        raise DatasetFull(f"The dataset {name!r} would have {items:,} items; one may have {MAX_ITEMS:,}.", "put")
    if kept > MAX_KEPT_BYTES:
        raise DatasetFull(
            f"All versions of {name!r} would take {kept:,} bytes; a dataset may have {MAX_KEPT_BYTES:,}. "
            "Export it and begin another.",
            "put",
        )
    done = Change(
        name=name, version=version, items=items, added=added, changed=changed, removed=len(removed),
        unchanged=len(wanted) - added - changed,
    )  # fmt: skip
    if row is not None and not fresh and not removed:
        if description is not None and description != row.description:
            connection.execute(
                update(datasets).where(*where).values(description=description, updated_at=now, updated_by=by)
            )
        return Change(
            name=name, version=row.versions, items=items, added=0, changed=0, removed=0, unchanged=len(wanted)
        )
    said: dict[str, Any] = {
        "versions": version, "items": items, "next_position": position, "kept_bytes": kept, "updated_at": now,
        "updated_by": by,
    }  # fmt: skip
    if description is not None or row is None:
        said["description"] = description or ""
    if row is None:
        connection.execute(insert(datasets).values(project=project, name=name, **said))
    else:
        connection.execute(update(datasets).where(*where).values(**said))
    _end(connection, project, name, [*(one["item_id"] for one in fresh if one["item_id"] in there), *removed], version)
    for rows in _some(fresh):
        connection.execute(insert(dataset_items), rows)
    connection.execute(
        insert(dataset_versions).values(
            project=project,
            name=name,
            version=version,
            items=items,
            added=added,
            changed=changed,
            removed=len(removed),
            message=message,
            created_at=now,
            created_by=by,
        )
    )
    return done


def _room_for(connection: Connection, project: str, name: str, row: Row[Any] | None) -> None:
    if row is None:
        count = connection.execute(
            select(func.count()).select_from(datasets).where(datasets.c.project == project)
        ).scalar_one()
        if count >= MAX_DATASETS:
            raise TooMany(f"The project has {count} datasets, the most there can be. Delete one first.")
    elif row.versions >= MAX_VERSIONS:
        raise TooMany(f"The dataset {name!r} has {row.versions} versions, the most there can be.")


def _current(connection: Connection, project: str, name: str, ids: Iterable[str]) -> dict[str, KeptItem]:
    found: dict[str, KeptItem] = {}
    for some in _some(list(dict.fromkeys(ids))):
        rows = connection.execute(
            select(dataset_items).where(
                dataset_items.c.project == project,
                dataset_items.c.name == name,
                dataset_items.c.until_version.is_(None),
                dataset_items.c.item_id.in_(some),
            )
        )
        found.update((row.item_id, kept_item(row)) for row in rows)
    return found


def _end(connection: Connection, project: str, name: str, ids: Sequence[str], version: int) -> None:
    for some in _some(ids):
        connection.execute(
            update(dataset_items)
            .where(
                dataset_items.c.project == project,
                dataset_items.c.name == name,
                dataset_items.c.until_version.is_(None),
                dataset_items.c.item_id.in_(some),
            )
            .values(until_version=version)
        )


def _some(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for at in range(0, len(values), _AT_ONCE):
        yield values[at : at + _AT_ONCE]
