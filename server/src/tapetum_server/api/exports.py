"""Whole rows for a file: what a page's filter and time select, as Parquet, CSV or lines of JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from tapetum_server.api.errors import ApiError
from tapetum_server.api.questions import Question, router_of
from tapetum_server.query.export_files import ExportFormat
from tapetum_server.query.export_store import Export, StoreExports
from tapetum_server.query.exports import ExportKind, plan_export

router = router_of("export")
DEFAULT_ROWS = 1_000_000
MAX_ROWS = 100_000_000
_MEDIA: Mapping[ExportFormat, str] = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8; header=present",
    "ndjson": "application/x-ndjson",
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file. `x-tapetum-matching` is how many rows pass, `x-tapetum-truncated: true` says that "
        "the oldest of them are left out.",
        "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in _MEDIA.values()},
    }
}


class _File(StreamingResponse):
    """Lets go of the engine however it ends: whole, with an error, or because the client went away."""

    def __init__(self, export: Export, media_type: str, headers: Mapping[str, str]) -> None:
        super().__init__(export.pieces(), media_type=media_type, headers=headers)
        self._export = export

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._export.close()


@router.get("/export/{what}", response_class=Response, responses=_FILE)
async def export_rows(
    request: Request,
    asked: Question,
    what: ExportKind,
    format: Annotated[ExportFormat, Query(description="CSV and ndjson hold nested values as JSON.")] = "parquet",
    limit: Annotated[int, Query(ge=1, le=MAX_ROWS, description="Rows at most, the newest.")] = DEFAULT_ROWS,
) -> Response:
    """The rows of a public view that pass the filter, the newest first, with all columns."""
    plan = await plan_export(
        asked.reader, what, project=asked.project, time_range=asked.time_range, filter=asked.filter, limit=limit
    )
    try:
        export = await cast(StoreExports, request.app.state.exports).open(plan, format)
    except TimeoutError as error:
        raise ApiError("busy", "Other exports keep every place busy.", 503, headers={"retry-after": "5"}) from error
    headers = {
        "content-disposition": f'attachment; filename="{asked.project}-{what}.{format}"',
        "x-tapetum-matching": str(plan.matching),
        "x-tapetum-truncated": str(plan.truncated).lower(),
    }
    return _File(export, _MEDIA[format], headers)
