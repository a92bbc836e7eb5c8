"""`tapetum logs send` against real servers, with the files that programs write."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from process.grudging import grudging
from process.servers import START_S, TAPETUM, RunningServer, environment, eventually, tapetum

pytestmark = pytest.mark.covers("cli-logs-send")

PYTHON = """\
2026-11-23 10:00:00,123 ERROR shop: cannot pay
Traceback (most recent call last):
  File "shop.py", line 3, in pay
    charge()
KeyError: 'card'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "shop.py", line 5, in pay
    raise PaymentError("no card") from None
shop.PaymentError: no card
2026-11-23 10:00:01,000 INFO shop: next
"""
JAVA = """\
2026-11-23T10:00:00.5Z ERROR Checkout failed
java.lang.IllegalStateException: no stock
\tat com.shop.Cart.take(Cart.java:7)
\tat com.shop.Main.main(Main.java:3)
Caused by: java.io.IOException: gone
\tat com.shop.Store.read(Store.java:1)
\t... 2 more
2026-11-23T10:00:01Z INFO next
"""
GO = """\
panic: runtime error: index out of range [5]

goroutine 1 [running]:
main.take(0x1, 0x2)
\t/app/main.go:7 +0x1d
main.main()
\t/app/main.go:3 +0x11
exit status 2
listening on :8080
"""


def send(server: RunningServer, project: str, *arguments: str | Path, stdin: str = "", code: int = 0) -> dict[str, int]:
    """What `tapetum logs send --json` says of itself."""
    options = ("--url", server.url, "--project", project, "--json")
    done = tapetum("logs", "send", *arguments, *options, stdin=stdin)
    assert done.returncode == code, done.stdout + done.stderr
    totals: dict[str, int] = json.loads(done.stdout)
    return totals


def kept(server: RunningServer, project: str, columns: str = "body") -> list[tuple[Any, ...]]:
    """What is stored of a project's log records, oldest first."""
    return server.rows(f"SELECT {columns} FROM logs WHERE project = {{p:String}} ORDER BY time", p=project)


EXCEPTION = (
    "body, severity, attributes['exception.type'], attributes['exception.message'], attributes['exception.stacktrace']"
)


@pytest.mark.parametrize(
    ("text", "body", "kind", "message", "trace_from", "trace_to"),
    [
        (PYTHON, "2026-11-23 10:00:00,123 ERROR shop: cannot pay", "shop.PaymentError", "no card", 1, -1),
        (JAVA, "2026-11-23T10:00:00.5Z ERROR Checkout failed", "java.lang.IllegalStateException", "no stock", 1, -1),
        (GO, "panic: runtime error: index out of range [5]", "panic", "runtime error: index out of range [5]", 0, -1),
    ],
    ids=["python", "java", "go"],
)
def test_a_traceback_is_one_record_with_its_exception(
    shared_server: RunningServer, project: str, tmp_path: Path, text: str, body: str, kind: str, message: str,
    trace_from: int, trace_to: int,
) -> None:  # fmt: skip
    file = tmp_path / "shop.log"
    file.write_text(text)
    totals = send(shared_server, project, file)
    assert (totals["records"], totals["accepted"], totals["refused"]) == (2, 2, 0)
    first, second = kept(shared_server, project, EXCEPTION)
    whole = text.splitlines()
    assert first == (body, "error", kind, message, "\n".join(whole[trace_from:trace_to]))
    assert (second[0], second[2]) == (whole[-1], "")
    assert kept(shared_server, project, "DISTINCT service") == [("shop",)]


def test_lines_of_json_keep_their_fields_and_indented_lines_follow_theirs(
    shared_server: RunningServer, project: str
) -> None:
    text = (
        '{"ts": 1795428000, "level": "info", "msg": "json", "n": 5}\nplain\n  and more\n\n{"msg": "untimed"}\n{broken\n'
    )
    totals = send(shared_server, project, "-", "--service", "cron", stdin=text)
    assert (totals["lines"], totals["records"], totals["accepted"], totals["refused"]) == (6, 4, 4, 0)
    found = kept(shared_server, project, "body, service, attributes['n']")
    assert found[0] == ("json", "cron", "5")
    assert [row[0] for row in found[1:]] == ["plain\n  and more", "untimed", "{broken"]


