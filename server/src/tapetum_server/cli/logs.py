"""`tapetum logs`: search log records, or watch them arrive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.text import Text

from tapetum_server.cli.asking import (
    DEFAULT_URL,
    AsJson,
    FilterText,
    From,
    Key,
    Project,
    To,
    Url,
    check,
    errors,
    get,
    plain,
    print_json,
    server,
)
from tapetum_server.cli.logs_send import send
from tapetum_server.cli.unless_named import unless_named

if TYPE_CHECKING:
    import httpx

_STYLES = {"warn": "yellow", "error": "red", "fatal": "bold red", "debug": "dim", "trace": "dim"}


logs_app = typer.Typer(name="logs", cls=unless_named("search"), help="Search logs, watch them arrive, send them.")


def logs(
    filter: FilterText = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what arrives, until Ctrl-C.")] = False,
    from_: From = "now-1h",
    to: To = "now",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Records to show at first.")] = 50,
    as_json: AsJson = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Show the newest log records that pass the filter, oldest of them first."""
    console = Console(highlight=False, soft_wrap=True)
    query = {"q": filter, "from": from_, "to": to, "sort": "-time", "limit": limit, "project": project}
    with server(url, key) as client:
        for row in reversed(get(client, "/logs", query)["rows"]):
            _show(console, row, as_json)
        if follow:
            for rows, dropped in _tail(client, {"q": filter, "project": project}):
                if dropped:
                    errors.print(f"… {dropped} records came too fast to show", style="yellow")
                for row in rows:
                    _show(console, row, as_json)


def _tail(client: httpx.Client, query: dict[str, Any]) -> Iterator[tuple[list[dict[str, Any]], int]]:
    """Frames of the live tail until the server ends it."""
    given = {name: value for name, value in query.items() if value is not None}
    # The server breaks every silence within 15 s: a longer one is a broken connection.
    with client.stream("GET", "/logs/tail", params=given, timeout=60) as answer:
        check(answer)
        for line in answer.iter_lines():
            if line.startswith('data: {"rows"'):
                frame = orjson.loads(line[6:])
                yield frame["rows"], frame["dropped"]
    errors.print("The server ended the tail.", style="dim")


def _show(console: Console, row: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json([row])
        return
    line = Text()
    line.append(row["time"][:23].replace("T", " "), style="dim")
    line.append(f" {row['severity']:<5} ", style=_STYLES.get(row["severity"], ""))
    line.append(plain(row["service"]), style="cyan")
    line.append(f" {plain(row['body'] or row['event_name'])}")
    console.print(line)


logs_app.command("search")(logs)
logs_app.command("send")(send)
