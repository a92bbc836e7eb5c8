"""OTLP payloads of log records and metric points, in the file format of bench/payload.py."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from bench.payload import RESOURCE, write
from bench.words import Text

_LEVELS = [(5, "DEBUG", 2), (9, "INFO", 12), (13, "WARN", 2), (17, "ERROR", 1)]
_ROUTES = ["/apply", "/score", "/features/{id}", "/login", "/healthz"]
_SERIES = 200
_CUMULATIVE: Any = 2
_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]


def logs_payload(work: Path, records: int, batch: int = 500) -> Path:
    """A payload of application logs of about 350 bytes: prose, level, a few attributes, half within a trace."""
    name = work / f"logs-{records}x{batch}"
    if not name.with_suffix(".json").exists():
        work.mkdir(parents=True, exist_ok=True)
        write(name, _logs(records, batch, random.Random(3)), {"records": records})
    return name


def metrics_payload(work: Path, points: int, batch: int = 500) -> Path:
    """A payload of points of 200 series, one after the other in time: gauges, counters and histograms."""
    name = work / f"metrics-{points}x{batch}"
    if not name.with_suffix(".json").exists():
        work.mkdir(parents=True, exist_ok=True)
        write(name, _metrics(points, batch, random.Random(4)), {"points": points})
    return name


def _resource(resource: Any) -> None:
    for key, value in RESOURCE.items():
        resource.attributes.add(key=key).value.string_value = value


def _put(target: Any, **attributes: Any) -> None:
    for key, value in attributes.items():
        slot = target.attributes.add(key=key.replace("__", ".")).value
        if isinstance(value, int):
            slot.int_value = value
        elif isinstance(value, float):
            slot.double_value = value
        else:
            slot.string_value = value


def _logs(records: int, batch: int, rnd: random.Random) -> Iterator[tuple[bytes, int]]:
    text = Text(rnd)
    weights = [level[2] for level in _LEVELS]
    start = time.time_ns() - 3600 * 10**9
    for first in range(0, records, batch):
        request = ExportLogsServiceRequest()
        resource_logs = request.resource_logs.add()
        _resource(resource_logs.resource)
        scope_logs = resource_logs.scope_logs.add()
        scope_logs.scope.name = "app.requests"
        for nth in range(first, min(first + batch, records)):
            number, name, _ = rnd.choices(_LEVELS, weights)[0]
            at = start + int(nth * 3.5e12 / records)
            record = scope_logs.log_records.add(
                time_unix_nano=at, observed_time_unix_nano=at + 1000, severity_number=number, severity_text=name
            )
            record.body.string_value = text(rnd.randint(60, 200))
            if rnd.random() < 0.5:
                record.trace_id, record.span_id = rnd.randbytes(16), rnd.randbytes(8)
            _put(record, http__route=rnd.choice(_ROUTES), user__id=f"user-{rnd.randrange(2000)}")
            _put(
                record, http__response__status_code=rnd.choice([200, 200, 200, 404, 500]), code__function__name="handle"
            )
            _put(record, request__id=rnd.randbytes(8).hex(), duration_ms=rnd.random() * 100)
        yield request.SerializeToString(), len(scope_logs.log_records)


def _metrics(points: int, batch: int, rnd: random.Random) -> Iterator[tuple[bytes, int]]:
    start = time.time_ns() - 3600 * 10**9
    totals = [0] * _SERIES
    nth = 0
    while nth < points:
        request = ExportMetricsServiceRequest()
        resource_metrics = request.resource_metrics.add()
        _resource(resource_metrics.resource)
        scope_metrics = resource_metrics.scope_metrics.add()
        scope_metrics.scope.name = "app.meter"
        gauge = scope_metrics.metrics.add(name="app.queue.size", unit="{item}")
        counter = scope_metrics.metrics.add(name="http.server.request.count", unit="{request}")
        counter.sum.aggregation_temporality, counter.sum.is_monotonic = _CUMULATIVE, True
        histogram = scope_metrics.metrics.add(name="http.server.request.duration", unit="s")
        histogram.histogram.aggregation_temporality = _CUMULATIVE
        count = min(batch, points - nth)
        for i in range(nth, nth + count):
            point: Any
            series, tick = i % _SERIES, i // _SERIES
            at = start + tick * 10 * 10**9
            if series % 5 == 4:
                point = histogram.histogram.data_points.add(time_unix_nano=at, start_time_unix_nano=start)
                counts = [(tick + 1) * (13 - j) for j in range(12)]
                point.bucket_counts.extend(counts)
                point.explicit_bounds.extend(_BOUNDS)
                point.count, point.sum = sum(counts), rnd.random() * 1000
            elif series % 5 in (2, 3):
                totals[series] += rnd.randrange(50)
                point = counter.sum.data_points.add(time_unix_nano=at, start_time_unix_nano=start)
                point.as_int = totals[series]
            else:
                point = gauge.gauge.data_points.add(time_unix_nano=at, as_double=rnd.random() * 100)
            _put(point, http__route=_ROUTES[series % 5], server__address=f"10.0.0.{series}")
            _put(point, http__request__method="POST")
        nth += count
        yield request.SerializeToString(), count
