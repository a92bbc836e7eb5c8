"""A server process that tests share, and a way to start others."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from process.hostile import MIB
from process.servers import RunningServer

StartServer = Callable[..., RunningServer]


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for every test of this worker that leaves it as it was; use a project of your own."""
    with RunningServer(tmp_path_factory.mktemp("shared") / "data") as server:
        yield server


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Starts servers; whatever still runs when the test ends is ended."""
    started: list[RunningServer] = []

    def start(data: Path, *options: str, **more: object) -> RunningServer:
        started.append(RunningServer(data, *options, **more))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture
def project(request: pytest.FixtureRequest) -> str:
    """A project that only this test writes to."""
    return "".join(c if c.isalnum() else "-" for c in request.node.name)[-60:].lstrip("-")


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of loopback at which nobody listens, and nobody can while the test runs."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def one_percent_in_use(tmp_path: Path) -> Iterator[None]:
    """So that a guard at one percent is up. It is so on any disk; in memory there may be nothing yet.

    Nor may it be down because a test beside this one has removed its files.
    """
    usage = shutil.disk_usage(tmp_path)
    one_percent = usage.total // 100 + MIB
    with (tmp_path / "ballast").open("wb") as ballast:
        if usage.used < 2 * one_percent:
            os.posix_fallocate(ballast.fileno(), 0, one_percent)
        yield
        ballast.truncate(0)
