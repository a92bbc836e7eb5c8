"""What every emitter says ends in the same columns, and every call counts once: through the doors of a real server."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from process.servers import RunningServer

from tapetum_server.processors.emitter_files import emitters
from tools import captures, emitters_page

DATA = Path(__file__).parents[1] / "data"
FIXTURES = sorted((DATA / "emitters").glob("*.json"))
START = 1_795_000_000_000_000_000
MS = 1_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("dialects") / "data") as running:
        yield running


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": _attributes(value)}}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(v) for v in value]}}
    return {"stringValue": value}


def _attributes(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": k, "value": _value(v)} for k, v in attributes.items()]


class Project:
    """A project of its own on the server."""

    def __init__(self, client: httpx.Client, name: str) -> None:
        self.client, self.name = client, name
        self.random = random.Random(name)
        self.trace = self.id(16)

    def id(self, size: int = 8) -> str:
        return self.random.randbytes(size).hex()

    def send(self, signal: str, body: dict[str, Any]) -> None:
        headers = {"x-tapetum-project": self.name}
        self.client.post(f"/v1/{signal}", json=body, headers=headers).raise_for_status()

    def spans(self, *rows: dict[str, Any], resource: dict[str, Any] | None = None) -> None:
        """One request with these spans."""
        spans = [
            {
                "scope": {"name": row.get("scope", "")},
                "spans": [
                    {
                        "traceId": row.get("trace", self.trace),
                        "spanId": row["id"],
                        "parentSpanId": row.get("parent", ""),
                        "name": row.get("name", "chat"),
                        "kind": row.get("kind", 0),
                        "startTimeUnixNano": str(START),
                        "endTimeUnixNano": str(START + 1000 * MS),
                        "attributes": _attributes(row["attributes"]),
                        "status": {"code": row.get("status", 0)},
                        "events": [
                            {"name": e["name"], "timeUnixNano": str(START + e["at_ms"] * MS),
                             "attributes": _attributes(e["attributes"])}
                            for e in row.get("events", ())
                        ],
                    }
                ],
            }
            for row in rows
        ]  # fmt: skip
        self.send(
            "traces",
            {"resourceSpans": [{"resource": {"attributes": _attributes(resource or {})}, "scopeSpans": spans}]},
        )

    def logs(self, *rows: dict[str, Any]) -> None:
        """One request with these log records."""
        logs = [
            {
                "scope": {"name": row["scope"]},
                "logRecords": [
                    {
                        "timeUnixNano": str(START + n),
                        "eventName": row.get("event", ""),
                        "body": _value(row.get("body", "")),
                        "attributes": _attributes(row["attributes"]),
                        **row.get("ids", {}),
                    }
                ],
            }
            for n, row in enumerate(rows)
        ]
        self.send("logs", {"resourceLogs": [{"resource": {}, "scopeLogs": logs}]})

    def ask(self, columns: str, of: str = "spans") -> list[list[Any]]:
        body = {"project": self.name, "query": f"SELECT {columns} FROM {of} ORDER BY span_id"}
        answer = self.client.post("/api/v1/sql", json=body)
        assert answer.status_code == 200, answer.text
        rows: list[list[Any]] = answer.json()["rows"]
        return rows

    def counted(self) -> tuple[int, int]:
        """Tokens in and out that enter sums."""
        columns = "sumIf(input_tokens, usage_counted), sumIf(output_tokens, usage_counted)"
        body = {"project": self.name, "query": f"SELECT {columns} FROM spans"}
        ((tokens_in, tokens_out),) = self.client.post("/api/v1/sql", json=body).json()["rows"]
        return int(tokens_in or 0), int(tokens_out or 0)


@pytest.fixture
def project(server: RunningServer, request: pytest.FixtureRequest) -> Project:
    return Project(server.client, f"p-{hashlib.sha256(request.node.name.encode()).hexdigest()[:16]}")


@pytest.mark.covers(
    "emitter-codex", "emitter-copilot-chat", "emitter-google-adk", "emitter-agent-framework", "emitter-crewai",
    "emitter-autogen", "emitter-smolagents", "emitter-llamaindex", "emitter-laminar", "emitter-genkit",
    "emitter-livekit", "emitter-loongsuite", "emitter-spring-ai", "emitter-semantic-kernel", "emitter-vercel-ai-7",
    "emitter-otel-genai-old",
)  # fmt: skip
@pytest.mark.parametrize("logs_first", [False, True], ids=["spans-first", "logs-first"])
@pytest.mark.parametrize("path", FIXTURES, ids=lambda p: p.stem)
def test_an_emitter_without_a_capture_is_understood(project: Project, path: Path, logs_first: bool) -> None:
    fixture = json.loads(path.read_text())
    ids = [f"{n + 1:016x}" for n in range(len(fixture["spans"]))]
    rows = [
        {**span, "id": ids[n], "parent": ids[span["parent"]] if "parent" in span else ""}
        for n, span in enumerate(fixture["spans"])
    ]
    logs = [
        {**log, "ids": {"traceId": project.trace, "spanId": ids[log["span"]]} if "span" in log else {}}
        for log in fixture.get("logs", ())
    ]
    if logs_first and logs:
        project.logs(*logs)
    project.spans(*rows)
    if not logs_first and logs:
        project.logs(*logs)
    for n, span in enumerate(fixture["spans"]):
        names = list(span["expect"])
        found = project.ask(", ".join(names))[n]
        as_sent = {k: int(v) if k.endswith("_tokens") and v is not None else v for k, v in zip(names, found)}
        assert as_sent == span["expect"]


@pytest.mark.covers("scenarios-exact")
@pytest.mark.parametrize("backwards", [False, True], ids=["outer-first", "inner-first"])
def test_scenarios_by_the_conventions_are_understood_and_counted_once(project: Project, backwards: bool) -> None:
    """Emitters that meet in one trace or in several, with the cost by the prices of the day, worked out by hand."""
    expected: dict[str, tuple[str, dict[str, Any]]] = {}
    requests = []
    for nth, scenario in enumerate(json.loads((DATA / "scenarios.json").read_text()), 1):
        spans, ids = scenario["spans"], [f"{nth:08x}{n:08x}" for n in range(len(scenario["spans"]))]
        rows = [
            {**span, "id": ids[n], "parent": ids[span["parent"]] if "parent" in span else "",
             "trace": f"{nth:02x}{span.get('trace', '0')}".ljust(32, "0")}
            for n, span in enumerate(spans)
        ]  # fmt: skip
        requests.append(rows[::-1] if backwards else rows)
        for n, span in enumerate(spans):
            said = {"duplicate_of": "", **span["expect"]}
            if isinstance(said["duplicate_of"], int):
                said["duplicate_of"] = ids[said["duplicate_of"]]
            expected[ids[n]] = f"{scenario['what']} / {span['name']}", said
    for request in requests:
        project.spans(*request)
    columns = sorted({name for _, said in expected.values() for name in said})
    wrong = {}
    for span_id, *values in project.ask(", ".join(["span_id", *columns])):
        found = {k: int(v) if k.endswith("_tokens") and v is not None else v for k, v in zip(columns, values)}
        what, said = expected.pop(span_id)
        if differs := {k: (found[k], v) for k, v in said.items() if found[k] != (pytest.approx(v) if v else v)}:
            wrong[what] = differs
    assert wrong == {}
    assert expected == {}


def test_every_emitter_has_a_fixture_or_a_capture() -> None:
    known = {p.stem for p in FIXTURES} | set(CAPTURED)
    assert [e.name for e in emitters() if e.name not in known and e.name != "general"] == []


@pytest.mark.covers("session-of-the-application")
def test_a_session_that_the_application_names_stands_above_every_emitters_conversation(project: Project) -> None:
    """Whatever it calls it: as soon as `session.id` is there, that is the session; else the emitter's own name counts."""
    sent: dict[str, tuple[str, str]] = {}
    rows = []
    for emitter in emitters():
        for source in emitter.fields.get("text", {}).get("session_id", ()):
            key, _, step = source.partition(" :: ")
            if key == "session.id":
                continue
            reader, _, member = step.partition(" ")
            said_so: Any = {member: "thread"} if member else "thread"
            own = {key: json.dumps(said_so) if reader == "json" else "thread"}
            scope = emitter.scopes[0].removesuffix("*") if emitter.scopes else ""
            for said, attributes in (("thread", own), ("mine", {**own, "session.id": "mine"})):
                id = f"{len(rows) + 1:016x}"
                sent[id] = (source, said)
                rows.append({"id": id, "scope": scope, "attributes": {"gen_ai.operation.name": "chat", **attributes}})
    project.spans(*rows)
    found = dict(project.ask("span_id, session_id"))
    assert {sent[id]: session for id, session in found.items() if session != sent[id][1]} == {}
    assert len(found) == len(rows) > 50


