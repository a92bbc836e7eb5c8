"""How the server itself is: what Settings shows as its own health."""

from __future__ import annotations

import asyncio

from typing_extensions import TypedDict

from tapetum_server.analysis.health.server import DiskCard, disk_card
from tapetum_server.analysis.server_state import DataPart, ServerCheck, ServerWatch
from tapetum_server.query.engine_state import EngineState, engine_state
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import SECOND, format_time


class ProcessCard(TypedDict):
    """The server's process."""

    memory_bytes: int
    memory_limit_bytes: int
    """What it can have: the machine's, or its container's."""
    cpu_percent: float
    """Of one CPU, on average since the start."""
    threads: int


class QueueCard(TypedDict):
    """Records that were received and are not durable yet."""

    waiting: int
    limit: int
    """From there on senders are asked to wait."""


class ServerReport(TypedDict):
    """The server: process, disk, store, catalog, and what `tapetum doctor` says of it."""

    version: str
    started_at: str
    uptime_s: float
    process: ProcessCard
    queue: QueueCard
    disk: DiskCard
    query_failures: dict[str, int]
    """Questions of the last quarter of an hour that found no answer, by kind."""
    store: str
    engine: EngineState
    catalog: str
    http_port: int
    grpc_port: int | None
    data: list[DataPart]
    """The data directory, the largest entry first."""
    checks: list[ServerCheck]


async def server_report(reader: Reader, watch: ServerWatch, now: int) -> ServerReport:
    """Everything that the server knows of itself."""
    engine, data, checks = await asyncio.gather(
        engine_state(reader), asyncio.to_thread(watch.data_parts), asyncio.to_thread(watch.checks)
    )
    state = watch.state()
    return ServerReport(
        version=state.version,
        started_at=format_time(round(state.started_at * SECOND)),
        uptime_s=max(0.0, now / SECOND - state.started_at),
        process=ProcessCard(
            memory_bytes=state.memory_bytes,
            memory_limit_bytes=state.memory_limit_bytes,
            cpu_percent=state.cpu_percent,
            threads=state.threads,
        ),
        queue=QueueCard(waiting=state.waiting_records, limit=state.waiting_limit),
        disk=disk_card(state),
        query_failures=state.failures.by_kind,
        store=state.store,
        engine=engine,
        catalog=state.catalog,
        http_port=state.http_port,
        grpc_port=state.grpc_port,
        data=data,
        checks=checks,
    )
