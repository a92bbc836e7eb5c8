"""Today's server on a data directory of the first version, with something in every table: all of it answers."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from process.conftest import StartServer
from process.otlp import request
from process.servers import environment, tapetum

MAKE_OLD = """
import sys
from pathlib import Path
import pytest
from sqlalchemy import inspect, text
from catalog.test_migrations import REVISIONS, ROWS
from store.test_migrations import VERSIONS, fill, migrate_to
from tapetum_server.catalog.database import Database, url_of
from tapetum_server.store.embedded import EmbeddedEngine

data = Path(sys.argv[1])
data.mkdir(mode=0o700)
engine = EmbeddedEngine(data / "store")
with pytest.MonkeyPatch.context() as then:
    migrate_to(engine, VERSIONS[0], then)
fill(engine)
engine.close()
catalog = Database(url_of(data))
catalog.migrate("0.1.0", to=REVISIONS[0])
with catalog.writing() as connection:
    project, key = ROWS["projects"], {**ROWS["keys"], "sha256": bytes.fromhex(sys.argv[2]), "prefix": sys.argv[3]}
    for table, row in (("projects", project), ("keys", key)):
        there = {column["name"] for column in inspect(connection).get_columns(table)}
        columns = {
            name: value.isoformat(sep=" ") if hasattr(value, "isoformat") else value
            for name, value in row.items() if name in there
        }
        connection.execute(text(f"INSERT INTO {table} ({', '.join(columns)}) VALUES (:{', :'.join(columns)})"), columns)
catalog.close()
"""


def old_directory(data: Path, tmp_path: Path) -> str:
    """A data directory as the first version left it; a key of it, which was made then."""
    made = tapetum("keys", "create", "--name", "collector", "--scope", "ingest", "--scope", "read", "--project", "old",
                   "--data", tmp_path / "elsewhere")  # fmt: skip
    assert made.returncode == 0, made.stderr
    key = made.stdout.strip()
    with closing(sqlite3.connect(tmp_path / "elsewhere" / "catalog.sqlite")) as catalog:
        sha256, prefix = catalog.execute("SELECT sha256, prefix FROM keys").fetchone()
    subprocess.run(
        [sys.executable, "-c", MAKE_OLD, str(data), sha256.hex(), prefix], env=environment(), check=True, timeout=120
    )
    return key


@pytest.mark.covers("upgrade")
@pytest.mark.wide
def test_a_directory_of_the_first_version_opens_with_all_that_is_in_it(
    start_server: StartServer, tmp_path: Path
) -> None:
    """Over HTTP, as its users would look: pages' routes, SQL, keys, retention; then it takes more, and starts again."""
    data = tmp_path / "data"
    key = old_directory(data, tmp_path)
    server = start_server(data)
    client = server.client
    (project,) = [p for p in client.get("/api/v1/projects").json()["projects"] if p["name"] == "old"]
    kept = {"traces": 90, "logs": 7, "metrics": 400, "predictions": 90, "labels": 90}
    assert project["retention"] == kept
    assert project["created_at"].startswith("2026-01-02T03:04:05")

    where = {"project": "old", "from": "all"}
    (trace,) = client.get("/api/v1/traces", params=where).json()["rows"]
    assert (trace["root_name"], trace["service"], trace["status"]) == ("order", "shop", "ok")
    (span,) = client.get("/api/v1/spans", params={**where, "q": "http.route:/buy"}).json()["rows"]
    whole = client.get(f"/api/v1/traces/{trace['trace_id']}/spans/{span['span_id']}", params=where).json()
    assert [(a["key"], a["value"]) for a in whole["attributes"]] == [("http.route", "/buy")]
    (log,) = client.get("/api/v1/logs", params=where).json()["rows"]
    assert log["body"] == "sold"
    (metric,) = client.get("/api/v1/metrics/catalog", params=where).json()["metrics"]
    assert metric["name"] == "orders"
    (sender,) = client.get("/api/v1/ingest", params=where).json()["senders"]
    assert (sender["sender"], sender["accepted"]) == ("shop", 7)
    assert server.rows("SELECT input, output FROM spans WHERE project = 'old'") == [("question", "answer")]
    for empty in ("changes", "alerts"):
        assert server.rows(f"SELECT count() FROM {empty}") == [(0,)]
    assert client.get("/api/v1/dashboards", params=where).status_code == 200
    assert client.get("/api/v1/export/spans", params={**where, "format": "ndjson"}).text.count("\n") == 1

    mine = {"authorization": f"Bearer {key}"}
    assert client.get("/api/v1/info", headers=mine).json()["identity"]["name"] == "collector"
    assert (
        server.send("logs", request("logs", ["00000000000000ac"]).SerializeToString(), headers=mine).status_code == 200
    )
    assert server.stop() == 0

    again = start_server(data)
    assert sorted(again.rows("SELECT body FROM logs WHERE project = 'old'")) == [("00000000000000ac",), ("sold",)]
    done = tapetum("backup", "--url", again.url, "--json")
    assert done.returncode == 0, done.stderr


@pytest.mark.covers("upgrade", "backup")
@pytest.mark.wide
def test_an_old_directory_is_backed_up_as_it_is_before_an_upgrade(start_server: StartServer, tmp_path: Path) -> None:
    """By the new program, without a server: what it holds is of the old schema still, and restores with all in it."""
    data = tmp_path / "data"
    old_directory(data, tmp_path)
    done = tapetum("backup", "--data", data, "-o", tmp_path / "old.tar")
    assert done.returncode == 0, done.stderr
    restored = tapetum("restore", tmp_path / "old.tar", "--data", tmp_path / "new")
    assert restored.returncode == 0, restored.stderr
    server = start_server(tmp_path / "new")
    assert server.rows("SELECT name, input FROM spans") == [("order", "question")]
    assert "old" in server.client.get("/api/v1/info").json()["projects"]
