"""How batches of the outbox get to the server, and what becomes of one that it cannot take now."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.sdk.metrics.export import MetricExportResult
from opentelemetry.sdk.trace.export import SpanExportResult

from tapetum import _records
from tapetum._fork import renew_in_child
from tapetum._guard import Losses, never_raise
from tapetum._http import Outcome, Post
from tapetum._outbox import LATER, LOST, MAX_RECORDS, SENT, Lane
from tapetum.exporter import TapetumLogExporter, TapetumMetricExporter, TapetumSpanExporter

if TYPE_CHECKING:
    from tapetum.redaction import Redactor

logger = logging.getLogger("tapetum")


class Couriers:
    """The exporters, and the lanes of an outbox that they serve. Used by the outbox's thread alone."""

    def __init__(self, endpoint: str, *, redactor: Redactor | None = None, **options: Any) -> None:
        self._endpoint = endpoint
        self._redact: Callable[[Sequence[Mapping[str, Any]]], Sequence[Mapping[str, Any]]] | None = None
        if redactor is not None:
            from tapetum._redacting import redact_records

            self._redact = partial(redact_records, redactor)
            options["redactor"] = redactor
        self.spans = TapetumSpanExporter(endpoint, **options)
        self.logs = TapetumLogExporter(endpoint, **options)
        self.points = TapetumMetricExporter(endpoint, **options)
        self._changes = Losses("changes")
        self._evaluations = Losses("evaluations")
        self._predictions = Losses("predictions")
        self._labels = Losses("labels")
        self._all = (self.spans, self.logs, self.points)
        # Not of metrics: the next collection has the same totals, and newer.
        self.spans._keeps = self.logs._keeps = self._keeps
        self._renew()
        renew_in_child(self._renew)

    def _renew(self) -> None:
        self._kept = self._said = False

    @property
    def post(self) -> Post:
        """For whatever else goes to the same server."""
        return self.spans._post

    def lanes(self) -> list[Lane]:
        """One per kind of record."""
        return [
            Lane("spans", self._deliver(self._send_spans), self.spans._losses),
            Lane("logs", self._deliver(self._send_logs), self.logs._losses),
            Lane("metrics", self._deliver(self._send_metrics), self.points._losses),
            Lane("changes", self._deliver(self._send_changes), self._changes),
            Lane("evaluations", self._deliver(self._send_evaluations), self._evaluations),
            Lane("predictions", self._deliver(self._send_predictions), self._predictions, len),
            Lane("labels", self._deliver(self._send_labels), self._labels, len),
        ]

    def close(self) -> None:
        """Stop waiting for retries."""
        for exporter in self._all:
            exporter.shutdown()

    def _send_spans(self, batch: Sequence[Any]) -> bool:
        return self.spans.export(batch) is SpanExportResult.SUCCESS

    def _send_logs(self, batch: Sequence[Any]) -> bool:
        return self.logs.export(batch) is LogRecordExportResult.SUCCESS

    def _send_changes(self, batch: Sequence[Any]) -> bool:
        return self._send_records("/v1/changes", batch, self._changes)

    def _send_evaluations(self, batch: Sequence[Any]) -> bool:
        return self._send_records("/v1/evaluations", batch, self._evaluations)

    def _send_predictions(self, batches: Sequence[Any]) -> bool:
        records = [record for batch in batches for record in batch.records()]
        return self._send_records("/v1/predictions", records, self._predictions)

    def _send_labels(self, batches: Sequence[Any]) -> bool:
        return self._send_records("/v1/labels", [record for batch in batches for record in batch], self._labels)

    def _send_records(self, path: str, batch: Sequence[Any], losses: Losses) -> bool:
        sent = False
        with never_raise(losses, len(batch)):
            shown = batch if self._redact is None else self._redact(batch)
            sent = _records.send(self.post, path, shown, losses, self._keeps)
        return sent

    def _send_metrics(self, batch: Sequence[Any]) -> bool:
        delivered = True
        for collected in batch:
            delivered = self.points.export(collected) is MetricExportResult.SUCCESS and delivered
        return delivered

    def _deliver(self, send: Callable[[Sequence[Any]], bool]) -> Callable[[Sequence[Any]], str]:
        def deliver(batch: Sequence[Any]) -> str:
            self._kept = False
            if send(batch):
                self._said = False
                return SENT
            return LATER if self._kept else LOST

        return deliver

    def _keeps(self, outcome: Outcome) -> bool:
        if not outcome.may_pass:
            return False
        self._kept = True
        if not self._said:
            self._said = True
            logger.warning(
                "%s takes nothing now (%s: %s). Up to %d spans and %d log records wait for it.",
                self._endpoint, outcome.reason, outcome.detail, MAX_RECORDS, MAX_RECORDS,
            )  # fmt: skip
        return True