def test_a_file_sent_again_counts_once(shared_server: RunningServer, project: str, tmp_path: Path) -> None:
    file = tmp_path / "cron.log"
    file.write_text(
        "tick\ntick\n" + "".join(f'{{"time": {1795428000 + n}, "msg": "m"}}\n' for n in range(1200)) + "end"
    )
    for _ in range(2):
        assert send(shared_server, project, file)["accepted"] == 1203
    assert len(kept(shared_server, project)) == 1203


def test_a_file_that_rotation_compressed_is_the_same_records(
    shared_server: RunningServer, project: str, tmp_path: Path
) -> None:
    log, older = tmp_path / "shop.log", tmp_path / "shop.log.2.gz"
    log.write_text(PYTHON + "no time\n")
    older.write_bytes(gzip.compress(log.read_bytes()))
    os.utime(older, ns=(log.stat().st_atime_ns, log.stat().st_mtime_ns))
    assert send(shared_server, project, log)["accepted"] == 3
    before = kept(shared_server, project)
    assert send(shared_server, project, "-f", older)["accepted"] == 3
    assert sorted(kept(shared_server, project)) == sorted(before), "they are the same ones"
    older.write_bytes(gzip.compress(b"whole\n" * 100_000)[:-20])
    assert send(shared_server, project, older, code=1)["lost"] == 0


def test_bad_bytes_and_endless_lines_are_sent_and_nothing_is_lost(
    shared_server: RunningServer, project: str, tmp_path: Path
) -> None:
    file = tmp_path / "bad.log"
    file.write_bytes(b"\xff\xfe\x00bad\n" + b"x" * 9_000_000 + b"\n" + b"\n" * 1000 + b"end\r\n")
    totals = send(shared_server, project, file)
    assert (totals["refused"], totals["lost"]) == (0, 0)
    assert sum(row[0].count("x") for row in kept(shared_server, project)) == 9_000_000
    assert kept(shared_server, project)[-1] == ("end",)


def test_what_cannot_be_done_is_said(shared_server: RunningServer, tmp_path: Path) -> None:
    done = tapetum("logs", "send", tmp_path / "none.log", "--url", shared_server.url)
    assert (done.returncode, "There is no file" in done.stderr) == (2, True)
    file = tmp_path / "a.log"
    file.write_text("x\n")
    done = tapetum("logs", "send", file, "--url", "http://127.0.0.1:9")
    assert (done.returncode, "tapetum serve" in done.stderr) == (1, True)
    done = tapetum("logs", "send", file, "--url", shared_server.url, "--key", "tpt_wrong")
    assert (done.returncode, "401" in done.stderr) == (1, True)


def test_follow_goes_through_rotation_and_truncation(
    shared_server: RunningServer, project: str, tmp_path: Path
) -> None:
    file = tmp_path / "app.log"
    file.write_text("one\n")
    command = [*TAPETUM, "logs", "send", "-f", str(file), "--url", shared_server.url, "--project", project, "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment())

    def arrives(*bodies: str) -> None:
        eventually(lambda: set(bodies) <= {row[0] for row in kept(shared_server, project)}, f"{bodies} to arrive")

    arrives("one")
    with file.open("a") as appended:
        appended.write("two\nhalf")
        appended.flush()
        arrives("two")
        appended.write(" whole\n")
    arrives("half whole")
    file.rename(tmp_path / "app.log.1")
    file.write_text("rotated and longer\n")
    arrives("rotated and longer")
    file.write_text("cut\n")
    arrives("cut")
    with file.open("a") as appended:
        appended.write("without an end")
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=START_S)
    assert process.returncode == 0
    assert json.loads(said)["refused"] == 0
    assert [row[0] for row in kept(shared_server, project)][:5] == [
        "one", "two", "half whole", "rotated and longer", "cut",
    ]  # fmt: skip


def test_a_server_that_asks_for_it_is_sent_the_same_again() -> None:
    with grudging(503, 429) as (url, bodies):
        done = tapetum("logs", "send", "-", "--url", url, "--json", stdin="one\ntwo\n")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) | {"accepted": 2, "retries": 2, "lost": 0} == json.loads(done.stdout)
    assert len(set(bodies)) == 1
    assert len(bodies) == 3


def test_a_refused_batch_is_exit_code_1() -> None:
    with grudging(400) as (url, _):
        done = tapetum("logs", "send", "-", "--url", url, "--json", stdin="one\ntwo\n")
    assert done.returncode == 1
    assert json.loads(done.stdout)["refused"] == 2
    assert "not now" in done.stderr
