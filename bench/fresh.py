"""The same request again and again, each time with new ids, new times and new text, for almost no CPU."""

from __future__ import annotations

import random
import struct

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_LETTERS = bytes(range(ord("a"), ord("z") + 1))
LONG = 60
"""Texts longer than this are changed; shorter ones are names, which repeat in life too."""
CALL_IDS = frozenset({"gen_ai.response.id"})
"""Names of one call: repeated, they would say that it was reported twice."""


class Template:
    """One serialised request in which the places of ids, times and long texts are known."""

    def __init__(self, body: bytes, items: int) -> None:
        self.items = items
        self._body = body
        self._ids: list[tuple[int, int]] = []
        self._times: list[int] = []
        self._texts: list[tuple[int, int]] = []
        at = 0
        for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope_spans in resource_spans.scope_spans:
                for span in scope_spans.spans:
                    at = self._find(span, at)

    def _find(self, span: object, at: int) -> int:
        # Fields lie in the order of their numbers: ids, name, times, attributes, events.
        for name in ("trace_id", "span_id", "parent_span_id"):
            value = getattr(span, name)
            if value:
                at = self._body.index(value, at)
                self._ids.append((at, len(value)))
                at += len(value)
        for name in ("start_time_unix_nano", "end_time_unix_nano"):
            at = self._body.index(struct.pack("<Q", getattr(span, name)), at)
            self._times.append(at)
            at += 8
        for attribute in span.attributes:  # type: ignore[attr-defined]
            value = attribute.value.string_value.encode()
            if len(value) > LONG or attribute.key in CALL_IDS:
                at = self._body.index(value, at)
                self._texts.append((at, at + len(value)))
                at += len(value)
        return at

    def fresh(self, nth: int, now_ns: int) -> bytes:
        """The request for round `nth`: its spans start within the second that ends `now_ns`."""
        rnd = random.Random(nth)
        shuffled = bytes(rnd.sample(_LETTERS, len(_LETTERS)))
        table = bytes.maketrans(_LETTERS, shuffled)
        mask = rnd.randbytes(16)
        out = bytearray(self._body)
        # A parent's id is changed as the span's own: both by the same mask of their length.
        for at, length in self._ids:
            value = int.from_bytes(out[at : at + length], "big") ^ int.from_bytes(mask[:length], "big")
            out[at : at + length] = value.to_bytes(length, "big")
        first = struct.unpack_from("<Q", out, self._times[0])[0]
        shift = now_ns - 10**9 - first
        for at in self._times:
            struct.pack_into("<Q", out, at, struct.unpack_from("<Q", out, at)[0] + shift)
        for start, end in self._texts:
            out[start:end] = out[start:end].translate(table)
        return bytes(out)


if __name__ == "__main__":
    # Asked for help, it says what it is for.
    print(f"{__doc__}\nUsed by bench.ui_during_ingest, which sends it at a rate.")
