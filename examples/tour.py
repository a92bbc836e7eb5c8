"""What the tests of examples share: processes for the time of a test, and answers that take a while to come."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE_S = 180.0
LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(url: str, **parameters: str | int) -> Any:
    """The JSON answer of a GET."""
    query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
    with LOOPBACK.open(f"{url}{query}", timeout=60) as response:
        return json.loads(response.read())


def until(what: str, attempt: Callable[[], T | None]) -> T:
    """Repeat until there is an answer that is not empty."""
    deadline = time.monotonic() + PATIENCE_S
    problem: Exception | None = None
    while time.monotonic() < deadline:
        try:
            found = attempt()
            if found:
                return found
        except (OSError, ValueError) as error:
            problem = error
        time.sleep(0.2)
    raise AssertionError(f"{what}: nothing in {PATIENCE_S:.0f} s; last error: {problem!r}")


@contextlib.contextmanager
def running(command: list[str], log: Path, environment: Mapping[str, str], directory: Path) -> Iterator[None]:
    """A process for the time of a test; its output is shown when the test fails."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=dict(environment), cwd=directory)
    try:
        yield
    except BaseException:
        print(f"--- {' '.join(command)}\n{log.read_text(errors='replace')[-4000:]}")
        raise
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
