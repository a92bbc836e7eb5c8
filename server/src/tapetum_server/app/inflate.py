"""Request bodies, read and inflated under limits that are checked while inflating, never after.

As ASGI middleware: what is behind it sees one plain body and no `content-encoding`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import Executor
from pathlib import Path

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tapetum_server.app.inflating import ENCODINGS, SNAPPY, BodyError, BodyLimits, inflate, too_large
from tapetum_server.app.spool import SPOOL_ABOVE, Spool

_INLINE_BYTES = 16 * 1024
"""Larger compressed bodies are inflated on the executor."""
Refuse = Callable[[Scope, BodyError], Response]
"""Makes the answer to a refused body, in the words of the door it was sent to."""


class Inflate:
    """ASGI middleware that hands on whole, inflated request bodies."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        refuse: Refuse,
        executor: Executor,
        limits: BodyLimits | None = None,
        snappy: Callable[[Scope], bool] = lambda _scope: False,
        large: Callable[[Scope], bool] = lambda _scope: False,
        spools: Path | None = None,
    ) -> None:
        """`snappy` says which requests are raw snappy, named or not, unless another encoding is named.

        Bodies that are `large` go to a nameless file in the directory `spools` when they do not fit a few MiB. Behind
        this, `body` in the scope's state holds them: as bytes, or as a map of the file.
        """
        self._app = app
        self._refuse = refuse
        self._executor = executor
        self._limits = limits or BodyLimits()
        self._snappy = snappy
        self._large = large
        self._spools = spools
        self._held = 0
        self._spooled = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS", "DELETE"):
            await self._app(scope, receive, send)
            return
        held = 0

        def hold(count: int) -> None:
            nonlocal held
            if self._held + count > self._limits.held_bytes:
                raise BodyError(503, "memory_full", "too many request bodies at once: retry in a second")
            held += count
            self._held += count

        try:
            try:
                if self._large(scope):
                    await self._spool(scope, receive, send, hold)
                    return
                body = await self._body(scope, receive, hold)
            except BodyError as error:
                response = self._refuse(scope, error)
                if error.status == 503:
                    response.headers["retry-after"] = "1"
                # The rest of the body is unread: without this the connection would be kept for it.
                response.headers["connection"] = "close"
                await response(scope, receive, send)
                return
            if body is None:  # the client has gone
                return
            await self._app(_plain(scope, len(body)), _replay(body, receive), send)
        finally:
            self._held -= held

    async def _spool(self, scope: Scope, receive: Receive, send: Send, hold: Callable[[int], None]) -> None:
        """Hand on a body that may be large."""
        encoding, length = _headers(scope)
        limits = self._limits
        if length > limits.large_bytes:
            raise too_large(f"the body has {length} bytes", limits.large_bytes, "max_predictions_mib")
        _check_encoding(encoding, ENCODINGS)
        spooled = 0

        def take_room(count: int) -> None:
            nonlocal spooled
            if self._spooled + count > limits.spooled_bytes:
                raise BodyError(503, "memory_full", "too many large request bodies at once: retry in a second")
            spooled += count
            self._spooled += count
            if spooled <= SPOOL_ABOVE:
                hold(count)

        try:
            async with Spool(encoding, limits, self._spools, take_room, self._executor) as spool:
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return
                    await spool.write(message.get("body", b""))
                    if not message.get("more_body", False):
                        break
                body = await spool.whole()
                state = {**scope.get("state", {}), "body": body}
                del body
                await self._app({**_plain(scope, 0), "state": state}, _replay(b"", receive), send)
        finally:
            self._spooled -= spooled

    async def _body(self, scope: Scope, receive: Receive, hold: Callable[[int], None]) -> bytes | None:
        encoding, length = _headers(scope)
        limits = self._limits
        known: tuple[str, ...] = ENCODINGS
        if encoding in (None, SNAPPY) and self._snappy(scope):
            encoding, known = SNAPPY, (*ENCODINGS, SNAPPY)
        most = limits.inflated_bytes if encoding is None else limits.wire_bytes
        _check_encoding(encoding, known)
        setting = "max_body_mib" if encoding is None else ""
        if length > most:
            raise too_large(f"the body has {length} bytes", most, setting)
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > most:
                raise too_large(f"the body has more than {most} bytes", most, setting)
            hold(len(chunk))
            chunks.append(chunk)
            if not message.get("more_body", False):
                break
        wire = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        if encoding is None:
            return wire
        if len(wire) <= _INLINE_BYTES:
            body = inflate(wire, encoding, limits)
        else:
            loop = asyncio.get_running_loop()
            body = await loop.run_in_executor(self._executor, inflate, wire, encoding, limits)
        hold(len(body))
        return body


def _check_encoding(encoding: str | None, known: Collection[str]) -> None:
    if encoding is not None and encoding not in known:
        names = ", ".join(("identity", *ENCODINGS))
        raise BodyError(415, "content_encoding", f"content encoding {encoding!r} is unknown: send one of {names}")


def _headers(scope: Scope) -> tuple[str | None, int]:
    encoding: str | None = None
    length = 0
    for name, value in scope["headers"]:
        if name == b"content-encoding":
            text = value.decode("latin-1").strip().lower()
            encoding = None if text in ("", "identity") else text.removeprefix("x-")
        elif name == b"content-length" and value.isdigit():
            length = int(value)
    return encoding, length


def _plain(scope: Scope, length: int) -> Scope:
    headers = [(n, v) for n, v in scope["headers"] if n not in (b"content-encoding", b"content-length")]
    return {**scope, "headers": [*headers, (b"content-length", str(length).encode())]}


def _replay(body: bytes, receive: Receive) -> Callable[[], Awaitable[Message]]:
    sent = False

    async def replayed() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


__all__ = ["ENCODINGS", "BodyError", "BodyLimits", "Inflate", "inflate"]
