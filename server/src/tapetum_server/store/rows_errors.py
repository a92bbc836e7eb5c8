"""The errors of a batch into rows of `error_rows`."""

from __future__ import annotations

import pyarrow as pa

from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.spans import SpanBatch
from tapetum_server.store import columns as col
from tapetum_server.store.attribute_shape import pairs_json, shape_and_values
from tapetum_server.store.releases import environment_of, release_of
from tapetum_server.store.rows_logs import SEVERITIES


def error_rows(
    batch: SpanBatch | LogBatch, retention_days: int, ingested_at: int, records: pa.Table
) -> pa.Table | None:
    """One row per error that the batch tells of, or `None` where it tells of none.

    `records` are the rows of the batch itself: they know when a log record without a time happened, and its identity.
    """
    errors = batch.errors
    if not errors:
        return None
    count = len(errors)
    at = [error.index for error in errors]
    resources = [batch.resource[i] for i in at]
    scopes = [batch.scope[i] for i in at]
    if isinstance(batch, LogBatch):
        times = records.column("time").cast(pa.int64()).take(pa.array(at)).to_pylist()
        log_ids = [batch.log_id[i].hex() for i in at]
        names = [scope.name for scope in scopes]
        severities = [e.severity or SEVERITIES[min(batch.severity_number[e.index], 24)] for e in errors]
    else:
        times = [error.time_unix_nano for error in errors]
        log_ids = [""] * count
        names = [batch.name[i] for i in at]
        severities = [error.severity for error in errors]
    shapes: list[str] = []
    offsets = [0]
    values: list[str] = []
    for error in errors:
        shape, texts = shape_and_values(error.attributes)
        shapes.append(shape)
        values.extend(text.replace("\0", "\0\0") if "\0" in text else text for text in texts)
        offsets.append(len(values))
    return pa.table(
        {
            "project": col.same(batch.project, count),
            "identity": col.texts([error.identity or log_id for error, log_id in zip(errors, log_ids)]),
            "rank": col.numbers([error.rank for error in errors], "u8"),
            "time": col.times(times),
            "ingested_at": col.moment(ingested_at, count),
            "retention_days": col.repeated(retention_days, count, "u2"),
            "fingerprint": col.names([error.fingerprint for error in errors]),
            "fingerprint_version": col.numbers([error.fingerprint_version for error in errors], "u1"),
            "type": col.names([error.type for error in errors]),
            "message": col.texts([error.message for error in errors]),
            "template": col.names([error.template for error in errors]),
            "culprit": col.names([error.culprit for error in errors]),
            "handled": pa.array([error.handled for error in errors]),
            "counted": pa.array([error.counted for error in errors]),
            "source": col.same(errors[0].source, count),
            "name": col.names(names),
            "trace_id": col.texts([batch.trace_id[i] for i in at]),
            "span_id": col.texts([batch.span_id[i] for i in at]),
            "log_id": col.texts(log_ids),
            "service": col.shared(resources, lambda r: r.service),
            "version": col.shared(resources, lambda r: release_of(r.attributes)),
            "environment": col.shared(resources, lambda r: environment_of(r.attributes)),
            "severity": col.names(severities),
            "user_id": col.texts([error.user_id for error in errors]),
            "stacktrace": col.texts([error.stacktrace for error in errors]),
            "resource": col.shared(resources, lambda r: pairs_json(r.attributes)),
            "attr_shape": col.names(shapes),
            "attr_values": col.lists(offsets, col.texts(values)),
        }
    )
