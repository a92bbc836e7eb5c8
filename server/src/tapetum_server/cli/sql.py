"""`tapetum sql`: ask a running server in SQL."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tapetum_server.cli import completing
from tapetum_server.cli.asking import DEFAULT_URL, PIPE_COLUMNS, Key, Url, print_table

_CELL = 200
"""Characters of a cell that the table shows; the other formats show all."""


def sql(
    query: Annotated[str, typer.Argument(help="One SELECT over the views; - reads it from standard input.")],
    format: Annotated[
        Literal["table", "json", "csv", "parquet"], typer.Option("--format", "-f", help="What to print or write.")
    ] = "table",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file.", show_default="standard output")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="NAME=VALUE for {NAME:Type} in the query; repeatable.")
    ] = None,
    max_rows: Annotated[
        int | None, typer.Option("--max-rows", min=1, help="Rows to answer at most.", show_default="10,000")
    ] = None,
    project: Annotated[
        str | None,
        typer.Option(
            "--project",
            help="The project to look in.",
            show_default="all that the key opens",
            autocompletion=completing.projects,
        ),
    ] = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Run one SELECT over the public views (spans, traces, logs, metrics, ingest) of a running server."""
    errors = Console(stderr=True)
    if format == "parquet" and output is None and sys.stdout.isatty():
        _fail(errors, "Parquet is not for the terminal.", "Write it to a file: -o result.parquet")
    request: dict[str, Any] = {
        "query": sys.stdin.read() if query == "-" else query,
        "format": "json" if format == "table" else format,
        "parameters": _parameters(errors, parameter or []),
    }
    if project is not None:
        request["project"] = project
    if max_rows is not None:
        request["max_rows"] = max_rows
    content, truncated = _ask(errors, url.rstrip("/"), key, request)
    if format == "table":
        answer = json.loads(content)
        if output is None:
            print_table(_table(answer))
        else:
            with output.open("w", encoding="utf-8") as file:
                Console(file=file, width=PIPE_COLUMNS).print(_table(answer))
        errors.print(f"{len(answer['rows'])} rows in {answer['elapsed_ms']:.0f} ms", style="dim", highlight=False)
        truncated = answer["truncated"]
    elif output is not None:
        output.write_bytes(content)
    else:
        sys.stdout.buffer.write(content + (b"\n" if format == "json" else b""))
        sys.stdout.buffer.flush()
    if truncated:
        errors.print("There are more rows; raise --max-rows, or aggregate.", style="yellow")


def _parameters(errors: Console, pairs: list[str]) -> dict[str, str]:
    parameters = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            _fail(errors, f"--parameter {pair!r} is not NAME=VALUE.", None)
        parameters[name] = value
    return parameters


def _ask(errors: Console, url: str, key: str | None, request: dict[str, Any]) -> tuple[bytes, bool]:
    """The answer's bytes and whether a file was cut short. Ctrl-C stops the query in the server too."""
    import httpx

    headers = {"authorization": f"Bearer {key}"} if key else {}
    query_id = f"cli-{secrets.token_hex(8)}"
    with httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=httpx.Timeout(120, connect=5)) as client:
        try:
            answer = client.post("/sql", json={**request, "query_id": query_id})
        except KeyboardInterrupt:
            client.delete(f"/sql/{query_id}")
            errors.print("Stopped.")
            raise typer.Exit(130) from None
        except httpx.HTTPError as error:
            _fail(errors, f"No Tapetum answers at {url}: {error}.", "Start one with: tapetum serve")
    if answer.is_success:
        return answer.content, answer.headers.get("x-tapetum-truncated") == "true"
    try:
        detail = answer.json()["error"]
        message, hint = detail["message"], detail.get("hint")
    except (ValueError, KeyError, TypeError):
        message, hint = f"{url} answered {answer.status_code}, and not as Tapetum does.", "Is the URL right?"
    _fail(errors, message, hint)


def _fail(errors: Console, message: str, hint: str | None) -> NoReturn:
    errors.print(Text(_plain(message), style="red"))
    if hint:
        errors.print(Text(_plain(hint)))
    raise typer.Exit(1)


def _table(answer: dict[str, Any]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in answer["columns"]:
        number = any(word in column["type"] for word in ("Int", "Float", "Decimal")) and "(" not in column["type"]
        table.add_column(Text(_plain(column["name"])), justify="right" if number else "left", overflow="fold")
    for row in answer["rows"]:
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: object) -> Text:
    if value is None:
        return Text("null", style="dim")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text if len(text) <= _CELL else text[:_CELL] + "…"
    return Text(_plain(text))


def _plain(text: str) -> str:
    """Without control characters: a text from a stranger must not move the cursor or retitle the terminal."""
    return "".join(c if c.isprintable() or c in "\n " else "�" for c in text.replace("\t", " ").replace("\r\n", "\n"))
