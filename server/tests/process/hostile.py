"""OTLP bodies that nobody should send, beside sound records that must not suffer from them."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from functools import cache
from typing import Any

from backports import zstd
from google.protobuf.internal.encoder import _VarintBytes  # the wire format by hand, where no API writes it wrong

MIB = 2**20
NOW = 1_900_000_000_000_000_000
"""A time in 2030 that every test may use: identity, not age, is what matters here."""


def field(number: int, payload: bytes) -> bytes:
    """One length-delimited protobuf field."""
    return bytes(_VarintBytes(number << 3 | 2)) + bytes(_VarintBytes(len(payload))) + payload


def fixed64(number: int, value: int) -> bytes:
    """One fixed64 protobuf field."""
    return bytes(_VarintBytes(number << 3 | 1)) + value.to_bytes(8, "little")


def text_attribute(key: bytes, value: bytes) -> bytes:
    """A KeyValue with a string."""
    return field(1, key) + field(2, field(1, value))


def span(number: int, *attributes: bytes, name: bytes = b"s", start: int = NOW, end: int | None = None) -> bytes:
    """A span of raw bytes whose span id is `number`."""
    ids = field(1, number.to_bytes(16, "big")) + field(2, number.to_bytes(8, "big"))
    times = fixed64(7, start) + fixed64(8, start + 1000 if end is None else end)
    return ids + field(5, name) + times + b"".join(field(9, a) for a in attributes)


def traces(*spans: bytes) -> bytes:
    """An export request that holds `spans`."""
    return field(1, field(2, b"".join(field(2, raw) for raw in spans)))


@cache
def many_attributes(count: int) -> bytes:
    """An export request: a span with `count` attributes, and a span with one."""
    many = [text_attribute(b"k%d" % n, b"v") for n in range(count)]
    return traces(span(1, *many, name=b"many"), span(2, text_attribute(b"k", b"v"), name=b"one"))


def nested(levels: int, *, kvlist: bool = False) -> bytes:
    """An AnyValue of lists (or maps) in one another. Written from the inside: 10,000 levels are quick."""
    value = field(1, b"core")
    for _ in range(levels):
        value = field(6, field(1, field(1, b"k") + field(2, value))) if kvlist else field(5, field(1, value))
    return value


def nested_json(levels: int) -> bytes:
    """A JSON export request with one span whose attribute is `levels` lists in one another."""
    value = '{"arrayValue":{"values":[' * levels + '{"stringValue":"core"}' + "]}}" * levels
    return json_traces(json_span(1, attributes=[{"key": "deep", "value": "?"}])).replace(b'"?"', value.encode())


def json_span(number: int, **more: object) -> dict[str, object]:
    """A span as OTLP/JSON."""
    return {
        "traceId": f"{number:032x}",
        "spanId": f"{number:016x}",
        "name": "s",
        "startTimeUnixNano": str(NOW),
        "endTimeUnixNano": str(NOW + 1000),
    } | more


def json_traces(*spans: dict[str, object]) -> bytes:
    """An export request as OTLP/JSON."""
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()


def gzip_bomb(mebibytes: int, *, members: bool = False) -> bytes:
    """Zeros that inflate to `mebibytes`, in one stream or in many that follow each other."""
    if members:
        return gzip.compress(bytes(MIB), 9) * mebibytes
    stream = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join(stream.compress(bytes(MIB)) for _ in range(mebibytes)) + stream.flush()


def zstd_bomb(mebibytes: int, *, members: bool = False) -> bytes:
    """Zeros that inflate to `mebibytes`, in one frame or in many that follow each other."""
    if members:
        return zstd.compress(bytes(MIB)) * mebibytes
    stream = zstd.ZstdCompressor(1)
    return b"".join(stream.compress(bytes(MIB)) for _ in range(mebibytes)) + stream.flush()


def zstd_of_huge_window() -> bytes:
    """A small frame that asks its reader for a window of 128 MiB."""
    # Magic, no single segment, window descriptor of exponent 17 (2^27), one last raw block of one byte.
    return b"\x28\xb5\x2f\xfd" + b"\x00" + bytes([17 << 3]) + (1 | 1 << 3).to_bytes(3, "little") + b"x"


def truncations(body: bytes) -> Iterator[bytes]:
    """`body` cut at places that are worth a try, among them inside lengths and inside values."""
    yield from (body[:cut] for cut in (1, 2, 3, len(body) // 3, len(body) // 2, len(body) - 1))


def metrics_of_labels(first: int, count: int) -> Any:
    """A request of `count` points of one metric, each with a label value of its own."""
    from process.otlp import request

    return request("metrics", [f"{n:016x}" for n in range(first, first + count)], start=NOW)
