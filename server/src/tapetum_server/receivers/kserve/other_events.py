"""CloudEvents that are no inference, such as those of drift and outlier detectors, as log records."""

from __future__ import annotations

from tapetum_server.receivers.kserve.cloudevents import CloudEvent
from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.limits import MAX_VALUE_BYTES
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.resource import Resource, Scope

_SCOPE = Scope()


def keep_event(batch: LogBatch, event: CloudEvent, now: int) -> None:
    """Put it at the end, under OpenTelemetry's names for CloudEvents."""
    told: dict[str, AttributeValue] = {
        "cloudevents.event_id": event.id, "cloudevents.event_source": event.source,
        "cloudevents.event_type": event.type, "k8s.namespace.name": event.namespace,
    }  # fmt: skip
    told.update((f"cloudevents.annotation.{name}", value) for name, value in event.annotations.items())
    batch.resource.append(Resource({"service.name": event.model or event.source}))
    batch.scope.append(_SCOPE)
    batch.time_unix_nano.append(event.time_unix_nano)
    batch.observed_time_unix_nano.append(now)
    batch.trace_id.append("")
    batch.span_id.append("")
    batch.severity_number.append(9)
    batch.severity.append("INFO")
    batch.body.append(event.body[:MAX_VALUE_BYTES].decode("utf-8", "replace"))
    batch.event_name.append(event.type)
    batch.attributes.append({name: value for name, value in told.items() if value})
    batch.flags.append(0)
    batch.dropped.append(0)
