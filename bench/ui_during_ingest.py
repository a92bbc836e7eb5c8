"""What people feel while spans pour in: idle windows alternate with windows of steady ingest.

    python -m bench.ui_during_ingest [--rate 10000] [--windows 5] [--requests 1000] [--seed-spans 100000] [--work DIR]

The sender runs in a process of its own and makes every span new (bench/fresh.py). The requests
ask about the seed's range of time, so that they stay the same questions while the store grows. The figure is the
median over the pairs of windows of the ratio of p50 and p99.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import multiprocessing
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from bench.fresh import Template
from bench.machine import load, machine
from bench.payload import requests, spans_payload
from bench.send import Connection, send
from bench.serve import Server

CONNECTIONS = 8


def pour(url: str, payload: str, rate: int, running: Event, stop: Event, results: Any) -> None:
    """Send `rate` spans a second while `running` is set, until `stop`.

    As senders in life, each connection keeps its own time: one that was answered late goes on at once until it
    has caught up, and none waits for another.
    """
    templates = [Template(*r) for r in requests(Path(f"{payload}.bin"))[:40]]
    nth = itertools.count()
    while not stop.is_set():
        if not running.wait(0.2):
            continue
        started = time.perf_counter()

        def steadily(first: float, began: float = started) -> int:
            accepted, due = 0, began + first
            with Connection(url) as connection:
                while running.is_set():
                    time.sleep(max(0.0, due - time.perf_counter()))
                    at = next(nth)
                    template = templates[at % len(templates)]
                    if connection.post(template.fresh(at, time.time_ns())) == 200:
                        accepted += template.items
                    due += template.items * CONNECTIONS / rate
            return accepted

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            spread = templates[0].items / rate
            accepted = sum(pool.map(steadily, [i * spread for i in range(CONNECTIONS)]))
        results.put(accepted / (time.perf_counter() - started))


def pages(server: Server) -> list[str]:
    """What an open browser asks, of a range that stays as it is: lists, histogram, facets, a trace, logs, metrics."""
    rows = json.loads(server.get("/api/v1/traces?limit=50&from=all"))["rows"]
    trace = rows[len(rows) // 2]["trace_id"]
    now = int(time.time() * 1000)
    seen = f"from={now - 600_000}&to={now}"
    return [
        f"/api/v1/traces?limit=50&{seen}", f"/api/v1/spans?limit=50&{seen}",
        f"/api/v1/spans/histogram?buckets=60&{seen}", f"/api/v1/traces/{trace}", f"/api/v1/spans/facets?{seen}",
        f"/api/v1/logs?limit=100&{seen}", "/api/v1/ingest", f"/api/v1/traces?limit=50&q=status:error&{seen}",
        "/api/v1/info", f"/api/v1/metrics/catalog?{seen}",
    ]  # fmt: skip


def window(server: Server, asked: list[str], count: int) -> dict[str, Any]:
    """Milliseconds of `count` requests, one after the other."""
    host, port = server.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=120)
    took: list[float] = []
    by_page: dict[str, list[float]] = {}
    for i in range(count):
        path = asked[i % len(asked)]
        before = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path} was answered {answer.status}: {body[:300]!r}")
        took.append((time.perf_counter() - before) * 1e3)
        by_page.setdefault(path.partition("?")[0][:24], []).append(took[-1])
    connection.close()
    took.sort()
    return {
        "p50": took[len(took) // 2], "p99": took[int(len(took) * 0.99)], "max": took[-1],
        "pages": {k: round(statistics.median(v), 1) for k, v in by_page.items()},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--windows", type=int, default=5)
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--seed-spans", type=int, default=100_000)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tapetum-bench")
    args = parser.parse_args()
    payload = spans_payload(args.work, 100_000)
    print(json.dumps(machine() | {"load": load()}), flush=True)
    spawn = multiprocessing.get_context("spawn")
    running, stop, results = spawn.Event(), spawn.Event(), spawn.Queue()
    with Server(args.work / "ui") as server:
        url = server.url + "/v1/traces"
        first = requests(Path(f"{payload}.bin"))[: args.seed_spans // 500]
        send(url, [(Template(*r).fresh(-i - 1, time.time_ns()), r[1]) for i, r in enumerate(first)])
        server.settle(limit_s=40)
        asked = pages(server)
        arguments = (url, str(payload), args.rate, running, stop, results)
        sender = spawn.Process(target=pour, args=arguments, daemon=True)
        sender.start()
        window(server, asked, 100)
        pairs = []
        for nth in range(args.windows):
            idle = window(server, asked, args.requests)
            running.set()
            time.sleep(2)
            busy = window(server, asked, args.requests)
            running.clear()
            rate = results.get(timeout=120)
            server.settle(quiet_s=2, limit_s=20)
            pairs.append((idle, busy))
            print(
                json.dumps(
                    {
                        "window": nth + 1, "idle": _short(idle), "ingesting": _short(busy), "spans_per_s": round(rate),
                        "load": load(),
                    }
                ), flush=True,
            )  # fmt: skip
        stop.set()
        sender.join(30)
    ratios = {q: [busy[q] / idle[q] for idle, busy in pairs] for q in ("p50", "p99")}
    print(json.dumps({f"median_ratio_{q}": round(statistics.median(r), 2) for q, r in ratios.items()}), flush=True)


def _short(figures: dict[str, Any]) -> dict[str, Any]:
    return {k: v if isinstance(v, dict) else round(v, 1) for k, v in figures.items()}


if __name__ == "__main__":
    main()
