"""`tapetum import otlp`: files of OTLP export requests, sent through the same door as live telemetry."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import Progress

from tapetum_server.cli.completing import projects

_SIGNALS = ("traces", "logs", "metrics")
_JSON_KEYS = {"resourceSpans": "traces", "resourceLogs": "logs", "resourceMetrics": "metrics"}
console = Console(stderr=True)


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
    url: Annotated[
        str, typer.Option("--url", envvar="TAPETUM_URL", help="The running server.")
    ] = "http://127.0.0.1:4318",
    key: Annotated[str | None, typer.Option("--key", envvar="TAPETUM_KEY", help="A key with the ingest scope.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Import files of OTLP requests (protobuf, JSON, JSON lines; also gzipped)."""
    files = sorted(f for p in paths for f in (p.rglob("*") if p.is_dir() else [p]) if f.is_file())
    missing = [str(p) for p in paths if not p.exists()]
    if missing:
        console.print(f"[red]There is no {missing[0]}.[/red]")
        raise typer.Exit(2)
    headers = {"authorization": f"Bearer {key}"} if key else {}
    if project:
        headers["x-tapetum-project"] = project
    totals = {"files": 0, "requests": 0, "failed": 0, "skipped": 0, "partly_refused": 0}
    with httpx.Client(base_url=url, headers=headers, timeout=120) as client, Progress(console=console) as progress:
        task = progress.add_task("importing", total=len(files))
        for file in files:
            _import_file(client, file, signal, totals)
            progress.advance(task)
    if as_json:
        print(json.dumps(totals))
    else:
        console.print(
            f"{totals['requests']} requests from {totals['files']} files imported, {totals['failed']} refused, "
            f"{totals['partly_refused']} taken in part, {totals['skipped']} files skipped."
        )
    if totals["failed"]:
        raise typer.Exit(1)


def _import_file(client: httpx.Client, file: Path, signal: str | None, totals: dict[str, int]) -> None:
    try:
        raw = file.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        totals["failed"] += 1
        console.print(f"[red]{file}: cannot be read: {error}[/red]")
        return
    # Protobuf starts with a line feed and a length, and a length of 123 is a "{".
    is_json = raw[:1] == b"{" or (raw.lstrip()[:1] == b"{" and b'"resource' in raw[:4096])
    bodies = list(_json_requests(raw)) if is_json else [raw]
    known = False
    for body in bodies:
        which = signal or _signal_of(file.name, body if is_json else b"")
        if which is None:
            continue
        known = True
        kind = "application/json" if is_json else "application/x-protobuf"
        try:
            answer = client.post(f"/v1/{which}", content=body, headers={"content-type": kind, "accept": kind})
        except httpx.TransportError as error:
            console.print(f"[red]{client.base_url} does not answer: {error}. Start it with: tapetum serve[/red]")
            raise typer.Exit(1) from None
        totals["requests"] += 1
        if answer.status_code != 200:
            totals["failed"] += 1
            console.print(f"[red]{file}: {answer.status_code} {_reason(answer)}[/red]")
        elif answer.content and answer.content != b"{}":
            totals["partly_refused"] += 1
            console.print(f"[yellow]{file}: {_reason(answer)}[/yellow]")
    totals["files" if known else "skipped"] += 1
    if not known:
        console.print(f"[yellow]{file}: cannot tell which signal it holds; name it with --signal.[/yellow]")


def _json_requests(raw: bytes) -> Iterator[bytes]:
    """One request for a JSON document, one per line for JSON lines."""
    try:
        json.loads(raw)
        yield raw
    except ValueError:
        yield from (line for line in raw.splitlines() if line.strip())


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
