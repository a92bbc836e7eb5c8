"""`tapetum monitors apply` and `export`: monitors as files, so that they live in git."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from tapetum_server.cli.asking import (
    DEFAULT_URL,
    Key,
    Project,
    Url,
    errors,
    fail,
    plain,
    print_json,
    problem_of,
    server,
)
from tapetum_server.cli.monitor_reading import Entry, FileRefused, entries_of
from tapetum_server.cli.monitors import all_monitors, find

if TYPE_CHECKING:
    import httpx

_STYLES = {"created": "green", "updated": "green", "failed": "red"}


def apply(
    files: Annotated[
        list[str],
        typer.Option("--file", "-f", metavar="FILE", help="JSON or TOML; - is standard input; several times."),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done; every query is tried.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")] = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Create the monitors of files, or make those of the same name as the files say. Again changes nothing."""
    try:
        entries = entries_of(files)
    except FileRefused as error:
        fail(str(error), error.hint)
    done: list[dict[str, str]] = []
    with server(url, key) as client:
        there = {row["name"]: row for row in all_monitors(client, project)}
        for entry in entries:
            what, why = _apply(client, entry, there.get(entry.name), project, dry_run)
            done.append({"name": entry.name, "result": what, **({"error": why} if why else {})})
    counts = Counter(one["result"] for one in done)
    if as_json:
        print_json([{"monitors": done, **counts}])
    else:
        console = Console(highlight=False, soft_wrap=True)
        would = "would be " if dry_run else ""
        for one in done:
            head = one["result"] if one["result"] in ("unchanged", "failed") else would + one["result"]
            line = Text.assemble((f"{head:<16} ", _STYLES.get(one["result"], "dim")), plain(one["name"]))
            if "error" in one:
                line.append(f": {plain(one['error'])}")
            console.print(line)
    if counts["failed"]:
        errors.print(f"{counts['failed']} of {len(done)} failed.", style="red", highlight=False)
        raise typer.Exit(1)


def _apply(
    client: httpx.Client, entry: Entry, row: dict[str, Any] | None, project: str | None, dry_run: bool
) -> tuple[str, str]:
    """What was done, and why it was not."""
    if row is None:
        result = "created"
        content = {**entry.definition, "name": entry.name, "project": project, **entry.rest()}
        answer = None if dry_run else client.post("/monitors", json=content)
    else:
        change = _difference(entry, row)
        if not change:
            return "unchanged", ""
        # Whether a secret differs nobody can tell: it is written, and said to be nothing more than that.
        result = "updated" if change.keys() - {"webhook"} or _differs(entry, row["webhook"]) else "secrets written"
        answer = None if dry_run else client.patch(f"/monitors/{row['id']}", json=change)
    if answer is None:
        # Asking the past tries the definition and its query, and keeps nothing.
        answer = client.post("/monitors/preview", json={"definition": entry.definition, "project": project})
    problem = problem_of(answer)
    return (result, "") if problem is None else ("failed", " ".join(filter(None, problem)))


def _difference(entry: Entry, row: dict[str, Any]) -> dict[str, Any]:
    """What a monitor has to become; empty where it is so. What a file leaves out of it stays."""
    change: dict[str, Any] = {}
    if _whole(entry.definition) != row["definition"]:
        change["definition"] = entry.definition
    if entry.enabled is not None and entry.enabled != row["enabled"]:
        change["enabled"] = entry.enabled
    if entry.says_webhook and (_differs(entry, row["webhook"]) or entry.has_secrets):
        change["webhook"] = entry.webhook
    return change


def _differs(entry: Entry, shown: dict[str, Any] | None) -> bool:
    hook = entry.webhook
    if hook is None or shown is None:
        return entry.says_webhook and (hook is None) != (shown is None)
    headers = sorted(hook["headers"]) if "headers" in hook else shown["headers"]
    signed = bool(hook["secret"]) if "secret" in hook else shown["signed"]
    return (hook["url"], headers, signed) != (shown["url"], shown["headers"], shown["signed"])


def _whole(definition: dict[str, Any]) -> dict[str, Any] | None:
    """With every default in it, as the server keeps it; `None` for what only the server can say is wrong."""
    # Here, because other commands should not wait for the definition's checks to load.
    from tapetum_server.analysis.monitor_definition import MonitorDefinition

    try:
        return MonitorDefinition.model_validate(definition).model_dump(mode="json")
    except ValidationError:
        return None


def export(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]…", help="Only these; all if left out.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Print monitors as JSON that `apply` takes. What is secret of their webhooks is left out."""
    with server(url, key) as client:
        rows = [find(client, project, name) for name in names] if names else all_monitors(client, project)
    text = json.dumps({"monitors": [_exported(row) for row in rows]}, indent=2, ensure_ascii=False) + "\n"
    if output is None:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
    else:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            fail(f"{output} cannot be written: {error.strerror}.", None)
    secret = [row["name"] for row in rows if row["webhook"] and (row["webhook"]["headers"] or row["webhook"]["signed"])]
    if secret:
        errors.print(
            plain(f"Secrets and headers are not exported; apply leaves those of {', '.join(secret)} as they are."),
            style="dim", highlight=False, markup=False,
        )  # fmt: skip
    if any(_hidden(row["webhook"]) for row in rows):
        errors.print("Webhooks are left out: their addresses are shown to admins alone.", style="yellow")


def _exported(row: dict[str, Any]) -> dict[str, Any]:
    from tapetum_server.analysis.monitor_definition import MonitorDefinition

    try:
        definition = MonitorDefinition.model_validate(row["definition"]).model_dump(mode="json", exclude_defaults=True)
    except ValidationError:
        # Of a newer server: its own words are as good.
        definition = row["definition"]
    hook = row["webhook"]
    return {
        "name": row["name"],
        **definition,
        **({} if row["enabled"] else {"enabled": False}),
        **({"webhook": {"url": hook["url"]}} if hook and not _hidden(hook) else {}),
    }


def _hidden(webhook: dict[str, Any] | None) -> bool:
    return webhook is not None and webhook["url"].endswith("/…")
