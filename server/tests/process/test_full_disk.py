"""A disk without room: ingest says "later", nothing acknowledged is lost, and it goes on when there is room."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from process.conftest import StartServer
from process.otlp import ID_QUERY, channel, export, new_ids, request
from process.servers import RunningServer, eventually

ENTER = ["unshare", "--user", "--map-root-user", "--mount"]


@pytest.mark.usefixtures("one_percent_in_use")
@pytest.mark.covers("disk-guard", "http-429-503-retry-after", "grpc-retry-info")
def test_the_guard_pauses_ingest_before_the_disk_is_full_and_says_so(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(tmp_path / "data", "--disk-full-percent", "1")
    body = request("logs", ["00000000000000c1"]).SerializeToString()

    answer = server.send("logs", body)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "ingest pauses at 1 %" in Status.FromString(answer.content).message
    ready = server.ready()
    assert ready.status_code == 503
    assert "the disk is" in ready.json()["reason"]
    assert server.client.get("/healthz").status_code == 200
    with channel(server.grpc) as opened, pytest.raises(grpc.RpcError) as refused:
        export(opened, "logs", body)
    assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
    details = dict(refused.value.trailing_metadata())["grpc-status-details-bin"]
    info = RetryInfo()
    assert Status.FromString(details).details[0].Unpack(info)
    assert info.retry_delay.seconds > 0
    assert eventually(lambda: server.counts()["default", "logs", "refused", "disk_full"] == 2, "both are counted")
    assert server.rows("SELECT count() FROM logs") == [(0,)]
    assert server.stop() == 0


@pytest.mark.usefixtures("one_percent_in_use")
@pytest.mark.covers("disk-guard")
def test_the_guard_watches_the_disk_of_a_clickhouse_server_where_the_store_is_there(
    start_server: StartServer, clickhouse_server: str, tmp_path: Path
) -> None:
    store = f"{clickhouse_server}/test_{os.getpid()}_disk"
    server = start_server(tmp_path / "data", "--store", store, "--disk-full-percent", "1")
    answer = server.send("logs", request("logs", ["00000000000000c2"]).SerializeToString())
    assert answer.status_code == 503
    assert Status.FromString(answer.content).message.startswith("The ClickHouse server's disk is ")
    assert server.ready().json()["reason"].endswith("ingest pauses at 1 %")
    assert server.stop() == 0


@dataclass
class SmallDisk:
    """A small filesystem in a mount namespace of its own, gone with the process that holds it."""

    holder: int
    mounted_at: Path

    @property
    def prefix(self) -> list[str]:
        """What starts a command inside."""
        return ["nsenter", "--target", str(self.holder), "--user", "--preserve-credentials", "--mount"]

    def fill(self, leaving: int) -> None:
        """Take all room but `leaving` bytes."""
        self._run(f"cat /dev/zero >> ballast 2> /dev/null; truncate --size=-{leaving} ballast")

    def free(self) -> None:
        """Give the room back."""
        self._run("rm ballast")

    def _run(self, script: str) -> None:
        command = [*self.prefix, "sh", "-c", f"cd '{self.mounted_at}' && {script}"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """64 MiB of memory as a disk."""
    if sys.platform != "linux" or shutil.which("unshare") is None or shutil.which("nsenter") is None:
        pytest.skip("a small disk needs Linux with unshare and nsenter")
    mounted_at = tmp_path / "disk"
    mounted_at.mkdir()
    script = f"mount -t tmpfs -o size=64m,mode=700 none '{mounted_at}' && echo mounted && exec sleep 600"
    holder = subprocess.Popen([*ENTER, "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stderr is not None
    try:
        if holder.stdout.readline() != "mounted\n":
            pytest.skip(f"this machine lets nobody mount a small disk: {holder.stderr.read().strip()}")
        yield SmallDisk(holder.pid, mounted_at)
    finally:
        holder.kill()
        holder.wait(30)
        holder.stdout.close()
        holder.stderr.close()


@pytest.mark.covers("bad-full-disk")
@pytest.mark.wide
def test_a_full_disk_answers_retry_loses_nothing_acknowledged_and_recovers(
    start_server: StartServer, small_disk: SmallDisk
) -> None:
    """The guard is set aside, so that the engine itself meets the end of the disk."""
    chance = random.Random(3)
    acknowledged: set[str] = set()

    def send(server: RunningServer) -> int:
        ids = new_ids(chance, 200)
        answer = server.send("logs", request("logs", ids).SerializeToString())
        if answer.status_code == 200:
            acknowledged.update(ids)
        else:
            assert answer.status_code in (429, 503), answer.content
            assert int(answer.headers["retry-after"]) > 0
            assert Status.FromString(answer.content).message
        return answer.status_code

    def stored(server: RunningServer) -> list[str]:
        return [row[0] for row in server.rows(ID_QUERY["logs"])]

    env = {"TAPETUM_DISK_FULL_PERCENT": "100"}
    server = start_server(small_disk.mounted_at / "data", env=env, prefix=small_disk.prefix)
    assert send(server) == 200
    small_disk.fill(leaving=256 * 1024)
    eventually(lambda: send(server) != 200, "the full disk to be noticed", every_s=0)
    for _ in range(3):
        send(server)
    assert server.client.get("/healthz").status_code == 200
    assert acknowledged <= set(stored(server))

    small_disk.free()
    eventually(lambda: send(server) == 200, "ingest to go on when there is room")
    assert eventually(lambda: server.ready().status_code == 200, "the server to be ready again")
    found = stored(server)
    assert acknowledged <= set(found)
    assert len(found) == len(set(found))

    small_disk.fill(leaving=128 * 1024)
    eventually(lambda: send(server) != 200, "the full disk to be noticed", every_s=0)
    server.kill()
    small_disk.free()
    again = start_server(small_disk.mounted_at / "data", env=env, prefix=small_disk.prefix)
    found = stored(again)
    assert acknowledged <= set(found)
    assert len(found) == len(set(found))
    assert send(again) == 200
    assert again.stop() == 0
