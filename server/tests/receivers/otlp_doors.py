"""OTLP doors for tests: the real routes behind the real inflating, and a consumer that remembers."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from tapetum_server.app.inflate import BodyError, BodyLimits, Inflate
from tapetum_server.receivers.otlp.http import OtlpHttp
from tapetum_server.receivers.otlp.limits import Limits
from tapetum_server.signals.consumer import Batch, Receipt
from tapetum_server.signals.identity import LOOPBACK, Identity

CAPTURES = Path(__file__).parents[1] / "data" / "captures"
CORPUS = Path(__file__).parents[1] / "data" / "otlp_corpus"
REQUESTS = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
PROTOBUF, JSON = {"content-type": "application/x-protobuf"}, {"content-type": "application/json"}


@dataclass
class Recorder:
    """A consumer and observer in memory. With `error` set it refuses everything with that error."""

    batches: list[Batch] = field(default_factory=list)
    counts: Counter[tuple[str, str, str, str, str]] = field(default_factory=Counter)
    error: Exception | None = None
    receipt: Receipt | None = None

    async def consume(self, batch: Batch) -> Receipt:
        if self.error is not None:
            raise self.error
        self.batches.append(batch)
        return self.receipt or Receipt(accepted=len(batch))

    def record(
        self, *, project: str, sender: str, signal: str, outcome: str, reason: str, count: int, place: str = ""
    ) -> None:
        self.counts[project, sender, signal, outcome, reason] += count

    def only(self) -> Any:
        """The one batch that arrived."""
        (batch,) = self.batches
        return batch


class AsCaller:
    """Sets what the application's authentication sets on every request."""

    def __init__(self, app: ASGIApp, identity: Identity) -> None:
        self.app, self.identity = app, identity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            project = Request(scope).headers.get("x-tapetum-project")
            scope.setdefault("state", {}).update(identity=self.identity, project=project)
        await self.app(scope, receive, send)


@contextmanager
def door(
    recorder: Recorder,
    *,
    identity: Identity = LOOPBACK,
    limits: Limits | None = None,
    body_limits: BodyLimits | None = None,
) -> Iterator[TestClient]:
    """An HTTP client of an application that has the OTLP routes and nothing else."""
    with ThreadPoolExecutor(2) as executor:
        otlp = OtlpHttp(recorder, recorder, executor, limits or Limits())

        def refuse(scope: Scope, error: BodyError) -> Response:
            return otlp.refuse(scope, error.status, error.reason, str(error))

        app = Inflate(Starlette(routes=otlp.routes), refuse=refuse, executor=executor, limits=body_limits)
        with TestClient(AsCaller(app, identity)) as client:
            yield client


def captures(signal: str, suffix: str = "pb") -> list[Path]:
    """The captured request bodies of one signal."""
    return sorted(CAPTURES.glob(f"*/*.{signal}*.{suffix}"))


def body_of(path: Path) -> bytes:
    """A captured body as it was before the client compressed it."""
    raw = path.read_bytes()
    return gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw


def columns(batch: Any) -> dict[str, Any]:
    """A batch as plain values: resources, scopes and metrics become dicts too."""
    # These are for later rooms to fill.
    later = ("canonical", "errors", "facts", "log_id")
    found = {name: getattr(batch, name) for name in batch.__dataclass_fields__ if name not in later}
    for name in ("resource", "scope", "metric"):
        if name in found:
            found[name] = [{f: getattr(o, f) for f in o.__dataclass_fields__} for o in found[name]]
    return found


def span_request(*spans: dict[str, Any], resource: dict[str, str] | None = None) -> dict[str, Any]:
    """An OTLP/JSON request of one resource and scope."""
    attributes = [{"key": k, "value": {"stringValue": v}} for k, v in (resource or {"service.name": "shop"}).items()]
    return {
        "resourceSpans": [
            {"resource": {"attributes": attributes}, "scopeSpans": [{"scope": {"name": "test"}, "spans": list(spans)}]}
        ]
    }


def span(number: int = 1, **fields: Any) -> dict[str, Any]:
    """One valid OTLP/JSON span."""
    return {
        "traceId": f"{number:032x}", "spanId": f"{number:016x}", "name": f"span {number}", "kind": 2,
        "startTimeUnixNano": "1763900000000000000", "endTimeUnixNano": "1763900000500000000",
    } | fields  # fmt: skip


def protobuf(number: int = 1, **fields: Any) -> ExportTraceServiceRequest:
    """A protobuf request of one valid span, for tests that bend it."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    attribute = resource.resource.attributes.add()
    attribute.key, attribute.value.string_value = "service.name", "shop"
    add_span(request, number, **fields)
    return request


def add_span(request: ExportTraceServiceRequest, number: int, **fields: Any) -> Any:
    """Another span in the first scope of `request`."""
    resource = request.resource_spans[0]
    scope = resource.scope_spans[0] if resource.scope_spans else resource.scope_spans.add()
    added = scope.spans.add(
        trace_id=number.to_bytes(16, "big"),
        span_id=number.to_bytes(8, "big"),
        name=f"span {number}",
        start_time_unix_nano=1763900000000000000,
        end_time_unix_nano=1763900000500000000,
    )
    for name, value in fields.items():
        setattr(added, name, value)
    return added


def as_json(value: object) -> bytes:
    """JSON bytes of an OTLP/JSON request."""
    return json.dumps(value).encode()
