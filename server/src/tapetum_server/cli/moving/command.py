"""`tapetum import langfuse|phoenix|mlflow`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

import httpx
import typer
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from tapetum_server.cli.asking import DEFAULT_URL, Url, errors, say
from tapetum_server.cli.completing import projects
from tapetum_server.cli.moving.doors import Doors
from tapetum_server.cli.moving.langfuse_live import langfuse_live
from tapetum_server.cli.moving.live import Live
from tapetum_server.cli.moving.mlflow_live import mlflow_live
from tapetum_server.cli.moving.phoenix_live import phoenix_live
from tapetum_server.cli.moving.registry import keep_prompts
from tapetum_server.moving.databases import Reader, database_rows, is_database
from tapetum_server.moving.found import Item, Row, Skipped
from tapetum_server.moving.index import Index
from tapetum_server.moving.langfuse import Langfuse
from tapetum_server.moving.mlflow import Mlflow
from tapetum_server.moving.mlflow_database import mlflow_rows
from tapetum_server.moving.phoenix import Phoenix
from tapetum_server.moving.phoenix_database import phoenix_rows
from tapetum_server.moving.rows import rows_of
from tapetum_server.moving.spool import Spool

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[PATH]...", help="Files or directories: JSON lines, JSON, CSV, Parquet, also gzipped; a database."
    ),
]
FromUrl = Annotated[str | None, typer.Option("--from", help="Ask the server at this URL instead of reading files.")]
FromProject = Annotated[str | None, typer.Option(help="With --from: this one alone.", show_default="all")]
Service = Annotated[
    str | None, typer.Option("--service", help="The service of spans that name none.", show_default="the tool's name")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only read and say what would be imported.")]
IntoProject = Annotated[str | None, typer.Option("--project", help="Project to import into.", autocompletion=projects)]
SendKey = Annotated[
    str | None, typer.Option("--key", envvar="TAPETUM_KEY", help="A key with the ingest scope; for prompts with admin.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


# What a field of another type than its name promises does to the code that reads it.
_MISSHAPEN = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError, OSError)


class Converter(Protocol):
    """Turns records of one tool into items. `note` sees every record once before `items` does."""

    title: str

    def note(self, row: Row) -> None:
        """Remember what other records will need of this one."""

    def items(self, row: Row) -> Iterator[Item]:
        """What the record holds; what it does not, as `Skipped`."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where one tool's records come from."""

    converter: Callable[[Index, str], Converter]
    database: Reader | None
    live: Callable[[Live], Iterable[Row | Skipped]]
    auth: tuple[str, str] | None = None
    bearer: str = ""


@dataclass(frozen=True, slots=True)
class _Target:
    """Where they go."""

    service: str
    dry_run: bool
    project: str | None
    url: str
    key: str | None
    as_json: bool


