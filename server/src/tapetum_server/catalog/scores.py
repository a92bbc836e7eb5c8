"""Definitions of scores: what the evaluations of a name look like, by project."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from tapetum_server.catalog.clock import Clock, utc
from tapetum_server.catalog.database import Database
from tapetum_server.catalog.errors import TooMany, UnknownScore
from tapetum_server.catalog.tables import score_definitions
from tapetum_server.signals.scores import ScoreDefinition, definition_of, document_of

MAX_DEFINITIONS = 500
"""Of one project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDefinition:
    """A definition, and who changed it last."""

    definition: ScoreDefinition
    updated_at: datetime
    updated_by: str


class Scores:
    """The definitions of every project, kept in memory too: each evaluation that arrives is held to them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        # Held while the database and memory change together, so that a refresh cannot undo what it did not see.
        self._changing = threading.Lock()
        self._known: dict[tuple[str, str], ScoreDefinition] = {}

    def refresh(self) -> None:
        """Learn what other processes changed."""
        with self._changing:
            self._known = self._all()

    def definition(self, project: str, name: str) -> ScoreDefinition | None:
        """The definition of that name, `None` where there is none. From memory."""
        return self._known.get((project, name))

    def known(self, project: str) -> list[ScoreDefinition]:
        """The project's definitions, by name. From memory."""
        return [found for (whose, _), found in sorted(self._known.items()) if whose == project]

    def all(self, project: str) -> list[KeptDefinition]:
        """The project's definitions, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(score_definitions)
                .where(score_definitions.c.project == project)
                .order_by(func.lower(score_definitions.c.name), score_definitions.c.name)
            )
            return [_kept(row) for row in rows]

    def define(self, project: str, definition: ScoreDefinition, *, by: str) -> KeptDefinition:
        """Keep a definition in the place of the one of that name. Raises `TooMany`."""
        said: dict[str, Any] = {
            "definition": json.dumps(document_of(definition), ensure_ascii=False),
            "updated_at": utc(self._clock()),
            "updated_by": by[:200],
        }
        where = (score_definitions.c.project == project, score_definitions.c.name == definition.name)
        with self._changing:
            with self._database.writing() as connection:
                if not connection.execute(update(score_definitions).where(*where).values(**said)).rowcount:
                    count = connection.execute(
                        select(func.count()).select_from(score_definitions).where(where[0])
                    ).scalar_one()
                    if count >= MAX_DEFINITIONS:
                        raise TooMany(f"The project defines {count} scores, the most there can be. Delete one first.")
                    connection.execute(insert(score_definitions).values(project=project, name=definition.name, **said))
                kept = _kept(connection.execute(select(score_definitions).where(*where)).one())
            self._known = {**self._known, (project, definition.name): definition}
        return kept

    def delete(self, project: str, name: str) -> None:
        """Forget a definition; evaluations stay. Raises `UnknownScore`."""
        with self._changing:
            with self._database.writing() as connection:
                gone = connection.execute(
                    delete(score_definitions).where(
                        score_definitions.c.project == project, score_definitions.c.name == name
                    )
                ).rowcount
            if not gone:
                raise UnknownScore(f"No score {name[:200]!r} is defined in this project.")
            self._known = {key: found for key, found in self._known.items() if key != (project, name)}

    def _all(self) -> dict[tuple[str, str], ScoreDefinition]:
        with self._database.reading() as connection:
            return {
                (row.project, row.name): definition_of(json.loads(row.definition))
                for row in connection.execute(select(score_definitions))
            }


def _kept(row: Row[Any]) -> KeptDefinition:
    return KeptDefinition(
        definition=definition_of(json.loads(row.definition)), updated_at=row.updated_at, updated_by=row.updated_by
    )
