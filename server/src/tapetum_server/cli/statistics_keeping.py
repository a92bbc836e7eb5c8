"""Sending feature statistics of data sets to a server: what `tapetum stats` and `tapetum import tfdv` share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import orjson
import typer

from tapetum_server.cli.asking import fail, problem_of, server
from tapetum_server.cli.completing import projects
from tapetum_server.cli.patience import Patience
from tapetum_server.signals.feature_statistics import DatasetStatistics
from tapetum_server.signals.feature_statistics_record import records_of

IntoProject = Annotated[
    str | None, typer.Option("--project", help="The project to write to.", autocompletion=projects)
]  # fmt: skip
SendKey = Annotated[str | None, typer.Option("--key", envvar="TAPETUM_KEY", help="A key with the ingest scope.")]
_MOST_BYTES = 3 << 20
"""Of one request; the door takes 4 MiB."""
_MOST_RECORDS = 5_000


def keep_statistics(
    named: Iterable[tuple[str, DatasetStatistics]], *, project: str | None, url: str, key: str | None
) -> int:
    """Send the statistics of data sets by their names; how many were kept. Says what the server refuses, and leaves."""
    headers = {"content-type": "application/json", **({"x-tapetum-project": project} if project else {})}
    kept = 0
    with server(url, key) as client:
        door = f"{url.rstrip('/')}/v1/feature_statistics"
        patience = Patience(url)
        for body in _bodies(named):

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


def _bodies(named: Iterable[tuple[str, DatasetStatistics]]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    for name, dataset in named:
        for position, record in enumerate(records_of(dataset)):
            line = orjson.dumps({"dataset": name, "position": position, **record})
            if waiting and (size + len(line) > _MOST_BYTES or len(waiting) >= _MOST_RECORDS):
                yield b"[" + b",".join(waiting) + b"]"
                waiting, size = [], 0
            waiting.append(line)
            size += len(line) + 1
    if waiting:
        yield b"[" + b",".join(waiting) + b"]"
