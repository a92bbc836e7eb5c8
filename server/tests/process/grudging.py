"""A server that does not take everything at once."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def grudging(*answers: int, signal: str = "lines") -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers these statuses, then 200 as the door for lines or OTLP/JSON; with the bodies it was sent."""
    bodies: list[bytes] = []
    left = list(answers)

    class Door(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            status = left.pop(0) if left else 200
            count = bodies[-1].count(b"\n") + 1
            told: dict[str, object] = {"accepted": count, "refused": 0, "errors": []} if signal == "lines" else {}
            answer = json.dumps(told if status == 200 else {"error": {"code": "no", "message": "not now"}}).encode()
            self.send_response(status)
            self.send_header("retry-after", "1")
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", bodies
        server.shutdown()