@pytest.mark.covers("emitters-page")
def test_the_page_of_emitters_says_what_the_tables_say() -> None:
    assert emitters_page.PAGE.read_text("utf-8") == emitters_page.page(emitters_page.PAGE.read_text("utf-8"))


CAPTURED = {
    "langfuse": "langfuse_sdk", "langsmith": "langsmith_otel", "litellm": "litellm_native", "logfire": "logfire_sdk",
    "mcp": "mcp_scen", "mlflow": "mlflow_openai", "anthropic_sdk": "oi_anthropic", "dspy": "oi_dspy",
    "langchain": "oi_langchain", "litellm_openinference": "oi_litellm", "openinference": "oi_openai",
    "openlit": "openlit_openai", "otel_genai": "otel_genai_openai", "strands": "strands_agents",
    "traceloop": "tl_openai", "traceloop_langchain": "tl_langchain", "vercel_ai": "vercel_ai",
    "gemini_cli": "gemini_cli",
}  # fmt: skip
"""Emitter → the folder with what a real one sent."""


@pytest.mark.covers(
    "captures-exact", "emitter-langfuse", "emitter-langsmith", "emitter-litellm", "emitter-logfire", "emitter-mcp",
    "emitter-mlflow", "emitter-anthropic-sdk", "emitter-dspy", "emitter-langchain", "emitter-openinference",
    "emitter-openlit", "emitter-otel-genai", "emitter-strands", "emitter-traceloop", "emitter-vercel-ai",
    "emitter-claude-code", "emitter-gemini-cli",
)  # fmt: skip
def test_every_observable_field_and_total_of_every_capture_is_exact(server: RunningServer) -> None:
    outcomes = captures.run(captures.CAPTURES, [], server.url)
    assert {o.name: o.wrong for o in outcomes if o.wrong} == {}
    assert {o.name.split("/")[0] for o in outcomes} >= set(CAPTURED.values())
    assert sum(o.exact for o in outcomes) > 900


