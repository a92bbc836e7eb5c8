"""NVIDIA GPUs of this machine through NVML (`nvidia-ml-py`), under OpenTelemetry's `hw.*` names.

Nothing where there is no library, driver or GPU.
"""

from __future__ import annotations

import importlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from tapetum._fork import renew_in_child
from tapetum._guard import Losses, never_raise

logger = logging.getLogger("tapetum")
_FRESH_S = 0.5
_GAUGES = (
    ("hw.gpu.utilization", "1", "Share of the time in which a kernel ran on the GPU."),
    ("hw.gpu.memory.utilization", "1", "Share of GPU memory in use, of what the driver leaves."),
    ("hw.power", "W", "Power that the GPU draws."),
    ("hw.temperature", "Cel", "Temperature of the GPU."),
)
_LEVELS = (
    ("hw.gpu.memory.usage", "By", "GPU memory in use."),
    ("hw.gpu.memory.limit", "By", "Memory of the GPU."),
)
_COUNTERS = (("hw.energy", "J", "Energy that the GPU used since its driver was loaded."),)


def load_nvml() -> Any:
    """NVML's Python binding; raises `ImportError` without it."""
    return importlib.import_module("pynvml")


class Gpus:
    """Observes every GPU, each by itself: one that fell off the bus does not take the others with it."""

    def __init__(self, losses: Losses, load: Callable[[], Any] = load_nvml) -> None:
        self._losses = losses
        self._nvml: Any = None
        self._gpus: list[tuple[Any, dict[str, str]]] = []
        self._found: dict[str, list[Observation]] = {}
        self._looked_s = 0.0
        self._stopped = False
        self._pid = os.getpid()
        self._renew()
        renew_in_child(self._renew)
        try:
            self._nvml = load()
        except ImportError:
            return  # not installed: it is an extra
        self._open()

    def _renew(self) -> None:
        self._lock = threading.Lock()

    def _open(self) -> None:
        nvml = self._nvml
        self._pid, self._gpus = os.getpid(), []
        try:
            nvml.nvmlInit()
            driver = _text(nvml.nvmlSystemGetDriverVersion())
            for number in range(nvml.nvmlDeviceGetCount()):
                gpu = nvml.nvmlDeviceGetHandleByIndex(number)
                self._gpus.append((gpu, {
                    "hw.id": _text(nvml.nvmlDeviceGetUUID(gpu)), "hw.type": "gpu", "hw.name": f"GPU {number}",
                    "hw.model": _text(nvml.nvmlDeviceGetName(gpu)), "hw.vendor": "NVIDIA", "hw.driver_version": driver,
                }))  # fmt: skip
        except nvml.NVMLError as error:
            logger.debug("NVIDIA GPUs that are watched: %d. %s", len(self._gpus), error)

    def observe(self, meter: Meter) -> None:
        """Make the instruments, if there is a GPU to read."""
        if not self._gpus:
            return
        for name, unit, what in _GAUGES:
            meter.create_observable_gauge(name, [self._of(name)], unit, what)
        for name, unit, what in _LEVELS:
            meter.create_observable_up_down_counter(name, [self._of(name)], unit, what)
        for name, unit, what in _COUNTERS:
            meter.create_observable_counter(name, [self._of(name)], unit, what)

    def stop(self) -> None:
        """Observe no more, and let go of the driver."""
        with self._lock:
            stopped, self._stopped = self._stopped, True
            if self._nvml is not None and self._gpus and not stopped:
                try:
                    self._nvml.nvmlShutdown()
                except self._nvml.NVMLError as error:
                    logger.debug("NVML did not shut down: %s", error)

    def _of(self, name: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def callback(_: CallbackOptions) -> Iterable[Observation]:
            found: list[Observation] = []
            with never_raise(self._losses, 1):
                with self._lock:
                    found = self._look().get(name, [])
            return found

        return callback

    def _look(self) -> dict[str, list[Observation]]:
        """All instruments of one collection share a look at the GPUs."""
        now = time.monotonic()
        if self._stopped:
            return {}
        if now - self._looked_s >= _FRESH_S:
            if self._pid != os.getpid():
                self._open()  # what the parent opened does not work in a child
            self._looked_s, self._found = now, {}
            for gpu, names in self._gpus:
                with never_raise(self._losses, 1):
                    for name, value in self._read(gpu):
                        self._found.setdefault(name, []).append(Observation(value, names))
        return self._found

    def _read(self, gpu: Any) -> list[tuple[str, float]]:
        nvml = self._nvml
        readings: list[tuple[str, float]] = []

        def ask(question: Callable[..., Any], *more: int) -> Any:
            try:
                return question(gpu, *more)
            except (nvml.NVMLError_NotSupported, nvml.NVMLError_FunctionNotFound):
                return None  # not every GPU has every sensor, nor every driver every call

        if (rates := ask(nvml.nvmlDeviceGetUtilizationRates)) is not None:
            readings.append(("hw.gpu.utilization", rates.gpu / 100))
        # Version 2 keeps what the driver reserves for itself apart: version 1 counts it as used, on an idle GPU too.
        memory = ask(nvml.nvmlDeviceGetMemoryInfo, nvml.nvmlMemory_v2) or ask(nvml.nvmlDeviceGetMemoryInfo)
        if memory is not None:
            readings.append(("hw.gpu.memory.usage", memory.used))
            readings.append(("hw.gpu.memory.limit", memory.total))
            readings.append(("hw.gpu.memory.utilization", memory.used / (memory.used + memory.free)))
        if (milliwatts := ask(nvml.nvmlDeviceGetPowerUsage)) is not None:
            readings.append(("hw.power", milliwatts / 1000))
        if (millijoules := ask(nvml.nvmlDeviceGetTotalEnergyConsumption)) is not None:
            readings.append(("hw.energy", millijoules / 1000))
        if (celsius := ask(nvml.nvmlDeviceGetTemperature, nvml.NVML_TEMPERATURE_GPU)) is not None:
            readings.append(("hw.temperature", celsius))
        return readings


def _text(said: str | bytes) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said
