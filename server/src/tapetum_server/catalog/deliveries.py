"""Notifications on their way: kept until they are delivered or given up, so that a restart loses none."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, delete, exists, func, insert, not_, or_, select, update

from tapetum_server.catalog.clock import Clock
from tapetum_server.catalog.database import Database
from tapetum_server.catalog.tables import alert_deliveries, monitors

KEPT_PER_MONITOR = 300
WAITING_PER_MONITOR = 200
"""A receiver that is away for long gets the newest of what it missed; the rest is given up and listed as such."""
LOOKED_AT = 1_000
"""Of those that are due, among which room is given."""
CLOCK_SET_BACK_S = 600.0
"""No attempt waits that long for the next: what does was written before the clock was set back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """A notification to send."""

    event: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One notification: what it says, how often it was tried, and what came of it."""

    id: str
    monitor_id: str
    event: str
    body: str
    created_at: float
    status: str
    """waiting, delivered or given_up."""
    attempts: int
    next_at: float
    finished_at: float | None
    outcome: str
    """What the last attempt met."""


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """One that is to be tried now, with where it goes."""

    delivery: Delivery
    webhook: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Notifications of one monitor that nobody took."""

    monitor_id: str
    monitor: str
    count: int
    first_at: float
    outcome: str
    """What the last of them met."""


class Room:
    """How many may be taken: `at_most` in all, and `to_one` to one receiver with those that are `busy` already."""

    def __init__(self, at_most: int, to_one: int, busy: Mapping[str, int] | None = None) -> None:
        self._left = at_most
        self._to_one = to_one
        self._busy = Counter(busy or {})

    def takes(self, receiver: str) -> bool:
        """Whether there is room for one more to this receiver; then it has it."""
        if self._left <= 0 or self._busy[receiver] >= self._to_one:
            return False
        self._left -= 1
        self._busy[receiver] += 1
        return True


def receiver_of(webhook: str) -> str:
    """Host and port that a monitor's webhook goes to; empty where it has none."""
    try:
        return urlsplit(str(json.loads(webhook or "{}").get("url", ""))).netloc
    except ValueError:
        return ""


