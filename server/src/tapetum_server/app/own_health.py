"""Looks at the server from within: its process, its disk, its data directory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from tapetum_server._version import __version__
from tapetum_server.analysis.server_state import FAILURES_S, DataPart, ServerCheck, ServerState
from tapetum_server.app.diagnosis import diagnose_place
from tapetum_server.app.disk import DiskGuard
from tapetum_server.app.settings import Settings
from tapetum_server.query.query_failures import QueryFailures
from tapetum_server.store.writer import StoreWriter

_MOST_FILES = 200_000
"""Of one entry of the data directory: looking at more takes seconds."""
_CONTAINER_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


class OwnHealth:
    """`analysis.server_state.ServerWatch`, over what `app` has opened."""

    def __init__(
        self,
        settings: Settings,
        disk: DiskGuard,
        writer: StoreWriter,
        failures: QueryFailures,
        ports: Callable[[], tuple[int, int | None]],
    ) -> None:
        self._settings = settings
        self._disk = disk
        self._writer = writer
        self._failures = failures
        self._ports = ports
        self._process = psutil.Process()
        self._started_at = self._process.create_time()
        self._memory_limit = memory_limit()

    def state(self) -> ServerState:
        """See `ServerWatch`."""
        http, grpc = self._ports()
        lived = max(1.0, time.time() - self._started_at)
        return ServerState(
            version=__version__,
            started_at=self._started_at,
            store="clickhouse" if self._settings.store else "embedded",
            catalog="postgresql" if self._settings.catalog else "sqlite",
            http_port=http,
            grpc_port=grpc,
            disk_used_percent=self._disk.used_percent,
            disk_full_percent=self._settings.disk_full_percent,
            disk_samples=self._disk.samples(),
            waiting_records=self._writer.waiting,
            waiting_limit=self._writer.waiting_limit,
            memory_bytes=self._process.memory_info().rss,
            memory_limit_bytes=self._memory_limit,
            cpu_percent=100 * time.process_time() / lived,
            threads=self._process.num_threads(),
            failures=self._failures.within(FAILURES_S),
        )

    def data_parts(self) -> list[DataPart]:
        """See `ServerWatch`."""
        try:
            entries = list(os.scandir(self._settings.data))
        except FileNotFoundError:
            return []
        parts = [_part(entry) for entry in entries]
        return sorted(parts, key=lambda part: -part["bytes"])

    def checks(self) -> list[ServerCheck]:
        """See `ServerWatch`."""
        return [
            ServerCheck(name=check.name, outcome=check.outcome, found=check.found, fix=check.fix)
            for check in diagnose_place(self._settings.data)
        ]


def memory_limit() -> int:
    """Bytes that this process may use: the machine's, or less in a container."""
    limit = int(psutil.virtual_memory().total)
    for file in _CONTAINER_LIMITS:
        try:
            limit = min(limit, int(file.read_text()))
        except (OSError, ValueError):
            continue  # no such kind of container, or one without a limit (`max`)
    return limit


def _part(entry: os.DirEntry[str]) -> DataPart:
    if not entry.is_dir(follow_symlinks=False):
        return DataPart(name=entry.name, bytes=_size(entry.path), complete=True)
    total, complete = 0, True
    for number, path in enumerate(_files(entry.path)):
        if number >= _MOST_FILES:
            complete = False
            break
        total += _size(path)
    return DataPart(name=f"{entry.name}/", bytes=total, complete=complete)


def _files(folder: str) -> Iterator[str]:
    for root, _, names in os.walk(folder):
        for name in names:
            yield os.path.join(root, name)


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_blocks * 512
    except FileNotFoundError:
        return 0  # merged away since
