"""From decoded batches to an outcome for the sender: consume, count, explain. Shared by both doors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tapetum_server.receivers.doors import HandOn, total_of
from tapetum_server.receivers.otlp.decode_json import decode_json_logs, decode_json_metrics, decode_json_spans
from tapetum_server.receivers.otlp.decode_logs import decode_logs
from tapetum_server.receivers.otlp.decode_metrics import decode_metrics
from tapetum_server.receivers.otlp.decode_spans import decode_spans
from tapetum_server.receivers.otlp.dropped import OWN_RECORDS, dropped_by_sender, lost_by_sender
from tapetum_server.receivers.otlp.json_values import JsonReader
from tapetum_server.receivers.otlp.limits import Limits
from tapetum_server.receivers.otlp.outcome import REFUSALS, TRUNCATIONS, Decoded, Undecodable
from tapetum_server.receivers.otlp.values import AttributeReader
from tapetum_server.signals.consumer import Consumer, IngestObserver, Receipt
from tapetum_server.signals.identity import Caller


@dataclass(frozen=True, slots=True)
class Signal:
    """What differs between traces, logs and metrics at the doors."""

    name: str
    """As in `/v1/traces` and as counted: traces, logs, metrics."""
    service: str
    """The gRPC service."""
    noun: str
    rejected: str
    """The partial success field that counts refused records, in protobuf and in JSON."""
    rejected_json: str
    response: Any
    decode: Callable[[bytes, Caller, AttributeReader], Decoded[Any]]
    decode_json: Callable[[bytes, Caller, JsonReader], Decoded[Any]]


_SERVICE = "opentelemetry.proto.collector."
SIGNALS: Mapping[str, Signal] = {
    "traces": Signal(
        "traces", _SERVICE + "trace.v1.TraceService", "spans", "rejected_spans", "rejectedSpans",
        ExportTraceServiceResponse, decode_spans, decode_json_spans,
    ),
    "logs": Signal(
        "logs", _SERVICE + "logs.v1.LogsService", "log records", "rejected_log_records", "rejectedLogRecords",
        ExportLogsServiceResponse, decode_logs, decode_json_logs,
    ),
    "metrics": Signal(
        "metrics", _SERVICE + "metrics.v1.MetricsService", "data points", "rejected_data_points",
        "rejectedDataPoints", ExportMetricsServiceResponse, decode_metrics, decode_json_metrics,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the sender is told: how many records were refused, and why, in one text."""

    refused: int
    message: str

    def protobuf(self, signal: Signal) -> bytes:
        """The signal's Export*ServiceResponse."""
        if not self.refused and not self.message:
            return b""
        response = signal.response()
        setattr(response.partial_success, signal.rejected, self.refused)
        response.partial_success.error_message = self.message
        encoded: bytes = response.SerializeToString()
        return encoded

    def json(self, signal: Signal) -> dict[str, object]:
        """The same as OTLP/JSON, where 64-bit integers are strings."""
        if not self.refused and not self.message:
            return {}
        return {"partialSuccess": {signal.rejected_json: str(self.refused), "errorMessage": self.message}}


class Delivery:
    """Decodes request bodies, hands the batches on, and counts everything by sender and reason.

    `decode` may run on any thread; `deliver` and the counting run on the event loop.
    """

    def __init__(self, consumer: Consumer, observer: IngestObserver, limits: Limits) -> None:
        self._hand_on = HandOn(consumer, observer, *SIGNALS, *OWN_RECORDS)
        self._limits = limits
        self._attributes = AttributeReader(limits)
        self._json = JsonReader(limits)

    def decode(self, signal: Signal, body: bytes, caller: Caller, is_json: bool) -> Decoded[Any]:
        """The request's batches; raises `Undecodable`."""
        if not body and not is_json:
            return Decoded()
        if is_json:
            return signal.decode_json(body, caller, self._json)
        return signal.decode(body, caller, self._attributes)

    async def deliver(self, signal: Signal, decoded: Decoded[Any]) -> Outcome:
        """Have every batch consumed. Raises `Busy` or `Failed`, counted, if any was not: the sender may
        repeat the request, and delivering again what was already kept is safe."""
        total = await total_of(self._consume(signal, batch) for batch in decoded.batches)
        refused, truncated = Counter(total.refused), Counter(total.truncated)
        for origin, count in decoded.refused.items():
            refused[origin.reason] += count
            self._count(signal, origin.project, origin.sender, "refused", origin.reason, count)
        for origin, count in decoded.truncated.items():
            truncated[origin.reason] += count
            self._count(signal, origin.project, origin.sender, "truncated", origin.reason, count)
        return Outcome(refused.total(), _explain(signal, refused, truncated, total.messages))

    async def _consume(self, signal: Signal, batch: Any) -> Receipt:
        project, sender = batch.project, batch.sender
        dropped = dropped_by_sender(batch, self._limits)
        lost = lost_by_sender(batch)
        receipt = await self._hand_on.one(batch)
        for reason, count in dropped.items():
            self._count(signal, project, sender, "dropped", reason, count)
        for (of_signal, reason), count in lost.items():
            self._hand_on.count(of_signal, project, sender, "dropped", reason, count)
        return receipt

    def count_request(self, signal: Signal, caller: Caller, reason: str) -> None:
        """Count one request that was refused whole, of which we cannot say how many records it held."""
        self._hand_on.count_request(signal.name, caller, reason)

    def _count(self, signal: Signal, project: str, sender: str, outcome: str, reason: str, count: int) -> None:
        self._hand_on.count(signal.name, project, sender, outcome, reason, count)


def _explain(signal: Signal, refused: Counter[str], truncated: Counter[str], messages: list[str]) -> str:
    said = list(messages)
    for reason, count in sorted(refused.items()):
        if reason in REFUSALS:
            said.append(f"{count} {signal.noun} refused ({reason}): {REFUSALS[reason]}")
        elif not messages:
            said.append(f"{count} {signal.noun} refused ({reason})")
    for reason, count in sorted(truncated.items()):
        if reason in TRUNCATIONS:
            said.append(f"{count} {signal.noun} kept with less ({reason}): {TRUNCATIONS[reason]}")
    return "; ".join(said)


__all__ = ["SIGNALS", "Delivery", "Outcome", "Signal", "Undecodable"]
