"""Changes on a real server: recorded by HTTP and by command, and deploys derived from versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from process.conftest import StartServer
from process.servers import RunningServer, tapetum

NDJSON = {"content-type": "application/x-ndjson"}
DEPLOY = {
    "time": "2026-11-23T10:00:00.5Z", "kind": "deploy", "subject": "shop", "before": "1.0", "after": "1.1",
    "source": "ci", "attributes": {"commit": "abc", "attempt": 2},
}  # fmt: skip


def post(server: RunningServer, project: str, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"content-type": "application/json", "x-tapetum-project": project}
    return server.client.post("/v1/changes", content=content, headers=named | headers)


def changes(server: RunningServer, project: str, **query: str) -> list[dict[str, Any]]:
    answer = server.client.get("/api/v1/changes", params={"project": project, "from": "all", **query})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


def span(version: str, start_s: int, service: str = "shop", environment: str = "") -> bytes:
    """A request with one span of this version of a service."""
    attributes = {"service.name": service, "service.version": version}
    if environment:
        attributes["deployment.environment.name"] = environment
    resource = {"attributes": [{"key": k, "value": {"stringValue": v}} for k, v in attributes.items()]}
    one = {
        "traceId": f"{start_s:032x}", "spanId": f"{start_s:016x}", "name": "x",
        "startTimeUnixNano": start_s * 10**9, "endTimeUnixNano": start_s * 10**9 + 1,
    }  # fmt: skip
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [one]}]}]}).encode()


def send(server: RunningServer, project: str, *bodies: bytes) -> None:
    for body in bodies:
        answer = server.send("traces", body, project=project, headers={"content-type": "application/json"})
        assert answer.status_code == 200, answer.text


@pytest.mark.covers("changes-recorded")
def test_a_recorded_change_is_durable_and_counts_once_however_often_it_is_sent(
    shared_server: RunningServer, project: str
) -> None:
    timeless = {"kind": "config", "subject": "limits", "after": 5}
    for body in (DEPLOY, [DEPLOY], json.dumps(DEPLOY).encode()):
        answer = post(shared_server, project, body)
        assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "refused": []})
    for _ in range(2):
        assert post(shared_server, project, timeless).json()["accepted"] == 1
    newest, deploy = changes(shared_server, project)
    assert deploy == {
        **DEPLOY, "time": "2026-11-23T10:00:00.500000000Z", "attributes": {"commit": "abc", "attempt": "2"},
    }  # fmt: skip
    assert (newest["subject"], newest["after"], newest["before"]) == ("limits", "5", "")
    assert [row["subject"] for row in changes(shared_server, project, kind="config,data")] == ["limits"]
    assert [row["subject"] for row in changes(shared_server, project, subject="shop")] == ["shop"]
    assert changes(shared_server, project, to="2026-11-23T10:00:00.5Z") == []
    assert shared_server.rows("SELECT subject, after FROM changes WHERE project = {p:String} ORDER BY 1", p=project) == [
        ("limits", "5"), ("shop", "1.1"),
    ]  # fmt: skip


@pytest.mark.covers("changes-recorded", "bad-changes")
def test_a_bad_change_is_refused_by_itself_and_named(shared_server: RunningServer, project: str) -> None:
    bad: list[Any] = [
        {"kind": "deployment", "subject": "a"}, {"kind": "deploy"}, {"kind": "deploy", "subject": "a", "time": "soon"},
        {"kind": "deploy", "subject": "a", "time": 5}, {"kind": "deploy", "subject": "a", "befor": "1"},
        {"kind": "deploy", "subject": "a" * 2000}, {"kind": "deploy", "subject": "a", "attributes": [1]},
        {"kind": "deploy", "subject": "a", "after": {"x": 1}}, "text",
        {"kind": "deploy", "subject": "a", "attributes": {"k": "v" * 5000}},
    ]  # fmt: skip
    told = post(shared_server, project, [DEPLOY, *bad, DEPLOY | {"after": "1.2"}]).json()
    assert told["accepted"] == 2
    fields = ["kind", "subject", "time", "time", "befor", "subject", "attributes", "after", "", "attributes.k"]
    assert [(one["index"], one["field"]) for one in told["refused"]] == list(enumerate(fields, 1))
    assert "did you mean before?" in told["refused"][4]["message"]
    assert len(changes(shared_server, project)) == 2
    lines = b"\n".join([json.dumps(DEPLOY | {"after": "1.3"}).encode(), b"{cut", b""])
    told = post(shared_server, project, lines, **NDJSON).json()
    assert (told["accepted"], [one["index"] for one in told["refused"]]) == (1, [1])
    counts = shared_server.counts()
    assert counts[project, "changes", "accepted", ""] == 3
    assert counts[project, "changes", "refused", "invalid_change"] == 11


@pytest.mark.covers("bad-changes")
def test_a_request_that_is_wrong_as_a_whole_says_so_in_our_own_shape(
    shared_server: RunningServer, project: str
) -> None:
    many = [DEPLOY] * 1001
    for body, status, code in (
        ({"kind": "x", "subject": "a"}, 400, "invalid_change"), (b"{", 400, "undecodable"), (many, 413, "too_large"),
        (b" " * 5_000_000, 413, "too_large"), (b"", 400, "undecodable"),
    ):  # fmt: skip
        answer = post(shared_server, project, body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert answer.json()["error"]["field"]
    broken = post(shared_server, project, b"\x1f\x8bnot", **{"content-encoding": "gzip"})
    assert (broken.status_code, set(broken.json())) == (400, {"error"})
    assert shared_server.client.get("/v1/changes").status_code == 405
    assert post(shared_server, project, []).json() == {"accepted": 0, "refused": []}
    assert post(shared_server, "no such name!", DEPLOY).json()["error"]["code"] == "invalid_project"


@pytest.mark.covers("changes-derived")
def test_a_version_that_is_new_to_its_service_is_a_deploy(start_server: StartServer, tmp_path: Path) -> None:
    """Not the first one of all, not one that was recorded, not one that comes again; and not twice after a restart."""
    server = start_server(tmp_path / "data")
    now = 1_795_428_000
    send(server, "p", span("1.0", now), span("1.1", now + 60), span("1.1", now + 90), span("1.0", now + 95))
    # A record that comes late puts the deploy where it was.
    send(server, "p", span("1.1", now + 50), span("2.0", now + 5, environment="staging"), span("7", now, service="db"))
    expected = {
        "time": "2026-11-23T10:00:50.000000000Z", "kind": "deploy", "subject": "shop", "before": "1.0", "after": "1.1",
        "source": "derived", "attributes": {},
    }  # fmt: skip
    assert changes(server, "p") == [expected]
    server.stop()
    again = start_server(tmp_path / "data")
    send(again, "p", span("1.0", now + 200), span("1.1", now + 210))
    assert changes(again, "p") == [expected]
    send(again, "p", span("2.1", now + 300, environment="staging"), span("1.2", now + 310))
    (shop, staging, _) = changes(again, "p")
    assert (shop["before"], shop["after"]) == ("1.1", "1.2")
    assert (staging["before"], staging["attributes"]) == ("2.0", {"deployment.environment.name": "staging"})
    recorded = {"kind": "deploy", "subject": "shop", "after": "1.2", "time": "2026-11-23T10:05:00Z", "source": "ci"}
    assert post(again, "p", recorded).json()["accepted"] == 1
    assert [(row["after"], row["source"]) for row in changes(again, "p", subject="shop")] == [
        ("1.2", "ci"), ("2.1", "derived"), ("1.1", "derived"),
    ]  # fmt: skip


@pytest.mark.covers("changes-recorded", "project-isolation")
def test_the_door_needs_a_key_that_may_send_and_stays_in_its_project(start_server: StartServer, tmp_path: Path) -> None:
    data = tmp_path / "data"

    def key(scope: str) -> dict[str, str]:
        made = tapetum("keys", "create", "--data", data, "--name", scope, "--scope", scope, "--project", "a", "--json")
        return {"authorization": f"Bearer {json.loads(made.stdout)['key']}"}

    sender, reader = key("ingest"), key("read")
    server = start_server(data, "--require-keys")
    door = {"json": DEPLOY}
    nobody = server.client.post("/v1/changes", **door)
    assert (nobody.status_code, nobody.json()["error"]["code"]) == (401, "unauthenticated")
    assert server.client.post("/v1/changes", **door, headers=reader).status_code == 403
    theirs = server.client.post("/v1/changes", **door, headers=sender | {"x-tapetum-project": "b"})
    assert (theirs.status_code, theirs.json()["error"]["code"]) == (403, "project_not_allowed")
    assert server.client.post("/v1/changes", **door, headers=sender).json()["accepted"] == 1
    assert server.client.get("/api/v1/changes", headers=sender).status_code == 403
    rows = server.client.get("/api/v1/changes", headers=reader, params={"from": "all"}).json()["rows"]
    assert [row["subject"] for row in rows] == ["shop"]


@pytest.mark.covers("cli-changes")
def test_commands_record_and_list_changes(shared_server: RunningServer, project: str) -> None:
    where = ("--url", shared_server.url, "--project", project)
    made = tapetum("changes", "add", "model", "fraud", "--before", "v1", "--after", "v2", "-a", "auc=0.9", *where)
    assert made.returncode == 0, made.stderr
    shown = tapetum("changes", *where)
    assert "fraud" in shown.stdout
    (row,) = (json.loads(line) for line in tapetum("changes", "--json", *where).stdout.splitlines())
    assert (row["kind"], row["after"], row["source"], row["attributes"]) == ("model", "v2", "cli", {"auc": "0.9"})
    wrong = tapetum("changes", "add", "modle", "fraud", *where)
    assert (wrong.returncode, "kind is one of" in wrong.stderr.lower()) == (1, True)
