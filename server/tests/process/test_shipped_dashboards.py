"""Every panel of every shipped dashboard, asked of a live server over telemetry in which each has something to find."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from browser.shop import Shop, host_of
from browser.telemetry import SECOND, Spans
from process.servers import RunningServer, eventually

from tapetum_server.analysis.dashboards.shipped import shipped_dashboards

PANELS = [
    (id, panel.id, panel.query.model_dump(mode="json"), [variable.name for variable in document.variables])
    for id, document in shipped_dashboards().items()
    for panel in document.panels
]
NOT_ON_EVERY_MACHINE = {"gpu", "gpu-memory", "gpu-power", "gpu-temperature", "filesystems", "disk-io"}
"""A GPU, and disks that a container does not show."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A shop, a record that was refused and one that was cut, and two samples of the machine."""
    now = time.time_ns()
    shop, bad = Shop(now).fill(), Spans()
    bad.add(host_of("shop"), "00" * 16, "5d" * 8, "refused: its trace id is zero", now - SECOND, now)
    bad.add(host_of("shop"), "5e" * 16, "5e" * 8, "cut", now - SECOND, now, attributes={"k" * 1_100: "v"})
    with RunningServer(tmp_path_factory.mktemp("shipped") / "data", "--host-metrics-interval-s", "1") as running:
        for signal, body in (("traces", shop.spans.body()), ("logs", shop.logs.body()), ("traces", bad.body())):
            assert running.send(signal, body).status_code == 200
        eventually(
            lambda: running.rows(
                "SELECT 1 FROM metrics WHERE name = 'system.network.io' GROUP BY attributes HAVING count() > 1"
            ),
            "a counter of the machine has two points",
        )
        eventually(lambda: running.rows("SELECT 1 FROM ingest WHERE refused > 0"), "the counts of ingest")
        yield running


@pytest.mark.covers("dashboards-shipped")
@pytest.mark.parametrize(("dashboard", "panel", "query", "variables"), PANELS, ids=[f"{p[0]}-{p[1]}" for p in PANELS])
def test_a_panel_shows_something(
    server: RunningServer, dashboard: str, panel: str, query: dict[str, Any], variables: list[str]
) -> None:
    """With no value of its variables chosen, which is every value, as the page asks at first."""
    body = {"query": query, "from": "now-2h", "variables": {name: [] for name in variables}}
    answer = server.client.post("/api/v1/query", json=body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    values = [value for series in found["series"] for _, value in series["points"] if value is not None]
    rows = found["table"]["rows"] if found["table"] else []
    assert values or rows or panel in NOT_ON_EVERY_MACHINE
    # A value of a variable that nothing has leaves nothing but zeros.
    nothing = server.client.post(
        "/api/v1/query", json={**body, "variables": {name: ["zanzibar"] for name in variables}}
    ).json()
    left = [value for series in nothing["series"] for _, value in series["points"] if value]
    assert not left
    assert {str(cell) for row in (nothing["table"] or {"rows": []})["rows"] for cell in row} <= {"0"}
