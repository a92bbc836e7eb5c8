"""Telemetry whose times are seconds before now, and what Health says of it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from process.servers import RunningServer


class Told:
    """Sends telemetry whose times are seconds before now, and asks for the report."""

    def __init__(self, server: RunningServer, project: str) -> None:
        self.server = server
        self.project = project
        self.now = time.time()
        self.dice = random.Random(5)

    def at(self, ago_s: float) -> int:
        return int((self.now - ago_s) * 1e9)

    def spans(self, service: str, spans: Iterable[tuple[float, float, bool]], kind: int = 2) -> None:
        """(seconds ago, milliseconds, failed) of each request."""
        request = ExportTraceServiceRequest()
        owner = request.resource_spans.add()
        owner.resource.attributes.add(key="service.name").value.string_value = service
        scope = owner.scope_spans.add()
        for ago_s, ms, failed in spans:
            span = scope.spans.add(trace_id=self.dice.randbytes(16), span_id=self.dice.randbytes(8), name="GET /")
            span.kind = kind  # type: ignore[assignment]
            span.start_time_unix_nano = self.at(ago_s)
            span.end_time_unix_nano = span.start_time_unix_nano + int(ms * 1e6)
            span.status.code = 2 if failed else 0  # type: ignore[assignment]
        self.send("traces", request)

    def logs(self, service: str, agos: Iterable[float]) -> None:
        request = ExportLogsServiceRequest()
        owner = request.resource_logs.add()
        owner.resource.attributes.add(key="service.name").value.string_value = service
        scope = owner.scope_logs.add()
        for ago_s in agos:
            scope.log_records.add(time_unix_nano=self.at(ago_s)).body.string_value = f"{ago_s}"
        self.send("logs", request)

    def errors(self, service: str, message: str, agos: Iterable[float], severity: int = 17) -> None:
        """Log records of level error: what makes an error of each message."""
        request = ExportLogsServiceRequest()
        owner = request.resource_logs.add()
        owner.resource.attributes.add(key="service.name").value.string_value = service
        scope = owner.scope_logs.add()
        for ago_s in agos:
            record = scope.log_records.add(time_unix_nano=self.at(ago_s), severity_number=severity)  # type: ignore[arg-type]
            record.body.string_value = message
        self.send("logs", request)

    def running(
        self, service: str, name: str, ago_s: float, trace_id: bytes, parent: bytes = b"", **said: Any
    ) -> bytes:
        """A span that has not ended, and what its heartbeat says; its id."""
        request = ExportTraceServiceRequest()
        owner = request.resource_spans.add()
        owner.resource.attributes.add(key="service.name").value.string_value = service
        span = owner.scope_spans.add().spans.add(trace_id=trace_id, span_id=self.dice.randbytes(8), name=name)
        span.parent_span_id = parent
        span.start_time_unix_nano = self.at(ago_s)
        beat: Mapping[str, Any] = {"interval_s": 600.0, "location": "trainer:step:12", "same_place_s": 2.0} | said
        for key, value in beat.items():
            attribute = span.attributes.add(key=f"tapetum.heartbeat.{key}").value
            if isinstance(value, str):
                attribute.string_value = value
            else:
                attribute.double_value = value
        self.send("traces", request)
        return span.span_id

    def ended(self, service: str, name: str, ago_s: float, trace_id: bytes, span_id: bytes) -> None:
        """The end of a span that ran."""
        request = ExportTraceServiceRequest()
        owner = request.resource_spans.add()
        owner.resource.attributes.add(key="service.name").value.string_value = service
        span = owner.scope_spans.add().spans.add(trace_id=trace_id, span_id=span_id, name=name)
        span.start_time_unix_nano, span.end_time_unix_nano = self.at(ago_s), self.at(0)
        self.send("traces", request)

    def gauge(self, host: str, name: str, values: Iterable[tuple[float, float]], **attributes: str) -> None:
        """(seconds ago, value) of one series."""
        request = ExportMetricsServiceRequest()
        owner = request.resource_metrics.add()
        for key, value in (("service.name", "agent"), ("host.name", host)):
            owner.resource.attributes.add(key=key).value.string_value = value
        metric = owner.scope_metrics.add().metrics.add(name=name, unit="1")
        for ago_s, value in values:
            point = metric.gauge.data_points.add(time_unix_nano=self.at(ago_s), as_double=value)
            for key, text in attributes.items():
                point.attributes.add(key=key.replace("_", ".")).value.string_value = text
        self.send("metrics", request)

    def send(self, signal: str, request: Any) -> None:
        answer = self.server.send(signal, request.SerializeToString(), project=self.project)
        assert answer.status_code == 200, answer.text

    def report(self) -> dict[str, Any]:
        answer = self.server.client.get("/api/v1/health", params={"project": self.project})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def lines(self, *rules: str) -> list[dict[str, Any]]:
        return [row for row in self.report()["attention"] if row["rule"] in rules]

    def check(self, name: str) -> dict[str, Any]:
        return next(check for check in self.report()["checks"] if check["name"] == name)
