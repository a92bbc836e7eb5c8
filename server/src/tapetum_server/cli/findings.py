"""`tapetum findings`: what is wrong with models' predictions as they come."""

from __future__ import annotations

from typing import Annotated, Any

import typer
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
    print_table,
    say,
    server,
)

_Filter = Annotated[
    str, typer.Argument(metavar="[FILTER]", help="Such as: model:income version:3 feature:age severity:ERROR")
]


def findings(
    filter: _Filter = "",
    from_: From = "now-1h",
    to: To = "now",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Findings to show.")] = 50,
    as_json: AsJson = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Show what differs from the schemas in force, by model, feature and type; what holds now comes first."""
    query = {"q": filter, "from": from_, "to": to, "limit": limit, "project": project}
    with server(url, key) as client:
        page = get(client, "/findings", query)
    if as_json:
        print_json(page["rows"])
        return
    looked = sum(one["examples"] for one in page["looked"])
    if not page["rows"]:
        if looked:
            say(f"No findings in {looked:,} predictions that were held against a schema.")
        else:
            say("No predictions were held against a schema. Keep one: tapetum schema push MODEL schema.pbtxt")
        return
    print_table(_table(page["rows"]))
    say(f"{looked:,} predictions were held against a schema.", "dim")
    if page["more"]:
        say(f"There are more than these {limit}; raise --limit, or filter.", "dim")


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("severity", "model", "feature", "type", "predictions", "last seen", "now", "what", "next"):
        table.add_column(name, no_wrap=name in ("severity", "type", "last seen", "predictions"))
    for row in rows:
        model = f"{row['subject']} {row['version']}".rstrip()
        table.add_row(
            row["severity"], Text(one_line(model, 60)), Text(one_line(row["feature"], 40)), row["type"],
            f"{row['rows']:,} of {row['examples']:,}", row["last_seen"][:19].replace("T", " "),
            "yes" if row["current"] else "no", Text(one_line(row["evidence"], 300)), Text(row["next_step"]),
        )  # fmt: skip
    return table
