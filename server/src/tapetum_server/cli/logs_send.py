"""`tapetum logs send`: log files or standard input, sent as records to a running server."""

from __future__ import annotations

import gzip
import json
import signal
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from tapetum_server.cli.asking import DEFAULT_URL, Url, errors, fail, plain
from tapetum_server.cli.completing import projects
from tapetum_server.cli.log_joining import Joiner
from tapetum_server.cli.log_tailing import FileTail, GzipLines, StdinTail
from tapetum_server.cli.patience import Patience

if TYPE_CHECKING:
    import httpx

_BATCH_RECORDS, _BATCH_BYTES, _BATCH_S = 500, 4 * 1024 * 1024, 1.0
_POLL_S = 0.2
_BIG_BYTES = 8 * 1024 * 1024


def send(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Log files; - is standard input.")],
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is appended, through rotation, until Ctrl-C.")
    ] = False,
    service: Annotated[
        str, typer.Option("--service", help="The service of lines that name none.", show_default="the file's name")
    ] = "",
    project: Annotated[
        str | None, typer.Option("--project", help="The project to send to.", autocompletion=projects)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    url: Url = DEFAULT_URL,
    key: Annotated[str | None, typer.Option("--key", envvar="TAPETUM_KEY", help="A key with the ingest scope.")] = None,
) -> None:
    """Send log files: lines of JSON or text, a traceback as one record."""
    import httpx

    missing = [name for name in files if name != "-" and not Path(name).is_file()]
    if missing:
        errors.print(f"There is no file {plain(missing[0])}.", style="red", markup=False)
        raise typer.Exit(2)
    headers = {"content-type": "application/x-ndjson"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    if project:
        headers["x-tapetum-project"] = project
    with _stopping() as stop, httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=120) as client:
        counted = ("lines", "records", "accepted", "refused", "truncated", "lost", "retries")
        totals = {"files": len(files), **dict.fromkeys(counted, 0)}
        door = _Door(client, totals, stop, patient=follow)
        sources = [_Source(name, service, door, totals, follow) for name in files]
        size = sum(source.size for source in sources)
        quiet = as_json or size < _BIG_BYTES
        columns = (TextColumn("sending"), BarColumn(), DownloadColumn())
        with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as progress:
            task = progress.add_task("", total=size)
            _run(sources, stop, follow, lambda: progress.update(task, completed=sum(s.sent_bytes for s in sources)))
    if as_json:
        print(json.dumps(totals))
    else:
        said = f"{totals['accepted']} of {totals['records']} records accepted from {totals['lines']} lines"
        errors.print(f"{said}, {totals['refused']} refused, {totals['lost']} not sent.")
        if totals["truncated"]:
            errors.print(f"{totals['truncated']} kept with less than was sent: see the Ingest page.", style="yellow")
    if totals["refused"] or totals["lost"] or any(source.damaged for source in sources):
        raise typer.Exit(1)


def _run(sources: list[_Source], stop: _Stop, follow: bool, moved: Any) -> None:
    if follow:
        while not stop.wanted and not all(source.ended for source in sources):
            moves = [source.step() for source in sources]
            if not any(moves):
                time.sleep(_POLL_S)
            moved()
    else:
        for source in sources:
            while not stop.wanted and not source.ended:
                source.step()
                moved()
    for source in sources:
        source.close()


class _Stop:
    """Set by Ctrl-C and SIGTERM: what was read is still sent."""

    def __init__(self) -> None:
        self.wanted = False

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if self.wanted:
            sys.exit(128 + number)
        self.wanted = True


