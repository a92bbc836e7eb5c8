"""What senders say they dropped themselves: parts of records beyond limits of their own, and whole records."""

from __future__ import annotations

from collections import Counter

from tapetum_server.receivers.otlp.limits import Limits
from tapetum_server.signals.consumer import Batch
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.metrics import TEMPORALITIES, MetricBatch
from tapetum_server.signals.spans import SpanBatch

DROPS = {
    "attributes_dropped_by_sender": "the sender left attributes out of the record",
    "events_dropped_by_sender": "the sender left events out of the span",
    "links_dropped_by_sender": "the sender left links out of the span",
}
"""Why a record was less than the application made, before it got here."""
_ATTRIBUTES, _EVENTS, _LINKS = DROPS
LOSSES = {
    "queue_full_at_sender": "the sender's queue was full, and the record never left it",
    "undelivered_by_sender": "the sender gave up on sending the record",
}
"""Why whole records never got here."""
_QUEUE_FULL, _UNDELIVERED = LOSSES
OWN_RECORDS = ("changes", "evaluations", "predictions", "labels")
"""Records that go to doors of our own, of which the SDK tells what it lost."""
_SDK_METRICS = {
    f"{prefix}.sdk.{part}": signal
    for prefix, kind, signal in (
        ("otel", "span", "traces"), ("otel", "log", "logs"), ("otel", "metric_data_point", "metrics"),
        *(("tapetum", name.removesuffix("s"), name) for name in OWN_RECORDS),
    )
    for part in (f"processor.{kind}.processed", f"exporter.{kind}.exported")
}  # fmt: skip
"""OpenTelemetry's metrics of SDKs and our own, whose points with an `error.type` count records that were lost."""
_DELTA = TEMPORALITIES.index("delta")
_NOTHING = (0, 0, 0)


def dropped_by_sender(batch: Batch, limits: Limits) -> dict[str, int]:
    """How many records came with less, by reason.

    The column holds what we cut as well. A record that is at our own limit is therefore left to
    `truncated`, which counts it.
    """
    if not isinstance(batch, (SpanBatch, LogBatch)):
        return {}
    most = limits.max_attributes
    if isinstance(batch, LogBatch):
        # Looked at in C first: in almost every batch nothing was dropped.
        if batch.dropped.count(0) == len(batch.dropped):
            return {}
        logs = sum(1 for n, kept in zip(batch.dropped, batch.attributes) if n and len(kept) < most)
        return {_ATTRIBUTES: logs} if logs else {}
    if batch.dropped.count(_NOTHING) == len(batch.dropped):
        return {}
    found = dict.fromkeys(DROPS, 0)
    for (attributes, events, links), kept, kept_events, kept_links in zip(
        batch.dropped, batch.attributes, batch.events, batch.links
    ):
        found[_ATTRIBUTES] += bool(attributes) and len(kept) < most
        found[_EVENTS] += bool(events) and len(kept_events) < limits.max_events
        found[_LINKS] += bool(links) and len(kept_links) < limits.max_links
    return {reason: count for reason, count in found.items() if count}


def lost_by_sender(batch: Batch) -> Counter[tuple[str, str]]:
    """(signal, reason) → records that the sender says it lost.

    Only deltas are counted: a total that grows says nothing about this request without the one before it.
    """
    found: Counter[tuple[str, str]] = Counter()
    if not isinstance(batch, MetricBatch):
        return found
    for metric, value, attributes in zip(batch.metric, batch.value, batch.attributes):
        signal = _SDK_METRICS.get(metric.name)
        if signal is None or metric.temporality != _DELTA or not metric.is_monotonic:
            continue
        error = attributes.get("error.type")
        if error and value is not None and 0 < value < 2**63:
            found[signal, _QUEUE_FULL if error == "queue_full" else _UNDELIVERED] += int(value)
    return found
