"""MetricBatch into rows of `metric_rows`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson
import pyarrow as pa

from tapetum_server.signals.metrics import TEMPORALITIES, Buckets, MetricBatch
from tapetum_server.store import columns as col
from tapetum_server.store.attribute_shape import pairs, pairs_json, shape_and_values

_NO_BUCKETS = Buckets()
_EXACT = range(-(2**63), 2**63)


def metric_rows(batch: MetricBatch, retention_days: int, ingested_at: int) -> tuple[pa.Table, int]:
    """Rows for one batch, and how many points had a time clamped.

    A point's series is the first 8 bytes of a BLAKE2b hash over project, metric, type, unit,
    resource, scope and attributes (sorted by key: their order is not identity).
    """
    count = len(batch)
    shapes: list[str] = []
    values: list[str] = []
    offsets = [0]
    series: list[int] = []
    owners: dict[tuple[int, int, int], str] = {}
    for i in range(count):
        shape, texts = shape_and_values(batch.attributes[i])
        shapes.append(shape)
        metric, resource, scope = batch.metric[i], batch.resource[i], batch.scope[i]
        owner_key = (id(metric), id(resource), id(scope))
        owner = owners.get(owner_key)
        if owner is None:
            owner = owners[owner_key] = "\1".join(
                (batch.project, metric.name, metric.type, metric.unit, pairs_json(resource.attributes), scope.name,
                 scope.version, str(metric.temporality))
            )  # fmt: skip
        labels = sorted(zip(shape.split("\0"), texts)) if texts else ()
        said = owner + "\2" + "\1".join(f"{k}\3{v}" for k, v in labels)
        digest = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        series.append(int.from_bytes(digest, "big"))
        values.extend(t.replace("\0", "\0\0") if "\0" in t else t for t in texts)
        offsets.append(len(values))
    floats, ints = [], []
    for value in batch.value:
        exact = value.__class__ is int
        floats.append(float(value) if value is not None else None)
        ints.append(value if exact and value in _EXACT else None)
    out: dict[str, pa.Array] = {
        "project": col.same(batch.project, count),
        "name": col.shared(batch.metric, lambda m: m.name),
        "series": col.numbers(series, "u8"),
        "time": col.times(batch.time_unix_nano),
        "version": col.repeated(ingested_at, count, "u8"),
        "start_time": col.times(batch.start_time_unix_nano),
        "ingested_at": col.moment(ingested_at, count),
        "retention_days": col.repeated(retention_days, count, "u2"),
        "type": col.shared(batch.metric, lambda m: m.type),
        "unit": col.shared(batch.metric, lambda m: m.unit),
        "description": col.shared(batch.metric, lambda m: m.description),
        "temporality": col.shared(batch.metric, lambda m: TEMPORALITIES[m.temporality] if m.temporality < 3 else ""),
        "is_monotonic": pa.array([m.is_monotonic for m in batch.metric]),
        "service": col.shared(batch.resource, lambda r: r.service),
        "scope": col.shared(batch.scope, lambda s: s.name),
        "scope_version": col.shared(batch.scope, lambda s: s.version),
        "resource": col.shared(batch.resource, lambda r: pairs_json(r.attributes)),
        "value": col.optional(floats, pa.float64()),
        "int_value": col.optional(ints, pa.int64()),
        "attr_shape": col.names(shapes),
        "attr_values": col.lists(offsets, col.texts(values)),
        "flags": col.numbers(batch.flags, "u4"),
    }
    if any(b is not None for b in batch.buckets):
        out.update(_distribution(batch.buckets))
    if any(batch.exemplars):
        out["exemplars"] = col.texts([_exemplars(e) if e else "" for e in batch.exemplars])
    original, clamped = col.clamped(
        {"time_unix_nano": batch.time_unix_nano, "start_time_unix_nano": batch.start_time_unix_nano}, count
    )
    if original is not None:
        out["original_times"] = col.names(original)
    return pa.table(out), clamped


def _distribution(buckets: Sequence[Buckets | None]) -> dict[str, pa.Array]:
    known = [b or _NO_BUCKETS for b in buckets]
    absent = [b is None for b in buckets]
    u64, f64 = pa.uint64(), pa.float64()
    return {
        "count": pa.array([None if a else b.count for a, b in zip(absent, known)], u64),
        "sum": pa.array([b.sum for b in known], f64),
        "min": pa.array([b.min for b in known], f64),
        "max": pa.array([b.max for b in known], f64),
        "bucket_counts": pa.array([b.bucket_counts for b in known], pa.list_(u64)),
        "explicit_bounds": pa.array([b.explicit_bounds for b in known], pa.list_(f64)),
        "scale": col.numbers([b.scale for b in known], "i4"),
        "zero_count": col.numbers([b.zero_count for b in known], "u8"),
        "zero_threshold": col.numbers([b.zero_threshold for b in known], "f8"),
        "positive_offset": col.numbers([b.positive_offset for b in known], "i4"),
        "positive_counts": pa.array([b.positive_counts for b in known], pa.list_(u64)),
        "negative_offset": col.numbers([b.negative_offset for b in known], "i4"),
        "negative_counts": pa.array([b.negative_counts for b in known], pa.list_(u64)),
        "quantile_levels": pa.array([[q[0] for q in b.quantiles] for b in known], pa.list_(f64)),
        "quantile_values": pa.array([[q[1] for q in b.quantiles] for b in known], pa.list_(f64)),
    }


def _exemplars(exemplars: list[Any]) -> str:
    return orjson.dumps(
        [(e.time_unix_nano, float(e.value), e.trace_id, e.span_id, pairs(e.filtered_attributes)) for e in exemplars]
    ).decode()