CALL = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini", "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 10}  # fmt: skip
OPENINFERENCE = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o-mini-2024-07-18", "llm.token_count.prompt": 100,
                 "llm.token_count.completion": 10, "input.value": "Hi", "output.value": "Hello"}  # fmt: skip


@pytest.mark.covers("usage-nested-once")
@pytest.mark.parametrize("order", ["together", "child-first", "parent-first", "between-last"])
@pytest.mark.parametrize(
    "between",
    [None, {"openinference.span.kind": "CHAIN"}, {"http.request.method": "POST"}],
    ids=["direct", "with-a-chain-between", "with-a-request-between"],
)
def test_one_call_in_nested_spans_counts_once_and_the_richer_one_counts(
    project: Project, order: str, between: dict[str, Any] | None
) -> None:
    outer = {"id": "1" * 16, "attributes": OPENINFERENCE, "scope": "openinference.instrumentation.openai"}
    middle = {"id": "2" * 16, "parent": "1" * 16, "attributes": between}
    inner = {"id": "3" * 16, "parent": ("2" if between else "1") * 16, "attributes": CALL}
    rows = [outer, *([middle] if between else []), inner]
    arriving = {"child-first": rows[::-1], "between-last": [inner, outer, *rows[1:-1]]}.get(order, rows)
    requests = [rows] if order == "together" else [[row] for row in arriving]
    for _ in range(2):  # everything again, as a retry
        for request in requests:
            project.spans(*request)
    assert project.counted() == (100, 10)
    found = {row[0]: row[1:] for row in project.ask("span_id, usage_counted, duplicate_of", "spans WHERE kind = 'llm'")}
    assert found == {"1" * 16: [True, ""], "3" * 16: [False, "1" * 16]}


