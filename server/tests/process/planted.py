"""Secrets of several kinds, planted through every door that takes telemetry: no two doors share a project."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from process.otlp import JSON, PROTOBUF, channel, export, new_ids, request
from process.remote_write import V1, exemplar, series, snappy
from process.servers import RunningServer, eventually
from process.targets import Targets

AWS_KEY = "AKIA" + "Z7QX4M2LWK5RTN3B"
OPENAI_KEY = "sk-" + "proj-" + "Gd3kP9vXw2Lq7ZtB" * 3
GITHUB_TOKEN = "ghp_" + "k9Lw" * 9
CARD = "4539578763621486"
EMAIL = "grace.hopper@navy.example"
NEEDLES = (AWS_KEY, OPENAI_KEY, GITHUB_TOKEN, CARD, EMAIL)
RULES = ("aws_access_key_id", "openai_key", "github_token", "card", "email")
PLANTED = f"keys {AWS_KEY} {OPENAI_KEY} {GITHUB_TOKEN} card {CARD} of {EMAIL}"
"""Each rule finds one thing in it."""
VIEWS = ("spans", "traces", "logs", "metrics", "changes", "evaluations", "errors", "ingest")
NDJSON, TEXT = {"content-type": "application/x-ndjson"}, {"content-type": "text/plain"}
BAD_SCRAPE = "scrape-bad"
Door = Callable[[RunningServer, str], None]


def found_in(text: str) -> list[str]:
    """What of it stands in a text."""
    return [needle for needle in NEEDLES if needle in text]


def otlp(signal: str, seed: str) -> Any:
    """A record with the secrets in every place that takes text, the names of service and scope among them."""
    made = request(signal, new_ids(random.Random(f"{signal}{seed}"), 1))
    kind = "spans" if signal == "traces" else signal
    owner = getattr(made, f"resource_{kind}")[0]
    owner.resource.attributes[0].value.string_value = f"shop {PLANTED}"
    owner.resource.attributes.add(key=f"k {PLANTED}").value.string_value = PLANTED
    owner.schema_url = PLANTED
    inner = getattr(owner, f"scope_{kind}")[0]
    inner.scope.name = inner.scope.version = inner.schema_url = PLANTED
    inner.scope.attributes.add(key="k").value.string_value = PLANTED
    if signal == "traces":
        span = inner.spans[0]
        span.name = span.status.message = span.trace_state = PLANTED
        span.status.code = 2
        for key in ("k", "session.id", "user.id", "gen_ai.request.model", "gen_ai.output.messages"):
            span.attributes.add(key=key).value.string_value = PLANTED
        event = span.events.add(name=PLANTED)
        event.attributes.add(key="exception.type").value.string_value = "AuthError"
        event.attributes.add(key="exception.message").value.string_value = PLANTED
        event.attributes.add(key="exception.stacktrace").value.string_value = f"AuthError: {PLANTED}\n  at f (a.js:1:2)"
        said = span.events.add(name="gen_ai.evaluation.result")
        said.attributes.add(key="gen_ai.evaluation.name").value.string_value = PLANTED
        said.attributes.add(key="gen_ai.evaluation.explanation").value.string_value = PLANTED
        said.attributes.add(key="gen_ai.evaluation.score.value").value.double_value = 1
        link = span.links.add(trace_id=span.trace_id, span_id=span.span_id, trace_state=PLANTED)
        link.attributes.add(key="k").value.string_value = PLANTED
    elif signal == "logs":
        record = inner.log_records[0]
        record.body.string_value = record.severity_text = record.event_name = PLANTED
        record.attributes.add(key="k").value.array_value.values.add().string_value = PLANTED
    else:
        metric = inner.metrics[0]
        metric.name = metric.unit = metric.description = PLANTED
        metric.gauge.data_points[0].attributes.add(key="k").value.string_value = PLANTED
    return made


def to(project: str, headers: dict[str, str]) -> dict[str, str]:
    return headers | {"x-tapetum-project": project}


def post(server: RunningServer, project: str, path: str, body: Any, headers: dict[str, str], status: int = 2) -> None:
    content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    answer = server.client.post(path, content=content, headers=to(project, headers))
    assert answer.status_code // 100 == status, answer.text


def otlp_http(server: RunningServer, project: str) -> None:
    for signal in ("traces", "logs", "metrics"):
        post(server, project, f"/v1/{signal}", otlp(signal, project).SerializeToString(), PROTOBUF)


def otlp_json(server: RunningServer, project: str) -> None:
    named = [{"key": "service.name", "value": {"stringValue": PLANTED}}]
    span = {
        "traceId": "5b" * 16, "spanId": "6c" * 8, "name": PLANTED, "startTimeUnixNano": str(time.time_ns()),
        "endTimeUnixNano": str(time.time_ns()), "attributes": [{"key": PLANTED, "value": {"stringValue": PLANTED}}],
    }  # fmt: skip
    body = {"resourceSpans": [{"resource": {"attributes": named}, "scopeSpans": [{"spans": [span]}]}]}
    post(server, project, "/v1/traces", body, JSON)


def otlp_langfuse(server: RunningServer, project: str) -> None:
    post(server, project, "/api/public/otel/v1/traces", otlp("traces", project).SerializeToString(), PROTOBUF)


def otlp_grpc(server: RunningServer, project: str) -> None:
    with channel(server.grpc) as opened:
        for signal in ("traces", "logs", "metrics"):
            export(opened, signal, otlp(signal, project).SerializeToString(), project=project)


def otlp_refused(server: RunningServer, project: str) -> None:
    """Records that are refused, and a body that is none: what is counted and logged of them holds nothing."""
    named = [{"key": "service.name", "value": {"stringValue": f"bad {PLANTED}"}}]
    span = {"traceId": "00", "spanId": "00", "name": PLANTED}
    body = {"resourceSpans": [{"resource": {"attributes": named}, "scopeSpans": [{"spans": [span]}]}]}
    post(server, project, "/v1/traces", body, JSON)
    otlp_json(server, project)
    for path in ("/v1/traces", "/v1/logs", "/v1/metrics"):
        post(server, project, path, f"{{ {PLANTED}", JSON, status=4)


def lines_of_json(server: RunningServer, project: str) -> None:
    line = {"message": PLANTED, "level": PLANTED, "service": PLANTED, "logger": PLANTED, "deep": {"k": [PLANTED]}}
    post(server, project, "/v1/logs", f"{json.dumps(line)}\n{{ {PLANTED}\n", NDJSON)


def lines_of_text(server: RunningServer, project: str) -> None:
    post(server, project, "/v1/logs", f"2026-11-25T10:00:00Z ERROR {PLANTED}\n", TEXT)


def loki(server: RunningServer, project: str) -> None:
    entry = [str(time.time_ns()), PLANTED, {"k": PLANTED}]
    pushed = {"streams": [{"stream": {"app": PLANTED, "service_name": PLANTED}, "values": [entry]}]}
    post(server, project, "/loki/api/v1/push", pushed, JSON)
    bad = {"streams": [{"stream": {"app": PLANTED}, "values": [[PLANTED, PLANTED]]}]}
    server.client.post("/loki/api/v1/push", json=bad, headers=to(project, {}))


def remote_write(server: RunningServer, project: str) -> None:
    at = int(time.time() * 1000)
    mark = exemplar({"trace_id": "0af7651916cd43dd8448eb211c80319c", "k": PLANTED}, 1.0, at)
    labels = {"__name__": "paid_total", "instance": PLANTED, "job": PLANTED, "k": PLANTED}
    post(server, project, "/api/v1/write", snappy(series(labels, (at, 1.0), rest=mark)), V1)


def changes(server: RunningServer, project: str) -> None:
    change = dict.fromkeys(("subject", "before", "after", "source"), PLANTED)
    post(server, project, "/v1/changes", change | {"kind": "config", "attributes": {PLANTED: PLANTED}}, JSON)
    post(server, project, "/v1/changes", change | {"kind": PLANTED}, JSON, status=4)


def evaluations(server: RunningServer, project: str) -> None:
    texts = ("name", "label", "explanation", "comment", "expected_output", "slice", "evaluator", "target_id")
    said = dict.fromkeys(texts, PLANTED) | {"target_type": "session", "source": "human"}
    post(server, project, "/v1/evaluations", said | {"attributes": {PLANTED: PLANTED}}, JSON)
    post(server, project, "/v1/evaluations", said | {"source": PLANTED}, JSON, status=4)


def scraped(server: RunningServer, project: str) -> None:
    def kept() -> Any:
        return server.rows("SELECT 1 FROM metrics WHERE project = {p:String} AND name = 'leaky'", p=project)

    eventually(kept, "a scrape")


def scraped_badly(server: RunningServer, project: str) -> None:
    def down() -> Any:
        listed = server.client.get("/api/v1/scrape_targets", params={"project": project}).json().get("targets", [])
        # An earlier scrape may have failed of taking too long.
        return listed and listed[0]["health"] == "down" and "[redacted:" in listed[0]["error"]

    eventually(down, "a scrape that fails of what it was told")


DOORS: dict[str, Door] = {
    "otlp-http": otlp_http, "otlp-json": otlp_json, "otlp-langfuse": otlp_langfuse, "otlp-grpc": otlp_grpc,
    "otlp-refused": otlp_refused, "lines-json": lines_of_json, "lines-text": lines_of_text, "loki": loki,
    "remote-write": remote_write, "changes": changes, "evaluations": evaluations, "scrape": scraped,
    BAD_SCRAPE: scraped_badly,
}  # fmt: skip
"""By name: sends the secrets into a project, to be asked for at once."""


def configuration(served: Targets) -> str:
    """Rules for the project of each door, and what is scraped into those of two."""
    label = f'{{k="{PLANTED}",job="{PLANTED}"}}'
    served.says("/leaky", f"# HELP leaky {PLANTED}\n# TYPE leaky gauge\nleaky{label} 1\n")
    served.says("/broken", f"good 1\n{CARD} {{ {AWS_KEY}\n")
    tables = [f'[[redaction]]\nproject = "{project(door)}"\non = ["secrets", "card", "email"]\n' for door in DOORS]
    tables += [
        f'[[scrape]]\njob = "{path}"\nurl = "{served.url}/{path}"\nproject = "{project(door)}"\ninterval_s = 5\n'
        for path, door in (("leaky", "scrape"), ("broken", BAD_SCRAPE))
    ]
    return "".join(tables)


def project(door: str) -> str:
    """Which project is sent to through a door."""
    return f"leak-{door}"


DUMP = """
import sys, chdb
from pathlib import Path
store = Path(sys.argv[1])
engine = chdb.connect(f"{store / 'clickhouse'}?config-file={store / 'engine.xml'}")
tables = "SELECT database, name FROM system.tables WHERE engine LIKE '%MergeTree' OR name LIKE '%_log'"
for line in str(engine.query(tables, "TSV")).splitlines():
    database, name = line.split("\\t")
    sys.stdout.buffer.write(engine.query(f"SELECT * FROM {database}.`{name}`", "JSONEachRow").bytes())
engine.close()
"""
"""Every row of every table, as nothing but the engine itself reads them."""


def files_with_secrets(data: Path) -> list[str]:
    """Files of a data directory in which something stands in clear; columns are compressed, `DUMP` reads these."""
    needles = [needle.encode() for needle in NEEDLES]
    return [
        str(path)
        for path in data.rglob("*")
        if path.is_file() and any(needle in held for held in [path.read_bytes()] for needle in needles)
    ]
