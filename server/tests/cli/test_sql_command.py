"""`tapetum sql` asks a server and shows what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner, Result

from tapetum_server.cli.sql import sql

app = typer.Typer()
app.command("sql")(sql)

ANSWER = {
    "columns": [{"name": "name", "type": "String"}, {"name": "n", "type": "UInt64"}],
    "rows": [["chat \x1b]0;owned\x07", "12"], [None, "3"]],
    "elapsed_ms": 4.2,
    "rows_read": 20,
    "truncated": False,
}
Server = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[[Server], list[httpx.Request]]:
    """Stands in for the server: the HTTP client talks to a function."""
    for name in ("TAPETUM_URL", "TAPETUM_KEY"):
        monkeypatch.delenv(name, raising=False)

    def start(handler: Server) -> list[httpx.Request]:
        seen: list[httpx.Request] = []
        real = httpx.Client

        def client(**options: Any) -> httpx.Client:
            def answer(request: httpx.Request) -> httpx.Response:
                seen.append(request)
                return handler(request)

            return real(**options, transport=httpx.MockTransport(answer))

        monkeypatch.setattr(httpx, "Client", client)
        return seen

    return start


def run(*arguments: str | Path, **options: Any) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], **options)


@pytest.mark.covers("cli-sql")
def test_a_table_is_what_a_person_sees(serve: Any) -> None:
    seen = serve(lambda request: httpx.Response(200, json=ANSWER))
    shown = run("SELECT name FROM spans", "--project", "shop", "--key", "tpt_x", "-p", "a=b=c", "--max-rows", "5")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.split() == ["name", "n", "chat", "�]0;owned�", "12", "null", "3"]
    assert "2 rows in 4 ms" in shown.stderr
    body = json.loads(seen[0].content)
    assert body.pop("query_id").startswith("cli-")
    assert body == {
        "query": "SELECT name FROM spans",
        "format": "json",
        "parameters": {"a": "b=c"},
        "project": "shop",
        "max_rows": 5,
    }
    assert seen[0].headers["authorization"] == "Bearer tpt_x"
    assert str(seen[0].url) == "http://127.0.0.1:4318/api/v1/sql"


def test_json_is_the_servers_own_answer(serve: Any) -> None:
    serve(lambda request: httpx.Response(200, json=ANSWER))
    assert json.loads(run("SELECT 1", "-f", "json").stdout) == ANSWER


def test_a_file_gets_the_bytes_as_they_came(serve: Any, tmp_path: Path) -> None:
    serve(lambda request: httpx.Response(200, content=b"PAR1\x00\xff", headers={"x-tapetum-truncated": "true"}))
    shown = run("SELECT 1", "--format", "parquet", "-o", tmp_path / "x.parquet")
    assert (tmp_path / "x.parquet").read_bytes() == b"PAR1\x00\xff"
    assert shown.stdout == ""
    assert "more rows" in shown.stderr


def test_the_query_may_come_from_standard_input(serve: Any) -> None:
    seen = serve(lambda request: httpx.Response(200, json=ANSWER))
    run("-", input="SELECT 7")
    assert json.loads(seen[0].content)["query"] == "SELECT 7"


def test_a_refusal_is_said_with_its_hint(serve: Any) -> None:
    error = {"code": "sql_refused", "message": "There is no view 'span'.", "hint": "Did you mean spans?"}
    serve(lambda request: httpx.Response(400, json={"error": error}))
    shown = run("SELECT 1 FROM span")
    assert shown.exit_code == 1
    assert "There is no view 'span'." in shown.stderr
    assert "Did you mean spans?" in shown.stderr
    assert shown.stdout == ""


def test_a_server_that_is_not_there_is_said(serve: Any) -> None:
    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    serve(nobody)
    shown = run("SELECT 1", "--url", "http://127.0.0.1:9")
    assert shown.exit_code == 1
    assert "No Tapetum answers at http://127.0.0.1:9" in shown.stderr
    assert "tapetum serve" in shown.stderr


def test_something_else_on_the_port_is_said(serve: Any) -> None:
    serve(lambda request: httpx.Response(200 if request.method == "GET" else 404, text="<html>"))
    assert "not as Tapetum does" in run("SELECT 1").stderr


def test_ctrl_c_stops_the_query_in_the_server_too(serve: Any) -> None:
    def interrupted(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            raise KeyboardInterrupt
        return httpx.Response(204)

    seen = serve(interrupted)
    assert run("SELECT 1").exit_code == 130
    assert seen[1].method == "DELETE"
    assert seen[1].url.path.endswith(json.loads(seen[0].content)["query_id"])


def test_a_parameter_without_a_value_is_said(serve: Any) -> None:
    serve(lambda request: httpx.Response(200, json=ANSWER))
    shown = run("SELECT 1", "-p", "a")
    assert shown.exit_code == 1
    assert "NAME=VALUE" in shown.stderr