@pytest.mark.covers("usage-nested-once")
def test_calls_that_only_look_alike_all_count(project: Project) -> None:
    sibling = [{"id": f"{n:016x}", "parent": "f" * 16, "attributes": CALL} for n in range(1, 4)]
    project.spans({"id": "f" * 16, "attributes": {"gen_ai.operation.name": "invoke_agent"}}, *sibling)
    inner = {**CALL, "gen_ai.response.id": "r-2"}
    project.spans({"id": "a" * 16, "trace": "a" * 32, "attributes": {**CALL, "gen_ai.response.id": "r-1"}},
                  {"id": "b" * 16, "trace": "a" * 32, "parent": "a" * 16, "attributes": inner})  # fmt: skip
    assert project.counted() == (500, 50)


@pytest.mark.covers("usage-nested-once")
def test_one_call_counts_once_whether_its_input_holds_the_cached_tokens_or_not(project: Project) -> None:
    """Each trace: what the outer and the inner span say as (input, cached), and what that comes to."""
    cases = [
        ((60, 40), (100, 40), 100),
        ((100, 40), (60, 40), 100),
        ((100, None), (60, 40), 100),
        ((10, 90), (100, 90), 100),  # more than its input: cut there, and known here
        ((60, 40), (60, 40), 60),
        ((60, 40), (100, 30), 160),  # other cached tokens: another call
        ((60, 40), (101, 40), 161),
        ((60, None), (100, 40), 160),
        ((60, 40), (70, 30), 130),
    ]
    requests: list[list[dict[str, Any]]] = [[], []]
    for n, (outer, inner, _) in enumerate(cases * 2, 1):
        for place, (tokens_in, cached) in (("a", outer), ("b", inner)):
            said = {**CALL, "gen_ai.usage.input_tokens": tokens_in, "gen_ai.usage.cache_read.input_tokens": cached}
            row = {"id": f"{place}{n:015x}", "trace": f"{n:032x}", "parent": f"a{n:015x}" if place == "b" else "",
                   "attributes": {key: value for key, value in said.items() if value is not None}}  # fmt: skip
            requests[(n > len(cases)) ^ (place == "b")].append(row)
    for request in requests:
        project.spans(*request)
    siblings = [{"id": f"{n:016x}", "parent": "f" * 16, "attributes": {**CALL, **said}} for n, said in enumerate((
        {"gen_ai.usage.input_tokens": 60, "gen_ai.usage.cache_read.input_tokens": 40}, {}), 1)]  # fmt: skip
    project.spans(*siblings)
    assert project.counted()[0] == 2 * sum(total for _, _, total in cases) + 160


