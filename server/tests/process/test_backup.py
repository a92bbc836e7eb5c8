"""Backups are made beside a running server, restored into an empty directory, and compared with what was there."""

from __future__ import annotations

import fcntl
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from process.conftest import StartServer
from process.otlp import ID_QUERY, SIGNALS, new_ids, request
from process.servers import TAPETUM, RunningServer, environment, eventually, tapetum

from tapetum_server.app.backups.shelf import BackupRunning, Shelf

VIEWS = ("spans", "traces", "logs", "metrics", "ingest", "changes", "alerts", "errors", "evaluations")
Kept = tuple[dict[str, Any], Path, dict[str, list[Any]], Path]
LINES = {"content-type": "application/x-ndjson"}
FAILURE = '{"time": "2026-11-01T10:00:00Z", "service": "shop", "level": "error", "msg": "no stock"}'
NOBODY = "http://127.0.0.1:9"
LONG = "the same long text that a conversation sends again and again " * 20


def filled(server: RunningServer) -> None:
    """Something in every room: telemetry of two projects, changes, a key, a dashboard, retention."""
    for project in ("default", "other"):
        for which in SIGNALS:
            ids = new_ids(random.Random(f"{project}{which}"), 30)
            assert server.send(which, request(which, ids).SerializeToString(), project=project).status_code == 200
    for turn in range(3):
        body = request("traces", new_ids(random.Random(turn), 2))
        for span in body.resource_spans[0].scope_spans[0].spans:
            span.attributes.add(key="openinference.span.kind").value.string_value = "LLM"
            span.attributes.add(key="input.value").value.string_value = LONG
            span.attributes.add(key="llm.model_name").value.string_value = "gpt"
        assert server.send("traces", body.SerializeToString()).status_code == 200
    client = server.client
    assert client.post("/v1/logs", content=FAILURE, headers=LINES).status_code == 200
    change = {"kind": "deploy", "subject": "shop", "after": "2"}
    assert client.post("/v1/changes", json=change).status_code == 200
    said = {"name": "thumb", "target_type": "session", "target_id": "s", "source": "user", "score": 1, "comment": LONG}
    assert client.post("/v1/evaluations", json=said).status_code == 200
    assert client.post("/api/v1/keys", json={"name": "ci", "scopes": ["ingest"]}).status_code == 201
    assert client.patch("/api/v1/projects/other", json={"retention": {"logs": 7}}).status_code == 200
    panel = {"id": "a", "title": "Rate", "query": {"kind": "spans", "measure": "count"}, "x": 0, "y": 0, "w": 6, "h": 8}
    board = {"schema_version": 1, "title": "Shop", "panels": [panel]}
    assert client.post("/api/v1/dashboards", json=board).status_code in (200, 201)


def telemetry(server: RunningServer) -> dict[str, list[Any]]:
    """Every row of every public view, in an order of its own."""
    return {view: sorted(map(repr, server.rows(f"SELECT * FROM {view}"))) for view in VIEWS}


