"""Monitors on a real server, with a real webhook at the other end."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from process.conftest import StartServer
from process.servers import RunningServer

PATIENCE_S = 60
LATEST = {"kind": "sql", "query": "SELECT toFloat64OrNull(argMax(body, time)) AS queue FROM logs"}
ABOVE_5 = {"op": ">", "limit": 5, "aggregate": "last"}


class Hook:
    """A webhook receiver: what it was sent, and what it answers."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.raw: list[tuple[bytes, dict[str, str]]] = []
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                hook.raw.append((body, {k.lower(): v for k, v in self.headers.items()}))
                if hook.status == 200:
                    hook.bodies.append(json.loads(body))
                self.send_response(hook.status)
                self.send_header("location", "http://127.0.0.1:9/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/call"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def events(self) -> list[str]:
        return [body["event"] for body in self.bodies]


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.server.shutdown()
    made.server.server_close()


def until(condition: Callable[[], Any], what: str) -> Any:
    """What `condition` says once it is true."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {PATIENCE_S} s: {what}")


@pytest.fixture(scope="module")
def watching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of this file: its monitors look every second, which other tests need not wait for."""
    with RunningServer(tmp_path_factory.mktemp("watching") / "data") as running:
        yield running


@pytest.fixture
def server(watching: RunningServer, project: str) -> Iterator[RunningServer]:
    """The same; the monitors of the test's project are gone when it ends."""
    yield watching
    for row in watching.client.get("/api/v1/monitors", params={"project": project}).json()["rows"]:
        watching.client.delete(f"/api/v1/monitors/{row['id']}").raise_for_status()


def monitor(server: RunningServer, name: str, **changes: Any) -> str:
    body = {
        "name": name, "project": "m", "query": LATEST, "condition": ABOVE_5, "window_s": 60, "interval_s": 1, **changes,
    }  # fmt: skip
    answer = server.client.post("/api/v1/monitors", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def queue_is(server: RunningServer, length: object, project: str = "m") -> None:
    """One log record whose text is the length of a queue."""
    headers = {"content-type": "text/plain", "x-tapetum-project": project}
    assert server.client.post("/v1/logs", content=str(length), headers=headers).status_code == 200


def state_of(server: RunningServer, monitor_id: str) -> dict[str, Any]:
    found: dict[str, Any] = server.client.get(f"/api/v1/monitors/{monitor_id}").json()
    return found


def deliveries(server: RunningServer, monitor_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.client.get(f"/api/v1/monitors/{monitor_id}/deliveries").json()["rows"]
    return found


@pytest.mark.covers("monitor-restart", "monitor-webhook")
def test_an_alert_is_told_once_and_taken_back_once_across_kill_9(
    start_server: StartServer, tmp_path: Path, hook: Hook
) -> None:
    server = start_server(tmp_path / "data", "--public-url", "https://tapetum.example/")
    queue_is(server, 3)
    watched = monitor(server, "queue", webhook={"url": hook.url, "secret": "sesame"}, severity="critical")
    until(lambda: state_of(server, watched)["state"] == "ok", "looked at, and well")
    queue_is(server, 9)
    until(hook.events, "called")
    # What was sent and not yet noted is sent again: a receiver knows it by its id.
    until(lambda: all(d["status"] == "delivered" for d in deliveries(server, watched)), "noted")
    server.kill()

    server = start_server(tmp_path / "data")
    seen = state_of(server, watched)
    assert (seen["state"], seen["value"]) == ("firing", 9)
    until(lambda: state_of(server, watched)["evaluated_at"] > seen["evaluated_at"], "looked at again")
    assert hook.events() == ["firing"]
    queue_is(server, 2)
    until(lambda: len(hook.bodies) > 1, "taken back")
    assert hook.events() == ["firing", "resolved"]

    body = hook.bodies[0]
    assert (body["value"], body["limit"], body["project"], body["monitor"]["severity"]) == (9, 5, "m", "critical")
    assert body["text"].startswith("Firing: queue; value 9, limit 5; since ")
    assert body["link"].startswith(f"https://tapetum.example/monitors/{watched}?project=m&from=")
    raw, headers = hook.raw[0]
    at, _, signed = headers["x-tapetum-signature"].removeprefix("t=").partition(",v1=")
    assert signed == hmac.new(b"sesame", at.encode() + b"." + raw, hashlib.sha256).hexdigest()

    def history() -> list[tuple[Any, ...]]:
        return server.rows("SELECT state, previous_state, value FROM alerts WHERE project = 'm' ORDER BY started_at")

    assert until(lambda: len(history()) == 2 and history(), "in the history") == [
        ("firing", "ok", 9.0), ("ok", "firing", 2.0),
    ]  # fmt: skip
    rows = server.client.get("/api/v1/alerts", params={"project": "m"}).json()["rows"]
    assert [(row["monitor"], row["state"], row["ended_at"] is None) for row in rows] == [
        ("queue", "ok", True), ("queue", "firing", False),
    ]  # fmt: skip


@pytest.mark.covers("bad-webhook")
@pytest.mark.wide
def test_a_webhook_that_never_answers_is_in_nobodys_way(start_server: StartServer, tmp_path: Path, hook: Hook) -> None:
    server = start_server(tmp_path / "data")
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        # Connections are taken by the kernel and never answered.
        dead = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        queue_is(server, 9)
        stuck = [monitor(server, f"stuck {n}", webhook={"url": dead}) for n in range(12)]
        until(lambda: all(deliveries(server, one) for one in stuck), "all have something to tell")
        well = monitor(server, "well", webhook={"url": hook.url})
        until(lambda: state_of(server, well)["state"] == "firing", "evaluated in spite of the others")
        until(hook.events, "delivered in spite of the others")
        tried = until(
            lambda: [d for one in stuck for d in deliveries(server, one) if d["attempts"]],
            "an attempt that came to nothing",
        )
        assert {(d["status"], d["outcome"]) for d in tried} == {("waiting", "no answer within 10 s")}
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < PATIENCE_S, "stopping waits for no webhook"


@pytest.mark.covers("bad-webhook")
def test_refusals_errors_and_redirects_are_said(start_server: StartServer, tmp_path: Path, hook: Hook) -> None:
    server = start_server(tmp_path / "data", "--webhook-give-up-s", "1")
    queue_is(server, 9)
    nobody = socket.create_server(("127.0.0.1", 0))
    closed = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
    nobody.close()
    hook.status = 302
    outcomes = {
        monitor(server, "redirected", webhook={"url": hook.url}): "answered 302: redirects are not followed",
        monitor(
            server, "metadata", webhook={"url": "http://169.254.169.254/latest"}
        ): "169.254.169.254 is a link-local",
        monitor(server, "mapped", webhook={"url": "http://[::ffff:169.254.169.254]/"}): "link-local",
        monitor(server, "nobody there", webhook={"url": closed}): "nobody answers at 127.0.0.1",
    }
    for one, said in outcomes.items():
        (last,) = until(lambda one=one: [d for d in deliveries(server, one) if d["status"] == "given_up"], said)
        assert said in last["outcome"]
        shown = state_of(server, one)["last_delivery"]
        assert {key: last[key] for key in shown} == shown
    listed = server.client.get("/api/v1/monitors", params={"project": "m"}).json()["rows"]
    assert {row["id"]: row["last_delivery"]["status"] for row in listed} == dict.fromkeys(outcomes, "given_up")
    assert len(hook.raw) == 1, "a redirect is tried once"


@pytest.mark.covers("monitor-no-data")
def test_silence_calls_and_data_takes_it_back(server: RunningServer, project: str, hook: Hook) -> None:
    queue_is(server, 1, project)
    watched = monitor(
        server, "heartbeat", project=project, query={"kind": "logs", "q": "", "measure": "count"}, condition=None, no_data="alert",
        window_s=5, webhook={"url": hook.url},
    )  # fmt: skip
    # Only whole steps are looked at: the first look may find the record's own step not over yet, which is an absence
    # too, and the record then takes it back. Silence is what comes after that.
    until(
        lambda: state_of(server, watched)["state"] == "no_data" and hook.events()[-1:] == ["no_data"], "silence calls"
    )
    assert "No data: heartbeat" in hook.bodies[0]["text"]

    def sent_again() -> bool:
        queue_is(server, 1, project)
        return hook.events()[-1:] == ["resolved"]

    until(sent_again, "data is back")
    events = hook.events()
    assert events == ["no_data", "resolved"] * (len(events) // 2), "each silence is told once and taken back once"


@pytest.mark.covers("monitors")
def test_more_series_than_can_be_watched_are_said(server: RunningServer, project: str, hook: Hook) -> None:
    lines = "\n".join(json.dumps({"msg": "x", "host": f"h{n}"}) for n in range(101))
    sent = server.client.post(
        "/v1/logs", content=lines, headers={"content-type": "application/x-ndjson", "x-tapetum-project": project}
    )
    assert sent.status_code == 200
    sql = {"kind": "sql", "query": "SELECT attributes['host'] AS host, count() FROM logs GROUP BY host ORDER BY host"}
    watched = monitor(
        server, "hosts", project=project, query=sql, condition={"op": ">", "limit": 0}, webhook={"url": hook.url}
    )
    seen = until(lambda: (s := state_of(server, watched))["state"] == "firing" and s, "looked at")
    assert seen["problem"].startswith("it has more than 100 series")
    until(lambda: len(hook.bodies) == 100, "each of the hundred is told")
    told = {body["labels"]["host"] for body in hook.bodies}
    assert len(told) == 100


@pytest.mark.covers("monitor-no-data")
def test_nothing_is_zero_of_a_count(server: RunningServer, project: str, hook: Hook) -> None:
    count = {"kind": "logs", "q": "", "measure": "count"}
    queue_is(server, 1, project)
    common = {"query": count, "window_s": 5, "webhook": {"url": hook.url}}
    monitor(server, "many", project=project, **common, condition={"op": ">", "limit": 0})
    monitor(server, "few", project=project, **common, condition={"op": "<", "limit": 1})
    kept = monitor(server, "as said", project=project, **common, condition={"op": "<", "limit": 1}, no_data="ok")

    def told() -> list[tuple[str, str]]:
        return [(body["monitor"]["name"], body["event"]) for body in hook.bodies]

    until(lambda: ("few", "firing") in told(), "nothing comes, which is fewer than one")
    queue_is(server, 1, project)
    until(lambda: told().count(("many", "firing")) and ("many", "resolved") in told(), "it came, and went")
    until(lambda: ("few", "resolved") in told(), "one came")
    assert state_of(server, kept)["state"] == "ok"
    assert "as said" not in {name for name, _ in told()}


@pytest.mark.covers("monitor-no-data", "monitor-restart")
@pytest.mark.wide
def test_a_server_does_not_take_its_own_absence_for_silence(
    start_server: StartServer, tmp_path: Path, hook: Hook
) -> None:
    server = start_server(tmp_path / "data")
    queue_is(server, 1)
    watched = monitor(
        server, "heartbeat", query={"kind": "logs", "q": "", "measure": "count"}, condition=None, no_data="alert",
        window_s=5, webhook={"url": hook.url},
    )  # fmt: skip

    def beats() -> bool:
        queue_is(server, 1)
        seen = state_of(server, watched)
        return seen["state"] == "ok" and seen["evaluated_at"] is not None

    until(beats, "looked at, and well")
    until(lambda: all(d["status"] == "delivered" for d in deliveries(server, watched)), "its first minute is told")
    assert beats()
    server.kill()
    hook.bodies.clear()
    time.sleep(11)  # longer than the window and a step: nothing can be in it when the server is back
    server = start_server(tmp_path / "data")
    back = time.monotonic()
    looked: set[str] = set()
    # Its own absence is a reason for a window and a step; what it sees after that, it sees with others' eyes.
    while time.monotonic() - back < 11 or len(looked) < 5:
        assert beats(), "it was the server that was silent"
        looked.add(state_of(server, watched)["evaluated_at"])
        assert time.monotonic() - back < PATIENCE_S, "it looks every second"
        time.sleep(0.2)
    assert hook.events() == []
    until(lambda: hook.events() == ["no_data"], "now it is the others")


@pytest.mark.covers("monitors")
def test_a_query_that_fails_is_an_error_that_somebody_hears_of(server: RunningServer, project: str, hook: Hook) -> None:
    queue_is(server, 1, project)
    watched = monitor(
        server,
        "broken",
        project=project,
        query={"kind": "sql", "query": "SELECT nonsense FROM logs"},
        webhook={"url": hook.url},
    )
    until(hook.events, "told of it")
    seen = state_of(server, watched)
    assert seen["state"] == "error"
    assert "nonsense" in seen["problem"]
    fixed = {"definition": {"query": LATEST, "condition": ABOVE_5, "window_s": 60, "interval_s": 1}}
    assert server.client.patch(f"/api/v1/monitors/{watched}", json=fixed).status_code == 200
    until(lambda: hook.events() == ["error", "resolved"], "works again")
    assert state_of(server, watched)["problem"] == ""


@pytest.mark.covers("monitors")
def test_a_failed_look_does_not_end_the_row_of_the_only_series(server: RunningServer, project: str) -> None:
    """Neither names a series; each has a history of its own all the same."""
    queue_is(server, 9, project)
    fails_at_0 = {"kind": "sql", "query": "SELECT intDiv(18, argMax(toInt64(body), time)) AS load FROM logs"}
    watched = monitor(
        server, "load", project=project, query=fails_at_0, condition={"op": ">", "limit": 1, "aggregate": "last"}
    )
    until(lambda: state_of(server, watched)["state"] == "firing", "fires")
    queue_is(server, 0, project)
    until(lambda: state_of(server, watched)["state"] == "error", "cannot look")

    def shown() -> list[tuple[Any, ...]]:
        sql = "SELECT subject, state, isNull(ended_at) FROM alerts WHERE project = {p:String} ORDER BY started_at"
        return server.rows(sql, p=project)

    firing, failed = ("", "firing", 1), ("looking", "error", 1)
    until(lambda: shown() == [firing, failed], f"both last: {shown()}")
    rows = server.client.get("/api/v1/alerts", params={"project": project}).json()["rows"]
    assert [(r["subject"], r["state"], r["ended_at"]) for r in rows] == [
        ("looking", "error", None), ("", "firing", None),
    ]  # fmt: skip
    queue_is(server, 9, project)
    until(lambda: len(shown()) == 3, "looks again")
    assert shown() == [firing, ("looking", "error", 0), ("looking", "ok", 1)]


@pytest.mark.covers("monitors")
def test_series_of_a_group_fire_one_by_one_and_a_deleted_monitor_says_goodbye(
    server: RunningServer, project: str, hook: Hook
) -> None:
    grouped = {
        "kind": "sql",
        "query": "SELECT splitByChar(' ', body)[1] AS name, argMax(toFloat64(splitByChar(' ', body)[2]), time) FROM logs "
        "GROUP BY name",
    }
    queue_is(server, "a 9", project)
    queue_is(server, "b 1", project)
    watched = monitor(server, "queues", project=project, query=grouped, webhook={"url": hook.url})
    until(hook.events, "told of a")
    queue_is(server, "b 8", project)
    until(lambda: len(hook.bodies) == 2, "told of b")
    assert [body["labels"] for body in hook.bodies] == [{"name": "a"}, {"name": "b"}]
    alerts = state_of(server, watched)["alerts"]
    assert {(a["labels"]["name"], a["state"], a["value"]) for a in alerts} == {("a", "firing", 9), ("b", "firing", 8)}
    server.client.delete(f"/api/v1/monitors/{watched}")
    ended = "SELECT count() FROM alerts WHERE project = {p:String} AND state = 'ok' AND evidence = 'the monitor was deleted'"
    until(lambda: server.rows(ended, p=project) == [(2,)], "its alerts end in the history")
