"""The web UI's files, and the doors that operators' machines knock on."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import CollectorRegistry
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from tapetum_server.api.dependencies import demand, identity_of
from tapetum_server.api.errors import ApiError

STATIC = Path(__file__).parent.parent / "static"
_NO_UI = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Tapetum</title>
<body><h1>Tapetum is running, without its web UI</h1>
<p>This installation was made with TAPETUM_SKIP_UI set. Reinstall without it to get the pages.
The API is at <a href="api/openapi.json">api/openapi.json</a>.</p></body></html>"""


class _Assets(StaticFiles):
    """Files whose name holds their content's hash: a browser may keep them for good."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code != 200 or not isinstance(response, FileResponse):
            return response
        headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
        if Path(response.path).suffix in _TEXT and _takes_gzip(Headers(scope=scope)):
            zipped = await run_in_threadpool(_zipped, str(response.path))
            headers |= {"content-encoding": "gzip"}
            return Response(zipped, headers=headers, media_type=response.media_type)
        response.headers.update(headers)
        return response


_TEXT = (".js", ".css", ".svg", ".json")


def _takes_gzip(headers: Headers) -> bool:
    asked = {part.replace(" ", "") for part in headers.get("accept-encoding", "").lower().split(",")}
    return "gzip" in asked and "range" not in headers


@lru_cache(maxsize=256)
def _zipped(path: str) -> bytes:
    """Compressed once: there are few files, and their names change with their content."""
    return gzip.compress(Path(path).read_bytes(), mtime=0)


async def _index(request: Request) -> Response:
    path = request.path_params.get("path", "")
    # A file beside index.html (favicon, theme script); anything else is a page of the single-page app.
    if path and "/" not in path and (file := STATIC / path).is_file() and path[0] != ".":
        return FileResponse(file, headers={"cache-control": "no-cache"})
    index = STATIC / "index.html"
    if not index.is_file():
        return HTMLResponse(_NO_UI, 200)
    return FileResponse(index, headers={"cache-control": "no-cache"})


async def _nobody(request: Request) -> Response:
    """What is sent to an address that takes nothing, most likely by an exporter with a wrong endpoint."""
    path = request.scope["path"]
    hint = "OTLP goes to /v1/traces, /v1/logs and /v1/metrics; GET /api/openapi.json lists the doors of the API."
    return ApiError("not_found", f"Nothing at {path} takes a {request.method}.", 404, hint=hint).response()


def ui_routes() -> list[BaseRoute]:
    """Routes of the UI; they answer every path that nothing else answers, so they come last."""
    routes: list[BaseRoute] = []
    if (STATIC / "assets").is_dir():
        routes.append(Mount("/assets", _Assets(directory=STATIC / "assets")))
    routes.append(Route("/{path:path}", _index, methods=["GET", "HEAD"]))
    routes.append(Route("/{path:path}", _nobody, methods=["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]))
    return routes


def operator_routes(registry: CollectorRegistry, not_ready: Callable[[], str]) -> list[BaseRoute]:
    """`/healthz` (the process answers), `/readyz` (it takes telemetry, or says why not), `/metrics`."""

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        reason = not_ready()
        return JSONResponse({"ready": not reason, "reason": reason or None}, 503 if reason else 200)

    async def metrics(request: Request) -> Response:
        try:
            demand(identity_of(request), "read", every_project=True)
        except ApiError as error:
            return error.response()
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/healthz", healthz, methods=["GET", "HEAD"]),
        Route("/readyz", readyz, methods=["GET", "HEAD"]),
        Route("/metrics", metrics, methods=["GET"]),
    ]
