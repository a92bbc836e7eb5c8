"""Saved views: a page and the search part of its address, under a name that a project shares."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, delete, func, insert, select

from tapetum_server.catalog.clock import Clock, utc
from tapetum_server.catalog.database import Database
from tapetum_server.catalog.errors import TooMany, UnknownView, ViewExists
from tapetum_server.catalog.tables import views

MAX_VIEWS = 1_000
"""Of one project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One saved view."""

    id: str
    page: str
    name: str
    search: str
    created_at: datetime
    created_by: str


class Views:
    """The saved views, each of one project."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def all(self, project: str, page: str | None = None) -> list[View]:
        """The project's views, by name; of one page, where it is named."""
        query = select(views).where(views.c.project == project)
        if page is not None:
            query = query.where(views.c.page == page)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(views.c.page, func.lower(views.c.name), views.c.id))
            return [_view(row) for row in rows]

    def create(self, project: str, *, page: str, name: str, search: str, by: str, replace: bool = False) -> View:
        """Keep a view. Raises `ViewExists` where the page has one of that name and `replace` is not asked, and
        `TooMany`."""
        same = (views.c.project == project, views.c.page == page, views.c.name == name)
        id = secrets.token_hex(8)
        with self._database.writing() as connection:
            if replace:
                connection.execute(delete(views).where(*same))
            elif connection.execute(select(views.c.id).where(*same)).first() is not None:
                raise ViewExists(f"There is a view {name!r} of this page already.")
            count = connection.execute(
                select(func.count()).select_from(views).where(views.c.project == project)
            ).scalar_one()
            if count >= MAX_VIEWS:
                raise TooMany(f"The project has {count} saved views, the most there can be. Delete one first.")
            connection.execute(
                insert(views).values(
                    id=id,
                    project=project,
                    page=page,
                    name=name,
                    search=search,
                    created_at=utc(self._clock()),
                    created_by=by[:200],
                )
            )
            return _view(connection.execute(select(views).where(views.c.id == id)).one())

    def delete(self, project: str, id: str) -> None:
        """Forget a view. Raises `UnknownView`, also for another project's."""
        with self._database.writing() as connection:
            gone = connection.execute(delete(views).where(views.c.id == id, views.c.project == project))
            if gone.rowcount == 0:
                raise UnknownView(f"There is no saved view {id[:80]!r} in this project.")


def _view(row: Row[tuple[object, ...]]) -> View:
    return View(
        id=row.id,
        page=row.page,
        name=row.name,
        search=row.search,
        created_at=row.created_at,
        created_by=row.created_by,
    )
