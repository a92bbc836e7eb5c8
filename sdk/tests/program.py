"""Programs that use the SDK as an application would, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from otlp_collector import Collector

T = TypeVar("T")
PATIENCE_S = 60.0


def environment(url: str, **extra: str) -> dict[str, str]:
    """This process's environment without anybody's settings, and where to send."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(("TAPETUM_", "OTEL_")) and "proxy" not in k.lower()}
    ours = {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "TAPETUM_SDK_RAISE": "1"}
    return own | ours | ({"TAPETUM_URL": url} if url else {}) | extra


PATIENT = f"import tapetum._api; tapetum._api.init.__kwdefaults__['exit_timeout_s'] = {PATIENCE_S}\n"
"""Stands before a program that does not say how long it waits at its end: five seconds are little on a busy machine."""


def run(code: str, url: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; it must end well, and warnings are errors."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PATIENT + textwrap.dedent(code)],
        env=environment(url, **extra), capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done


@contextmanager
def started(code: str, url: str, **extra: str) -> Iterator[subprocess.Popen[str]]:
    """A program that is still running, and is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        env=environment(url, **extra), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE_S)
        assert process.stdout is not None
        process.stdout.close()


def until(what: str, attempt: Callable[[], T | None]) -> T:
    """The first answer that is not empty."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := attempt():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what}: nothing in {PATIENCE_S:g} s")


def plain(value: dict[str, Any]) -> Any:
    """An OTLP/JSON value as Python has it."""
    if "arrayValue" in value:
        return [plain(inner) for inner in value["arrayValue"]["values"]]
    if "kvlistValue" in value:
        return attributes(value["kvlistValue"]["values"])
    if "intValue" in value:
        return int(value["intValue"])
    return next(iter(value.values()), None)


def attributes(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    """OTLP/JSON attributes as a dictionary."""
    return {pair["key"]: plain(pair["value"]) for pair in pairs}


def _records(collector: Collector, path: str, of_resource: str, of_scope: str, records: str) -> list[dict[str, Any]]:
    return [
        record
        | {
            "attributes": attributes(record.get("attributes", [])),
            "resource": attributes(resource["resource"]["attributes"]),
            "scope": scope["scope"].get("name"),
        }
        for received in list(collector.received)
        if received.path == path
        for resource in received.document[of_resource]
        for scope in resource[of_scope]
        for record in scope[records]
    ]


def spans(collector: Collector) -> list[dict[str, Any]]:
    """Every span received, start records too, in order of arrival."""
    return _records(collector, "/v1/traces", "resourceSpans", "scopeSpans", "spans")


def logs(collector: Collector) -> list[dict[str, Any]]:
    """Every log record received."""
    return _records(collector, "/v1/logs", "resourceLogs", "scopeLogs", "logRecords")


def metrics(collector: Collector) -> list[dict[str, Any]]:
    """Every metric received."""
    return _records(collector, "/v1/metrics", "resourceMetrics", "scopeMetrics", "metrics")


def bodies(collector: Collector) -> list[str]:
    """What the log records say."""
    return [record["body"]["stringValue"] for record in logs(collector)]
