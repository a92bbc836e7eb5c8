"""What projects say about redaction themselves, with all of it in memory: every batch that arrives asks."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Row, delete, insert, select, update

from tapetum_server.catalog.clock import Clock, utc
from tapetum_server.catalog.database import Database
from tapetum_server.catalog.errors import RedactionChanged
from tapetum_server.catalog.tables import redaction_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRedaction:
    """One project's rules, as JSON that `processors` reads."""

    project: str
    document: str
    revision: int
    """Counts changes from 1."""
    updated_at: datetime
    updated_by: str


class Redaction:
    """The rules of each project that has some of its own."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        # Held while the database and memory change together, so that a refresh cannot undo what it did not see.
        self._changing = threading.Lock()
        self._known: dict[str, StoredRedaction] = {}

    def refresh(self) -> None:
        """Learn what other processes changed."""
        with self._changing, self._database.reading() as connection:
            rows = connection.execute(select(redaction_rules))
            self._known = {row.project: _stored(row) for row in rows}

    def of(self, project: str) -> StoredRedaction | None:
        """The project's own rules, if it has any. From memory."""
        return self._known.get(project)

    def set(self, project: str, document: str, *, by: str, revision: int | None = None) -> StoredRedaction:
        """Keep rules. Raises `RedactionChanged` where `revision` is given and no longer the newest."""
        with self._changing:
            with self._database.writing() as connection:
                row = connection.execute(
                    select(redaction_rules).where(redaction_rules.c.project == project).with_for_update()
                ).one_or_none()
                now = 0 if row is None else row.revision
                if revision is not None and revision != now:
                    who = "Somebody" if row is None else row.updated_by
                    raise RedactionChanged(f"{who} changed the rules meanwhile: they are at revision {now}.")
                kept = StoredRedaction(
                    project=project,
                    document=document,
                    revision=now + 1,
                    updated_at=utc(self._clock()),
                    updated_by=by[:200],
                )
                if row is None:
                    connection.execute(insert(redaction_rules).values(**asdict(kept)))
                else:
                    connection.execute(
                        update(redaction_rules).where(redaction_rules.c.project == project).values(**asdict(kept))
                    )
            self._known = {**self._known, project: kept}
        return kept

    def clear(self, project: str) -> None:
        """Leave the project with the configuration's rules alone."""
        with self._changing:
            with self._database.writing() as connection:
                connection.execute(delete(redaction_rules).where(redaction_rules.c.project == project))
            self._known = {name: kept for name, kept in self._known.items() if name != project}


def _stored(row: Row[tuple[object, ...]]) -> StoredRedaction:
    return StoredRedaction(
        project=row.project,
        document=row.document,
        revision=row.revision,
        updated_at=row.updated_at,
        updated_by=row.updated_by,
    )
