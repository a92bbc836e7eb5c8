"""The product's own API as one FastAPI application, mounted at `/api`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from tapetum.redaction import SECRETS
from tapetum_server.analysis.server_state import ServerWatch
from tapetum_server.api import (
    access,
    backups,
    changes,
    conversations,
    dashboards,
    data_schemas,
    datasets,
    demo,
    error_groups,
    evaluations,
    exports,
    feature_statistics,
    findings,
    health,
    ingest,
    live,
    llm,
    logs,
    metrics,
    model_comparison,
    model_drift,
    model_drift_together,
    model_embeddings,
    model_performance,
    models,
    monitors,
    outside,
    predictions,
    prices,
    prompts,
    query,
    redaction,
    review,
    scores,
    scraping,
    services,
    sessions,
    spans,
    sql,
    storage,
    trace_comparison,
    traces,
    views,
)
from tapetum_server.api.access import ServerFacts
from tapetum_server.api.backups import BackupKeeper
from tapetum_server.api.demo import DemoWorld
from tapetum_server.api.errors import install_error_handlers
from tapetum_server.api.live import LiveHub
from tapetum_server.api.questions import install_query_errors
from tapetum_server.api.redaction import Floors
from tapetum_server.api.storage import DiskLook
from tapetum_server.catalog.catalog import Catalog
from tapetum_server.processors.price_book import PriceBook
from tapetum_server.processors.redaction_rules import Floor
from tapetum_server.query.export_store import StoreExports
from tapetum_server.query.reader import Reader
from tapetum_server.query.repricing import StoreRepricer
from tapetum_server.query.sql_runner import SqlRunner
from tapetum_server.signals.scraping import ScrapeStatus

ROUTERS = (
    access.router,
    health.router,
    demo.router,
    # The tails stand before /spans and /logs: the first route that matches answers.
    live.router,
    # And so does the comparison before /traces/{trace_id}.
    trace_comparison.router,
    conversations.router,
    traces.router,
    spans.router,
    logs.router,
    metrics.router,
    query.router,
    outside.router,
    services.router,
    llm.router,
    sessions.router,
    error_groups.router,
    evaluations.router,
    predictions.router,
    models.router,
    model_drift.router,
    model_drift_together.router,
    model_embeddings.router,
    model_performance.router,
    model_comparison.router,
    review.router,
    scores.router,
    monitors.router,
    dashboards.router,
    views.router,
    prompts.router,
    data_schemas.router,
    datasets.router,
    feature_statistics.router,
    findings.router,
    prices.router,
    changes.router,
    ingest.router,
    redaction.router,
    scraping.router,
    sql.router,
    exports.router,
    storage.router,
    backups.router,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the routes ask; `app` makes them."""

    catalog: Catalog
    reader: Reader
    sql: SqlRunner
    hub: LiveHub
    exports: StoreExports
    facts: ServerFacts
    backups: BackupKeeper | None = None
    disk: DiskLook | None = None
    """What the disk guard saw. Tests of other routes have neither of these two."""
    watch: ServerWatch | None = None
    """Who looks at the server from within."""
    demo: DemoWorld | None = None
    """The demo's world, where the server runs as the demo."""
    scrape_statuses: Callable[[str], list[ScrapeStatus]] = lambda _project: []
    """How what is scraped into a project stands."""
    redaction_floor: Floors = lambda _project: Floor(rules=SECRETS)
    """What the configuration says of a project."""
    price_book_of: Callable[[str], PriceBook] = lambda _project: PriceBook()
    """What the calls of a project cost."""
    repricer: StoreRepricer | None = None
    clock: Callable[[], int] = time.time_ns
    """Nanoseconds since 1970: what `now` in a time range means."""


def create_api(services: Services) -> FastAPI:
    """All routers, with OpenAPI at `/openapi.json` and one error shape everywhere."""
    api = _routes(services.facts.version)
    api.state.catalog = services.catalog
    api.state.facts = services.facts
    api.state.reader = services.reader
    api.state.sql_runner = services.sql
    api.state.hub = services.hub
    api.state.exports = services.exports
    api.state.backups = services.backups
    api.state.disk = services.disk
    api.state.watch = services.watch
    api.state.demo = services.demo
    api.state.scrape_statuses = services.scrape_statuses
    api.state.redaction_floor = services.redaction_floor
    api.state.price_book_of = services.price_book_of
    api.state.repricer = services.repricer
    api.state.clock = services.clock
    return api


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document without a running server, for the UI's generated client. The version is left out:
    a release must not change the file."""
    return _routes("current").openapi()


def _routes(version: str) -> FastAPI:
    api = FastAPI(title="Tapetum", version=version, docs_url=None, redoc_url=None)
    install_error_handlers(api)
    install_query_errors(api)
    for router in ROUTERS:
        # Not `include_router`, which makes every route a second time: two milliseconds each at the first request.
        api.router.routes.extend(router.routes)
    return api
