"""`tapetum monitors`: seen, silenced, tried and kept in files, against a real server and a real webhook."""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from process.conftest import StartServer
from process.servers import RunningServer, tapetum
from process.test_monitors import Hook, hook, queue_is, until
from typer.testing import CliRunner, Result

from tapetum_server.cli.main import app

__all__ = ["hook"]
pytestmark = pytest.mark.covers("cli-monitors")

FILE = """
[[monitors]]
name = "queue is long"
window_s = 60
interval_s = 1
severity = "critical"
query = {kind = "sql", query = "SELECT toFloat64OrNull(argMax(body, time)) AS queue FROM logs"}
condition = {op = ">", limit = 5, aggregate = "last"}
webhook = {url = "env:HOOK", secret = "env:SECRET", headers = {x-team = "shop"}}

[[monitors]]
name = "silence"
query = {kind = "logs", q = "service:shop"}
no_data = "alert"
enabled = false
"""


@pytest.fixture(scope="module")
def server(shared_server: RunningServer) -> RunningServer:
    """With a queue of nine in project `m`."""
    queue_is(shared_server, 9)
    return shared_server


@pytest.fixture(autouse=True)
def none_left(server: RunningServer) -> Iterator[None]:
    yield
    for row in there(server).values():
        server.client.delete(f"/api/v1/monitors/{row['id']}").raise_for_status()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "monitors.toml"
    written.write_text(FILE)
    return written


def run(
    server: RunningServer, *arguments: str | Path, code: int = 0, stdin: str = "", env: dict[str, str] | None = None
) -> Result:
    """The command in this process: only the server has to be another."""
    words = ["monitors", *map(str, arguments), "--url", server.url, "--project", "m"]
    done = CliRunner().invoke(app, words, input=stdin, env={"COLUMNS": "200", **(env or {})})
    assert done.exit_code == code, done.output
    return done


def there(server: RunningServer) -> dict[str, dict[str, Any]]:
    rows = server.client.get("/api/v1/monitors", params={"project": "m"}).json()["rows"]
    return {row["name"]: row for row in rows}


def apply(server: RunningServer, file: Path, hook: Hook, *options: str, code: int = 0) -> dict[str, Any]:
    env = {"HOOK": hook.url, "SECRET": "sesame"}
    done = run(server, "apply", "-f", file, "--json", *options, env=env, code=code)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def results(applied: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["result"] for one in applied["monitors"]}


