"""A real `tapetum serve` to measure: its own process, a fresh data directory, free ports."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.request import Request, urlopen

from bench.machine import cpu_seconds, resident_mb

_TICK = os.sysconf("SC_CLK_TCK")


class Server:
    """Use as a context manager. `keep` leaves what the directory holds already."""

    def __init__(self, data: Path, *, keep: bool = False) -> None:
        if not keep:
            shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True, exist_ok=True)
        self.data = data
        self._log = (data.parent / f"{data.name}.log").open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tapetum_server", "serve", "--port", "0", "--grpc-port", "0", "--data", str(data),
             "--json", "--host-metrics-interval-s", "0"],
            stdout=subprocess.PIPE, stderr=self._log, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"the server did not start; see {self._log.name}")
        self.url: str = json.loads(line)["url"]
        self.pid = self._process.pid

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def cpu(self) -> float:
        """CPU seconds so far."""
        return cpu_seconds(self.pid)

    def resident_mb(self) -> float:
        """Resident memory."""
        return resident_mb(self.pid)

    def cpu_by_thread(self) -> dict[str, float]:
        """CPU seconds by the name of the thread; the engine names its own."""
        out: dict[str, float] = defaultdict(float)
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            try:
                head, _, rest = (task / "stat").read_text().rpartition(")")
            except OSError:
                continue
            fields = rest.split()
            out[head.partition("(")[2]] += (int(fields[11]) + int(fields[12])) / _TICK
        return out

    def get(self, path: str) -> bytes:
        """Body of one GET."""
        with urlopen(self.url + path, timeout=60) as answer:
            return bytes(answer.read())

    def post(self, path: str, body: Any) -> Any:
        """JSON answer to one POST of JSON."""
        request = Request(self.url + path, json.dumps(body).encode(), {"content-type": "application/json"})
        with urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def sql(self, query: str) -> list[list[Any]]:
        """Rows of one query through `/api/v1/sql`."""
        rows: list[list[Any]] = self.post("/api/v1/sql", {"query": query, "format": "json"})["rows"]
        return rows

    def metric(self, name: str, label: str = "") -> float:
        """One sample of the server's own metrics."""
        for line in self.get("/metrics").decode().splitlines():
            if line.startswith(name) and (not label or label in line):
                return float(line.rpartition(" ")[2])
        return 0.0

    def settle(self, quiet_s: float = 4, limit_s: float = 120) -> None:
        """Wait until the server has been (nearly) idle for `quiet_s`, so that merges are done."""
        deadline = time.monotonic() + limit_s
        since, before = time.monotonic(), self.cpu()
        while time.monotonic() < deadline and time.monotonic() - since < quiet_s:
            time.sleep(1)
            now = self.cpu()
            if now - before > 0.15:
                since = time.monotonic()
            before = now