class Deliveries:
    """The queue of notifications and its log."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, monitor_id: str, delivery: NewDelivery) -> str:
        """Queue one by itself (a test); its id."""
        with self._database.writing() as connection:
            return insert_delivery(connection, monitor_id, delivery, self._clock())

    def of_monitor(self, monitor_id: str, at_most: int = KEPT_PER_MONITOR) -> list[Delivery]:
        """A monitor's deliveries, the newest first."""
        query = (
            select(alert_deliveries)
            .where(alert_deliveries.c.monitor_id == monitor_id)
            .order_by(alert_deliveries.c.created_at.desc(), alert_deliveries.c.id)
            .limit(at_most)
        )
        with self._database.reading() as connection:
            return [_delivery(row) for row in connection.execute(query)]

    def last(self, project: str, monitor_id: str | None = None) -> dict[str, Delivery]:
        """Monitor to its newest delivery, of a project's monitors or of one of them."""
        rank = func.row_number().over(
            partition_by=alert_deliveries.c.monitor_id,
            order_by=(alert_deliveries.c.created_at.desc(), alert_deliveries.c.id),
        )
        of = monitors.c.project == project
        if monitor_id is not None:
            of &= monitors.c.id == monitor_id
        ranked = (
            select(alert_deliveries, rank.label("place"))
            .join(monitors, monitors.c.id == alert_deliveries.c.monitor_id)
            .where(of)
            .subquery()
        )
        with self._database.reading() as connection:
            rows = connection.execute(select(ranked).where(ranked.c.place == 1)).all()
        return {row.monitor_id: _delivery(row) for row in rows}

    def given_up(self, project: str, within_s: float, at_most: int = 20) -> list[GivenUp]:
        """What a project's monitors gave up lately, by monitor, the latest first."""
        query = (
            select(
                alert_deliveries.c.monitor_id, monitors.c.name, alert_deliveries.c.finished_at,
                alert_deliveries.c.outcome,
            )
            .join(monitors, monitors.c.id == alert_deliveries.c.monitor_id)
            .where(
                monitors.c.project == project, alert_deliveries.c.status == "given_up",
                alert_deliveries.c.event != "test", alert_deliveries.c.finished_at >= self._clock() - within_s,
            )
            .order_by(alert_deliveries.c.finished_at.desc())
            .limit(1_000)
        )  # fmt: skip
        found: dict[str, GivenUp] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query):
                known = found.get(row.monitor_id)
                found[row.monitor_id] = GivenUp(
                    row.monitor_id, row.name, (known.count if known else 0) + 1, row.finished_at,
                    known.outcome if known else row.outcome,
                )  # fmt: skip
        return list(found.values())[:at_most]

    def lease_due(self, lease_s: float, room: Room) -> list[DueDelivery]:
        """Take those that are due and have room; nobody else tries them for `lease_s` seconds."""
        now = self._clock()
        due = (alert_deliveries.c.status == "waiting") & or_(
            alert_deliveries.c.next_at <= now,
            alert_deliveries.c.next_at > now + CLOCK_SET_BACK_S,
        )
        # "Resolved" before the "firing" that is still tried would leave its reader with an alert for ever.
        earlier = alert_deliveries.alias("earlier")
        held_up = exists().where(
            earlier.c.monitor_id == alert_deliveries.c.monitor_id, earlier.c.status == "waiting",
            earlier.c.created_at < alert_deliveries.c.created_at, earlier.c.event != alert_deliveries.c.event,
            earlier.c.event != "test", alert_deliveries.c.event != "test",
        )  # fmt: skip
        with self._database.reading() as connection:
            query = (
                select(alert_deliveries, monitors.c.webhook)
                .join(monitors, monitors.c.id == alert_deliveries.c.monitor_id)
                .where(due, not_(held_up))
                # What was never tried goes first: many that nobody takes must not keep the others waiting.
                .order_by(alert_deliveries.c.attempts, alert_deliveries.c.created_at)
                .limit(LOOKED_AT)
            )
            rows = [row for row in connection.execute(query) if room.takes(receiver_of(row.webhook))]
        if not rows:
            return []
        taken = []
        with self._database.writing() as connection:
            for row in rows:
                won = connection.execute(
                    update(alert_deliveries).where(alert_deliveries.c.id == row.id, due).values(next_at=now + lease_s)
                )
                if won.rowcount:
                    taken.append(DueDelivery(_delivery(row), row.webhook))
        return taken

    def tried(self, delivery_id: str, *, status: str, outcome: str, again_in_s: float) -> None:
        """Write down what an attempt met."""
        now = self._clock()
        with self._database.writing() as connection:
            connection.execute(
                update(alert_deliveries).where(alert_deliveries.c.id == delivery_id)
                .values(status=status, outcome=outcome, attempts=alert_deliveries.c.attempts + 1,
                        next_at=now + again_in_s, finished_at=None if status == "waiting" else now)
            )  # fmt: skip

    def release(self) -> None:
        """Make everything that waits due again: for a server that knows to be the only one."""
        with self._database.writing() as connection:
            waiting = alert_deliveries.c.status == "waiting"
            connection.execute(update(alert_deliveries).where(waiting).values(next_at=self._clock()))


def insert_delivery(connection: Connection, monitor_id: str, delivery: NewDelivery, now: float) -> str:
    """Queue one within a transaction; the oldest waiting one gives way where there are too many."""
    own = alert_deliveries.c.monitor_id == monitor_id
    waiting = own & (alert_deliveries.c.status == "waiting")
    count = connection.execute(select(func.count()).select_from(alert_deliveries).where(waiting)).scalar_one()
    if count >= WAITING_PER_MONITOR:
        oldest = select(alert_deliveries.c.id).where(waiting).order_by(alert_deliveries.c.created_at).limit(1)
        connection.execute(
            update(alert_deliveries).where(alert_deliveries.c.id == connection.execute(oldest).scalar_one())
            .values(status="given_up", finished_at=now, outcome="too many newer notifications wait behind it")
        )  # fmt: skip
    delivery_id = secrets.token_hex(8)
    connection.execute(
        insert(alert_deliveries).values(
            id=delivery_id, monitor_id=monitor_id, event=delivery.event, body=delivery.body, created_at=now,
            status="waiting", attempts=0, next_at=now, outcome="",
        )
    )  # fmt: skip
    kept = select(alert_deliveries.c.id).where(own).order_by(alert_deliveries.c.created_at.desc())
    keep = [row.id for row in connection.execute(kept.limit(KEPT_PER_MONITOR))]
    connection.execute(delete(alert_deliveries).where(own, alert_deliveries.c.id.not_in(keep)))
    return delivery_id


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(**{name: getattr(row, name) for name in Delivery.__dataclass_fields__})
