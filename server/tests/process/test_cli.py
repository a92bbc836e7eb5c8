"""The `tapetum` command against real servers, the way a person at a terminal or a script uses it."""

from __future__ import annotations

import contextlib
import csv
import gzip
import http.server
import io
import json
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow.parquet as pq
import pytest
from process.conftest import StartServer
from process.grudging import grudging
from process.hostile import json_span, json_traces, span, traces
from process.otlp import request
from process.servers import START_S, TAPETUM, RunningServer, environment, eventually, tapetum

CAPTURES = Path(__file__).parents[1] / "data" / "captures"


def checks(*options: str | Path, code: int) -> dict[str, dict[str, str]]:
    """What `tapetum doctor --json` found, by name."""
    done = tapetum("doctor", "--json", *options)
    assert done.returncode == code, done.stdout + done.stderr
    return {check["name"]: check for check in json.loads(done.stdout)}


@contextmanager
def something_else(answers: Mapping[str, object] = MappingProxyType({})) -> Iterator[int]:
    """A web server that is not tapetum; it answers these paths with JSON."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = answers.get(self.path)
            self.send_response(404 if said is None else 200)
            self.end_headers()
            self.wfile.write(b"<h1>Welcome to nginx!</h1>" if said is None else json.dumps(said).encode())

        def log_message(self, *_: Any) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.mark.covers("cli-serve")
def test_serve_says_in_one_line_of_json_where_it_is(shared_server: RunningServer) -> None:
    assert shared_server.client.get("/healthz").text == "ok\n"
    assert shared_server.client.get("/api/v1/info").json()["otlp_http"] == shared_server.url
    assert "Traceback" not in shared_server.stderr()


@pytest.mark.covers("cli-doctor")
def test_doctor_is_content_with_a_server_that_runs(shared_server: RunningServer) -> None:
    found = checks("--url", shared_server.url, "--data", shared_server.data, code=0)
    assert found["Server"]["outcome"] == "ok"
    assert found["Data directory"]["outcome"] == "ok"
    assert str(shared_server.pid) in found["Data directory"]["found"]
    assert found["Version"]["outcome"] == found["OTLP/gRPC"]["outcome"] == "ok"
    said = tapetum("doctor", "--url", shared_server.url, "--data", shared_server.data)
    assert said.returncode == 0
    assert "is ready" in said.stdout


@pytest.mark.covers("cli-doctor")
def test_doctor_says_that_the_grpc_port_is_closed_and_the_server_of_another_version(
    tmp_path: Path, closed_port: int
) -> None:
    """Of a server that answers like one: an older one, and a firewall before its second port."""
    info = {
        "version": "0.0.1", "auth": "open", "identity": {}, "projects": [], "otlp_grpc": f"http://0.0.0.0:{closed_port}",
    }  # fmt: skip
    answers = {"/readyz": {"ready": True, "reason": None}, "/api/v1/info": info}
    with something_else(answers) as port:
        found = checks("--url", f"http://127.0.0.1:{port}", "--data", tmp_path / "new", code=0)
    assert found["Version"]["outcome"] == "warning"
    assert "the server is 0.0.1, this command " in found["Version"]["found"]
    assert found["OTLP/gRPC"]["outcome"] == "warning"
    assert f"127.0.0.1:{closed_port}" in found["OTLP/gRPC"]["found"]


@pytest.mark.covers("cli-doctor")
def test_doctor_says_that_nothing_listens_and_what_to_start(tmp_path: Path, closed_port: int) -> None:
    found = checks("--url", f"http://127.0.0.1:{closed_port}", "--data", tmp_path / "new", code=0)
    assert found["Server"]["outcome"] == "warning"
    assert found["Server"]["fix"] == "Start it: tapetum serve"
    assert found["Data directory"]["outcome"] == "ok"
    assert not (tmp_path / "new").exists()


@pytest.mark.covers("cli-doctor")
def test_doctor_says_that_something_else_has_the_port(tmp_path: Path) -> None:
    with something_else() as port:
        found = checks("--url", f"http://127.0.0.1:{port}", "--data", tmp_path / "new", code=1)
    assert found["Server"]["outcome"] == "problem"
    assert "not tapetum" in found["Server"]["found"]
    assert "--port" in found["Server"]["fix"]


@pytest.mark.covers("cli-doctor")
def test_doctor_says_that_what_listens_speaks_no_http(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:

        def hang_up() -> None:
            for _ in range(2):
                mute.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        found = checks("--url", f"http://127.0.0.1:{mute.getsockname()[1]}", "--data", tmp_path / "new", code=1)
        thread.join(30)
    assert "something else listens" in found["Server"]["found"]


@pytest.mark.covers("cli-doctor")
@pytest.mark.parametrize(
    ("url", "found", "fix"),
    [
        ("http://no-such-host.invalid:4318", "no host no-such-host.invalid", "--url"),
        ("127.0.0.1:4318", "does not start with http://", "http://127.0.0.1:4318"),
        ("http://[::1", "not the address of a server", "http://127.0.0.1:4318"),
        ("http://127.0.0.1:99999", "no port 99999", "http://127.0.0.1:4318"),
    ],
)
def test_doctor_says_what_is_wrong_with_an_address(tmp_path: Path, url: str, found: str, fix: str) -> None:
    check = checks("--url", url, "--data", tmp_path / "new", code=1)["Server"]
    assert check["outcome"] == "problem"
    assert found in check["found"]
    assert fix in check["fix"]


@pytest.mark.covers("cli-doctor")
def test_doctor_tells_a_wrong_key_and_a_wrong_scheme(shared_server: RunningServer, tmp_path: Path) -> None:
    found = checks("--url", shared_server.url, "--data", tmp_path / "new", "--key", "tpt_wrong", code=1)
    assert "refused (401)" in found["Access"]["found"]
    assert "tapetum keys create" in found["Access"]["fix"]
    found = checks("--url", shared_server.url.replace("http:", "https:"), "--data", tmp_path / "new", code=1)
    assert "TLS" in found["Server"]["found"]
    assert "http://" in found["Server"]["fix"]


@pytest.mark.covers("cli-doctor")
@pytest.mark.wide
def test_doctor_looks_into_a_data_directory_and_changes_nothing_of_somebody_elses(
    start_server: StartServer, shared_server: RunningServer, tmp_path: Path
) -> None:
    """First it is well, then the store, the catalog and the path are broken, each by itself."""
    url = ("--url", shared_server.url)
    data = tmp_path / "data"
    assert start_server(data, first_start=True).stop() == 0
    found = checks(*url, "--data", data, code=0)
    assert {found[name]["outcome"] for name in ("Data directory", "Catalog", "Store")} == {"ok"}

    with contextlib.closing(sqlite3.connect(data / "catalog.sqlite")) as catalog, catalog:
        catalog.execute("UPDATE alembic_version SET version_num = '9999_from_the_future'")
    found = checks(*url, "--data", data, code=1)
    assert "9999_from_the_future" in found["Catalog"]["found"]
    assert "Install the newer version" in found["Catalog"]["fix"]

    for wal in data.glob("catalog.sqlite-*"):
        wal.unlink()
    (data / "catalog.sqlite").write_bytes(b"this is no database" * 100)
    (data / "store/clickhouse/metadata/tapetum/schema_migrations.sql").write_text("broken")
    found = checks(*url, "--data", data, code=1)
    assert "not a database" in found["Catalog"]["found"]
    assert "restore a backup" in found["Catalog"]["fix"]
    assert "cannot be opened" in found["Store"]["found"]
    assert "restore a backup" in found["Store"]["fix"]

    foreign = tmp_path / "some[/red]body"
    foreign.mkdir(mode=0o755, parents=True)
    (foreign / "holiday.txt").write_text("sun")
    said = tapetum("doctor", *url, "--data", foreign)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "some[/red]body is free" in said.stdout
    assert [entry.name for entry in foreign.iterdir()] == ["holiday.txt"]
    assert foreign.stat().st_mode & 0o777 == 0o755
    assert "is a file" in checks(*url, "--data", foreign / "holiday.txt", code=1)["Data directory"]["found"]


@pytest.mark.covers("cli-serve")
def test_a_directory_with_other_peoples_files_stays_open_to_them(start_server: StartServer, tmp_path: Path) -> None:
    """`--data /tmp` must not lock everybody out of /tmp; what is kept there is private all the same."""
    mine, shared = tmp_path / "mine", tmp_path / "shared"
    shared.mkdir(mode=0o755)
    (shared / "holiday.txt").write_text("sun")
    for data in (mine, shared):
        assert start_server(data, first_start=True).stop() == 0
    assert mine.stat().st_mode & 0o777 == 0o700
    assert shared.stat().st_mode & 0o777 == 0o755
    assert (shared / "store").stat().st_mode & 0o777 == 0o700
    assert (shared / "catalog.sqlite").stat().st_mode & 0o777 == 0o600


def stored(server: RunningServer, project: str) -> dict[str, int]:
    """Rows of the project by view."""
    return {
        view: server.rows(f"SELECT count() FROM {view} WHERE project = {{p:String}}", p=project)[0][0]
        for view in ("spans", "logs", "metrics")
    }


def import_otlp(server: RunningServer, project: str, *arguments: str | Path, code: int = 0) -> dict[str, int]:
    """Run `tapetum import otlp --json`; its totals."""
    done = tapetum("import", "otlp", "--url", server.url, "--project", project, "--json", *arguments)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    totals: dict[str, int] = json.loads(done.stdout)
    return totals


@pytest.mark.covers("cli-import-otlp")
def test_a_directory_of_captures_is_imported_and_again_changes_nothing(
    shared_server: RunningServer, project: str, tmp_path: Path
) -> None:
    """As they lie there, of some emitters: every signal, as protobuf and JSON, whole and compressed."""
    some = tmp_path / "captures"
    others = ("logfire_sdk", "mlflow_openai", "o*", "strands_agents", "tl_*", "vercel_ai")
    shutil.copytree(CAPTURES, some, ignore=shutil.ignore_patterns(*others))
    files = [f for f in some.rglob("*") if f.is_file() and f.parent != some]
    about = [f for f in some.iterdir() if f.is_file()]
    kinds = "traces.pb", "logs.pb", "metrics.pb", "traces.json", "logs.json", "metrics.json", "traces.pb.gz"
    assert all(any(f".{kind}" in re.sub(r"\.\d+\.", ".", f.name) for f in files) for kind in kinds)
    totals = import_otlp(shared_server, project, some)
    assert totals == {
        "files": len(files), "requests": len(files), "failed": 0, "skipped": len(about), "partly_refused": 0,
    }  # fmt: skip
    first = stored(shared_server, project)
    assert all(first.values())
    import_otlp(shared_server, project, some)
    assert stored(shared_server, project) == first


@pytest.mark.covers("cli-import-otlp")
def test_gzipped_files_json_lines_and_a_named_signal_are_read(
    shared_server: RunningServer, project: str, tmp_path: Path
) -> None:
    plain = next(CAPTURES.rglob("*.traces.pb"))
    (tmp_path / "a.traces.pb.gz").write_bytes(gzip.compress(plain.read_bytes()))
    lines = [json_traces(json_span(1)), json_traces(json_span(2))]
    (tmp_path / "collector.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    (tmp_path / "c.json.gz").write_bytes(gzip.compress(json_traces(json_span(3))))
    assert import_otlp(shared_server, project, tmp_path)["requests"] == 4
    unnamed = tmp_path / "request.bin"
    unnamed.write_bytes(traces(span(4)))
    assert import_otlp(shared_server, project, unnamed)["skipped"] == 1
    assert import_otlp(shared_server, project, unnamed, "--signal", "traces")["requests"] == 1
    found = shared_server.rows(
        "SELECT count() FROM spans WHERE project = {p:String} AND trace_id < '00000000000000000000000000000005'",
        p=project,
    )
    assert found == [(4,)]


@pytest.mark.covers("cli-import-otlp")
def test_protobuf_that_starts_like_json_is_protobuf(shared_server: RunningServer, project: str, tmp_path: Path) -> None:
    """The first two bytes are a line feed and a length, here 123, which is a "{"."""
    name = next(n for n in range(100) if traces(span(1, name=b"n" * n))[:2] == b"\n{")
    (tmp_path / "a.traces.pb").write_bytes(traces(span(1, name=b"n" * name)))
    (tmp_path / "b.json").write_bytes(b"\n " + json_traces(json_span(2)))
    assert import_otlp(shared_server, project, tmp_path)["requests"] == 2
    assert stored(shared_server, project)["spans"] == 2


@pytest.mark.covers("cli-import-otlp")
def test_a_wrong_file_is_named_and_the_others_are_imported(
    shared_server: RunningServer, project: str, tmp_path: Path
) -> None:
    (tmp_path / "1.traces.pb").write_bytes(b"\xff\xff\xff")
    (tmp_path / "2.logs.json").write_text("{ this is not JSON")
    (tmp_path / "3.metrics.pb.gz").write_bytes(gzip.compress(b"x" * 100)[:-12])
    (tmp_path / "4.traces.json").write_bytes(json_traces(json_span(4), json_span(0)))
    shutil.copy(next(CAPTURES.rglob("*.traces.pb")), tmp_path / "5.traces.pb")
    done = tapetum("import", "otlp", "--url", shared_server.url, "--project", project, "--json", tmp_path)
    assert done.returncode == 1
    said = "".join(done.stderr.split())
    for name in ("1.traces.pb", "2.logs.json", "3.metrics.pb.gz", "4.traces.json"):
        assert name in said
    assert "Traceback" not in done.stderr
    totals = json.loads(done.stdout)
    assert (totals["failed"], totals["partly_refused"]) == (3, 1)
    assert stored(shared_server, project)["spans"] > 1


@pytest.mark.covers("cli-import-otlp")
def test_a_broken_line_costs_no_other_and_names_are_text_not_markup(
    shared_server: RunningServer, project: str, tmp_path: Path
) -> None:
    """A crash report of somebody else's may have any name, and the server repeats what was in it."""
    folder = tmp_path / "a[/red]b"
    folder.mkdir(parents=True)
    bad = json_traces(json_span(1)).replace(f"{1:032x}".encode(), b"[/bold]")
    (folder / "collector.jsonl").write_bytes(b"\n".join([b'{"resourceSpans": [', json_traces(json_span(2)), bad]))
    done = tapetum("import", "otlp", "--url", shared_server.url, "--project", project, folder)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "a[/red]b" in done.stderr
    assert "[/bold]" in done.stderr
    assert "3 requests from 1 files imported, 2 refused" in done.stderr
    assert stored(shared_server, project)["spans"] == 1


