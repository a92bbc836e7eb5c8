"""The machine as metrics: every source by itself, and what happens when one fails."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from tapetum_server.receivers.host.gpu import Gpus
from tapetum_server.receivers.host.process import OwnProcess
from tapetum_server.receivers.host.reading import Reading, Shares, Source, gauge
from tapetum_server.receivers.host.sampling import HostMetrics, open_sources
from tapetum_server.receivers.host.system import System
from tapetum_server.signals.consumer import Batch, Busy, Receipt
from tapetum_server.signals.metrics import MetricBatch

STEADY = gauge("test.steady", "1", "")


class Kept:
    """A consumer that remembers, or answers `busy`, and an observer."""

    def __init__(self, busy: bool = False) -> None:
        self.busy = busy
        self.batches: list[Batch] = []
        self.counts: list[dict[str, Any]] = []
        self.counted = asyncio.Event()

    async def consume(self, batch: Batch) -> Receipt:
        if self.busy:
            raise Busy("disk_full", "full")
        self.batches.append(batch)
        return Receipt(accepted=len(batch))

    def record(self, **count: Any) -> None:
        self.counts.append(count)
        self.counted.set()


def sampler(kept: Kept, sources: Sequence[Source], closed: Callable[[], None] = lambda: None) -> HostMetrics:
    return HostMetrics(kept, kept, {"service.name": "tapetum"}, 0.01, lambda: (sources, closed))


def read_all(sources: Sequence[Source]) -> list[Reading]:
    return [reading for source in sources for reading in source.read()]


def values(readings: Sequence[Reading], name: str, key: str) -> dict[Any, float]:
    return {r.attributes[key]: r.value for r in readings if r.metric.name == name}


@pytest.mark.covers("host-metrics")
def test_shares_of_cpu_and_memory_add_up_to_one() -> None:
    system = System()
    _spin_until_the_kernel_counts()
    readings = [*system.cpu(), *system.memory()]
    assert sum(values(readings, "system.cpu.utilization", "cpu.mode").values()) == pytest.approx(1)
    assert {"user", "system", "idle"} <= set(values(readings, "system.cpu.utilization", "cpu.mode"))
    assert sum(values(readings, "system.memory.utilization", "system.memory.state").values()) == pytest.approx(1)
    limit = next(r.value for r in readings if r.metric.name == "system.memory.limit")
    assert sum(values(readings, "system.memory.usage", "system.memory.state").values()) == limit


def _spin_until_the_kernel_counts() -> None:
    before = psutil.cpu_times()
    while psutil.cpu_times() == before:
        pass


@pytest.mark.covers("host-metrics")
def test_every_sum_says_since_when_and_no_gauge_does() -> None:
    readings = read_all([*System().sources(), *OwnProcess().sources()])
    assert {r.metric.name for r in readings if r.metric.type == "sum" and not r.start_time_unix_nano} == set()
    assert {r.metric.name for r in readings if r.metric.type == "gauge" and r.start_time_unix_nano} == set()
    series = [(r.metric.name, tuple(sorted(r.attributes.items()))) for r in readings]
    assert len(series) == len(set(series))


def test_a_counter_that_went_back_is_no_negative_share() -> None:
    """The kernel corrects iowait downwards."""
    shares = Shares()
    assert shares.since_last({"idle": 10, "iowait": 5}) == {}
    assert shares.since_last({"idle": 12, "iowait": 4}) == {"idle": 1, "iowait": 0}
    assert shares.since_last({"idle": 12, "iowait": 4}) == {}


@pytest.mark.covers("host-metrics")
def test_a_source_that_fails_is_logged_once_until_it_works_again(caplog: pytest.LogCaptureFixture) -> None:
    broken = True

    def flaky() -> list[Reading]:
        if broken:
            raise OSError("no such device")
        return [Reading(STEADY, 2)]

    async def claim() -> None:
        nonlocal broken
        host = sampler(Kept(), [])
        host._sources = [Source("flaky", flaky), Source("steady", lambda: [Reading(STEADY, 1)])]
        assert [host.sample().value, host.sample().value] == [[1], [1]]
        broken = False
        assert host.sample().value == [2, 1]
        broken = True
        assert host.sample().value == [1]

    with caplog.at_level(logging.WARNING, "tapetum.host"):
        asyncio.run(claim())
    assert [record.getMessage().partition(":")[2][:6] for record in caplog.records] == [" flaky", " flaky"]


@pytest.mark.covers("host-metrics")
def test_samples_are_read_off_the_loop_counted_and_stopped() -> None:
    threads: set[int] = set()
    closed: list[bool] = []

    def read() -> list[Reading]:
        threads.add(threading.get_ident())
        return [Reading(STEADY, 1)]

    async def claim() -> None:
        kept = Kept()
        host = sampler(kept, [Source("steady", read)], lambda: closed.append(True))
        host.start(asyncio.get_running_loop())
        await kept.counted.wait()
        await host.stop()
        assert closed == [True]
        assert threading.get_ident() not in threads
        batch = kept.batches[0]
        assert isinstance(batch, MetricBatch)
        assert (batch.project, batch.resource[0].service, batch.value) == ("default", "tapetum", [1])
        assert kept.counts[0] == {
            "project": "default", "sender": "__tapetum__", "signal": "metrics", "outcome": "accepted", "reason": "",
            "count": 1,
        }  # fmt: skip

    asyncio.run(claim())


def test_a_sample_that_the_store_does_not_take_is_counted_and_the_next_one_comes() -> None:
    async def claim() -> None:
        kept = Kept(busy=True)
        host = sampler(kept, [Source("steady", lambda: [Reading(STEADY, 1)])])
        host.start(asyncio.get_running_loop())
        await kept.counted.wait()
        kept.busy = False
        kept.counted.clear()
        while not kept.batches:
            await kept.counted.wait()
            kept.counted.clear()
        await host.stop()
        assert (kept.counts[0]["outcome"], kept.counts[0]["reason"]) == ("refused", "disk_full")

    asyncio.run(claim())


class NvmlError(Exception):
    """What NVML raises."""


class NotSupported(NvmlError):
    """What NVML raises for a sensor that a GPU lacks."""


class NotFound(NvmlError):
    """What NVML raises for a call that the driver is too old for."""


class Nvml(SimpleNamespace):
    """NVML of a machine with two GPUs; the second has no power sensor and no count of energy."""

    NVMLError, NVMLError_NotSupported, NVML_TEMPERATURE_GPU = NvmlError, NotSupported, 0
    NVMLError_FunctionNotFound, nvmlMemory_v2 = NotFound, 0x02000028

    def __init__(self) -> None:
        super().__init__(shut=False, lost=set())

    def nvmlInit(self) -> None: ...

    def nvmlShutdown(self) -> None:
        self.shut = True

    def nvmlSystemGetDriverVersion(self) -> str:
        return "570.1"

    def nvmlDeviceGetCount(self) -> int:
        return 2

    def nvmlDeviceGetHandleByIndex(self, number: int) -> int:
        return number

    def nvmlDeviceGetName(self, gpu: int) -> bytes:
        return b"NVIDIA H200"

    def nvmlDeviceGetUUID(self, gpu: int) -> str:
        return f"GPU-{gpu}"

    def nvmlDeviceGetUtilizationRates(self, gpu: int) -> SimpleNamespace:
        if gpu in self.lost:
            raise NvmlError("GPU is lost")
        return SimpleNamespace(gpu=87, memory=40)

    def nvmlDeviceGetMemoryInfo(self, gpu: int, version: int | None = None) -> SimpleNamespace:
        if version is None:
            return SimpleNamespace(total=1000, used=280, free=720)  # with what the driver reserves
        if gpu == 1:
            raise NotFound
        assert version == self.nvmlMemory_v2
        return SimpleNamespace(total=1000, used=240, free=720, reserved=40)

    def nvmlDeviceGetPowerUsage(self, gpu: int) -> int:
        if gpu == 1:
            raise NotSupported
        return 512_500

    def nvmlDeviceGetTotalEnergyConsumption(self, gpu: int) -> int:
        if gpu == 1:
            raise NotSupported
        return 9_000

    def nvmlDeviceGetTemperature(self, gpu: int, sensor: int) -> int:
        return 61


@pytest.mark.covers("host-metrics-gpu")
def test_each_gpu_is_measured_with_the_sensors_it_has() -> None:
    nvml = Nvml()
    gpus = Gpus(lambda: nvml)
    first, second = (source.read() for source in gpus.sources())
    assert {r.metric.name: r.value for r in first} == {
        "hw.gpu.utilization": 0.87, "hw.gpu.memory.usage": 240, "hw.gpu.memory.limit": 1000,
        "hw.gpu.memory.utilization": 0.25, "hw.power": 512.5, "hw.energy": 9, "hw.temperature": 61,
    }  # fmt: skip
    assert first[0].attributes["hw.id"] == "GPU-0"
    assert first[0].attributes["hw.model"] == "NVIDIA H200"
    assert {r.metric.name: r.value for r in second}["hw.gpu.memory.utilization"] == 0.28
    assert {r.metric.name for r in first} - {r.metric.name for r in second} == {"hw.power", "hw.energy"}
    gpus.close()
    assert nvml.shut


@pytest.mark.covers("host-metrics-gpu")
def test_a_gpu_that_fell_off_the_bus_does_not_take_the_other_with_it(caplog: pytest.LogCaptureFixture) -> None:
    nvml = Nvml()
    host = sampler(Kept(), [])
    host._sources = Gpus(lambda: nvml).sources()
    nvml.lost.add(0)
    with caplog.at_level(logging.WARNING, "tapetum.host"):
        batches = [host.sample(), host.sample()]
    assert {attributes["hw.id"] for batch in batches for attributes in batch.attributes} == {"GPU-1"}
    assert len(caplog.records) == 1


@pytest.mark.covers("host-metrics-gpu")
def test_without_the_library_or_without_a_driver_there_are_no_gpus(caplog: pytest.LogCaptureFixture) -> None:
    def missing() -> Any:
        raise ImportError("No module named 'pynvml'")

    def no_driver() -> Any:
        nvml = Nvml()

        def fail() -> None:
            raise NvmlError("NVML Shared Library Not Found")

        nvml.nvmlInit = fail  # type: ignore[method-assign]
        return nvml

    with caplog.at_level(logging.INFO, "tapetum.host"):
        for load in (missing, no_driver):
            gpus = Gpus(load)
            assert gpus.sources() == []
            gpus.close()
    assert caplog.records == []


def test_this_machine_can_be_read_with_whatever_it_has() -> None:
    sources, close = open_sources()
    names = {reading.metric.name for reading in read_all(sources)}
    assert {"system.cpu.time", "system.memory.usage", "process.memory.usage"} <= names
    close()
