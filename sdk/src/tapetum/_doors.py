"""OpenTelemetry's providers hand what they have to the outbox: processors for spans and logs, a reader for metrics."""

from __future__ import annotations

import threading
import time
from typing import Any

from opentelemetry.sdk._logs import LogRecordProcessor, ReadableLogRecord, ReadWriteLogRecord
from opentelemetry.sdk.metrics.export import MetricExporter, MetricReader, MetricsData
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from tapetum import _prompts, _weight
from tapetum._fork import pause_for_fork, renew_in_child
from tapetum._guard import faults, never_raise
from tapetum._outbox import Outbox
from tapetum._session import stamp, stamp_log

_METRICS_BYTES = 64 * 1024
"""What one collection counts as: making it costs more than guessing."""


class SpanDoor(SpanProcessor):
    """Stamps spans with session, user and prompt as they start, and queues them as they end."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        """Name the session, the user and the prompt that this context belongs to."""
        if not self._outbox.closed:
            with never_raise(faults, 1):
                stamp(span)
                _prompts.stamp(span)

    def on_end(self, span: ReadableSpan) -> None:
        """Queue it, if it was sampled."""
        with never_raise(faults, 1):
            context = span.get_span_context()
            if context is not None and context.trace_flags.sampled and not self._outbox.closed:
                self._outbox.put("spans", span, _weight.of_span(span))

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Wait until what is queued has been sent."""
        return self._outbox.flush(timeout_millis / 1000)


class LogDoor(LogRecordProcessor):
    """Names session and user on log records, and queues them."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Name the session and the user, and queue it."""
        if self._outbox.closed:
            return
        with never_raise(faults, 1):
            stamp_log(log_record.log_record)
            record = ReadableLogRecord(
                log_record=log_record.log_record,
                resource=log_record.resource or Resource.get_empty(),
                instrumentation_scope=log_record.instrumentation_scope,
                limits=log_record.limits,
            )
            self._outbox.put("logs", record, _weight.of_log(record))

    def shutdown(self) -> None:
        """The outbox has a life of its own."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Wait until what is queued has been sent."""
        return self._outbox.flush(timeout_millis / 1000)


class MetricDoor(MetricReader):
    """Collects metrics every `interval_s` and whenever somebody flushes: a source of the outbox."""

    def __init__(self, outbox: Outbox, exporter: MetricExporter, interval_s: float) -> None:
        super().__init__(exporter._preferred_temporality, exporter._preferred_aggregation)
        self._outbox = outbox
        self._interval_s = interval_s
        self._renew()
        renew_in_child(self._renew)
        pause_for_fork(self._pause, self._resume)

    def _renew(self) -> None:
        self._collecting = threading.Lock()
        self._paused = False
        self._due = time.monotonic() + self._interval_s

    def _pause(self) -> None:
        # A fork amid a collection would leave its locks taken in the child for ever.
        self._paused = self._collecting.acquire(timeout=1.0)

    def _resume(self) -> None:
        if self._paused:
            self._paused = False
            self._collecting.release()

    def tick(self, flushing: bool) -> None:
        """Collect, if it is time to."""
        now = time.monotonic()
        if flushing or now >= self._due:
            self._due = now + self._interval_s
            with self._collecting:
                self.collect()

    def _receive_metrics(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any) -> None:
        if metrics_data.resource_metrics:
            self._outbox.put("metrics", metrics_data, _METRICS_BYTES)

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        """The outbox has a life of its own."""
