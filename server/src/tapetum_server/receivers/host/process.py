"""The server's own process, under OpenTelemetry's `process.*` names."""

from __future__ import annotations

import time

import psutil

from tapetum_server.receivers.host.reading import Reading, Shares, Source, counter, gauge, up_down_counter

CPU_TIME = counter("process.cpu.time", "s", "CPU seconds of the process by mode.")
CPU_UTILIZATION = gauge("process.cpu.utilization", "1", "Share of the CPUs it may use, since the last sample.")
MEMORY_USAGE = up_down_counter("process.memory.usage", "By", "Physical memory of the process.")
MEMORY_VIRTUAL = up_down_counter("process.memory.virtual", "By", "Virtual memory of the process.")
DISK_IO = counter("process.disk.io", "By", "Bytes that the process read from and wrote to disks.")
THREADS = up_down_counter("process.thread.count", "{thread}", "Threads of the process.")
FILES = up_down_counter("process.unix.file_descriptor.count", "{file_descriptor}", "Open file descriptors.")
UPTIME = gauge("process.uptime", "s", "How long the process has been running.")


class OwnProcess:
    """Reads this process. Counters count since it started."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._started = int(self._process.create_time() * 1e9)
        self._shares = Shares()
        self._looked = time.monotonic()
        times = self._process.cpu_times()
        self._shares.since_last({"user": times.user, "system": times.system})

    def sources(self) -> list[Source]:
        """The process is one source."""
        return [Source("own process", self.read)]

    def read(self) -> list[Reading]:
        """CPU, memory, I/O, threads and open files."""
        with self._process.oneshot():
            times, memory = self._process.cpu_times(), self._process.memory_info()
            threads = self._process.num_threads()
        looked, self._looked = self._looked, time.monotonic()
        seconds = {"user": times.user, "system": times.system}
        readings = [Reading(CPU_TIME, s, {"cpu.mode": mode}, self._started) for mode, s in seconds.items()]
        available = (self._looked - looked) * self._usable_cpus()
        for mode, share in self._shares.since_last(seconds, available).items():
            readings.append(Reading(CPU_UTILIZATION, share, {"cpu.mode": mode}))
        readings += [
            Reading(MEMORY_USAGE, memory.rss, {}, self._started),
            Reading(MEMORY_VIRTUAL, memory.vms, {}, self._started),
            Reading(THREADS, threads, {}, self._started),
            Reading(UPTIME, time.time() - self._started / 1e9),
        ]
        if hasattr(self._process, "num_fds"):
            readings.append(Reading(FILES, self._process.num_fds(), {}, self._started))
        if hasattr(self._process, "io_counters"):
            try:
                io = self._process.io_counters()
            except psutil.AccessDenied:
                return readings  # a sandbox may hide /proc/self/io
            for direction, size in (("read", io.read_bytes), ("write", io.write_bytes)):
                readings.append(Reading(DISK_IO, size, {"disk.io.direction": direction}, self._started))
        return readings

    def _usable_cpus(self) -> int:
        if hasattr(self._process, "cpu_affinity"):  # not on macOS
            return len(self._process.cpu_affinity())
        return psutil.cpu_count() or 1
