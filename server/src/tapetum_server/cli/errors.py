"""`tapetum errors`: which errors there are, grouped by what they are."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tapetum_server.cli.asking import (
    DEFAULT_URL,
    AsJson,
    From,
    Key,
    Project,
    To,
    Url,
    get,
    one_line,
    print_json,
    server,
)
from tapetum_server.cli.asking import errors as console

_Filter = Annotated[
    str, typer.Argument(metavar="[FILTER]", help='Such as: service:web type:TimeoutError version:2.1 "read timed out"')
]


def errors(
    filter: _Filter = "",
    from_: From = "now-1h",
    to: To = "now",
    sort: Annotated[str, typer.Option(help="-last_seen, -first_seen, -count, -traces or -users.")] = "-last_seen",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Errors to show.")] = 20,
    as_json: AsJson = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """List errors grouped by fingerprint, those seen last first."""
    query = {"q": filter, "from": from_, "to": to, "sort": sort, "limit": limit, "project": project}
    with server(url, key) as client:
        page = get(client, "/errors", query)
    if as_json:
        print_json(page["rows"])
        return
    if not page["rows"]:
        console.print("No errors. Look further back with --from now-7d, or at everything with --from all.")
        return
    Console().print(_table(page["rows"]))
    if page["next_cursor"]:
        console.print(f"There are more than these {limit}; raise --limit, or filter.", style="dim", highlight=False)


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, justify, width in (
        ("last seen", "left", 14), ("since", "left", 11), ("count", "right", 5), ("error", "left", 20),
        ("fingerprint", "left", 16),
    ):  # fmt: skip
        table.add_column(name, justify=justify, no_wrap=True, min_width=width)  # type: ignore[arg-type]
    for row in rows:
        title, culprit = row["title"], row["culprit"]
        said = [f"{', '.join(row['services'])}: {title}"]
        if culprit and culprit not in title:
            said.append(f"in {culprit}")
        table.add_row(
            row["last_seen"][5:19].replace("T", " "),
            Text(row["first_seen"][5:16].replace("T", " "), style="bold" if row["is_new"] else ""),
            str(row["count"]),
            Text(one_line(" ".join(said), 120), style="bold" if row["is_new"] else ""),
            Text(row["fingerprint"], style="dim"),
        )
    return table