def documented_receiver(folder: Path) -> Callable[..., bool]:
    """The function that docs/monitors.md gives to whoever writes a receiver."""
    text = (Path(__file__).resolve().parents[3] / "docs" / "monitors.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (folder / "receiver.py").write_text(code)
    verified: Callable[..., bool] = runpy.run_path(str(folder / "receiver.py"))["verified"]
    return verified


def test_a_file_is_applied_again_and_again_and_changes_only_what_differs(
    server: RunningServer, file: Path, hook: Hook
) -> None:
    assert results(apply(server, file, hook, "--dry-run")) == {"queue is long": "created", "silence": "created"}
    assert there(server) == {}
    assert results(apply(server, file, hook)) == {"queue is long": "created", "silence": "created"}
    made = there(server)
    assert made["queue is long"]["webhook"] == {"url": hook.url, "headers": ["x-team"], "signed": True}
    assert (made["queue is long"]["definition"]["severity"], made["silence"]["enabled"]) == ("critical", False)

    # Nobody can see whether a secret is another: it is written, and nothing else is.
    assert results(apply(server, file, hook)) == {"queue is long": "secrets written", "silence": "unchanged"}
    file.write_text(re.sub(r", secret = .*}}", "}", FILE).replace("limit = 5", "limit = 7"))
    assert results(apply(server, file, hook, "--dry-run"))["queue is long"] == "updated"
    assert there(server)["queue is long"]["limit"] == 5
    assert results(apply(server, file, hook)) == {"queue is long": "updated", "silence": "unchanged"}
    assert results(apply(server, file, hook)) == {"queue is long": "unchanged", "silence": "unchanged"}
    now = there(server)
    assert (now["queue is long"]["limit"], now["queue is long"]["id"]) == (7, made["queue is long"]["id"])
    assert now["queue is long"]["webhook"] == made["queue is long"]["webhook"], "what a file leaves out stays"
    file.write_text(FILE.replace('webhook = {url = "env:HOOK", secret = "env:SECRET", headers = {x-team = "shop"}}',
                                 "webhook = false"))  # fmt: skip
    assert results(apply(server, file, hook))["queue is long"] == "updated"
    assert there(server)["queue is long"]["webhook"] is None


def test_what_is_exported_can_be_applied_elsewhere(
    server: RunningServer, file: Path, hook: Hook, tmp_path: Path
) -> None:
    apply(server, file, hook)
    before = there(server)
    exported = run(server, "export", "-o", tmp_path / "out.json")
    assert "Secrets and headers are not exported" in exported.stderr
    text = (tmp_path / "out.json").read_text()
    assert "sesame" not in text
    for row in before.values():
        server.client.delete(f"/api/v1/monitors/{row['id']}").raise_for_status()
    assert results(apply(server, tmp_path / "out.json", hook)) == {"queue is long": "created", "silence": "created"}
    after = there(server)
    for name in before:
        assert {k: after[name][k] for k in ("definition", "enabled", "limit")} == {
            k: before[name][k] for k in ("definition", "enabled", "limit")
        }
    (one,) = json.loads(run(server, "export", "silence").stdout)["monitors"]
    assert one == {
        "name": "silence", "query": {"kind": "logs", "q": "service:shop"}, "no_data": "alert", "enabled": False,
    }  # fmt: skip


@pytest.mark.covers("bad-monitor-file")
def test_a_bad_neighbour_is_named_and_the_good_are_made(server: RunningServer, hook: Hook, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    good = {"name": "good", "query": {"kind": "logs"}, "no_data": "alert"}
    bad.write_text(json.dumps([good, {"name": "wrong", "query": {"kind": "logs"}, "window_s": 1, "no_data": "alert"}]))
    for options in (("--dry-run",), ()):
        applied = apply(server, bad, hook, *options, code=1)
        assert results(applied) == {"good": "created", "wrong": "failed"}
        assert "window_s" in applied["monitors"][1]["error"]
    assert set(there(server)) == {"good"}
    shown = run(server, "apply", "-f", bad, code=1)
    assert "unchanged        good" in shown.stdout
    assert "1 of 2 failed." in shown.stderr


@pytest.mark.covers("bad-monitor-file")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("3", "holds no monitors"),
        ('{"monitors": [1]}', "monitor 1 is no object"),
        ('{"monitors": [], "x": 1}', "nothing is called 'x'"),
        ('[{"query": {}}]', "has no name"),
        ('[{"name": "a"}, {"name": "a "}]', "'a' is twice"),
        ('[{"name": "a", "muted_until": null}]', "tapetum monitors mute"),
        ('[{"name": "a", "enabled": "yes"}]', "enabled is true or false"),
        ('[{"name": "a", "webhook": "http://x"}]', "webhook has no url"),
        ('[{"name": "a", "webhook": {"url": "env:NOBODY_SET_THIS"}}]', "NOBODY_SET_THIS, which is not set"),
    ],
)
def test_a_file_that_is_wrong_says_where_and_nothing_is_done(
    server: RunningServer, tmp_path: Path, text: str, said: str
) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(text)
    assert said in run(server, "apply", "-f", wrong, code=1).stderr
    assert there(server) == {}


def test_a_file_that_is_not_there_and_one_of_standard_input(server: RunningServer) -> None:
    assert "cannot be read" in run(server, "apply", "-f", "/nowhere.json", code=1).stderr
    assert "neither JSON nor TOML" in run(server, "apply", "-f", "-", code=1, stdin="[[[").stderr
    run(server, "apply", "-f", "-", stdin='[[monitors]]\nname="a"\nno_data="alert"\nquery={kind="logs"}')
    run(server, "apply", "-f", "-", stdin='{"name": "b", "no_data": "alert", "query": {"kind": "spans"}}')
    assert set(there(server)) == {"a", "b"}


