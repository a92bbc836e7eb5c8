"""What is stored, how fast it grows, and how full the disk is."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from tapetum_server.api.dependencies import Reader, catalog_of
from tapetum_server.api.questions import answer, now_of, reader_of, router_of
from tapetum_server.query import storage as queries

router = router_of("storage")
DiskLook = Callable[[], queries.DiskState]


@router.get("/storage", response_model=queries.Storage)
async def get_storage(request: Request, caller: Reader) -> Response:
    """Rows, bytes and growth of your projects by signal; for admins of every project also the disk."""
    retention: dict[tuple[str, queries.StoredSignal], int] = {}
    catalog = catalog_of(request)
    for name in catalog.projects.names():
        if caller.may_use(name):
            kept = catalog.projects.retention(name)
            retention |= {(name, signal): getattr(kept, signal) for signal in queries.SIGNALS}
    whole = caller.may("admin") and caller.project is None
    look = cast("DiskLook | None", request.app.state.disk)
    return answer(
        await queries.storage(
            reader_of(request), retention=retention, now=now_of(request), disk=look() if whole and look else None
        )
    )
