"""`tapetum import langfuse|phoenix|mlflow`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, Protocol

import httpx
import typer
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from tapetum_server.cli.asking import DEFAULT_URL, Url, errors, say
from tapetum_server.cli.completing import projects
from tapetum_server.cli.moving.doors import Doors
from tapetum_server.cli.moving.found import Item, Row, Skipped
from tapetum_server.cli.moving.index import Index
from tapetum_server.cli.moving.langfuse import Langfuse
from tapetum_server.cli.moving.mlflow import Mlflow
from tapetum_server.cli.moving.phoenix import Phoenix
from tapetum_server.cli.moving.registry import keep_prompts
from tapetum_server.cli.moving.rows import rows_of

Paths = Annotated[
    list[Path], typer.Argument(help="Files or directories: JSON lines, JSON, CSV, Parquet; also gzipped.")
]
Service = Annotated[
    str | None, typer.Option("--service", help="The service of spans that name none.", show_default="the tool's name")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only read and say what would be imported.")]
IntoProject = Annotated[str | None, typer.Option("--project", help="Project to import into.", autocompletion=projects)]
SendKey = Annotated[
    str | None, typer.Option("--key", envvar="TAPETUM_KEY", help="A key with the ingest scope; for prompts with admin.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


class Converter(Protocol):
    """Turns records of one tool into items. `note` sees every record once before `items` does."""

    title: str

    def note(self, row: Row) -> None:
        """Remember what other records will need of this one."""

    def items(self, row: Row) -> Iterator[Item]:
        """What the record holds; what it does not, as `Skipped`."""


def langfuse(
    paths: Paths, service: Service = None, dry_run: DryRun = False, project: IntoProject = None,
    url: Url = DEFAULT_URL, key: SendKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Import traces, observations, scores and prompts exported from Langfuse."""
    _import(Langfuse, paths, service or "langfuse", dry_run, project, url, key, as_json)


def phoenix(
    paths: Paths, service: Service = None, dry_run: DryRun = False, project: IntoProject = None,
    url: Url = DEFAULT_URL, key: SendKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Import spans, annotations and prompts exported from Phoenix."""
    _import(Phoenix, paths, service or "phoenix", dry_run, project, url, key, as_json)


def mlflow(
    paths: Paths, service: Service = None, dry_run: DryRun = False, project: IntoProject = None,
    url: Url = DEFAULT_URL, key: SendKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Import traces with their assessments and prompts exported from MLflow."""
    _import(Mlflow, paths, service or "mlflow", dry_run, project, url, key, as_json)


def _import(
    converter_of: Callable[[Index, str], Converter], paths: list[Path], service: str, dry_run: bool,
    project: str | None, url: str, key: str | None, as_json: bool,
) -> None:  # fmt: skip
    files = _files(paths)
    headers = {"authorization": f"Bearer {key}"} if key else {}
    if project:
        headers["x-tapetum-project"] = project
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with (
        closing(Index()) as index,
        httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=120) as client,
        Progress(*columns, console=errors, disable=as_json or not errors.is_terminal, transient=True) as progress,
    ):
        converter = converter_of(index, service)
        doors = Doors(None if dry_run else client, index, converter.title, _nothing if as_json else say)
        task = progress.add_task("reading", total=2 * sum(file.stat().st_size for file in files) or 1)
        for row in _rows(files, progress, task):
            if isinstance(row, Row):
                converter.note(row)
        progress.update(task, description="importing")
        for row in _rows(files, progress, task):
            if isinstance(row, Skipped):
                doors.skipped(row)
            else:
                for item in converter.items(row):
                    doors.take(item)
        doors.flush()
        keep_prompts(doors, index, None if dry_run else client, project)
    _conclude(doors, dry_run=dry_run, as_json=as_json)


def _files(paths: list[Path]) -> list[Path]:
    if missing := [str(path) for path in paths if not path.exists()]:
        say(f"There is no {missing[0]}.", "red")
        raise typer.Exit(2)
    return sorted(file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())


def _rows(files: list[Path], progress: Progress, task: TaskID) -> Iterator[Row | Skipped]:
    for file in files:
        begun = progress.tasks[task].completed

        def reached(position: int, begun: float = begun) -> None:
            progress.update(task, completed=begun + position)

        yield from rows_of(file, reached)
        reached(file.stat().st_size)


def _conclude(doors: Doors, *, dry_run: bool, as_json: bool) -> None:
    totals: dict[str, Any] = doors.totals
    if as_json:
        print(json.dumps(totals | {"dry_run": dry_run, "why": doors.why}))
    else:
        was = "would be imported" if dry_run else "imported"
        there = f" ({totals['already_there']} more were there)" if totals["already_there"] else ""
        say(
            f"{totals['spans']} spans of {totals['traces']} traces, {totals['evaluations']} evaluations and "
            f"{totals['prompt_versions']} versions of prompts{there} {was}; {totals['refused']} refused, "
            f"{totals['skipped']} skipped."
        )
    if totals["refused"] or not any(
        totals[what] for what in ("spans", "evaluations", "prompt_versions", "already_there")
    ):
        raise typer.Exit(1)


def _nothing(text: str, style: str = "") -> None:
    """A program reads the result."""
