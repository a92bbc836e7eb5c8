"""What `make demo` ends with: `tapetum demo` starts a world, and its telemetry arrives, correlated."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tapetum_demo.world import missing_dependencies

PATIENCE_S = 120.0


def until(what: str, ask: Callable[[], Any]) -> Any:
    """The first answer that is not empty."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := ask()):
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_S:.0f} s"
        time.sleep(0.5)  # asking costs the demo's server more than waiting costs the test
    return found


def chat(client: httpx.Client) -> str | None:
    """The id of a trace in which an agent, a model of known price, a tool, a prediction and a database took part."""
    rows = client.get("/traces", params={"q": "service:assistant", "sort": "-span_count"}).json()["rows"]
    for row in rows:
        if row["cost_usd"] and {"web", "assistant", "scoring", "features"} <= services(client, row["trace_id"]):
            return str(row["trace_id"])
    return None


def services(client: httpx.Client, trace_id: str) -> set[str]:
    """Who took part in a trace."""
    return set(client.get(f"/traces/{trace_id}").json()["trace"]["services"])


def redacted(client: httpx.Client) -> set[str]:
    """Rules that found something in the last hour."""
    return {row["rule"] for row in client.get("/ingest").json()["redacted"]}


def leaks(client: httpx.Client) -> list[dict[str, Any]]:
    """What Health says of secrets in telemetry: of the key, and not of the card, which is counted only."""
    found = [row for row in client.get("/health").json()["attention"] if row["rule"] == "leak"]
    assert not any("card" in row["text"] for row in found)
    return found


@pytest.mark.covers("cli-demo", "health-demo-faults", "demo-assistant", "demo-leak")
@pytest.mark.skipif(bool(missing_dependencies()), reason="tapetum[demo] is not installed")
@pytest.mark.wide
@pytest.mark.timeout(290)
def test_the_demo_shows_a_trace_through_three_services_with_its_logs_and_metrics(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tapetum_server", "demo", "--json", "--port", "0", "--grpc-port", "-1"]
    command += ["--fault", "slow-dependency", "--fault", "leak"]
    own = {name: value for name, value in os.environ.items() if not name.startswith(("TAPETUM_", "OTEL_"))}
    env = own | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with (tmp_path / "said").open("wb") as said:
        demo = subprocess.Popen(
            [*command, "--data", str(tmp_path / "data")], stdout=subprocess.PIPE, stderr=said, env=env
        )
    assert demo.stdout is not None
    try:
        line = demo.stdout.readline()
        assert line, (tmp_path / "said").read_text()
        where = json.loads(line)
        assert where["page"].endswith("/?project=demo")
        with httpx.Client(base_url=f"{where['url']}/api/v1", params={"project": "demo"}, timeout=60) as client:

            def whole_trace() -> Any:
                # The project is made by its first record.
                answer = client.get("/traces", params={"q": "service:features", "sort": "-span_count"})
                rows = answer.json()["rows"] if answer.is_success else []
                wanted = {"web", "scoring", "features"}
                return next((row for row in rows if wanted <= services(client, row["trace_id"])), None)

            trace = until("a trace through all services", whole_trace)
            until("its logs", lambda: client.get(f"/traces/{trace['trace_id']}/logs").json()["rows"])
            until("a deploy to see on charts", lambda: client.get("/changes").json()["rows"])
            monitors = until("monitors to look at", lambda: client.get("/monitors").json()["rows"])
            assert "Features are slow" in {row["name"] for row in monitors}
            until("metrics", lambda: client.get("/metrics/catalog").json()["metrics"])

            def firing() -> bool:
                rows = client.get("/monitors").json()["rows"]
                return {row["name"]: row["state"] for row in rows}["Features are slow"] == "firing"

            until("the fault makes a monitor fire", firing)
            until("a conversation with the assistant", lambda: chat(client))
            until("its prompt", lambda: client.get("/prompts/usage").json()["rows"])
            until("what was given away in it", lambda: {"openai_key", "card"} <= redacted(client))
            leak = until("the finding of it", lambda: leaks(client))[0]
            assert (leak["severity"], leak["value"] > 0) == ("warning", True)
            assert "sends OpenAI API keys: rule openai_key found" in leak["text"]
            faults = client.get("/demo/faults").json()["rows"]
            on = [(fault["name"], fault["service"]) for fault in faults if fault["on"]]
            assert on == [("slow-dependency", "features"), ("leak", "traffic")]
            assert all(fault["effects"] for fault in faults)
            for on in (False, True):
                switched = client.put("/demo/faults/slow-dependency", json={"on": on})
                assert switched.status_code == 200, switched.text
                now = {fault["name"]: fault["on"] for fault in switched.json()["rows"]}
                assert now["slow-dependency"] is on
            unknown = client.put("/demo/faults/fire", json={"on": True})
            assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_fault")
    finally:
        demo.send_signal(signal.SIGTERM)
        code = demo.wait(PATIENCE_S)
        demo.stdout.close()
    assert code == 0, (tmp_path / "said").read_text()
