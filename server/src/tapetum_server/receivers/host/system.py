"""The machine: CPU, memory, disks, file systems, network and load, under OpenTelemetry's `system.*` names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import psutil

from tapetum_server.receivers.host.reading import Reading, Shares, Source, counter, gauge, up_down_counter

MAX_DEVICES = 64
"""Of each kind: a machine with more is better watched by a Collector."""
_BLOCK_DEVICES = Path("/sys/block")
_NOT_DISKS = ("loop", "ram", "zram")
_CPU_MODES = {
    "user": "user", "nice": "nice", "system": "system", "idle": "idle", "iowait": "iowait",
    "irq": "interrupt", "softirq": "interrupt", "steal": "steal",
}  # fmt: skip
"""psutil's fields to `cpu.mode`. `guest` is left out: `user` holds it already."""

CPU_TIME = counter("system.cpu.time", "s", "Seconds that all CPUs together spent in each mode.")
CPU_UTILIZATION = gauge("system.cpu.utilization", "1", "Share of all CPUs' time in each mode since the last sample.")
CPU_COUNT = up_down_counter("system.cpu.logical.count", "{cpu}", "Logical CPUs.")
LOAD = {
    minutes: gauge(
        f"system.cpu.load_average.{minutes}m", "{thread}", f"Threads that ran or waited, over {minutes} min."
    )
    for minutes in (1, 5, 15)
}
MEMORY_USAGE = up_down_counter("system.memory.usage", "By", "Memory by state.")
MEMORY_UTILIZATION = gauge("system.memory.utilization", "1", "Share of memory by state.")
MEMORY_LIMIT = up_down_counter("system.memory.limit", "By", "Memory of the machine.")
PAGING_USAGE = up_down_counter("system.paging.usage", "By", "Swap by state.")
PAGING_UTILIZATION = gauge("system.paging.utilization", "1", "Share of swap by state.")
DISK_IO = counter("system.disk.io", "By", "Bytes read from and written to a disk.")
DISK_OPERATIONS = counter("system.disk.operations", "{operation}", "Reads from and writes to a disk.")
DISK_IO_TIME = counter("system.disk.io_time", "s", "Time that a disk was busy.")
FILESYSTEM_USAGE = up_down_counter("system.filesystem.usage", "By", "Space of a file system by state.")
FILESYSTEM_UTILIZATION = gauge("system.filesystem.utilization", "1", "Share of a file system's space in use.")
NETWORK_IO = counter("system.network.io", "By", "Bytes sent and received by an interface.")
NETWORK_ERRORS = counter("system.network.errors", "{error}", "Errors while sending and receiving.")
NETWORK_DROPPED = counter("system.network.packet.dropped", "{packet}", "Packets dropped without an error.")


