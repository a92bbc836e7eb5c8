"""`tapetum schema`: schemas of data as files, and their versions on a server."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    fail,
    get,
    one_line,
    plain,
    print_json,
    print_table,
    say,
    server,
)
from tapetum_server.cli.validate import refuse

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2

schema_app = typer.Typer(
    name="schema", help="Infer schemas from data, compare them, take changes in, keep versions.", no_args_is_help=True
)
_Name = Annotated[str, typer.Argument(metavar="NAME", help="The model's or the data set's name.")]
_Dataset = Annotated[bool, typer.Option("--dataset", "-d", help="NAME is a data set, and no model.")]
_Data = Annotated[
    Path,
    typer.Argument(metavar="DATA", help="Parquet, CSV, TSV, Arrow or JSON lines; or statistics that TFDV wrote."),
]
_Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="A file, which must not be there yet.", show_default="standard output"),
]


def infer(
    data: _Data,
    max_domain: Annotated[
        int, typer.Option(min=0, help="Texts with more different values than this are no categories.")
    ] = 100,
    shapes: Annotated[
        bool, typer.Option(help="Give features a shape that have as many values in every example.")
    ] = True,
    output: _Output = None,
) -> None:
    """Write the schema that data meet: types, presence, shapes, and the values of categories."""
    from tapetum_server.analysis.validation.files import infer_from_file
    from tapetum_server.query.errors import QueryError

    try:
        found = infer_from_file(data, shapes=shapes, max_domain=max_domain)
    except QueryError as error:
        fail(f"{error}.", error.hint)
    _write(found, output)


def accept(
    schema: Annotated[Path, typer.Argument(metavar="SCHEMA", help="A schema of TFDV: schema.pbtxt.")],
    data: _Data,
    features: Annotated[
        list[str] | None,
        typer.Option("--feature", "-f", help="This feature alone; may be said again.", show_default="all"),
    ] = None,
    in_place: Annotated[bool, typer.Option("--in-place", "-i", help="Change the file of the schema.")] = False,
    output: _Output = None,
) -> None:
    """Write the schema as it would be, were the data right: accept what `tapetum validate` found."""
    from tapetum_server.analysis.validation.files import accept_file
    from tapetum_server.query.errors import QueryError

    if in_place and output is not None:
        fail("--in-place and --output are two places.", None)
    try:
        found = accept_file(schema, data, features or [])
    except QueryError as error:
        fail(f"{error}.", error.hint)
    if in_place:
        from tapetum_server.moving.tfdv.schemas import schema_text

        try:
            schema.write_text(schema_text(found), encoding="utf-8")
        except OSError as error:
            fail(f"{schema} cannot be written: {error.strerror}.", None)
        return
    _write(found, output)


def diff(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="A schema.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="Another one.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line, for programs.")] = False,
) -> None:
    """Say what one schema has otherwise than another. Leaves with 0 where nothing, 1 where something."""
    from tapetum_server.detectors.validation.difference import schema_changes
    from tapetum_server.moving.tfdv.files import Unreadable
    from tapetum_server.moving.tfdv.schemas import read_schema

    try:
        changes = schema_changes(read_schema(before), read_schema(after))
    except Unreadable as error:
        refuse(f"{error}.", None)
    if as_json:
        print_json(changes)
    else:
        for change in changes:
            signs = {"added": "+", "removed": "-", "changed": "~"}
            print(f"{signs[change['change']]} {change['what']} {one_line(change['name'], 80)}".rstrip())
            for field in change["fields"] if change["change"] == "changed" else ():
                old, new = (
                    one_line(text, 200) if text is not None else "–" for text in (field["before"], field["after"])
                )
                print(f"    {field['field']}: {old} → {new}")
        if not changes:
            say("No difference.")
    raise typer.Exit(1 if changes else 0)


def list_schemas(as_json: AsJson = False, project: Project = None, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Show the schemas that a server keeps, by model and data set."""
    with server(url, key) as client:
        rows = get(client, "/data-schemas", {"project": project})["rows"]
    if as_json:
        print_json(rows)
        return
    if not rows:
        say("No schemas. Keep one with: tapetum schema push NAME schema.pbtxt")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("of", "name", "version", "features", "changed", "by", "message"):
        table.add_column(name, no_wrap=name == "changed")
    for row in rows:
        table.add_row(
            row["kind"], Text(row["name"]), str(row["version"]), str(row["features"]),
            row["created_at"][:19].replace("T", " "), Text(one_line(row["created_by"], 40)),
            Text(one_line(row["message"], 80)),
        )  # fmt: skip
    print_table(table)


