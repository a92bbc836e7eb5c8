"""`tapetum changes`: what was changed and when, and recording it."""

from __future__ import annotations

from typing import Annotated

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
    check,
    errors,
    fail,
    get,
    one_line,
    print_json,
    print_table,
    server,
)
from tapetum_server.cli.completing import projects
from tapetum_server.cli.unless_named import unless_named

changes_app = typer.Typer(name="changes", cls=unless_named("list"), help="List deploys and other changes, record one.")


def list_changes(
    subject: Annotated[str | None, typer.Option(help="Only of these subjects; several with commas.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="deploy, config, schema, data, prompt or model; several with commas.")
    ] = None,
    from_: From = "now-24h",
    to: To = "now",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Changes to show.")] = 50,
    as_json: AsJson = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Show what was changed, recorded or derived from versions, the newest first."""
    query = {"subject": subject, "kind": kind, "from": from_, "to": to, "limit": limit, "project": project}
    with server(url, key) as client:
        page = get(client, "/changes", query)
    if as_json:
        print_json(page["rows"])
        return
    if not page["rows"]:
        errors.print("No changes. Look further back with --from now-30d; record one with: tapetum changes add")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("time", "kind", "subject", "before", "after", "source"):
        table.add_column(name, no_wrap=name in ("time", "kind"))
    for row in page["rows"]:
        texts = [Text(one_line(row[name], 60)) for name in ("subject", "before", "after", "source")]
        table.add_row(row["time"][:19].replace("T", " "), row["kind"], *texts)
    print_table(table)
    if page["truncated"]:
        errors.print(f"There are more than these {limit}; raise --limit.", style="dim", highlight=False)


def add(
    kind: Annotated[str, typer.Argument(help="deploy, config, schema, data, prompt or model.")],
    subject: Annotated[str, typer.Argument(help="What was changed: a service, a model, a table.")],
    before: Annotated[str, typer.Option(help="What it was.")] = "",
    after: Annotated[str, typer.Option(help="What it is now.")] = "",
    time: Annotated[
        str | None, typer.Option(help="When: 2026-11-23T10:00:00Z.", show_default="when it arrives")
    ] = None,
    source: Annotated[str, typer.Option(help="Who or what says so.")] = "cli",
    attribute: Annotated[list[str] | None, typer.Option("--attribute", "-a", help="KEY=VALUE; several times.")] = None,
    project: Annotated[
        str | None, typer.Option("--project", help="The project to write to.", autocompletion=projects)
    ] = None,
    url: Url = DEFAULT_URL,
    key: Annotated[str | None, typer.Option("--key", envvar="TAPETUM_KEY", help="A key with the ingest scope.")] = None,
) -> None:
    """Record one change, such as a deploy at the end of a pipeline."""
    attributes = dict(pair.partition("=")[::2] for pair in attribute or ())
    if "" in attributes:
        fail("An attribute has a key.", "Write --attribute KEY=VALUE.")
    change = {"time": time, "kind": kind, "subject": subject, "before": before, "after": after, "source": source,
              "attributes": attributes}  # fmt: skip
    headers = {"x-tapetum-project": project} if project else {}
    with server(url, key) as client:
        check(client.post(f"{url.rstrip('/')}/v1/changes", json=change, headers=headers))
    errors.print("Recorded.", style="dim")


changes_app.command("list")(list_changes)
changes_app.command("add")(add)
