"""`tapetum health`: what needs attention now."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from tapetum_server.cli.asking import (
    DEFAULT_URL,
    Key,
    Project,
    Url,
    errors,
    get,
    plain,
    print_json,
    print_table,
    server,
)

_STYLES = {"critical": "bold red", "warning": "yellow", "info": "dim"}


def health(
    checks: Annotated[bool, typer.Option("--checks", help="Also say what was looked at.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Say what needs attention now, the worst first. Exit code 1 when something is critical and not muted."""
    with server(url, key) as client:
        report = get(client, "/health", {"project": project})
    if as_json:
        print_json([report])
    else:
        _print(report)
        if checks:
            _checks(report["checks"])
    if report["state"] == "critical":
        raise typer.Exit(1)


def _print(report: dict[str, Any]) -> None:
    lines = report["attention"]
    if not lines:
        print("Nothing needs attention.")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("severity", no_wrap=True)
    table.add_column("what", overflow="fold")
    table.add_column("since", no_wrap=True)
    for row in lines:
        said = "muted" if row["muted"] else row["severity"]
        what = Text(plain(row["text"]))
        what.append(f"\n→ {plain(row['next'])}", style="dim")
        since = (row["since"] or "")[:19].replace("T", " ")
        table.add_row(Text(said, style="dim" if row["muted"] else _STYLES[row["severity"]]), what, since)
    print_table(table)
    if report["left_out"]:
        errors.print(f"There are {report['left_out']} more lines.", style="dim", highlight=False)


def _checks(checks: list[dict[str, Any]]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("looked at", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    table.add_column("how", overflow="fold")
    for check in checks:
        table.add_row(check["name"], check["outcome"].replace("_", " "), plain(check["text"]))
    print_table(table)
