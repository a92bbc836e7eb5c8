"""`tapetum doctor`: what is wrong, and how to mend it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from tapetum_server.cli.asking import plain

console = Console(highlight=False, soft_wrap=True)
_STYLES = {"ok": "green", "warning": "yellow", "problem": "red"}

Data = Annotated[
    Path | None,
    typer.Option(
        "--data", envvar="TAPETUM_DATA", help="The data directory to look at.", show_default="~/.local/share/tapetum"
    ),
]


def doctor(
    data: Data = None,
    url: Annotated[
        str, typer.Option("--url", envvar="TAPETUM_URL", help="The server to look for.")
    ] = "http://127.0.0.1:4318",
    key: Annotated[
        str | None, typer.Option("--key", envvar="TAPETUM_KEY", help="A key, where the server needs one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at this machine, the data directory and the server. Exit code 1 when something must be mended."""
    from tapetum_server.app.data_dir import default_data_dir
    from tapetum_server.app.diagnosis import diagnose

    checks = list(diagnose(data or default_data_dir(), url.rstrip("/"), key))
    if as_json:
        print(json.dumps([asdict(check) for check in checks]))
    else:
        for check in checks:
            # A path or a server's words are text: neither markup, nor for the terminal to obey.
            mark = Text(f"{check.outcome:<7}", style=_STYLES[check.outcome])
            console.print(mark.append(f" {check.name}: {plain(check.found)}", style="default"))
            if check.fix:
                console.print(Text(f"        → {plain(check.fix)}"))
    if any(check.outcome == "problem" for check in checks):
        raise typer.Exit(1)
