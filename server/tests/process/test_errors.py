"""Errors of real programs at a real server: raised under OpenTelemetry's SDK, logged, piped in, and listed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from process.conftest import StartServer
from process.servers import RunningServer, environment, eventually, tapetum

PROGRAM = """
import logging
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry._logs import set_logger_provider
from opentelemetry.instrumentation.logging import LoggingInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

tracers, loggers = TracerProvider(), LoggerProvider()
tracers.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
loggers.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter()))
trace.set_tracer_provider(tracers)
set_logger_provider(loggers)
LoggingInstrumentor().instrument()
tracer = tracers.get_tracer("shop")

def total(cart):
    with tracer.start_as_current_span("total"):
        return json.loads(cart) if cart == "library" else 1 / 0

def checkout(cart):
    with tracer.start_as_current_span("checkout"):
        return total(cart)

try:
    with tracer.start_as_current_span("POST /cart"):
        try:
            checkout(CART)
        except Exception:
            logging.exception("cart %d could not be paid", 17)
            raise
except Exception:
    pass
tracers.shutdown()
loggers.shutdown()
"""


def run(server: RunningServer, project: str, program: Path, *, version: str, above: int = 0, cart: str = "") -> None:
    """Run the program as an outsider would, its code `above` lines further down."""
    program.parent.mkdir(exist_ok=True)
    program.write_text("import json\n" + "\n" * above + PROGRAM.replace("CART", repr(cart)))
    told = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": server.url,
        "OTEL_EXPORTER_OTLP_HEADERS": f"x-tapetum-project={project}",
        "OTEL_RESOURCE_ATTRIBUTES": f"service.name=shop,service.version={version}",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "60",
    }
    done = subprocess.run(
        [sys.executable, str(program)], env=environment(told), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def errors(server: RunningServer, project: str, **query: str) -> list[dict[str, Any]]:
    answer = server.client.get("/api/v1/errors", params={"project": project, **query})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


@pytest.mark.covers("error-once", "error-fingerprint", "error-releases", "cli-errors")
def test_an_exception_of_a_real_program_is_one_error_through_releases(
    shared_server: RunningServer, project: str, tmp_path: Path
) -> None:
    """Three spans and a log record tell of it; it is raised again by another version, elsewhere, on other lines."""
    run(shared_server, project, tmp_path / "v1" / "shop.py", version="1.0")
    run(shared_server, project, tmp_path / "v2" / "shop.py", version="1.1", above=40)
    (error,) = errors(shared_server, project)
    assert (error["title"], error["culprit"]) == ("ZeroDivisionError: division by zero", "shop.total")
    assert (error["count"], error["traces"], error["first_version"], error["last_version"]) == (2, 2, "1.0", "1.1")
    run(shared_server, project, tmp_path / "v2" / "shop.py", version="1.1", cart="library")
    assert {e["title"].split(":")[0] for e in errors(shared_server, project)} == {
        "ZeroDivisionError", "json.decoder.JSONDecodeError",
    }  # fmt: skip

    where = ("--url", shared_server.url, "--project", project)
    shown = tapetum("errors", *where)
    assert shown.returncode == 0, shown.stderr
    assert "ZeroDivisionError: division by zero in shop.total" in shown.stdout
    rows = [json.loads(line) for line in tapetum("errors", "type:Zero*", "--json", *where).stdout.splitlines()]
    assert [row["fingerprint"] for row in rows] == [error["fingerprint"]]
    assert "No errors" in tapetum("errors", "type:None", *where).stderr


@pytest.mark.covers("errors-found")
def test_a_traceback_that_was_piped_in_is_an_error(shared_server: RunningServer, project: str) -> None:
    said = subprocess.run(
        [sys.executable, "-c", "def read():\n    open('/no/such/file')\nread()"],
        capture_output=True, text=True, check=False,
    ).stderr  # fmt: skip
    sent = tapetum("logs", "send", "-", "--url", shared_server.url, "--project", project, stdin=said)
    assert sent.returncode == 0, sent.stderr
    (error,) = errors(shared_server, project)
    assert error["title"].startswith("FileNotFoundError: [Errno 2] No such file or directory")
    assert (error["count"], error["source"]) == (1, "log")


@pytest.mark.covers("error-releases")
def test_what_is_known_of_an_error_survives_kill_9(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(tmp_path / "data")
    run(server, "p", tmp_path / "a" / "shop.py", version="1.0")
    (before,) = errors(server, "p")
    server.kill()
    again = start_server(tmp_path / "data")
    (after,) = eventually(lambda: errors(again, "p"), "the error is there again")
    assert after["first_seen"] == before["first_seen"]
    run(again, "p", tmp_path / "b" / "shop.py", version="2.0")
    (now,) = errors(again, "p")
    assert (now["count"], now["first_version"], now["last_version"]) == (2, "1.0", "2.0")
    assert (now["first_seen"], now["fingerprint"]) == (before["first_seen"], before["fingerprint"])
