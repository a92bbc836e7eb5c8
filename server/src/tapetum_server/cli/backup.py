"""`tapetum backup`: everything that a server keeps, in a safe place."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tapetum_server._version import __version__
from tapetum_server.cli.asking import DEFAULT_URL, Url, check, errors, fail, get, server
from tapetum_server.cli.completing import backups as names_of_backups

if TYPE_CHECKING:
    import httpx

    from tapetum_server.app.backups.shelf import Shelved

_ASK_EVERY_S = 0.5
AdminKey = Annotated[
    str | None, typer.Option("--key", envvar="TAPETUM_KEY", help="A key with the admin scope for every project.")
]


def backup(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Also write the backup to this file, a tar.", show_default="none"),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Back up this data directory, whose server is stopped, and ask no server."),
    ] = None,
    backups: Annotated[
        Path | None,
        typer.Option("--backups", help="With --data: where backups lie.", show_default="backups in the data directory"),
    ] = None,
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, help="Then remove all backups but the newest of this many.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the backups, and make none.")] = False,
    delete: Annotated[
        str | None, typer.Option("--delete", help="Remove the backup of this name.", autocompletion=names_of_backups)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    url: Url = DEFAULT_URL,
    key: AdminKey = None,
) -> None:
    """Back up telemetry and catalog, beside a running server or of a stopped one's data directory."""
    if data is None and backups is not None:
        fail("--backups goes with --data.", "A server's directory of backups is its setting `backups`.")
    if data is not None:
        _offline(data.expanduser(), backups, output, keep, list_, delete, as_json)
        return
    with server(url, key) as client:
        if delete is not None:
            check(client.delete(f"/backups/{delete}"))
            errors.print(f"Removed {delete}.", style="dim", highlight=False)
        elif list_:
            _show(get(client, "/backups", {})["backups"], as_json)
        else:
            _online(client, output, keep, as_json)


def _online(client: httpx.Client, output: Path | None, keep: int | None, as_json: bool) -> None:
    answer = client.post("/backups", json={} if keep is None else {"keep": keep})
    check(answer)
    status = answer.json()
    with share_bar() as progress:
        task = progress.add_task("backing up", total=1.0)
        try:
            while status["running"]:
                progress.update(task, completed=status["progress"] or 0)
                time.sleep(_ASK_EVERY_S)
                status = get(client, "/backups", {})
        except KeyboardInterrupt:
            errors.print("The server goes on with it: tapetum backup --list")
            raise typer.Exit(130) from None
        progress.update(task, completed=1.0)
    if status["failure"]:
        fail(f"There is no backup. {status['failure']}", None)
    made = next(row for row in status["backups"] if row["state"] == "complete")
    if output is not None:
        _download(client, made["name"], output)
    _say(made, f"{status['directory']}/{made['name']}", output, as_json)


def _download(client: httpx.Client, name: str, output: Path) -> None:
    with client.stream("GET", f"/backups/{name}/file") as answer, share_bar(DownloadColumn()) as progress:
        check(answer)
        task = progress.add_task("downloading", total=int(answer.headers["content-length"]))

        def pieces() -> Iterator[bytes]:
            for piece in answer.iter_bytes():
                yield piece
                progress.advance(task, len(piece))

        _write(pieces(), output)


def _write(pieces: Iterator[bytes], output: Path) -> None:
    """A file of these bytes that only its owner may read, and that is there whole or not at all."""
    part = output.with_name(output.name + ".part")
    try:
        with part.open("wb") as file:
            part.chmod(0o600)
            for piece in pieces:
                file.write(piece)
        part.rename(output)
    except OSError as error:
        fail(f"The backup is made, but {output} cannot be written: {error.strerror}.", None)
    finally:
        part.unlink(missing_ok=True)


def _offline(
    data: Path,
    backups: Path | None,
    output: Path | None,
    keep: int | None,
    list_: bool,
    delete: str | None,
    as_json: bool,
) -> None:
    from tapetum_server.app.backups.archive import archive
    from tapetum_server.app.backups.manifest import BackupError
    from tapetum_server.app.backups.offline import back_up_directory
    from tapetum_server.app.backups.shelf import Shelf

    shelf = Shelf((backups or data / "backups").expanduser().resolve())
    try:
        if delete is not None:
            shelf.delete(delete)
            errors.print(f"Removed {delete}.", style="dim", highlight=False)
            return
        if list_:
            _show([_row(found) for found in shelf.all()], as_json)
            return
        with share_bar() as progress:
            task = progress.add_task("backing up", total=1.0)
            made = back_up_directory(data, shelf, __version__, lambda share: progress.update(task, completed=share))
        if keep is not None:
            shelf.keep(keep)
        if output is not None:
            _write(archive(made.path), output)
    except (BackupError, OSError) as error:
        fail(f"There is no backup. {error}" if not (list_ or delete) else str(error), None)
    _say(_row(made), str(made.path), output, as_json)


def share_bar(*more: Any) -> Progress:
    """A bar on standard error that goes when it is done; a log file gets none."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), *more,
        TimeRemainingColumn(), console=errors, transient=True, disable=not errors.is_terminal,
    )  # fmt: skip


def _say(row: dict[str, Any], where: str, output: Path | None, as_json: bool) -> None:
    if as_json:
        print(json.dumps({**row, "path": where, "output": None if output is None else str(output)}))
        return
    errors.print(f"{row['name']}: {row['rows']:,} rows, {size(row['bytes'])}, in {where}", highlight=False)
    if output is not None:
        errors.print(f"and in {output}", highlight=False)


def _show(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        for row in rows:
            print(json.dumps(row))
        return
    if not rows:
        errors.print("There are no backups. Make one: tapetum backup")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("backup", "began", "state", "rows", "size", "version"):
        table.add_column(name, justify="right" if name in ("rows", "size") else "left", no_wrap=True)
    for row in rows:
        style = "" if row["state"] == "complete" else "yellow"
        rows_text = "" if row["rows"] is None else f"{row['rows']:,}"
        began = row["began_at"][:19].replace("T", " ")
        table.add_row(
            row["name"], began, row["state"], rows_text, size(row["bytes"]), row["version"] or "", style=style
        )
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _row(found: Shelved) -> dict[str, Any]:
    from tapetum_server.app.backups.service import backup_row

    return backup_row(found).model_dump(mode="json")


def size(count: float) -> str:
    """Bytes as a person says them."""
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= least:
            return f"{count / least:.1f} {unit}"
    return f"{count:.0f} B"
