"""Answers of the API, made smaller for whoever is far away: a trace of 50,000 spans is 6.7 MB of JSON."""

from __future__ import annotations

import ipaddress

from isal import igzip
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALLEST = 8 * 1024
"""Below, a packet or five are saved at most."""
_LEVEL = 1
"""Measured on the trace of 50,000 spans; see docs/performance.md."""
_ASIDE = 256 * 1024
"""From here on it takes longer than a millisecond, and is done on another thread."""
_TYPES = ("application/json", "text/csv")
_NEVER = ("/api/v1/keys", "/api/v1/session")
"""Answers with secrets in them keep a length that nobody else's text changes."""


class Compress:
    """ASGI middleware: gzip for whole JSON and CSV answers of `/api/v1` that are large.

    Not for callers on this machine, whom it makes wait for nothing; one whom a proxy on this machine speaks for is far
    away. What is streamed (live tails, exports) goes out as it comes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; make smaller what comes back."""
        if scope["type"] != "http" or not _wanted(scope):
            await self._app(scope, receive, send)
            return
        start: Message | None = None

        async def sent(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                if _compressible(message):
                    start = message
                    return
            elif start is not None:
                head, start = start, None
                headers = MutableHeaders(raw=list(head["headers"]))
                headers.add_vary_header("accept-encoding")
                body = message.get("body", b"")
                if len(body) >= SMALLEST and not message.get("more_body"):
                    body = await run_in_threadpool(_gzip, body) if len(body) >= _ASIDE else _gzip(body)
                    headers["content-encoding"] = "gzip"
                    headers["content-length"] = str(len(body))
                await send({**head, "headers": headers.raw})
                message = {**message, "body": body}
            await send(message)

        await self._app(scope, receive, sent)


def _gzip(body: bytes) -> bytes:
    return igzip.compress(body, _LEVEL, mtime=0)


def _wanted(scope: Scope) -> bool:
    door = scope["path"].removeprefix(scope.get("root_path", ""))
    if not door.startswith("/api/v1/") or door.startswith(_NEVER):
        return False
    headers = Headers(scope=scope)
    asked = {part.replace(" ", "") for part in headers.get("accept-encoding", "").lower().split(",")}
    return "gzip" in asked and not (_is_here(scope) and not _is_forwarded(headers))


def _is_here(scope: Scope) -> bool:
    try:
        return ipaddress.ip_address((scope.get("client") or ("",))[0]).is_loopback
    except ValueError:
        return False


def _is_forwarded(headers: Headers) -> bool:
    return any(name in headers for name in ("x-forwarded-for", "forwarded", "via"))


def _compressible(start: Message) -> bool:
    headers = Headers(raw=start.get("headers", []))
    return (
        start["status"] == 200
        and headers.get("content-type", "").lower().startswith(_TYPES)
        and "content-encoding" not in headers
    )
