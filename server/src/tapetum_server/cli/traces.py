"""`tapetum traces`: which traces there are."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
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
    server,
)


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
        for row in page["rows"]:
            sys.stdout.buffer.write(orjson.dumps(row) + b"\n")
        sys.stdout.buffer.flush()
        return
    if not page["rows"]:
        errors.print("No traces. Look further back with --from now-7d, or at everything with --from all.")
        return
    Console().print(_table(page["rows"]))
    if page["next_cursor"]:
        errors.print(f"There are more than these {limit}; raise --limit, or filter.", style="dim", highlight=False)


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, justify in (
        ("start", "left"), ("duration", "right"), ("spans", "right"), ("errors", "right"), ("tokens", "right"),
        ("cost", "right"), ("service", "left"), ("name", "left"), ("trace", "left"),
    ):  # fmt: skip
        table.add_column(name, justify=justify, no_wrap=name in ("start", "duration", "trace"))  # type: ignore[arg-type]
    for row in rows:
        failed = row["error_count"] > 0
        table.add_row(
            row["start_time"][:23].replace("T", " "),
            "running" if row["duration_ms"] is None else duration(row["duration_ms"]),
            str(row["span_count"]),
            Text(str(row["error_count"]) if failed else "", style="red"),
            "" if row["input_tokens"] is None else str((row["input_tokens"] or 0) + (row["output_tokens"] or 0)),
            "" if row["cost_usd"] is None else f"${row['cost_usd']:.4f}",
            Text(one_line(row["service"], 24)),
            Text(one_line(row["root_name"], 48)),
            Text(row["trace_id"], style="dim"),
        )
    return table
