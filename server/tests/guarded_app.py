"""A small server behind the real access checks, for tests of who gets in."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from tapetum_server.api import access
from tapetum_server.api.dependencies import ProjectName, Reader
from tapetum_server.api.errors import install_error_handlers
from tapetum_server.app.auth import Access, guard
from tapetum_server.app.hosts import Hosts
from tapetum_server.catalog.catalog import Catalog


class HeldClock:
    """A clock that a test holds."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


async def _receive(request: Request) -> Response:
    state = request.scope["state"]
    identity = state["identity"]
    return JSONResponse(
        {
            "name": identity.name,
            "scopes": sorted(identity.scopes),
            "key_project": identity.project,
            "project": state["project"],
            "path": request.url.path,
            "raw_path": request.scope["raw_path"].decode(),
        }
    )


async def _page(request: Request) -> Response:
    return HTMLResponse("<!doctype html><title>Tapetum</title>")


async def _health(request: Request) -> Response:
    return PlainTextResponse("ok")


def api_app(catalog: Catalog, *, keys_required: bool) -> FastAPI:
    """The real access routes, and one route that reads a project."""
    api = FastAPI(title="Tapetum", docs_url=None, redoc_url=None)
    install_error_handlers(api)
    api.include_router(access.router)
    api.state.catalog = catalog
    api.state.facts = access.ServerFacts(
        version="0.1.0",
        auth="keys" if keys_required else "open",
        otlp_http="http://127.0.0.1:4318",
        otlp_grpc="127.0.0.1:4317",
        public_url="http://tapetum.example",
        sql_enabled=lambda identity: identity.may("admin"),
    )

    @api.get("/v1/rows")
    async def rows(caller: Reader, project: ProjectName) -> dict[str, str]:
        return {"project": project, "caller": caller.name}

    @api.get("/v1/broken")
    async def broken(caller: Reader) -> None:
        raise RuntimeError("postgresql://user:hunter2@db is down")

    return api


def guarded(
    catalog: Catalog,
    *,
    keys_required: bool = True,
    bind_host: str = "127.0.0.1",
    allowed: Iterable[str] = (),
    origins: Iterable[str] = (),
    root_path: str = "",
) -> ASGIApp:
    """The small server behind the access checks."""
    inner = Starlette(
        routes=[
            Route("/healthz", _health),
            Route("/metrics", _health),
            Route("/v1/{signal:path}", _receive, methods=["POST", "GET"]),
            Route("/api/public/otel/v1/{signal:path}", _receive, methods=["POST"]),
            Mount("/api", api_app(catalog, keys_required=keys_required)),
            Route("/{page:path}", _page),
        ]
    )
    hosts = Hosts(bind_host, keys_required=keys_required, allowed=allowed, origins=origins)
    return guard(inner, Access(catalog, keys_required=keys_required), hosts, root_path=root_path)