class System:
    """Reads the machine. Counters count since it booted."""

    def __init__(self) -> None:
        # Read once: the kernel computes it from the clock, and a clock that is set would make it another series.
        self._boot = int(psutil.boot_time() * 1e9)
        self._shares = Shares()
        self._shares.since_last(_cpu_seconds())

    def sources(self) -> list[Source]:
        """Apart from each other, so that one that fails does not take the others with it."""
        return [
            Source("CPU", self.cpu),
            Source("load", self.load),
            Source("memory", self.memory),
            Source("swap", self.paging),
            Source("disks", self.disks),
            Source("file systems", self.filesystems),
            Source("network", self.network),
        ]

    def cpu(self) -> list[Reading]:
        """All CPUs together: 64 of them apart would be 500 series."""
        seconds = _cpu_seconds()
        readings = [Reading(CPU_TIME, s, {"cpu.mode": mode}, self._boot) for mode, s in seconds.items()]
        shares = self._shares.since_last(seconds)
        readings += [Reading(CPU_UTILIZATION, share, {"cpu.mode": mode}) for mode, share in shares.items()]
        readings.append(Reading(CPU_COUNT, psutil.cpu_count() or 1, {}, self._boot))
        return readings

    def load(self) -> list[Reading]:
        """Load averages, where the system has them."""
        if not hasattr(os, "getloadavg"):
            return []
        return [Reading(metric, value) for metric, value in zip(LOAD.values(), os.getloadavg())]

    def memory(self) -> list[Reading]:
        """Memory by state; the states add up to the whole."""
        found = psutil.virtual_memory()
        if hasattr(found, "buffers") and hasattr(found, "cached"):
            states = {"free": found.free, "buffers": found.buffers, "cached": found.cached}
        else:
            states = {"free": found.available}
        states["used"] = max(0, found.total - sum(states.values()))
        readings = [Reading(MEMORY_LIMIT, found.total, {}, self._boot)]
        for state, size in states.items():
            attributes = {"system.memory.state": state}
            readings.append(Reading(MEMORY_USAGE, size, attributes, self._boot))
            readings.append(Reading(MEMORY_UTILIZATION, size / found.total, attributes))
        return readings

    def paging(self) -> list[Reading]:
        """Swap by state; nothing on a machine without."""
        found = psutil.swap_memory()
        if not found.total:
            return []
        readings = []
        for state, size in (("used", found.used), ("free", found.free)):
            attributes = {"system.paging.state": state}
            readings.append(Reading(PAGING_USAGE, size, attributes, self._boot))
            readings.append(Reading(PAGING_UTILIZATION, size / found.total, attributes))
        return readings

    def disks(self) -> list[Reading]:
        """Whole disks: what a partition does, its disk does too."""
        readings = []
        found = psutil.disk_io_counters(perdisk=True) or {}
        for device in sorted(filter(_is_whole_disk, found))[:MAX_DEVICES]:
            io = found[device]
            of = {"system.device": device}
            for direction, size, count in (
                ("read", io.read_bytes, io.read_count),
                ("write", io.write_bytes, io.write_count),
            ):
                attributes = {**of, "disk.io.direction": direction}
                readings.append(Reading(DISK_IO, size, attributes, self._boot))
                readings.append(Reading(DISK_OPERATIONS, count, attributes, self._boot))
            if hasattr(io, "busy_time"):
                readings.append(Reading(DISK_IO_TIME, io.busy_time / 1000, of, self._boot))
        return readings

    def filesystems(self) -> list[Reading]:
        """File systems on disks of this machine, each once: network mounts may hang, bind mounts repeat."""
        devices: dict[str, Any] = {}
        for mount in sorted(psutil.disk_partitions(all=False), key=lambda mount: len(mount.mountpoint)):
            devices.setdefault(mount.device, mount)
        readings = []
        for device, mount in list(devices.items())[:MAX_DEVICES]:
            try:
                space = psutil.disk_usage(mount.mountpoint)
            except OSError:
                continue  # unmounted since, or not ours to look at
            of = {
                "system.device": device,
                "system.filesystem.mountpoint": mount.mountpoint,
                "system.filesystem.type": mount.fstype,
            }
            reserved = max(0, space.total - space.used - space.free)
            for state, size in (("used", space.used), ("free", space.free), ("reserved", reserved)):
                attributes = {**of, "system.filesystem.state": state}
                readings.append(Reading(FILESYSTEM_USAGE, size, attributes, self._boot))
            if space.used + space.free:
                readings.append(Reading(FILESYSTEM_UTILIZATION, space.used / (space.used + space.free), of))
        return readings

    def network(self) -> list[Reading]:
        """Interfaces of the machine; a container's end of a pair comes and goes, and its traffic is in the others."""
        readings = []
        found = psutil.net_io_counters(pernic=True)
        for interface in sorted(name for name in found if not name.startswith("veth"))[:MAX_DEVICES]:
            io = found[interface]
            for direction, size, errors, dropped in (
                ("transmit", io.bytes_sent, io.errout, io.dropout),
                ("receive", io.bytes_recv, io.errin, io.dropin),
            ):
                attributes = {"network.interface.name": interface, "network.io.direction": direction}
                readings.append(Reading(NETWORK_IO, size, attributes, self._boot))
                readings.append(Reading(NETWORK_ERRORS, errors, attributes, self._boot))
                readings.append(Reading(NETWORK_DROPPED, dropped, attributes, self._boot))
        return readings


def _cpu_seconds() -> dict[str, float]:
    seconds: dict[str, float] = {}
    for field, value in psutil.cpu_times()._asdict().items():
        if mode := _CPU_MODES.get(field):
            seconds[mode] = seconds.get(mode, 0.0) + value
    return seconds


def _is_whole_disk(device: str) -> bool:
    if device.startswith(_NOT_DISKS):
        return False
    return not _BLOCK_DEVICES.is_dir() or (_BLOCK_DEVICES / device.replace("/", "!")).exists()
