"""Records made by the real OpenTelemetry SDK, for the tests to send."""

from __future__ import annotations

import math

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

RESOURCE = Resource({"service.name": "scoring", "workers": 4, "ratio": 0.5, "on": True}, schema_url="https://s/1")


def some_spans() -> list[ReadableSpan]:
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=RESOURCE, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("loans", "1.2", schema_url="https://s/2", attributes={"built": "nightly"})
    other = provider.get_tracer("http")
    caller = SpanContext(0x0AF7651916CD43DD8448EB211C80319C, 0x00F067AA0BA902B7, True, TraceFlags(1))
    with tracer.start_as_current_span("score", trace.set_span_in_context(NonRecordingSpan(caller))) as span:
        span.set_attributes({"text": "naïve 漢字 ✓", "n": 2**62, "f": math.pi, "yes": True, "list": ["a", "b"]})
        span.add_event("cache miss", {"key": "k1"}, timestamp=1_700_000_000_000_000_001)
        span.add_link(caller, {"why": "retry"})
        with other.start_as_current_span("GET /features", kind=SpanKind.CLIENT) as child:
            child.set_status(Status(StatusCode.ERROR, "timed out"))
    provider.shutdown()
    return list(memory.get_finished_spans())
