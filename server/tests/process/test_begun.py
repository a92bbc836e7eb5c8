"""The directories that most servers of these tests begin with are what a first start makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from process import begun
from process.conftest import StartServer
from process.servers import RunningServer


def test_a_begun_directory_is_what_a_first_start_makes(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise what is tested on these is not what users have."""
    monkeypatch.setattr(begun, "_asked", [1])
    copied = start_server(tmp_path / "copied")
    first = start_server(tmp_path / "first", first_start=True)
    for path in ("/api/v1/sql/schema", "/api/v1/ingest?from=all"):
        assert copied.client.get(path).json() == first.client.get(path).json()
    assert copied.stop() == first.stop() == 0

    assert contents(copied.data) == contents(first.data)
    assert str(copied.data) in (copied.data / "store" / "engine.xml").read_text()


def test_begun_directories_share_nothing_that_tells_servers_apart(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(begun, "_asked", [1])
    one, other = start_server(tmp_path / "one"), start_server(tmp_path / "other")
    assert (one.data / "redaction.key").read_bytes() != (other.data / "redaction.key").read_bytes()
    assert (one.data / "owner.lock").read_text() != (other.data / "owner.lock").read_text()
    assert made(one) != made(other)


def made(server: RunningServer) -> str:
    """When the first project was made."""
    (project,) = server.client.get("/api/v1/projects").json()["projects"]
    return str(project["created_at"])


def contents(data: Path) -> dict[str, int]:
    """Files of the directory and definitions of tables and views, with who may read what people are to be kept from."""
    beside = {str(path.relative_to(data)): path.stat().st_mode for path in data.iterdir()}
    inside = {path.name: 0 for path in (data / "store" / "clickhouse" / "store").rglob("*.sql")}
    return beside | inside | {"": data.stat().st_mode, "store": (data / "store").stat().st_mode}
