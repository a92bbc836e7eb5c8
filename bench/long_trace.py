"""One trace of 50,000 spans, as a nightly batch makes them: wide, deep in one place, with a few errors."""

from __future__ import annotations

from collections.abc import Iterator

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span

SPANS = 50_000
TRACE_ID = "50" * 16
FIRST, LAST = "nightly scoring", "close the night's books"
SHARDS, RECORDS = 248, 40
DEPTH = 150
"""Steps of the agent that call each other."""
ERRORS = 31
BAD_SHARD = 120
"""The first shard with an error in it."""

_MS = 1_000_000
_SERVICES = ("batch", "features", "model", "agent")
_INTERNAL, _SERVER, _CLIENT = 1, 2, 3


def requests(start: int, size: int = 10_000) -> Iterator[tuple[bytes, int]]:
    """Export requests of at most `size` spans, with their number of spans; the trace takes an hour from `start`."""
    request, scopes, held = _empty()
    for service, span in _spans(start):
        scopes[service].spans.append(span)
        held += 1
        if held == size:
            yield request.SerializeToString(), held
            request, scopes, held = _empty()
    if held:
        yield request.SerializeToString(), held


def _empty() -> tuple[ExportTraceServiceRequest, dict[str, ScopeSpans], int]:
    request, scopes = ExportTraceServiceRequest(), {}
    for service in _SERVICES:
        resource = request.resource_spans.add()
        resource.resource.attributes.add(key="service.name").value.string_value = service
        resource.resource.attributes.add(key="host.name").value.string_value = f"{service}-1"
        scopes[service] = resource.scope_spans.add()
    return request, scopes, 0


def _spans(start: int) -> Iterator[tuple[str, Span]]:
    trace, number = bytes.fromhex(TRACE_ID), 0

    def span(name: str, parent: bytes, at: int, took: int, kind: int = _INTERNAL, **attributes: str) -> Span:
        nonlocal number
        number += 1
        made = Span(
            trace_id=trace, span_id=number.to_bytes(8, "big"), parent_span_id=parent, name=name, kind=kind,
            start_time_unix_nano=at, end_time_unix_nano=at + took,
        )  # fmt: skip
        for key, value in attributes.items():
            made.attributes.add(key=key).value.string_value = value
        return made

    whole = 3_600_000 * _MS
    root = span(FIRST, b"", start, whole)
    yield "batch", root
    shard_ns = (whole - 120_000 * _MS) // SHARDS
    for s in range(SHARDS):
        at = start + s * shard_ns
        shard = span(f"shard {s:03}", root.span_id, at, shard_ns - 5 * _MS)
        yield "batch", shard
        record_ns = shard_ns // RECORDS
        for r in range(RECORDS):
            begun = at + r * record_ns
            record = span("score record", shard.span_id, begun, record_ns - 2 * _MS, record=f"{s}/{r}")
            yield "batch", record
            call = span("GET /features", record.span_id, begun + _MS, record_ns // 3, _CLIENT)
            yield "batch", call
            served = span("GET /features/{id}", call.span_id, begun + 2 * _MS, record_ns // 3 - 2 * _MS, _SERVER)
            yield "features", served
            select = span("SELECT features", served.span_id, begun + 3 * _MS, record_ns // 5, _CLIENT)
            if s >= BAD_SHARD and r == 7 and s < BAD_SHARD + ERRORS:
                select.status.code, select.status.message = 2, "canceling statement due to lock timeout"
            yield "features", select
            scored = span("predict", record.span_id, begun + record_ns // 2, record_ns // 4, _SERVER, version="17")
            yield "model", scored
    step_ns = 100_000 * _MS // DEPTH
    parent, at = root.span_id, start + SHARDS * shard_ns
    for n in range(DEPTH):
        step = span(f"step {n + 1}", parent, at, (DEPTH - n) * step_ns)
        yield "agent", step
        parent, at = step.span_id, at + step_ns // 2
    yield "batch", span(LAST, root.span_id, start + whole - 15_000 * _MS, 15_000 * _MS)


if __name__ == "__main__":
    # Asked for help, it says what it is for.
    print(f"{__doc__}\nUsed by bench.ui_long_trace, which opens it in a browser.")
