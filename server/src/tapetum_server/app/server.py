"""One running Tapetum: opens every room in order, wires the seams, and closes in the opposite order."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from prometheus_client.registry import CollectorRegistry
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Scope

from tapetum_server._version import __version__
from tapetum_server.api.access import ServerFacts
from tapetum_server.api.application import Services, create_api
from tapetum_server.api.errors import ApiError
from tapetum_server.api.live import LiveHub
from tapetum_server.app import garbage
from tapetum_server.app.addresses import CannotStart, cannot_listen, check_certificate, listen
from tapetum_server.app.arrivals import Arrivals
from tapetum_server.app.auth import Access, guard
from tapetum_server.app.backups.service import Backups, why_elsewhere
from tapetum_server.app.backups.shelf import Shelf
from tapetum_server.app.compressing import Compress
from tapetum_server.app.demo import RunningDemo
from tapetum_server.app.disk import DiskGuard
from tapetum_server.app.hosts import Hosts, KeysRequired, is_loopback, require_keys_for
from tapetum_server.app.inflate import BodyError, BodyLimits, Inflate
from tapetum_server.app.ingest_counters import IngestCounters, ProcessCollector
from tapetum_server.app.intake import Intake
from tapetum_server.app.live_validation import LiveValidation
from tapetum_server.app.own_health import OwnHealth
from tapetum_server.app.price_books import PriceBooks
from tapetum_server.app.redaction_settings import Redactors
from tapetum_server.app.settings import Settings
from tapetum_server.app.settings_errors import SettingsError
from tapetum_server.app.statistics_upkeep import keep_statistics
from tapetum_server.app.upkeep import keep_catalog
from tapetum_server.app.web import operator_routes, ui_routes
from tapetum_server.catalog.catalog import Catalog
from tapetum_server.catalog.errors import CatalogError
from tapetum_server.catalog.projects import Retention
from tapetum_server.monitors.runner import MonitorRunner, MonitorSettings
from tapetum_server.monitors.webhook import WebhookLimits
from tapetum_server.processors.canonical import Canonicalize
from tapetum_server.processors.cost import PriceCalls
from tapetum_server.processors.errors.find import FindErrors
from tapetum_server.processors.evaluations.find import FindEvaluations
from tapetum_server.processors.redaction import Redact
from tapetum_server.query.export_files import EXPORT_SETTINGS
from tapetum_server.query.export_store import StoreExports
from tapetum_server.query.gate_settings import GATE_SETTINGS
from tapetum_server.query.repricing import StoreRepricer
from tapetum_server.query.sql_store import StoreSql
from tapetum_server.query.store_reader import StoreReader
from tapetum_server.query.stored_predictions import stored_predictions
from tapetum_server.receivers.host.sampling import HostMetrics, describe_server
from tapetum_server.receivers.kserve.http import KServeEvents
from tapetum_server.receivers.kserve.pairing import Pairing
from tapetum_server.receivers.loglines.http import LogLines
from tapetum_server.receivers.otlp.grpc import OtlpGrpc
from tapetum_server.receivers.otlp.http import OtlpHttp
from tapetum_server.receivers.otlp.limits import Limits
from tapetum_server.receivers.prometheus.remote_write import RemoteWrite
from tapetum_server.receivers.prometheus.scraping import Scraper
from tapetum_server.receivers.records.given import read_predictions
from tapetum_server.receivers.records.http import Records
from tapetum_server.signals.consumer import Batch
from tapetum_server.signals.identity import Identity
from tapetum_server.store.directory import DataDirectory
from tapetum_server.store.engine import Engine, StoreError
from tapetum_server.store.migrate import migrate
from tapetum_server.store.open import open_engine
from tapetum_server.store.retention import SIGNALS, restamp
from tapetum_server.store.writer import StoreWriter

logger = logging.getLogger("tapetum")
SAVE_COUNTS_EVERY_S = 5.0
LOOK_AT_DISK_EVERY_S = 2.0
LOOK_AT_SERVERS_DISK_EVERY_S = 10.0
"""A ClickHouse server is asked by a query, which it logs."""
GRACE_S = 10
KEPT_IDLE_S = 75
"""How long a connection is kept that nobody sends on: longer than clients and balancers keep it (5 to 60 s), as whoever
closes while the other begins to speak has its request lost. After a standstill, of the machine or of its disk, the loop
also ends connections that were idle for too long before it looks what came on them."""


class Server:
    """Tapetum as one object. `open` in any thread, `serve` on the main thread's event loop, then `close`.

    `open` and `serve` raise `CannotStart`.
    """

    def __init__(self, settings: Settings, *, demo: bool = False) -> None:
        self.settings = settings
        self.demo = demo
        self.port = settings.port
        self.grpc_port: int | None = None
        self._opened = ExitStack()
        self._uvicorn: _Uvicorn | None = None
        self._counters = IngestCounters()
        self._arrivals = Arrivals()

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the server."""
        scheme = "https" if self.settings.tls_cert else "http"
        host = self.settings.host if self.settings.host not in ("0.0.0.0", "::", "") else "127.0.0.1"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}{self.settings.root_path}"

    @property
    def public_url(self) -> str:
        """Where people find the server, as far as it was told."""
        return self.settings.public_url.rstrip("/") or self.url

    def open(self) -> None:
        """Take the ports and the data directory, bring schemas up to date, build the chain."""
        try:
            self._open()
        except (StoreError, CatalogError, KeysRequired, SettingsError) as error:
            self._opened.close()
            raise CannotStart(str(error)) from error
        except BaseException:
            self._opened.close()
            raise

    def _open(self) -> None:
        settings, opened = self.settings, self._opened
        self._socket = listen(settings.host, settings.port, "--port")
        opened.callback(self._socket.close)
        self.port = self._socket.getsockname()[1]
        if settings.grpc_port > 0:
            # gRPC listens for itself, and only when there is something behind it: this is to know now.
            listen(settings.host, settings.grpc_port, "--grpc-port").close()
        check_certificate(settings.tls_cert, settings.tls_key)
        directory = DataDirectory(settings.data)
        opened.callback(directory.release)
        self._catalog = Catalog.open(directory.path, version=__version__, url=settings.catalog or None)
        opened.callback(self._catalog.close)
        self._redactors = Redactors(settings.redaction, directory.path, self._catalog.redaction.of)
        self._counters.shown = self._redactors.text
        self._price_books = PriceBooks(self._catalog.prices)
        require_keys_for(settings.host, self._catalog.keys.any_usable())
        self._engine: Engine = open_engine(
            directory.path,
            settings.store,
            profiles={**GATE_SETTINGS, **EXPORT_SETTINGS},
            memory_bytes=int(settings.memory_gb * 1e9),
            backups=settings.backups_dir,
        )
        opened.callback(self._engine.close)
        migrate(self._engine, getattr(self._engine, "credentials", ""))
        self._ingest_pool = ThreadPoolExecutor(2, "ingest")
        opened.callback(self._ingest_pool.shutdown)
        self._query_pool = ThreadPoolExecutor(8, "query")
        opened.callback(self._query_pool.shutdown)
        self._disk = DiskGuard(
            self._engine.disk_used_share, settings.disk_full_percent, free_bytes=self._engine.disk_free_bytes
        )
        self._disk.look()
        self._writer = StoreWriter(
            self._engine,
            self._ingest_pool,
            lambda project, signal: int(getattr(self._catalog.projects.retention(project), signal)),
            disk_full=self._not_ready,
            arriving=lambda: self._arrivals.count,
        )
        opened.callback(self._counters.save, self._engine)
        opened.callback(self._writer.close)
        self._catalog.projects.on_retention(self._restamp)
        self._hub = LiveHub()
        self._reader = StoreReader(self._engine, self._query_pool)
        self._sql = StoreSql(self._engine, self._query_pool)
        self._exports = StoreExports(self._engine)
        opened.callback(self._exports.close)
        self._backups = Backups(
            self._engine,
            directory.path,
            Shelf(settings.backups_dir.resolve()),
            __version__,
            full_percent=settings.disk_full_percent,
            elsewhere=why_elsewhere(settings.store, settings.catalog),
        )
        opened.callback(self._backups.close)
        self._own_health = OwnHealth(
            settings, self._disk, self._writer, self._reader.failures, lambda: (self.port, self.grpc_port)
        )

    def _restamp(self, project: str, retention: Retention) -> None:
        for name in SIGNALS:
            restamp(self._engine, project, name, getattr(retention, name))

    def _not_ready(self) -> str:
        if self._disk.is_full:
            whose = "the ClickHouse server's disk" if self.settings.store else "the disk"
            return (
                f"{whose} is {self._disk.used_percent:.0f} % full: ingest pauses at "
                f"{self.settings.disk_full_percent:g} %"
            )
        return ""

    def _application(
        self, otlp: OtlpHttp, lines: LogLines, records: Records, kserve: KServeEvents, remote_write: RemoteWrite,
        scraper: Scraper,
    ) -> ASGIApp:  # fmt: skip
        settings = self.settings
        keys_required = settings.require_keys or not is_loopback(settings.host)
        access = self._access = Access(self._catalog, keys_required=keys_required)

        def sql_enabled(identity: Identity) -> bool:
            return identity.may("admin") or (settings.sql_for_readers and identity.may("read"))

        api = create_api(
            Services(
                catalog=self._catalog,
                reader=self._reader,
                sql=self._sql,
                hub=self._hub,
                scrape_statuses=scraper.statuses,
                redaction_floor=self._redactors.floor,
                exports=self._exports,
                price_book_of=self._price_books.of,
                repricer=StoreRepricer(self._engine, self._query_pool),
                backups=self._backups,
                disk=self._disk.state,
                facts=ServerFacts(
                    version=__version__,
                    auth="keys" if keys_required else "open",
                    otlp_http=self.url,
                    otlp_grpc=self._grpc_address(),
                    public_url=self.public_url,
                    sql_enabled=sql_enabled,
                    demo=self.demo,
                ),
                watch=self._own_health,
                demo=RunningDemo(settings.data) if self.demo else None,
            )
        )
        registry = CollectorRegistry()
        registry.register(ProcessCollector(self._counters, self._writer))
        inner = Starlette(
            routes=[
                *operator_routes(registry, self._not_ready),
                *lines.routes,
                *records.routes,
                *kserve.routes,
                *otlp.routes,
                *remote_write.routes,
                Mount("/api", api),
                *ui_routes(),
            ]
        )
        large = settings.max_predictions_mib * 2**20
        limits = BodyLimits(inflated_bytes=settings.max_body_mib * 2**20, large_bytes=large, spooled_bytes=4 * large)

        def refuse(scope: Scope, error: BodyError) -> Response:
            if lines.owns(scope):
                return lines.refuse(scope, error.status, error.reason, str(error))
            if records.owns(scope):
                return records.refuse(scope, error.status, error.reason, str(error))
            if kserve.owns(scope):
                return kserve.refuse(scope, error.status, error.reason, str(error))
            if remote_write.owns(scope):
                return remote_write.refuse(scope, error.status, error.reason, str(error))
            if otlp.owns(scope["path"]):
                return otlp.refuse(scope, error.status, error.reason, str(error))
            return ApiError(error.reason, str(error), error.status).response()

        def is_snappy(scope: Scope) -> bool:
            return lines.is_snappy(scope) or remote_write.is_snappy(scope)

        def is_ingest(scope: Scope) -> bool:
            return otlp.owns(scope["path"]) or lines.owns(scope) or remote_write.owns(scope)

        inflated = Inflate(
            Compress(inner), refuse=refuse, executor=self._ingest_pool, limits=limits, snappy=is_snappy,
            large=records.takes_large, spools=settings.data,
        )  # fmt: skip
        hosts = Hosts(
            settings.host, keys_required=keys_required, allowed=settings.allowed_host, origins=settings.allowed_origin
        )
        return guard(
            self._arrivals.of(inflated, is_ingest),
            access,
            hosts,
            root_path=settings.root_path,
        )

    def _grpc_address(self) -> str | None:
        if self.settings.grpc_port < 0:
            return None
        scheme = "https" if self.settings.tls_cert else "http"
        return f"{scheme}://{self.settings.host}:{self.grpc_port or self.settings.grpc_port}"

    async def serve(
        self,
        started: Callable[[], Awaitable[None] | None] | None = None,
        ending: Callable[[], None] = lambda: None,
    ) -> None:
        """Serve until SIGINT, SIGTERM or `stop`. `started` is called once both ports answer, `ending` when one of
        these came."""
        settings = self.settings
        loop = asyncio.get_running_loop()
        evaluated = FindEvaluations(self._writer, self._catalog.scores.definition)
        understood = Canonicalize(PriceCalls(FindErrors(evaluated, self._ingest_pool), self._price_books.of))
        redacted = Redact(understood, self._redactors.of, self._counters, self._ingest_pool)
        validation = LiveValidation(self._catalog.data_schemas, self._reader, self._writer)

        def published(batch: Batch) -> None:
            self._hub.publish(batch)
            validation.arrived(batch)

        consumer = Intake(self._catalog, redacted, published)
        limits = Limits()
        otlp = OtlpHttp(consumer, self._counters, self._ingest_pool, limits)
        lines = LogLines(consumer, self._counters, self._ingest_pool)
        records = Records(consumer, self._counters, self._ingest_pool, self._catalog.scores.definition)
        pairing = Pairing(partial(stored_predictions, self._reader))
        kserve = KServeEvents(consumer, self._counters, pairing, read_predictions)
        remote_write = RemoteWrite(consumer, self._counters, self._ingest_pool)
        scraper = Scraper(settings.scrape, consumer, self._counters, shown=self._redactors.text)
        keys_required = settings.require_keys or not is_loopback(settings.host)
        grpc_server: OtlpGrpc | None = None
        if settings.grpc_port >= 0:
            grpc_server = OtlpGrpc(
                identify=Access(self._catalog, keys_required=keys_required).identify,
                consumer=consumer,
                observer=self._counters,
                loop=loop,
                host=settings.host,
                port=settings.grpc_port,
                limits=limits,
                max_message_bytes=settings.max_body_mib * 2**20,
                credentials=_grpc_credentials(settings.tls_cert, settings.tls_key),
            )
            try:
                self.grpc_port = grpc_server.start()
            except OSError as error:
                raise cannot_listen(settings.host, settings.grpc_port, "--grpc-port", error) from error
        config = uvicorn.Config(
            self._application(otlp, lines, records, kserve, remote_write, scraper),
            http="httptools",
            loop="none",
            lifespan="off",
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
            timeout_keep_alive=KEPT_IDLE_S,
            ssl_certfile=settings.tls_cert,
            ssl_keyfile=settings.tls_key,
        )
        self._uvicorn = _Uvicorn(config, ending)
        monitors = MonitorRunner(
            self._catalog,
            self._reader,
            self._sql,
            self._writer,
            MonitorSettings(
                base_url=self.public_url,
                webhooks=WebhookLimits(settings.webhook_give_up_s, settings.webhook_allow_link_local),
                alone=not settings.catalog,
            ),
        )
        look_every_s = LOOK_AT_SERVERS_DISK_EVERY_S if settings.store else LOOK_AT_DISK_EVERY_S
        tasks = [
            asyncio.create_task(work)
            for work in (
                keep_catalog(self._catalog),
                self._save_counts(),
                self._disk.watch(look_every_s),
                monitors.run(),
                scraper.run(),
                keep_statistics(self._catalog.projects.names, self._reader, self._writer),
                validation.run(),
                self._announce(self._uvicorn, started),
            )
        ]
        host_metrics = HostMetrics(
            consumer,
            self._counters,
            describe_server(__version__, settings.data),
            settings.host_metrics_interval_s,
        )
        if settings.host_metrics_interval_s:
            host_metrics.start(loop)
        garbage.settle()
        try:
            await self._uvicorn.serve(sockets=[self._socket])
        finally:
            self._hub.close()
            await host_metrics.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if grpc_server is not None:
                await asyncio.to_thread(grpc_server.stop)

    async def _announce(self, server: _Uvicorn, started: Callable[[], Awaitable[None] | None] | None) -> None:
        # uvicorn has no event for either moment, only flags.
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        if started is not None and (waiting := started()) is not None:
            await waiting
        while not server.should_exit:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        # Live tails never end by themselves: without this a shutdown would wait for them.
        self._hub.close()

    async def _save_counts(self) -> None:
        while True:
            await asyncio.sleep(SAVE_COUNTS_EVERY_S)
            await asyncio.get_running_loop().run_in_executor(self._query_pool, self._counters.save, self._engine)

    def stop(self) -> None:
        """Ask `serve` to end; safe from any thread and from signal handlers."""
        if self._uvicorn is not None:
            self._uvicorn.end()

    def close(self) -> None:
        """Write what waits, stop queries, let go of data directory and ports. Never on the event loop."""
        closer = threading.Thread(target=self._opened.close, name="closer")
        closer.start()
        closer.join()


class _Uvicorn(uvicorn.Server):
    """Uvicorn that returns after SIGINT and SIGTERM.

    The original then raises the signal once more, whose default ends the process on the spot: with
    telemetry still in the queue, and a thread of the engine in a query.
    """

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending

    def end(self) -> None:
        """Take no more requests, and return from `serve` when those under way are answered."""
        if not self.should_exit:
            self._ending()
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        again = self.should_exit
        self.end()
        if again:  # a second Ctrl-C does not wait for requests
            super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread may listen for signals
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _grpc_credentials(cert: Path | None, key: Path | None) -> Any:
    if cert is None or key is None:
        return None
    import grpc

    return grpc.ssl_server_credentials([(key.read_bytes(), cert.read_bytes())])
