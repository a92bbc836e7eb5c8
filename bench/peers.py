"""Other tools that take the same payload, run beside ours so that a ratio comes from one run.

Each lives in a virtual environment of its own under `--venvs`:

    python -m venv VENVS/phoenix && VENVS/phoenix/bin/pip install -r bench/requirements/phoenix.lock.txt
    python -m venv VENVS/mlflow  && VENVS/mlflow/bin/pip install -r bench/requirements/mlflow.lock.txt

`accepted` means answered 200; `stored` means that the rows were in the tool's database afterwards.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from bench.machine import cpu_seconds
from bench.send import send


@dataclass(frozen=True)
class Peer:
    """How one tool is started, and where it keeps spans. `{data}` and `{port}` are filled in."""

    name: str
    arguments: tuple[str, ...]
    environment: dict[str, str]
    health: str
    database: str
    headers: dict[str, str]


PEERS = {
    "phoenix": Peer(
        "phoenix", ("-m", "phoenix.server.main", "serve"),
        {"PHOENIX_WORKING_DIR": "{data}", "PHOENIX_HOST": "127.0.0.1", "PHOENIX_PORT": "{port}",
         "PHOENIX_GRPC_PORT": "{grpc_port}", "PHOENIX_TELEMETRY_ENABLED": "false"},
        "/healthz", "phoenix.db", {},
    ),
    "mlflow": Peer(
        "mlflow",
        ("-m", "mlflow", "server", "--backend-store-uri", "sqlite:///{data}/mlflow.db", "--default-artifact-root",
         "{data}/art", "--host", "127.0.0.1", "--port", "{port}"),
        {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
        "/health", "mlflow.db", {"x-mlflow-experiment-id": "0"},
    ),
}  # fmt: skip


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Session:
    """All processes of the session that a tool was started in."""

    def __init__(self, leader: int) -> None:
        self._leader = leader

    def pids(self) -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if os.getsid(int(entry.name)) == self._leader:
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found

    def cpu(self) -> float:
        total = 0.0
        for pid in self.pids():
            try:
                total += cpu_seconds(pid)
            except OSError:
                continue
        return total


def measure_peer(
    peer: Peer, venvs: Path, work: Path, bodies: Sequence[tuple[bytes, int]], connections: int, limit_s: float = 300
) -> dict[str, Any]:
    """Spans per CPU second of all of a peer's processes, until 10 s after its stored count stopped moving."""
    python = venvs / peer.name / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"{python} is missing; see bench/peers.py for how to install {peer.name}")
    data = (work / f"peer-{peer.name}").resolve()
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    fill = {"data": str(data), "port": str(_free_port()), "grpc_port": str(_free_port())}
    url = f"http://127.0.0.1:{fill['port']}"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment |= {k: v.format(**fill) for k, v in peer.environment.items()}
    with (work / f"peer-{peer.name}.log").open("w") as log:
        process = subprocess.Popen(
            [str(python), *(a.format(**fill) for a in peer.arguments)], env=environment, cwd=data, stdout=log,
            stderr=log, start_new_session=True,
        )  # fmt: skip
    session = _Session(process.pid)
    try:
        _wait_healthy(process, url + peer.health, work / f"peer-{peer.name}.log")
        time.sleep(2)
        before = session.cpu()
        sent = send(url + "/v1/traces", bodies, connections=connections, headers=peer.headers)
        stored, last_change, deadline = 0, time.monotonic(), time.monotonic() + limit_s
        while time.monotonic() < deadline and time.monotonic() - last_change < 10:
            time.sleep(1)
            now = _stored(data / peer.database)
            if now != stored:
                stored, last_change = now, time.monotonic()
        spent = session.cpu() - before
        size = sum(p.stat().st_size for p in data.rglob("*") if p.is_file())
        return {
            "peer": peer.name, "accepted": sent.accepted, "stored": stored, "wall_s": round(sent.wall_s, 1),
            "cpu_us_per_span": round(spent / max(stored, 1) * 1e6), "spans_per_cpu_s": round(stored / spent),
            "disk_bytes_per_span": round(size / max(stored, 1)), "answers": dict(sent.statuses),
        }  # fmt: skip
    finally:
        for pid in session.pids():
            os.kill(pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            pass
        for pid in session.pids():
            os.kill(pid, signal.SIGKILL)
        process.wait()


def _wait_healthy(process: subprocess.Popen[bytes], url: str, log: Path, limit_s: float = 240) -> None:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"the peer exited with {process.returncode}; see {log}")
        try:
            urlopen(url, timeout=2).close()
            return
        except HTTPError as error:
            if error.code < 500:
                return
        except (URLError, OSError):
            pass
        time.sleep(0.2)
    raise SystemExit(f"the peer was not healthy within {limit_s:g} s; see {log}")


def _stored(database: Path) -> int:
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10) as connection:
            return int(connection.execute("SELECT count(*) FROM spans").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
