"""What the process itself uses (CPU, memory, threads, open files, garbage collection), and its machine's GPUs.

`tapetum.init` starts it; without that:

    import tapetum.resources

    tapetum.resources.start()

The names are OpenTelemetry's: `process.*`, `cpython.gc.*` and, of NVIDIA GPUs, `hw.*`. psutil and nvidia-ml-py are used
where they are installed (`tapetum-sdk[resources]`); without psutil Linux's /proc gives the same, and other systems give
garbage collection only.
"""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation
from opentelemetry.sdk.metrics import MeterProvider as SdkMeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

from tapetum._fork import renew_in_child
from tapetum._gpu import Gpus
from tapetum._guard import Losses, never_raise
from tapetum._process import Usage, reader, usable_cpus
from tapetum._version import __version__

__all__ = ["ProcessResources", "start"]

_FRESH_S = 0.5
"""All instruments of one collection share a look at the process."""


class ProcessResources:
    """Observes this process until `stop`. Made by `start`. Never raises; `losses` counts what could not be read."""

    def __init__(self, meter_provider: MeterProvider, owned: SdkMeterProvider | None) -> None:
        self.losses = Losses("readings of the process")
        self._owned = owned
        self._stopped = False
        self._renew()
        renew_in_child(self._renew)
        self._read = reader()
        self._usage: Usage | None = None
        self._utilization: tuple[float, float] | None = None
        self._looked_s = 0.0
        self._pid = os.getpid()
        with never_raise(self.losses, 1):
            self._look()
        self._observe(meter_provider)

    def _renew(self) -> None:
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Observe no more; a meter provider that `start` made is flushed and shut down. Calling twice is fine."""
        if self._stopped:
            return
        if self._owned is not None:
            with never_raise(self.losses, 1):
                self._owned.shutdown()
        self._gpus.stop()
        self._stopped = True

    def _observe(self, meter_provider: MeterProvider) -> None:
        meter = meter_provider.get_meter("tapetum.resources", __version__)
        counter, up_down = meter.create_observable_counter, meter.create_observable_up_down_counter
        if self._read is not None:
            counter("process.cpu.time", [self._of(_cpu_time)], "s", "CPU seconds of the process by mode.")
            meter.create_observable_gauge(
                "process.cpu.utilization", [self._of(self._cpu_utilization)], "1", "Share of the CPUs it may use."
            )
            up_down("process.memory.usage", [self._of(_memory)], "By", "Physical memory.")
            up_down("process.memory.virtual", [self._of(_virtual)], "By", "Virtual memory.")
            up_down("process.thread.count", [self._of(_threads)], "{thread}", "Threads.")
            up_down("process.unix.file_descriptor.count", [self._of(_files)], "{file_descriptor}", "Open files.")
            meter.create_observable_gauge("process.uptime", [self._of(_uptime)], "s", "Time since it started.")
        for name, unit, key in (
            ("cpython.gc.collections", "{collection}", "collections"),
            ("cpython.gc.collected_objects", "{object}", "collected"),
            ("cpython.gc.uncollectable_objects", "{object}", "uncollectable"),
        ):
            counter(name, [self._gc(key)], unit, f"Python's garbage collector, by generation: {key}.")
        self._gpus = Gpus(self.losses)
        self._gpus.observe(meter)

    def _of(
        self, observe: Callable[[Usage], Sequence[Observation]]
    ) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def callback(_: CallbackOptions) -> Iterable[Observation]:
            found: Sequence[Observation] = ()
            if not self._stopped:
                with never_raise(self.losses, 1):
                    usage = self._look()
                    found = observe(usage) if usage is not None else ()
            return found

        return callback

    def _gc(self, key: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def callback(_: CallbackOptions) -> Iterable[Observation]:
            if self._stopped:
                return ()
            return [Observation(of[key], {"cpython.gc.generation": n}) for n, of in enumerate(gc.get_stats())]

        return callback

    def _look(self) -> Usage | None:
        """The process now, or as it was a moment ago."""
        with self._lock:
            now = time.monotonic()
            if self._read is None or (self._usage is not None and now - self._looked_s < _FRESH_S):
                return self._usage
            before, elapsed = self._usage, now - self._looked_s
            self._usage, self._looked_s = self._read(), now
            if self._pid != os.getpid():  # forked: what came before was the parent's
                before, self._pid, self._utilization = None, os.getpid(), None
            if before is not None:
                whole = elapsed * usable_cpus()
                user = (self._usage.cpu_user_s - before.cpu_user_s) / whole
                system = (self._usage.cpu_system_s - before.cpu_system_s) / whole
                self._utilization = (min(1.0, max(0.0, user)), min(1.0, max(0.0, system)))
            return self._usage

    def _cpu_utilization(self, _: Usage) -> Sequence[Observation]:
        return _by_mode(*self._utilization) if self._utilization is not None else ()


def start(interval_s: float = 15.0, meter_provider: MeterProvider | None = None) -> ProcessResources:
    """Begin to observe this process.

    Without a `meter_provider`, one is made that sends to Tapetum every `interval_s` (`TAPETUM_URL` and `TAPETUM_KEY`
    say where, `OTEL_SERVICE_NAME` who). With one, its own readers say when and where.
    """
    owned = None
    if meter_provider is None:
        from tapetum.exporter import TapetumMetricExporter

        often = PeriodicExportingMetricReader(TapetumMetricExporter(), export_interval_millis=interval_s * 1000)
        meter_provider = owned = SdkMeterProvider([often])
    return ProcessResources(meter_provider, owned)


def _by_mode(user: float, system: float) -> Sequence[Observation]:
    return [Observation(user, {"cpu.mode": "user"}), Observation(system, {"cpu.mode": "system"})]


def _cpu_time(usage: Usage) -> Sequence[Observation]:
    return _by_mode(usage.cpu_user_s, usage.cpu_system_s)


def _memory(usage: Usage) -> Sequence[Observation]:
    return [Observation(usage.memory_bytes)]


def _virtual(usage: Usage) -> Sequence[Observation]:
    return [Observation(usage.virtual_bytes)]


def _threads(usage: Usage) -> Sequence[Observation]:
    return [Observation(usage.threads)]


def _files(usage: Usage) -> Sequence[Observation]:
    return [Observation(usage.open_files)] if usage.open_files is not None else []


def _uptime(usage: Usage) -> Sequence[Observation]:
    return [Observation(time.time() - usage.started_s)]
