"""Keys open what they should, for as long as they should, and cannot be read back."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from guarded_app import HeldClock
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tapetum_server.catalog.catalog import Catalog
from tapetum_server.catalog.errors import InvalidExpiry, InvalidName, UnknownKey
from tapetum_server.catalog.keys import MAX_LOOK_UPS_PER_S


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL that runs meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.covers("keys")
def test_a_key_is_its_holder_until_it_is_revoked(catalog: Catalog) -> None:
    made, token = catalog.keys.create("collector", ["ingest"], project="shop")

    live = catalog.keys.verify(token)
    assert live is not None
    assert (live.identity.name, set(live.identity.scopes), live.identity.project) == ("collector", {"ingest"}, "shop")

    catalog.keys.revoke(made.id)
    assert catalog.keys.verify(token) is None
    assert catalog.keys.look_up(token) is None


def test_a_key_is_256_random_bits_behind_a_name_that_scanners_know(catalog: Catalog) -> None:
    _, first = catalog.keys.create("a", ["read"])
    _, second = catalog.keys.create("a", ["read"])

    assert re.fullmatch(r"tpt_[A-Za-z0-9_-]{43}", first)
    assert first != second


def test_checking_a_key_asks_no_database(catalog: Catalog) -> None:
    """Every ingest request pays for it."""
    _, token = catalog.keys.create("collector", ["ingest"])

    with statements() as seen:
        assert catalog.keys.verify(token) is not None
        assert catalog.keys.verify("tpt_" + "x" * 43) is None
        catalog.ensure_project("default")

    assert seen == []


@pytest.mark.parametrize("wrong", ["", "tpt_", "x" * 47, "tpt_" + "é" * 43, "\udcff", "tpt_" + "A" * 5_000])
def test_what_is_not_a_key_opens_nothing_and_costs_no_query(catalog: Catalog, wrong: str) -> None:
    with statements() as seen:
        assert catalog.keys.verify(wrong) is None
        assert catalog.keys.look_up(wrong) is None
    assert seen == []


def test_a_key_that_differs_in_its_last_letter_opens_nothing(catalog: Catalog) -> None:
    _, token = catalog.keys.create("a", ["read"])
    wrong = token[:-1] + ("A" if token[-1] != "A" else "B")

    assert catalog.keys.verify(wrong) is None
    assert catalog.keys.look_up(wrong) is None


def test_a_key_expires(catalog: Catalog, clock: HeldClock) -> None:
    ends = datetime.fromtimestamp(clock.now, UTC) + timedelta(hours=1)
    _, token = catalog.keys.create("visitor", ["read"], expires_at=ends)

    clock.now += 3_599
    assert catalog.keys.verify(token) is not None
    clock.now += 1
    assert catalog.keys.verify(token) is None
    catalog.refresh()
    assert catalog.keys.look_up(token) is None
    assert not catalog.keys.any_usable()


def test_a_key_that_would_be_born_dead_is_refused(catalog: Catalog, clock: HeldClock) -> None:
    with pytest.raises(InvalidExpiry):
        catalog.keys.create("late", ["read"], expires_at=datetime.fromtimestamp(clock.now, UTC))


@pytest.mark.parametrize(
    ("name", "scopes"), [("", ["read"]), ("a\nb", ["read"]), ("x" * 101, ["read"]), ("a", []), ("a", ["root"])]
)
def test_names_and_scopes_that_make_no_sense_are_refused(catalog: Catalog, name: str, scopes: list[str]) -> None:
    with pytest.raises(InvalidName):
        catalog.keys.create(name, scopes)
    assert catalog.keys.all() == []


@pytest.mark.covers("keys")
def test_the_key_itself_is_nowhere_in_the_database(catalog: Catalog, catalog_url: str, tmp_path: Path) -> None:
    """Whoever copies the catalog, or a backup of it, holds no key."""
    made, token = catalog.keys.create("collector", ["ingest"])
    live = catalog.keys.verify(token)
    assert live is not None
    session = catalog.sessions.open(live)

    with statements() as seen:
        catalog.upkeep()
    held = repr([catalog.keys.all(), seen]).encode()
    held += b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())

    assert made.prefix.encode() in held
    assert token.encode() not in held
    assert token[12:].encode() not in held
    assert session.token.encode() not in held


def test_the_catalog_file_is_its_owners_alone(tmp_path: Path) -> None:
    Catalog.open(tmp_path, version="0.1.0").close()
    assert (tmp_path / "catalog.sqlite").stat().st_mode & 0o077 == 0


def test_a_key_made_by_another_process_works_at_once(catalog: Catalog, other_process: Catalog) -> None:
    """`tapetum keys create` writes the catalog beside a running server."""
    _, token = other_process.keys.create("cli", ["ingest"], project="fresh")

    assert catalog.keys.verify(token) is None
    assert catalog.keys.look_up(token) is not None
    assert catalog.keys.verify(token) is not None


def test_a_key_revoked_by_another_process_dies_at_the_next_refresh(catalog: Catalog, other_process: Catalog) -> None:
    made, token = catalog.keys.create("a", ["read"])
    other_process.keys.revoke(made.id)

    catalog.upkeep()

    assert catalog.keys.verify(token) is None


def test_a_flood_of_unknown_keys_cannot_keep_the_database_busy(catalog: Catalog) -> None:
    with statements() as seen:
        for n in range(500):
            assert catalog.keys.look_up(f"tpt_{n:043d}") is None
    assert len([s for s in seen if s.startswith("SELECT")]) == MAX_LOOK_UPS_PER_S


def test_a_use_is_written_down_at_most_once_a_minute(catalog: Catalog, clock: HeldClock) -> None:
    made, token = catalog.keys.create("a", ["read"])

    def noted_after(seconds: float) -> datetime | None:
        clock.now += seconds
        catalog.keys.verify(token)
        catalog.upkeep()
        return catalog.keys.get(made.id).last_used_at

    assert noted_after(0) == datetime.fromtimestamp(clock.now, UTC)
    first = clock.now
    assert noted_after(30) == datetime.fromtimestamp(first, UTC)
    assert noted_after(30) == datetime.fromtimestamp(first + 60, UTC)


def test_the_last_uses_are_written_down_when_the_server_stops(
    catalog: Catalog, catalog_url: str, tmp_path: Path, clock: HeldClock
) -> None:
    leaving = Catalog.open(tmp_path, version="0.1.0", url=catalog_url, clock=clock)
    made, token = leaving.keys.create("a", ["read"])
    leaving.keys.verify(token)
    leaving.keys.note_uses()
    clock.now += 5
    leaving.keys.verify(token)
    leaving.close()

    assert catalog.keys.get(made.id).last_used_at == datetime.fromtimestamp(clock.now, UTC)


def test_a_key_revoked_during_a_refresh_stays_revoked(catalog: Catalog) -> None:
    """A refresh that read the key just before must not bring it back."""
    tokens = [catalog.keys.create(f"k{n}", ["read"]) for n in range(20)]
    stop = threading.Event()

    def refresh() -> None:
        while not stop.is_set():
            catalog.keys.refresh()

    refreshing = threading.Thread(target=refresh)
    refreshing.start()
    try:
        for made, token in tokens:
            catalog.keys.revoke(made.id)
            assert catalog.keys.verify(token) is None
        alive = [made.name for made, token in tokens if catalog.keys.verify(token)]
    finally:
        stop.set()
        refreshing.join()
    assert alive == []


def test_revoking_twice_is_safe_and_keeps_the_first_time(catalog: Catalog, clock: HeldClock) -> None:
    made, _ = catalog.keys.create("a", ["read"])
    first = catalog.keys.revoke(made.id).revoked_at
    clock.now += 100
    assert catalog.keys.revoke(made.id).revoked_at == first is not None
    with pytest.raises(UnknownKey):
        catalog.keys.revoke("no-such-id")
