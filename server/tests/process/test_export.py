"""`tapetum export`: files that other tools read, a day each, whole or not there."""

from __future__ import annotations

import csv
import io
import json
import random
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest
from process.conftest import StartServer
from process.otlp import new_ids, request
from process.servers import RunningServer, eventually, tapetum

DAY = 86_400 * 10**9


def days_ago(days: int) -> int:
    """Noon of that day, UTC."""
    return (time.time_ns() // DAY - days) * DAY + DAY // 2


@pytest.mark.covers("export-cli")
def test_a_directory_gets_a_file_a_day_and_goes_on_where_it_was_stopped(
    shared_server: RunningServer, project: str, tmp_path: Path
) -> None:
    """Three days of spans. A whole day that is there is not asked for again, today is."""
    rng = random.Random(5)
    for days in (1, 2, 3):
        body = request("traces", new_ids(rng, 10 * days), start=days_ago(days)).SerializeToString()
        assert shared_server.send("traces", body, project=project).status_code == 200
    into = tmp_path / "files"
    command = (
        "export", "spans", "-q", "kind:span", "--from", "now-4d", "--project", project, "-o", f"{into}/",
        "--url", shared_server.url,
    )  # fmt: skip
    done = tapetum(*command)
    assert done.returncode == 0, done.stderr
    files = sorted(file.name for file in into.iterdir())
    whole = [name for name in files if "-part" not in name]
    assert [pq.read_metadata(into / name).num_rows for name in whole] == [30, 20, 10]
    assert len(files) == len(whole) + 2
    assert not list(into.glob("*.part"))
    (into / whole[0]).write_bytes(b"kept as it is")
    (into / whole[1]).unlink()
    again = tapetum(*command)
    assert again.returncode == 0, again.stderr
    assert "2 days were there already" in again.stderr
    assert (into / whole[0]).read_bytes() == b"kept as it is"
    assert pq.read_metadata(into / whole[1]).num_rows == 20


@pytest.mark.covers("export-cli")
def test_one_file_and_standard_output(shared_server: RunningServer, project: str, tmp_path: Path) -> None:
    ids = new_ids(random.Random(6), 25)
    assert shared_server.send("logs", request("logs", ids).SerializeToString(), project=project).status_code == 200
    shared = ("--project", project, "--url", shared_server.url)
    done = tapetum("export", "logs", "-o", tmp_path / "logs.parquet", *shared)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "no bar, and no empty lines of one, where nobody looks"
    assert set(pq.read_table(tmp_path / "logs.parquet").column("body").to_pylist()) == set(ids)
    lines = tapetum("export", "logs", "--format", "ndjson", "-q", ids[3], *shared)
    assert [json.loads(line)["body"] for line in lines.stdout.splitlines()] == [ids[3]]
    rows = list(csv.DictReader(io.StringIO(tapetum("export", "logs", "-f", "csv", *shared).stdout)))
    assert {row["body"] for row in rows} == set(ids)
    query = tapetum(
        "export", "--query", "SELECT body FROM logs ORDER BY body LIMIT 2", "-o", tmp_path / "two.parquet", *shared
    )
    assert query.returncode == 0, query.stderr
    assert pq.read_table(tmp_path / "two.parquet").column("body").to_pylist() == sorted(ids)[:2]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["logs.parquet", "two.parquet"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "Name one of spans"),
        (("spans", "--query", "SELECT 1"), "Name one of spans"),
        (("spans", "--from", "yesterday"), "'yesterday' is not a time"),
        (("spans", "--from", "all", "-o", "files/"), "needs a first day"),
        (("spans", "-q", "duration_ms:>big"), "duration_ms"),
        (("spans", "-o", "nowhere/spans.parquet"), "No such file"),
        (("--query", "SELECT 1", "-f", "ndjson"), "writes parquet or csv"),
    ],
)
def test_what_cannot_be_exported_is_said_and_leaves_no_file(
    shared_server: RunningServer, tmp_path: Path, arguments: tuple[str, ...], expected: str
) -> None:
    done = tapetum("export", *arguments, "--url", shared_server.url, cwd=tmp_path)
    assert done.returncode == 1
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.rglob("*.*")) == []


@pytest.mark.covers("export")
@pytest.mark.wide
def test_clients_that_read_slowly_or_go_away_cost_no_place_for_good(start_server: StartServer, tmp_path: Path) -> None:
    """Four exports at once, each larger than what sockets buffer. A fifth waits its turn; nothing else does."""
    server = start_server(tmp_path / "data")
    body = request("logs", new_ids(random.Random(7), 5_000), start=time.time_ns() - 60 * 10**9)
    for record in body.resource_logs[0].scope_logs[0].log_records:
        record.body.string_value += f"{random.Random(record.body.string_value).randbytes(4_000).hex()}"
    assert server.send("logs", body.SerializeToString()).status_code == 200
    path = "/api/v1/export/logs?format=ndjson"
    with ExitStack() as slow, httpx.Client(base_url=server.url, timeout=60) as client:
        reading = []
        for _ in range(4):
            answer = slow.enter_context(client.stream("GET", path))
            assert answer.status_code == 200
            reading.append(answer.iter_raw(1_000))
            next(reading[-1])
        refused = server.client.get(path)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "unavailable")
        assert refused.headers["retry-after"]
        assert server.rows("SELECT count() FROM logs") == [(5_000,)]
        assert server.send("logs", request("logs", ["00000000000000aa"]).SerializeToString()).status_code == 200
    whole = eventually(lambda: (a := server.client.get(path)).status_code == 200 and a, "a place")
    assert len(whole.text.splitlines()) == 5_001
    running = threading.Thread(target=lambda: _ignored(server, path))
    running.start()
    assert server.stop() == 0
    running.join()


def _ignored(server: RunningServer, path: str) -> None:
    try:
        httpx.get(server.url + path, timeout=60)
    except httpx.HTTPError:
        return  # the server stopped in the middle
