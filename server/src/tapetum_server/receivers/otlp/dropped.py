"""What senders say they dropped themselves: an SDK with limits of its own counts what it left out of a record."""

from __future__ import annotations

from tapetum_server.receivers.otlp.limits import Limits
from tapetum_server.signals.consumer import Batch
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.spans import SpanBatch

DROPS = {
    "attributes_dropped_by_sender": "the sender left attributes out of the record",
    "events_dropped_by_sender": "the sender left events out of the span",
    "links_dropped_by_sender": "the sender left links out of the span",
}
"""Why a record was less than the application made, before it got here."""
_ATTRIBUTES, _EVENTS, _LINKS = DROPS
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
