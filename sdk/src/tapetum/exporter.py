"""Exporters that send traces, logs and metrics to Tapetum as OTLP/JSON over HTTP.

They plug into OpenTelemetry's own processors and readers, and need nothing that
`opentelemetry-sdk` does not bring:

    BatchSpanProcessor(TapetumSpanExporter())
    BatchLogRecordProcessor(TapetumLogExporter())
    PeriodicExportingMetricReader(TapetumMetricExporter())

An exporter never raises into the program that it watches. What it could not deliver is in
`losses`, by reason, and the first loss of each reason is logged by the logger `tapetum`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    MetricExporter,
    MetricExportResult,
    MetricsData,
)
from opentelemetry.sdk.metrics.view import Aggregation
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from tapetum import _otlp_json
from tapetum._guard import Losses, never_raise
from tapetum._http import Outcome, Post

if TYPE_CHECKING:
    from tapetum.redaction import Redactor

__all__ = ["DEFAULT_ENDPOINT", "TapetumLogExporter", "TapetumMetricExporter", "TapetumSpanExporter"]

DEFAULT_ENDPOINT = "http://127.0.0.1:4318"
DEFAULT_TIMEOUT_S = 10.0


class _Exporter:
    """What the three exporters share: where to send, what was lost, whether it is over."""

    _what: ClassVar[str]
    _path: ClassVar[str]

    def __init__(
        self,
        endpoint: str | None = None,
        *,
        key: str | None = None,
        project: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        redactor: Redactor | None = None,
    ) -> None:
        sent_headers = dict(headers or {})
        if key := key or os.environ.get("TAPETUM_KEY"):
            sent_headers["Authorization"] = f"Bearer {key}"
        if project := project or os.environ.get("TAPETUM_PROJECT"):
            sent_headers["x-tapetum-project"] = project
        self._post = Post(endpoint or os.environ.get("TAPETUM_URL") or DEFAULT_ENDPOINT, sent_headers, timeout_s)
        self._redact: Callable[[dict[str, Any]], None] | None = None
        if redactor is not None:
            from tapetum._redacting import redact_document  # the rules are loaded where they are asked for

            self._redact = partial(redact_document, redactor)
        self._closed = False
        self._keeps: Callable[[Outcome], bool] = lambda outcome: False
        """Whether somebody keeps a batch that the server could not take now, so that it is not lost."""
        self._losses = Losses(self._what)

    @property
    def losses(self) -> dict[str, int]:
        """Records that were not delivered so far, by reason."""
        return self._losses.snapshot()

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        """Stop sending and stop waiting for retries."""
        self._closed = True
        self._post.close()

    def force_flush(self, timeout_millis: float = 30_000) -> bool:
        """Nothing waits here: `export` returns when its batch is settled."""
        return True

    def _refuse(self, error: Exception) -> None:
        self._losses.add("not_encodable", 1, repr(error))

    def _deliver(self, document: dict[str, Any], count: int, timeout_s: float | None = None) -> bool:
        if count == 0:
            return True
        if self._closed:
            self._losses.add("after_shutdown", count)
            return False
        if self._redact is not None:
            self._redact(document)
        outcome = self._post.send(self._path, _otlp_json.to_bytes(document), timeout_s)
        if outcome.reason and self._keeps(outcome):
            return False
        if outcome.reason:
            self._losses.add(outcome.reason, count, outcome.detail)
            return False
        if outcome.rejected:
            self._losses.add("refused_by_server", min(outcome.rejected, count), outcome.detail)
        return True


class TapetumSpanExporter(_Exporter, SpanExporter):
    """Sends spans. Use it in a `BatchSpanProcessor`, whose queue bounds memory.

    `endpoint` defaults to TAPETUM_URL, then http://127.0.0.1:4318; `key` to TAPETUM_KEY; `project` to
    TAPETUM_PROJECT, then to whatever project the key belongs to. `timeout_s` bounds one batch with
    all its retries. `redactor` takes secrets out before anything is sent.
    """

    _what, _path = "spans", "/v1/traces"

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send one batch; `FAILURE` means that it is lost and counted."""
        delivered = False
        with never_raise(self._losses, len(spans)):
            delivered = self._deliver(*_otlp_json.spans(spans, self._refuse))
        return SpanExportResult.SUCCESS if delivered else SpanExportResult.FAILURE


class TapetumLogExporter(_Exporter, LogRecordExporter):
    """Sends log records. Use it in a `BatchLogRecordProcessor`. Arguments as in `TapetumSpanExporter`."""

    _what, _path = "log records", "/v1/logs"

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Send one batch; `FAILURE` means that it is lost and counted."""
        delivered = False
        with never_raise(self._losses, len(batch)):
            delivered = self._deliver(*_otlp_json.logs(batch, self._refuse))
        return LogRecordExportResult.SUCCESS if delivered else LogRecordExportResult.FAILURE


class TapetumMetricExporter(_Exporter, MetricExporter):
    """Sends metric points. Use it in a `PeriodicExportingMetricReader`. Arguments as in `TapetumSpanExporter`."""

    _what, _path = "metric points", "/v1/metrics"

    def __init__(
        self,
        endpoint: str | None = None,
        *,
        preferred_temporality: dict[type, AggregationTemporality] | None = None,
        preferred_aggregation: dict[type, Aggregation] | None = None,
        **options: Any,
    ) -> None:
        MetricExporter.__init__(self, preferred_temporality, preferred_aggregation)
        _Exporter.__init__(self, endpoint, **options)

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any) -> MetricExportResult:
        """Send one collection; `FAILURE` means that it is lost and counted."""
        delivered = False
        with never_raise(self._losses, 1):
            document, count = _otlp_json.metrics(metrics_data, self._refuse)
            delivered = self._deliver(document, count, timeout_millis / 1000)
        return MetricExportResult.SUCCESS if delivered else MetricExportResult.FAILURE
