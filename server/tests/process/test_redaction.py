"""Redaction on a real server: through every door, secrets reach neither the disk nor anybody who watches."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from process import planted
from process.conftest import StartServer
from process.otlp import JSON, PROTOBUF, channel, request
from process.remote_write import exemplar, series, snappy
from process.remote_write import post as remote_write
from process.servers import RunningServer, environment, eventually, tapetum
from process.targets import targets
from process.test_log_lines import NDJSON, PUSH

TAIL = "Ab3dEf6hIj9lMn2pQr5tUv8xYz1"


def secret(door: str) -> str:
    """A key that names its door, so that a leak says where."""
    return "sk-" + "proj-" + door + TAIL * 2


def otlp(signal: str, door: str) -> Any:
    """A record with a secret in each place that can hold text."""
    made = request(signal, ["00f067aa0ba902b7"])
    owner = getattr(made, f"resource_{'spans' if signal == 'traces' else signal}")[0]
    owner.resource.attributes.add(key="deploy.note").value.string_value = f"with {secret(door)}"
    scope = getattr(owner, f"scope_{'spans' if signal == 'traces' else signal}")[0]
    scope.scope.name = secret(door)
    scope.scope.attributes.add(key="k").value.string_value = secret(door)
    if signal == "traces":
        span = scope.spans[0]
        span.name = f"call {secret(door)}"
        span.status.code, span.status.message = 2, f"refused {secret(door)}"
        span.attributes.add(key="http.request.header.authorization").value.string_value = "Custom " + door + TAIL
        nested = span.attributes.add(key="gen_ai.input.messages").value
        nested.string_value = json.dumps([{"role": "user", "content": f"my key\n{secret(door)}"}])
        deep = span.attributes.add(key="deep").value.kvlist_value.values.add(key="a").value.array_value.values.add()
        deep.string_value = secret(door)
        event = span.events.add(name="exception")
        event.attributes.add(key="exception.type").value.string_value = "AuthError"
        event.attributes.add(key="exception.message").value.string_value = f"bad key {secret(door)}"
        link = span.links.add(trace_id=span.trace_id, span_id=span.span_id)
        link.attributes.add(key="k").value.string_value = secret(door)
    elif signal == "logs":
        record = scope.log_records[0]
        record.body.kvlist_value.values.add(key="m").value.string_value = secret(door)
        record.attributes.add(key="k").value.string_value = secret(door)
    else:
        metric = scope.metrics[0]
        metric.description = secret(door)
        point = metric.gauge.data_points[0]
        point.attributes.add(key="k").value.string_value = secret(door)
        exemplar = point.exemplars.add(time_unix_nano=point.time_unix_nano, as_double=1)
        exemplar.filtered_attributes.add(key="k").value.string_value = secret(door)
    return made


def leaks(data: Path, text: str = TAIL) -> list[str]:
    """Files of the data directory that hold the tail of a secret, compressed columns aside."""
    return [str(p) for p in data.rglob("*") if p.is_file() and text.encode() in p.read_bytes()]


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server that was told a secret through every door, and what a live viewer saw meanwhile."""
    directory = tmp_path_factory.mktemp("redaction")
    data, config = directory / "data", directory / "tapetum.toml"
    tables = (
        '[[redaction]]\n[[redaction]]\nproject = "raw"\non = []\n[[redaction]]\nproject = "free"\nmay_weaken = true\n'
    )
    with targets() as served:
        config.write_text(tables + planted.configuration(served))
        with RunningServer(data, "--config", str(config)) as server:
            yield server, data, watched(server, directory)