@pytest.mark.covers("llm-tools", "emitter-mcp")
def test_a_tool_that_agent_client_and_server_report_is_used_once(project: Project) -> None:
    agent = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}
    mcp = {"mcp.method.name": "tools/call", "gen_ai.tool.name": "search"}
    unnamed = {"mcp.method.name": "tools/call"}

    def use(n: int, place: str, inside: str, attributes: dict[str, Any], scope: str, kind: int = 1) -> dict[str, Any]:
        parent = f"{inside}{n:015x}" if inside else ""
        return {"id": f"{place}{n:015x}", "trace": f"{n:032x}", "parent": parent, "kind": kind, "scope": scope,
                "attributes": attributes}  # fmt: skip

    def one(n: int, tool: dict[str, Any]) -> list[dict[str, Any]]:
        return [use(n, "a", "", tool, "agents"), use(n, "b", "a", mcp, "fastmcp", 3), use(n, "c", "b", unnamed, "mcp", 3),
                use(n, "d", "c", {"http.request.method": "POST"}, "http", 3), use(n, "e", "d", mcp, "fastmcp", 2)]  # fmt: skip

    arriving = [one(n, agent) for n in range(1, 4)]
    arriving[1].reverse()
    arriving[2] = [arriving[2][at] for at in (4, 0, 2, 1, 3)]
    for _ in range(2):  # everything again, as a retry
        for request in zip(*arriving):
            project.spans(*request)
    found = project.ask("span_id, duplicate_of != ''", "spans WHERE kind = 'tool'")
    assert found == [[f"{place}{n:015x}", place != "a"] for place in "abce" for n in (1, 2, 3)]
    # A client that does not name the tool; an agent that names the server too.
    project.spans(use(4, "c", "", unnamed, "mcp", 3), use(4, "e", "c", mcp, "fastmcp", 2))
    project.spans(*one(5, {**agent, "gen_ai.tool.name": "mcp__docs__search"}))
    # Used again: beside it, by what it calls itself, by an agent within, and by another call's id.
    project.spans(use(6, "a", "", agent, "agents"), use(6, "b", "", agent, "agents"), use(6, "c", "b", agent, "agents"))
    project.spans(use(7, "a", "", agent, "agents"), use(7, "b", "a", {"gen_ai.operation.name": "invoke_agent"}, "agents"),
                  use(7, "c", "b", mcp, "fastmcp", 3))  # fmt: skip
    project.spans(use(8, "a", "", {**agent, "gen_ai.tool.call.id": "1"}, "agents"),
                  use(8, "b", "a", {**mcp, "gen_ai.tool.call.id": "2"}, "fastmcp", 3))  # fmt: skip
    answer = project.client.get("/api/v1/llm/tools", params={"project": project.name, "from": "all"})
    assert {row["tool"]: row["uses"] for row in answer.json()["rows"]} == {"search": 3 + 1 + 7, "mcp__docs__search": 1}


@pytest.mark.covers("usage-across-traces-once")
@pytest.mark.parametrize("rich_first", [False, True])
def test_one_call_in_two_traces_counts_once_and_the_richer_one_counts(project: Project, rich_first: bool) -> None:
    poor = {"id": "1" * 16, "trace": "1" * 32, "attributes": {**CALL, "gen_ai.response.id": "resp-1"}}
    rich = {"id": "2" * 16, "trace": "2" * 32, "attributes": {
        **CALL, "gen_ai.response.id": "resp-1", "gen_ai.input.messages": "[]", "gen_ai.output.messages": "[]"}}  # fmt: skip
    for row in (rich, poor) if rich_first else (poor, rich):
        project.spans(row)
    assert project.ask("span_id, usage_counted, duplicate_of") == [["1" * 16, False, "2" * 16], ["2" * 16, True, ""]]


@pytest.mark.covers("usage-across-traces-once")
@pytest.mark.parametrize("native_first", [False, True])
def test_the_providers_own_library_is_believed_where_two_reports_differ(project: Project, native_first: bool) -> None:
    native = {"id": "1" * 16, "trace": "1" * 32, "scope": "com.anthropic.sdk.python",
              "attributes": {**CALL, "gen_ai.response.id": "msg-1"}}  # fmt: skip
    other = {"id": "2" * 16, "trace": "2" * 32, "scope": "opentelemetry.instrumentation.anthropic", "attributes": {
        **CALL, "gen_ai.response.id": "msg-1", "gen_ai.usage.output_tokens": 11, "gen_ai.input.messages": "[]"}}  # fmt: skip
    for row in (native, other) if native_first else (other, native):
        project.spans(row)
    assert project.counted() == (100, 10)


@pytest.mark.covers("usage-aggregates-apart")
def test_usage_on_agents_chains_and_workflows_is_kept_and_never_counted(project: Project) -> None:
    for n, operation in enumerate(("invoke_agent", "invoke_workflow", "create_agent", "execute_tool"), 1):
        project.spans({"id": f"{n:016x}", "attributes": {**CALL, "gen_ai.operation.name": operation}})
    assert project.counted() == (0, 0)
    assert [row[0] for row in project.ask("toUInt32(input_tokens)")] == [100] * 4


