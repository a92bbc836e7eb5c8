"""A store filled through its writer and asked through the API: what tests of questions share."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import stores
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from starlette.routing import Match
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from tapetum_server.api.access import ServerFacts
from tapetum_server.api.application import ROUTERS, Services, create_api
from tapetum_server.api.live import LiveHub
from tapetum_server.catalog.catalog import Catalog
from tapetum_server.query.export_files import EXPORT_SETTINGS
from tapetum_server.query.export_store import StoreExports
from tapetum_server.query.gate_settings import GATE_SETTINGS
from tapetum_server.query.sql_store import StoreSql
from tapetum_server.query.store_reader import StoreReader
from tapetum_server.signals.consumer import Batch
from tapetum_server.signals.identity import LOOPBACK, Identity
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.metrics import Buckets, Exemplar, Metric, MetricBatch
from tapetum_server.signals.resource import Resource
from tapetum_server.signals.resource import Scope as Instrumentation
from tapetum_server.signals.spans import Canonical, Event, Link, SpanBatch
from tapetum_server.store.embedded import EmbeddedEngine
from tapetum_server.store.writer import StoreWriter

SECOND = 1_000_000_000
NOW = 1_795_471_200 * SECOND
"""2026-11-23T22:00:00Z: what `now` means to the API under test."""
START = NOW - 1_800 * SECOND


ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
"""Every route of the product's API."""


@functools.cache
def _model_of(answer: Any) -> TypeAdapter[Any]:
    """What reads an answer of this type, made once: that takes longer than most answers."""
    return TypeAdapter(answer)


class As:
    """Puts an identity on every request, as `app` does from a key."""

    def __init__(self, api: ASGIApp, identity: Identity) -> None:
        self.api = api
        self.identity = identity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {}).update(identity=self.identity, project=None)
        await self.api(scope, receive, send)


_kept_for_a_while: list[str] = []


def _expiry(engine: EmbeddedEngine, word: str) -> None:
    """STOP or START removing rows past their retention: `NOW` is a day, and the engine goes by its own clock."""
    if not _kept_for_a_while:
        asked = "SELECT name FROM system.tables WHERE database = {d:String} AND create_table_query LIKE '% TTL %'"
        _kept_for_a_while.extend(engine.query(asked, {"d": engine.database}).column("name").to_pylist())
    for table in _kept_for_a_while:
        engine.command(f"SYSTEM {word} TTL MERGES {engine.database}.{table}")


class World:
    """One store of its own, its writer, and the API over it."""

    def __init__(self, home: Path, catalog_directory: Path, identity: Identity = LOOPBACK) -> None:
        profiles = {**GATE_SETTINGS, **EXPORT_SETTINGS}
        self.home = str(home)
        self.engine = stores.take(self.home, lambda database: EmbeddedEngine(home, database, profiles=profiles))
        _expiry(self.engine, "STOP")
        self.catalog = Catalog.open(catalog_directory, version="0.1.0")
        self.executor = ThreadPoolExecutor(4)
        self.writer = StoreWriter(self.engine, self.executor, lambda project, signal: 20_000)
        self.reader = StoreReader(self.engine, self.executor)
        self.hub = LiveHub()
        self.exports = StoreExports(self.engine)
        facts = ServerFacts(
            version="0.1.0",
            auth="open",
            otlp_http="",
            otlp_grpc=None,
            public_url="http://tapetum.example",
            sql_enabled=lambda identity: True,
        )
        self.api = create_api(
            Services(
                catalog=self.catalog,
                reader=self.reader,
                sql=StoreSql(self.engine, self.executor),
                hub=self.hub,
                exports=self.exports,
                facts=facts,
                clock=lambda: NOW,
            )
        )
        self.client = TestClient(As(self.api, identity), raise_server_exceptions=True)
        self.client.__enter__()  # one event loop for all requests, not one each

    def keep(self, *batches: Batch) -> None:
        """Store batches, durably."""

        async def together() -> None:
            for batch in batches:
                await self.writer.consume(batch)

        for batch in batches:
            self.catalog.ensure_project(batch.project)
        asyncio.run(together())

    def get(self, path: str, /, **query: Any) -> Any:
        """The JSON of a successful GET. `from_` is the query's `from`."""
        answer = self.client.get(f"/v1{path}", params={k.rstrip("_"): v for k, v in query.items()})
        assert answer.status_code == 200, answer.text
        return self._documented("GET", path, answer.json())

    def error(self, path: str, status: int, /, **query: Any) -> dict[str, Any]:
        """The error of a GET that fails."""
        answer = self.client.get(f"/v1{path}", params={k.rstrip("_"): v for k, v in query.items()})
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()["error"]
        return found

    def post(self, path: str, **body: Any) -> Any:
        """The JSON of a successful POST. `from_` is the body's `from`."""
        answer = self.client.post(f"/v1{path}", json={k.rstrip("_"): v for k, v in body.items()})
        assert answer.status_code == 200, answer.text
        return self._documented("POST", path, answer.json())

    def _documented(self, method: str, path: str, content: Any) -> Any:
        """`content`, which must be exactly what the OpenAPI document says of its route."""
        for route in ROUTES:
            matched, _ = route.matches({"type": "http", "method": method, "path": f"/v1{path}", "headers": []})
            if matched is Match.FULL:
                model = _model_of(route.response_model)
                assert orjson.loads(model.dump_json(model.validate_python(content))) == content
                return content
        raise AssertionError(f"no route for {method} {path}")

    def sql(self, query: str, **parameters: object) -> list[dict[str, Any]]:
        """Rows of plain SQL on the same store: the oracle."""
        rows: list[dict[str, Any]] = self.engine.query(query, parameters).to_pylist()
        return rows

    def close(self) -> None:
        """Let go of everything."""
        self.client.__exit__()
        self.client.close()
        self.writer.close()
        self.exports.close()
        self.executor.shutdown()  # first, or what runs there still meets the next test's rows
        _expiry(self.engine, "START")
        stores.give_back(self.home, self.engine)
        self.catalog.close()