def watched(server: RunningServer, directory: Path) -> list[str]:
    """What a live viewer sees while secrets come through the doors."""
    with server.client.stream("GET", "/api/v1/logs/tail") as live:
        lines = live.iter_lines()
        first = next(lines)
        for signal in ("traces", "logs", "metrics"):
            assert server.send(signal, otlp(signal, "HttpPb").SerializeToString(), headers=PROTOBUF).status_code == 200
        service = {
            "traces": "trace.v1.TraceService",
            "logs": "logs.v1.LogsService",
            "metrics": "metrics.v1.MetricsService",
        }
        with channel(server.grpc) as opened:
            for signal, name in service.items():
                call = opened.unary_unary(f"/opentelemetry.proto.collector.{name}/Export")
                call(otlp(signal, "Grpc").SerializeToString(), timeout=60)
        line = json.dumps({"message": f"Authorization: Bearer {secret('Ndjson')}", "user": {"password": "p" + TAIL}})
        assert server.client.post("/v1/logs", content=line.encode(), headers=NDJSON).is_success
        pushed = {"streams": [{"stream": {"app": "shop"}, "values": [[str(time.time_ns()), secret("Loki")]]}]}
        assert server.client.post(PUSH, content=json.dumps(pushed), headers=JSON).is_success
        change = {
            "kind": "config",
            "subject": "api",
            "before": secret("Change"),
            "after": "x",
            "attributes": {"k": secret("Change")},
        }
        assert server.client.post("/v1/changes", content=json.dumps(change), headers=JSON).is_success
        said = {
            "name": "feedback", "target_type": "session", "target_id": "s1", "source": "user", "score": 0,
            "comment": secret("Evaluation"), "expected_output": secret("Evaluation"),
            "attributes": {"k": secret("Evaluation")},
        }  # fmt: skip
        assert server.client.post("/v1/evaluations", content=json.dumps(said), headers=JSON).is_success
        write = {"__name__": "paid_total", "job": "till", "key": secret("RemoteWrite")}
        at = int(time.time() * 1000)
        mark = exemplar({"trace_id": "0af7651916cd43dd8448eb211c80319c", "k": secret("Exemplar")}, 1.0, at)
        assert remote_write(server, "default", snappy(series(write, (at, 1.0), rest=mark))).is_success
        log = directory / "till.log"
        log.write_text(f"2026-11-25T10:00:00Z ERROR failed with {secret('LogsSend')}\n")
        assert tapetum("logs", "send", log, "--service", "till", "--url", server.url).returncode == 0
        bad = {"kind": secret("Refused"), "subject": 5, "before": secret("Refused")}
        refused = server.client.post("/v1/changes", content=json.dumps(bad), headers=JSON)
        assert refused.status_code == 400
        seen = [first]
        for seen_line in lines:
            seen.append(seen_line)
            if "Loki" in seen_line or sum("redacted:openai_key" in s for s in seen) >= 3:
                break
    return seen


@pytest.mark.covers("redaction-before-storage")
def test_no_secret_is_stored_whatever_the_door(fed: tuple[RunningServer, Path, list[str]]) -> None:
    server, data, _ = fed
    for view in ("spans", "logs", "metrics", "changes", "evaluations", "errors", "ingest"):
        rows = repr(server.rows(f"SELECT * FROM {view}"))
        assert TAIL not in rows, view
        assert view == "ingest" or "[redacted:" in rows, view
    assert leaks(data) == []
    assert TAIL not in server.stderr()
    marked = (
        "SELECT count() FROM metrics WHERE name LIKE 'paid%' AND attributes['key'] LIKE '[redacted:openai_key:%' AND "
    )
    assert server.rows(marked + "toString(exemplars) LIKE '%[redacted:openai_key:%'") == [(1,)]
    assert server.rows("SELECT count() FROM logs WHERE body LIKE '%failed with [redacted:openai_key:%'") == [(1,)]
    [message] = server.rows("SELECT attributes['gen_ai.input.messages'] FROM spans WHERE name LIKE 'call %' LIMIT 1")
    assert json.loads(message[0])[0]["content"].startswith("my key\n[redacted:openai_key:")


