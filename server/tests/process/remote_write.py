"""Remote write's bytes by hand, from Prometheus' published field numbers: nothing of the server's own schema."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import cramjam

V1 = {"content-type": "application/x-protobuf", "content-encoding": "snappy"}
V2 = {
    "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
    "content-encoding": "snappy",
    "x-prometheus-remote-write-version": "2.0.0",
}
STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]


def varint(number: int) -> bytes:
    number &= 2**64 - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def whole(field: int, number: int) -> bytes:
    """int64, uint64, uint32 or an enum."""
    return varint(field << 3) + varint(number)


def zigzag(field: int, number: int) -> bytes:
    """sint32 or sint64."""
    return whole(field, number << 1 ^ number >> 63)


def double(field: int, number: float) -> bytes:
    bits = b"\x02\x00\x00\x00\x00\x00\xf0\x7f" if number is STALE else struct.pack("<d", number)
    return varint(field << 3 | 1) + bits


def inside(field: int, *parts: bytes) -> bytes:
    """A message, a text or a packed list."""
    body = b"".join(parts)
    return varint(field << 3 | 2) + varint(len(body)) + body


def label(name: str | bytes, value: str | bytes) -> bytes:
    texts = [text.encode() if isinstance(text, str) else text for text in (name, value)]
    return inside(1, inside(1, texts[0]), inside(2, texts[1]))


def series(labels: Mapping[str, str], *samples: tuple[int, float], rest: bytes = b"") -> bytes:
    """A TimeSeries of version 1.0; times are milliseconds."""
    named = [label(name, value) for name, value in labels.items()]
    points = [inside(2, double(1, value), whole(2, time)) for time, value in samples]
    return inside(1, *named, *points, rest)


def exemplar(labels: Mapping[str, str], value: float, time: int) -> bytes:
    """An Exemplar of version 1.0, inside its series."""
    return inside(3, *(label(n, v) for n, v in labels.items()), double(2, value), whole(3, time))


def histogram(
    time: int, count: int, total: float, schema: int, zero: int, spans: Sequence[tuple[int, int]],
    deltas: Sequence[int], custom: Sequence[float] = (), field: int = 4, rest: bytes = b"",
) -> bytes:  # fmt: skip
    """A native histogram of either version, inside its series; `field` is 4 in the first and 3 in the second."""
    return inside(
        field, whole(1, count), double(3, total), zigzag(4, schema), double(5, 1e-9), whole(6, zero),
        *(inside(11, zigzag(1, offset), whole(2, length)) for offset, length in spans),
        inside(12, *(varint(d << 1 ^ d >> 63) for d in deltas)),
        whole(15, time),
        inside(16, *(struct.pack("<d", bound) for bound in custom)) if custom else b"",
        rest,
    )  # fmt: skip


def metadata(name: str, help: str, type: int = 1) -> bytes:
    """A MetricMetadata of version 1.0."""
    return inside(3, whole(1, type), inside(2, name.encode()), inside(4, help.encode()))


class V2Request:
    """A request of version 2.0 with its table of symbols."""

    def __init__(self) -> None:
        self.symbols: list[str] = [""]
        self.parts: list[bytes] = []

    def ref(self, text: str) -> int:
        if text not in self.symbols:
            self.symbols.append(text)
        return self.symbols.index(text)

    def refs(self, field: int, labels: Mapping[str, str]) -> bytes:
        return inside(field, *(varint(self.ref(text)) for pair in labels.items() for text in pair))

    def add(
        self, labels: Mapping[str, str], *samples: tuple[int, float], type: int = 0, unit: str = "", help: str = "",
        created: int = 0, rest: bytes = b"",
    ) -> None:  # fmt: skip
        points = [inside(2, double(1, value), whole(2, time)) for time, value in samples]
        about = inside(5, whole(1, type), whole(3, self.ref(help)), whole(4, self.ref(unit)))
        self.parts.append(inside(5, self.refs(1, labels), *points, rest, about, whole(6, created)))

    def bytes(self) -> bytes:
        return b"".join([*(inside(4, text.encode()) for text in self.symbols), *self.parts])


def snappy(*parts: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(b"".join(parts)))


def post(server: Any, project: str, body: bytes, headers: Mapping[str, str] = V1) -> Any:
    return server.client.post("/api/v1/write", content=body, headers={"x-tapetum-project": project, **headers})