def langfuse(
    paths: Paths = None, source: FromUrl = None, service: Service = None, dry_run: DryRun = False,
    project: IntoProject = None, url: Url = DEFAULT_URL, key: SendKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Import traces, observations, scores and prompts of Langfuse.

    With --from, LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY are its keys.
    """
    target = _Target(service or "langfuse", dry_run, project, url, key, as_json)
    auth = _pair("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY")
    _import(_Source(Langfuse, None, langfuse_live, auth=auth), paths, source, target)


def phoenix(
    paths: Paths = None, source: FromUrl = None, from_project: FromProject = None, service: Service = None,
    dry_run: DryRun = False, project: IntoProject = None, url: Url = DEFAULT_URL, key: SendKey = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Import spans, annotations and prompts of Phoenix.

    With --from, PHOENIX_API_KEY is its key, where it wants one.
    """
    target = _Target(service or "phoenix", dry_run, project, url, key, as_json)
    bearer = os.environ.get("PHOENIX_API_KEY", "")
    _import(
        _Source(Phoenix, phoenix_rows, lambda server: phoenix_live(server, from_project), bearer=bearer),
        paths, source, target,
    )  # fmt: skip


def mlflow(
    paths: Paths = None, source: FromUrl = None, from_experiment: FromProject = None, service: Service = None,
    dry_run: DryRun = False, project: IntoProject = None, url: Url = DEFAULT_URL, key: SendKey = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Import traces with their assessments and prompts of MLflow.

    With --from, MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, let us in.
    """
    target = _Target(service or "mlflow", dry_run, project, url, key, as_json)
    auth = _pair("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")
    bearer = os.environ.get("MLFLOW_TRACKING_TOKEN", "")
    _import(
        _Source(Mlflow, mlflow_rows, lambda server: mlflow_live(server, from_experiment), auth=auth, bearer=bearer),
        paths, source, target,
    )  # fmt: skip


def _pair(name: str, secret: str) -> tuple[str, str] | None:
    """A name and a secret of the environment, where they do not stand in the list of processes."""
    return (os.environ[name], os.environ.get(secret, "")) if os.environ.get(name) else None


def _import(source: _Source, paths: list[Path] | None, from_url: str | None, target: _Target) -> None:
    if bool(paths) == bool(from_url):
        say("Name files or directories, or with --from the URL of a server to ask.", "red")
        raise typer.Exit(2)
    files = _files(paths or [])
    headers = {"authorization": f"Bearer {target.key}"} if target.key else {}
    if target.project:
        headers["x-tapetum-project"] = target.project
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    silent = target.as_json or not errors.is_terminal
    with ExitStack() as held:
        index = held.enter_context(closing(Index()))
        client = held.enter_context(httpx.Client(base_url=target.url.rstrip("/"), headers=headers, timeout=120))
        progress = held.enter_context(Progress(*columns, console=errors, disable=silent, transient=True))
        converter = source.converter(index, target.service)
        doors = Doors(
            None if target.dry_run else client, index, converter.title, _nothing if target.as_json else say
        )  # fmt: skip
        task = progress.add_task("reading", total=2 * sum(file.stat().st_size for file in files) or None)
        rows: Callable[[], Iterator[Row | Skipped]]
        if from_url:
            server = Live(converter.title, from_url, auth=source.auth, bearer=source.bearer)
            held.callback(server.close)
            spool = held.enter_context(closing(Spool()))
            for count in spool.fill(source.live(server)):
                progress.update(task, description=f"asked for {count:,} records")
            rows = spool.rows
        else:
            rows = _FileRows(source.database, converter.title, files, progress, task).rows
        for row in rows():
            if isinstance(row, Row):
                _note(converter, row)
        progress.update(task, description="importing")
        for row in rows():
            if isinstance(row, Skipped):
                doors.skipped(row)
            else:
                for item in _items(converter, row):
                    doors.take(item)
        doors.flush()
        keep_prompts(doors, index, None if target.dry_run else client, target.project)
    _conclude(doors, dry_run=target.dry_run, as_json=target.as_json)


def _note(converter: Converter, row: Row) -> None:
    try:
        converter.note(row)
    except _MISSHAPEN:
        return  # `items` says what is wrong with it


def _items(converter: Converter, row: Row) -> Iterator[Item]:
    """What a record holds; one that is not what its names promise costs no other."""
    try:
        yield from converter.items(row)
    except _MISSHAPEN as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else f"{type(error).__name__}: {error}"
        yield Skipped(row.place, f"is not in the form that {converter.title} exports: {why}"[:300])


def _files(paths: list[Path]) -> list[Path]:
    if missing := [str(path) for path in paths if not path.exists()]:
        say(f"There is no {missing[0]}.", "red")
        raise typer.Exit(2)
    return sorted(file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())


@dataclass(frozen=True, slots=True)
class _FileRows:
    """The records of all files, as often as they are asked for, and how far they are read."""

    reader: Reader | None
    called: str
    files: list[Path]
    progress: Progress
    task: TaskID

    def rows(self) -> Iterator[Row | Skipped]:
        """The records, from the first."""
        for file in self.files:
            begun = self.progress.tasks[self.task].completed

            def reached(position: int, begun: float = begun) -> None:
                self.progress.update(self.task, completed=begun + position)

            if not is_database(file):
                yield from rows_of(file, reached)
            elif self.reader is None:
                yield Skipped(file.name, f"a database is no export of {self.called}")
            else:
                yield from database_rows(file, self.reader)
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
    found = any(totals[what] for what in ("spans", "evaluations", "prompt_versions", "already_there"))
    if totals["refused"] or not found:
        raise typer.Exit(1)


def _nothing(text: str, style: str = "") -> None:
    """A program reads the result."""