@pytest.mark.covers("redaction-before-viewers")
def test_live_viewers_and_error_groups_see_marks_only(fed: tuple[RunningServer, Path, list[str]]) -> None:
    server, _, seen = fed
    assert any("[redacted:openai_key:" in line for line in seen)
    assert not any(TAIL in line for line in seen)
    groups = server.client.get("/api/v1/errors").text
    assert "AuthError" in groups
    assert "[redacted:openai_key:" in groups
    assert TAIL not in groups


@pytest.mark.covers("redaction-marks")
def test_the_same_secret_has_the_same_mark_in_every_record(fed: tuple[RunningServer, Path, list[str]]) -> None:
    server, _, _ = fed
    [[span, status, deep]] = server.rows(
        "SELECT DISTINCT name, status_message, attributes['deep'] FROM spans WHERE attributes['deep'] != '' AND "
        "resource_attributes['deploy.note'] = (SELECT any(resource_attributes['deploy.note']) FROM logs WHERE scope LIKE '[red%')"
    )
    mark = span.removeprefix("call ")
    assert status == f"refused {mark}"
    assert mark in deep


@pytest.mark.covers("redaction-counted")
def test_what_was_redacted_is_counted_by_rule_and_shown(fed: tuple[RunningServer, Path, list[str]]) -> None:
    server, _, _ = fed
    counts = server.counts()
    assert counts["default", "traces", "redacted", "openai_key"] >= 16
    assert counts["default", "traces", "redacted", "secret_attribute"] == 2

    def shown() -> Any:
        return {(r["signal"], r["rule"]): r["count"] for r in server.client.get("/api/v1/ingest").json()["redacted"]}

    eventually(
        lambda: shown().get(("traces", "openai_key")) == counts["default", "traces", "redacted", "openai_key"], "counts"
    )
    assert all(r["outcome"] != "redacted" for r in server.client.get("/api/v1/ingest").json()["reasons"])


SENDER = """
import asyncio, json, logging, tapetum
from opentelemetry import trace, metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import View
from tapetum.exporter import TapetumMetricExporter
from tapetum.redaction import Redactor

SECRET = "sk-" + "proj-" + "Sdk" + "Ab3dEf6hIj9lMn2pQr5tUv8xYz1" * 2
tapetum.init("shop", resources=False, exit_timeout_s=60, redaction={
    "on": ["secrets", "email"], "off": ["npm_token"], "key": "the same everywhere",
    "pattern": [{"name": "ticket", "pattern": r"TCK-\\d{6}"}],
})
view = View(instrument_name="*", attribute_keys={"kept"})
own = MeterProvider([PeriodicExportingMetricReader(TapetumMetricExporter(timeout_s=60, redactor=Redactor(key=b"k")))], views=[view])

@tapetum.observe(kind="llm")
async def stream(prompt):
    for word in ("one ", SECRET[:9], SECRET[9:], " three"):
        yield word

async def drain():
    async for _ in stream("with " + SECRET):
        logging.warning("mail ada@example.org of %s", SECRET, extra={"ticket": "TCK-123456", "npm": "npm_" + "a1" * 18})

other = trace.NonRecordingSpan(trace.SpanContext(1, 2, False))
with tapetum.span("call " + SECRET, attributes={
    "http.request.header.authorization": "Custom plain words", "gen_ai.input.messages": json.dumps([{"content": SECRET}]),
    "many": ["a", SECRET], "n": 7, "api_key": 4321,
}, session="s-" + SECRET) as span:
    span.add_link(other.get_span_context(), {"k": SECRET})
    span.add_event("e " + SECRET, {"k": SECRET})
    span.set_status(trace.StatusCode.ERROR, "refused " + SECRET)
    asyncio.run(drain())
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        span.record_exception(error)
        logging.exception("failed")
    metrics.get_meter(SECRET).create_counter("orders", description=SECRET).add(1, {"k": SECRET})
    own.get_meter("own").create_counter("own.orders").add(1, {"kept": SECRET, "filtered": SECRET})
    tapetum.feedback("down", comment=SECRET, expected_output=SECRET, user_id="ada@example.org")
    tapetum.evaluation("grounded", score=0.5, explanation=SECRET, label=SECRET)
    tapetum.change("config", "api", before=SECRET, after="x", attributes={"password": "plain"})
own.shutdown()
"""


