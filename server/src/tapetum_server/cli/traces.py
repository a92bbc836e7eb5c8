"""`tapetum traces`: which traces there are."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import JustifyMethod
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
    output_columns,
    print_json,
    print_table,
    server,
)
from tapetum_server.cli.money import cost_of

_WIDE = 130
"""Columns in which a table of traces stands in one line each."""


def traces(
    filter: FilterText = "",
    from_: From = "now-1h",
    to: To = "now",
    sort: Annotated[
        str,
        typer.Option(help="-start_time, start_time, -duration_ms, -cost_usd, -tokens, -span_count or -error_count."),
    ] = "-start_time",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Traces to show.")] = 20,
    as_json: AsJson = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """List traces of which any span passes the filter, the newest first."""
    query = {"q": filter, "from": from_, "to": to, "sort": sort, "limit": limit, "project": project}
    with server(url, key) as client:
        page = get(client, "/traces", query)
    if as_json:
        print_json(page["rows"])
        return
    if not page["rows"]:
        errors.print("No traces. Look further back with --from now-7d, or at everything with --from all.")
        return
    print_table(_table(page["rows"]) if output_columns() >= _WIDE else _narrow_table(page["rows"]))
    if page["next_cursor"]:
        errors.print(f"There are more than these {limit}; raise --limit, or filter.", style="dim", highlight=False)


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    cells: tuple[tuple[str, JustifyMethod, list[str | Text]], ...] = (
        ("start", "left", [row["start_time"][:23].replace("T", " ") for row in rows]),
        ("duration", "right", [_duration_of(row) for row in rows]),
        ("spans", "right", [str(row["span_count"]) for row in rows]),
        ("errors", "right", [Text(str(row["error_count"] or ""), style="red") for row in rows]),
        ("tokens", "right", [_tokens_of(row) for row in rows]),
        ("cost", "right", [cost_of(row["cost_usd"], row["unpriced"]) for row in rows]),
        ("service", "left", [Text(one_line(row["service"], 24)) for row in rows]),
        ("name", "left", [Text(one_line(row["root_name"], 48)) for row in rows]),
        ("trace", "left", [Text(row["trace_id"], style="dim") for row in rows]),
    )
    # As on the Traces page: a column that nothing fills is not there.
    shown = [column for column in cells if any(map(len, column[2]))]
    for name, justify, _ in shown:
        table.add_column(name, justify=justify, no_wrap=name in ("start", "duration", "trace"))
    for cells_of_row in zip(*(column for _, _, column in shown)):
        table.add_row(*cells_of_row)
    return table


def _narrow_table(rows: list[dict[str, Any]]) -> Table:
    """The same in 80 columns: the id, which is to be copied whole, stands below the name."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("start", no_wrap=True)
    table.add_column("duration", justify="right", no_wrap=True)
    table.add_column("spans", justify="right", no_wrap=True)
    table.add_column("service", max_width=14)
    table.add_column("name and trace", min_width=32)
    for row in rows:
        failed = row["error_count"] > 0
        name = Text(("✗ " if failed else "") + one_line(row["root_name"], 48), style="red" if failed else "")
        table.add_row(
            row["start_time"][5:19].replace("T", " "),
            _duration_of(row),
            str(row["span_count"]),
            Text(one_line(row["service"], 28)),
            name.append("\n" + row["trace_id"], style="dim"),
        )
    return table


def _duration_of(row: dict[str, Any]) -> str:
    return "running" if row["duration_ms"] is None else duration(row["duration_ms"])


def _tokens_of(row: dict[str, Any]) -> str:
    return "" if row["input_tokens"] is None else str((row["input_tokens"] or 0) + (row["output_tokens"] or 0))
