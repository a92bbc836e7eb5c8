"""The one seam on the way in: a batch goes down, a receipt comes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, Union

from tapetum_server.signals.alerts import AlertBatch
from tapetum_server.signals.changes import ChangeBatch
from tapetum_server.signals.evaluations import EvaluationBatch
from tapetum_server.signals.feature_statistics_batch import FeatureStatisticsBatch
from tapetum_server.signals.findings import FindingBatch
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.metrics import MetricBatch
from tapetum_server.signals.predictions import LabelBatch, PredictionBatch
from tapetum_server.signals.spans import SpanBatch

Batch = Union[
    SpanBatch, LogBatch, MetricBatch, AlertBatch, ChangeBatch, EvaluationBatch, PredictionBatch, LabelBatch,
    FeatureStatisticsBatch, FindingBatch,
]  # fmt: skip


@dataclass(slots=True)
class Receipt:
    """What became of a batch. `accepted` records are durable; the rest is counted by reason.

    `refused` records were not kept and the sender is told (OTLP partial success);
    `truncated` records were kept, with less than was sent.
    """

    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    truncated: Counter[str] = field(default_factory=Counter)
    messages: list[str] = field(default_factory=list)
    """For people: one sentence per refusal reason, naming the field and the fix."""

    def __iadd__(self, other: Receipt) -> Receipt:
        self.accepted += other.accepted
        self.refused.update(other.refused)
        self.truncated.update(other.truncated)
        self.messages.extend(m for m in other.messages if m not in self.messages)
        return self


class Consumer(Protocol):
    """Something that takes responsibility for telemetry."""

    async def consume(self, batch: Batch) -> Receipt:
        """Take responsibility for `batch`.

        Returning means that what the receipt counts as accepted is durable; the rest is
        counted by reason. Raising `Busy` means that nothing was promised and the sender should
        retry; parts may be kept already. Delivering the same batch twice is safe: it counts
        once. The callee owns the batch from here.
        """
        ...


class Busy(Exception):
    """Nothing was promised; the sender should retry after `retry_after_s` seconds."""

    def __init__(self, reason: str, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.reason = reason
        """A short stable name, counted in `/metrics`: `queue_full`, `disk_full` and others."""
        self.retry_after_s = retry_after_s


class IngestObserver(Protocol):
    """Counts what arrived, by sender, signal and reason, for `/metrics` and the Ingest page."""

    def record(
        self, *, project: str, sender: str, signal: str, outcome: str, reason: str, count: int, place: str = ""
    ) -> None:
        """`outcome` is one of accepted, refused, dropped, truncated, redacted. Never raises, never blocks.

        What was redacted counts by rule as the reason, and by place (the key of an attribute, or a field). It is
        places in records, not records.
        """
        ...


def by_project(batches: Sequence[Batch]) -> dict[str, list[Batch]]:
    """Group batches by the project they belong to, keeping their order."""
    groups: dict[str, list[Batch]] = {}
    for batch in batches:
        groups.setdefault(batch.project, []).append(batch)
    return groups
