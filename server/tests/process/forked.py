"""Processes that run a `tapetum` command without importing everything anew.

Tests start hundreds of them, and an interpreter's imports are most of what each would cost. So one process imports once
and forks for every command (`multiprocessing`'s fork server). What starts threads when it is imported, as chDB does, is
left to the commands. That a bare interpreter starts too is shown by the tests of packages and of the quick start.
"""

from __future__ import annotations

import atexit
import faulthandler
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import reduction
from pathlib import Path
from typing import Any

forks = multiprocessing.get_context("forkserver")
# What the server imports as late as it can, so that commands need not, is imported here too.
forks.set_forkserver_preload(
    [
        "process.forked", "tapetum_server.cli.main", "tapetum_server.app.server", "tapetum_server.app.settings", "uvloop",
        "alembic.command", "alembic.context", "anyio._backends._asyncio", "grpc._server", "httpcore", "pandas",
        "rich._emoji_codes", "sqlalchemy.dialects.sqlite", "uvicorn.protocols.http.httptools_impl", "process.frozen",
    ]
)  # fmt: skip


TELL = signal.SIGQUIT
"""Says on standard error where each thread stands."""


class _Passed:
    """A file descriptor on its way into the child."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __reduce__(self) -> tuple[Callable[[Any], int], tuple[Any]]:
        return _arrived, (reduction.DupFd(self.descriptor),)


def _arrived(duplicate: Any) -> int:
    descriptor: int = duplicate.detach()
    return descriptor


def _run(arguments: Sequence[str], environment: Mapping[str, str], directory: str, descriptors: Sequence[int]) -> None:
    """Be `tapetum ARGUMENTS` from here on."""
    for stream, descriptor in enumerate(descriptors):
        os.dup2(descriptor, stream)
        os.close(descriptor)
    sys.stdin = open(0, closefd=False)
    sys.stdout = open(1, "w", closefd=False)
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    faulthandler.register(TELL, sys.stderr)
    sys.argv = ["tapetum", *arguments]
    from tapetum_server.cli import main

    try:
        main()
    finally:
        atexit._run_exitfuncs()


class ForkedTapetum:
    """One command, with what is needed of `subprocess.Popen`. The streams are open file descriptors."""

    def __init__(
        self,
        arguments: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        stdin: int,
        stdout: int,
        stderr: int,
        cwd: Path | None = None,
    ) -> None:
        passed = [_Passed(stream) for stream in (stdin, stdout, stderr)]
        command = [str(argument) for argument in arguments], dict(env), str(cwd or os.getcwd()), passed
        self._process = forks.Process(target=_run, args=command, daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        """The exit code, once there is one. Raises `subprocess.TimeoutExpired`; where it stands is then on its stderr."""
        self._process.join(timeout)
        if (code := self.poll()) is None:
            os.kill(self.pid, TELL)
            time.sleep(2)
            raise subprocess.TimeoutExpired("tapetum", timeout)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        """Send SIGKILL."""
        self._process.kill()
