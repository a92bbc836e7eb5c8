"""Langfuse's public API: traces, observations, scores and prompts of a server, its cloud or one's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from tapetum_server.cli.moving.live import Live
from tapetum_server.moving.found import Row

_PAGE, _LARGE_PAGE = 100, 1_000
_FIELDS = "core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context"


def langfuse_live(server: Live) -> Iterator[Row]:
    """Everything of the project that the keys are of.

    Servers that have no lists of traces any more have observations that say it of their trace, with metadata cut short.
    """
    first = server.try_get("/api/public/traces", page=1, limit=_PAGE)
    if first is not None:
        yield from _pages(server, "traces")
        yield from _pages(server, "observations")
    else:
        path = "/api/public/v2/observations"
        for page in server.pages(path, "cursor", "meta.cursor", limit=_LARGE_PAGE, fields=_FIELDS):
            yield from _rows(page, "observation")
    scores = server.try_get("/api/public/v2/scores", page=1, limit=_PAGE)
    if scores is not None:
        yield from _pages(server, "v2/scores")
    else:
        path = "/api/public/v3/scores"
        for page in server.pages(path, "cursor", "meta.cursor", limit=_PAGE, fields="details,subject,annotation"):
            yield from _rows(page, "score")
    yield from _prompts(server)


def _pages(server: Live, kind: str) -> Iterator[Row]:
    number = 1
    while True:
        page = server.get(f"/api/public/{kind}", page=number, limit=_PAGE)
        yield from _rows(page, kind)
        if not page.get("data") or number >= int((page.get("meta") or {}).get("totalPages") or 0):
            return
        number += 1


def _rows(page: dict[str, Any], kind: str) -> Iterator[Row]:
    for said in page.get("data") or ():
        yield Row(f"{kind} {said.get('id')}", said)


def _prompts(server: Live) -> Iterator[Row]:
    number = 1
    while True:
        page = server.try_get("/api/public/v2/prompts", page=number, limit=_PAGE) or {}
        for prompt in page.get("data") or ():
            path = f"/api/public/v2/prompts/{quote(prompt['name'], safe='')}"
            for version in sorted(prompt.get("versions") or ()):
                yield Row(f"prompt {prompt['name']} {version}", server.get(path, version=version))
        if not page.get("data") or number >= int((page.get("meta") or {}).get("totalPages") or 0):
            return
        number += 1
