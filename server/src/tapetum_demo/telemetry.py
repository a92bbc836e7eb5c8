"""Traces, logs and metrics of one service, by the ecosystem's own packages, to wherever OTEL_* says."""

from __future__ import annotations

import logging
import os
import platform
import uuid
from collections.abc import Callable

from opentelemetry import metrics, trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.logging import LoggingInstrumentor
from opentelemetry.instrumentation.system_metrics import SystemMetricsInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

_PROCESS_METRICS: dict[str, list[str] | None] = {
    "process.cpu.time": ["user", "system"],
    "process.cpu.utilization": ["user", "system"],
    "process.memory.usage": None,
    "process.thread.count": None,
    "process.open_file_descriptor.count": None,
}
_HOST_METRICS: dict[str, list[str] | None] = {
    "system.cpu.utilization": ["idle", "user", "system", "iowait"],
    "system.memory.usage": ["used", "free", "cached"],
    "system.memory.utilization": ["used", "free", "cached"],
    "system.disk.io": ["read", "write"],
    "system.network.io": ["transmit", "receive"],
}


def start(service: str, *, version: str, host_metrics: bool = False) -> Callable[[], None]:
    """Begin to report as `service`; the returned function sends what is left and ends it.

    One service of a host is enough to report the host itself: `host_metrics`.
    """
    resource = Resource.create(
        {
            "service.name": service,
            "service.namespace": "loans",
            "service.version": version,
            "service.instance.id": str(uuid.uuid4()),
            "deployment.environment.name": "demo",
            "host.name": platform.node(),
            "process.pid": os.getpid(),
        }
    )
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(tracers)

    loggers = LoggerProvider(resource=resource)
    loggers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    set_logger_provider(loggers)

    meters = MeterProvider(metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter())], resource=resource)
    metrics.set_meter_provider(meters)

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for handler in logging.getLogger().handlers:
        handler.setLevel(logging.WARNING)  # the console has the bad news only; OTLP has all of it
    LoggingInstrumentor().instrument(log_code_attributes=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line per request that the span already tells
    _keep_exporters_out_of_their_own_export()

    configuration = {**_PROCESS_METRICS, **_HOST_METRICS} if host_metrics else dict(_PROCESS_METRICS)
    SystemMetricsInstrumentor(config=configuration).instrument()

    def stop() -> None:
        tracers.shutdown()
        loggers.shutdown()
        meters.shutdown()

    return stop


def _keep_exporters_out_of_their_own_export() -> None:
    # While the receiver is away, each failed export of logs would otherwise make a log to export.
    exporters = logging.getLogger("opentelemetry")
    console = logging.StreamHandler()
    console.setLevel(logging.WARNING)
    exporters.addHandler(console)
    exporters.propagate = False
