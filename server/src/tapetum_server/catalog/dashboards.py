"""Dashboards as they are kept: a document per row, which nobody changes without having seen the last change."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from tapetum_server.catalog.clock import Clock, utc
from tapetum_server.catalog.database import Database
from tapetum_server.catalog.errors import DashboardChanged, TooMany, UnknownDashboard
from tapetum_server.catalog.tables import dashboards

MAX_DASHBOARDS = 500
"""Of one project."""
_SUMMARY = [column for column in dashboards.c if column.name != "document"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardSummary:
    """A dashboard without its document."""

    id: str
    title: str
    description: str
    panels: int
    revision: int
    created_at: datetime
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True, slots=True)
class KeptDashboard:
    """A dashboard and its document, the JSON as it was given."""

    summary: DashboardSummary
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardContent:
    """What a dashboard is to be. Whoever gives it has checked that the document is one."""

    title: str
    description: str
    panels: int
    document: str


class Dashboards:
    """The dashboards that people made, each of one project."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def all(self, project: str) -> list[DashboardSummary]:
        """The project's dashboards, by title."""
        query = (
            select(*_SUMMARY)
            .where(dashboards.c.project == project)
            .order_by(func.lower(dashboards.c.title), dashboards.c.id)
        )
        with self._database.reading() as connection:
            return [_summary(row) for row in connection.execute(query)]

    def get(self, project: str, id: str) -> KeptDashboard:
        """One dashboard. Raises `UnknownDashboard`, also for another project's."""
        with self._database.reading() as connection:
            return KeptDashboard(*_read(connection, project, id))

    def create(self, project: str, content: DashboardContent, *, by: str) -> DashboardSummary:
        """Keep a new dashboard. Raises `TooMany`."""
        now = utc(self._clock())
        id = secrets.token_hex(8)
        row = {"id": id, "project": project, "revision": 1, "created_at": now, "updated_at": now, **_row(content, by)}
        with self._database.writing() as connection:
            count = connection.execute(
                select(func.count()).select_from(dashboards).where(dashboards.c.project == project)
            ).scalar_one()
            if count >= MAX_DASHBOARDS:
                raise TooMany(f"The project has {count} dashboards, the most there can be. Delete one first.")
            connection.execute(insert(dashboards).values(**row))
            return _read(connection, project, id)[0]

    def change(self, project: str, id: str, content: DashboardContent, *, revision: int, by: str) -> DashboardSummary:
        """Replace the document of revision `revision`. Raises `DashboardChanged` where it has another by now."""
        with self._database.writing() as connection:
            # In the condition, so that of two writers at once PostgreSQL lets one through, too.
            changed = connection.execute(
                update(dashboards)
                .where(dashboards.c.id == id, dashboards.c.project == project, dashboards.c.revision == revision)
                .values(**_row(content, by), revision=revision + 1, updated_at=utc(self._clock()))
            )
            now, _ = _read(connection, project, id)
            if changed.rowcount == 0:
                raise DashboardChanged(
                    f"{now.updated_by} changed this dashboard at {now.updated_at:%Y-%m-%d %H:%M:%S} UTC: it is at "
                    f"revision {now.revision}, and this change is of revision {revision}."
                )
            return now

    def delete(self, project: str, id: str) -> None:
        """Forget a dashboard. Raises `UnknownDashboard`."""
        with self._database.writing() as connection:
            gone = connection.execute(delete(dashboards).where(dashboards.c.id == id, dashboards.c.project == project))
            if gone.rowcount == 0:
                raise _unknown(id)


def _read(connection: Connection, project: str, id: str) -> tuple[DashboardSummary, str]:
    row = connection.execute(
        select(dashboards).where(dashboards.c.id == id, dashboards.c.project == project)
    ).one_or_none()
    if row is None:
        raise _unknown(id)
    return _summary(row), row.document


def _unknown(id: str) -> UnknownDashboard:
    return UnknownDashboard(f"There is no dashboard {id[:80]!r} in this project.")


def _row(content: DashboardContent, by: str) -> dict[str, object]:
    return {
        "title": content.title,
        "description": content.description,
        "panels": content.panels,
        "document": content.document,
        "updated_by": by[:200],
    }


def _summary(row: Row[tuple[object, ...]]) -> DashboardSummary:
    return DashboardSummary(
        id=row.id,
        title=row.title,
        description=row.description,
        panels=row.panels,
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
        updated_by=row.updated_by,
    )
