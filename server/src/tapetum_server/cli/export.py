"""`tapetum export`: rows of a running server into files that other tools read."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal, get_args

import typer
from rich.progress import DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from tapetum_server.cli import sql
from tapetum_server.cli.asking import DEFAULT_URL, From, Key, Project, To, Url, check, errors, fail, server
from tapetum_server.query.errors import QueryError
from tapetum_server.query.time_range import SECOND, TimeRange, format_time, parse_range

if TYPE_CHECKING:
    import httpx

_ALL_ROWS = 100_000_000
"""Of one file: as many as the server gives."""
_DAY = 86_400 * SECOND
View = Literal[
    "spans", "traces", "logs", "metrics", "errors", "ingest", "changes", "alerts", "evaluations", "predictions",
    "labels", "findings",
]  # fmt: skip
Format = Literal["parquet", "csv", "ndjson"]


def export(
    view: Annotated[View | None, typer.Argument(help="What to export; with --query nothing.")] = None,
    filter: Annotated[
        str, typer.Option("--filter", "-q", help='Only what passes, such as: status:error service:web "refused"')
    ] = "",
    query: Annotated[str | None, typer.Option("--query", help="Export what this SELECT answers instead.")] = None,
    from_: From = "now-24h",
    to: To = "now",
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", help="A file; or a directory, for a file a day.", show_default="standard output"
        ),
    ] = None,
    format: Annotated[Format, typer.Option("--format", "-f", help="What to write.")] = "parquet",
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Export whole rows to Parquet, CSV or lines of JSON. Into a directory it goes on where it was stopped."""
    if (view is None) == (query is None):
        fail(f"Name one of {', '.join(get_args(View))}, or give --query SQL.", None)
    if format == "parquet" and output is None and sys.stdout.isatty():
        fail("Parquet is not for the terminal.", "Write it to a file: -o spans.parquet")
    into = None if output is None else Path(output)
    if query is not None:
        _query(query, format, into, project, url, key)
        return
    try:
        time_range = parse_range(from_, to, time.time_ns())
    except QueryError as error:
        fail(f"{error.message[:1].upper()}{error.message[1:]}.", error.hint)
    asked = {"q": filter or None, "format": format, "limit": _ALL_ROWS, "project": project}
    with server(url, key) as client:
        if into is None:
            _stream(client, f"/export/{view}", {**asked, **_times(time_range)}, sys.stdout.buffer, None)
        elif into.is_dir() or str(output).endswith("/"):
            _days(client, str(view), asked, time_range, into, project or "default")
        else:
            _file(client, f"/export/{view}", {**asked, **_times(time_range)}, into)


def _query(query: str, format: Format, output: Path | None, project: str | None, url: str, key: str | None) -> None:
    if format == "ndjson":
        fail("--query writes parquet or csv.", "For JSON: tapetum sql --format json")
    part = None if output is None else output.with_name(output.name + ".part")
    sql.sql(query, format, part, None, None, project, url, key)
    if part is not None and output is not None:
        part.rename(output)


def _days(
    client: httpx.Client, view: str, asked: dict[str, Any], time_range: TimeRange, into: Path, project: str
) -> None:
    """A file a day, the oldest first. A whole day that has its file is left as it is: an interrupted export goes on."""
    if time_range.start is None or time_range.end is None:
        fail("A file a day needs a first day.", "Say since when: --from now-30d, or name a file to have all in one.")
    into.mkdir(parents=True, exist_ok=True)
    written = kept = 0
    for day in range(time_range.start // _DAY, -(-time_range.end // _DAY)):
        start, end = max(day * _DAY, time_range.start), min((day + 1) * _DAY, time_range.end)
        name = f"{project}-{view}-{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day):%Y-%m-%d}"
        part_of_day = into / f"{name}-part.{asked['format']}"
        if end - start < _DAY:
            _file(client, f"/export/{view}", {**asked, **_times(TimeRange(start, end))}, part_of_day)
            written += 1
            continue
        whole = into / f"{name}.{asked['format']}"
        if whole.exists():
            kept += 1
            continue
        _file(client, f"/export/{view}", {**asked, **_times(TimeRange(start, end))}, whole)
        part_of_day.unlink(missing_ok=True)
        written += 1
    errors.print(
        f"{written} files written to {into}" + (f", {kept} days were there already." if kept else "."), highlight=False
    )


def _file(client: httpx.Client, path: str, asked: dict[str, Any], output: Path) -> None:
    """One file, which is there whole or not at all."""
    part = output.with_name(output.name + ".part")
    try:
        with part.open("wb") as file:
            _stream(client, path, asked, file, output)
        part.rename(output)
    except OSError as error:
        fail(f"{output} cannot be written: {error.strerror}.", None)
    finally:
        part.unlink(missing_ok=True)


def _stream(client: httpx.Client, path: str, asked: dict[str, Any], file: BinaryIO, output: Path | None) -> None:
    query = {name: value for name, value in asked.items() if value is not None}
    with client.stream("GET", path, params=query) as answer:
        check(answer)
        with Progress(
            TextColumn("{task.description}"), DownloadColumn(), TransferSpeedColumn(), console=errors, transient=True,
            disable=not errors.is_terminal,
        ) as progress:  # fmt: skip
            rows = int(answer.headers["x-tapetum-matching"])
            task = progress.add_task(f"{output.name if output else path}: {rows:,} rows", total=None)
            for piece in answer.iter_bytes():
                file.write(piece)
                progress.advance(task, len(piece))
        file.flush()
        if answer.headers["x-tapetum-truncated"] == "true":
            errors.print(
                f"Only the newest {_ALL_ROWS:,} of {rows:,} rows are in it: export shorter ranges.", style="yellow"
            )


def _times(time_range: TimeRange) -> dict[str, str]:
    start, end = time_range.start, time_range.end
    found = {"from": "all" if start is None else format_time(start)}
    return found if end is None else {**found, "to": format_time(end)}
