"""A small shop as telemetry: the same for the same seed and start, recent, and with trouble in it.

`web` calls `scoring`, which calls `features`; `assistant` is an agent with a model and tools. Every sixth order
fails because `features` is slow. Logs carry the ids of their spans, metrics those of their hosts.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from browser.telemetry import MS, SECOND, Logs, Metrics, Spans

CLIENT, SERVER, INTERNAL = 3, 2, 1
MODEL = "claude-sonnet-4-5"
Send = Callable[[str, bytes], Any]
BOUNDS = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0]


def host_of(service: str) -> dict[str, Any]:
    """The resource of a service: one host each."""
    return {
        "service.name": service,
        "service.version": "2.3.1",
        "service.instance.id": f"{service}-1",
        "host.name": f"{service}-host",
        "deployment.environment.name": "production",
    }


@dataclass
class Shop:
    """What was sent, so that tests can look for it."""

    now: int
    seed: int = 7
    orders: list[str] = field(default_factory=list)
    """Trace ids of orders, newest last."""
    failed: list[str] = field(default_factory=list)
    """Those of them that failed."""
    chats: list[str] = field(default_factory=list)
    """Trace ids of the assistant."""

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.spans, self.logs, self.metrics = Spans(), Logs(), Metrics()

    def fill(self, orders: int = 60, chats: int = 6, metric_hours: float = 2.2) -> Shop:
        """Make everything; nothing is sent yet."""
        for n in range(orders):
            # Unevenly spread over 20 minutes, the newest half a minute ago: also where the tests that share them take
            # half an hour and more, the last hour, which pages show first, has them all.
            ago = 30 + (orders - 1 - n) * (1_160 / orders) + self.random.uniform(0, 8)
            self.order(self.now - round(ago * SECOND), fails=n % 6 == 5)
        for n in range(chats):
            self.chat(self.now - round((90 + 180 * n) * SECOND), turns=2 + n % 3, session=f"session-{n % 2}")
        self.measure(metric_hours)
        return self

    def send(self, post: Send) -> None:
        """Hand every request to `post(signal, body)`."""
        post("traces", self.spans.body())
        post("logs", self.logs.body())
        post("metrics", self.metrics.body())

    def new_id(self, size: int = 16) -> str:
        """An id of `size` hex digits that is not zero."""
        return f"{self.random.getrandbits(size * 4) | 1:0{size}x}"

    def order(self, start: int, *, fails: bool) -> str:
        """One order through web, scoring and features."""
        trace = self.new_id(32)
        web, scoring, features = host_of("web"), host_of("scoring"), host_of("features")
        slow = 1_400 if fails else self.random.choice((40, 60, 90, 160))
        root, call, score, fetch = (self.new_id() for _ in range(4))
        sku = self.random.choice(("SKU-117", "SKU-204", "SKU-391"))
        end = start + (slow + 130) * MS
        self.spans.add(
            web, trace, root, "POST /checkout", start, end, kind=SERVER,
            error="scoring did not answer in time" if fails else None,
            attributes={
                "http.request.method": "POST", "http.route": "/checkout", "url.path": "/checkout",
                "http.response.status_code": 504 if fails else 200, "user.id": f"user-{self.random.randrange(40)}",
                "shop.sku": sku, "shop.amount": round(self.random.uniform(5, 300), 2),
            },
        )  # fmt: skip
        at = start + 6 * MS
        for table in ("carts", "prices"):
            took = self.random.randrange(3, 14) * MS
            self.spans.add(
                web, trace, self.new_id(), f"SELECT {table}", at, at + took, parent=root, kind=CLIENT,
                attributes={"db.system.name": "postgresql", "db.query.text": f"SELECT * FROM {table} WHERE user_id = $1"},
            )  # fmt: skip
            at += took + 2 * MS
        called = start + 45 * MS
        self.spans.add(web, trace, call, "POST /score", called, called + (slow + 60) * MS, parent=root, kind=CLIENT,
                       attributes={"server.address": "scoring", "http.request.method": "POST"},
                       error="timed out" if fails else None)  # fmt: skip
        self.spans.add(scoring, trace, score, "POST /score", called + 4 * MS, called + (slow + 54) * MS, parent=call,
                       kind=SERVER, attributes={"http.route": "/score", "model.version": "fraud-14"})  # fmt: skip
        self.spans.add(scoring, trace, fetch, "GET /features", called + 9 * MS, called + (slow + 12) * MS, parent=score,
                       kind=CLIENT, attributes={"server.address": "features"})  # fmt: skip
        failure: list[tuple[int, str, dict[str, Any]]] = []
        if fails:
            message = f"lock on customer_features was held for {slow} ms"
            failure = [(
                called + slow * MS, "exception",
                {"exception.type": "TimeoutError", "exception.message": message,
                 "exception.stacktrace": f"Traceback (most recent call last):\n  File \"store.py\", line 88, in read\nTimeoutError: {message}"},
            )]  # fmt: skip
        read = self.new_id()
        self.spans.add(features, trace, read, "GET /features", called + 12 * MS, called + (slow + 10) * MS, parent=fetch,
                       kind=SERVER, attributes={"http.route": "/features/{customer}", "feature.count": 42},
                       error="customer_features is locked" if fails else None, events=failure)  # fmt: skip
        self.spans.add(features, trace, self.new_id(), "SELECT customer_features", called + 15 * MS,
                       called + (slow + 6) * MS, parent=read, kind=CLIENT,
                       attributes={"db.system.name": "sqlite", "db.query.text": "SELECT * FROM customer_features WHERE id = ?"})  # fmt: skip
        self.spans.add(scoring, trace, self.new_id(), "predict fraud", called + (slow + 15) * MS,
                       called + (slow + 46) * MS, parent=score,
                       attributes={"ml.model.name": "fraud", "ml.prediction": 0.12})  # fmt: skip
        self.logs.add(web, start + MS, "INFO", f"checkout of {sku} started", trace=trace, span=root,
                      attributes={"shop.sku": sku, "thread.name": "main"})  # fmt: skip
        self.logs.add(features, called + 13 * MS, "DEBUG", "reading 42 features", trace=trace, span=read)
        if fails:
            self.logs.add(features, called + slow * MS, "WARN", f"lock wait of {slow} ms on customer_features",
                          trace=trace, span=read, attributes={"db.lock": "customer_features"})  # fmt: skip
            self.logs.add(web, end - MS, "ERROR", "checkout failed: scoring did not answer in time",
                          trace=trace, span=root, attributes={"exception.type": "TimeoutError"})  # fmt: skip
            self.failed.append(trace)
        else:
            self.logs.add(scoring, called + (slow + 46) * MS, "INFO",
                          json.dumps({"event": "scored", "model": "fraud-14", "score": 0.12}), trace=trace, span=score)  # fmt: skip
        self.orders.append(trace)
        return trace

    def chat(self, start: int, *, turns: int, session: str) -> str:
        """One conversation of the assistant: an agent, model calls, a tool and a retrieval per turn."""
        trace, root = self.new_id(32), self.new_id()
        who = host_of("assistant")
        at = start + 20 * MS
        children: list[tuple[str, str, int, int, dict[str, Any]]] = []
        for turn in range(turns):
            for name, took, attributes in (
                ("retrieve orders", 35, {"gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": "orders"}),
                (f"chat {MODEL}", 900 + 300 * turn, {
                    "gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic",
                    "gen_ai.request.model": MODEL, "gen_ai.response.model": MODEL, "gen_ai.request.max_tokens": 1_000,
                    "gen_ai.usage.input_tokens": 1_200 + 700 * turn, "gen_ai.usage.output_tokens": 180 + 20 * turn,
                    "gen_ai.conversation.id": session,
                    "gen_ai.input.messages": json.dumps([
                        {"role": "user", "parts": [{"type": "text", "content": f"Where is my order {turn + 1}?"}]}]),
                    "gen_ai.output.messages": json.dumps([
                        {"role": "assistant", "parts": [{"type": "text", "content": "It left the warehouse today."}]}]),
                }),
                ("execute_tool track_parcel", 120, {
                    "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "track_parcel",
                    "gen_ai.tool.call.arguments": '{"parcel": "P-81"}', "gen_ai.tool.call.result": '{"state": "on its way"}',
                }),
            ):  # fmt: skip
                children.append((self.new_id(), name, at, at + took * MS, attributes))
                at += (took + 15) * MS
        self.spans.add(who, trace, root, "invoke_agent parcel-helper", start, at + 10 * MS, attributes={
            "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "parcel-helper",
            "gen_ai.conversation.id": session, "user.id": "user-3"})  # fmt: skip
        for span, name, began, ended, attributes in children:
            self.spans.add(who, trace, span, name, began, ended, parent=root, kind=CLIENT, attributes=attributes,
                           scope="opentelemetry.instrumentation.anthropic")  # fmt: skip
        self.logs.add(who, start + 5 * MS, "INFO", f"conversation {session} continues", trace=trace, span=root,
                      event="gen_ai.agent.started")  # fmt: skip
        self.chats.append(trace)
        return trace

    def measure(self, hours: float) -> None:
        """Every 30 s: processor and memory of hosts, requests, orders, model latency."""
        step = 30 * SECOND
        count = round(hours * 120)
        since = self.now - count * step
        totals = {"web": 0.0, "scoring": 0.0}
        for n in range(count):
            time = since + (n + 1) * step
            for number, service in enumerate(("web", "scoring", "features")):
                who = host_of(service)
                load = 0.25 + 0.1 * number + 0.08 * ((n * (number + 3)) % 10) / 10
                self.metrics.gauge(who, "system.cpu.utilization", time, round(load, 4),
                                   description="Share of processor time in use")  # fmt: skip
                self.metrics.gauge(who, "system.memory.usage", time, 2**30 * (1 + number) + 2**20 * (n % 30), unit="By")
            for service in totals:
                totals[service] += 3 + n % 4
                self.metrics.sum(host_of(service), "shop.orders", since, time, totals[service], unit="{order}",
                                 attributes={"region": "eu" if service == "web" else "us"},
                                 description="Orders taken")  # fmt: skip
            slow = 1 + n % 3
            for route, share in (("/checkout", 2), ("/health", 6)):
                counts = [share * 4, share * 3, share * 2, share, slow, slow if route == "/checkout" else 0, 0, 0]
                self.metrics.histogram(host_of("web"), "http.server.request.duration", time - step, time, BOUNDS, counts,
                                       total=sum(counts) * 0.12, attributes={"http.route": route},
                                       description="How long requests took")  # fmt: skip
            self.metrics.exponential(host_of("assistant"), "gen_ai.client.operation.duration", time - step, time, -4,
                                     [1, 2, 4, 6, 3 + n % 2, 1], total=14.0,
                                     attributes={"gen_ai.request.model": MODEL})  # fmt: skip
