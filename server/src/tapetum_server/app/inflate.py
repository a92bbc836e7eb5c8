"""Request bodies, read and inflated under limits that are checked while inflating, never after.

As ASGI middleware: what is behind it sees one plain body and no `content-encoding`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, cast

import cramjam
from backports import zstd
from isal import isal_zlib
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ENCODINGS = ("gzip", "deflate", "zstd")
SNAPPY = "snappy"
"""Raw snappy blocks, for the doors whose protocol wants them."""
_STEP = 1024 * 1024
_INLINE_BYTES = 16 * 1024
"""Larger compressed bodies are inflated on the executor."""
_GZIP, _ZLIB, _RAW = 31, 15, -15
_STREAM_ERRORS: tuple[type[Exception], ...] = (
    cast(type[Exception], isal_zlib.error),
    zstd.ZstdError,
    cramjam.DecompressionError,
    EOFError,
)


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """How large a request may be, on the wire and inflated, and all requests together."""

    wire_bytes: int = 20 * 1024 * 1024
    inflated_bytes: int = 64 * 1024 * 1024
    held_bytes: int = 512 * 1024 * 1024
    """Bodies of unanswered requests together; beyond it new requests are told to retry."""
    zstd_window_log: int = 23
    """Log2 of the largest zstd window, 8 MiB: what RFC 8878 says a decoder should support."""


class BodyError(Exception):
    """The body is refused: `status` is the HTTP answer, `reason` a short stable name to count."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


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
    ) -> None:
        """`snappy` says which requests are raw snappy, named or not, unless another encoding is named."""
        self._app = app
        self._refuse = refuse
        self._executor = executor
        self._limits = limits or BodyLimits()
        self._snappy = snappy
        self._held = 0

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

    async def _body(self, scope: Scope, receive: Receive, hold: Callable[[int], None]) -> bytes | None:
        encoding, length = _headers(scope)
        limits = self._limits
        known: tuple[str, ...] = ENCODINGS
        if encoding in (None, SNAPPY) and self._snappy(scope):
            encoding, known = SNAPPY, (*ENCODINGS, SNAPPY)
        most = limits.inflated_bytes if encoding is None else limits.wire_bytes
        if encoding is not None and encoding not in known:
            names = ", ".join(("identity", *ENCODINGS))
            raise BodyError(415, "content_encoding", f"content encoding {encoding!r} is unknown: send one of {names}")
        if length > most:
            raise BodyError(413, "too_large", f"the body has {length} bytes; the limit is {most}")
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > most:
                raise BodyError(413, "too_large", f"the body has more than {most} bytes, the limit")
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


def inflate(wire: bytes, encoding: str, limits: BodyLimits) -> bytes:
    """The inflated body; raises `BodyError` (413 beyond the limit, 400 for anything but whole streams)."""
    if not wire:
        return b""
    budget = _Budget(limits.inflated_bytes)
    try:
        if encoding == SNAPPY:
            # The length is in the header, and the decoder never writes beyond it.
            budget.expect(cramjam.snappy.decompress_raw_len(wire))
            return bytes(cramjam.snappy.decompress_raw(wire))
        if encoding == "zstd":
            return _all_streams(wire, b"\x28\xb5\x2f\xfd", lambda: _Zstd(limits.zstd_window_log), budget)
        if encoding == "gzip":
            return _all_streams(wire, b"\x1f\x8b", lambda: _Zlib(_GZIP), budget)
        return _deflate(wire, budget)
    except _STREAM_ERRORS as error:
        raise BodyError(400, "undecodable", f"the body is not {encoding}: {error}") from None


class _Budget:
    def __init__(self, most: int) -> None:
        self._most = most
        self._left = most

    def take(self, chunk: bytes) -> bytes:
        self.expect(len(chunk))
        return chunk

    def expect(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise BodyError(413, "too_large", f"the body inflates to more than {self._most} bytes, the limit")


class _Zlib:
    def __init__(self, window_bits: int) -> None:
        self._stream = isal_zlib.decompressobj(window_bits)
        self._input = b""

    def feed(self, wire: bytes) -> None:
        self._input = wire

    def step(self) -> bytes:
        chunk: bytes = self._stream.decompress(self._input, _STEP)
        self._input = self._stream.unconsumed_tail
        return chunk

    @property
    def eof(self) -> bool:
        return bool(self._stream.eof)

    @property
    def rest(self) -> bytes:
        found: bytes = self._stream.unused_data
        return found


class _Zstd:
    def __init__(self, window_log: int) -> None:
        options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: window_log}
        self._stream: Any = zstd.ZstdDecompressor(options=options)
        self._input = b""

    def feed(self, wire: bytes) -> None:
        self._input = wire

    def step(self) -> bytes:
        chunk: bytes = self._stream.decompress(self._input, _STEP)
        self._input = b""
        return chunk

    @property
    def eof(self) -> bool:
        return bool(self._stream.eof)

    @property
    def rest(self) -> bytes:
        found: bytes = self._stream.unused_data
        return found


def _all_streams(wire: bytes, magic: bytes, make: Callable[[], _Zlib | _Zstd], budget: _Budget) -> bytes:
    """Every member (gzip) or frame (zstd) that follows another; anything else behind them is an error."""
    out: list[bytes] = []
    while wire:
        if not wire.startswith(magic):
            where = "behind the compressed body" if out else "at its start"
            raise EOFError(f"unexpected bytes {where}")
        wire = _stream(wire, make(), budget, out)
    return out[0] if len(out) == 1 else b"".join(out)


def _stream(wire: bytes, stream: _Zlib | _Zstd, budget: _Budget, out: list[bytes]) -> bytes:
    stream.feed(wire)
    while not stream.eof:
        chunk = stream.step()
        if not chunk and not stream.eof:
            raise EOFError("it ends before its end marker")
        out.append(budget.take(chunk))
    return stream.rest


def _deflate(wire: bytes, budget: _Budget) -> bytes:
    """RFC 9110 says deflate is the zlib format; some clients send the raw stream."""
    has_header = len(wire) > 1 and wire[0] & 15 == 8 and (wire[0] << 8 | wire[1]) % 31 == 0
    out: list[bytes] = []
    rest = _stream(wire, _Zlib(_ZLIB if has_header else _RAW), budget, out)
    if rest:
        raise EOFError("unexpected bytes behind the compressed body")
    return b"".join(out)


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
