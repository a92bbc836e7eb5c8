"""Projects: whose telemetry it is, and how long it is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from tapetum_server.catalog.clock import Clock, utc
from tapetum_server.catalog.database import Database
from tapetum_server.catalog.errors import (
    InvalidName,
    InvalidRetention,
    ProjectExists,
    TooManyProjects,
    UnknownProject,
)
from tapetum_server.catalog.tables import projects
from tapetum_server.signals.identity import PROJECT_NAME

MAX_PROJECTS = 1_000
"""A sender that puts something unique into the project's name meets this wall, not a full disk."""
MAX_RETENTION_DAYS = 3_650


@dataclass(frozen=True, slots=True)
class Retention:
    """How many days each signal is kept."""

    traces: int = 30
    logs: int = 30
    metrics: int = 30
    predictions: int = 30
    labels: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Whose telemetry it is. Nobody sees another project's data."""

    name: str
    created_at: datetime
    retention: Retention


RetentionListener = Callable[[str, Retention], None]


class Projects:
    """The projects, with those that are known kept in memory."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        # Held while the database and memory change together, so that a refresh cannot undo what it did not see.
        self._changing = threading.Lock()
        self._known: dict[str, Retention] = {}
        self._listeners: list[RetentionListener] = []

    def refresh(self) -> None:
        """Learn what other processes changed."""
        with self._changing:
            self._known = {project.name: project.retention for project in self.all()}

    def all(self) -> list[Project]:
        """Every project, by name."""
        with self._database.reading() as connection:
            return [_project(row) for row in connection.execute(select(projects).order_by(projects.c.name))]

    def names(self) -> list[str]:
        """The known projects' names, in order. From memory."""
        return sorted(self._known)

    def exists(self, name: str) -> bool:
        """Whether the project is known. From memory."""
        return name in self._known

    def retention(self, name: str) -> Retention:
        """How long the project's signals are kept; the default for one that is not there yet. From memory."""
        return self._known.get(name, Retention())

    def ensure(self, name: str) -> None:
        """Make the project unless it is there. Costs a dictionary look-up when it is.

        Call it for an authorised write only. Raises `InvalidName` or `TooManyProjects`.
        """
        if name not in self._known:
            self._insert(name)

    def create(self, name: str) -> Project:
        """Make a project. Raises `ProjectExists`, `InvalidName` or `TooManyProjects`."""
        if not self._insert(name):
            raise ProjectExists(f"There is a project {name!r} already.")
        return self.get(name)

    def get(self, name: str) -> Project:
        """One project, from the database. Raises `UnknownProject`."""
        with self._database.reading() as connection:
            row = connection.execute(select(projects).where(projects.c.name == name)).one_or_none()
        if row is None:
            raise UnknownProject(f"There is no project {name!r}.")
        return _project(row)

    def set_retention(self, name: str, **days_of: int | None) -> Project:
        """Keep the signals that are named for that many days, from now on and for what is there."""
        changes = {signal: days for signal, days in days_of.items() if days is not None}
        for signal, days in changes.items():
            if not 1 <= days <= MAX_RETENTION_DAYS:
                raise InvalidRetention(
                    f"{signal} cannot be kept for {days} days; expected 1 to {MAX_RETENTION_DAYS}.",
                    f"retention.{signal}",
                )
        current = self.get(name)
        if not changes:
            return current
        changed = replace(current, retention=replace(current.retention, **changes))
        with self._changing:
            with self._database.writing() as connection:
                columns = {f"{signal}_days": days for signal, days in changes.items()}
                connection.execute(update(projects).where(projects.c.name == name).values(**columns))
            self._known = {**self._known, name: changed.retention}
        for listener in self._listeners:
            listener(name, changed.retention)
        return changed

    def on_retention(self, listener: RetentionListener) -> None:
        """Call `listener` after a project's retention was changed by this process."""
        self._listeners.append(listener)

    def _insert(self, name: str) -> bool:
        check_project_name(name)
        default = asdict(Retention())
        row: dict[str, object] = {"name": name, "created_at": utc(self._clock())}
        row |= {f"{signal}_days": days for signal, days in default.items()}
        with self._changing:
            made = self._insert_row(name, row)
            self._known = {name: Retention(), **self._known}
        return made

    def _insert_row(self, name: str, row: dict[str, object]) -> bool:
        try:
            with self._database.writing() as connection:
                if connection.execute(select(projects.c.name).where(projects.c.name == name)).first() is not None:
                    return False
                count = connection.execute(select(func.count()).select_from(projects)).scalar_one()
                if count >= MAX_PROJECTS:
                    raise TooManyProjects(
                        f"There are {count} projects, the most there can be, so {name!r} was not made. "
                        "Does a sender put something unique into x-tapetum-project?"
                    )
                connection.execute(insert(projects).values(**row))
        except IntegrityError:  # another process made it at the same moment
            return False
        return True


def check_project_name(name: str, field: str = "name") -> None:
    """Raise `InvalidName` unless `name` can be a project's."""
    if not PROJECT_NAME.fullmatch(name):
        shown = name if len(name) <= 80 else f"{name[:80]}…"
        raise InvalidName(
            f"{shown!r} cannot be a project's name; expected 1 to 64 letters, digits, dots, underscores or "
            "hyphens, the first a letter or digit.",
            field,
        )


def _project(row: Row[tuple[object, ...]]) -> Project:
    retention = Retention(**{signal.name: getattr(row, f"{signal.name}_days") for signal in fields(Retention)})
    return Project(name=row.name, created_at=row.created_at, retention=retention)