@pytest.mark.covers("redaction-sdk")
def test_the_sdk_takes_secrets_out_before_it_sends(fed: tuple[RunningServer, Path, list[str]]) -> None:
    """This project's redaction on the server is off: what is marked, the SDK has marked."""
    server, _, _ = fed
    env = {
        "TAPETUM_URL": server.url, "TAPETUM_PROJECT": "raw", "TAPETUM_SDK_RAISE": "1",
        "OTEL_RESOURCE_ATTRIBUTES": f"deploy.note={secret('Sdk')}",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SENDER], env=environment(env), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    everything = {
        view: repr(server.rows(f"SELECT * FROM {view} WHERE project = 'raw'"))
        for view in ("spans", "logs", "metrics", "changes", "evaluations", "errors")
    }
    for view, rows in everything.items():
        assert TAIL not in rows, view
        assert "[redacted:openai_key:" in rows, view
        assert "ada@example.org" not in rows, view
    [[name, status, kept, number, n]] = server.rows(
        "SELECT name, status_message, attributes['gen_ai.input.messages'], attributes['api_key'], attributes['n'] "
        "FROM spans WHERE project = 'raw' AND name LIKE 'call %'"
    )
    mark = name.removeprefix("call ")
    assert (status, json.loads(kept), n) == (f"refused {mark}", [{"content": mark}], "7")
    assert number.startswith("[redacted:secret_attribute:")
    assert "npm_a1" in everything["logs"]
    assert "[redacted:ticket:" in everything["logs"]
    assert "[redacted:email:" in everything["evaluations"]
    assert "plain" not in everything["changes"]
    [[exemplars]] = server.rows("SELECT exemplars FROM metrics WHERE project = 'raw' AND name = 'own.orders'")
    assert "[redacted:openai_key:" in repr(exemplars)


@pytest.mark.covers("redaction-settings")
def test_rules_and_own_patterns_are_set_by_project_and_marks_outlive_a_restart(
    start_server: StartServer, tmp_path: Path
) -> None:
    config = tmp_path / "tapetum.toml"
    config.write_text(
        '[[redaction]]\non = ["secrets", "email"]\noff = ["npm_token"]\n'
        "[[redaction.pattern]]\nname = \"ticket\"\npattern = 'TCK-\\d{6}'\n"
        '[[redaction]]\nproject = "raw"\non = []\n'
    )
    text = f"ada@example.org TCK-123456 npm_{TAIL}Zz1Zz1Zz1"

    def send(server: RunningServer, project: str) -> str:
        headers = NDJSON | {"x-tapetum-project": project}
        assert server.client.post("/v1/logs", content=json.dumps({"message": text}), headers=headers).is_success
        [*_, last] = server.rows("SELECT body FROM logs WHERE project = {p:String} ORDER BY ingested_at", p=project)
        return str(last[0])

    server = start_server(tmp_path / "data", "--config", config)
    kept = send(server, "shop")
    assert kept.startswith("[redacted:email:")
    assert "[redacted:ticket:" in kept
    assert TAIL in kept
    assert send(server, "raw") == text
    key = tmp_path / "data" / "redaction.key"
    assert key.stat().st_mode & 0o077 == 0
    server.stop()
    again = start_server(tmp_path / "data", "--config", config)
    assert send(again, "shop") == kept
    assert send(again, "bank") != kept


