"""Transitions from the catalog's outbox into the store, through the chain that all telemetry takes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import orjson

from tapetum_server.catalog.catalog import Catalog
from tapetum_server.catalog.monitors import OutboxRecord
from tapetum_server.signals.alerts import AlertBatch
from tapetum_server.signals.consumer import Consumer
from tapetum_server.signals.identity import OWN_SENDER


def batches_of(records: Sequence[OutboxRecord]) -> dict[str, tuple[AlertBatch, list[str]]]:
    """Project to its batch and the ids in it."""
    found: dict[str, tuple[AlertBatch, list[str]]] = {}
    for kept in records:
        batch, ids = found.setdefault(kept.project, (AlertBatch(kept.project, OWN_SENDER), []))
        record = orjson.loads(kept.record)
        ids.append(kept.id)
        batch.alert_id.append(kept.id)
        batch.time_unix_nano.append(record["time"])
        batch.monitor_id.append(record["monitor_id"])
        batch.monitor.append(record["monitor"])
        batch.severity.append(record["severity"])
        batch.subject.append(record["labels"])
        batch.previous_state.append(record["before"])
        batch.state.append(record["after"])
        batch.value.append(record["value"])
        batch.limit.append(record["limit"])
        batch.evidence.append(record["evidence"])
    return found


class Recorder:
    """Empties the outbox. A record is taken out only when it is durable; twice is safe, it is the same record."""

    def __init__(self, catalog: Catalog, consumer: Consumer) -> None:
        self._catalog = catalog
        self._consumer = consumer

    async def record(self) -> None:
        """Write what waits. Raises `Busy` while the store takes nothing."""
        waiting = await asyncio.to_thread(self._catalog.monitors.unrecorded)
        for batch, ids in batches_of(waiting).values():
            await self._consumer.consume(batch)
            await asyncio.to_thread(self._catalog.monitors.recorded, ids)