@pytest.mark.covers("usage-flags")
@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({"gen_ai.usage.input_tokens": -5}, [None, 10, None, None, "impossible_count"]),
        ({"gen_ai.usage.output_tokens": 10**15}, [100, None, None, None, "impossible_count"]),
        ({"gen_ai.usage.output_tokens": "9" * 40}, [100, None, None, None, "impossible_count"]),
        ({"gen_ai.usage.output_tokens": "many"}, [100, None, None, None, "impossible_count"]),
        ({"gen_ai.usage.output_tokens": {"total": 7}}, [100, None, None, None, "impossible_count"]),
        ({"gen_ai.usage.output_tokens": "2.5"}, [100, None, None, None, "impossible_count"]),
        ({"gen_ai.usage.output_tokens": "None"}, [100, None, None, None, ""]),
        ({"gen_ai.usage.output_tokens": "many", "gen_ai.usage.completion_tokens": 7}, [100, 7, None, None, ""]),
        ({"gen_ai.usage.cache_read.input_tokens": 90, "gen_ai.usage.cache_write.input_tokens": 40},
         [100, 10, 90, 10, "cache_exceeds_input"]),
        ({"gen_ai.usage.cost": 0}, [100, 10, None, None, ""]),
        ({"gen_ai.usage.input_tokens": "100.0", "gen_ai.usage.output_tokens": "-10.0"},
         [100, None, None, None, "impossible_count"]),
        ({"gen_ai.response.time_to_first_chunk": 850.0}, [100, 10, None, None, "time_exceeds_span"]),
        ({"gen_ai.response.time_to_first_chunk": 850.0, "gen_ai.usage.input_tokens": -5},
         [None, 10, None, None, "impossible_count,time_exceeds_span"]),
    ],
)  # fmt: skip
def test_counts_that_cannot_be_are_flagged_kept_raw_and_left_out(
    project: Project, sent: dict[str, Any], found: list[Any]
) -> None:
    project.spans({"id": "1" * 16, "attributes": {**CALL, **sent}})
    columns = "input_tokens, output_tokens, cache_read_tokens, cache_write_tokens"
    ((*counts, flags, cost, first, raw),) = project.ask(
        f"{columns}, usage_flags, reported_cost_usd, ttft_ms, attributes"
    )
    assert [int(c) if c is not None else None for c in counts] + [flags] == found
    assert (cost, first) == (None, None)
    texts = {k: v if isinstance(v, str) else json.dumps(v, separators=(",", ":")) for k, v in sent.items()}
    assert {k: raw[k] for k in sent} == texts


@pytest.mark.covers("emitter-hostile-values")
@pytest.mark.parametrize("writing", ["values", "texts", "json-in-json-in-json", "python", "nested"])
def test_a_providers_usage_is_read_however_it_is_written(project: Project, writing: str) -> None:
    counts = {"input": 60, "input_cached_tokens": 40, "output": 7, "output_reasoning_tokens": 3}
    texts = {name: str(count) for name, count in counts.items()}
    said: Any = {
        "values": json.dumps(counts), "texts": json.dumps(texts), "python": repr(texts), "nested": counts,
        "json-in-json-in-json": json.dumps(json.dumps(json.dumps(counts))),
    }[writing]  # fmt: skip
    generation = {"langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-4o-mini"}
    project.spans(
        {"id": "1" * 16, "attributes": {**generation, "langfuse.observation.usage_details": said}},
        # A bucket that cannot be hides in no sum.
        {"id": "2" * 16, "attributes": {**generation, "langfuse.observation.usage_details": {**counts, "input": -5}}},
        {
            "id": "3" * 16,
            "attributes": {**generation, "langfuse.observation.usage_details": {**texts, "input": "many"}},
        },
    )
    columns = "input_tokens, output_tokens, cache_read_tokens, reasoning_tokens"
    first, second, third = project.ask(f"{columns}, usage_flags")
    assert ([int(n) for n in first[:4]], first[4]) == ([100, 10, 40, 3], "")
    assert (second[0], int(second[1]), second[4]) == (None, 10, "impossible_count")
    assert (third[0], int(third[1]), third[4]) == (None, 10, "impossible_count")


