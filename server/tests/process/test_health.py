"""What needs attention, on a real server: each rule fires on what it is about, and not on data that did not change."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from process import planted
from process.conftest import StartServer
from process.servers import RunningServer, eventually, tapetum
from process.told import Told

MINUTE = 60.0
PATIENCE_S = 60


@pytest.fixture
def told(shared_server: RunningServer, project: str) -> Told:
    return Told(shared_server, project)


def steady(
    told: Told, ms: float = 40.0, *, until_s: float = 0.0, errors: float = 0.02
) -> list[tuple[float, float, bool]]:
    """Six hours of ten requests a minute that vary a little, up to `until_s` seconds ago."""
    dice = told.dice
    agos = [ago for i in range(3_650) if (ago := i * 6.0 + 1) >= until_s]
    return [(ago, ms * dice.lognormvariate(0, 0.4), dice.random() < errors) for ago in agos]


SERVICE_RULES = ("errors", "failing", "latency", "silent", "nothing_arrives")


@pytest.mark.covers("health-services")
def test_services_that_did_not_change_are_no_news(told: Told) -> None:
    """The false alarm that makes people look away."""
    for service in ("web", "shop", "cart"):
        told.spans(service, steady(told))
    report = told.report()
    assert [row for row in report["attention"] if row["rule"] in SERVICE_RULES] == []
    assert told.check("Services")["outcome"] == "ok"
    assert "3 services" in told.check("Services")["text"]
    assert told.check("Silence")["outcome"] == "ok"


@pytest.mark.covers("health-services", "health-changes")
def test_a_service_that_fails_and_drags_after_a_deploy(told: Told) -> None:
    told.spans("shop", steady(told))
    told.spans("web", steady(told, until_s=900))
    # A hundred within nine minutes, and none in the tenth: whatever is counted within a minute from now is these.
    told.spans("web", [(i * 5.4 + 1, 400.0, i % 5 == 0) for i in range(100)])
    told.spans("web", [(i * 6.0 + 601, 400.0, i % 5 == 0) for i in range(50)])
    deploy = {"kind": "deploy", "subject": "web", "before": "1.4", "after": "1.5"}
    then = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(told.now - 920))
    changed = told.server.client.post(
        "/v1/changes", json=deploy | {"time": then}, headers={"x-tapetum-project": told.project}
    )
    assert changed.json()["accepted"] == 1
    lines = {row["rule"]: row for row in told.lines(*SERVICE_RULES)}
    assert set(lines) == {"errors", "latency"}
    errors, latency = lines["errors"], lines["latency"]
    assert (errors["severity"], errors["subject"]) == ("critical", "web")
    assert errors["value"] == pytest.approx(0.2)
    assert errors["text"].startswith("20 % of requests to web fail: 20 of 100 in 10 min, ")
    assert errors["text"].endswith("Shortly before: deploy of web from 1.4 to 1.5.")
    assert [(change["subject"], change["after"]) for change in errors["changes"]] == [("web", "1.5")]
    assert latency["value"] == pytest.approx(400)
    assert "p95 of web is 400 ms over 10 min" in latency["text"]
    for row in (errors, latency):
        assert row["link"]["path"] == "/services/web"
        assert [(link["label"], link["path"], link["search"]["q"].split()[0]) for link in row["links"]] == [
            ("Errors", "/errors", 'service:"web"'), ("Spans", "/traces", 'service:"web"'),
        ]  # fmt: skip
        since = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(told.now - 1_200))
        assert row["since"] >= since
    assert told.report()["state"] == "critical"


@pytest.mark.covers("health-services")
def test_a_handful_of_requests_is_not_enough_to_say(told: Told) -> None:
    told.spans("new", [(i * 30.0 + 1, 900.0, True) for i in range(10)])
    assert told.lines(*SERVICE_RULES) == []
    check = told.check("Services")
    assert (check["outcome"], "not enough data" in check["text"]) == ("not_enough_data", True)


@pytest.mark.covers("health-services")
def test_most_requests_failing_needs_no_past(told: Told) -> None:
    told.spans("young", [(i * 10.0 + 1, 5.0, i % 3 != 0) for i in range(30)])
    (line,) = told.lines("failing")
    assert (line["severity"], line["limit"]) == ("critical", 0.5)
    assert line["text"] == "67 % of requests to young fail: 20 of 30 in 10 min (limit 50 %)."


@pytest.mark.covers("health-services")
def test_of_a_young_service_shorter_windows_say_it(told: Told) -> None:
    """Somebody who has watched for twenty minutes need not wait for an hour."""
    for service, now_ms in (("calm", 40.0), ("slow", 900.0)):
        dice = told.dice
        durations = [(ago, now_ms if ago < 150 else 40.0 * dice.lognormvariate(0, 0.3)) for ago in range(1, 1_200)]
        told.spans(service, [(float(ago), ms, False) for ago, ms in durations])
    (line,) = told.lines(*SERVICE_RULES)
    assert (line["rule"], line["subject"], line["value"]) == ("latency", "slow", pytest.approx(900))
    assert "p95 of slow is 900 ms over 2 min" in line["text"]


@pytest.mark.covers("health-silence")
def test_one_that_fell_silent_among_those_that_speak(told: Told) -> None:
    told.spans("web", steady(told))
    told.spans("gone", steady(told, until_s=1_200))
    told.logs("quiet", [1_200 + 60.0 * i for i in range(200)])
    told.spans("quiet", steady(told), kind=1)
    told.spans("hourly", [(1_500 + 1_800.0 * i, 5.0, False) for i in range(12)])
    told.spans("job", [(4_000 + 60.0 * i, 5.0, False) for i in range(10)], kind=1)
    lines = {row["subject"]: row for row in told.lines("silent", "nothing_arrives")}
    assert set(lines) == {"gone", "quiet"}
    assert lines["gone"]["severity"] == "critical"
    assert lines["gone"]["text"].startswith("gone has sent no spans for 20 min (limit 5 min); before, it never paused")
    assert lines["gone"]["limit"] == 300
    assert lines["quiet"]["severity"] == "warning"
    assert lines["quiet"]["text"].endswith("Its spans still arrive.")
    assert lines["quiet"]["link"]["path"] == "/logs"


@pytest.mark.covers("health-silence")
def test_when_everybody_is_silent_it_is_one_line(told: Told) -> None:
    for service in ("web", "shop", "cart"):
        told.spans(service, steady(told, until_s=900))
    (line,) = told.lines("silent", "nothing_arrives")
    assert (line["rule"], line["severity"]) == ("nothing_arrives", "critical")
    assert line["text"].startswith("Nothing arrives any more: 3 services fell silent, the last of them 15 min ago.")


def every_minute(value: float, before: float, turned_s: float = 1_800) -> Sequence[tuple[float, float]]:
    return [(60.0 * i + 1, value if 60.0 * i < turned_s else before) for i in range(58)]


@pytest.mark.covers("health-hosts")
def test_hosts_that_are_used_up_and_those_that_are_not(told: Told) -> None:
    for host, idle, memory, disk, gpu in (("full", 0.02, 0.98, 0.9, 0.99), ("calm", 0.6, 0.5, 0.4, 0.8)):
        told.gauge(host, "system.cpu.utilization", every_minute(idle, 0.7), cpu_mode="idle")
        told.gauge(host, "system.cpu.utilization", every_minute(1 - idle, 0.3), cpu_mode="user")
        told.gauge(host, "system.memory.utilization", every_minute(memory, 0.4), system_memory_state="used")
        told.gauge(host, "system.memory.utilization", every_minute(1 - memory, 0.6), system_memory_state="free")
        told.gauge(host, "system.filesystem.utilization", every_minute(disk, 0.3), system_filesystem_mountpoint="/data")
        told.gauge(host, "system.filesystem.utilization", every_minute(0.1, 0.1), system_filesystem_mountpoint="/boot")
        told.gauge(host, "hw.gpu.utilization", every_minute(1.0, 1.0), hw_name="GPU 0")
        told.gauge(host, "hw.gpu.memory.utilization", every_minute(gpu, 0.5), hw_name="GPU 0")
    told.gauge("peak", "system.cpu.utilization", every_minute(0.0, 0.7, 120), cpu_mode="idle")
    lines = told.lines("host")
    assert [(row["severity"], row["text"]) for row in lines] == [
        ("critical", "memory of full is 98 % used over the last 10 min (limit 97 %)."),
        ("warning", "CPU of full is 98 % used over the last 10 min (limit 90 %)."),
        ("warning", "disk /data of full is 90 % used over the last 10 min (limit 85 %)."),
        ("info", "GPU memory GPU 0 of full is 99 % used over the last 10 min (limit 98 %)."),
    ]
    assert all(abs(_s(row["since"]) - (told.now - 1_800)) < 3 * MINUTE for row in lines)
    cards = {card["host"]: card for card in told.report()["hosts"]}
    assert set(cards) == {"full", "calm", "peak"}
    bars = {bar["resource"]: bar for bar in cards["calm"]["bars"]}
    assert {name: round(bar["now"], 2) for name, bar in bars.items()} == {
        "cpu": 0.4, "memory": 0.5, "disk": 0.4, "gpu": 1.0, "gpu_memory": 0.8,
    }  # fmt: skip
    assert bars["disk"]["part"] == "/data"


def _s(iso: str) -> float:
    return datetime.fromisoformat(iso[:19] + "+00:00").timestamp()


@pytest.mark.covers("health-hosts")
def test_the_names_of_older_conventions_are_known(told: Told) -> None:
    """As opentelemetry-instrumentation-system-metrics and the Collector write them: each CPU, and `state`."""
    for cpu in ("0", "1"):
        told.gauge("old", "system.cpu.utilization", every_minute(0.03, 0.7), cpu=cpu, state="idle")
    told.gauge("old", "system.memory.utilization", every_minute(0.3, 0.3), state="used")
    told.gauge("plain", "system.cpu.utilization", every_minute(0.97, 0.3))
    line, plain = told.lines("host")
    assert plain["text"] == "CPU of plain is 97 % used over the last 10 min (limit 90 %)."
    assert line["text"] == "CPU of old is 97 % used over the last 10 min (limit 90 %)."


@pytest.mark.covers("health-ingest")
def test_late_records_wrong_clocks_and_old_archives(told: Told) -> None:
    told.logs("prompt", [1.0 * i for i in range(30)])
    told.logs("late", [240.0 + i for i in range(30)])
    told.logs("ahead", [-90.0 - i for i in range(30)])
    told.logs("archive", [40_000.0 + i for i in range(30)])
    told.logs("few", [240.0 + i for i in range(3)])
    lines = {row["rule"]: row for row in told.lines("late", "clock", "backfill")}
    assert {rule: row["subject"] for rule, row in lines.items()} == {
        "late": "late", "clock": "ahead", "backfill": "archive",
    }  # fmt: skip
    assert lines["late"]["severity"] == "warning"
    assert "limit 60 s" in lines["late"]["text"]
    assert 250 <= lines["late"]["value"] <= 400
    assert 60 <= lines["clock"]["value"] <= 110
    assert lines["backfill"]["severity"] == "info"
    lag = {row["service"]: row for row in told.report()["ingest"]["lag"]}
    assert lag["prompt"]["records"] == 30
    assert lag["late"]["p99_s"] >= lag["late"]["p50_s"] > lag["prompt"]["p50_s"]


@pytest.mark.covers("health-ingest")
def test_refused_records_by_reason_and_share(told: Told) -> None:
    told.logs("web", [1.0 * i for i in range(5)])
    assert told.lines("refused") == []
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "00", "spanId": "00", "name": "x"}] * 40}]}]}
    answer = told.server.send(
        "traces", json.dumps(body).encode(), project=told.project, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 200
    assert answer.json()["partialSuccess"]
    until = time.monotonic() + PATIENCE_S
    while not (found := told.lines("refused")):
        assert time.monotonic() < until
        time.sleep(0.2)
    (line,) = found
    assert line["severity"] == "critical"
    assert line["text"].startswith("40 spans from unknown_service were refused in the last hour (100 %): invalid_")
    assert line["link"]["path"] == "/ingest"
    report = told.report()
    assert (report["ingest"]["accepted"], report["ingest"]["refused"]) == (5, 40)


@pytest.mark.covers("health-leaks")
@pytest.mark.wide
def test_secrets_that_somebody_sends_are_a_line_with_their_key_and_rows(told: Told) -> None:
    """An address is redacted where that is on, counted, and no news."""
    rules = {"params": {"project": told.project}}
    told.logs("web", [1.0])
    chosen = told.server.client.put("/api/v1/redaction", json={"on": ["email"]}, **rules)  # type: ignore[arg-type]
    assert chosen.status_code == 200, chosen.text
    assert told.lines("leak") == []
    assert told.check("Credentials")["outcome"] == "ok"
    hint = {"kind": "config", "subject": "web", "before": "no hint", "after": "hint: your key here"}
    headers = {"x-tapetum-project": told.project, "content-type": "application/x-ndjson"}
    told.server.client.post("/v1/changes", json=hint, headers=headers | {"content-type": "application/json"})
    sent = [
        {"service": "web", "message": "chat", "prompt": f"my key {planted.OPENAI_KEY}"},
        {"service": "web", "message": "chat", "prompt": f"my key {planted.OPENAI_KEY}"},
        {"service": "web", "message": f"key {planted.OPENAI_KEY} refused"},
        {"service": "web", "message": f"mail from {planted.EMAIL}"},
        {"service": "till", "message": f"AWS {planted.AWS_KEY}"},
        {"service": "mail", "message": f"to {planted.EMAIL}"},
    ]
    body = "\n".join(map(json.dumps, sent)).encode()
    assert told.server.client.post("/v1/logs", content=body, headers=headers).is_success

    def all_four() -> list[dict[str, Any]] | None:
        lines = told.lines("leak")
        return lines if sum(row["value"] for row in lines) == 4 else None

    web, till = eventually(all_four, "counts are kept", at_most_s=PATIENCE_S)
    assert (web["subject"], web["severity"], web["value"], web["limit"]) == ("web", "warning", 3, 0)
    assert web["text"] == (
        "web sends OpenAI API keys: rule openai_key found 3 in the last hour, under prompt and 1 more place. "
        "Shortly before: config of web from no hint to hint: your key here."
    )
    assert "revoke it" in web["next"]
    assert abs(_s(web["since"]) - told.now) < 3 * MINUTE
    assert web["link"] == {"path": "/settings", "search": {"tab": "redaction", "since": "1d"}}
    (rows,) = web["links"]
    asked = {"project": told.project, **rows["search"]}
    marked = told.server.client.get(f"/api/v1{rows['path']}", params=asked).json()["rows"]
    assert [row["body"] for row in marked] == ["chat", "chat"]
    assert (till["subject"], till["value"]) == ("till", 1)
    assert ", under body." in till["text"]
    assert told.check("Credentials")["text"] == "2 senders sent credentials in the last hour: 4."


@pytest.mark.covers("health-monitors")
def test_monitors_that_fire_are_lines_and_muted_ones_stand_last(told: Told) -> None:
    # Older than a minute: monitors look at whole minutes only.
    told.logs("web", [61.0 + i for i in range(50)])
    made = {}
    for name, severity, muted, limit in (
        ("too many", "critical", None, 1), ("known", "critical", "2030-01-01T00:00:00Z", 1), ("calm", "critical", None, 1e9),
    ):  # fmt: skip
        body = {
            "name": name, "project": told.project, "severity": severity, "muted_until": muted, "interval_s": 1,
            "window_s": 300, "query": {"kind": "logs", "measure": "count"},
            "condition": {"op": ">", "limit": limit, "aggregate": "max"}, "runbook": "Restart the printer.",
        }  # fmt: skip
        answer = told.server.client.post("/api/v1/monitors", json=body)
        assert answer.status_code == 201, answer.text
        made[name] = answer.json()["id"]
    until = time.monotonic() + PATIENCE_S
    while {row["state"]: row["monitors"] for row in told.report()["monitors"]} != {"firing": 2, "ok": 1}:
        assert time.monotonic() < until
        time.sleep(0.2)
    report = told.report()
    lines = [row for row in report["attention"] if row["rule"] == "monitor"]
    assert [(row["subject"], row["muted"]) for row in lines] == [("too many", False), ("known", True)]
    assert report["attention"][-1]["subject"] == "known"
    assert lines[0]["link"]["path"] == f"/monitors/{made['too many']}"
    assert lines[0]["next"] == "Restart the printer."
    assert lines[0]["limit"] == 1
    told.server.client.delete(f"/api/v1/monitors/{made['too many']}").raise_for_status()
    assert [row["muted"] for row in told.lines("monitor")] == [True]


@pytest.mark.covers("health-monitors")
def test_notifications_that_nobody_took_are_a_line(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(tmp_path / "data", "--webhook-give-up-s", "1")
    told = Told(server, "given-up")
    told.logs("web", [61.0])
    body = {
        "name": "deaf", "project": "given-up", "interval_s": 1, "window_s": 300,
        "query": {"kind": "logs", "measure": "count"}, "condition": {"op": ">", "limit": 0, "aggregate": "max"},
        "webhook": {"url": "http://127.0.0.1:9/nobody"},
    }  # fmt: skip
    made = server.client.post("/api/v1/monitors", json=body)
    assert made.status_code == 201
    until = time.monotonic() + PATIENCE_S

    def given_up() -> bool:
        rows = server.client.get(f"/api/v1/monitors/{made.json()['id']}/deliveries").json()["rows"]
        return any(row["status"] == "given_up" for row in rows)

    # Looking at deliveries is cheap, and what Health says is not.
    while not given_up() or not (found := told.lines("notifications")):
        assert time.monotonic() < until
        time.sleep(0.2)
    assert found[0]["text"].startswith("1 notification of monitor deaf was given up in the last 24 h: ")


@pytest.mark.usefixtures("one_percent_in_use")
@pytest.mark.covers("health-server")
def test_a_disk_at_its_guard_and_questions_without_an_answer(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(tmp_path / "data", "--disk-full-percent", "1")
    (line,) = Told(server, "default").lines("disk_full")
    assert (line["severity"], line["limit"]) == ("critical", 1)
    assert line["text"].endswith("ingest pauses (limit 1 %).")
    assert line["link"] == {"path": "/settings", "search": {"tab": "health"}}


@pytest.mark.covers("health-server")
def test_the_server_tells_of_itself_to_an_admin_of_every_project(shared_server: RunningServer) -> None:
    found = shared_server.client.get("/api/v1/server").json()
    assert (found["store"], found["catalog"], found["http_port"]) == ("embedded", "sqlite", shared_server.port)
    # Seconds, and not milliseconds. Tests before this one may have taken more than an hour.
    assert 0 < found["uptime_s"] < 86_400
    assert found["process"]["memory_bytes"] > 50_000_000
    assert {part["name"] for part in found["data"]} >= {"store/", "catalog.sqlite"}
    assert {check["name"]: check["outcome"] for check in found["checks"]}["Data directory"] == "ok"
    assert found["queue"]["limit"] > found["queue"]["waiting"]
    assert found["disk"]["full_percent"] == 90


@pytest.mark.covers("health-demo-faults")
def test_only_the_demo_has_faults_to_switch(shared_server: RunningServer) -> None:
    for answer in (
        shared_server.client.get("/api/v1/demo/faults"),
        shared_server.client.put("/api/v1/demo/faults/slow-dependency", json={"on": True}),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_demo")


@pytest.mark.covers("cli-health")
def test_the_command_says_the_same_and_its_exit_status_is_for_scripts(told: Told) -> None:
    told.logs("web", [1.0 * i for i in range(20)])
    where = ("--url", told.server.url, "--project", told.project)
    calm = tapetum("health", *where)
    assert (calm.returncode, calm.stdout.strip()) == (0, "Nothing needs attention."), calm.stderr
    told.spans("young", [(i * 10.0 + 1, 5.0, True) for i in range(30)])
    bad = tapetum("health", *where)
    assert bad.returncode == 1
    assert "critical" in bad.stdout
    assert "100 % of requests to young fail: 30 of 30 in 10 min (limit 50 %)." in " ".join(bad.stdout.split())
    report = json.loads(tapetum("health", "--json", *where).stdout)
    assert (report["state"], report["project"]) == ("critical", told.project)
    assert tapetum("health", "--url", told.server.url, "--project", "nowhere").returncode == 1


@pytest.mark.covers("health-isolation")
def test_a_key_of_one_project_sees_that_project_and_little_of_the_server(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server(tmp_path / "data")
    theirs, ours = Told(server, "theirs"), Told(server, "ours")
    theirs.spans("secret", [(i * 10.0 + 1, 5.0, True) for i in range(30)])
    ours.spans("web", [(1.0, 5.0, False)])
    made = server.client.post("/api/v1/keys", json={"name": "k", "scopes": ["admin"], "project": "ours"}).json()
    headers = {"authorization": f"Bearer {made['key']}"}
    assert any(row["subject"] == "secret" for row in theirs.report()["attention"])
    answer = server.client.get("/api/v1/health", headers=headers)
    assert (answer.status_code, answer.json()["project"]) == (200, "ours")
    assert "secret" not in answer.text
    assert server.client.get("/api/v1/health", headers=headers, params={"project": "theirs"}).status_code == 404
    assert server.client.get("/api/v1/server", headers=headers).status_code == 403
