"""Saved views: an explorer as somebody arranged it, under a name that the project shares."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.requests import Request

from tapetum_server.api.access import Time
from tapetum_server.api.dependencies import Admin, ProjectName, Reader, catalog_of, resolve_project
from tapetum_server.api.errors import ApiError
from tapetum_server.api.questions import router_of
from tapetum_server.catalog.errors import TooMany, UnknownView, ViewExists
from tapetum_server.catalog.views import View

router = router_of("views")

# Only a path of this server and only the search part of an address: a view can lead nowhere else.
PagePath = Annotated[
    str, StringConstraints(pattern=r"^/(?:[^\x00-\x20?#\\/]+(?:/[^\x00-\x20?#\\/]+)*)?$", max_length=200)
]
SearchText = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x20#]*$", max_length=10_000)]
ViewName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$")
]


class SavedView(BaseModel):
    """A page and the search part of its address, without project and `?`."""

    id: str
    page: str
    name: str
    search: str
    created_at: Time
    created_by: str


class SavedViews(BaseModel):
    """Saved views by page and name."""

    rows: list[SavedView]


class NewView(BaseModel):
    """A view to save."""

    model_config = ConfigDict(extra="forbid")

    page: PagePath
    name: ViewName
    search: SearchText = ""
    project: str | None = None
    replace: bool = False
    """Whether to take the place of the page's view of that name."""


@router.get("/views")
def list_views(
    request: Request,
    caller: Reader,
    project: ProjectName,
    page: Annotated[PagePath | None, Query(description="Only this page's, as `/traces`.")] = None,
) -> SavedViews:
    """The project's saved views."""
    return SavedViews(rows=[_saved(view) for view in catalog_of(request).views.all(project, page)])


@router.post("/views", status_code=201)
def create_view(request: Request, caller: Admin, new: NewView) -> SavedView:
    """Save a view for everybody in the project."""
    project = resolve_project(request, new.project)
    try:
        return _saved(
            catalog_of(request).views.create(
                project, page=new.page, name=new.name, search=new.search, by=caller.name, replace=new.replace
            )
        )
    except ViewExists as error:
        raise ApiError(
            "view_exists", str(error), 409, field="name", hint="Choose another name, or send replace: true."
        ) from error
    except TooMany as error:
        raise ApiError("too_many_views", str(error), 409) from error


@router.delete("/views/{view_id}", status_code=204)
def delete_view(request: Request, view_id: str, caller: Admin, project: ProjectName) -> None:
    """Forget a saved view."""
    try:
        catalog_of(request).views.delete(project, view_id)
    except UnknownView as error:
        raise ApiError("view_not_found", str(error), 404, hint="GET /api/v1/views lists them.") from error


def _saved(view: View) -> SavedView:
    return SavedView(
        id=view.id,
        page=view.page,
        name=view.name,
        search=view.search,
        created_at=view.created_at,
        created_by=view.created_by,
    )
