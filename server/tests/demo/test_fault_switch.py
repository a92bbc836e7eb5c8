"""Switching a fault: the real index goes and comes back, over the lifeline and through the control door."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tapetum_demo
from tapetum_demo.control import Control, ControlUnavailable, switch_fault
from tapetum_demo.faults import UnknownFault, fault_named
from tapetum_demo.ledger import Ledger, UnknownCustomer
from tapetum_demo.population import customers

CHILD = """
import threading
from tapetum_demo.leash import Leash
gone = threading.Event()
def fail(on): raise RuntimeError("no such table")
leash = Leash(gone.set, {"good": lambda on: None, "broken": fail})
leash.take()
leash.announce({"ready": True})
gone.wait()
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "features.sqlite")
    opened.fill(7, customers(7, 50), 10)
    opened.set_index(present=True)
    yield opened
    opened.engine.dispose()


def plan(ledger: Ledger) -> str:
    """How SQLite would read one customer's payments."""
    # A connection of its own: an EXPLAIN that a connection has in its cache is not planned anew.
    with contextlib.closing(sqlite3.connect(str(ledger.engine.url.database))) as connection:
        rows = connection.execute("EXPLAIN QUERY PLAN SELECT avg(late) FROM payments WHERE customer_id = 3").fetchall()
    return " ".join(str(row[-1]) for row in rows)


def test_slow_dependency_makes_a_search_into_a_scan(ledger: Ledger) -> None:
    """The fault is a real missing index, so that the cause can be found, not only the effect."""
    assert "USING INDEX payments_by_customer" in plan(ledger)
    ledger.set_index(present=False)
    assert plan(ledger).startswith("SCAN payments")
    assert not ledger.has_index()
    ledger.set_index(present=True)
    assert "USING INDEX payments_by_customer" in plan(ledger)


def test_the_fault_changes_speed_and_never_answers(ledger: Ledger) -> None:
    """Otherwise it would be a fault of data, which is another story."""
    before = [ledger.features(i) for i in (1, 25, 50)]
    ledger.set_index(present=False)
    assert [ledger.features(i) for i in (1, 25, 50)] == before
    with pytest.raises(UnknownCustomer, match="51"):
        ledger.features(51)


def test_another_seed_replaces_the_people_of_the_database(ledger: Ledger) -> None:
    """A data directory that is used again must not mix two worlds."""
    before = ledger.features(1)
    ledger.fill(8, customers(8, 50), 10)
    assert ledger.features(1) != before
    ledger.fill(7, customers(7, 50), 10)
    assert ledger.features(1) == before


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    sources = str(Path(tapetum_demo.__file__).parent.parent)
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": sources},
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"ready": True}
        yield process
        process.kill()


def test_a_service_confirms_what_it_switched_and_says_what_it_could_not(child: subprocess.Popen[str]) -> None:
    """The truth records confirmations, so a failure must not look like one."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write('{"fault": "good", "on": true}\n{"fault": "broken", "on": true}\n')
    child.stdin.flush()
    assert json.loads(child.stdout.readline()) == {"fault": "good", "on": True}
    refused = json.loads(child.stdout.readline())
    assert refused == {"fault": "broken", "on": True, "error": "RuntimeError: no such table"}


def test_a_service_leaves_when_its_parent_is_gone(child: subprocess.Popen[str]) -> None:
    """The kernel closes the pipe of a killed parent; nothing else is needed to leave no orphan."""
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(timeout=30) == 0


@pytest.fixture
def switched(tmp_path: Path) -> Iterator[list[tuple[str, bool]]]:
    """A control door over a world that only remembers its orders."""
    orders: list[tuple[str, bool]] = []

    def switch(name: str, on: bool) -> None:
        orders.append((fault_named(name).name, on))

    control = Control(tmp_path, truth=lambda: {"seed": 7}, status=lambda: {"faults": {}}, switch=switch)
    control.open()
    yield orders
    control.close()


def control_connection(data_dir: Path) -> http.client.HTTPConnection:
    """A plain connection to the door of the world that runs on `data_dir`."""
    address = json.loads((data_dir / "control.json").read_text())["url"].removeprefix("http://")
    return http.client.HTTPConnection(address, timeout=10)


def test_a_running_world_is_switched_from_another_process(switched: list[tuple[str, bool]], tmp_path: Path) -> None:
    """The address lies in the world's directory, so no port has to be typed."""
    switch_fault(tmp_path, "slow-dependency", on=True)
    switch_fault(tmp_path, "slow-dependency", on=False)
    assert switched == [("slow-dependency", True), ("slow-dependency", False)]
    with pytest.raises(UnknownFault, match="Did you mean 'slow-dependency'"):
        switch_fault(tmp_path, "slow-dependenci", on=True)


def test_switching_without_a_world_says_how_to_start_one(tmp_path: Path) -> None:
    """The usual mistake: the demo is not running."""
    with pytest.raises(ControlUnavailable, match="tapetum demo"):
        switch_fault(tmp_path, "slow-dependency", on=True)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"host": "evil.example:80", "content-type": "application/json"}, '{"on": true}', 403),
        ({"content-type": "text/plain"}, '{"on": true}', 415),
        ({"content-type": "application/json"}, '{"on": "yes"}', 400),
        ({"content-type": "application/json"}, "not json", 400),
        ({"content-type": "application/json"}, "[]", 400),
    ],
)
def test_web_pages_and_nonsense_switch_nothing(
    switched: list[tuple[str, bool]], tmp_path: Path, headers: dict[str, str], body: str, status: int
) -> None:
    """A page in the user's browser reaches loopback too, by a form or by a name that resolves to it."""
    connection = control_connection(tmp_path)
    connection.request("POST", "/demo/faults/slow-dependency", body=body, headers=headers)
    answer = connection.getresponse()
    assert answer.status == status
    assert "message" in json.loads(answer.read())["error"]
    connection.close()
    assert switched == []


def test_the_truth_is_served(switched: list[tuple[str, bool]], tmp_path: Path) -> None:
    """Under the path that the documentation names."""
    connection = control_connection(tmp_path)
    connection.request("GET", "/demo/truth.json")
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())) == (200, {"seed": 7})
    connection.close()
