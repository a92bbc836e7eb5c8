"""What is in the way of a start is said in one clear sentence, exit code 1, and nothing is touched."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from process.conftest import StartServer
from process.servers import RunningServer, environment, tapetum


def refused(*options: str | Path, env: dict[str, str] | None = None) -> str:
    """Start a server that must not start; what it says."""
    done = tapetum("serve", "--json", *options, env=env)
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert "tapetum cannot start." in done.stderr
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def contents(directory: Path, *parts: str) -> dict[str, str]:
    """Every file below `directory` that holds data, with a hash of it. What says who owns it is no data."""
    found = {}
    for path in sorted(directory.rglob("*")):
        name = str(path.relative_to(directory))
        if path.is_file() and name.startswith(parts) and not name.endswith(("-shm", "-wal")):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


@pytest.mark.parametrize("which", ["--port", "--grpc-port"])
@pytest.mark.covers("bad-port-taken")
def test_a_port_that_is_taken_is_named_with_the_option_that_chooses_another(which: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        other = {"--port": "0", "--grpc-port": "0"} | {which: str(port)}
        said = refused("--data", tmp_path / "data", *(part for pair in other.items() for part in pair))
    assert f"Port {port} on 127.0.0.1 is taken by another process" in said
    assert f"choose another with {which}" in said


def test_a_taken_grpc_port_is_found_before_anything_is_written(tmp_path: Path) -> None:
    """A start that cannot succeed makes no directory and migrates nothing."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused("--data", tmp_path / "data", "--port", "0", "--grpc-port", str(taken.getsockname()[1]))
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("cert", "expected"),
    [(None, "The file of --tls-cert, "), ("no certificate", "TLS cannot start with ")],
)
def test_a_certificate_that_is_none_is_named_before_anything_is_written(
    tmp_path: Path, cert: str | None, expected: str
) -> None:
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    for file in files:
        if cert is not None:
            file.write_text(cert)
    options = ("--port", "0", "--grpc-port", "0", "--data", tmp_path / "data")
    assert expected in refused(*options, "--tls-cert", files[0], "--tls-key", files[1])
    assert not (tmp_path / "data").exists()


@pytest.mark.covers("bad-second-process")
def test_a_second_process_on_the_same_data_names_the_first(shared_server: RunningServer) -> None:
    said = refused("--port", "0", "--grpc-port", "0", "--data", shared_server.data)
    assert f"belongs to process {shared_server.pid} on {socket.gethostname()}" in said
    assert "--data" in said
    assert json.loads((shared_server.data / "owner.lock").read_text())["pid"] == shared_server.pid
    assert shared_server.ready().status_code == 200


def test_the_data_of_a_process_that_was_killed_belongs_to_nobody(start_server: StartServer, tmp_path: Path) -> None:
    """The lock is the kernel's: a file that a dead process left locks nobody out."""
    (tmp_path / "owner.lock").write_text(json.dumps({"pid": 1, "host": "elsewhere"}))
    server = start_server(tmp_path)
    assert json.loads((tmp_path / "owner.lock").read_text())["pid"] == server.pid
    assert server.stop() == 0


MAKE_NEWER = """
import sys
from pathlib import Path
from tapetum_server.store.embedded import EmbeddedEngine
engine = EmbeddedEngine(Path(sys.argv[1]) / "store")
engine.command("INSERT INTO schema_migrations (name) VALUES ('9999_from_the_future')")
engine.close()
"""


@pytest.mark.covers("bad-newer-data")
def test_data_of_a_newer_version_is_left_alone(start_server: StartServer, tmp_path: Path) -> None:
    """First a newer catalog, then a newer store: each is named with what to do."""
    server = start_server(tmp_path)
    assert server.stop() == 0
    options = ("--port", "0", "--grpc-port", "0", "--data", tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as catalog, catalog:
        (known,) = catalog.execute("SELECT version_num FROM alembic_version").fetchone()
        catalog.execute("UPDATE alembic_version SET version_num = '9999_from_the_future'")
    before = contents(tmp_path, "catalog.sqlite", "store")
    said = refused(*options)
    assert "9999_from_the_future" in said
    assert known in said
    assert "newer version" in said
    assert contents(tmp_path, "catalog.sqlite", "store") == before

    with contextlib.closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as catalog, catalog:
        catalog.execute("UPDATE alembic_version SET version_num = ?", (known,))
    subprocess.run([sys.executable, "-c", MAKE_NEWER, str(tmp_path)], env=environment(), check=True, timeout=120)
    views = "store/clickhouse/metadata"
    before = contents(tmp_path, views)
    assert before
    said = refused(*options)
    assert "written by a newer tapetum (migration 9999_from_the_future" in said
    assert "Upgrade tapetum" in said
    assert contents(tmp_path, views) == before


@pytest.mark.covers("bind-needs-key")
@pytest.mark.parametrize(
    ("options", "env", "expected"),
    [
        (["--port", "70000"], {}, "port is 70000; expected a port number"),
        (["--tls-cert", "cert.pem"], {}, "tls_cert and tls_key belong together"),
        (["--port", "4999", "--grpc-port", "4999"], {}, "port and grpc_port are both 4999"),
        (["--max-body-mib", "0"], {}, "max_body_mib is 0; expected at least 1"),
        (["--memory-gb", "0.1"], {}, "memory_gb is 0.1; the engine needs at least 0.5"),
        (["--disk-full-percent", "0"], {}, "disk_full_percent is 0.0; expected 1 to 100"),
        ([], {"TAPETUM_DISK_FULL_PERCENT": "lots"}, "TAPETUM_DISK_FULL_PERCENT is 'lots'; expected a number"),
        ([], {"TAPETUM_REQUIRE_KEYS": "perhaps"}, "expected true or false"),
        (["--host", "0.0.0.0"], {}, "without a key"),
        (["--config", "nowhere.toml"], {}, "nowhere.toml cannot be read"),
    ],
)
def test_a_setting_that_is_wrong_is_named(
    tmp_path: Path, options: list[str], env: dict[str, str], expected: str
) -> None:
    ports = [part for which in ("--port", "--grpc-port") if which not in options for part in (which, "0")]
    assert expected in refused("--data", tmp_path / "data", *ports, *options, env=env)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    assert "cannot be used: Permission denied" in refused("--port", "0", "--data", tmp_path / "closed" / "data")


def test_a_data_directory_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    assert "cannot be used" in refused("--port", "0", "--grpc-port", "0", "--data", tmp_path / "file")
    assert (tmp_path / "file").read_text() == "not a directory"
