"""What routes ask for before they answer: who calls, whether they may, and in which project.

`app` puts `Identity` and the project header on every request; these read them. A project that
a caller may not use and one that does not exist are the same 404, so that nobody can find out
by guessing which projects there are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, cast

from fastapi import Depends, Query
from starlette.requests import Request

from tapetum_server.api.errors import ApiError
from tapetum_server.catalog.catalog import Catalog
from tapetum_server.signals.identity import DEFAULT_PROJECT, Identity, KeyScope

SESSION_COOKIE = "tapetum_session"
NOBODY = Identity(name="", scopes=frozenset())
"""The caller who showed no key where one is needed: may see the UI's files and log in, nothing else."""
_HOW_TO_SEND_A_KEY = "Send a key as 'Authorization: Bearer tpt_…'. Make one on the server: tapetum keys create."


def catalog_of(request: Request) -> Catalog:
    """The catalog that `app` put on `app.state.catalog`."""
    return cast(Catalog, request.app.state.catalog)


def identity_of(request: Request) -> Identity:
    """Who calls. `NOBODY` when no key was shown, also if a door was left without the middleware."""
    return cast(Identity, request.scope.get("state", {}).get("identity", NOBODY))


def demand(identity: Identity, scope: KeyScope, *, every_project: bool = False) -> Identity:
    """Raise 401 or 403 unless the caller holds `scope`, and for every project where that is asked."""
    if identity is NOBODY:
        raise ApiError(
            "unauthenticated",
            "This needs a key.",
            401,
            hint=_HOW_TO_SEND_A_KEY,
            headers={"www-authenticate": 'Bearer realm="tapetum"'},
        )
    if not identity.may(scope):
        raise ApiError(
            "forbidden",
            f"The key {identity.name!r} may {_list(identity)}, and this needs {scope}.",
            403,
            hint=f"Make a key for it: tapetum keys create --name NAME --scope {scope}",
        )
    if every_project and identity.project is not None:
        raise ApiError(
            "forbidden",
            f"The key {identity.name!r} belongs to project {identity.project!r}, and this concerns every project.",
            403,
            hint=f"Make a key without a project: tapetum keys create --name NAME --scope {scope}",
        )
    return identity


def require(scope: KeyScope, *, every_project: bool = False) -> Callable[[Request], Awaitable[Identity]]:
    """A dependency: the caller, who holds `scope`. Use as `Depends(require("read"))`."""

    async def required(request: Request) -> Identity:
        return demand(identity_of(request), scope, every_project=every_project)

    return required


def resolve_project(request: Request, name: str | None) -> str:
    """The project a request is about: the one it names, else the header's, else the caller's own.

    Raises 404 `project_not_found` for one that is not there or not the caller's.
    """
    identity = identity_of(request)
    header = request.scope.get("state", {}).get("project")
    wanted = name or header or identity.project or DEFAULT_PROJECT
    if identity is NOBODY or not identity.may_use(wanted) or not catalog_of(request).projects.exists(wanted):
        raise project_not_found(wanted)
    return wanted


async def project(
    request: Request,
    project: Annotated[
        str | None, Query(description="The project to look in; without it the key's own, else `default`.")
    ] = None,
) -> str:
    """A dependency: the name of the project to look in, which is there and the caller's to use."""
    return resolve_project(request, project)


def project_not_found(name: str) -> ApiError:
    """The 404 for a project that is not there, or that the caller must not know of."""
    shown = name if len(name) <= 80 else f"{name[:80]}…"
    return ApiError(
        "project_not_found",
        f"There is no project {shown!r} for this key.",
        404,
        field="project",
        hint="GET /api/v1/projects lists the projects this key can see.",
    )


Reader = Annotated[Identity, Depends(require("read"))]
Admin = Annotated[Identity, Depends(require("admin"))]
ProjectName = Annotated[str, Depends(project)]


def _list(identity: Identity) -> str:
    return " and ".join(sorted(identity.scopes)) or "nothing"
