"""A name with several addresses: the first at which anybody listens gets the request, and none that is not allowed."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import orjson
import pytest

from tapetum_server.catalog.deliveries import Delivery, DueDelivery
from tapetum_server.monitors.webhook import Attempt, send


class Receiver:
    """Listens at 127.0.0.1 alone."""

    def __init__(self) -> None:
        receiver = self
        self.hosts: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.hosts.append(self.headers["host"])
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


def told(receiver: Receiver, addresses: list[str], monkeypatch: pytest.MonkeyPatch) -> Attempt:
    """What comes of one notification to a name that has these addresses."""

    async def getaddrinfo(self: object, host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    async def once() -> Attempt:
        async with httpx.AsyncClient(trust_env=False) as client:
            with monkeypatch.context() as patched:
                patched.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
                return await send(client, due, allow_link_local=False)

    webhook = orjson.dumps({"url": f"http://hook.example:{receiver.port}/"}).decode()
    delivery = Delivery(
        id="d", monitor_id="m", event="firing", body="{}", status="waiting", attempts=0, outcome="", created_at=0.0,
        finished_at=None, next_at=0.0,
    )  # fmt: skip
    due = DueDelivery(delivery=delivery, webhook=webhook)
    return asyncio.run(once())


@pytest.mark.covers("monitor-webhook")
def test_an_address_where_nobody_listens_is_passed_over(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = told(receiver, ["127.0.0.2", "127.0.0.1"], monkeypatch)
    assert (attempt.delivered, attempt.outcome) == (True, "answered 204")
    assert receiver.hosts == [f"hook.example:{receiver.port}"]


def test_where_nobody_listens_at_all_the_name_is_said(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = told(receiver, ["127.0.0.2", "127.0.0.3"], monkeypatch)
    assert (attempt.delivered, attempt.final) == (False, False)
    assert f"nobody answers at hook.example:{receiver.port}" in attempt.outcome


@pytest.mark.covers("bad-webhook")
def test_one_address_that_is_not_allowed_refuses_the_name(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = told(receiver, ["127.0.0.1", "169.254.169.254"], monkeypatch)
    assert (attempt.delivered, attempt.final) == (False, True)
    assert receiver.hosts == []
