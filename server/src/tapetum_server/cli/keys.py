"""`tapetum keys`: make, list and revoke the keys that let programs and people in."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tapetum_server.app.data_dir import default_data_dir
from tapetum_server.cli.durations import duration
from tapetum_server.cli.key_holders import CatalogKeys, KeyCommandError, KeyHolder, KeyRow, ServerKeys

keys_app = typer.Typer(name="keys", help="Make, list and revoke keys.", no_args_is_help=True)

DataOption = Annotated[
    Path | None,
    typer.Option("--data", envvar="TAPETUM_DATA", help="The data directory.", show_default="~/.local/share/tapetum"),
]
CatalogOption = Annotated[
    str | None,
    typer.Option(
        "--catalog", envvar="TAPETUM_CATALOG", help="The catalog's URL, when it is not in the data directory."
    ),
]
UrlOption = Annotated[
    str | None,
    typer.Option("--url", envvar="TAPETUM_URL", help="Ask this running server, and do not open the data directory."),
]
KeyOption = Annotated[
    str | None, typer.Option("--key", envvar="TAPETUM_KEY", help="An admin's key, for --url.", show_envvar=True)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Scope(StrEnum):
    """What a key may do."""

    INGEST = "ingest"
    READ = "read"
    ADMIN = "admin"


@keys_app.command("create")
def create(
    name: Annotated[str, typer.Option("--name", help="Shown as the sender of what the key's holder sends.")],
    scope: Annotated[
        list[Scope],
        typer.Option("--scope", help="What the key may do; give it more than once for more. admin may do everything."),
    ],
    project: Annotated[
        str | None, typer.Option("--project", help="The only project the key opens.", show_default="every project")
    ] = None,
    expires_in: Annotated[
        str | None, typer.Option("--expires-in", help="Such as 12h, 90d or 4w.", show_default="never")
    ] = None,
    data: DataOption = None,
    catalog: CatalogOption = None,
    url: UrlOption = None,
    key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and show it, this once.

    The key alone goes to standard output: KEY=$(tapetum keys create --name app --scope ingest)
    """
    expires_at = None if expires_in is None else datetime.now(UTC) + duration(expires_in)
    with _holder(data, catalog, url, key) as holder:
        made = holder.create(name, [s.value for s in scope], project, expires_at)
    if as_json:
        typer.echo(json.dumps(made, indent=2))
        return
    where = f"project {made['project']}" if made["project"] else "every project"
    until = f" until {_short(made['expires_at'])}" if made["expires_at"] else ""
    notes = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    notes.print(f"Key {made['name']!r} ({made['id']}) may {', '.join(made['scopes'])} in {where}{until}.")
    notes.print("It is shown only now:")
    typer.echo(made["key"])


@keys_app.command("list")
def list_keys(
    data: DataOption = None,
    catalog: CatalogOption = None,
    url: UrlOption = None,
    key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the keys, without what is secret of them."""
    with _holder(data, catalog, url, key) as holder:
        rows = holder.all()
    if as_json:
        typer.echo(json.dumps({"keys": rows}, indent=2))
        return
    if not rows:
        typer.echo("There are no keys yet. Make one: tapetum keys create --name NAME --scope ingest")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("ID", "NAME", "KEY", "SCOPES", "PROJECT", "CREATED", "LAST USED", "STATE"):
        table.add_column(heading, no_wrap=heading not in ("NAME", "STATE"))
    for row in rows:
        table.add_row(
            row["id"],
            row["name"],
            f"{row['prefix']}…",
            ",".join(row["scopes"]),
            row["project"] or "every",
            _short(row["created_at"]),
            _short(row["last_used_at"]) or "never",
            _state(row),
        )
    # A pipe has no width; whoever reads it wants whole rows.
    width = None if sys.stdout.isatty() else 200
    Console(highlight=False, markup=False, width=width).print(table)


@keys_app.command("revoke")
def revoke(
    which: Annotated[str, typer.Argument(metavar="ID", help="The key's id, or how the key starts (tpt_…).")],
    data: DataOption = None,
    catalog: CatalogOption = None,
    url: UrlOption = None,
    key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key useless. A running server refuses it at once, or within seconds when it was not asked."""
    with _holder(data, catalog, url, key) as holder:
        row = _find(holder.all(), which)
        holder.revoke(row["id"])
        after = next(r for r in holder.all() if r["id"] == row["id"])
    typer.echo(json.dumps(after, indent=2) if as_json else f"Key {row['name']!r} ({row['id']}) opens nothing any more.")


@contextmanager
def _holder(data: Path | None, catalog: str | None, url: str | None, key: str | None) -> Iterator[KeyHolder]:
    try:
        holder: KeyHolder = ServerKeys(url, key) if url else CatalogKeys(data or default_data_dir(), catalog)
        try:
            yield holder
        finally:
            holder.close()
    except KeyCommandError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error


def _find(rows: list[KeyRow], which: str) -> KeyRow:
    # Somebody may well paste the whole key: what comes after its prefix is neither compared nor repeated.
    start = which[:12]
    found = [row for row in rows if row["id"] == which or (which.startswith("tpt_") and row["prefix"] == start)]
    if len(found) == 1:
        return found[0]
    shown = f"{start}…" if which.startswith("tpt_") else which
    raise KeyCommandError(
        f"There is no key {shown!r}. List them: tapetum keys list"
        if not found
        else f"{len(found)} keys start with {shown!r}; name one by its id: tapetum keys list"
    )


def _state(row: KeyRow) -> str:
    if row["revoked_at"]:
        return f"revoked {_short(row['revoked_at'])}"
    if row["expires_at"]:
        ends = datetime.fromisoformat(row["expires_at"][:26] + "+00:00")
        return f"{'expired' if ends <= datetime.now(UTC) else 'until'} {_short(row['expires_at'])}"
    return "good"


def _short(time: str | None) -> str:
    return time[:16].replace("T", " ") if time else ""