@pytest.mark.covers("redaction-settings")
@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('on = ["emial"]', "there is no rule 'emial'"),
        ('onn = ["email"]', "Did you mean 'on'?"),
        ('[[redaction.pattern]]\nname = "x"\npattern = "(a+)+b"', "may take for ever"),
        ('project = "a b"', "expected the name of a project"),
        pytest.param(
            '[redaction.presidio]\nentities = ["PERSON"]',
            "needs Presidio, which is not installed: pip install 'tapetum[presidio]'",
            marks=pytest.mark.skipif(find_spec("presidio_analyzer") is not None, reason="Presidio is installed"),
        ),
    ],
)
def test_a_wrong_rule_is_named_before_anything_starts(tmp_path: Path, table: str, said: str) -> None:
    config = tmp_path / "tapetum.toml"
    config.write_text(f"[[redaction]]\n{table}\n")
    done = tapetum("serve", "--data", tmp_path / "data", "--config", config)
    assert done.returncode != 0
    assert "redaction[0]" in done.stderr
    assert said in done.stderr.replace("\n", " ")


@pytest.mark.covers("redaction-command")
def test_the_command_shows_what_a_text_becomes_and_checks_for_scripts(tmp_path: Path) -> None:
    file = tmp_path / "prompt.txt"
    file.write_text(f"fine\nkey {secret('Cli')} of ada@example.org\n")
    shown = tapetum("redact", file)
    assert shown.returncode == 0
    assert TAIL not in shown.stdout
    assert "ada@example.org" in shown.stdout
    both = tapetum("redact", "-", "--on", "secrets", "--on", "email", "--salt", "s", stdin=file.read_text())
    assert "[redacted:email:" in both.stdout
    assert both.stdout == tapetum("redact", file, "--on", "secrets", "--on", "email", "--salt", "s").stdout
    found = tapetum("redact", "--check", file)
    assert (found.returncode, found.stdout) == (1, f"{file}:2:5: openai_key\n")
    assert tapetum("redact", "--check", file, "--off", "openai_key", "--off", "openai_like_key").returncode == 0
    assert tapetum("redact", tmp_path / "none").returncode == 2
    assert "no rule" in tapetum("redact", file, "--on", "nothing").stderr


def stored(server: RunningServer, project: str, text: str) -> str:
    """What a line of log becomes in a project."""
    headers = NDJSON | {"x-tapetum-project": project}
    assert server.client.post("/v1/logs", content=json.dumps({"message": text}), headers=headers).is_success
    [*_, last] = server.rows("SELECT body FROM logs WHERE project = {p:String} ORDER BY ingested_at", p=project)
    return str(last[0])


@pytest.mark.covers("redaction-project-rules")
def test_a_project_changes_its_own_rules_and_they_hold_at_once(fed: tuple[RunningServer, Path, list[str]]) -> None:
    server, _, _ = fed
    text = "ada@example.org bob@shop.example TCK-123456 " + secret("Own")
    ours = {"params": {"project": "own"}}
    assert "ada@example.org" in stored(server, "own", text)

    choice = {"on": ["email"], "pattern": [{"name": "ticket", "pattern": "TCK-[0-9]{6}"}], "allow": ["*@shop.example"]}
    answer = server.client.put("/api/v1/redaction", json=choice, **ours)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    rules = {rule["name"]: rule for rule in answer.json()["rules"]}
    assert (rules["email"]["by"], rules["email"]["locked"]) == ("project", False)
    assert (rules["openai_key"]["by"], rules["openai_key"]["locked"]) == ("configuration", True)
    kept = stored(server, "own", text)
    assert [part in kept for part in ("[redacted:email:", "[redacted:ticket:", "bob@shop.example", TAIL)] == [
        True, True, True, False,
    ]  # fmt: skip
    assert "ada@example.org" in stored(server, "neighbour", text)

    stale = server.client.put("/api/v1/redaction", json=choice, params={"project": "own", "revision": 0})
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "changed_meanwhile")
    command = ("redaction", "set", "--url", server.url, "--project", "own")
    assert tapetum(*command, "--off", "email", "--no-pattern", "ticket", "--allow", secret("Own")).returncode == 0
    kept = stored(server, "own", text)
    # What the configuration switches on, a project can neither switch off nor allow.
    assert kept.startswith("ada@example.org bob@shop.example TCK-123456 [redacted:openai_key:")
    listed = tapetum("redaction", "--url", server.url, "--project", "own", "--json").stdout
    assert any(json.loads(line)["name"] == "openai_key" and json.loads(line)["on"] for line in listed.splitlines())
    assert server.client.delete("/api/v1/redaction", **ours).status_code == 204  # type: ignore[arg-type]
    assert server.client.get("/api/v1/redaction", **ours).json()["revision"] == 0  # type: ignore[arg-type]


