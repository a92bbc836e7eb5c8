"""Real `tapetum` processes for tests: started, asked, stopped and killed, each on its own ports and data."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any
from weakref import WeakSet

import httpx
import pyarrow as pa
from process.begun import begin
from process.forked import ForkedTapetum

START_S = 120
"""Generous: the machine may be busy with the rest of the suite."""
TAPETUM = (sys.executable, "-m", "tapetum_server")
STREAMS = ("stdin", "stdout", "stderr")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what somebody set for their own tapetum, plus `extra`."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(("TAPETUM_", "OTEL_")) and "proxy" not in k.lower()}
    # Tests count what they send: a server measures its machine only where a test asks for it.
    ours = {
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "COLUMNS": "200",
        "TAPETUM_HOST_METRICS_INTERVAL_S": "0",
    }
    return own | ours | dict(extra or {})


def tapetum(
    *arguments: str | Path, env: Mapping[str, str] | None = None, stdin: str = "", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one `tapetum` command to its end."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin.encode())
        given.seek(0)
        streams = given.fileno(), out.fileno(), err.fileno()
        process = ForkedTapetum(arguments, env=environment(env), cwd=cwd, **dict(zip(STREAMS, streams)))
        try:
            code = process.wait(START_S)
        finally:
            process.kill()
        said = []
        for stream in (out, err):
            stream.seek(0)
            said.append(stream.read().decode())
    return subprocess.CompletedProcess(["tapetum", *map(str, arguments)], code, *said)


running: WeakSet[RunningServer] = WeakSet()
"""Those that are not let go of yet: what they said is told with a test that fails."""


class RunningServer:
    """A `tapetum serve` that takes telemetry. Ends only through `stop`, `kill` or `close`.

    A new directory is a copy of a begun one (`process.begun`), unless `first_start` is what the test is
    about. `prefix` is a command that runs it elsewhere, such as in another mount namespace.
    """

    def __init__(
        self,
        data: Path,
        *options: str,
        env: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
        first_start: bool = False,
    ) -> None:
        self.data = data
        if not (first_start or prefix or {"--store", "--catalog"} & set(options)):
            begin(data)
        self._stderr: IO[bytes] = tempfile.TemporaryFile()
        running.add(self)
        command = ["serve", "--port", "0", "--grpc-port", "0", "--data", str(data), "--json", *options]
        said, stdout = os.pipe()
        self._stdout = open(said)
        self.process: ForkedTapetum | subprocess.Popen[bytes]
        with open(os.devnull) as nothing, open(stdout, "wb") as out:
            streams: dict[str, Any] = dict(zip(STREAMS, (nothing.fileno(), out.fileno(), self._stderr.fileno())))
            if prefix:
                self.process = subprocess.Popen([*prefix, *TAPETUM, *command], env=environment(env), **streams)
            else:
                self.process = ForkedTapetum(command, env=environment(env), **streams)
        # A server that never comes up ends, and what it said is told.
        overdue = threading.Timer(START_S, self.process.kill)
        overdue.start()
        line = self._stdout.readline()
        overdue.cancel()
        overdue.join(START_S)
        if not line:
            code, said = self.process.wait(START_S), self.stderr()
            self.close()
            raise AssertionError(f"tapetum serve ended with {code} and said: {said}")
        where = json.loads(line)
        self.url: str = where["url"]
        self.port: int = where["port"]
        self.grpc = f"127.0.0.1:{where['grpc_port']}"
        # Plain HTTP: no certificates are read, which takes longer than a request.
        self.client = httpx.Client(base_url=self.url, timeout=START_S, verify=False)

    @property
    def pid(self) -> int:
        """The process id, which the data directory names as its owner."""
        return self.process.pid

    def stderr(self) -> str:
        """What it has said so far."""
        self._stderr.seek(0)
        return self._stderr.read().decode(errors="replace")

    def rows(self, sql: str, **parameters: object) -> list[tuple[Any, ...]]:
        """Rows of a SELECT through `/api/v1/sql`, of every project, without a limit."""
        answer = self.client.post("/api/v1/sql", json={"query": sql, "parameters": parameters, "format": "arrow"})
        assert answer.status_code == 200, answer.text
        table = pa.ipc.open_stream(answer.content).read_all()
        return list(zip(*(column.to_pylist() for column in table.columns)))

    def send(
        self, signal_name: str, body: bytes, *, project: str | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """POST an OTLP body, protobuf unless `headers` say otherwise."""
        wanted = {"content-type": "application/x-protobuf"} | dict(headers or {})
        if project is not None:
            wanted["x-tapetum-project"] = project
        return self.client.post(f"/v1/{signal_name}", content=body, headers=wanted)

    def ready(self) -> httpx.Response:
        """The answer of `/readyz`."""
        return self.client.get("/readyz")

    def counts(self) -> Counter[tuple[str, str, str, str]]:
        """(project, signal, outcome, reason) to records, from `/metrics`."""
        found: Counter[tuple[str, str, str, str]] = Counter()
        for line in self.client.get("/metrics").text.splitlines():
            if line.startswith("tapetum_ingest_records_total{"):
                labels = dict(re.findall(r'(\w+)="([^"]*)"', line))
                key = (labels["project"], labels["signal"], labels["outcome"], labels["reason"])
                found[key] += int(float(line.rpartition(" ")[2]))
        return found

    def stored_counts(self) -> Counter[tuple[str, str, str, str]]:
        """The same from view `ingest`, which is a few seconds behind."""
        found: Counter[tuple[str, str, str, str]] = Counter()
        for project, sent, reason, *numbers in self.rows(
            "SELECT project, signal, reason, sum(accepted), sum(refused), sum(dropped), sum(truncated) "
            "FROM ingest GROUP BY project, signal, reason"
        ):
            for outcome, count in zip(("accepted", "refused", "dropped", "truncated"), numbers):
                if count:
                    found[project, sent, outcome, reason] = count
        return found

    def peak_memory(self) -> int:
        """Most resident bytes since the start or since `forget_peak`."""
        return 1024 * int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())[1])  # type: ignore[index]

    def forget_peak(self) -> int:
        """Start a new peak; the resident bytes right now."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return self.peak_memory()

    def stop(self) -> int:
        """SIGTERM and wait; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(START_S)

    def kill(self) -> None:
        """SIGKILL, as a power cut of the process would be, and wait until it is gone."""
        self.process.kill()
        self.process.wait(START_S)

    def close(self) -> None:
        """End it if it still runs, and let go of pipes and sockets. Calling twice is fine."""
        if self.process.poll() is None:
            self.kill()
        if hasattr(self, "client"):
            self.client.close()
        self._stdout.close()
        running.discard(self)
        if not self._stderr.closed:
            self._stderr.close()

    def __enter__(self) -> RunningServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def eventually(said: Any, what: str, every_s: float = 0.2, at_most_s: float = 90) -> Any:
    """The first true value of `said()`; fails with `what` when there is none for long."""
    deadline = time.monotonic() + at_most_s
    while not (value := said()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {at_most_s:g} s for: {what}")
        time.sleep(every_s)
    return value