@pytest.mark.covers("emitter-otel-genai-old", "emitter-mcp", "emitter-langsmith")
def test_a_session_is_the_conversation_and_no_project_or_connection(project: Project) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"openinference.span.kind": "LLM", "metadata": '{"thread_id": "t-1"}'}, "t-1"),
        ({"openinference.span.kind": "LLM", "metadata": '{"thread_id": "t-1"}', "session.id": "s-1"}, "s-1"),
        ({"traceloop.span.kind": "workflow", "traceloop.association.properties.chat_id": "c-1"}, "c-1"),
        ({"mcp.method.name": "tools/call", "mcp.session.id": "transport"}, "of-the-process"),
        ({"mcp.method.name": "tools/call", "mcp.session.id": "transport", "session.id": "s-2"}, "s-2"),
        ({"langsmith.span.kind": "llm", "langsmith.trace.session_id": "p", "langsmith.trace.session_name": "p"},
         "of-the-process"),
        (CALL, "of-the-process"),
    ]  # fmt: skip
    rows = [{"id": f"{n:016x}", "attributes": attributes} for n, (attributes, _) in enumerate(cases, 1)]
    project.spans(*rows, resource={"session.id": "of-the-process", "user.id": "u-1"})
    assert project.ask("session_id, user_id") == [[session, "u-1"] for _, session in cases]


@pytest.mark.covers("late-logs-enrich")
@pytest.mark.parametrize("apart", [False, True], ids=["one-request", "a-request-each"])
@pytest.mark.parametrize("logs_first", [False, True])
def test_a_conversation_in_a_record_per_message_is_the_spans(project: Project, apart: bool, logs_first: bool) -> None:
    ids = {"traceId": project.trace, "spanId": "1" * 16}
    said = [("gen_ai.system.message", "Be terse."), ("gen_ai.user.message", "Hi")]
    records = [{"scope": "s", "event": event, "ids": ids, "attributes": {"gen_ai.system": "openai"},
                "body": {"content": text}} for event, text in said]  # fmt: skip
    answer = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}
    records.append({"scope": "s", "event": "gen_ai.choice", "ids": ids, "attributes": {}, "body": answer})

    def logs() -> None:
        for request in [[r] for r in records] if apart else [records]:
            project.logs(*request)

    if logs_first:
        logs()
    project.spans({"id": "1" * 16, "attributes": CALL})
    logs()
    ((asked, answered),) = project.ask("input, output")
    texts = [(m["role"], m["parts"][0]["content"]) for m in json.loads(asked)]
    assert texts == [("system", "Be terse."), ("user", "Hi")]
    assert json.loads(answered) == [
        {"role": "assistant", "parts": [{"type": "text", "content": "Hello"}], "finish_reason": "stop"}
    ]
    assert project.counted() == (100, 10)
    for word, hits in (("terse", 1), ("hello", 1), ("zebrafish", 0)):
        asking = {"project": project.name, "q": word, "from": "all"}
        page = project.client.get("/api/v1/spans", params=asking).json()
        assert (word, len(page["rows"])) == (word, hits)


