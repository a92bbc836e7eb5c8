"""Which monitors and notifications are due, and in what order."""

from __future__ import annotations

import pytest
from guarded_app import HeldClock

from tapetum_server.catalog.catalog import Catalog
from tapetum_server.catalog.deliveries import NewDelivery, Room
from tapetum_server.catalog.monitors import Outcome, StoredMonitor


def made(catalog: Catalog, name: str = "m", webhook: str = "{}") -> StoredMonitor:
    if "p" not in {project.name for project in catalog.projects.all()}:
        catalog.projects.create("p")
    return catalog.monitors.create(
        "p", name, definition="{}", webhook=webhook, enabled=True, muted_until=None, first_in_s=0
    )


def tell(catalog: Catalog, monitor: StoredMonitor, *events: str) -> None:
    catalog.monitors.close_alerts(monitor.id, [], [NewDelivery(event=event, body="{}") for event in events])


def due(catalog: Catalog) -> list[str]:
    return [item.delivery.event for item in catalog.deliveries.lease_due(20, Room(500, 500))]


@pytest.mark.covers("monitor-webhook")
def test_a_hundred_series_that_fire_at_once_are_all_told(catalog: Catalog) -> None:
    tell(catalog, made(catalog), *["firing"] * 100)
    assert due(catalog) == ["firing"] * 100


@pytest.mark.covers("monitor-webhook")
def test_resolved_waits_for_the_firing_that_is_tried_again(catalog: Catalog, clock: HeldClock) -> None:
    monitor = made(catalog)
    tell(catalog, monitor, "firing")
    (first,) = catalog.deliveries.lease_due(20, Room(8, 8))
    catalog.deliveries.tried(first.delivery.id, status="waiting", outcome="answered 503", again_in_s=60)
    clock.now += 10
    tell(catalog, monitor, "resolved")
    tell(catalog, made(catalog, "another"), "resolved")
    catalog.deliveries.add(monitor.id, NewDelivery(event="test", body="{}"))
    assert sorted(due(catalog)) == ["resolved", "test"], "another monitor's, and a test, wait for nothing"
    clock.now += 60
    (again,) = [item for item in catalog.deliveries.lease_due(20, Room(8, 8)) if item.delivery.id == first.delivery.id]
    catalog.deliveries.tried(again.delivery.id, status="delivered", outcome="answered 200", again_in_s=0)
    of_monitor = [item.delivery for item in catalog.deliveries.lease_due(20, Room(8, 8))]
    assert [d.event for d in of_monitor if d.monitor_id == monitor.id and d.event != "test"] == ["resolved"]


@pytest.mark.covers("bad-webhook")
def test_what_nobody_takes_is_tried_after_what_was_never_tried(catalog: Catalog, clock: HeldClock) -> None:
    tell(catalog, made(catalog, "dead"), *["firing"] * 20)
    for item in catalog.deliveries.lease_due(20, Room(20, 20)):
        catalog.deliveries.tried(item.delivery.id, status="waiting", outcome="no answer", again_in_s=2)
    clock.now += 10
    well = made(catalog, "well")
    tell(catalog, well, "firing")
    assert [item.delivery.monitor_id for item in catalog.deliveries.lease_due(20, Room(1, 1))] == [well.id]


@pytest.mark.covers("bad-webhook")
def test_a_receiver_that_hangs_leaves_room_for_the_others(catalog: Catalog, clock: HeldClock) -> None:
    """Eight monitors tell one receiver before anybody tells another; and two are on their way to it already."""
    for n in range(8):
        tell(catalog, made(catalog, f"dead {n}", f'{{"url": "http://dead.example/hook", "secret": "{n}"}}'), "firing")
    clock.now += 1
    well = made(catalog, "well", '{"url": "http://well.example/"}')
    tell(catalog, well, "firing")
    first = catalog.deliveries.lease_due(20, Room(8, 2))
    assert [item.delivery.monitor_id == well.id for item in first] == [False, False, True]
    assert catalog.deliveries.lease_due(20, Room(5, 2, {"dead.example": 2, "well.example": 1})) == []


@pytest.mark.covers("monitors")
def test_a_clock_that_is_set_back_leaves_nothing_unwatched_and_nobody_uncalled(
    catalog: Catalog, clock: HeldClock
) -> None:
    monitor = made(catalog)
    (leased,) = catalog.monitors.lease_due(40, 4)
    seen = Outcome(
        states={}, records=[], deliveries=[NewDelivery(event="firing", body="{}")], next_at=clock.now + 60,
        took_ms=1, failures=0, problem="",
    )  # fmt: skip
    catalog.monitors.settle(leased, seen)
    assert catalog.monitors.lease_due(40, 4) == [], "not due yet"
    clock.now -= 3_600
    assert [one.id for one in catalog.monitors.lease_due(40, 4)] == [monitor.id]
    assert catalog.monitors.lease_due(40, 4) == [], "it is leased"
    assert due(catalog) == ["firing"]
    assert due(catalog) == []
