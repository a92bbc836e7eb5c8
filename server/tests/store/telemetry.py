"""Makes batches for tests of the store."""

from __future__ import annotations

from typing import Any

from tapetum_server.processors.canonical import canonicalize
from tapetum_server.processors.log_facts import find_facts
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.metrics import Buckets, Metric, MetricBatch
from tapetum_server.signals.resource import Resource, Scope
from tapetum_server.signals.spans import Event, Link, SpanBatch

START = 1_763_942_400_000_000_000
"""2025-11-24T00:00:00Z"""
SECOND = 10**9


def spans(*rows: dict[str, Any], project: str = "default", resource: dict[str, Any] | None = None) -> SpanBatch:
    """A batch of spans; each row overrides what it names."""
    batch = SpanBatch(project=project, sender="test")
    who = Resource(resource if resource is not None else {"service.name": "shop"})
    scope = Scope("test.scope", "1.0")
    for n, row in enumerate(rows):
        start = row.get("start", START + n * SECOND)
        batch.resource.append(who)
        batch.scope.append(scope)
        batch.trace_id.append(row.get("trace_id", f"{1:032x}"))
        batch.span_id.append(row.get("span_id", f"{n + 1:016x}"))
        batch.parent_span_id.append(row.get("parent", ""))
        batch.trace_state.append(row.get("trace_state", ""))
        batch.flags.append(row.get("flags", 0))
        batch.name.append(row.get("name", "work"))
        batch.span_kind.append(row.get("span_kind", 1))
        batch.start_time_unix_nano.append(start)
        batch.end_time_unix_nano.append(row.get("end", start + SECOND))
        batch.status_code.append(row.get("status", 0))
        batch.status_message.append(row.get("status_message", ""))
        batch.attributes.append(row.get("attributes", {}))
        batch.events.append([Event(*e) for e in row.get("events", ())])
        batch.links.append([Link(*e) for e in row.get("links", ())])
        batch.dropped.append(row.get("dropped", (0, 0, 0)))
    canonicalize(batch)
    return batch


def logs(*rows: dict[str, Any], project: str = "default") -> LogBatch:
    """A batch of log records; each row overrides what it names."""
    batch = LogBatch(project=project, sender="test")
    who, scope = Resource({"service.name": "shop"}), Scope("test.scope")
    for n, row in enumerate(rows):
        batch.resource.append(who)
        batch.scope.append(scope)
        batch.time_unix_nano.append(row.get("time", START + n * SECOND))
        batch.observed_time_unix_nano.append(row.get("observed", 0))
        batch.trace_id.append(row.get("trace_id", ""))
        batch.span_id.append(row.get("span_id", ""))
        batch.severity_number.append(row.get("severity_number", 9))
        batch.severity.append(row.get("severity", "INFO"))
        batch.body.append(row.get("body", "hello"))
        batch.event_name.append(row.get("event_name", ""))
        batch.attributes.append(row.get("attributes", {}))
        batch.flags.append(0)
        batch.dropped.append(0)
    find_facts(batch)
    return batch


def points(*rows: dict[str, Any], project: str = "default", kind: str = "gauge") -> MetricBatch:
    """A batch of metric points; each row overrides what it names."""
    batch = MetricBatch(project=project, sender="test")
    who, scope = Resource({"service.name": "shop"}), Scope("test.scope")
    metrics: dict[str, Metric] = {}
    for n, row in enumerate(rows):
        name = row.get("name", "queue.length")
        batch.metric.append(
            metrics.setdefault(name, Metric(name, row.get("type", kind), "1", "", row.get("temporality", 0)))
        )
        batch.resource.append(who)
        batch.scope.append(scope)
        batch.time_unix_nano.append(row.get("time", START + n * SECOND))
        batch.start_time_unix_nano.append(row.get("start", 0))
        batch.value.append(row.get("value"))
        batch.buckets.append(Buckets(**row["buckets"]) if "buckets" in row else None)
        batch.attributes.append(row.get("attributes", {}))
        batch.exemplars.append([])
        batch.flags.append(0)
    return batch
