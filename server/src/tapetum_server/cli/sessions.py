"""`tapetum sessions`: which conversations there are, and what was said in one."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from tapetum_server.analysis.words import duration
from tapetum_server.cli.asking import (
    DEFAULT_URL,
    AsJson,
    FilterText,
    From,
    Key,
    Project,
    To,
    Url,
    errors,
    get,
    one_line,
    print_json,
    print_table,
    server,
)
from tapetum_server.cli.money import cost_of

sessions_app = typer.Typer(name="sessions", help="Conversations across traces.", no_args_is_help=True)


@sessions_app.command("list")
def list_sessions(
    filter: FilterText = "",
    from_: From = "now-1h",
    to: To = "now",
    sort: Annotated[
        str, typer.Option(help="-last_seen, -traces, -calls, -tokens, -cost_usd or -errors.")
    ] = "-last_seen",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Sessions to show.")] = 20,
    as_json: AsJson = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """List sessions with a trace of which any span passes the filter, those seen last first."""
    query = {"q": filter, "from": from_, "to": to, "sort": sort, "limit": limit, "project": project}
    with server(url, key) as client:
        page = get(client, "/sessions", query)
    if as_json:
        print_json(page["rows"])
        return
    if not page["rows"]:
        errors.print("No sessions. Look further back with --from now-7d, or at everything with --from all.")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, justify in (
        ("last seen", "left"), ("traces", "right"), ("failed", "right"), ("calls", "right"), ("cost", "right"),
        ("user", "left"), ("session", "left"),
    ):  # fmt: skip
        table.add_column(name, justify=justify, no_wrap=name != "session")  # type: ignore[arg-type]
    for row in page["rows"]:
        table.add_row(
            row["last_seen"][5:19].replace("T", " "),
            str(row["traces"]),
            Text(str(row["failed"] or ""), style="red"),
            str(row["calls"]),
            cost_of(row["cost_usd"], row["unpriced"]),
            Text(one_line(", ".join(row["users"]), 20)),
            Text(one_line(row["id"], 60)),
        )
    print_table(table)
    if page["next_cursor"]:
        errors.print(f"There are more than these {limit}; raise --limit, or filter.", style="dim", highlight=False)


@sessions_app.command("show")
def show(
    session: Annotated[str, typer.Argument(help="The session, as spans name it.")],
    failed: Annotated[bool, typer.Option("--failed", help="Only traces with an error.")] = False,
    newest: Annotated[bool, typer.Option("--newest", help="The newest first.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=50, help="Traces to show.")] = 20,
    as_json: AsJson = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Replay a session: what was asked and answered in each of its traces."""
    asked = {"session": session, "project": project}
    order = {"sort": "-start_time" if newest else "start_time", "failed": failed, "limit": limit}
    with server(url, key) as client:
        whole = get(client, "/sessions/detail", asked)
        page = get(client, "/sessions/turns", asked | order)
    if as_json:
        print_json(page["rows"])
        return
    counts = f"{whole['traces']} traces, {whole['failed']} failed, {whole['calls']} calls of models"
    says = Text(f"{counts}, {cost_of(whole['cost_usd'], whole['unpriced']) or 'no cost'}")
    print_table(_turns(page["rows"], says))
    if page["next_cursor"]:
        errors.print(
            f"There are more than these {limit}; raise --limit, or use --newest.", style="dim", highlight=False
        )


def _turns(rows: list[dict[str, Any]], title: Text) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, title=title, title_justify="left")
    for row in rows:
        trace = row["trace"]
        failed = trace["error_count"] > 0
        took = "running" if trace["duration_ms"] is None else duration(trace["duration_ms"])
        head = Text(("✗ " if failed else "") + one_line(trace["root_name"], 60), style="bold red" if failed else "bold")
        table.add_row(trace["start_time"][5:19].replace("T", " "), head.append(f"  {took}  {trace['trace_id']}", "dim"))
        for who in ("asked", "answered"):
            if row[who]:
                table.add_row(Text(who, style="dim"), Text(one_line(row[who], 400)))
    return table
