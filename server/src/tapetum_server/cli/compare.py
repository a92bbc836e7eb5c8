"""`tapetum compare`: what made one trace slower than another."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from tapetum_server.analysis.words import counted, duration
from tapetum_server.cli.asking import (
    DEFAULT_URL,
    AsJson,
    Key,
    Project,
    Url,
    errors,
    fail,
    get,
    one_line,
    print_json,
    print_table,
    server,
)


def compare(
    trace_a: Annotated[str, typer.Argument(metavar="A", help="A trace id: what the other is held against.")],
    trace_b: Annotated[
        str,
        typer.Argument(
            metavar="[B]",
            show_default="A is held against the median of its peers",
            help="The trace that is asked about.",
        ),
    ] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="Steps to show.")] = 20,
    as_json: AsJson = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Say what trace B did otherwise than trace A, step by step, the largest difference first."""
    with server(url, key) as client:
        if not trace_b:
            peers = get(client, f"/traces/{trace_a}/peers", {"project": project})
            if peers["median"] is None:
                fail(
                    f"No other trace begins with {peers['root_name']} of {peers['service']} within a day.",
                    "Name the trace to hold it against: tapetum compare A B",
                )
            trace_a, trace_b = peers["median"]["trace_id"], trace_a
        found = get(client, "/traces/compare", {"a": trace_a, "b": trace_b, "project": project})
    if as_json:
        print_json([found])
        return
    for letter, trace in (("A", found["a"]), ("B", found["b"])):
        print(f"{letter}  {trace['trace_id']}  {one_line(trace['root_name'], 60)}  {trace['start_time'][:23]}")
    print(one_line(found["verdict"], 1_000))
    rows = [row for row, differences in enumerate(found["columns"]["differences"]) if differences]
    changed = _changes(found["columns"])
    rows.sort(key=lambda row: (-abs(changed[row]), row))
    if rows:
        print_table(_table(found["columns"], rows[:limit], changed))
    if len(rows) > limit:
        errors.print(f"{counted(len(rows) - limit, 'more step')} to show: raise --limit.", style="dim", highlight=False)


def _changes(columns: dict[str, Any]) -> list[int]:
    return [b - a for a, b in zip(columns["a"]["path_ns"], columns["b"]["path_ns"])]


def _table(columns: dict[str, Any], rows: list[int], changed: list[int]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, justify in (
        ("waited", "right"), ("A", "right"), ("B", "right"), ("service", "left"), ("step", "left"), ("differs", "left"),
    ):  # fmt: skip
        table.add_column(name, justify=justify, no_wrap=name in ("waited", "A", "B"))  # type: ignore[arg-type]
    for row in rows:
        table.add_row(
            f"{'+' if changed[row] > 0 else '-'}{duration(abs(changed[row]) / 1e6)}" if changed[row] else "",
            _side(columns["a"], row),
            _side(columns["b"], row),
            Text(one_line(columns["service"][row], 24)),
            Text(one_line(columns["name"][row], 48)),
            ", ".join(columns["differences"][row]).replace("_", " "),
        )
    return table


def _side(side: dict[str, Any], row: int) -> str:
    count = side["count"][row]
    if not count:
        return "-"
    return duration(side["duration_ns"][row] / 1e6) + (f" ×{count}" if count > 1 else "")
