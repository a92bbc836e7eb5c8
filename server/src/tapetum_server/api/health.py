"""What needs attention now, and how the server itself is."""

from __future__ import annotations

import asyncio
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from tapetum_server.analysis.health.monitors import GIVEN_UP_WITHIN_S
from tapetum_server.analysis.health.report import HealthReport, health_report
from tapetum_server.analysis.monitor_report import MonitorRow, monitor_row
from tapetum_server.analysis.server_report import ServerReport, server_report
from tapetum_server.analysis.server_state import ServerWatch
from tapetum_server.api.dependencies import ProjectName, Reader, catalog_of, require
from tapetum_server.api.errors import ApiError
from tapetum_server.api.questions import answer, now_of, reader_of, router_of
from tapetum_server.api.redaction import secrets_watched
from tapetum_server.catalog.deliveries import GivenUp
from tapetum_server.signals.identity import Identity

router = router_of("health")
WholeAdmin = Annotated[Identity, Depends(require("admin", every_project=True))]


def watch_of(request: Request) -> ServerWatch | None:
    """Who looks at the server from within; nobody where the API runs by itself."""
    return cast("ServerWatch | None", request.app.state.watch)


@router.get("/health", response_model=HealthReport)
async def get_health(request: Request, caller: Reader, project: ProjectName) -> Response:
    """What needs attention now: the worst first, each with its value, limit, since when, and where to look."""
    now = now_of(request)

    def kept() -> tuple[list[MonitorRow], list[GivenUp]]:
        catalog = catalog_of(request)
        states = catalog.monitors.states(project)
        rows = [
            monitor_row(monitor, states.get(monitor.id, {}), None, now / 1e9, whole_url=False)
            for monitor in catalog.monitors.all(project)
        ]
        return rows, catalog.deliveries.given_up(project, GIVEN_UP_WITHIN_S)

    monitors, given_up = await asyncio.to_thread(kept)
    watch = watch_of(request)
    return answer(
        await health_report(
            reader_of(request),
            project=project,
            now=now,
            monitors=monitors,
            given_up=given_up,
            server=None if watch is None else watch.state(),
            whole_server=caller.project is None,
            secrets_watched=secrets_watched(request, project),
        )
    )


@router.get("/server", response_model=ServerReport)
async def get_server(request: Request, caller: WholeAdmin) -> Response:
    """How the server itself is: process, disk, store, data directory, and what `tapetum doctor` says of it."""
    watch = watch_of(request)
    if watch is None:
        raise ApiError("not_watched", "This API runs without a server around it.", 503)
    return answer(await server_report(reader_of(request), watch, now_of(request)))