def push(
    name: _Name,
    schema: Annotated[Path, typer.Argument(metavar="SCHEMA", help="A schema of TFDV: schema.pbtxt.")],
    dataset: _Dataset = False,
    message: Annotated[str, typer.Option("--message", "-m", help="What was changed and why.")] = "",
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Keep the next version of a schema; the newest is in force."""
    try:
        text = schema.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{schema} cannot be read: {error}.", None)
    body = {"kind": _kind(dataset), "name": name, "text": text, "message": message}
    with server(url, key) as client:
        answer = client.post("/data-schemas", json=body, params={"project": project} if project else None)
        check(answer)
    kept = answer.json()
    say(f"Version {kept['version']} of the schema of {name}: {kept['features']} features.")


def pull(
    name: _Name,
    dataset: _Dataset = False,
    version: Annotated[int | None, typer.Option(min=1, help="By its number.", show_default="the newest")] = None,
    output: _Output = None,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Write a version of a schema: schema.pbtxt."""
    asked = {"kind": _kind(dataset), "name": name, "version": version, "project": project}
    with server(url, key) as client:
        _write_text(get(client, "/data-schemas/version", asked)["text"], output)


def check_predictions(
    name: Annotated[str, typer.Argument(metavar="MODEL", help="The model's name.")],
    from_: From = "now-1h",
    to: To = "now",
    version: Annotated[str | None, typer.Option(help="Predictions of this version of the model alone.")] = None,
    environment: Annotated[str | None, typer.Option("--environment", "-e", help="One of the schema's.")] = None,
    as_json: AsJson = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Hold a model's predictions against its schema on the server. Leaves with 1 where something is wrong."""
    asked = {"name": name, "from": from_, "to": to, "model_version": version, "environment": environment}
    with server(url, key) as client:
        found = get(client, "/data-schemas/live", {**asked, "project": project})
    if as_json:
        print_json([found])
        raise typer.Exit(0 if found["passed"] else 1)
    rows = [("data set", reason) for reason in found["dataset"]]
    rows += [(one["feature"], reason) for one in found["anomalies"] for reason in one["reasons"]]
    last = {(count["feature"], count["type"]): count for count in found["counts"]}
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("severity", "feature", "type", "parts of the time", "what"):
        table.add_column(column, no_wrap=column in ("severity", "type"))
    for feature, reason in rows:
        windows = last.get((feature, reason["type"]), {"windows": 0})["windows"]
        table.add_row(
            reason["severity"], Text(one_line(feature, 40)), reason["type"], f"{windows} of {len(found['windows'])}",
            Text(one_line(reason["description"], 400)),
        )  # fmt: skip
    if rows:
        print_table(table)
    _show_compared(found)
    told = "passed" if found["passed"] else "FAILED"
    print(f"{told}  {one_line(name, 80)}: {found['examples']:,.0f} predictions, schema {found['schema_version']}.")
    raise typer.Exit(0 if found["passed"] else 1)


def _show_compared(found: Mapping[str, Any]) -> None:
    """What was compared with what, and which features moved by our own distance: as `tapetum validate` tells it."""
    for one in found["compared"]:
        beside = f"{one['examples']:,.0f} of {one['dataset']}"
        if one["start"]:
            beside = f"{one['examples']:,.0f} predictions from {one['start'][:16]}Z to {one['end'][:16]}Z"
        say(f"{one['side']}: {one_line(one['missing'] or f'beside {beside}', 200)}", "dim")
    for one in found["shifts"]:
        if one["high"]:
            # Here, because TFDV's messages take a second to load.
            from tapetum_server.analysis.validation.ci import shift_words
            from tapetum_server.detectors.validation.findings import Shift

            shift = Shift((), one["side"], one["value"], one["threshold"])
            print(f"{one_line(one['feature'], 40)}  {shift_words(shift)}")


def _kind(dataset: bool) -> str:
    return "dataset" if dataset else "model"


def _write(schema: schema_pb2.Schema, output: Path | None) -> None:
    from tapetum_server.moving.tfdv.schemas import schema_text

    _write_text(schema_text(schema), output)


def _write_text(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(plain(text))
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        fail(f"{output} cannot be written: {error.strerror}.", "Choose another name, or remove it.")


schema_app.command("infer")(infer)
schema_app.command("accept")(accept)
schema_app.command("diff")(diff)
schema_app.command("check")(check_predictions)
schema_app.command("list")(list_schemas)
schema_app.command("push")(push)
schema_app.command("pull")(pull)
