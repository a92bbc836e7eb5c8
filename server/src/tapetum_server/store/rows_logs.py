"""LogBatch into rows of `log_rows`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from tapetum_server.signals.attributes import encode_text, type_of
from tapetum_server.signals.logs import LogBatch
from tapetum_server.store import columns as col
from tapetum_server.store.attribute_shape import pairs_json, shape_and_values

_LEVELS = ("", "trace", "debug", "info", "warn", "error", "fatal")
SEVERITIES = tuple(_LEVELS[(n + 3) // 4] for n in range(25))
"""OTLP severity numbers 0..24 to the six levels that people filter by."""


def log_rows(
    batch: LogBatch, retention_days: int, ingested_at: int, first_seen: Callable[[bytes, int], int]
) -> tuple[pa.Table, int]:
    """Rows for one batch, and how many records had a time clamped.

    A record's identity is the BLAKE2b-128 hash of all it says plus its position among equal
    records of the batch. `first_seen(identity, now)` gives records without any time the same
    time again when they are delivered again.
    """
    count = len(batch)
    shapes: list[str] = []
    values: list[str] = []
    offsets = [0]
    bodies: list[str] = []
    body_types: list[str] = []
    ids: list[bytes] = []
    seen: dict[bytes, int] = {}
    resources: dict[int, str] = {}
    times = list(batch.time_unix_nano)
    for i in range(count):
        shape, texts = shape_and_values(batch.attributes[i])
        shapes.append(shape)
        body = encode_text(batch.body[i])
        bodies.append(body)
        body_types.append(type_of(batch.body[i]))
        resource, scope = batch.resource[i], batch.scope[i]
        who = resources.get(id(resource))
        if who is None:
            who = resources[id(resource)] = pairs_json(resource.attributes)
        said = "\1".join(
            (str(times[i]), str(batch.observed_time_unix_nano[i]), batch.trace_id[i], batch.span_id[i],
             str(batch.severity_number[i]), batch.severity[i], body, batch.event_name[i], shape, who, scope.name,
             *texts)
        )  # fmt: skip
        identity = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        nth = seen.get(identity, 0)
        seen[identity] = nth + 1
        if nth:
            identity = hashlib.blake2b(identity + nth.to_bytes(4, "big"), digest_size=16).digest()
        ids.append(identity)
        if times[i] == 0:
            times[i] = batch.observed_time_unix_nano[i] or first_seen(identity, ingested_at)
        values.extend(t.replace("\0", "\0\0") if "\0" in t else t for t in texts)
        offsets.append(len(values))
    severity_numbers = np.clip(np.asarray(batch.severity_number, np.int64), 0, 24).astype(np.uint8)
    out: dict[str, pa.Array] = {
        "project": col.same(batch.project, count),
        "time": col.times(times),
        "log_id": pa.array(ids, pa.binary(16)),
        "version": col.repeated(ingested_at, count, "u8"),
        "observed_time": col.times(batch.observed_time_unix_nano),
        "ingested_at": col.moment(ingested_at, count),
        "retention_days": col.repeated(retention_days, count, "u2"),
        "trace_id": col.texts(batch.trace_id),
        "span_id": col.texts(batch.span_id),
        "service": col.shared(batch.resource, lambda r: r.service),
        "scope": col.shared(batch.scope, lambda s: s.name),
        "scope_version": col.shared(batch.scope, lambda s: s.version),
        "scope_attributes": col.shared(batch.scope, lambda s: pairs_json(s.attributes)),
        "resource": col.shared(batch.resource, lambda r: pairs_json(r.attributes)),
        "severity_number": pa.array(severity_numbers),
        "severity": col.names([SEVERITIES[n] or _level(t) for n, t in zip(severity_numbers, batch.severity)]),
        "severity_text": col.names(batch.severity),
        "body": col.texts(bodies),
        "body_type": col.names(body_types),
        "event_name": col.names(batch.event_name),
        "attr_shape": col.names(shapes),
        "attr_values": col.lists(offsets, col.texts(values)),
        "flags": col.numbers(batch.flags, "u4"),
        "dropped": col.numbers(batch.dropped, "u4"),
    }
    original, clamped = col.clamped(
        {"time_unix_nano": times, "observed_time_unix_nano": batch.observed_time_unix_nano}, count
    )
    if original is not None:
        out["original_times"] = col.names(original)
    return pa.table(out), clamped


_WORDS = {"warning": "warn", "critical": "fatal", "err": "error", "notice": "info", "information": "info"}


def _level(text: str) -> str:
    """The level of a record that only has a severity text (`WARNING`, `Error`)."""
    word = text.strip().lower()
    return word if word in _LEVELS else _WORDS.get(word, "")
