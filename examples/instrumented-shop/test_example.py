"""The tour of README.md against a real server: other people's instrumentation and `tapetum.init` make one trace.

Runs in an environment that has requirements.txt and pytest; the server is `tapetum` of PATH or of TAPETUM_BIN.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.tour import LOOPBACK, ask, free_port, running, until

pytestmark = pytest.mark.interop

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's API after two questions to the shop."""
    tapetum = os.environ.get("TAPETUM_BIN") or shutil.which("tapetum")
    if not tapetum:
        pytest.fail("no server to run against: install tapetum, or name its program in TAPETUM_BIN")
    home = tmp_path_factory.mktemp("shop")
    port, grpc, model, stock, shop = (free_port() for _ in range(5))
    base = f"http://127.0.0.1:{port}"
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "TAPETUM_"))}
    plain |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "OTEL_METRIC_EXPORT_INTERVAL": "1000"}
    ours = plain | {
        "TAPETUM_URL": base, "OPENAI_BASE_URL": f"http://127.0.0.1:{model}/v1", "STOCK_URL": f"http://127.0.0.1:{stock}",
    }  # fmt: skip
    serve = [tapetum, "serve", "--data", str(home / "data"), "--port", str(port), "--grpc-port", str(grpc)]
    uvicorn = [sys.executable, "-m", "uvicorn"]
    with contextlib.ExitStack() as started:
        for command, log, env, directory in (
            (serve, "tapetum.log", plain, home),
            ([sys.executable, "model.py", str(model)], "model.log", plain, HERE),
            ([*uvicorn, "stock:app", "--port", str(stock)], "stock.log", ours, HERE),
            ([*uvicorn, "shop:app", "--port", str(shop)], "shop.log", ours, HERE),
        ):
            started.enter_context(running(command, home / log, env, directory))
        until("tapetum serve", lambda: LOOPBACK.open(f"{base}/readyz", timeout=5).status == 200)
        until("the stock", lambda: ask(f"http://127.0.0.1:{stock}/stock/bread"))
        assert until("the shop", lambda: ask(f"http://127.0.0.1:{shop}/items/egg"))["left"] == 12
        assert until("the advice", lambda: ask(f"http://127.0.0.1:{shop}/advice/egg"))["advice"] == "An omelette."
        yield f"{base}/api/v1"


def trace(api: str, root: str, *complete: str) -> dict[str, Any]:
    """The trace with this root, once these spans of it have ended: one that takes long is told of while it runs."""

    def found() -> dict[str, Any] | None:
        rows = ask(f"{api}/traces", q=f'name:"{root}" service:shop')["rows"]
        for row in rows:
            whole: dict[str, Any] = ask(f"{api}/traces/{row['trace_id']}")
            columns = whole["spans"]["columns"]
            ended = {name for name, took in zip(columns["name"], columns["duration_ns"]) if took is not None}
            if whole["trace"]["root_name"] == root and {root, *complete} <= ended:
                return whole
        return None

    return until(f"the trace of {root}", found)


@pytest.mark.covers("sdk-instrumentation")
def test_fastapi_httpx_fastapi_and_sqlalchemy_are_one_trace_with_its_logs(api: str) -> None:
    """The context crosses the processes in httpx's headers; each line of log knows the span around it."""
    whole = trace(api, "GET /items/{sku}", "GET /stock/{sku}")
    columns = whole["spans"]["columns"]
    assert whole["trace"]["services"] == ["shop", "stock"]
    by_id = dict(zip(columns["span_id"], zip(columns["name"], columns["parent_span_id"], columns["service"])))
    select = next(one for one in by_id.values() if one[0].startswith("SELECT"))
    way = []
    while True:
        way.append((select[0].partition(" ")[0], select[2]))
        if not select[1]:
            break
        select = by_id[select[1]]
    assert way == [("SELECT", "stock"), ("GET", "stock"), ("GET", "shop"), ("GET", "shop")]
    trace_id = whole["trace"]["trace_id"]
    lines = until("both lines", lambda: _both(ask(f"{api}/traces/{trace_id}/logs")["rows"]))
    assert {by_id[line["span_id"]][0] for line in lines if line["body"] == "counted egg"} == {"GET /stock/{sku}"}


def _both(rows: list[Any]) -> list[Any] | None:
    said = {(row["service"], row["body"]) for row in rows}
    return rows if said >= {("shop", "12 of egg left"), ("stock", "counted egg")} else None


@pytest.mark.covers("sdk-instrumentation")
def test_openinference_and_observe_and_requests_are_one_trace_with_the_models_tokens(api: str) -> None:
    whole = trace(api, "GET /advice/{sku}", "recommend", "ChatCompletion", "GET /stock/{sku}")
    columns = whole["spans"]["columns"]
    kind = dict(zip(columns["name"], columns["kind"]))
    parents = dict(zip(columns["name"], columns["parent_span_id"]))
    ids = dict(zip(columns["name"], columns["span_id"]))
    assert (kind["recommend"], kind["ChatCompletion"]) == ("agent", "llm")
    assert parents["ChatCompletion"] == ids["recommend"]
    assert (whole["trace"]["input_tokens"], whole["trace"]["output_tokens"]) == (17, 4)
    agent = ask(f"{api}/traces/{whole['trace']['trace_id']}/spans/{ids['recommend']}")
    assert (agent["input"]["text"], agent["output"]["text"]) == ('{"sku": "egg"}', "An omelette.")


@pytest.mark.covers("sdk-instrumentation")
def test_metrics_of_requests_and_processes_arrive(api: str) -> None:
    def catalogue() -> set[str] | None:
        rows = ask(f"{api}/metrics/catalog")["metrics"]
        names = {row["name"] for row in rows if "shop" in row["services"]}
        return names if {"process.memory.usage", "http.server.duration"} <= names else None

    until("the metrics", catalogue)