@pytest.mark.covers("webhook-signature")
@pytest.mark.wide
def test_a_monitor_is_listed_shown_silenced_tried_and_deleted(
    server: RunningServer, file: Path, hook: Hook, tmp_path: Path
) -> None:
    apply(server, file, hook)
    until(lambda: there(server)["queue is long"]["state"] == "firing", "it fires")
    until(hook.events, "and calls")
    assert hook.events() == ["firing"]
    listed = run(server).stdout
    assert listed.index("queue is long") < listed.index("silence"), "what fires comes first"
    assert "disabled" in listed
    assert [json.loads(line)["name"] for line in run(server, "--json", "--state", "firing").stdout.splitlines()] == [
        "queue is long"
    ]
    assert "There is no state" in run(server, "--state", "angry", code=1).stderr
    # It is noted after it was taken.
    shown = until(lambda: "delivered" in (said := run(server, "show", "queue is long").stdout) and said, "noted")
    assert "Fires when the latest value of the SQL over 1 min is above 5." in shown
    (whole,) = run(server, "show", there(server)["queue is long"]["id"], "--json").stdout.splitlines()
    assert json.loads(whole)["deliveries"][0]["event"] == "firing"

    told = until(lambda: run(server, "alerts", "queue is long", "--json").stdout, "the history")
    assert [json.loads(line)["state"] for line in told.splitlines()] == ["firing"]
    assert "queue is long" in run(server, "alerts").stdout

    run(server, "mute", "queue is long", "--for", "4h")
    assert there(server)["queue is long"]["muted"]
    assert "muted" in run(server).stdout
    run(server, "unmute", "queue is long")
    assert not there(server)["queue is long"]["muted"]
    run(server, "mute", "queue is long", "--until", "2099-01-01T00:00:00Z")
    assert there(server)["queue is long"]["muted_until"] == "2099-01-01T00:00:00.000Z"
    for wrong in (("--for", "soon"), ("--until", "tomorrow"), ("--until", "2020-01-01")):
        run(server, "mute", "queue is long", *wrong, code=2)

    assert "told: answered 200" in run(server, "test", "queue is long").stderr
    assert hook.events()[-1] == "test"
    body, headers = hook.raw[-1]
    assert headers["x-team"] == "shop"
    verified = documented_receiver(tmp_path)
    assert verified(body, headers["x-tapetum-signature"], "sesame")
    for wrong in (
        (body + b" ", headers["x-tapetum-signature"], "sesame"),
        (body, headers["x-tapetum-signature"], "parsley"),
        (body, "t=1,v1=00", "sesame"),
        (body, "nonsense", "sesame"),
        (body, headers["x-tapetum-signature"], "sesame", -1),
    ):
        assert not verified(*wrong)
    hook.status = 500
    assert "did not take it: answered 500. It is tried again." in run(server, "test", "queue is long", code=1).stderr
    assert "no webhook to test" in run(server, "test", "silence", code=1).stderr

    run(server, "enable", "silence")
    assert there(server)["silence"]["enabled"]
    run(server, "disable", "silence")
    assert there(server)["silence"]["state"] == "disabled"
    missing = run(server, "show", "queue is lng", code=1).stderr
    assert "No monitor is called 'queue is lng'. Did you mean 'queue is long'?" in missing
    run(server, "delete", "silence", code=1, stdin="n\n")
    assert "silence" in there(server)
    run(server, "delete", "silence", "--yes")
    run(server, "delete", "queue is long", stdin="y\n")
    assert there(server) == {}
    assert "No monitors." in run(server).stderr


def test_a_key_that_may_only_read_sees_and_cannot_change(start_server: StartServer, tmp_path: Path) -> None:
    keys = {}
    for scope in ("read", "admin"):
        made = tapetum("keys", "create", "--data", tmp_path / "data", "--name", scope, "--scope", scope)
        keys[scope] = made.stdout.strip()
    server = start_server(tmp_path / "data", "--require-keys")
    body = {"name": "m", "project": "default", "no_data": "alert", "query": {"kind": "logs"},
            "webhook": {"url": "http://hooks.example/very-secret"}}  # fmt: skip
    answer = server.client.post("/api/v1/monitors", json=body, headers={"authorization": f"Bearer {keys['admin']}"})
    assert answer.status_code == 201, answer.text
    env = {"TAPETUM_URL": server.url, "TAPETUM_KEY": keys["read"]}
    shown = tapetum("monitors", "show", "m", env=env)
    assert "http://hooks.example/…" in shown.stdout
    exported = tapetum("monitors", "export", env=env)
    assert "webhook" not in exported.stdout
    assert "shown to admins alone" in exported.stderr
    refused = tapetum("monitors", "mute", "m", env=env)
    assert (refused.returncode, "this needs admin" in refused.stderr) == (1, True)


def test_without_a_server_it_says_so(closed_port: int) -> None:
    done = tapetum("monitors", "--url", f"http://127.0.0.1:{closed_port}")
    assert (done.returncode, "Start one with: tapetum serve" in done.stderr) == (1, True)
