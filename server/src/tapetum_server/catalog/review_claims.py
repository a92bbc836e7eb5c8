"""Who looks at what in order to judge it: claims that end by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select

from tapetum_server.catalog.clock import Clock
from tapetum_server.catalog.database import Database
from tapetum_server.catalog.errors import TooMany
from tapetum_server.catalog.tables import review_claims

CLAIM_S = 300
"""For so long, unless the reviewer's page says again that it is still there."""
MAX_CLAIMS = 10_000
"""Of one project at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A reviewer's claim on one thing."""

    target_type: str
    target_id: str
    holder: str
    """The page that holds it: one reviewer may have several open."""
    reviewer: str
    until: float
    """Seconds since 1970."""


class ReviewClaims:
    """The claims of every project."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def all(self, project: str) -> list[Claim]:
        """The claims that hold now."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(review_claims).where(review_claims.c.project == project, review_claims.c.until > self._clock())
            )
            return [_claim(row) for row in rows]

    def claim(self, project: str, target_type: str, target_id: str, *, holder: str, reviewer: str) -> Claim:
        """Claim a thing, or say that one still looks at it; the answer is the claim that holds then.

        It is somebody else's where they came first. Of two who claim at the same time one gets it. Raises `TooMany`.
        """
        now = self._clock()
        where = (
            review_claims.c.project == project,
            review_claims.c.target_type == target_type,
            review_claims.c.target_id == target_id,
        )
        with self._database.writing() as connection:
            connection.execute(delete(review_claims).where(review_claims.c.until <= now))
            row = connection.execute(select(review_claims).where(*where).with_for_update()).one_or_none()
            if row is not None and row.holder != holder:
                return _claim(row)
            if row is None:
                count = connection.execute(
                    select(func.count()).select_from(review_claims).where(review_claims.c.project == project)
                ).scalar_one()
                if count >= MAX_CLAIMS:
                    raise TooMany(f"{count} things are under review at this moment, the most there can be.")
            connection.execute(delete(review_claims).where(*where))
            made = Claim(
                target_type=target_type,
                target_id=target_id,
                holder=holder,
                reviewer=reviewer[:200],
                until=now + CLAIM_S,
            )
            connection.execute(
                insert(review_claims).values(
                    project=project,
                    target_type=target_type,
                    target_id=target_id,
                    holder=holder,
                    reviewer=made.reviewer,
                    until=made.until,
                )
            )
            return made

    def release(self, project: str, holder: str, *, target_type: str, target_id: str) -> None:
        """Let go of a thing. Nothing happens where it is somebody else's."""
        with self._database.writing() as connection:
            connection.execute(
                delete(review_claims).where(
                    review_claims.c.project == project,
                    review_claims.c.target_type == target_type,
                    review_claims.c.target_id == target_id,
                    review_claims.c.holder == holder,
                )
            )


def _claim(row: Any) -> Claim:
    return Claim(
        target_type=row.target_type,
        target_id=row.target_id,
        holder=row.holder,
        reviewer=row.reviewer,
        until=row.until,
    )
