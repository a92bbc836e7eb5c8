"""Prices that people set, of one project or of all; those in force are kept in memory."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, select

from tapetum_server.catalog.clock import Clock, utc
from tapetum_server.catalog.database import Database
from tapetum_server.catalog.errors import TooMany, UnknownPrice
from tapetum_server.catalog.tables import prices
from tapetum_server.signals.prices import PriceRule, sorted_rules

MAX_PRICES = 1_000
"""Of one project, and of all projects."""
_RULE_FIELDS = tuple(field.name for field in fields(PriceRule))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPrice:
    """A price, and who set it."""

    rule: PriceRule
    updated_at: datetime
    updated_by: str


class Prices:
    """The prices that come before the price list's."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._changing = threading.Lock()
        # Every price, and those of each project that asked. Replaced whole: reading it needs no lock.
        self._known: tuple[tuple[PriceRule, ...], dict[str, tuple[PriceRule, ...]]] = (), {}

    def refresh(self) -> None:
        """Learn what other processes changed."""
        with self._changing:
            self._learn()

    def of(self, project: str) -> tuple[PriceRule, ...]:
        """The prices that hold in a project. From memory: the same object until any price changes."""
        known, of = self._known
        found = of.get(project)
        if found is None:
            found = of[project] = tuple(rule for rule in known if rule.project in ("", project))
        return found

    def all(self, project: str) -> list[SetPrice]:
        """The prices that hold in a project, those that come first at the top."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(prices).where((prices.c.project == project) | prices.c.project.is_(None))
            ).all()
        known = {row.id: _price(row) for row in rows}
        return [known[rule.id] for rule in sorted_rules(each.rule for each in known.values())]

    def put(self, rule: PriceRule, *, by: str) -> SetPrice:
        """Set a price: of its project, provider, model and day there is one, which this replaces. Raises `TooMany`.

        The rule's own id counts for nothing: the one that is there is kept.
        """
        owner = _owner(rule.project)
        same = (
            owner,
            func.lower(prices.c.provider) == rule.provider.lower(),
            func.lower(prices.c.model) == rule.model.lower(),
            prices.c.valid_from.is_(None) if rule.valid_from is None else prices.c.valid_from == rule.valid_from,
        )
        with self._changing:
            with self._database.writing() as connection:
                there = connection.execute(select(prices.c.id).where(*same)).scalars().first()
                connection.execute(delete(prices).where(*same))
                count = connection.execute(select(func.count()).select_from(prices).where(owner)).scalar_one()
                if count >= MAX_PRICES:
                    raise TooMany(f"There are {count} prices already, the most there can be. Delete one first.")
                id = there or secrets.token_hex(8)
                values = {name: getattr(rule, name) for name in _RULE_FIELDS}
                values |= {"id": id, "project": rule.project or None}
                values |= {"updated_at": utc(self._clock()), "updated_by": by[:200]}
                connection.execute(insert(prices).values(**values))
                kept = _price(connection.execute(select(prices).where(prices.c.id == id)).one())
            self._learn()
        return kept

    def get(self, id: str) -> SetPrice:
        """One price. Raises `UnknownPrice`."""
        with self._database.reading() as connection:
            row = connection.execute(select(prices).where(prices.c.id == id)).one_or_none()
        if row is None:
            raise UnknownPrice(f"There is no price {id[:80]!r}.")
        return _price(row)

    def delete(self, id: str) -> None:
        """Forget a price. Raises `UnknownPrice`."""
        with self._changing:
            with self._database.writing() as connection:
                if connection.execute(delete(prices).where(prices.c.id == id)).rowcount == 0:
                    raise UnknownPrice(f"There is no price {id[:80]!r}.")
            self._learn()

    def _learn(self) -> None:
        with self._database.reading() as connection:
            known = tuple(_price(row).rule for row in connection.execute(select(prices).order_by(prices.c.id)))
        if known != self._known[0]:
            self._known = known, {}


def _owner(project: str) -> ColumnElement[bool]:
    return prices.c.project == project if project else prices.c.project.is_(None)


def _price(row: Row[Any]) -> SetPrice:
    values = {name: getattr(row, name) for name in _RULE_FIELDS} | {"project": row.project or ""}
    return SetPrice(rule=PriceRule(**values), updated_at=row.updated_at, updated_by=row.updated_by)
