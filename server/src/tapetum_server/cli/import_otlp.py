"""`tapetum import otlp`: files of OTLP export requests, sent through the same door as live telemetry."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated

import httpx
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from tapetum_server.cli.asking import DEFAULT_URL, Url, errors, say
from tapetum_server.cli.completing import projects
from tapetum_server.cli.patience import Patience
from tapetum_server.moving.inflating import opened

_SIGNALS = ("traces", "logs", "metrics")
_JSON_KEYS = {"resourceSpans": "traces", "resourceLogs": "logs", "resourceMetrics": "metrics"}


def import_otlp(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Files or directories: *.traces.pb, *.logs.json, *.metrics.pb.gz, the Collector's *.jsonl."
        ),
    ],
    signal: Annotated[
        str | None,
        typer.Option("--signal", help="traces, logs or metrics, where a file's name and content do not say."),
    ] = None,
    project: Annotated[
        str | None, typer.Option("--project", help="Project to import into.", autocompletion=projects)
    ] = None,
    url: Url = DEFAULT_URL,
    key: Annotated[str | None, typer.Option("--key", envvar="TAPETUM_KEY", help="A key with the ingest scope.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Import files of OTLP requests (protobuf, JSON, JSON lines; also gzipped)."""
    files = sorted(f for p in paths for f in (p.rglob("*") if p.is_dir() else [p]) if f.is_file())
    missing = [str(p) for p in paths if not p.exists()]
    if missing:
        say(f"There is no {missing[0]}.", "red")
        raise typer.Exit(2)
    if signal is not None and signal not in _SIGNALS:
        say(f"--signal {signal}: expected {', '.join(_SIGNALS)}.", "red")
        raise typer.Exit(2)
    headers = {"authorization": f"Bearer {key}"} if key else {}
    if project:
        headers["x-tapetum-project"] = project
    columns = (TextColumn("importing"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with (
        httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=120) as client,
        Progress(*columns, console=errors, disable=as_json or not errors.is_terminal, transient=True) as progress,
    ):
        task = progress.add_task("", total=sum(f.stat().st_size for f in files))
        done = 0
        importer = _Importer(client, signal)
        for file in files:
            for position in importer.steps(file):
                progress.update(task, completed=done + position)
            done += file.stat().st_size
            progress.update(task, completed=done)
    totals = importer.totals
    if as_json:
        print(json.dumps(totals))
    else:
        say(
            f"{totals['requests']} requests from {totals['files']} files imported, {totals['failed']} refused, "
            f"{totals['partly_refused']} taken in part, {totals['skipped']} files skipped."
        )
    if totals["failed"]:
        raise typer.Exit(1)


class _Importer:
    """Sends the requests in files, and counts what became of them."""

    def __init__(self, client: httpx.Client, signal: str | None) -> None:
        self._client = client
        self._signal = signal
        self._patience = Patience(str(client.base_url))
        self.totals = {"files": 0, "requests": 0, "failed": 0, "skipped": 0, "partly_refused": 0}

    def steps(self, file: Path) -> Iterator[int]:
        """Send what `file` holds; after each request, how far it is read in bytes."""
        known, unknown = 0, 0
        try:
            with opened(file) as (content, raw):
                for body, is_json in _requests(content):
                    which = self._signal or _signal_of(file.name, body if is_json else b"")
                    if which is None:
                        unknown += 1
                    else:
                        known += 1
                        self._send(file, which, body, is_json)
                    yield raw.tell()
        except (OSError, EOFError, zlib.error) as error:
            self.totals["failed"] += 1
            say(f"{file}: cannot be read: {error}", "red")
            return
        self.totals["files" if known else "skipped"] += 1
        if not known:
            say(f"{file}: cannot tell which signal it holds; name it with --signal.", "yellow")
        elif unknown:
            self.totals["failed"] += unknown
            say(f"{file}: of {unknown} lines it is not clear which signal they hold.", "red")

    def _send(self, file: Path, signal: str, body: bytes, is_json: bool) -> None:
        kind = "application/json" if is_json else "application/x-protobuf"

        def request() -> httpx.Response:
            return self._client.post(f"/v1/{signal}", content=body, headers={"content-type": kind, "accept": kind})

        answer = self._patience.ask(request, _reason)
        self.totals["requests"] += 1
        if answer is None or answer.status_code != 200:
            self.totals["failed"] += 1
            if answer is not None:
                say(f"{file}: {answer.status_code} {_reason(answer)}", "red")
        elif answer.content and answer.content != b"{}":
            self.totals["partly_refused"] += 1
            say(f"{file}: {_reason(answer)}", "yellow")


def _requests(content: IO[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Request bodies, and whether they are JSON: a whole file, or each line of JSON lines, one at a time."""
    first = b""
    for line in content:
        first += line
        if line.strip():
            break
    # Protobuf starts with a line feed and a length, and a length of 123 is a "{".
    is_json = first[:1] == b"{" or (first.lstrip()[:1] == b"{" and b'"resource' in first[:4096])
    if is_json and _is_json(first):
        yield first, True
        for line in content:
            if line.strip():
                yield line, True
        return
    body = first + content.read()
    if is_json and not _is_json(body):  # JSON lines of which the first is broken costs no other
        yield from ((line, True) for line in body.splitlines() if line.strip())
    else:
        yield body, is_json


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _signal_of(name: str, body: bytes) -> str | None:
    for key, which in _JSON_KEYS.items():
        if f'"{key}"'.encode() in body[:4096]:
            return which
    found = [s for s in _SIGNALS if re.search(rf"(^|[^a-z]){s}([^a-z]|$)", name.lower())]
    return found[0] if len(found) == 1 else None


def _reason(answer: httpx.Response) -> str:
    if answer.headers.get("content-type", "").startswith("application/json"):
        return str(answer.json())
    return "".join(c if c.isprintable() else " " for c in answer.content.decode("utf-8", "replace")).strip()[:300]
