"""What the process uses, as metrics: with psutil, with /proc alone, and with neither."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, Sum
from otlp_collector import Collector

import tapetum.resources
from tapetum import _gpu, _process

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
    monkeypatch.setattr(resources, "_pid", os.getpid() + 1)  # as if the looks before were at the parent
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


class NvmlError(Exception):
    """What NVML raises."""


class NotSupported(NvmlError):
    """Of a sensor that a GPU has not."""


class NotFound(NvmlError):
    """Of a call that a driver is too old for."""


class Nvml(SimpleNamespace):
    """Two GPUs: the second has no sensor of power, and later falls off the bus."""

    NVMLError, NVMLError_NotSupported, NVML_TEMPERATURE_GPU = NvmlError, NotSupported, 0
    NVMLError_FunctionNotFound, nvmlMemory_v2 = NotFound, 0x02000028
    opened = closed = 0
    lost = False

    def nvmlInit(self) -> None:
        self.opened += 1

    def nvmlShutdown(self) -> None:
        self.closed += 1

    def nvmlSystemGetDriverVersion(self) -> bytes:
        return b"555"

    def nvmlDeviceGetCount(self) -> int:
        return 2

    def nvmlDeviceGetHandleByIndex(self, number: int) -> int:
        return number

    def nvmlDeviceGetName(self, gpu: int) -> str:
        return "H100"

    def nvmlDeviceGetUUID(self, gpu: int) -> bytes:
        return b"GPU-%d" % gpu

    def nvmlDeviceGetUtilizationRates(self, gpu: int) -> SimpleNamespace:
        if gpu == 1 and self.lost:
            raise NvmlError("GPU is lost")
        return SimpleNamespace(gpu=50 + gpu)

    def nvmlDeviceGetMemoryInfo(self, gpu: int, version: int | None = None) -> SimpleNamespace:
        if version is None:
            return SimpleNamespace(used=5 * 2**28, free=11 * 2**28, total=4 * 2**30)
        if gpu == 1:
            raise NotFound
        assert version == self.nvmlMemory_v2
        return SimpleNamespace(used=15 * 2**26, free=45 * 2**26, reserved=2**28, total=4 * 2**30)

    def nvmlDeviceGetPowerUsage(self, gpu: int) -> int:
        if gpu == 1:
            raise NotSupported
        return 250_000

    def nvmlDeviceGetTotalEnergyConsumption(self, gpu: int) -> int:
        return 7_000

    def nvmlDeviceGetTemperature(self, gpu: int, sensor: int) -> int:
        return 60


@pytest.mark.covers("sdk-resources-gpu")
def test_gpus_are_observed_under_the_same_names_as_the_server_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPETUM_SDK_RAISE", "0")
    monkeypatch.setattr(_gpu, "_FRESH_S", 0)
    nvml = Nvml()
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    resources = tapetum.resources.start(meter_provider=provider)

    def gpus(name: str) -> dict[str, float]:
        found = observed(reader)
        points = found[name].data.data_points if name in found else []
        return {point.attributes["hw.name"]: point.value for point in points}

    assert gpus("hw.gpu.utilization") == {"GPU 0": 0.5, "GPU 1": 0.51}
    assert gpus("hw.gpu.memory.usage") == {"GPU 0": 15 * 2**26, "GPU 1": 5 * 2**28}
    assert gpus("hw.gpu.memory.utilization") == {"GPU 0": 0.25, "GPU 1": 0.3125}
    assert gpus("hw.gpu.memory.limit") == {"GPU 0": 2**32, "GPU 1": 2**32}
    assert gpus("hw.power") == {"GPU 0": 250}
    assert (gpus("hw.energy")["GPU 0"], gpus("hw.temperature")["GPU 1"]) == (7, 60)
    (point, _) = observed(reader)["hw.temperature"].data.data_points
    assert dict(point.attributes) == {
        "hw.id": "GPU-0", "hw.type": "gpu", "hw.name": "GPU 0", "hw.model": "H100", "hw.vendor": "NVIDIA",
        "hw.driver_version": "555",
    }  # fmt: skip
    nvml.lost = True
    assert gpus("hw.gpu.utilization") == {"GPU 0": 0.5}
    assert resources.losses.snapshot()["internal_error"] > 0
    mine = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: mine + 1)
    gpus("hw.power")
    assert nvml.opened == 2  # a forked child opens its own
    monkeypatch.undo()
    resources.stop()
    resources.stop()
    assert nvml.closed == 1
    provider.shutdown()


@pytest.mark.covers("sdk-resources-gpu")
def test_a_machine_without_a_driver_has_no_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoDriver(Nvml):
        def nvmlInit(self) -> None:
            raise NvmlError("Driver Not Loaded")

    monkeypatch.setitem(sys.modules, "pynvml", NoDriver())
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    resources = tapetum.resources.start(meter_provider=provider)
    assert [name for name in observed(reader) if name.startswith("hw.")] == []
    resources.stop()
    provider.shutdown()


@pytest.mark.covers("sdk-resources-gpu")
@pytest.mark.skipif(shutil.which("nvidia-smi") is None, reason="this machine has no NVIDIA GPU")
def test_the_gpus_of_this_machine_are_measured_as_nvidia_smi_does() -> None:
    asked = ("uuid", "name", "driver_version", "memory.used", "memory.total", "temperature.gpu")
    command = ["nvidia-smi", f"--query-gpu={','.join(asked)}", "--format=csv,noheader,nounits"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    resources = tapetum.resources.start(meter_provider=provider)
    found = observed(reader)
    resources.stop()
    provider.shutdown()

    def points(name: str) -> dict[object, float]:
        return {point.attributes["hw.id"]: point.value for point in found[name].data.data_points}

    names = {point.attributes["hw.id"]: point.attributes for point in found["hw.gpu.memory.limit"].data.data_points}
    assert len(said) == len(names) > 0
    for uuid, name, driver, used_mib, total_mib, celsius in (line.split(", ") for line in said):
        assert (names[uuid]["hw.model"], names[uuid]["hw.driver_version"]) == (name, driver)
        assert points("hw.gpu.memory.usage")[uuid] == pytest.approx(int(used_mib) * 2**20, abs=2**28)
        assert points("hw.gpu.memory.limit")[uuid] == pytest.approx(int(total_mib) * 2**20, abs=2**20)
        assert points("hw.temperature")[uuid] == pytest.approx(int(celsius), abs=5)
