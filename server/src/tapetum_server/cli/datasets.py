"""`tapetum datasets`: small datasets in versions, from a terminal and from pipelines."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    fail,
    get,
    one_line,
    print_table,
    server,
)
from tapetum_server.cli.unless_named import unless_named

if TYPE_CHECKING:
    import httpx

datasets_app = typer.Typer(
    name="datasets", cls=unless_named("list"), help="List datasets, show, export, add to and delete them."
)

Name = Annotated[str, typer.Argument(help="The dataset's name.")]
Version = Annotated[int | None, typer.Option(min=1, help="The version, by its number.", show_default="the newest")]
MAX_FILE_BYTES = 64 * 1024 * 1024


def list_datasets(as_json: AsJson = False, project: Project = None, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Show the datasets, by name."""
    with server(url, key) as client:
        rows = get(client, "/datasets", {"project": project})["rows"]
    if as_json:
        _print_lines(rows)
        return
    if not rows:
        errors.print("No datasets. Make one with: tapetum datasets add NAME FILE.jsonl")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("name", "items", "newest", "changed", "by", "description"):
        table.add_column(name, no_wrap=name == "changed", justify="right" if name in ("items", "newest") else "left")
    for row in rows:
        table.add_row(
            Text(row["name"]), str(row["items"]), str(row["versions"]), row["updated_at"][:19].replace("T", " "),
            Text(one_line(row["updated_by"], 40)), Text(one_line(row["description"], 60)),
        )  # fmt: skip
    print_table(table)


def show(
    name: Name,
    version: Version = None,
    versions: Annotated[bool, typer.Option("--versions", help="The versions instead of the items.")] = False,
    as_json: AsJson = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Show the items of a version, or the versions."""
    with server(url, key) as client:
        if versions:
            rows = get(client, "/datasets/versions", {"name": name, "project": project})["rows"]
        else:
            rows = list(_items(client, {"name": name, "version": version, "project": project}))
    if as_json:
        _print_lines(rows)
        return
    columns = ("version", "items", "added", "changed", "removed", "created_at", "message") if versions else (
        "id", "input", "expected_output", "since_version",
    )  # fmt: skip
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(Text(_cell(row[column])) for column in columns))
    print_table(table)


def export(
    name: Name,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file, which must not be there yet.")] = None,
    format: Annotated[
        str | None, typer.Option(help="jsonl, csv or parquet.", show_default="by the file's name, else jsonl")
    ] = None,
    version: Version = None,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Write all items of a version to a file or to standard output."""
    suffix = output.suffix.removeprefix(".") if output else ""
    asked = {"name": name, "version": version, "project": project}
    asked["format"] = format or (suffix if suffix in ("csv", "parquet") else "jsonl")
    with server(url, key) as client:
        answer = client.get("/datasets/export", params={k: v for k, v in asked.items() if v is not None})
        check(answer)
    if output is None:
        sys.stdout.buffer.write(answer.content)
        sys.stdout.buffer.flush()
        return
    try:
        with output.open("xb") as file:
            file.write(answer.content)
    except OSError as error:
        fail(f"{output} cannot be written: {error.strerror}.", None)
    said = f"Version {answer.headers['x-tapetum-version']} of {name} is in {output}."
    errors.print(said, highlight=False, markup=False)


def add(
    name: Name,
    file: Annotated[
        typer.FileBinaryRead | None,
        typer.Argument(help="Lines of JSON, a JSON list, or CSV (by its name); - reads stdin."),
    ] = None,
    span: Annotated[list[str] | None, typer.Option(help="A span to save, as TRACE_ID/SPAN_ID; several times.")] = None,
    prediction: Annotated[
        list[str] | None, typer.Option(help="A prediction to save, as MODEL/PREDICTION_ID; several times.")
    ] = None,
    message: Annotated[str, typer.Option("--message", "-m", help="What is added and why.")] = "",
    description: Annotated[str | None, typer.Option(help="What the dataset is for.")] = None,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Add items, or change those whose id is there already: keeps the next version, the first makes the dataset."""
    from tapetum_server.analysis.dataset_reading import UnreadableItems, items_in

    spans = [dict(zip(("trace_id", "span_id"), one.lower().partition("/")[::2])) for one in span or []]
    # Names of models may have slashes, as paths do; ids have them less often.
    predictions = [dict(zip(("model", "prediction_id"), one.rpartition("/")[::2])) for one in prediction or []]
    items: list[dict[str, Any]] = []
    if file is not None:
        content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            fail(f"The file has more than {MAX_FILE_BYTES:,} bytes.", "Add it in parts.")
        try:
            items = items_in(content, is_csv=getattr(file, "name", "").endswith(".csv"))
        except UnreadableItems as error:
            fail(str(error), None)
    elif not spans and not predictions:
        fail("There is nothing to add.", "Name a FILE, or spans with --span TRACE_ID/SPAN_ID.")
    body: dict[str, Any] = {"name": name, "put": items, "message": message, "description": description}
    body |= {"spans": spans, "predictions": predictions}
    with server(url, key) as client:
        answer = client.post(
            "/datasets",
            content=gzip.compress(json.dumps(body).encode(), 1),
            headers={"content-type": "application/json", "content-encoding": "gzip"},
            params={"project": project} if project else None,
        )
        check(answer)
    _tell(answer.json())


def delete(
    name: Name,
    item: Annotated[
        list[str] | None, typer.Option(help="Only this item, in a next version; several times, by its id.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Delete a dataset with all its versions, or take items out of it."""
    asked = {"project": project} if project else {}
    with server(url, key) as client:
        if item:
            answer = client.post("/datasets", json={"name": name, "remove": item}, params=asked)
            check(answer)
            _tell(answer.json())
            return
        if not yes:
            typer.confirm(f"Delete {name} with all its versions?", abort=True, err=True)
        check(client.delete("/datasets", params={"name": name, **asked}))
    errors.print(f"{name} is deleted.", highlight=False, markup=False)


def _items(client: httpx.Client, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    while True:
        page = get(client, "/datasets/items", {**asked, "limit": 1_000})
        yield from page["rows"]
        if page["next_cursor"] is None:
            return
        asked = {**asked, "version": page["version"], "cursor": page["next_cursor"]}


def _print_lines(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        sys.stdout.buffer.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    sys.stdout.buffer.flush()


def _cell(value: Any) -> str:
    return one_line(
        value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False), 60
    )


def _tell(done: dict[str, Any]) -> None:
    said = ", ".join(f"{done[what]} {what}" for what in ("added", "changed", "removed", "unchanged") if done[what])
    errors.print(
        f"Version {done['version']} of {done['name']}: {done['items']} items ({said or 'nothing changed'}).",
        highlight=False,
        markup=False,
    )


datasets_app.command("list")(list_datasets)
datasets_app.command("show")(show)
datasets_app.command("export")(export)
datasets_app.command("add")(add)
datasets_app.command("delete")(delete)
