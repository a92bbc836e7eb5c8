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


class Connection:
    """One kept connection to a door; it connects again by itself when it breaks."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        parts = urlsplit(url)
        self._path = parts.path
        self._headers = {"Content-Type": "application/x-protobuf", **(headers or {})}
        self._http = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
        self.said, self.said_status = b"", ""

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def post(self, body: bytes) -> int:
        """POST once; the status, or 0 where none came (`said_status` then names the error)."""
        try:
            self._http.request("POST", self._path, body, self._headers)
            answer = self._http.getresponse()
            self.said, self.said_status = answer.read(), str(answer.status)
            return answer.status
        except (OSError, http.client.HTTPException) as error:
            self.said, self.said_status = str(error).encode(), type(error).__name__
            self._http.close()
            return 0


def send(
    url: str,
    bodies: Sequence[tuple[bytes, int]],
    *,
    connections: int = 4,
    gzip: bool = False,
    headers: dict[str, str] | None = None,
) -> Sent:
    """POST every body once (429 and 503 are sent again)."""
    headers = {**(headers or {}), **({"Content-Encoding": "gzip"} if gzip else {})}
    sent = Sent(offered=sum(items for _, items in bodies))
    upcoming, lock = iter(bodies), threading.Lock()
    started = time.perf_counter()

    def worker() -> None:
        with Connection(url, headers) as connection:
            while True:
                with lock:
                    body = next(upcoming, None)
                if body is None:
                    break
                while True:
                    before = time.perf_counter()
                    status = connection.post(body[0])
                    took = (time.perf_counter() - before) * 1e3
                    with lock:
                        sent.statuses[connection.said_status] += 1
                        sent.latencies_ms.append(took)
                        if status == 200:
                            sent.accepted += body[1]
                        else:
                            sent.first_error = sent.first_error or connection.said[:300].decode("utf8", "replace")
                    if status not in (429, 503):
                        break
                    time.sleep(0.1)

    threads = [threading.Thread(target=worker) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent.wall_s = time.perf_counter() - started
    return sent
