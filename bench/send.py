"""Sends a payload over several connections and says how it was answered."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Sent:
    """What became of the requests."""

    offered: int = 0
    accepted: int = 0
    wall_s: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    latencies_ms: list[float] = field(default_factory=list)
    first_error: str = ""

    def quantile_ms(self, q: float) -> float:
        """A quantile of the time to an answer."""
        ordered = sorted(self.latencies_ms)
        return round(ordered[min(len(ordered) - 1, int(q * len(ordered)))], 1) if ordered else 0.0


def send(
    url: str,
    bodies: Sequence[tuple[bytes, int]],
    *,
    connections: int = 4,
    gzip: bool = False,
    headers: dict[str, str] | None = None,
) -> Sent:
    """POST every body once (429 and 503 are sent again)."""
    parts = urlsplit(url)
    headers = {"Content-Type": "application/x-protobuf", **(headers or {})}
    if gzip:
        headers["Content-Encoding"] = "gzip"
    sent = Sent(offered=sum(items for _, items in bodies))
    upcoming, lock = iter(bodies), threading.Lock()
    started = time.perf_counter()

    def worker() -> None:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
        while True:
            with lock:
                body = next(upcoming, None)
            if body is None:
                break
            while True:
                before = time.perf_counter()
                try:
                    connection.request("POST", parts.path, body[0], headers)
                    answer = connection.getresponse()
                    said, status = answer.read(), str(answer.status)
                except OSError as error:
                    said, status = str(error).encode(), type(error).__name__
                    connection.close()
                took = (time.perf_counter() - before) * 1e3
                with lock:
                    sent.statuses[status] += 1
                    sent.latencies_ms.append(took)
                    if status == "200":
                        sent.accepted += body[1]
                    else:
                        sent.first_error = sent.first_error or said[:300].decode("utf8", "replace")
                if status not in ("429", "503"):
                    break
                time.sleep(0.1)
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent.wall_s = time.perf_counter() - started
    return sent
