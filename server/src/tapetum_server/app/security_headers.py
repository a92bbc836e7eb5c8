"""Headers that keep a browser from running, embedding or leaking what telemetry contains."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HTML_POLICY = (
    b"default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"font-src 'self' data:; connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; "
    b"form-action 'self'; frame-ancestors 'none'"
)
"""For pages. Inline styles are for the component library, which sets them from script."""
DATA_POLICY = b"default-src 'none'; frame-ancestors 'none'; sandbox"
"""For data: even opened on its own in a tab, it can run nothing."""

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)


class SecurityHeaders:
    """ASGI middleware: adds the headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add to what comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_ALWAYS, *_by_content(message, scope["path"])]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _by_content(message: Message, path: str) -> list[tuple[bytes, bytes]]:
    given = dict(message.get("headers", ()))
    media_type = given.get(b"content-type", b"").lower()
    added = []
    if b"content-security-policy" not in given:
        # A worker takes its policy from its own script's answer, so scripts get none.
        if media_type.startswith(b"text/html"):
            added.append((b"content-security-policy", HTML_POLICY))
        elif b"javascript" not in media_type:
            added.append((b"content-security-policy", DATA_POLICY))
    if "/api/" in path and b"cache-control" not in given:
        added.append((b"cache-control", b"no-store"))
    return added
