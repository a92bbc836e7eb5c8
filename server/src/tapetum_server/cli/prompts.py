"""`tapetum prompts`: the registry from a terminal and from pipelines."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
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
    plain,
    print_json,
    print_table,
    server,
)
from tapetum_server.cli.unless_named import unless_named

prompts_app = typer.Typer(name="prompts", cls=unless_named("list"), help="List prompts, show one, keep a new version.")

Name = Annotated[str, typer.Argument(help="The prompt's name.")]
MAX_FILE_BYTES = 4 * 1024 * 1024


def list_prompts(as_json: AsJson = False, project: Project = None, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Show the prompts with their labels, by name."""
    with server(url, key) as client:
        rows = get(client, "/prompts", {"project": project})["rows"]
    if as_json:
        print_json(rows)
        return
    if not rows:
        errors.print("No prompts. Keep one with: tapetum prompts push NAME FILE")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("name", "newest", "labels", "changed", "by"):
        table.add_column(name, no_wrap=name == "changed")
    for row in rows:
        labels = " ".join(f"{label}={version}" for label, version in row["labels"].items())
        table.add_row(
            Text(row["name"]), str(row["newest"]), Text(labels), row["updated_at"][:19].replace("T", " "),
            Text(one_line(row["updated_by"], 40)),
        )  # fmt: skip
    print_table(table)


def show(
    name: Name,
    version: Annotated[int | None, typer.Option(min=1, help="The version, by its number.")] = None,
    label: Annotated[str, typer.Option(help="The version that has this label.")] = "latest",
    as_json: AsJson = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Print one version's text, and nothing else, so that it can go into a file."""
    asked = {"name": name, "version": version, "label": label if version is None else None, "project": project}
    with server(url, key) as client:
        found = get(client, "/prompts/version", asked)
    if as_json:
        print_json([found])
    elif isinstance(found["prompt"], str):
        typer.echo(plain(found["prompt"]))
    else:
        sys.stdout.buffer.write(orjson.dumps(found["prompt"], option=orjson.OPT_INDENT_2) + b"\n")
        sys.stdout.buffer.flush()


def push(
    name: Name,
    file: Annotated[
        typer.FileBinaryRead, typer.Argument(help="A text, or a JSON list of chat messages; - reads stdin.")
    ],
    message: Annotated[str, typer.Option("--message", "-m", help="What was changed and why.")] = "",
    label: Annotated[list[str] | None, typer.Option("--label", "-l", help="A label for it; several times.")] = None,
    config: Annotated[Path | None, typer.Option(help="A JSON file with model, temperature and the like.")] = None,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Keep the next version of a prompt."""
    body: dict[str, Any] = {"name": name, "prompt": _prompt_of(file.read(MAX_FILE_BYTES)), "message": message}
    body["labels"] = label or []
    if config is not None:
        try:
            body["config"] = json.loads(config.read_bytes())
        except (OSError, ValueError) as error:
            fail(f"{config} is no JSON file that can be read: {error}.", None)
    with server(url, key) as client:
        answer = client.post("/prompts", json=body, params={"project": project} if project else None)
        check(answer)
    kept = answer.json()
    labels = f" ({', '.join(kept['labels'])})" if kept["labels"] else ""
    errors.print(f"Version {kept['version']} of {name}{labels}.", highlight=False, markup=False)


def move_label(
    name: Name,
    label: Annotated[str, typer.Argument(help="Such as production.")],
    version: Annotated[int, typer.Argument(min=1, help="The version that gets it.")],
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Give a label to a version: applications that fetch by it get that version from then on."""
    asked = {"name": name, "label": label, **({"project": project} if project else {})}
    with server(url, key) as client:
        check(client.put("/prompts/labels", params=asked, json={"version": version}))
    errors.print(f"{label} of {name} stands at version {version}.", highlight=False, markup=False)


def _prompt_of(content: bytes) -> Any:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        fail("The file is no UTF-8 text.", None)
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text.removesuffix("\n")


prompts_app.command("list")(list_prompts)
prompts_app.command("show")(show)
prompts_app.command("push")(push)
prompts_app.command("label")(move_label)
