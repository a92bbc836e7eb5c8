"""What the figures were measured on, and how busy it was with other work."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

_TICK = os.sysconf("SC_CLK_TCK")


def machine() -> dict[str, Any]:
    """Processor, cores, memory, kernel, Python."""
    info = Path("/proc/cpuinfo").read_text()
    model = next((line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")), "")
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 2**20
    return {
        "cpu": model, "cores": os.cpu_count(), "memory_gib": memory, "kernel": platform.release(),
        "python": platform.python_version(),
    }  # fmt: skip


def cpu_seconds(pid: int) -> float:
    """CPU seconds of a process and the children it has waited for (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(x) for x in fields[11:15]) / _TICK


def resident_mb(pid: int) -> float:
    """Resident memory of a process in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def machine_busy_seconds() -> float:
    """CPU seconds that the whole machine has been busy."""
    user, nice, system, _, _, irq, softirq = (int(x) for x in Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + softirq) / _TICK


def load() -> float:
    """The one-minute load average."""
    return round(os.getloadavg()[0], 2)
