"""What this process uses: from psutil where that is installed, from Linux's /proc where not."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

_PROC = Path("/proc/self")


class Usage(NamedTuple):
    """One look at the process. `open_files` is `None` where the system does not count them."""

    cpu_user_s: float
    cpu_system_s: float
    memory_bytes: int
    virtual_bytes: int
    threads: int
    open_files: int | None
    started_s: float
    """Seconds since 1970."""


def reader() -> Callable[[], Usage] | None:
    """How to look at this process on this system, or `None` where nobody can."""
    try:
        import psutil
    except ImportError:
        return _read_proc if sys.platform == "linux" and (_PROC / "stat").exists() else None
    return lambda: _read_psutil(psutil)


def _read_psutil(psutil: Any) -> Usage:
    process = psutil.Process()  # anew, because a fork makes it another one
    with process.oneshot():
        times, memory = process.cpu_times(), process.memory_info()
        return Usage(
            times.user, times.system, memory.rss, memory.vms, process.num_threads(),
            process.num_fds() if hasattr(process, "num_fds") else None, process.create_time(),
        )  # fmt: skip


def _read_proc() -> Usage:
    # The second field is the program's name in parentheses and may hold anything, spaces and parentheses too.
    fields = (_PROC / "stat").read_bytes().rpartition(b")")[2].split()
    pages = (_PROC / "statm").read_bytes().split()
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    started = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + int(fields[19]) / ticks
    return Usage(
        int(fields[11]) / ticks, int(fields[12]) / ticks, int(pages[1]) * page, int(pages[0]) * page, int(fields[17]),
        len(os.listdir(_PROC / "fd")), started,
    )  # fmt: skip


def usable_cpus() -> int:
    """CPUs that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
