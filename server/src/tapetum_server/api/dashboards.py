"""Dashboards: listed, kept as documents, exported and imported."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from tapetum_server._version import __version__
from tapetum_server.analysis.dashboards.document import DashboardDocument
from tapetum_server.analysis.dashboards.reading import (
    MAX_DOCUMENT_BYTES,
    DashboardRefused,
    read_dashboard,
    write_dashboard,
)
from tapetum_server.analysis.dashboards.shipped import shipped_dashboards
from tapetum_server.api.access import Time
from tapetum_server.api.dependencies import Admin, ProjectName, Reader, catalog_of
from tapetum_server.api.errors import ApiError
from tapetum_server.api.questions import router_of
from tapetum_server.catalog.dashboards import DashboardContent, DashboardSummary
from tapetum_server.catalog.errors import DashboardChanged, TooMany, UnknownDashboard

router = router_of("dashboards")
_HOW_TO_LIST = "GET /api/v1/dashboards lists them."
_DOCUMENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DashboardDocument"}}},
    }
}
"""The importer reads a document, not the framework, so that a file of a newer version is told from a wrong one."""


class DashboardRow(BaseModel):
    """A dashboard in a list."""

    id: str
    title: str
    description: str
    panels: int
    shipped: bool
    """It came with Tapetum and cannot be changed, only copied. It then has no times and is at revision 0."""
    revision: int
    created_at: Time | None
    updated_at: Time | None
    updated_by: str | None


class DashboardRows(BaseModel):
    """A project's own dashboards by title, then the shipped ones."""

    rows: list[DashboardRow]


class Dashboard(DashboardRow):
    """A dashboard and what is on it."""

    document: DashboardDocument


@router.get("/dashboards")
def list_dashboards(request: Request, caller: Reader, project: ProjectName) -> DashboardRows:
    """The project's dashboards, and the ones that came with Tapetum."""
    own = [_row(summary) for summary in catalog_of(request).dashboards.all(project)]
    return DashboardRows(rows=own + [_shipped_row(id, document) for id, document in shipped_dashboards().items()])


@router.post("/dashboards", status_code=201, openapi_extra=_DOCUMENT)
async def create_dashboard(request: Request, caller: Admin, project: ProjectName) -> Dashboard:
    """Keep a new dashboard: the body is its document, as an export has it."""
    document = await _document_of(request)
    kept = await asyncio.to_thread(_create, request, project, document, caller.name)
    return Dashboard(**_row(kept).model_dump(), document=document)


@router.get("/dashboards/{dashboard_id}")
def get_dashboard(request: Request, dashboard_id: str, caller: Reader, project: ProjectName) -> Dashboard:
    """One dashboard with its document."""
    row, document = _found(request, project, dashboard_id)
    return Dashboard(**row.model_dump(), document=document)


@router.put("/dashboards/{dashboard_id}", openapi_extra=_DOCUMENT)
async def change_dashboard(
    request: Request,
    dashboard_id: str,
    caller: Admin,
    project: ProjectName,
    revision: Annotated[int, Query(ge=1, le=2**31 - 2, description="The revision that the change was made from.")],
) -> Dashboard:
    """Replace a dashboard's document; 409 where somebody else changed it meanwhile."""
    document = await _document_of(request)
    kept = await asyncio.to_thread(_change, request, project, dashboard_id, document, revision, caller.name)
    return Dashboard(**_row(kept).model_dump(), document=document)


@router.delete("/dashboards/{dashboard_id}", status_code=204)
def delete_dashboard(request: Request, dashboard_id: str, caller: Admin, project: ProjectName) -> None:
    """Forget a dashboard."""
    _refuse_shipped(dashboard_id)
    try:
        catalog_of(request).dashboards.delete(project, dashboard_id)
    except UnknownDashboard as error:
        raise _unknown(error) from error


@router.get("/dashboards/{dashboard_id}/export", response_model=DashboardDocument)
def export_dashboard(request: Request, dashboard_id: str, caller: Reader, project: ProjectName) -> Response:
    """The document as a file to keep or to import elsewhere."""
    row, document = _found(request, project, dashboard_id)
    name = re.sub(r"[^A-Za-z0-9]+", "-", row.title).strip("-").lower()[:80] or "dashboard"
    return Response(
        write_dashboard(document),
        media_type="application/json",
        headers={"content-disposition": f'attachment; filename="{name}.json"'},
    )


def _create(request: Request, project: str, document: DashboardDocument, by: str) -> DashboardSummary:
    try:
        return catalog_of(request).dashboards.create(project, _content(document), by=by)
    except TooMany as error:
        raise ApiError("too_many_dashboards", str(error), 409) from error


def _change(
    request: Request, project: str, id: str, document: DashboardDocument, revision: int, by: str
) -> DashboardSummary:
    _refuse_shipped(id)
    try:
        return catalog_of(request).dashboards.change(project, id, _content(document), revision=revision, by=by)
    except UnknownDashboard as error:
        raise _unknown(error) from error
    except DashboardChanged as error:
        raise ApiError(
            "dashboard_changed",
            str(error),
            409,
            field="revision",
            hint="Load it again and repeat the change, or keep yours as a new dashboard.",
        ) from error


async def _document_of(request: Request) -> DashboardDocument:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_DOCUMENT_BYTES:
            break
    try:
        return await asyncio.to_thread(read_dashboard, bytes(body), version=__version__)
    except DashboardRefused as error:
        status = 413 if error.code == "dashboard_too_large" else 422
        raise ApiError(error.code, error.message, status, field=error.field, hint=error.hint) from error


def _found(request: Request, project: str, id: str) -> tuple[DashboardRow, DashboardDocument]:
    if (shipped := shipped_dashboards().get(id)) is not None:
        return _shipped_row(id, shipped), shipped
    try:
        kept = catalog_of(request).dashboards.get(project, id)
        return _row(kept.summary), read_dashboard(kept.document.encode(), version=__version__)
    except UnknownDashboard as error:
        raise _unknown(error) from error
    except DashboardRefused as error:
        # Kept by a newer Tapetum that shares the catalog, or by an older one whose form is no longer read.
        raise ApiError(error.code, error.message, 409, field=error.field, hint=error.hint) from error


def _refuse_shipped(id: str) -> None:
    if id in shipped_dashboards():
        raise ApiError(
            "shipped_dashboard",
            f"The dashboard {id!r} came with Tapetum and cannot be changed.",
            409,
            hint="Make a copy: POST /api/v1/dashboards with its document.",
        )


def _unknown(error: UnknownDashboard) -> ApiError:
    return ApiError("dashboard_not_found", str(error), 404, hint=_HOW_TO_LIST)


def _content(document: DashboardDocument) -> DashboardContent:
    return DashboardContent(
        title=document.title,
        description=document.description,
        panels=len(document.panels),
        document=write_dashboard(document).decode(),
    )


def _row(summary: DashboardSummary) -> DashboardRow:
    return DashboardRow(
        id=summary.id,
        title=summary.title,
        description=summary.description,
        panels=summary.panels,
        shipped=False,
        revision=summary.revision,
        created_at=summary.created_at,
        updated_at=summary.updated_at,
        updated_by=summary.updated_by,
    )


def _shipped_row(id: str, document: DashboardDocument) -> DashboardRow:
    return DashboardRow(
        id=id,
        title=document.title,
        description=document.description,
        panels=len(document.panels),
        shipped=True,
        revision=0,
        created_at=None,
        updated_at=None,
        updated_by=None,
    )
