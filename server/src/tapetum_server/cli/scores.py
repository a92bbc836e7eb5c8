"""`tapetum scores`: what evaluations look like, from a terminal and from pipelines."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from tapetum_server.cli.asking import (
    DEFAULT_URL,
    AsJson,
    Key,
    Project,
    Url,
    check,
    errors,
    get,
    one_line,
    print_json,
    print_table,
    server,
)
from tapetum_server.cli.unless_named import unless_named

scores_app = typer.Typer(
    name="scores", cls=unless_named("list"), help="List, define and forget what the scores of evaluations look like."
)

Name = Annotated[str, typer.Argument(help="As the evaluations have it, such as correctness.")]


def list_scores(as_json: AsJson = False, project: Project = None, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Show the defined scores, by name."""
    with server(url, key) as client:
        rows = get(client, "/scores", {"project": project})["rows"]
    if as_json:
        print_json(rows)
        return
    if not rows:
        errors.print("No score is defined. Define one with: tapetum scores define NAME --kind numeric")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("name", "kind", "may be", "better", "description"):
        table.add_column(name, no_wrap=name == "kind")
    for row in rows:
        table.add_row(
            Text(row["name"]), row["kind"], Text(_may_be(row)), row["direction"], Text(one_line(row["description"], 60))
        )
    print_table(table)


def define(
    name: Name,
    kind: Annotated[str, typer.Option(help="numeric, categorical, boolean or text.")],
    description: Annotated[str, typer.Option(help="What is judged, for those who judge.")] = "",
    better: Annotated[
        str | None, typer.Option(help="Which end is better: higher, lower or none.", show_default="higher for numbers")
    ] = None,
    minimum: Annotated[float | None, typer.Option("--min", help="Numeric: the least it can be.")] = None,
    maximum: Annotated[float | None, typer.Option("--max", help="Numeric: the most it can be.")] = None,
    threshold: Annotated[float | None, typer.Option(help="Numeric: where passing begins.")] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", "-l", help="Categorical: a label; several times, in their order.")
    ] = None,
    passes: Annotated[list[str] | None, typer.Option(help="Categorical: a label that passes; several times.")] = None,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Say what the evaluations of a name look like, in the place of what was said before."""
    passing = passes or []
    if unknown := [one for one in passing if one not in (label or [])]:
        raise typer.BadParameter(f"{unknown[0]!r} is no --label.", param_hint="--passes")
    body: dict[str, Any] = {
        "name": name, "kind": kind, "description": description, "direction": better, "minimum": minimum,
        "maximum": maximum, "threshold": threshold,
        "labels": [{"label": one, "passes": one in passing if passing else None} for one in label or []],
    }  # fmt: skip
    with server(url, key) as client:
        answer = client.put("/scores", json=body, params={"project": project} if project else None)
        check(answer)
    errors.print(f"{name} is {kind}: {_may_be(answer.json())}.", highlight=False, markup=False)


def delete(name: Name, project: Project = None, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Forget a definition; evaluations stay."""
    asked = {"name": name, **({"project": project} if project else {})}
    with server(url, key) as client:
        check(client.delete("/scores", params=asked))
    errors.print(f"{name} is no longer defined.", highlight=False, markup=False)


def _may_be(row: dict[str, Any]) -> str:
    match row["kind"]:
        case "categorical":
            return ", ".join(
                one["label"] if not one["key"] else f"{one['label']} ({one['key']})" for one in row["labels"]
            )
        case "boolean":
            return "true or false"
        case "text":
            return "any text"
    low, high, threshold = row["minimum"], row["maximum"], row["threshold"]
    ends = "any number"
    if low is not None or high is not None:
        ends = " ".join(word for word in (_number(low), "to", _number(high)) if word)
    if threshold is None:
        return ends
    return f"{ends}, passes {'from' if row['direction'] == 'higher' else 'up to'} {threshold:g}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


scores_app.command("list")(list_scores)
scores_app.command("define")(define)
scores_app.command("delete")(delete)
