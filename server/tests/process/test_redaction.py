"""Redaction on a real server: through every door, secrets reach neither the disk nor anybody who watches."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from process.conftest import StartServer
from process.otlp import JSON, PROTOBUF, channel, request
from process.servers import RunningServer, environment, eventually, tapetum
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


def leaks(data: Path) -> list[str]:
    """Files of the data directory that hold the tail of a secret, compressed columns aside."""
    return [str(p) for p in data.rglob("*") if p.is_file() and TAIL.encode() in p.read_bytes()]


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server that was told a secret through every door, and what a live viewer saw meanwhile."""
    directory = tmp_path_factory.mktemp("redaction")
    data, config = directory / "data", directory / "tapetum.toml"
    config.write_text('[[redaction]]\n[[redaction]]\nproject = "raw"\non = []\n')
    with RunningServer(data, "--config", str(config)) as server:
        with server.client.stream("GET", "/api/v1/logs/tail") as live:
            lines = live.iter_lines()
            first = next(lines)
            for signal in ("traces", "logs", "metrics"):
                assert (
                    server.send(signal, otlp(signal, "HttpPb").SerializeToString(), headers=PROTOBUF).status_code == 200
                )
            service = {
                "traces": "trace.v1.TraceService",
                "logs": "logs.v1.LogsService",
                "metrics": "metrics.v1.MetricsService",
            }
            with channel(server.grpc) as opened:
                for signal, name in service.items():
                    call = opened.unary_unary(f"/opentelemetry.proto.collector.{name}/Export")
                    call(otlp(signal, "Grpc").SerializeToString(), timeout=60)
            line = json.dumps(
                {"message": f"Authorization: Bearer {secret('Ndjson')}", "user": {"password": "p" + TAIL}}
            )
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
            seen = [first]
            for seen_line in lines:
                seen.append(seen_line)
                if "Loki" in seen_line or sum("redacted:openai_key" in s for s in seen) >= 3:
                    break
        yield server, data, seen


@pytest.mark.covers("redaction-before-storage")
def test_no_secret_is_stored_whatever_the_door(fed: tuple[RunningServer, Path, list[str]]) -> None:
    server, data, _ = fed
    for view in ("spans", "logs", "metrics", "changes", "evaluations", "errors", "ingest"):
        rows = repr(server.rows(f"SELECT * FROM {view}"))
        assert TAIL not in rows, view
        assert view == "ingest" or "[redacted:" in rows, view
    assert leaks(data) == []
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
tapetum.init("shop", resources=False, redaction={
    "on": ["secrets", "email"], "off": ["npm_token"], "key": "the same everywhere",
    "pattern": [{"name": "ticket", "pattern": r"TCK-\\d{6}"}],
})
view = View(instrument_name="*", attribute_keys={"kept"})
own = MeterProvider([PeriodicExportingMetricReader(TapetumMetricExporter(redactor=Redactor(key=b"k")))], views=[view])

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
