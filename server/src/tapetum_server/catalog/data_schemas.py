"""Schemas of data: the versions that each model or data set has had. The newest is in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, func, insert, select

from tapetum_server.catalog.clock import Clock, utc
from tapetum_server.catalog.database import Database
from tapetum_server.catalog.errors import DataSchemaChanged, TooMany, UnknownDataSchema
from tapetum_server.catalog.tables import data_schemas

Kind = Literal["model", "dataset"]
MAX_NAMES = 2_000
"""Models and data sets with a schema, of one project."""
MAX_VERSIONS = 1_000
"""Of one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSchema:
    """One version, as it was given."""

    kind: Kind
    name: str
    version: int
    text: str
    """TFDV's `schema.pbtxt`."""
    features: int
    message: str
    created_at: datetime
    created_by: str


class DataSchemas:
    """The schemas of every project. A version is kept as it is; changing a schema makes the next one."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def newest(self, project: str) -> list[DataSchema]:
        """The schema in force of each model and data set, by kind and name."""
        of = data_schemas.c
        last = (
            select(of.kind, of.name, func.max(of.version).label("version"))
            .where(of.project == project)
            .group_by(of.kind, of.name)
            .subquery()
        )
        both = (of.kind == last.c.kind) & (of.name == last.c.name) & (of.version == last.c.version)
        query = select(data_schemas).join(last, both).where(of.project == project)
        with self._database.reading() as connection:
            return [_version(row) for row in connection.execute(query.order_by(of.kind, func.lower(of.name), of.name))]

    def in_force(self) -> dict[str, dict[str, int]]:
        """Of every project that has schemas of models: which version of each is in force."""
        of = data_schemas.c
        query = (
            select(of.project, of.name, func.max(of.version)).where(of.kind == "model").group_by(of.project, of.name)
        )
        found: dict[str, dict[str, int]] = {}
        with self._database.reading() as connection:
            for project, name, version in connection.execute(query):
                found.setdefault(project, {})[name] = version
        return found

    def versions(self, project: str, kind: Kind, name: str) -> list[DataSchema]:
        """Every version, the newest first. Raises `UnknownDataSchema`."""
        query = _of(project, kind, name).order_by(data_schemas.c.version.desc())
        with self._database.reading() as connection:
            found = [_version(row) for row in connection.execute(query)]
        if not found:
            raise _unknown(kind, name)
        return found

    def find(self, project: str, kind: Kind, name: str, version: int | None = None) -> DataSchema:
        """The version of that number, else the newest. Raises `UnknownDataSchema`."""
        with self._database.reading() as connection:
            return _find(connection, project, kind, name, version)

    def add(
        self, project: str, kind: Kind, name: str, *, text: str, features: int, message: str, by: str,
        after: int | None = None,
    ) -> DataSchema:  # fmt: skip
        """Keep the next version, or answer with the newest where that is this very schema. Raises `TooMany`.

        With `after`, only behind that version. Raises `DataSchemaChanged` where the newest is another one.
        """
        with self._database.writing() as connection:
            newest = connection.execute(
                _of(project, kind, name).order_by(data_schemas.c.version.desc()).limit(1).with_for_update()
            ).one_or_none()
            number = 0 if newest is None else newest.version
            if after is not None and after != number:
                raise DataSchemaChanged(f"The newest version is {number}, and the change was made to {after}.")
            if newest is not None and newest.schema_text == text:
                return _version(newest)
            if newest is None:
                _leave_room(connection, project)
            if number >= MAX_VERSIONS:
                raise TooMany(f"The schema of {name!r} has {number} versions, the most there can be. Delete it first.")
            connection.execute(
                insert(data_schemas).values(
                    project=project,
                    kind=kind,
                    name=name,
                    version=number + 1,
                    schema_text=text,
                    features=features,
                    message=message,
                    created_at=utc(self._clock()),
                    created_by=by[:200],
                )
            )
            return _find(connection, project, kind, name, number + 1)

    def delete(self, project: str, kind: Kind, name: str) -> None:
        """Forget all versions. Raises `UnknownDataSchema`."""
        with self._database.writing() as connection:
            _find(connection, project, kind, name, None)
            of = data_schemas.c
            connection.execute(delete(data_schemas).where(of.project == project, of.kind == kind, of.name == name))


def _of(project: str, kind: str, name: str) -> Any:
    of = data_schemas.c
    return select(data_schemas).where(of.project == project, of.kind == kind, of.name == name)


def _find(connection: Connection, project: str, kind: Kind, name: str, version: int | None) -> DataSchema:
    newest = connection.execute(_of(project, kind, name).order_by(data_schemas.c.version.desc()).limit(1)).one_or_none()
    if newest is None:
        raise _unknown(kind, name)
    if version is None or version == newest.version:
        return _version(newest)
    row = connection.execute(_of(project, kind, name).where(data_schemas.c.version == version)).one_or_none()
    if row is None:
        raise UnknownDataSchema(
            f"The schema of the {kind} {name!r} has no version {version}: the newest is {newest.version}.", "version"
        )
    return _version(row)


def _leave_room(connection: Connection, project: str) -> None:
    of = data_schemas.c
    count = connection.execute(
        select(func.count()).select_from(data_schemas).where(of.project == project, of.version == 1)
    ).scalar_one()
    if count >= MAX_NAMES:
        raise TooMany(f"The project has {count} schemas, the most there can be. Delete one first.")


def _unknown(kind: Kind, name: str) -> UnknownDataSchema:
    return UnknownDataSchema(f"The {kind} {name[:200]!r} has no schema in this project.", "name")


def _version(row: Row[Any]) -> DataSchema:
    return DataSchema(
        kind=row.kind,
        name=row.name,
        version=row.version,
        text=row.schema_text,
        features=row.features,
        message=row.message,
        created_at=row.created_at,
        created_by=row.created_by,
    )
