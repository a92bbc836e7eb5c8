"""The tour of README.md, run against a real server: traces, logs and metrics arrive and know each other.

Runs in an environment that has requirements.txt and pytest; the server is `tapetum` of PATH or of TAPETUM_BIN.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.tour import LOOPBACK, ask, free_port, running, until

pytestmark = pytest.mark.interop

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The server's API after the tour, and the trace id that traffic.py printed."""
    tapetum = os.environ.get("TAPETUM_BIN") or shutil.which("tapetum")
    if not tapetum:
        pytest.fail("no server to run against: install tapetum, or name its program in TAPETUM_BIN")
    home = tmp_path_factory.mktemp("tour")
    port, grpc_port, app_port = free_port(), free_port(), free_port()
    base = f"http://127.0.0.1:{port}"
    plain = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    plain |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    instrumented = plain | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": base,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_METRIC_EXPORT_INTERVAL": "1000",
        "OTEL_SEMCONV_STABILITY_OPT_IN": "http",
    }
    serve = [tapetum, "serve", "--data", str(home / "data"), "--port", str(port), "--grpc-port", str(grpc_port)]
    instrument = str(Path(sys.executable).parent / "opentelemetry-instrument")
    server = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(app_port)]
    with running(serve, home / "tapetum.log", plain, home):
        until("tapetum serve", lambda: LOOPBACK.open(f"{base}/readyz", timeout=5).status == 200)
        with running([instrument, "--service_name", "model-server", *server], home / "app.log", instrumented, HERE):
            until("the model server", lambda: ask(f"http://127.0.0.1:{app_port}/samples/0"))
            traffic = subprocess.run(
                [instrument, "--service_name", "traffic", sys.executable, "traffic.py", "20",
                 f"http://127.0.0.1:{app_port}"],
                cwd=HERE, env=instrumented, capture_output=True, text=True, timeout=300, check=False,
            )  # fmt: skip
            printed = re.search(r"\b[0-9a-f]{32}\b", traffic.stdout)
            assert printed, traffic.stdout + traffic.stderr
            yield f"{base}/api/v1", printed[0]


@pytest.mark.covers("example-fastapi")
def test_one_trace_holds_caller_server_and_model(tour: tuple[str, str]) -> None:
    """Trace context crosses processes, and spans of both services arrive under one id."""
    api, trace_id = tour

    def spans() -> dict[str, list[Any]] | None:
        try:
            columns: dict[str, list[Any]] = ask(f"{api}/traces/{trace_id}")["spans"]["columns"]
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise
        complete = {"ask about a wine", "POST /predict", "predict wine-cultivar"} <= set(columns["name"])
        return columns if complete else None

    columns = until("the trace", spans)
    services = dict(zip(columns["name"], columns["service"], strict=True))
    assert services["ask about a wine"] == "traffic"
    assert services["POST /predict"] == services["predict wine-cultivar"] == "model-server"
    parents = dict(zip(columns["span_id"], columns["parent_span_id"], strict=True))
    ids = dict(zip(columns["name"], columns["span_id"], strict=True))
    assert parents[ids["predict wine-cultivar"]] == ids["POST /predict"]


@pytest.mark.covers("example-fastapi")
def test_log_lines_of_a_trace_are_found_by_its_id(tour: tuple[str, str]) -> None:
    """The line that the model server wrote while it answered carries the trace id of the caller."""
    api, trace_id = tour

    def told() -> list[dict[str, Any]] | None:
        found: list[dict[str, Any]] = ask(f"{api}/traces/{trace_id}/logs")["rows"]
        return found if any("with confidence" in row["body"] for row in found) else None

    rows = until("the trace's logs", told)
    assert {row["trace_id"] for row in rows} == {trace_id}
    assert {row["service"] for row in rows} == {"model-server"}


@pytest.mark.covers("example-fastapi")
def test_metrics_of_server_model_and_process_arrive(tour: tuple[str, str]) -> None:
    """Requests, the model's own counter and the process's memory are in the catalogue."""
    api, _ = tour
    wanted = {"http.server.request.duration", "model.predictions", "model.confidence", "process.memory.usage"}

    def catalogue() -> dict[str, Any] | None:
        metrics = {row["name"]: row for row in ask(f"{api}/metrics/catalog")["metrics"]}
        return metrics if wanted <= metrics.keys() else None

    metrics = until("the metrics", catalogue)
    assert "model-server" in metrics["model.predictions"]["services"]


def test_refused_requests_are_found_by_their_status(tour: tuple[str, str]) -> None:
    """Two of the twenty requests forgot a feature; filtering by an attribute finds exactly their spans."""
    api, _ = tour

    def refused() -> list[dict[str, Any]] | None:
        found: list[dict[str, Any]] = ask(f"{api}/spans", q="http.response.status_code:422 span_kind:server")["rows"]
        return found if len(found) >= 2 else None

    rows = until("refused requests", refused)
    assert len(rows) == 2
    assert {row["name"] for row in rows} == {"POST /predict"}
