"""A web server that answers scrapes as tests tell it to, well or badly."""

from __future__ import annotations

import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
Answer = Callable[[BaseHTTPRequestHandler, int], None]
"""Answers one request; the number says how often this path was asked before."""


class Targets(ThreadingHTTPServer):
    """One path per target. `over` is set when the test ends: whoever hangs waits for it."""

    daemon_threads = False
    block_on_close = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Answer] = {}
        self.asked: Counter[str] = Counter()
        self.headers: dict[str, dict[str, str]] = {}
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def says(self, path: str, *bodies: str, content_type: str = TEXT, status: int = 200, **headers: str) -> None:
        """Answer with one body after the other, and then with the last one again and again."""

        def answer(request: BaseHTTPRequestHandler, before: int) -> None:
            body = bodies[min(before, len(bodies) - 1)].encode()
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            send(request, body, content_type, status, **{"content-length": str(len(body)), **named})

        self.answers[path] = answer


def send(
    request: BaseHTTPRequestHandler, body: bytes, content_type: str = TEXT, status: int = 200, **headers: str
) -> None:
    """One whole answer."""
    request.send_response(status)
    for name, value in {"content-type": content_type, **headers}.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)


class _Handler(BaseHTTPRequestHandler):
    server: Targets
    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            pass  # a scraper that does not trust the certificate

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        before = self.server.asked[path]
        self.server.asked[path] += 1
        self.server.headers[path] = {name.lower(): value for name, value in self.headers.items()}
        self.close_connection = True
        try:
            self.server.answers[path](self, before)
        except OSError:
            pass  # the scraper has had enough

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def targets(certificate: Path | None = None) -> Iterator[Targets]:
    """A server that runs until the block ends, over TLS with a certificate and its key."""
    server = Targets()
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # Each connection shakes hands on its own thread: one that fails must not end the loop.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
