"""A receiver of OTLP over HTTP that only remembers: stands in for the server where the demo's own side is tested."""

from __future__ import annotations

import gzip
import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Sink:
    """Everything that arrived, by service."""

    def __init__(self) -> None:
        self.url = ""
        self.headers: list[dict[str, str]] = []
        self.changes: list[dict[str, str]] = []
        self.monitors: list[dict[str, Any]] = []
        self.others: list[tuple[str, Any]] = []
        """(path, document) of what is JSON: what the SDK sends, and prompts."""
        self._lock = threading.Lock()
        self._requests: dict[str, list[Any]] = defaultdict(list)

    def keep(self, path: str, headers: dict[str, str], body: bytes) -> None:
        """Remember one request."""
        kinds: dict[str, Any] = {
            "/v1/traces": ExportTraceServiceRequest,
            "/v1/logs": ExportLogsServiceRequest,
            "/v1/metrics": ExportMetricsServiceRequest,
        }
        with self._lock:
            self.headers.append(headers)
            if path in ("/v1/changes", "/api/v1/monitors"):
                (self.changes if path == "/v1/changes" else self.monitors).append(json.loads(body))
                return
            if headers.get("content-type", "").startswith("application/json"):
                self.others.append((path, json.loads(body)))
                return
            self._requests[path].append(kinds[path].FromString(body))

    def spans(self) -> list[tuple[str, Any]]:
        """(service, span) of every span."""
        return [
            (_service(resource.resource), span)
            for request in self._snapshot("/v1/traces")
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def logs(self) -> list[tuple[str, Any]]:
        """(service, record) of every log record."""
        return [
            (_service(resource.resource), record)
            for request in self._snapshot("/v1/logs")
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    def metrics(self) -> list[tuple[str, Any]]:
        """(service, metric) of every exported metric."""
        return [
            (_service(resource.resource), metric)
            for request in self._snapshot("/v1/metrics")
            for resource in request.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ]

    def sdk_spans(self) -> list[Any]:
        """Every span that came as JSON."""
        with self._lock:
            documents = [document for path, document in self.others if path == "/v1/traces"]
        return [
            span
            for document in documents
            for resource in document["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]

    def _snapshot(self, path: str) -> list[Any]:
        with self._lock:
            return list(self._requests[path])


def _service(resource: Any) -> str:
    for attribute in resource.attributes:
        if attribute.key == "service.name":
            return str(attribute.value.string_value)
    return ""


@contextmanager
def otlp_sink() -> Iterator[Sink]:
    """A sink on a free port of loopback."""
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            sink.keep(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        # Exporters keep their connections; without this, closing would wait for them.
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        sink.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join()
