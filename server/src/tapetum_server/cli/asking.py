"""Asking a running server: what commands that read telemetry share."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tapetum_server.cli.completing import projects

if TYPE_CHECKING:
    import httpx

DEFAULT_URL = "http://127.0.0.1:4318"
Url = Annotated[str, typer.Option("--url", envvar="TAPETUM_URL", help="The server.")]
Key = Annotated[str | None, typer.Option("--key", envvar="TAPETUM_KEY", help="A key of the server.")]
Project = Annotated[
    str | None,
    typer.Option(
        "--project",
        help="The project to look in.",
        show_default="the key's own, else default",
        autocompletion=projects,
    ),
]
From = Annotated[str, typer.Option("--from", help="Since when: now-15m, 2026-11-23T10:00Z, milliseconds, or all.")]
To = Annotated[str, typer.Option("--to", help="Until when.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line, for programs.")]
FilterText = Annotated[
    str, typer.Argument(metavar="[FILTER]", help='Such as: status:error duration_ms:>250ms "connection refused"')
]

errors = Console(stderr=True, soft_wrap=True)


PIPE_COLUMNS = 10_000
"""A pipe has no width; whoever reads it wants whole rows, which `grep` and `less -S` can handle."""


def output_columns() -> int:
    """How wide standard output is."""
    return Console().width if sys.stdout.isatty() else PIPE_COLUMNS


def print_table(table: Table) -> None:
    """A table on standard output: as wide as the terminal, whole in a pipe."""
    Console(highlight=False, markup=False, width=output_columns()).print(table)


def print_json(rows: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object per line on standard output, for programs."""
    for row in rows:
        sys.stdout.buffer.write(orjson.dumps(row) + b"\n")
    sys.stdout.buffer.flush()


@contextmanager
def server(url: str, key: str | None) -> Iterator[httpx.Client]:
    """A client of the server's own API; says what to do where nobody answers."""
    # Here, because commands that ask nobody should not wait for an HTTP client to load.
    import httpx

    url = url.rstrip("/")
    headers = {"authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=httpx.Timeout(120, connect=5)) as client:
        try:
            yield client
        except httpx.HTTPError as error:
            fail(f"No Tapetum answers at {url}: {error}.", "Start one with: tapetum serve")
        except KeyboardInterrupt:
            raise typer.Exit(130) from None


def get(client: httpx.Client, path: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a question, or an exit that tells its error."""
    answer = client.get(path, params={name: value for name, value in query.items() if value is not None})
    check(answer)
    content: dict[str, Any] = answer.json()
    return content


def check(answer: httpx.Response) -> None:
    """Exit with the server's own words unless `answer` is a success."""
    if (problem := problem_of(answer)) is not None:
        fail(*problem)


def problem_of(answer: httpx.Response) -> tuple[str, str | None] | None:
    """What the server refused and what to do; `None` for a success."""
    if answer.is_success:
        return None
    answer.read()
    try:
        detail = answer.json()["error"]
        return detail["message"], detail.get("hint")
    except (ValueError, KeyError, TypeError):
        return f"{answer.url} answered {answer.status_code}, and not as Tapetum does.", "Is the URL right?"


def fail(message: str, hint: str | None) -> NoReturn:
    """Say what went wrong and what to do, and leave with 1."""
    errors.print(Text(plain(message), style="red"))
    if hint:
        errors.print(Text(plain(hint)))
    raise typer.Exit(1)


def say(text: str, style: str = "") -> None:
    """A line for the reader: names of files and words of a server are neither markup, nor for the terminal to obey."""
    errors.print(Text(plain(text), style=style), highlight=False)


def plain(text: str) -> str:
    """Without control characters: a text from a stranger must not move the cursor or retitle the terminal."""
    return "".join(
        c if c.isprintable() or c in "\n " else "\ufffd" for c in text.replace("\t", " ").replace("\r\n", "\n")
    )


def one_line(text: str, characters: int) -> str:
    """`text` on one line of at most `characters`."""
    text = " ".join(plain(text).split())
    return text if len(text) <= characters else text[: characters - 1] + "…"
