"""A live server measures its machine, and an empty one still looks empty to whoever waits for their first data."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from process.conftest import StartServer
from process.otlp import request
from process.servers import RunningServer, environment, eventually, tapetum


def catalogue(server: RunningServer) -> dict[str, dict[str, Any]]:
    return {m["name"]: m for m in server.client.get("/api/v1/metrics/catalog").json()["metrics"]}


@pytest.mark.covers("host-metrics", "host-metrics-apart")
def test_a_server_measures_its_machine_and_still_says_that_nothing_arrived(
    start_server: StartServer, tmp_path: Path
) -> None:
    """Counters need two points to be a rate: the claims hold from the second sample on."""
    server = start_server(tmp_path / "data", "--host-metrics-interval-s", "1")
    key = ("default", "metrics", "accepted", "")
    one = eventually(lambda: server.counts()[key], "a first sample is counted")
    eventually(lambda: server.counts()[key] > one, "a second sample is counted")

    known = catalogue(server)
    for name, kind, unit, keys in (
        ("system.cpu.time", "sum", "s", ["cpu.mode"]),
        ("system.cpu.utilization", "gauge", "1", ["cpu.mode"]),
        ("system.memory.usage", "sum", "By", ["system.memory.state"]),
        ("process.cpu.time", "sum", "s", ["cpu.mode"]),
        ("process.memory.usage", "sum", "By", []),
    ):
        found = known[name]
        assert (found["type"], found["unit"], found["services"]) == (kind, unit, ["tapetum"]), name
        assert found["attribute_keys"] == keys, name

    shares = dict(server.rows(
        "SELECT attributes['cpu.mode'], avg(value) FROM metrics WHERE name = 'system.cpu.utilization' GROUP BY 1"
    ))  # fmt: skip
    assert {"user", "system", "idle"} <= set(shares)
    assert all(0 <= share <= 1 for share in shares.values())
    assert server.rows("SELECT DISTINCT resource_attributes['host.name'] FROM metrics") == [(socket.gethostname(),)]
    assert server.rows("SELECT uniqExact(resource_attributes['service.instance.id']) FROM metrics") == [(1,)]

    # Counted for whoever operates this, and not taken for a sender by whoever waits for one.
    eventually(lambda: server.stored_counts()[key], "the counts reach the view")
    ingest = server.client.get("/api/v1/ingest").json()
    assert (ingest["senders"], ingest["reasons"]) == ([], [])
    assert {bucket["metrics"] for bucket in ingest["series"]["buckets"]} == {0}
    assert server.send("metrics", request("metrics", ["00000000000000d1"]).SerializeToString()).status_code == 200
    eventually(lambda: server.client.get("/api/v1/ingest").json()["senders"], "the first sender is there")
    assert "__tapetum__" not in server.client.get("/api/v1/ingest").text

    assert server.stop() == 0
    assert "Traceback" not in server.stderr()


@pytest.mark.covers("host-metrics-apart")
def test_no_caller_can_hide_behind_the_servers_own_name(shared_server: RunningServer, project: str) -> None:
    body = request("metrics", ["00000000000000d2"])
    for attribute in body.resource_metrics[0].resource.attributes:
        if attribute.key == "service.name":
            attribute.value.string_value = "__tapetum__"
    assert shared_server.send("metrics", body.SerializeToString(), project=project).status_code == 200
    asked = {"project": project}
    senders = eventually(
        lambda: shared_server.client.get("/api/v1/ingest", params=asked).json()["senders"], "the sender is there"
    )
    assert [sender["sender"] for sender in senders] == ["__other__"]
    line = shared_server.client.post(
        "/v1/logs?service=__tapetum__",
        content=b'{"message": "me too"}',
        headers={"content-type": "application/x-ndjson", "x-tapetum-project": project},
    )
    assert line.json()["accepted"] == 1
    counted = shared_server.client.get("/metrics").text
    assert f'project="{project}",reason="",sender="__other__",signal="logs"' in counted
    assert f'project="{project}",reason="",sender="__tapetum__"' not in counted


@pytest.mark.covers("host-metrics")
def test_host_metrics_can_be_turned_off(shared_server: RunningServer) -> None:
    """Every other test server runs so."""
    assert [name for name in catalogue(shared_server) if name.startswith("system.")] == []


@pytest.mark.parametrize("said", ["0.5", "-1", "3601"])
def test_an_interval_that_makes_no_sense_is_refused(said: str, tmp_path: Path) -> None:
    done = tapetum("serve", "--data", tmp_path / "data", "--host-metrics-interval-s", said)
    assert done.returncode == 1
    assert f"host_metrics_interval_s is {said}; expected 1 to 3600, or 0 for none." in done.stderr


@pytest.mark.covers("sdk-resources")
def test_a_python_process_observes_itself_with_the_sdk(shared_server: RunningServer, project: str) -> None:
    code = "import tapetum.resources; tapetum.resources.start().stop()"
    env = {"TAPETUM_URL": shared_server.url, "TAPETUM_PROJECT": project, "OTEL_SERVICE_NAME": "trainer"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(env), capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    known = shared_server.client.get("/api/v1/metrics/catalog", params={"project": project}).json()["metrics"]
    services = {metric["name"]: metric["services"] for metric in known}
    assert services["process.memory.usage"] == services["cpython.gc.collections"] == ["trainer"]