@pytest.mark.covers("redaction-project-rules")
def test_the_configuration_is_the_floor_unless_it_says_otherwise(fed: tuple[RunningServer, Path, list[str]]) -> None:
    server, _, _ = fed
    key = secret("Free")

    def put(project: str, choice: dict[str, Any]) -> Any:
        stored(server, project, "makes the project")
        return server.client.put("/api/v1/redaction", json=choice, params={"project": project})

    for choice, status, said in (
        ({"off": ["secrets"]}, 409, "configuration switches"),
        ({"off": ["openai_key"]}, 409, "openai_key"),
        ({"on": ["emial"]}, 422, "no rule 'emial'"),
        ({"pattern": [{"name": "x", "pattern": "(a+)+b"}]}, 422, "may take for ever"),
        ({"pattern": [{"name": "email", "pattern": "a@b"}]}, 422, "name of a rule"),
        ({"allow": ["*"]}, 422, "4 to 200 characters"),
        ({"onn": []}, 422, "onn"),
    ):
        answer = put("floor", choice)
        assert answer.status_code == status, answer.text
        assert said in answer.text
    assert TAIL not in stored(server, "floor", key)
    assert put("free", {"allow": [key]}).status_code == 200
    assert stored(server, "free", key) == key
    assert TAIL not in stored(server, "free", secret("Other"))
    assert put("free", {"off": ["openai_key", "openai_like_key"]}).status_code == 200
    assert stored(server, "free", secret("Other")) == secret("Other")


@pytest.mark.covers("redaction-try")
def test_a_text_is_tried_out_and_nothing_of_it_is_kept(fed: tuple[RunningServer, Path, list[str]]) -> None:
    """Nor do its marks say whether it is what stands behind a mark that is stored."""
    server, data, _ = fed
    text = f"é {secret('Try')} and ada@example.org"
    tried = server.client.post("/api/v1/redaction/try", json={"text": text}).json()
    assert tried["counts"] == {"openai_key": 1}
    [found] = tried["findings"]
    assert text[found["start"] : found["end"]] == secret("Try")
    assert tried["text"] != server.client.post("/api/v1/redaction/try", json={"text": text}).json()["text"]
    draft = {"text": text, "choice": {"on": ["email"]}}
    assert set(server.client.post("/api/v1/redaction/try", json=draft).json()["counts"]) == {"openai_key", "email"}
    assert server.client.post("/api/v1/redaction/try", json={"text": "x" * 100_001}).status_code == 422
    assert server.client.get("/api/v1/redaction").json()["revision"] == 0
    assert leaks(data, secret("Try")) == []


