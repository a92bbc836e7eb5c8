"""`tapetum.init` and what it starts: one outbox, and OpenTelemetry's providers that fill it."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import multiprocessing.util
import os
import threading
import uuid
import weakref
from typing import Any, TypedDict

from opentelemetry import _logs, metrics, trace
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from tapetum import _observe, semconv
from tapetum._couriers import Couriers
from tapetum._doors import LogDoor, MetricDoor, SpanDoor
from tapetum._guard import faults, never_raise
from tapetum._inflight import InFlight
from tapetum._outbox import DELAY_S, Outbox
from tapetum._report import LossReport
from tapetum._settings import Settings
from tapetum._termination import Termination
from tapetum._version import __version__
from tapetum.exporter import TapetumMetricExporter
from tapetum.log_handler import LogHandler, Tap
from tapetum.resources import ProcessResources

logger = logging.getLogger("tapetum")


class Stats(TypedDict):
    """What became of records so far, by kind: spans, logs, metrics, changes, evaluations, predictions, labels."""

    sent: dict[str, int]
    waiting: dict[str, int]
    lost: dict[str, dict[str, int]]
    """By reason."""
    faults: int
    """Errors inside this SDK, swallowed: please report them."""


class Runtime:
    """Everything between `init` and `shutdown`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._couriers = Couriers(
            settings.endpoint,
            key=settings.key,
            project=settings.project,
            headers=settings.headers,
            redactor=settings.redactor,
        )
        self.outbox = Outbox(self._couriers.lanes(), min(DELAY_S, settings.heartbeat_s or DELAY_S))
        self.resource = _resource(settings)
        self._providers: list[Any] = []
        self._resources: ProcessResources | None = None
        self._tap: Tap | None = None
        self._in_flight: InFlight | None = None
        if settings.traces:
            self._trace()
        if settings.logs:
            self._log()
        if settings.metrics or settings.resources:
            self._measure(self._couriers.points)
        report = LossReport(self.outbox.lanes, self.resource, self._couriers.post, self._couriers.points._redact)
        self.outbox.sources.append(report.tell)
        _observe.keep_content(settings.capture)
        _after_fork(self)
        multiprocessing.util.register_after_fork(self, Runtime._in_child_of_multiprocessing)
        if multiprocessing.parent_process() is not None:
            self._in_child_of_multiprocessing()
        atexit.register(self._at_exit)
        self._termination = Termination(self._last_words, settings.exit_timeout_s)
        self.outbox.sources.append(self._termination.look)
        self.outbox.on_start = self._termination.arm
        self.outbox.start()
        self._instruments = self._switch_on()

    def _switch_on(self) -> list[Any]:
        if not (self.settings.instrument and self.settings.traces):
            return []
        from tapetum import _instrument  # who asks for none does not pay for it

        return list(_instrument.switch_on(self.settings.instrument))

    def _trace(self) -> None:
        provider: Any = trace.get_tracer_provider()
        if _is_nobodys(provider):
            provider = TracerProvider(resource=self.resource, shutdown_on_exit=False)
            trace.set_tracer_provider(provider)
            self._providers.append(provider)
        elif not hasattr(provider, "add_span_processor"):
            _left_alone("spans", provider)
            return
        if self.settings.heartbeat_s > 0:
            self._in_flight = InFlight(self.outbox, self.settings.heartbeat_s)
            self.outbox.sources.append(self._in_flight.report)
            provider.add_span_processor(self._in_flight)
        provider.add_span_processor(SpanDoor(self.outbox))

    def _log(self) -> None:
        provider: Any = _logs.get_logger_provider()
        if _is_nobodys(provider):
            provider = LoggerProvider(resource=self.resource, shutdown_on_exit=False)
            _logs.set_logger_provider(provider)
            self._providers.append(provider)
        elif not hasattr(provider, "add_log_record_processor"):
            _left_alone("log records", provider)
            return
        provider.add_log_record_processor(LogDoor(self.outbox))
        self._tap = Tap(LogHandler(self.settings.log_level, provider))

    def _measure(self, exporter: TapetumMetricExporter) -> None:
        reader = MetricDoor(self.outbox, exporter, self.settings.metric_interval_s)
        provider: Any = metrics.get_meter_provider()
        if not self.settings.metrics or not (_is_nobodys(provider) or hasattr(provider, "add_metric_reader")):
            if self.settings.metrics:
                _left_alone("metrics of the application", provider)
            # What the process itself uses is measured all the same.
            provider = MeterProvider([reader], resource=self.resource, shutdown_on_exit=False)
            self._providers.append(provider)
        elif _is_nobodys(provider):
            provider = MeterProvider([reader], resource=self.resource, shutdown_on_exit=False)
            metrics.set_meter_provider(provider)
            self._providers.append(provider)
        else:
            provider.add_metric_reader(reader)
        self.outbox.sources.append(reader.tick)
        if self.settings.resources:
            self._resources = ProcessResources(provider, None)

    def in_child(self) -> None:
        """After a fork. OpenTelemetry gives the child an instance id of its own; the process id is ours to give."""
        for provider in self._providers:
            if hasattr(provider, "_update_resource"):
                provider._update_resource(Resource({"process.pid": os.getpid()}))

    def _in_child_of_multiprocessing(self) -> None:
        # Such a child ends without `atexit`, but calls its finalizers.
        multiprocessing.util.Finalize(None, self._at_exit, exitpriority=0)

    def _at_exit(self) -> None:
        self._last_words()
        self._termination.wait()

    def _last_words(self) -> None:
        with never_raise(faults, 1):
            if self._in_flight is not None:
                self._in_flight.last_words()
            self.outbox.flush(self.settings.exit_timeout_s)

    def stop(self, timeout_s: float) -> bool:
        """Send what waits and take no more. Providers stay, because OpenTelemetry's cannot be replaced."""
        atexit.unregister(self._at_exit)
        self._termination.stop()
        if self._instruments:
            from tapetum import _instrument

            _instrument.switch_off(self._instruments)
        if self._tap is not None:
            self._tap.close()
        if self._in_flight is not None:
            self._in_flight.last_words()
        done = self.outbox.close(timeout_s)
        if self._resources is not None:
            self._resources.stop()
        self._couriers.close()
        return done

    def stats(self) -> Stats:
        """Counts since `init`, in this process."""
        lanes = self.outbox.lanes.values()
        return Stats(
            sent={lane.name: lane.sent for lane in lanes},
            waiting={lane.name: lane.count(list(lane.waiting)) for lane in lanes},
            lost={lane.name: lost for lane in lanes if (lost := lane.losses.snapshot())},
            faults=sum(faults.snapshot().values()),
        )


