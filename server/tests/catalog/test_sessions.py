"""A browser's session stands for a key, and ends no later than it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from guarded_app import HeldClock
from sqlalchemy import func, select

from tapetum_server.catalog import tables
from tapetum_server.catalog.catalog import Catalog
from tapetum_server.catalog.keys import LiveKey
from tapetum_server.catalog.sessions import SESSION_LIFETIME_S


def live_key(catalog: Catalog, **options: datetime) -> LiveKey:
    _, token = catalog.keys.create("person", ["read"], **options)  # type: ignore[arg-type]
    key = catalog.keys.verify(token)
    assert key is not None
    return key


def kept(catalog: Catalog) -> int:
    with catalog._database.reading() as connection:
        return connection.execute(select(func.count()).select_from(tables.sessions)).scalar_one()


def test_a_session_is_its_keys_holder_until_it_is_closed(catalog: Catalog) -> None:
    key = live_key(catalog)
    session = catalog.sessions.open(key)

    assert catalog.sessions.verify(session.token) is key
    catalog.sessions.close(session.token)
    assert catalog.sessions.verify(session.token) is None
    assert catalog.sessions.look_up(session.token) is None


def test_a_session_ends_with_its_key(catalog: Catalog, clock: HeldClock) -> None:
    key = live_key(catalog)
    session = catalog.sessions.open(key)

    catalog.keys.revoke(key.id)

    assert catalog.sessions.verify(session.token) is None
    catalog.upkeep()
    assert kept(catalog) == 0


def test_a_session_does_not_outlive_an_expiring_key(catalog: Catalog, clock: HeldClock) -> None:
    ends = datetime.fromtimestamp(clock.now, UTC) + timedelta(minutes=5)
    assert catalog.sessions.open(live_key(catalog, expires_at=ends)).expires_at == ends


def test_a_session_expires_and_is_forgotten(catalog: Catalog, clock: HeldClock) -> None:
    session = catalog.sessions.open(live_key(catalog))
    clock.now += SESSION_LIFETIME_S

    assert catalog.sessions.verify(session.token) is None
    catalog.upkeep()
    assert kept(catalog) == 0


def test_a_session_opened_by_another_process_is_found(catalog: Catalog, other_process: Catalog) -> None:
    """Behind a load balancer the next request may reach another server."""
    _, token = other_process.keys.create("person", ["read"])
    key = other_process.keys.verify(token)
    assert key is not None
    session = other_process.sessions.open(key)
    catalog.keys.refresh()

    found = catalog.sessions.look_up(session.token)

    assert found is not None
    assert found.identity.name == "person"