@contextmanager
def world(home: Path, catalog_directory: Path) -> Iterator[World]:
    """A world that is closed at the end."""
    opened = World(home, catalog_directory)
    try:
        yield opened
    finally:
        opened.close()


def trace_id(number: int) -> str:
    """A trace id for a small number."""
    return f"{number:032x}"


def span_id(number: int) -> str:
    """A span id for a small number."""
    return f"{number:016x}"


def span_batch(*rows: dict[str, Any], project: str = "default") -> SpanBatch:
    """A batch of spans; each row overrides what it names. Times are seconds after `START`."""
    batch = SpanBatch(project=project, sender="test")
    resources: dict[str, Resource] = {}
    for n, row in enumerate(rows):
        start = START + round(row.get("at", 0) * SECOND)
        seconds = row.get("seconds", 1)
        attributes = {"service.name": row.get("service", "shop"), **row.get("resource", {})}
        batch.resource.append(resources.setdefault(repr(attributes), Resource(attributes)))
        batch.scope.append(Instrumentation("test.scope", "1.0"))
        batch.trace_id.append(trace_id(row.get("trace", 1)))
        batch.span_id.append(span_id(row.get("span", n + 1)))
        batch.parent_span_id.append(span_id(row["parent"]) if "parent" in row else "")
        batch.trace_state.append(row.get("trace_state", ""))
        batch.flags.append(row.get("flags", 0))
        batch.name.append(row.get("name", "work"))
        batch.span_kind.append(row.get("span_kind", 1))
        batch.start_time_unix_nano.append(start)
        batch.end_time_unix_nano.append(0 if seconds is None else start + round(seconds * SECOND))
        batch.status_code.append(row.get("status", 0))
        batch.status_message.append(row.get("status_message", ""))
        batch.attributes.append(row.get("attributes", {}))
        batch.events.append([Event(*event) for event in row.get("events", ())])
        batch.links.append([Link(*link) for link in row.get("links", ())])
        batch.dropped.append(row.get("dropped", (0, 0, 0)))
        batch.canonical.append(Canonical(**row.get("canonical", {})))
    return batch


def log_batch(*rows: dict[str, Any], project: str = "default") -> LogBatch:
    """A batch of log records; each row overrides what it names. Times are seconds after `START`."""
    batch = LogBatch(project=project, sender="test")
    resources: dict[str, Resource] = {}
    for row in rows:
        attributes = {"service.name": row.get("service", "shop"), **row.get("resource", {})}
        batch.resource.append(resources.setdefault(repr(attributes), Resource(attributes)))
        batch.scope.append(Instrumentation("test.scope"))
        batch.time_unix_nano.append(START + round(row.get("at", 0) * SECOND))
        batch.observed_time_unix_nano.append(0)
        batch.trace_id.append(trace_id(row["trace"]) if "trace" in row else "")
        batch.span_id.append(span_id(row["span"]) if "span" in row else "")
        batch.severity_number.append(row.get("severity_number", 9))
        batch.severity.append(row.get("severity", ""))
        batch.body.append(row.get("body", "hello"))
        batch.event_name.append(row.get("event_name", ""))
        batch.attributes.append(row.get("attributes", {}))
        batch.flags.append(0)
        batch.dropped.append(0)
    return batch


def metric_batch(
    metric: Metric, *rows: dict[str, Any], project: str = "default", resource: dict[str, Any] | None = None
) -> MetricBatch:
    """Points of one metric; each row overrides what it names. Times are seconds after `START`."""
    batch = MetricBatch(project=project, sender="test")
    who = Resource(resource or {"service.name": "shop"})
    scope = Instrumentation("test.scope")
    for row in rows:
        batch.metric.append(metric)
        batch.resource.append(who)
        batch.scope.append(scope)
        batch.time_unix_nano.append(START + round(row["at"] * SECOND))
        since = row.get("since")
        batch.start_time_unix_nano.append(0 if since is None else START + round(since * SECOND))
        batch.value.append(row.get("value"))
        batch.buckets.append(Buckets(**row["buckets"]) if "buckets" in row else None)
        batch.attributes.append(row.get("attributes", {}))
        batch.exemplars.append([Exemplar(*exemplar, {}) for exemplar in row.get("exemplars", ())])
        batch.flags.append(row.get("flags", 0))
    return batch
