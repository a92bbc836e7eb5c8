"""Monitors and what they last saw. One server at a time evaluates one: it holds the monitor's lease."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from tapetum_server.catalog.clock import Clock, utc
from tapetum_server.catalog.database import Database
from tapetum_server.catalog.deliveries import NewDelivery, insert_delivery
from tapetum_server.catalog.errors import MonitorExists, TooManyMonitors, UnknownMonitor
from tapetum_server.catalog.tables import alert_deliveries, alert_outbox, alert_states, monitors

MAX_MONITORS = 500
CLOCK_SET_BACK_S = 60.0
"""What was last looked at so far in the future was looked at before the clock was set back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMonitor:
    """One monitor. What its texts of JSON say is the business of `analysis` and `monitors`."""

    id: str
    project: str
    name: str
    definition: str
    webhook: str
    enabled: bool
    muted_until: datetime | None
    created_at: datetime
    updated_at: datetime
    next_at: float
    evaluated_at: datetime | None
    took_ms: float | None
    failures: int
    problem: str
    """Why the last evaluation failed; empty where it did not."""


@dataclass(frozen=True, slots=True)
class OutboxRecord:
    """A transition that is decided and not yet in the store."""

    id: str
    project: str
    record: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an evaluation leaves behind, kept in one transaction: no alert without its notification, and none twice."""

    states: Mapping[str, str]
    """Subject to its state: all that there are from now on."""
    records: Sequence[OutboxRecord]
    deliveries: Sequence[NewDelivery]
    next_at: float
    took_ms: float
    failures: int
    problem: str


class Monitors:
    """The monitors of every project. Nothing is kept in memory: two servers may share the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def all(self, project: str) -> list[StoredMonitor]:
        """A project's monitors, by name."""
        query = select(monitors).where(monitors.c.project == project).order_by(monitors.c.name)
        with self._database.reading() as connection:
            return [_monitor(row) for row in connection.execute(query)]

    def get(self, monitor_id: str) -> StoredMonitor:
        """One monitor. Raises `UnknownMonitor`."""
        with self._database.reading() as connection:
            row = connection.execute(select(monitors).where(monitors.c.id == monitor_id)).one_or_none()
        if row is None:
            raise UnknownMonitor(f"There is no monitor {monitor_id!r}.")
        return _monitor(row)

    def create(
        self,
        project: str,
        name: str,
        *,
        definition: str,
        webhook: str,
        enabled: bool,
        muted_until: datetime | None,
        first_in_s: float,
    ) -> StoredMonitor:
        """Make a monitor that is looked at in `first_in_s` seconds. Raises `MonitorExists` or `TooManyMonitors`."""
        now = self._clock()
        row = {
            "id": secrets.token_hex(8), "project": project, "name": name, "definition": definition,
            "webhook": webhook, "enabled": enabled, "muted_until": muted_until, "created_at": utc(now),
            "updated_at": utc(now), "next_at": now + first_in_s, "leased_until": 0.0, "failures": 0, "problem": "",
        }  # fmt: skip
        try:
            with self._database.writing() as connection:
                count = select(func.count()).select_from(monitors).where(monitors.c.project == project)
                if connection.execute(count).scalar_one() >= MAX_MONITORS:
                    raise TooManyMonitors(f"Project {project!r} has {MAX_MONITORS} monitors, which is the most.")
                connection.execute(insert(monitors).values(**row))
        except IntegrityError as error:
            raise MonitorExists(f"Project {project!r} has a monitor {name!r} already.") from error
        return self.get(str(row["id"]))

    def change(self, monitor_id: str, **values: Any) -> StoredMonitor:
        """Change some columns; it is looked at again at once. Raises `UnknownMonitor` or `MonitorExists`."""
        now = self._clock()
        try:
            with self._database.writing() as connection:
                found = connection.execute(
                    update(monitors).where(monitors.c.id == monitor_id)
                    .values(**values, updated_at=utc(now), next_at=now)
                )  # fmt: skip
        except IntegrityError as error:
            raise MonitorExists(f"The project has a monitor {values.get('name')!r} already.") from error
        if not found.rowcount:
            raise UnknownMonitor(f"There is no monitor {monitor_id!r}.")
        return self.get(monitor_id)

    def remove(self, monitor_id: str) -> None:
        """Delete a monitor with its states and deliveries. Raises `UnknownMonitor`."""
        with self._database.writing() as connection:
            for table in (alert_states, alert_deliveries):
                connection.execute(delete(table).where(table.c.monitor_id == monitor_id))
            if not connection.execute(delete(monitors).where(monitors.c.id == monitor_id)).rowcount:
                raise UnknownMonitor(f"There is no monitor {monitor_id!r}.")

    def states(self, project: str) -> dict[str, dict[str, str]]:
        """Monitor to subject to state, of a whole project."""
        query = (
            select(alert_states)
            .join(monitors, monitors.c.id == alert_states.c.monitor_id)
            .where(monitors.c.project == project)
        )
        found: dict[str, dict[str, str]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query):
                found.setdefault(row.monitor_id, {})[row.subject] = row.state
        return found

    def states_of(self, monitor_id: str) -> dict[str, str]:
        """Subject to state, of one monitor."""
        with self._database.reading() as connection:
            rows = connection.execute(select(alert_states).where(alert_states.c.monitor_id == monitor_id)).all()
        return {row.subject: row.state for row in rows}

    def lease_due(self, lease_s: float, at_most: int) -> list[StoredMonitor]:
        """Take the monitors that are due and that nobody else holds, for `lease_s` seconds."""
        now = self._clock()
        # A clock that was set back must not leave anybody unwatched until it is where it was.
        last = func.coalesce(monitors.c.evaluated_at, monitors.c.updated_at)
        set_back = last > utc(now + CLOCK_SET_BACK_S)
        free = and_(
            monitors.c.enabled, or_(monitors.c.next_at <= now, set_back),
            or_(monitors.c.leased_until <= now, monitors.c.leased_until > now + lease_s + CLOCK_SET_BACK_S),
        )  # fmt: skip
        with self._database.reading() as connection:
            query = select(monitors).where(free).order_by(monitors.c.next_at).limit(at_most)
            due = connection.execute(query).all()
        if not due:
            return []
        taken = []
        with self._database.writing() as connection:
            for row in due:
                # Compare and set: of two servers that saw it free, the second finds it leased.
                won = connection.execute(
                    update(monitors).where(monitors.c.id == row.id, free).values(leased_until=now + lease_s)
                )
                if won.rowcount:
                    taken.append(_monitor(row))
        return taken

    def release_leases(self) -> None:
        """Let go of every lease: for a server that knows to be the only one."""
        with self._database.writing() as connection:
            connection.execute(update(monitors).values(leased_until=0.0))

    def settle(self, monitor: StoredMonitor, outcome: Outcome) -> None:
        """Keep what an evaluation decided and give the lease back.

        A monitor that was changed or deleted meanwhile keeps none of it: it is looked at again as it is now.
        """
        now = self._clock()
        with self._database.writing() as connection:
            kept = connection.execute(
                update(monitors)
                .where(monitors.c.id == monitor.id, monitors.c.updated_at == monitor.updated_at)
                .values(
                    next_at=outcome.next_at, leased_until=0.0, evaluated_at=utc(now), took_ms=outcome.took_ms,
                    failures=outcome.failures, problem=outcome.problem,
                )
            )  # fmt: skip
            if not kept.rowcount:
                connection.execute(update(monitors).where(monitors.c.id == monitor.id).values(leased_until=0.0))
                return
            self._keep(connection, monitor.id, outcome.states, outcome.records, outcome.deliveries, now)

    def close_alerts(self, monitor_id: str, records: Sequence[OutboxRecord], deliveries: Sequence[NewDelivery]) -> None:
        """Forget every state of a monitor that will not be evaluated any more, and say so."""
        with self._database.writing() as connection:
            self._keep(connection, monitor_id, {}, records, deliveries, self._clock())

    def _keep(
        self,
        connection: Connection,
        monitor_id: str,
        states: Mapping[str, str],
        records: Sequence[OutboxRecord],
        deliveries: Sequence[NewDelivery],
        now: float,
    ) -> None:
        connection.execute(delete(alert_states).where(alert_states.c.monitor_id == monitor_id))
        rows = [{"monitor_id": monitor_id, "subject": s, "state": state} for s, state in states.items()]
        if rows:
            connection.execute(insert(alert_states), rows)
        for record in records:
            values = {"id": record.id, "project": record.project, "record": record.record, "created_at": now}
            connection.execute(insert(alert_outbox).values(**values))
        for delivery in deliveries:
            insert_delivery(connection, monitor_id, delivery, now)

    def unrecorded(self, at_most: int = 500) -> list[OutboxRecord]:
        """Transitions that are not in the store yet, the oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(alert_outbox).order_by(alert_outbox.c.created_at).limit(at_most)).all()
        return [OutboxRecord(row.id, row.project, row.record) for row in rows]

    def recorded(self, ids: Sequence[str]) -> None:
        """These are in the store now."""
        if ids:
            with self._database.writing() as connection:
                connection.execute(delete(alert_outbox).where(alert_outbox.c.id.in_(ids)))


def _monitor(row: Row[Any]) -> StoredMonitor:
    names = StoredMonitor.__dataclass_fields__
    return StoredMonitor(**{name: getattr(row, name) for name in names})