def _resource(settings: Settings) -> Resource:
    given: dict[str, Any] = {
        "telemetry.distro.name": "tapetum",
        "telemetry.distro.version": __version__,
        "process.pid": os.getpid(),
        **settings.resource,
    }
    resource = Resource.create(given)
    if semconv.SERVICE_INSTANCE_ID in resource.attributes:
        return resource
    # Older releases of OpenTelemetry give none. Without one, the counters of two workers would look like resets.
    return resource.merge(Resource({semconv.SERVICE_INSTANCE_ID: str(uuid.uuid4())}))


def _after_fork(runtime: Runtime) -> None:
    # Registered after the providers, because their locks must have been made anew before.
    if hasattr(os, "register_at_fork"):
        known = weakref.ref(runtime)

        def in_child() -> None:
            if (still := known()) is not None:
                still.in_child()

        os.register_at_fork(after_in_child=in_child)


def _is_nobodys(provider: Any) -> bool:
    """OpenTelemetry's stand-in for a provider that nobody has set."""
    return "Proxy" in type(provider).__name__


def _left_alone(what: str, provider: Any) -> None:
    logger.warning(
        "%s go where %s sends them, and not to tapetum: it takes no second one. Call tapetum.init before it is set.",
        what.capitalize(), type(provider).__name__,
    )  # fmt: skip


_lock = threading.Lock()
_runtime: Runtime | None = None


def start(settings: Settings) -> None:
    """Make the runtime, once."""
    global _runtime
    with _lock:
        if _runtime is not None:
            if _runtime.settings != settings:
                logger.warning("tapetum.init was called before, with other arguments: those stay.")
            return
        for note in settings.notes:
            logger.warning("%s", note)
        _runtime = Runtime(settings)


def running() -> Runtime | None:
    """What `init` started, until `shutdown`."""
    return _runtime


def stop(timeout_s: float) -> bool:
    """End it."""
    global _runtime
    with _lock:
        runtime, _runtime = _runtime, None
    return runtime.stop(timeout_s) if runtime is not None else True