@pytest.mark.covers("cli-import-otlp")
def test_an_import_waits_for_a_server_that_is_busy(tmp_path: Path) -> None:
    (tmp_path / "a.traces.json").write_bytes(json_traces(json_span(1)))
    with grudging(503, 429, signal="otlp") as (url, bodies):
        done = tapetum("import", "otlp", "--url", url, "--json", tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["failed"] == 0
    assert len(bodies) == 3
    assert len(set(bodies)) == 1


@pytest.mark.covers("cli-import-otlp")
def test_a_path_that_is_not_there_and_a_server_that_is_not_there_are_said(tmp_path: Path, closed_port: int) -> None:
    done = tapetum("import", "otlp", tmp_path / "nothing.pb")
    assert done.returncode == 2
    assert "nothing.pb" in "".join(done.stderr.split())
    (tmp_path / "a.traces.pb").write_bytes(traces(span(1)))
    done = tapetum("import", "otlp", "--url", f"http://127.0.0.1:{closed_port}", tmp_path / "a.traces.pb")
    assert done.returncode == 1
    assert "tapetum serve" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.covers("cli-sql")
def test_sql_answers_as_table_json_csv_and_parquet(shared_server: RunningServer, project: str, tmp_path: Path) -> None:
    assert shared_server.send("traces", traces(span(1, name=b"a,b"), span(2, name=b"c")), project=project).is_success
    query = "SELECT name, duration_ms FROM spans ORDER BY name"
    options = ("--url", shared_server.url, "--project", project)

    def ask(*more: str | Path) -> str:
        done = tapetum("sql", query, *options, *more)
        assert done.returncode == 0, done.stderr
        return done.stdout

    table = ask().splitlines()
    assert table[0].split() == ["name", "duration_ms"]
    assert [line.split()[0] for line in table[1:3]] == ["a,b", "c"]
    answer = json.loads(ask("--format", "json"))
    assert [row[0] for row in answer["rows"]] == ["a,b", "c"]
    assert [c["name"] for c in answer["columns"]] == ["name", "duration_ms"]
    rows = list(csv.reader(io.StringIO(ask("--format", "csv"))))
    assert [row[0] for row in rows] == ["name", "a,b", "c"]
    ask("--format", "parquet", "-o", tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").column("name").to_pylist() == ["a,b", "c"]


@pytest.mark.covers("cli-sql")
def test_sql_that_is_refused_says_why(shared_server: RunningServer) -> None:
    for query in ("SELECT * FROM system.tables", "DROP TABLE spans", "SELECT nme FROM spans"):
        done = tapetum("sql", query, "--url", shared_server.url)
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr.strip()
        assert "Traceback" not in done.stderr


@pytest.mark.covers("cli-keys", "keys")
def test_a_key_made_while_the_server_runs_opens_it_and_a_revoked_one_does_not(shared_server: RunningServer) -> None:
    url = ("--url", shared_server.url)
    made = json.loads(tapetum("keys", "create", "--name", "cli", "--scope", "ingest", "--json", *url).stdout)
    headers = {"authorization": f"Bearer {made['key']}"}
    assert shared_server.send("traces", b"", headers=headers).status_code == 200
    listed = tapetum("keys", "list", *url)
    assert made["prefix"] in listed.stdout
    assert made["key"] not in listed.stdout
    assert tapetum("keys", "revoke", made["id"], *url).returncode == 0
    assert shared_server.send("traces", b"", headers=headers).status_code == 401
    again = tapetum("keys", "revoke", "0" * 16, *url)
    assert again.returncode == 1
    assert "tapetum keys list" in again.stderr


def test_every_command_explains_itself() -> None:
    done = tapetum("--help")
    assert done.returncode == 0
    for command in ("serve", "demo", "sql", "doctor", "keys", "import"):
        assert command in done.stdout
    assert tapetum("--version").stdout.startswith("tapetum ")


@pytest.mark.covers("cli-traces")
def test_traces_lists_what_passes_the_filter(shared_server: RunningServer, project: str) -> None:
    body = traces(span(1, name=b"order"), span(2, name=b"refund"))
    assert shared_server.send("traces", body, project=project).is_success
    options = ("--url", shared_server.url, "--project", project, "--from", "all", "--to", "2031-01-01")
    listed = tapetum("traces", "name:order", "--json", *options)
    assert listed.returncode == 0, listed.stderr
    assert [json.loads(line)["trace_id"] for line in listed.stdout.splitlines()] == [f"{1:032x}"]
    table = tapetum("traces", *options).stdout
    assert "order" in table
    assert "refund" in table


@pytest.mark.covers("cli-logs")
def test_logs_shows_what_is_there_and_follows_what_arrives(shared_server: RunningServer, project: str) -> None:
    def send(number: int) -> None:
        body = request("logs", [f"{number:016x}"]).SerializeToString()
        assert shared_server.send("logs", body, project=project).is_success

    # A shell's background job ignores SIGINT, and so would every child of it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    send(1)
    options = ["--url", shared_server.url, "--project", project, "--json"]
    shown = tapetum("logs", *options)
    assert [json.loads(line)["body"] for line in shown.stdout.splitlines()] == [f"{1:016x}"]
    with subprocess.Popen(
        [*TAPETUM, "logs", "--follow", *options],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment(),
    ) as following:  # fmt: skip
        assert following.stdout is not None
        try:
            assert json.loads(following.stdout.readline())["body"] == f"{1:016x}"
            # Nobody can tell from outside when the tail is open: send until something came through.
            came: list[str] = []
            reader = threading.Thread(target=lambda: came.append(following.stdout.readline()))  # type: ignore[union-attr]
            reader.start()
            numbers = iter(range(2, 1000))
            eventually(lambda: came or send(next(numbers)), "a log record to be followed")
            reader.join(START_S)
            assert int(json.loads(came[0])["body"], 16) >= 2
            following.send_signal(signal.SIGINT)
            assert following.wait(START_S) in (0, 130)
        finally:
            following.kill()
