"""What the server knows of itself; `app` measures it, reports put it into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from typing_extensions import TypedDict

from tapetum_server.query.query_failures import RecentFailures


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """The process, its disk and what waits in it, as of now. Times are seconds since 1970."""

    version: str
    started_at: float
    store: Literal["embedded", "clickhouse"]
    catalog: Literal["sqlite", "postgresql"]
    http_port: int
    grpc_port: int | None
    disk_used_percent: float
    disk_full_percent: float
    """Where ingest pauses."""
    disk_samples: Sequence[tuple[float, float]]
    """(time, share of 0 to 1 in use) of the last hours, the oldest first."""
    waiting_records: int
    waiting_limit: int
    memory_bytes: int
    memory_limit_bytes: int
    """What the process may use before the system ends it: the machine's, or its container's."""
    cpu_percent: float
    """Of one CPU, since the process began."""
    threads: int
    failures: RecentFailures
    """Questions that found no answer within the last `FAILURES_S`."""


FAILURES_S = 900.0


class DataPart(TypedDict):
    """One entry of the data directory."""

    name: str
    bytes: int
    complete: bool
    """False where there were too many files to add up."""


class ServerCheck(TypedDict):
    """One thing that `tapetum doctor` looks at."""

    name: str
    outcome: Literal["ok", "warning", "problem"]
    found: str
    fix: str
    """What to do when the outcome is not `ok`."""


class ServerWatch(Protocol):
    """Looks at the server from within."""

    def state(self) -> ServerState:
        """Now; never waits."""
        ...

    def data_parts(self) -> list[DataPart]:
        """How large each entry of the data directory is; blocks."""
        ...

    def checks(self) -> list[ServerCheck]:
        """What `tapetum doctor` says of this machine and this data directory; blocks."""
        ...
