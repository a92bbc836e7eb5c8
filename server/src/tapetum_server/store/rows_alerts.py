"""Alert transitions into rows of `alert_rows`."""

from __future__ import annotations

import orjson
import pyarrow as pa

from tapetum_server.signals.alerts import AlertBatch
from tapetum_server.store import columns as col


def alert_rows(batch: AlertBatch, ingested_at: int) -> pa.Table:
    """One row per transition."""
    count = len(batch)
    return pa.table(
        {
            "project": col.same(batch.project, count),
            "time": col.times(batch.time_unix_nano),
            "alert_id": col.texts(batch.alert_id),
            "version": col.repeated(ingested_at, count, "u8"),
            "monitor_id": col.names(batch.monitor_id),
            "monitor": col.names(batch.monitor),
            "severity": col.names(batch.severity),
            "subject": col.texts([", ".join(f"{k}={v}" for k, v in labels.items()) for labels in batch.subject]),
            "labels": col.texts([orjson.dumps(labels).decode() for labels in batch.subject]),
            "previous_state": col.names(batch.previous_state),
            "state": col.names(batch.state),
            "value": col.optional(batch.value, pa.float64()),
            "threshold": col.optional(batch.limit, pa.float64()),
            "evidence": col.texts(batch.evidence),
        }
    )