def catalog(file: Path) -> dict[str, list[Any]]:
    """Every row of every table of a catalog that nobody has open."""
    with closing(sqlite3.connect(file)) as opened:
        names = [n for (n,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {name: sorted(map(repr, opened.execute(f"SELECT * FROM {name}"))) for name in names}


def made(*arguments: str | Path) -> dict[str, Any]:
    """Make a backup by the command line; what it says of it."""
    done = tapetum("backup", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def said(done: subprocess.CompletedProcess[str]) -> str:
    """What a refused command said, on one line."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A backup, the same as a tar, what the server answered when it was made, and the stopped data directory."""
    home = tmp_path_factory.mktemp("backed-up")
    with RunningServer(home / "data") as server:
        filled(server)
        query = {"kind": "sql", "query": "SELECT count() FROM spans"}
        monitor = {
            "name": "always", "query": query, "condition": {"op": ">", "limit": 0}, "window_s": 3_600, "interval_s": 1,
            "webhook": {"url": "http://127.0.0.1:9/"},
        }  # fmt: skip
        watching = server.client.post("/api/v1/monitors", json=monitor).json()["id"]
        eventually(lambda: server.rows("SELECT count() FROM alerts")[0][0], "an alert")
        # Gone, so that it writes nothing between the backup and the comparison. Its alerts stay, and that it ended.
        assert server.client.delete(f"/api/v1/monitors/{watching}").status_code == 204
        eventually(lambda: server.rows("SELECT count() FROM alerts WHERE state != 'firing'")[0][0], "its end")
        # Counts of arrival are written every few seconds, and at the end.
        eventually(lambda: server.stored_counts() == server.counts(), "the counts of all that arrived")
        row = made("--url", server.url, "-o", home / "kept.tar")
        before = telemetry(server)
        assert server.stop() == 0
    return row, home / "kept.tar", before, home / "data"


@pytest.mark.covers("backup", "restore")
@pytest.mark.parametrize("form", ["directory", "tar"])
@pytest.mark.wide
def test_a_restore_into_an_empty_directory_is_what_was_backed_up(
    kept: Kept, form: str, start_server: StartServer, tmp_path: Path
) -> None:
    """Every row of every public view, and every row of the catalog; the directory may be there and empty."""
    row, tar, before, data = kept
    target = tmp_path / "new" / "data"
    if form == "tar":
        target.mkdir(parents=True)
    done = tapetum("restore", row["path"] if form == "directory" else tar, "--data", target, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tables"]["span_rows"]["rows"] >= 66
    assert sorted(entry.name for entry in target.iterdir()) == ["catalog.sqlite", "owner.lock", "store"]
    ours, theirs = catalog(target / "catalog.sqlite"), catalog(data / "catalog.sqlite")
    assert {name: rows for name, rows in ours.items() if name != "keys"} == {
        name: rows for name, rows in theirs.items() if name != "keys"
    }
    assert len(ours["keys"]) == len(theirs["keys"]) == 1
    assert target.stat().st_mode & 0o077 == (target / "catalog.sqlite").stat().st_mode & 0o077 == 0

    server = start_server(target)
    after = telemetry(server)
    assert all(before[view] for view in VIEWS)
    assert {view: rows for view, rows in after.items() if view != "ingest"} == {
        view: rows for view, rows in before.items() if view != "ingest"
    }
    assert set(before["ingest"]) <= set(after["ingest"])
    assert any(LONG in text for text in after["spans"])
    (span,) = server.rows("SELECT count() FROM spans WHERE input = {text:String}", text=LONG)
    assert span == (6,)
    assert server.send("logs", request("logs", ["00000000000000aa"]).SerializeToString()).status_code == 200
    assert ("00000000000000aa",) in server.rows(ID_QUERY["logs"])


def seen_errors(server: RunningServer) -> dict[str, tuple[str, str]]:
    """Title of every error of the page to when it was first and last seen."""
    rows = server.client.get("/api/v1/errors", params={"from": "all"}).json()["rows"]
    return {row["title"]: (row["first_seen"][:10], row["last_seen"][:10]) for row in rows}


@pytest.mark.covers("restore")
@pytest.mark.wide
def test_errors_are_grouped_on_after_a_restore(kept: Kept, start_server: StartServer, tmp_path: Path) -> None:
    """Since when an error is known comes from the backup, and what comes after the restore counts on from there."""
    row, *_ = kept
    assert tapetum("restore", row["path"], "--data", tmp_path / "data").returncode == 0
    server = start_server(tmp_path / "data")
    assert seen_errors(server)["no stock"] == ("2026-11-01", "2026-11-01")
    later = [FAILURE.replace("11-01", "11-02"), FAILURE.replace("11-01", "11-03").replace("stock", "money")]
    assert server.client.post("/v1/logs", content="\n".join(later), headers=LINES).status_code == 200
    seen = seen_errors(server)
    assert seen["no stock"] == ("2026-11-01", "2026-11-02")
    assert seen["no money"] == ("2026-11-03", "2026-11-03")


@pytest.mark.covers("backup")
def test_the_checksums_are_what_sha256sum_reads(kept: Kept) -> None:
    """Nobody needs Tapetum to find out whether a copy of a backup is whole."""
    done = subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=kept[0]["path"], capture_output=True, text=True, check=False
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.covers("backup")
@pytest.mark.wide
def test_ingest_goes_on_during_a_backup_and_what_was_acknowledged_before_is_in_it(
    start_server: StartServer, tmp_path: Path
) -> None:
    """Asked for over HTTP again and again, while a sender never stops."""
    server = start_server(tmp_path / "data")
    first = new_ids(random.Random(1), 500)
    assert server.send("logs", request("logs", first).SerializeToString()).status_code == 200
    later: list[str] = []
    stop = threading.Event()

    def send() -> None:
        rng = random.Random(2)
        while not stop.is_set():
            ids = new_ids(rng, 20)
            assert server.send("logs", request("logs", ids).SerializeToString()).status_code == 200
            later.extend(ids)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        eventually(lambda: len(later) > 100, "the sender")
        acknowledged = set(first) | set(later)
        sent_before = len(later)
        row = made("--url", server.url)
    finally:
        stop.set()
        sender.join()
    assert len(later) > sent_before
    assert tapetum("restore", row["path"], "--data", tmp_path / "new").returncode == 0
    restored = start_server(tmp_path / "new")
    found = {known for (known,) in restored.rows(ID_QUERY["logs"])}
    assert acknowledged <= found <= set(first) | set(later)


@pytest.mark.covers("bad-backup-interrupted")
@pytest.mark.wide
def test_a_backup_that_is_killed_is_listed_as_incomplete_refused_and_cleaned_up(
    start_server: StartServer, tmp_path: Path
) -> None:
    """kill -9 in the middle: nothing that looks like a backup is left, and the next one takes the rest away."""
    server = start_server(tmp_path / "data")
    filled(server)
    shelf = tmp_path / "data" / "backups"
    assert server.client.post("/api/v1/backups", json={}).status_code == 202
    eventually(lambda: any(shelf.glob("*.incomplete/telemetry")), "a backup that is being made", every_s=0.001)
    server.kill()
    (left,) = [entry.name for entry in shelf.iterdir() if entry.name.startswith("tapetum-")]
    assert left.endswith(".incomplete"), "the kill came too late; make the backup larger"
    assert "no complete backup" in said(tapetum("restore", shelf / left, "--data", tmp_path / "new"))
    assert not (tmp_path / "new").exists()

    server = start_server(tmp_path / "data")
    checks = json.loads(tapetum("doctor", "--data", server.data, "--url", server.url, "--json").stdout)
    assert [(c["outcome"], c["found"]) for c in checks if c["name"] == "Backup"] == [
        ("warning", "none, and 1 that was interrupted")
    ]
    listed = tapetum("backup", "--list", "--json", "--url", server.url)
    assert [(row["name"], row["state"]) for row in map(json.loads, listed.stdout.splitlines())] == [
        (left, "incomplete")
    ]
    assert "incomplete" in tapetum("backup", "--list", "--url", server.url).stdout
    row = made("--url", server.url)
    assert [entry.name for entry in shelf.iterdir() if entry.name.startswith("tapetum-")] == [row["name"]]


@pytest.mark.covers("bad-backup-interrupted")
@pytest.mark.wide
def test_a_server_that_stops_during_a_backup_leaves_nothing_of_it(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(tmp_path / "data")
    filled(server)
    assert server.client.post("/api/v1/backups", json={}).status_code == 202
    assert server.stop() == 0
    left = [entry.name for entry in (tmp_path / "data" / "backups").glob("tapetum-*")]
    assert all(not name.endswith(".incomplete") for name in left)


@pytest.mark.covers("bad-restore-interrupted")
@pytest.mark.wide
def test_a_restore_that_is_killed_is_refused_by_serve_and_can_be_repeated(
    kept: Kept, start_server: StartServer, tmp_path: Path
) -> None:
    target = tmp_path / "new"
    running = subprocess.Popen(
        [*TAPETUM, "restore", kept[0]["path"], "--data", str(target)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(),
    )  # fmt: skip
    try:
        eventually(lambda: (target / "store").exists(), "a restore that has begun", every_s=0.001)
    finally:
        running.send_signal(signal.SIGKILL)
        assert running.wait(60) == -signal.SIGKILL
    words = said(tapetum("serve", "--data", target, "--port", "0", "--grpc-port", "0"))
    assert "holds a restore that was interrupted" in words
    assert "tapetum restore BACKUP" in words
    assert "interrupted" in tapetum("doctor", "--data", target).stdout
    done = tapetum("restore", kept[0]["path"], "--data", target)
    assert done.returncode == 0, done.stderr
    server = start_server(target)
    assert sorted(map(repr, server.rows("SELECT * FROM spans"))) == kept[2]["spans"]


@pytest.mark.covers("bad-restore-over-live")
def test_a_restore_over_a_live_directory_names_the_owner(kept: Kept, shared_server: RunningServer) -> None:
    words = said(tapetum("restore", kept[0]["path"], "--data", shared_server.data))
    assert f"belongs to process {shared_server.pid}" in words
    assert "catalog.sqlite" in words
    assert "never overwrites" in words
    assert shared_server.ready().status_code == 200


@pytest.mark.covers("bad-restore-over-live")
def test_a_restore_over_anything_says_what_is_there(kept: Kept, tmp_path: Path) -> None:
    words = said(tapetum("restore", kept[0]["path"], "--data", kept[3]))
    assert "catalog.sqlite, redaction.key, store" in words
    assert "belongs to" not in words
    (tmp_path / "file").write_text("mine")
    assert "is a file" in said(tapetum("restore", kept[0]["path"], "--data", tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "mine"
    assert "There is no backup" in said(tapetum("restore", tmp_path / "nowhere", "--data", tmp_path / "new"))


def newer_schema(manifest: dict[str, Any]) -> None:
    manifest["migrations"].append("9999_from_the_future")


def newer_catalog(manifest: dict[str, Any]) -> None:
    manifest["catalog_revision"] = "9999_from_the_future"


def newer_format(manifest: dict[str, Any]) -> None:
    manifest["format"] = 2


def more_rows(manifest: dict[str, Any]) -> None:
    manifest["tables"]["log_rows"]["rows"] += 1


@pytest.mark.covers("restore")
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (newer_schema, "newer Tapetum 99.0 (schema 9999_from_the_future)"),
        (newer_catalog, "newer Tapetum 99.0 (schema catalog 9999_from_the_future)"),
        (newer_format, "made by Tapetum 99.0 in format 2"),
        (more_rows, "log_rows has 61 rows and not 62"),
        (lambda manifest: manifest.pop("tables"), "tables: Field required"),
    ],
)
def test_a_backup_that_is_newer_or_not_what_it_says_is_refused(
    kept: Kept, tmp_path: Path, change: Any, expected: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(kept[0]["path"], copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["version"] = "99.0"
    change(manifest)
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert expected in said(tapetum("restore", copy, "--data", tmp_path / "new"))
    words = (
        tapetum("serve", "--data", tmp_path / "new", "--port", "0", "--grpc-port", "0") if change is more_rows else None
    )
    assert words is None or "restore that was interrupted" in said(words)


@pytest.mark.covers("restore")
@pytest.mark.parametrize("how", ["changed", "missing", "added", "cut tar", "not a tar"])
def test_a_backup_that_was_damaged_is_refused_before_anything_is_restored(kept: Kept, tmp_path: Path, how: str) -> None:
    source = tmp_path / "copy"
    if "tar" in how:
        content = kept[1].read_bytes()
        source.write_bytes(content[: len(content) // 2] if how == "cut tar" else b"hello " * 1000)
        expected = "no complete backup"
    else:
        shutil.copytree(kept[0]["path"], source)
        victim = next(source.rglob("*.bin"))
        if how == "missing":
            victim.unlink()
        elif how == "changed":
            victim.write_bytes(victim.read_bytes()[:-1] + b"!")
        else:
            (source / "extra").write_text("mine")
            victim = source / "extra"
        expected = str(victim.relative_to(source))
    words = said(tapetum("restore", source, "--data", tmp_path / "new"))
    # A tar that was cut has lost its manifest, or something that the manifest lists.
    assert expected in words or (how == "cut tar" and "is damaged" in words)
    assert not (tmp_path / "new" / "store").exists()


@pytest.mark.covers("backup")
@pytest.mark.wide
def test_a_stopped_directory_is_backed_up_without_a_server(kept: Kept, tmp_path: Path) -> None:
    """As it is before an upgrade: nothing in it is migrated. A live one is its server's to back up."""
    shelf = tmp_path / "shelf"
    row = made("--data", kept[3], "--backups", shelf, "-o", tmp_path / "one.tar")
    assert Path(row["path"]).parent == shelf
    assert row["rows"] >= kept[0]["rows"] > 180
    done = tapetum("restore", tmp_path / "one.tar", "--data", tmp_path / "new")
    assert done.returncode == 0, done.stderr
    assert catalog(tmp_path / "new" / "catalog.sqlite") == catalog(kept[3] / "catalog.sqlite")
    second = made("--data", kept[3], "--backups", shelf, "--keep", "1")
    listed = tapetum("backup", "--data", kept[3], "--backups", shelf, "--list", "--json")
    assert [json.loads(line)["name"] for line in listed.stdout.splitlines()] == [second["name"]]
    checks = json.loads(tapetum("doctor", "--data", kept[3], "--url", NOBODY, "--json").stdout)
    assert [c["found"] for c in checks if c["name"] == "Backup"] == ["the last is 0 hours old"]
    assert tapetum("backup", "--data", kept[3], "--backups", shelf, "--delete", second["name"]).returncode == 0
    assert "There are no backups" in tapetum("backup", "--data", kept[3], "--backups", shelf, "--list").stderr
    assert "is no data directory" in said(tapetum("backup", "--data", tmp_path))


def test_a_live_directory_is_its_servers_to_back_up(shared_server: RunningServer) -> None:
    words = said(tapetum("backup", "--data", shared_server.data))
    assert f"belongs to process {shared_server.pid}" in words
    assert "tapetum backup --url" in words


@pytest.mark.covers("backup-doors")
def test_backups_are_an_admins_of_every_project(start_server: StartServer, tmp_path: Path) -> None:
    """A backup holds every project. Its name is a name: nothing outside the directory is read or removed."""
    data = tmp_path / "data"
    keys = {
        name: tapetum("keys", "create", "--name", name, "--scope", scope, "--data", data, *more).stdout.strip()
        for name, scope, more in (
            ("all", "admin", ()), ("one", "admin", ("--project", "default")), ("reader", "read", ()),
        )
    }  # fmt: skip
    server = start_server(data, "--require-keys", "--backups", str(tmp_path / "shelf"))

    def ask(method: str, path: str, key: str, **more: Any) -> Any:
        return server.client.request(method, f"/api/v1{path}", headers={"authorization": f"Bearer {keys[key]}"}, **more)

    for key in ("one", "reader"):
        for method, path, more in (
            ("GET", "/backups", {}), ("POST", "/backups", {"json": {}}),
            ("GET", "/backups/x/file", {}), ("DELETE", "/backups/x", {}),
        ):  # fmt: skip
            assert ask(method, path, key, **more).status_code == 403
    assert ask("POST", "/backups", "all", json={"path": "/tmp/mine"}).status_code == 422
    done = tapetum("backup", "--json", "--url", server.url, "--key", keys["all"])
    assert done.returncode == 0, done.stderr
    assert Path(json.loads(done.stdout)["path"]).parent == tmp_path / "shelf"
    (tmp_path / "shelf" / "tapetum-20200101T000000Z.incomplete").mkdir()
    assert ask("GET", "/backups/tapetum-20200101T000000Z.incomplete/file", "all").json()["error"]["code"] == (
        "backup_incomplete"
    )
    for name in ("..", "%2e%2e", "..%2fdata", "catalog.sqlite", ".lock"):
        for method, path in (("GET", f"/backups/{name}/file"), ("DELETE", f"/backups/{name}")):
            assert ask(method, path, "all").status_code in (404, 405)
    assert ask("DELETE", "/backups/tapetum-20200101T000000Z.incomplete", "all").status_code == 204
    assert ask("DELETE", "/backups/tapetum-20200101T000000Z.incomplete", "all").status_code == 404
    assert (data / "catalog.sqlite").exists()


@pytest.mark.covers("backup")
@pytest.mark.wide
def test_two_backups_at_once_are_refused(start_server: StartServer, tmp_path: Path) -> None:
    """Of one server, and of two processes that share a directory of backups."""
    server = start_server(tmp_path / "data")
    filled(server)
    answers = [server.client.post("/api/v1/backups", json={}) for _ in range(2)]
    assert answers[0].status_code == 202
    if answers[1].status_code != 202:  # otherwise the first was done already
        assert (answers[1].status_code, answers[1].json()["error"]["code"]) == (409, "backup_running")
    eventually(lambda: not server.client.get("/api/v1/backups").json()["running"], "the backup")
    lock = (tmp_path / "data" / "backups" / ".lock").open("a")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        words = said(tapetum("backup", "--url", server.url))
    assert "being made already" in words


@pytest.mark.covers("backup")
def test_somebody_who_looks_at_the_backups_is_in_nobodys_way(tmp_path: Path) -> None:
    """To find out whether one is being made, the lock is shared for a moment."""
    shelf = Shelf(tmp_path)
    tmp_path.joinpath(".lock").touch()
    with tmp_path.joinpath(".lock").open() as looked_at:
        fcntl.flock(looked_at, fcntl.LOCK_SH)
        looks_away = threading.Timer(0.1, fcntl.flock, (looked_at, fcntl.LOCK_UN))
        looks_away.start()
        with shelf.making(datetime.now(UTC)), pytest.raises(BackupRunning), shelf.making(datetime.now(UTC)):
            raise AssertionError("two at once")
        looks_away.join()
    assert [backup.state for backup in shelf.all()] == ["incomplete"]


@pytest.mark.covers("backup-elsewhere")
@pytest.mark.wide
def test_what_lies_elsewhere_is_backed_up_there(
    clickhouse_server: str, start_server: StartServer, tmp_path: Path
) -> None:
    """With a ClickHouse server the command says what does it instead, and makes nothing."""
    server = start_server(tmp_path / "data", "--store", f"{clickhouse_server}/backed_up")
    words = said(tapetum("backup", "--url", server.url))
    assert "BACKUP DATABASE" in words
    assert server.client.get("/api/v1/backups").json()["elsewhere"]
    assert server.stop() == 0
    assert "--store" in said(tapetum("backup", "--data", tmp_path / "data"))
    assert not (tmp_path / "data" / "backups").exists()


@pytest.mark.covers("backup")
@pytest.mark.usefixtures("one_percent_in_use")
def test_a_backup_that_does_not_fit_is_refused_before_it_begins(start_server: StartServer, tmp_path: Path) -> None:
    """Nor may it fill the disk up to where ingest pauses."""
    server = start_server(tmp_path / "data", "--disk-full-percent", "1")
    words = said(tapetum("backup", "--url", server.url))
    assert "A backup takes about" in words
    assert "until its disk is 1 % full, where ingest pauses" in words
    assert "--keep" in words
    assert server.client.get("/api/v1/backups").json()["backups"] == []
