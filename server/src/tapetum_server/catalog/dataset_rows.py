"""What is read of datasets: themselves, their versions, and which items one version has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select

from tapetum_server.catalog.errors import UnknownDataset
from tapetum_server.catalog.tables import dataset_items, dataset_versions, datasets
from tapetum_server.signals.datasets import FIELDS, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSummary:
    """A dataset without its items."""

    name: str
    description: str
    versions: int
    """The newest version's number, which is how many there are."""
    items: int
    """Of the newest version."""
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetVersion:
    """One version: how many items it has, and what it changed in the one before."""

    version: int
    items: int
    added: int
    changed: int
    removed: int
    message: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptItem:
    """An item as one version has it; values are JSON texts (`signals.datasets.encode_value`)."""

    item_id: str
    since_version: int
    """The version that added it or changed it last."""
    position: int
    values: dict[str, str | None]
    source: Source
    size: int
    created_at: datetime
    created_by: str


def dataset_of(connection: Connection, project: str, name: str) -> Row[Any]:
    """The row of a dataset. Raises `UnknownDataset`."""
    row = connection.execute(
        select(datasets).where(datasets.c.project == project, datasets.c.name == name)
    ).one_or_none()
    if row is None:
        raise UnknownDataset(f"There is no dataset {name[:200]!r} in this project.", "name")
    return row


def version_of(row: Row[Any], version: int | None) -> int:
    """The version that is asked for, the newest without one. Raises `UnknownDataset` with what there is."""
    if version is None:
        return int(row.versions)
    if not 1 <= version <= row.versions:
        raise UnknownDataset(
            f"The dataset {row.name!r} has no version {version}: the newest is {row.versions}.", "version"
        )
    return version


def versions_of(connection: Connection, project: str, name: str, limit: int) -> list[DatasetVersion]:
    """The versions, the newest first."""
    rows = connection.execute(
        select(dataset_versions)
        .where(dataset_versions.c.project == project, dataset_versions.c.name == name)
        .order_by(dataset_versions.c.version.desc())
        .limit(limit)
    )
    return [kept_version(row) for row in rows]


def items_of(
    connection: Connection, project: str, name: str, where: ColumnElement[bool], *, after: int, limit: int
) -> Iterator[KeptItem]:
    """Items in their order, behind a position; read as they are taken."""
    rows = connection.execute(
        select(dataset_items)
        .where(
            dataset_items.c.project == project,
            dataset_items.c.name == name,
            dataset_items.c.position > after,
            where,
        )
        .order_by(dataset_items.c.position, dataset_items.c.since_version)
        .limit(limit)
        .execution_options(yield_per=50)
    )
    return (kept_item(row) for row in rows)


def in_version(version: int) -> ColumnElement[bool]:
    """Whether a version has the item in this form."""
    return and_(
        dataset_items.c.since_version <= version,
        or_(dataset_items.c.until_version.is_(None), dataset_items.c.until_version > version),
    )


def only_in(version: int, other: int) -> ColumnElement[bool]:
    """Whether one version has the item in this form and the other has not."""
    gone = or_(
        dataset_items.c.since_version > other,
        and_(dataset_items.c.until_version.is_not(None), dataset_items.c.until_version <= other),
    )
    return and_(in_version(version), gone)


def summary_of(row: Row[Any]) -> DatasetSummary:
    """A row of `datasets`."""
    return DatasetSummary(
        name=row.name,
        description=row.description,
        versions=row.versions,
        items=row.items,
        updated_at=row.updated_at,
        updated_by=row.updated_by,
    )


def kept_version(row: Row[Any]) -> DatasetVersion:
    """A row of `dataset_versions`."""
    return DatasetVersion(
        version=row.version,
        items=row.items,
        added=row.added,
        changed=row.changed,
        removed=row.removed,
        message=row.message,
        created_at=row.created_at,
        created_by=row.created_by,
    )


def kept_item(row: Row[Any]) -> KeptItem:
    """A row of `dataset_items`."""
    return KeptItem(
        item_id=row.item_id,
        since_version=row.since_version,
        position=row.position,
        values={name: row._mapping[name] for name in FIELDS},
        source=Source(row.trace_id, row.span_id, row.prediction_id),
        size=row.size,
        created_at=row.created_at,
        created_by=row.created_by,
    )
