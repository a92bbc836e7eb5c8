"""The whole world as real processes, sending to a receiver that remembers."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from demo.otlp_sink import Sink, otlp_sink

from tapetum_demo import UnknownFault, model, start_world
from tapetum_demo.faults import FAULTS
from tapetum_demo.world import missing_dependencies

PATIENCE_S = 60.0

needs_libraries = pytest.mark.skipif(bool(missing_dependencies()), reason="tapetum[demo] is not installed")


def until(what: str, holds: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_S:.0f} s"
        time.sleep(0.1)


def test_an_unknown_fault_starts_nothing(tmp_path: Path) -> None:
    """A typing mistake is answered before any process or file is made."""
    with pytest.raises(UnknownFault):
        start_world("http://127.0.0.1:9", None, 7, ["slow"], tmp_path / "demo")
    assert not (tmp_path / "demo").exists()


@needs_libraries
@pytest.mark.covers("demo-bad-prompt")
@pytest.mark.covers("demo-predictions")
def test_one_application_is_one_trace_through_three_services(tmp_path: Path) -> None:
    """Real services with real instrumentation: spans, correlated logs and metrics reach the project `demo`."""
    with otlp_sink() as sink:
        world = start_world(sink.url, "a key", 7, [fault.name for fault in FAULTS], tmp_path)
        try:
            assert world.wait_ready(PATIENCE_S), {p.name: p.read_text()[-2000:] for p in tmp_path.glob("*.log")}
            until("faults", lambda: all(world.status()["faults"].values()))
            until("a trace through all services", lambda: bool(whole_traces(sink)))
            until("metrics of all services", lambda: len({service for service, _ in sink.metrics()}) == 3)
            until("logs", lambda: bool(sink.logs()))
            kinds = {"schema", "prompt", "config", "deploy", "model"}
            until("its changes", lambda: {c["kind"] for c in sink.changes} == kinds)
            until("predictions of a version trained on bad data", lambda: bool(rejected(sink, "east")))
            until("incomes per month", lambda: any(p["features"]["income_per_year"] < 6_000 for p in predictions(sink)))
            until("a chat with a policy that is searched again and again", lambda: bool(loops(sink)))
            until("its monitors", lambda: len(sink.monitors) == 5)
            until(
                "its schema and training data",
                lambda: {"/api/v1/data-schemas", "/v1/feature_statistics"} <= {path for path, _ in sink.others},
            )
            assert not any("webhook" in monitor for monitor in sink.monitors), "the demo calls nobody"
            world.switch("slow-dependency", False)
            pids = [service["pid"] for service in world.status()["services"].values()]
        finally:
            world.stop()
        found = whole_traces(sink)
        logged = predictions(sink)
        assert {p["model"] for p in logged} == {"credit-risk"}
        trained_on = {r["feature"] for path, told in sink.others if path == "/v1/feature_statistics" for r in told}
        assert trained_on == {*model.NUMBERS, "region", "score"}
        assert {p["version"] for p in logged} >= {"2"}
        assert any(bytes.fromhex(p["trace_id"]) in found for p in logged), "a prediction names its trace"
        # Of the others nobody's income is that small; what is told per month is told so of one channel alone.
        assert {p["features"]["channel"] for p in logged if p["features"]["income_per_year"] < 6_000} == {"mobile"}
        assert any(record.trace_id in found for _, record in sink.logs())
        assert all(headers["x-tapetum-project"] == "demo" for headers in sink.headers)
        assert all(headers["authorization"] == "Bearer a key" for headers in sink.headers)
        assert not [pid for pid in pids if is_alive(pid)]
    truth = json.loads((tmp_path / "truth.json").read_text())
    for fault in truth["faults"]:
        (interval,) = fault["intervals"]
        assert interval["since"] < interval["until"]


def predictions(sink: Sink) -> list[dict[str, Any]]:
    """Every prediction that was logged."""
    return [record for path, document in list(sink.others) if path == "/v1/predictions" for record in document]


def rejected(sink: Sink, region: str) -> list[dict[str, Any]]:
    """Predictions of the second version that expect a default, of this region."""
    return [
        p for p in predictions(sink)
        if p["version"] == "2" and p["features"]["region"] == region and p["output"] == "default"
    ]  # fmt: skip


def loops(sink: Sink) -> list[str]:
    """Ids of traces in which the agent searched the policies more than twice, as the fault's prompt tells it to."""
    searches = [span["traceId"] for span in sink.sdk_spans() if span["name"] == "policy_search"]
    return [trace_id for trace_id in set(searches) if searches.count(trace_id) > 2]


def whole_traces(sink: Sink) -> set[bytes]:
    """Ids of traces that have spans of web, scoring and features."""
    services: dict[bytes, set[str]] = {}
    for service, span in sink.spans():
        services.setdefault(span.trace_id, set()).add(service)
    return {trace_id for trace_id, names in services.items() if names >= {"web", "scoring", "features"}}


def is_alive(pid: int) -> bool:
    """Whether a process of this id is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
