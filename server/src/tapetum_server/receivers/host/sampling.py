"""Reads every source on a thread of its own, again and again, and hands on what they say."""

from __future__ import annotations

import asyncio
import logging
import platform
import socket
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

from tapetum_server.receivers.host.gpu import Gpus
from tapetum_server.receivers.host.process import OwnProcess
from tapetum_server.receivers.host.reading import Source
from tapetum_server.receivers.host.system import System
from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.consumer import Busy, Consumer, IngestObserver
from tapetum_server.signals.identity import DEFAULT_PROJECT, OWN_SENDER
from tapetum_server.signals.metrics import MetricBatch
from tapetum_server.signals.resource import Resource, Scope

logger = logging.getLogger("tapetum.host")
STOP_S = 2.0
"""How long a stop waits for a source that hangs, such as a disk that does not answer."""
_NAMESPACE = uuid.UUID("4d63009a-8d0f-11ee-aad7-4c796ed8e320")
"""OpenTelemetry's, for `service.instance.id`s that are made from what tells instances apart."""


def describe_server(version: str, data: Path) -> dict[str, AttributeValue]:
    """The server as an OpenTelemetry resource. One process owns a data directory: that tells instances apart."""
    host = socket.gethostname()
    found: dict[str, AttributeValue] = {
        "service.name": "tapetum",
        "service.version": version,
        "service.instance.id": str(uuid.uuid5(_NAMESPACE, f"tapetum {host} {data.resolve()}")),
        "host.name": host,
        "os.type": platform.system().lower(),
    }  # no process.pid: another value at every start would be other series at every start
    try:
        found["host.id"] = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        pass  # not every system has one, and it is optional
    return {key: value for key, value in found.items() if value != ""}


class HostMetrics:
    """Samples the machine every `interval_s` between `start` and `stop`.

    Never raises and never blocks the event loop: sources are read on a thread, and what comes of it is consumed on
    the loop. A source that fails is logged once, until it works again; the others go on.
    """

    def __init__(
        self,
        consumer: Consumer,
        observer: IngestObserver,
        resource: dict[str, AttributeValue],
        interval_s: float,
        sources: Callable[[], tuple[Sequence[Source], Callable[[], None]]] | None = None,
    ) -> None:
        self._consumer = consumer
        self._observer = observer
        self._resource = Resource(resource)
        self._scope = Scope("tapetum.host", str(resource.get("service.version", "")))
        self._interval_s = interval_s
        self._open = sources or open_sources
        self._sources: Sequence[Source] = ()
        self._failing: set[str] = set()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin. The first sample is one interval away: a share of time needs a time."""
        # A daemon: a disk that never answers must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, args=(loop,), name="host-metrics", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Stop, and wait a little for a sample that is being taken."""
        self._stopping.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, STOP_S)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._sources, close = self._open()
        except Exception:
            logger.exception("Host metrics are off")
            return
        delivery: Future[None] | None = None
        due = time.monotonic() + self._interval_s
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            # After a machine slept, one sample is enough.
            due = max(due + self._interval_s, time.monotonic())
            if delivery is not None and not delivery.done():
                continue  # the store is behind: what it cannot take now must not pile up here
            delivering = self._deliver(self.sample())
            try:
                delivery = asyncio.run_coroutine_threadsafe(delivering, loop)
            except RuntimeError:
                delivering.close()
                break  # the loop has closed
        close()

    def sample(self) -> MetricBatch:
        """Read every source now. Blocks."""
        batch = MetricBatch(project=DEFAULT_PROJECT, sender=OWN_SENDER)
        now = time.time_ns()
        for source in self._sources:
            try:
                readings = source.read()
                self._failing.discard(source.name)
            except Exception as error:
                if source.name not in self._failing:
                    logger.warning("Host metrics: %s cannot be read, the others go on: %r", source.name, error)
                self._failing.add(source.name)
                continue
            for reading in readings:
                batch.add(
                    self._resource, self._scope, reading.metric,
                    time_unix_nano=now,
                    start_time_unix_nano=reading.start_time_unix_nano,
                    value=reading.value,
                    attributes=dict(reading.attributes),
                )  # fmt: skip
        return batch

    async def _deliver(self, batch: MetricBatch) -> None:
        count, outcome, reason = len(batch), "accepted", ""
        try:
            receipt = await self._consumer.consume(batch)
        except Busy as busy:
            outcome, reason = "refused", busy.reason  # the next sample comes soon enough
        except Exception:
            logger.exception("Host metrics: a sample was not kept")
            outcome, reason = "refused", "internal_error"
        else:
            count = receipt.accepted
            for why, refused in receipt.refused.items():
                self._count("refused", why, refused)
        self._count(outcome, reason, count)

    def _count(self, outcome: str, reason: str, count: int) -> None:
        self._observer.record(
            project=DEFAULT_PROJECT, sender=OWN_SENDER, signal="metrics", outcome=outcome, reason=reason, count=count
        )


def open_sources() -> tuple[list[Source], Callable[[], None]]:
    """What there is to read on this machine, and how to let go of it."""
    gpus = Gpus()
    return [*System().sources(), *OwnProcess().sources(), *gpus.sources()], gpus.close
