"""What the process uses, as metrics: with psutil, with /proc alone, and with neither."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, Sum
from otlp_collector import Collector

import tapetum.resources
from tapetum import _process

OF_THE_PROCESS = {
    "process.cpu.time", "process.memory.usage", "process.memory.virtual", "process.thread.count",
    "process.unix.file_descriptor.count", "process.uptime",
}  # fmt: skip
OF_THE_COLLECTOR = {"cpython.gc.collections", "cpython.gc.collected_objects", "cpython.gc.uncollectable_objects"}
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")


@pytest.fixture
def without_psutil(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)


@pytest.fixture
def with_psutil() -> None:
    pytest.importorskip("psutil")


def observed(reader: InMemoryMetricReader) -> Mapping[str, Any]:
    data = reader.get_metrics_data()
    found = data.resource_metrics if data is not None else []
    return {m.name: m for r in found for scope in r.scope_metrics for m in scope.metrics if m.data.data_points}


def value(metric: Any) -> float:
    return sum(point.value for point in metric.data.data_points)


@pytest.mark.covers("sdk-resources")
@pytest.mark.parametrize("source", [pytest.param("with_psutil"), pytest.param("without_psutil", marks=on_linux)])
def test_the_process_is_observed_under_opentelemetrys_names(
    source: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    request.getfixturevalue(source)
    monkeypatch.setattr(tapetum.resources, "_FRESH_S", 0)
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    resources = tapetum.resources.start(meter_provider=provider)
    found = observed(reader)
    assert set(found) == OF_THE_PROCESS | OF_THE_COLLECTOR | {"process.cpu.utilization"}
    assert {m.name for m in found.values() if isinstance(m.data, Sum) and m.data.is_monotonic} == {
        "process.cpu.time", *OF_THE_COLLECTOR,
    }  # fmt: skip
    assert {point.attributes["cpu.mode"] for point in found["process.cpu.time"].data.data_points} == {"user", "system"}
    assert 0 <= value(found["process.cpu.utilization"]) <= 2
    assert value(found["process.memory.virtual"]) >= value(found["process.memory.usage"]) > 2**20
    assert value(found["process.thread.count"]) >= threading.active_count()
    assert value(found["process.unix.file_descriptor.count"]) >= 3
    resources.stop()
    assert observed(reader) == {}
    provider.shutdown()


@on_linux
def test_proc_and_psutil_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psutil")
    by_psutil = _process.reader()
    assert by_psutil is not None
    one = by_psutil()
    monkeypatch.setitem(sys.modules, "psutil", None)
    by_proc = _process.reader()
    assert by_proc is not None
    other = by_proc()
    assert other.started_s == pytest.approx(one.started_s, abs=1)
    assert other.cpu_user_s == pytest.approx(one.cpu_user_s, abs=1)
    assert other.memory_bytes == pytest.approx(one.memory_bytes, rel=0.2)
    assert other.threads == one.threads


@pytest.mark.covers("sdk-resources")
def test_a_system_that_says_nothing_leaves_garbage_collection(
    without_psutil: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(_process, "_PROC", tmp_path)
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    resources = tapetum.resources.start(meter_provider=provider)
    assert set(observed(reader)) == OF_THE_COLLECTOR
    resources.stop()
    provider.shutdown()


@on_linux
def test_a_reading_that_fails_is_a_counted_loss_and_does_not_raise(
    without_psutil: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TAPETUM_SDK_RAISE")
    (tmp_path / "stat").write_text("not what the kernel writes")
    monkeypatch.setattr(_process, "_PROC", tmp_path)
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    resources = tapetum.resources.start(meter_provider=provider)
    assert set(observed(reader)) == OF_THE_COLLECTOR
    assert resources.losses.snapshot()["internal_error"] > 1
    resources.stop()
    provider.shutdown()


@on_linux
def test_a_child_after_a_fork_does_not_count_what_its_parent_used(
    without_psutil: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The share is taken of two looks at one process; the first of them may have been at another."""
    monkeypatch.setattr(tapetum.resources, "_FRESH_S", 0)
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    resources = tapetum.resources.start(meter_provider=provider)
    assert resources._look() is not None
    assert resources._utilization is not None
    mine = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: mine + 1)
    assert resources._look() is not None
    assert resources._utilization is None
    monkeypatch.undo()
    resources.stop()
    provider.shutdown()


@pytest.mark.covers("sdk-resources")
def test_without_a_meter_provider_it_sends_to_tapetum(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPETUM_URL", collector.url)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "trainer")
    resources = tapetum.resources.start(interval_s=3600)
    resources.stop()
    resources.stop()
    (received,) = collector.received
    assert received.path == "/v1/metrics"
    resource = received.document["resourceMetrics"][0]
    attributes = {a["key"]: a["value"].get("stringValue") for a in resource["resource"]["attributes"]}
    assert attributes["service.name"] == "trainer"
    names = {metric["name"] for scope in resource["scopeMetrics"] for metric in scope["metrics"]}
    assert names >= OF_THE_COLLECTOR
