"""NVIDIA GPUs through NVML, under OpenTelemetry's `hw.*` names. Nothing where there is no library, driver or GPU."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from tapetum_server.receivers.host.reading import Reading, Source, counter, gauge, up_down_counter
from tapetum_server.signals.attributes import AttributeValue

logger = logging.getLogger("tapetum.host")

UTILIZATION = gauge("hw.gpu.utilization", "1", "Share of the time in which a kernel ran on the GPU.")
MEMORY_USAGE = up_down_counter("hw.gpu.memory.usage", "By", "GPU memory in use.")
MEMORY_LIMIT = up_down_counter("hw.gpu.memory.limit", "By", "Memory of the GPU.")
MEMORY_UTILIZATION = gauge("hw.gpu.memory.utilization", "1", "Share of GPU memory in use, of what the driver leaves.")
POWER = gauge("hw.power", "W", "Power that the GPU draws.")
ENERGY = counter("hw.energy", "J", "Energy that the GPU used since its driver was loaded.")
TEMPERATURE = gauge("hw.temperature", "Cel", "Temperature of the GPU.")


def load_nvml() -> Any:
    """NVML's Python binding (`nvidia-ml-py`); raises `ImportError` without it."""
    return importlib.import_module("pynvml")


class Gpus:
    """The GPUs of this machine. `load` gives NVML's binding, which belongs to somebody else."""

    def __init__(self, load: Callable[[], Any] = load_nvml) -> None:
        self._nvml: Any = None
        self._gpus: list[tuple[Any, dict[str, AttributeValue]]] = []
        try:
            nvml = load()
        except ImportError:
            return  # not installed: it is an extra
        try:
            nvml.nvmlInit()
        except nvml.NVMLError as error:
            logger.debug("No NVIDIA GPUs: %s", error)
            return
        self._nvml = nvml
        try:
            driver = _text(nvml.nvmlSystemGetDriverVersion())
            for number in range(nvml.nvmlDeviceGetCount()):
                gpu = nvml.nvmlDeviceGetHandleByIndex(number)
                model = _text(nvml.nvmlDeviceGetName(gpu))
                self._gpus.append((gpu, {
                    "hw.id": _text(nvml.nvmlDeviceGetUUID(gpu)), "hw.type": "gpu", "hw.name": f"GPU {number}",
                    "hw.model": model, "hw.vendor": "NVIDIA", "hw.driver_version": driver,
                }))  # fmt: skip
        except nvml.NVMLError as error:
            logger.warning("Not every NVIDIA GPU could be opened, %d are watched: %s", len(self._gpus), error)

    def sources(self) -> list[Source]:
        """One per GPU: one that fell off the bus does not take the others with it."""
        return [Source(str(names["hw.name"]), partial(self._read, gpu, names)) for gpu, names in self._gpus]

    def close(self) -> None:
        """Let go of the driver."""
        if self._nvml is not None:
            try:
                self._nvml.nvmlShutdown()
            except self._nvml.NVMLError as error:
                logger.debug("NVML did not shut down: %s", error)
            self._nvml, self._gpus = None, []

    def _read(self, gpu: Any, names: dict[str, AttributeValue]) -> list[Reading]:
        nvml = self._nvml
        readings: list[Reading] = []

        def ask(question: Callable[..., Any], *more: int) -> Any:
            try:
                return question(gpu, *more)
            except (nvml.NVMLError_NotSupported, nvml.NVMLError_FunctionNotFound):
                return None  # not every GPU has every sensor, nor every driver every call

        if (rates := ask(nvml.nvmlDeviceGetUtilizationRates)) is not None:
            readings.append(Reading(UTILIZATION, rates.gpu / 100, names))
        # Version 2 keeps what the driver reserves for itself apart: version 1 counts it as used, on an idle GPU too.
        memory = ask(nvml.nvmlDeviceGetMemoryInfo, nvml.nvmlMemory_v2) or ask(nvml.nvmlDeviceGetMemoryInfo)
        if memory is not None:
            readings.append(Reading(MEMORY_USAGE, memory.used, names))
            readings.append(Reading(MEMORY_LIMIT, memory.total, names))
            readings.append(Reading(MEMORY_UTILIZATION, memory.used / (memory.used + memory.free), names))
        if (milliwatts := ask(nvml.nvmlDeviceGetPowerUsage)) is not None:
            readings.append(Reading(POWER, milliwatts / 1000, names))
        if (millijoules := ask(nvml.nvmlDeviceGetTotalEnergyConsumption)) is not None:
            readings.append(Reading(ENERGY, millijoules / 1000, names))
        if (celsius := ask(nvml.nvmlDeviceGetTemperature, nvml.NVML_TEMPERATURE_GPU)) is not None:
            readings.append(Reading(TEMPERATURE, celsius, names))
        return readings


def _text(said: str | bytes) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said
