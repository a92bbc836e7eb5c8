"""Sending records that a command made to a door of the server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import orjson
import typer

from tapetum_server.cli.asking import fail, problem_of, server
from tapetum_server.cli.completing import projects
from tapetum_server.cli.patience import Patience

IntoProject = Annotated[
    str | None, typer.Option("--project", help="The project to write to.", autocompletion=projects)
]  # fmt: skip
SendKey = Annotated[str | None, typer.Option("--key", envvar="TAPETUM_KEY", help="A key with the ingest scope.")]
_MOST_BYTES = 3 << 20
"""Of one request; doors take 4 MiB."""
_MOST_RECORDS = 5_000


def send_records(
    path: str, records: Iterable[dict[str, Any]], *, project: str | None, url: str, key: str | None
) -> int:  # fmt: skip
    """Send records to the door at `path`; how many were kept. Says what the server refuses, and leaves."""
    headers = {"content-type": "application/json", **({"x-tapetum-project": project} if project else {})}
    kept = 0
    with server(url, key) as client:
        door = f"{url.rstrip('/')}{path}"
        patience = Patience(url)
        for body in _bodies(records):

            def request(body: bytes = body) -> Any:
                return client.post(door, content=body, headers=headers)

            answer = patience.ask(request, lambda answer: str(answer.text[:200]))
            if answer is None:
                raise typer.Exit(1)
            if (problem := problem_of(answer)) is not None:
                fail(*problem)
            said = answer.json()
            if said["refused"]:
                fail(f"The server refused {len(said['refused'])}: {said['refused'][0]['message']}", None)
            kept += said["accepted"]
    return kept


def _bodies(records: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    for record in records:
        line = orjson.dumps(record)
        if waiting and (size + len(line) > _MOST_BYTES or len(waiting) >= _MOST_RECORDS):
            yield b"[" + b",".join(waiting) + b"]"
            waiting, size = [], 0
        waiting.append(line)
        size += len(line) + 1
    if waiting:
        yield b"[" + b",".join(waiting) + b"]"