@contextmanager
def _stopping() -> Iterator[_Stop]:
    stop = _Stop()
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Source:
    """One file or standard input: its lines, its open record and its batch."""

    def __init__(self, name: str, service: str, door: _Door, totals: dict[str, int], follow: bool) -> None:
        self._tail: FileTail | GzipLines | StdinTail
        if name == "-":
            self._tail = StdinTail()
        else:
            self._tail = GzipLines(Path(name)) if GzipLines.is_one(Path(name)) else FileTail(Path(name))
        self._name = name
        self.damaged = False
        self._service = service or ("" if name == "-" else Path(name).name.partition(".")[0])
        self._door = door
        self._totals = totals
        self._follow = follow
        self._joiner = Joiner()
        self._batch: list[bytes] = []
        self._bytes = 0
        self._last_s = time.monotonic()
        # Lines without a time get the same one when an unchanged file is sent again.
        stat = None if name == "-" else Path(name).stat()
        self.size = 0 if stat is None else stat.st_size
        grows = follow and not isinstance(self._tail, GzipLines)
        self._observed_ns = 0 if stat is None or grows else stat.st_mtime_ns
        self.ended = False

    @property
    def sent_bytes(self) -> int:
        """How far a file is read."""
        return 0 if isinstance(self._tail, StdinTail) else self._tail.position

    def step(self) -> bool:
        """Take what there is; `False` if there was nothing."""
        if isinstance(self._tail, StdinTail):
            lines = [] if self.ended else self._tail.more(_POLL_S)
            self.ended = self._tail.ended
        else:
            lines = self._lines()
            if not lines:
                if not self._follow or isinstance(self._tail, GzipLines):
                    self.ended = True
                elif (last := self._tail.moved_on()) is not None:
                    self._take(last)
                    self._keep(self._joiner.finish())
                    return True
        self._take(lines)
        if self.ended:
            self.close()
        elif time.monotonic() - self._last_s >= _BATCH_S:
            # Nobody knows whether a traceback goes on: after a second of silence it has ended.
            if not lines:
                self._keep(self._joiner.finish())
            self._flush()
        return bool(lines)

    def _lines(self) -> list[bytes]:
        assert not isinstance(self._tail, StdinTail)
        try:
            return self._tail.more()
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self.damaged = True
            errors.print(f"{plain(self._name)} is damaged, and sent up to there: {error}", style="red", markup=False)
            return []

    def close(self) -> None:
        """Send what is left."""
        self._take(self._tail.end())
        self._keep(self._joiner.finish())
        self._flush()
        self.ended = True

    def _take(self, lines: list[bytes]) -> None:
        for line in lines:
            self._totals["lines"] += 1
            now_ns = self._observed_ns + self._totals["lines"] if self._observed_ns else time.time_ns()
            self._keep(self._joiner.add(line, now_ns))

    def _keep(self, records: list[bytes]) -> None:
        for record in records:
            self._batch.append(record)
            self._bytes += len(record)
            if len(self._batch) >= _BATCH_RECORDS or self._bytes >= _BATCH_BYTES:
                self._flush()

    def _flush(self) -> None:
        self._last_s = time.monotonic()
        if self._batch:
            batch, self._batch, self._bytes = self._batch, [], 0
            self._door.send(batch, self._service)


class _Door:
    """The server, asked again where it asks for that."""

    def __init__(self, client: httpx.Client, totals: dict[str, int], stop: _Stop, patient: bool) -> None:
        self._client = client
        self._totals = totals
        self._patience = Patience(str(client.base_url), forever=patient, stopped=lambda: stop.wanted)

    def send(self, batch: list[bytes], service: str) -> None:
        """Send one batch, and count what became of it."""
        self._totals["records"] += len(batch)
        answer = self._answer(b"\n".join(batch), service)
        if answer is None:
            self._totals["lost"] += len(batch)
            return
        if answer.status_code in (401, 403, 404, 405, 415, 421):
            fail(f"{self._client.base_url} refuses: {answer.status_code} {_reason(answer)}", None)
        if answer.status_code != 200:
            self._totals["refused"] += len(batch)
            errors.print(f"{answer.status_code} {plain(_reason(answer))}", style="red", markup=False)
            return
        told = answer.json()
        self._totals["accepted"] += told["accepted"]
        self._totals["refused"] += told["refused"]
        self._totals["truncated"] += sum(told.get("truncated", {}).values())
        for error in told["errors"]:
            errors.print(plain(error["message"]), style="yellow", markup=False)

    def _answer(self, body: bytes, service: str) -> httpx.Response | None:
        def request() -> httpx.Response:
            return self._client.post("/v1/logs", params={"service": service}, content=body)

        answer = self._patience.ask(request, _reason)
        self._totals["retries"] = self._patience.retries
        return answer


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:300]