@pytest.mark.covers("redaction-counted-by-key")
def test_what_was_redacted_is_counted_by_the_key_it_was_found_under(
    fed: tuple[RunningServer, Path, list[str]],
) -> None:
    server, _, _ = fed
    stored(server, "keys", "one " + secret("Key"))
    line = {"message": "m", "user": {"password": "p" + TAIL}, **{f"k{n}": secret("Key") for n in range(400)}}
    headers = NDJSON | {"x-tapetum-project": "keys"}
    assert server.client.post("/v1/logs", content=json.dumps(line), headers=headers).is_success

    def counted() -> Any:
        answer = server.client.get("/api/v1/redaction/counts", params={"project": "keys", "from": "now-1h"}).json()
        return sum(rule["count"] for rule in answer["rules"]) == 402 and answer

    found = eventually(counted, "counts by key")
    places = {(place["rule"], place["key"]): place["count"] for place in found["places"]}
    assert places["openai_key", "body"] == 1
    assert sum(count for (rule, _), count in places.items() if rule == "secret_attribute") == 1
    # Strangers invent keys: beyond some they count together.
    assert 250 < len(places) <= 302
    assert places["openai_key", "__other__"] >= 100
    by_rule = {rule["rule"]: rule for rule in found["rules"]}
    assert by_rule["openai_key"]["count"] == sum(by_rule["openai_key"]["counts"]) == 401
    assert len(found["times"]) == len(by_rule["openai_key"]["counts"])
    metrics = server.client.get("/metrics").text
    assert 'tapetum_redacted_places_total{key="body",project="keys",rule="openai_key"} 1.0' in metrics
    shown = tapetum("redaction", "counts", "--url", server.url, "--project", "keys", "--json").stdout.splitlines()
    assert json.loads(shown[0])["key"] == "__other__"
    assert server.rows("SELECT sum(redacted) FROM ingest WHERE project = 'keys' AND place = 'body'") == [(1,)]


@pytest.mark.covers("redaction-every-door")
@pytest.mark.parametrize("door", planted.DOORS)
@pytest.mark.wide
def test_planted_secrets_are_marks_in_every_view_whatever_the_door(
    fed: tuple[RunningServer, Path, list[str]], door: str
) -> None:
    """Also where a record is refused, and in the names of services under which arrivals are counted."""
    server, _, _ = fed
    project = planted.project(door)
    planted.DOORS[door](server, project)
    kept = {
        view: repr(server.rows(f"SELECT * FROM {view} WHERE project = {{p:String}}", p=project))
        for view in planted.VIEWS
    }
    assert {view: planted.found_in(rows) for view, rows in kept.items() if planted.found_in(rows)} == {}
    if door != planted.BAD_SCRAPE:
        for rule in planted.RULES:
            assert f"[redacted:{rule}:" in repr(kept), rule
            assert any(key[0] == project and key[2:] == ("redacted", rule) for key in server.counts()), rule
    for path in ("/metrics", "/api/v1/ingest", "/api/v1/scrape_targets", "/api/v1/services", "/api/v1/sessions"):
        assert planted.found_in(server.client.get(path, params={"project": project}).text) == [], path
    assert planted.found_in(server.stderr()) == []


@pytest.mark.covers("redaction-every-door")
def test_a_dataset_of_a_span_holds_its_marks(fed: tuple[RunningServer, Path, list[str]]) -> None:
    server, _, _ = fed
    project = planted.project("otlp-langfuse")
    planted.otlp_langfuse(server, project)
    [[trace, span]] = server.rows("SELECT DISTINCT trace_id, span_id FROM spans WHERE project = {p:String}", p=project)
    asked = {"params": {"project": project}}
    body = {"name": "saved", "spans": [{"trace_id": trace, "span_id": span}]}
    made = server.client.post("/api/v1/datasets", json=body, **asked)  # type: ignore[arg-type]
    assert made.status_code == 201, made.text
    items = server.client.get("/api/v1/datasets/items", params={"project": project, "name": "saved"}).text
    assert "[redacted:card:" in items
    assert planted.found_in(items) == []


@pytest.mark.covers("redaction-every-door")
def test_no_file_holds_a_planted_secret_after_the_server_stopped(fed: tuple[RunningServer, Path, list[str]]) -> None:
    """The last test of this file: it stops the server. Columns are compressed, so the engine reads them too."""
    server, data, _ = fed
    assert server.stop() == 0
    assert planted.files_with_secrets(data) == []
    dump = subprocess.run([sys.executable, "-c", planted.DUMP, str(data / "store")], capture_output=True, timeout=120)
    assert dump.returncode == 0, dump.stderr
    rows = dump.stdout.decode(errors="replace")
    assert rows.count("[redacted:card:") > 20
    assert planted.found_in(rows) == []
    assert planted.found_in(server.stderr()) == []
