"""Compressed bodies, inflated under a limit that is checked while inflating, never after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import cramjam
from backports import zstd
from isal import isal_zlib

ENCODINGS = ("gzip", "deflate", "zstd")
SNAPPY = "snappy"
"""Raw snappy blocks, for the doors whose protocol wants them."""
_STEP = 1024 * 1024
_GZIP, _ZLIB, _RAW = 31, 15, -15
_MAGIC_BYTES = 4
_STREAM_ERRORS: tuple[type[Exception], ...] = (cast(type[Exception], isal_zlib.error), zstd.ZstdError, EOFError)


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """How large a request may be, on the wire and inflated, and all requests together."""

    wire_bytes: int = 20 * 1024 * 1024
    inflated_bytes: int = 64 * 1024 * 1024
    held_bytes: int = 512 * 1024 * 1024
    """Bodies of unanswered requests together; beyond it new requests are told to retry."""
    large_bytes: int = 1024 * 1024 * 1024
    """Of a request that goes to a file, compressed or not."""
    spooled_bytes: int = 4 * 1024 * 1024 * 1024
    """Such files of unanswered requests together."""
    zstd_window_log: int = 23
    """Log2 of the largest zstd window, 8 MiB: what RFC 8878 says a decoder should support."""


class BodyError(Exception):
    """The body is refused: `status` is the HTTP answer, `reason` a short stable name to count."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


def too_large(what: str, most: int, setting: str) -> BodyError:
    """The refusal of a body; `setting` is the one that allows more, if any."""
    more = f", or let {setting} allow more" if setting else ""
    return BodyError(413, "too_large", f"{what}; the limit is {most}: send less at once{more}")


def inflate(wire: bytes, encoding: str, limits: BodyLimits) -> bytes:
    """The inflated body; raises `BodyError` (413 beyond the limit, 400 for anything but whole streams)."""
    if not wire:
        return b""
    budget = Budget(limits.inflated_bytes, "max_body_mib")
    if encoding != SNAPPY:
        inflating = Inflating(encoding, limits.zstd_window_log, budget)
        out = [*inflating.feed(wire), *inflating.end()]
        return out[0] if len(out) == 1 else b"".join(out)
    try:
        # The length is in the header, and the decoder never writes beyond it.
        budget.expect(cramjam.snappy.decompress_raw_len(wire))
        return bytes(cramjam.snappy.decompress_raw(wire))
    except cramjam.DecompressionError as error:
        raise BodyError(400, "undecodable", f"the body is not {encoding}: {error}") from None


class Inflating:
    """A compressed body that is inflated as it comes, every member (gzip) or frame (zstd) that follows another."""

    def __init__(self, encoding: str, zstd_window_log: int, budget: Budget) -> None:
        self._encoding = encoding
        self._window_log = zstd_window_log
        self._budget = budget
        self._stream: _Zlib | _Zstd | None = None
        self._begun = b""
        self._streams = 0

    def feed(self, wire: bytes) -> Iterator[bytes]:
        """What the next piece inflates to. Raises `BodyError`."""
        try:
            while wire:
                if self._stream is None:
                    wire, self._begun = self._begun + wire, b""
                    if len(wire) < _MAGIC_BYTES:
                        self._begun = wire
                        return
                    self._stream = self._opened(wire)
                self._stream.feed(wire)
                wire = b""
                while not self._stream.eof and (chunk := self._stream.step()):
                    yield self._budget.take(chunk)
                if self._stream.eof:
                    wire, self._stream = self._stream.rest, None
        except _STREAM_ERRORS as error:
            raise self._undecodable(error) from None

    def end(self) -> Iterator[bytes]:
        """Raises `BodyError` unless all of it was inflated. Nothing is left to give."""
        if self._stream is not None:
            raise self._undecodable("it ends before its end marker")
        if self._begun or not self._streams:
            raise self._undecodable(self._unexpected())
        return iter(())

    def _opened(self, wire: bytes) -> _Zlib | _Zstd:
        self._streams += 1
        if self._encoding == "zstd" and wire.startswith(b"\x28\xb5\x2f\xfd"):
            return _Zstd(self._window_log)
        if self._encoding == "gzip" and wire.startswith(b"\x1f\x8b"):
            return _Zlib(_GZIP)
        if self._encoding == "deflate" and self._streams == 1:
            # RFC 9110 says deflate is the zlib format; some clients send the raw stream.
            has_header = wire[0] & 15 == 8 and (wire[0] << 8 | wire[1]) % 31 == 0
            return _Zlib(_ZLIB if has_header else _RAW)
        self._streams -= 1
        raise EOFError(self._unexpected())

    def _unexpected(self) -> str:
        return f"unexpected bytes {'behind the compressed body' if self._streams else 'at its start'}"

    def _undecodable(self, why: object) -> BodyError:
        return BodyError(400, "undecodable", f"the body is not {self._encoding}: {why}")


class Budget:
    """How much a body may still inflate to."""

    def __init__(self, most: int, setting: str) -> None:
        self._most = most
        self._setting = setting
        self._left = most

    @property
    def taken(self) -> int:
        """Bytes so far."""
        return self._most - self._left

    def take(self, chunk: bytes) -> bytes:
        """The chunk, counted. Raises `BodyError`."""
        self.expect(len(chunk))
        return chunk

    def expect(self, count: int) -> None:
        """So many more bytes. Raises `BodyError`."""
        self._left -= count
        if self._left < 0:
            raise too_large(f"the body inflates to more than {self._most} bytes", self._most, self._setting)


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