@pytest.mark.covers("late-logs-enrich")
def test_a_record_without_a_spans_ids_finds_its_call_by_the_response(project: Project) -> None:
    for n, logs_first in ((1, False), (2, True)):
        said = [{"role": "user", "parts": [{"type": "text", "content": f"Hi {n}"}]}]
        attributes = {**CALL, "gen_ai.response.id": f"r-{n}", "gen_ai.input.messages": json.dumps(said)}
        record = {"scope": "s", "event": "gen_ai.client.inference.operation.details", "attributes": attributes}
        span = {"id": f"{n:016x}", "attributes": {**CALL, "gen_ai.response.id": f"r-{n}"}}
        for _ in range(2):  # everything again, as a retry
            if logs_first:
                project.logs(record)
            project.spans(span)
            if not logs_first:
                project.logs(record)
    texts = [json.loads(row[0])[0]["parts"][0]["content"] for row in project.ask("input")]
    assert (texts, project.counted()) == (["Hi 1", "Hi 2"], (200, 20))
    asking = {"project": project.name, "q": "hi", "from": "all"}
    assert len(project.client.get("/api/v1/spans", params=asking).json()["rows"]) == 2


@pytest.mark.covers("late-logs-enrich")
@pytest.mark.parametrize("order", ["records-first", "spans-first", "together-again"])
def test_a_record_fills_what_its_calls_span_leaves_out_and_adds_no_usage(project: Project, order: str) -> None:
    record_says = {
        **CALL, "gen_ai.response.finish_reasons": ["length"],
        "gen_ai.conversation.id": "talk", "gen_ai.usage.reasoning.output_tokens": 7, "gen_ai.usage.input_tokens": 900,
    }  # fmt: skip
    own = {
        "gen_ai.response.id": "own", "gen_ai.response.finish_reasons": ["stop"], "session.id": "mine",
        "gen_ai.usage.reasoning.output_tokens": 2,
    }  # fmt: skip
    spans = [
        {"id": "1" * 16, "attributes": CALL},
        {"id": "2" * 16, "attributes": {**CALL, **own}},
        {"id": "3" * 16, "attributes": {**CALL, "gen_ai.usage.output_tokens": 5}},
        {"id": "4" * 16, "attributes": {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a"}},
        {"id": "5" * 16, "attributes": CALL},
    ]  # fmt: skip
    records: list[dict[str, Any]] = [
        {"scope": "s", "event": "gen_ai.client.inference.operation.details", "attributes": {**record_says, "gen_ai.response.id": f"r-{n}"},
         "ids": {"traceId": project.trace, "spanId": str(n) * 16}} for n in range(1, 5)
    ]  # fmt: skip
    if order == "records-first":
        project.logs(*records)
    project.spans(*spans)
    if order != "records-first":
        project.logs(*records)
    if order == "together-again":  # a retry of everything changes nothing
        project.spans(*spans)
        project.logs(*records)
    assert project.ask("response_id, finish_reason, session_id, reasoning_tokens, input_tokens") == [
        ["r-1", "length", "talk", "7", "100"],
        ["own", "stop", "mine", "2", "100"],
        ["r-3", "length", "talk", None, "100"],  # more reasoning than output cannot be
        ["", "", "", None, None],
        ["", "", "", None, "100"],
    ]
    assert project.counted() == (400, 35)
    assert all("response.id" not in row[0] for row in project.ask("toString(attributes)")[2:])


@pytest.mark.covers("emitter-hostile-values")
def test_values_that_are_not_what_they_should_be_cost_nothing_but_themselves(project: Project) -> None:
    deep = "[" * 20_000 + "]" * 20_000
    hostile = {
        "langfuse.observation.type": "generation",
        "langfuse.observation.usage_details": '{"input": 1, "output": ',
        "langfuse.observation.completion_start_time": "yesterday",
        "langfuse.observation.output": deep,
        "metadata.usage_object": "__import__('os').system('true')",
        "litellm.call_id": "x",
        "mlflow.spanOutputs": deep,
        "gen_ai.prompt.99999999.content": "x",
        "gen_ai.usage.input_tokens": "12 or so",
    }
    project.spans({"id": "1" * 16, "attributes": hostile, "events": [
        {"name": "gen_ai.choice", "at_ms": 1, "attributes": {"message": "[{not json"}}]},
        {"id": "2" * 16, "attributes": CALL})  # fmt: skip
    first, second = project.ask("kind, input_tokens, usage_counted, attributes")
    assert first[:3] == ["llm", None, False]
    assert first[3] == hostile
    assert second[1:3] == ["100", True]
