"""Evaluations that arrive in other people's telemetry: real bytes of their libraries, and what nobody should send."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from process.otlp import PROTOBUF
from process.servers import RunningServer

CAPTURES = Path(__file__).parents[1] / "data" / "evaluations"
TRACE, SPAN = "7e" * 16, "7e" * 8


def send(server: RunningServer, project: str, signal: str, body: bytes) -> None:
    answer = server.client.post(f"/v1/{signal}", content=body, headers={**PROTOBUF, "x-tapetum-project": project})
    assert answer.status_code == 200, answer.text


def sent(server: RunningServer, project: str, capture: str) -> None:
    """A captured request, twice: delivered again it is the same."""
    for _ in range(2):
        send(server, project, capture.split(".")[1], (CAPTURES / capture).read_bytes())


def found(server: RunningServer, project: str, **query: str) -> dict[str, dict[str, Any]]:
    """The evaluations, by name; of several with one name all are under `name/target`."""
    asked = {"project": project, "from": "all", "limit": "1000", **query}
    rows = server.client.get("/api/v1/evaluations", params=asked).json()["rows"]
    by_name = {}
    for row in rows:
        same = [other for other in rows if other["name"] == row["name"]]
        by_name[row["name"] if len(same) == 1 else f"{row['name']} {row['attributes'].get('case_name', '')}"] = row
    assert len(by_name) == len(rows)
    return by_name


def spans_of(capture: str) -> dict[str, Any]:
    request = ExportTraceServiceRequest.FromString((CAPTURES / capture).read_bytes())
    spans = [span for r in request.resource_spans for s in r.scope_spans for span in s.spans]
    return {span.name: span for span in spans}


@pytest.mark.covers("evaluations-openinference")
def test_openinference_annotations_are_about_their_span_its_trace_its_session_or_the_linked_span(
    shared_server: RunningServer, project: str
) -> None:
    sent(shared_server, project, "openinference.traces.pb")
    judged = spans_of("openinference.traces.pb")["answer"]
    trace_id, span_id = judged.trace_id.hex(), judged.span_id.hex()
    rows = found(shared_server, project)
    assert set(rows) == {"hallucination", "correctness", "resolved", "helpful", "short"}
    told = {
        name: (row["target_type"], row["target_id"], row["score"], row["label"], row["source"], row["evaluator"])
        for name, row in rows.items()
    }
    assert told == {
        "hallucination": ("span", span_id, 0.0, "factual", "llm", "judge-v2"),
        "correctness": ("trace", trace_id, 0.95, "", "code", ""),
        "resolved": ("session", "talk-7", None, "yes", "human", ""),
        "helpful": ("span", span_id, 4.0, "", "human", ""),
        "short": ("span", span_id, 1.0, "short", "code", ""),
    }
    whole = rows["hallucination"]
    assert (whole["explanation"], whole["attributes"], whole["found_in"], whole["problem"]) == (
        "all claims are supported", {"rubric": "2"}, "openinference", "",
    )  # fmt: skip
    asked = {"project": project}
    of_trace = shared_server.client.get(f"/api/v1/traces/{trace_id}/evaluations", params=asked).json()["rows"]
    assert len(of_trace) == 5
    of_session = shared_server.client.get("/api/v1/sessions/talk-7/evaluations", params=asked).json()["rows"]
    assert len(of_session) == 5


@pytest.mark.covers("evaluations-logfire")
def test_logfire_feedback_and_the_cases_of_pydantic_evals(shared_server: RunningServer, project: str) -> None:
    sent(shared_server, project, "logfire_feedback.traces.pb")
    answer = spans_of("logfire_feedback.traces.pb")["answer"]
    rows = found(shared_server, project)
    assert {name: (row["score"], row["label"], row["explanation"], row["source"]) for name, row in rows.items()} == {
        "factuality": (0.1, "", "the agent lied", "user"), "verdict": (None, "wrong", "", "user"),
        "polite": (1.0, "true", "", "user"),
    }  # fmt: skip
    assert {(row["target_type"], row["target_id"]) for row in rows.values()} == {("span", answer.span_id.hex())}

    sent(shared_server, project, "pydantic_evals.traces.pb")
    rows = found(shared_server, project, q="found_in:pydantic-evals")
    told = {name: (row["score"], row["label"], row["expected_output"], row["evaluator"]) for name, row in rows.items()}
    assert told == {
        "Exact france": (1.0, "true", "Paris", "Exact"), "Exact peru": (0.0, "false", "Lima", "Exact"),
        "closeness france": (1.0, "", "Paris", "Close"), "closeness peru": (0.5, "", "Lima", "Close"),
        "tone france": (None, "kind", "Paris", "Close"), "tone peru": (None, "kind", "Lima", "Close"),
    }  # fmt: skip
    assert rows["Exact peru"]["explanation"] == "compared as they are"


@pytest.mark.covers("evaluations-otel")
def test_log_records_come_before_their_span_and_a_failed_evaluator_is_told(
    shared_server: RunningServer, project: str
) -> None:
    sent(shared_server, project, "pydantic_evals_online.logs.pb")
    rows = found(shared_server, project)
    assert {name: (row["score"], row["label"], row["evaluator"], row["problem"]) for name, row in rows.items()} == {
        "closeness": (0.5, "", "Close", ""), "tone": (None, "kind", "Close", ""),
        "Broken": (None, "", "Broken", "the evaluator failed: ValueError"),
    }  # fmt: skip
    assert rows["Broken"]["explanation"] == "ValueError: no judge"
    # The span comes later, from a model: the evaluation counts for it.
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add(name="chat", start_time_unix_nano=time.time_ns())
    span.trace_id, span.span_id = bytes.fromhex(rows["tone"]["trace_id"]), bytes.fromhex(rows["tone"]["span_id"])
    span.attributes.add(key="gen_ai.operation.name").value.string_value = "chat"
    span.attributes.add(key="gen_ai.request.model").value.string_value = "small"
    send(shared_server, project, "traces", request.SerializeToString())
    asked = {"project": project, "from": "all", "group_by": "model", "q": "name:closeness"}
    (row,) = shared_server.client.get("/api/v1/evaluations/summary", params=asked).json()["rows"]
    assert (row["value"], row["avg_score"]) == ("small", 0.5)


def _event(owner: Any, when: int, **said: Any) -> None:
    event = owner.events.add(name="gen_ai.evaluation.result", time_unix_nano=when)
    _attributes(event, said)


def _attributes(owner: Any, said: dict[str, Any]) -> None:
    for key, value in said.items():
        kind = {str: "string_value", float: "double_value", int: "int_value", bool: "bool_value"}[type(value)]
        setattr(owner.attributes.add(key=key.replace("__", ".")).value, kind, value)


@pytest.mark.covers("evaluations-otel", "evaluations-flagged")
def test_what_cannot_be_is_kept_raw_and_flagged_and_its_neighbours_are_kept(
    shared_server: RunningServer, project: str
) -> None:
    """As events of a span: not a number, a text, nothing at all, outside of what is defined. Also when it comes twice."""
    server = shared_server
    server.client.post("/api/v1/projects", json={"name": project})
    new = {"name": "bounded", "kind": "numeric", "minimum": 0, "maximum": 1}
    assert server.client.put("/api/v1/scores", params={"project": project}, json=new).status_code == 200
    labels = [{"label": "good"}, {"label": "bad"}]
    new = {"name": "listed", "kind": "categorical", "labels": labels}
    assert server.client.put("/api/v1/scores", params={"project": project}, json=new).status_code == 200
    request = ExportTraceServiceRequest()
    now = time.time_ns()
    span = request.resource_spans.add().scope_spans.add().spans.add(name="chat", start_time_unix_nano=now)
    span.trace_id, span.span_id = bytes.fromhex(TRACE), bytes.fromhex(SPAN)
    name, score, label = (
        "gen_ai__evaluation__name",
        "gen_ai__evaluation__score__value",
        "gen_ai__evaluation__score__label",
    )
    _event(span, now, **{name: "good", score: 0.9, label: "fine", "gen_ai__response__id": "r-1"})
    _event(span, now, **{name: "digits", score: "0.25"})
    _event(span, now, **{name: "nan", score: float("nan")})
    _event(span, now, **{name: "text", score: "high"})
    _event(span, now, **{name: "nothing"})
    _event(span, now, **{score: 1.0})
    _event(span, now, **{name: "bounded", score: 7.0, label: "much"})
    _event(span, now, **{name: "listed", label: "goood"})
    _event(span, now, **{name: "judged", score: 1, "gen_ai__evaluation__evaluator__type": "human"})
    for _ in range(2):
        send(server, project, "traces", request.SerializeToString())
    rows = found(server, project)
    assert {name: (row["score"], row["label"], row["raw"]) for name, row in rows.items()} == {
        "good": (0.9, "fine", ""), "digits": (0.25, "", ""), "nan": (None, "", "NaN"), "text": (None, "", "high"),
        "nothing": (None, "", ""), "unnamed": (1.0, "", ""), "bounded": (None, "much", "7.0"),
        "listed": (None, "", "goood"), "judged": (1.0, "", ""),
    }  # fmt: skip
    problems = {name: row["problem"] for name, row in rows.items() if row["problem"]}
    assert set(problems) == {"nan", "text", "nothing", "unnamed", "bounded", "listed"}
    assert problems["bounded"] == "score of bounded is 0 to 1, not 7"
    assert problems["text"] == "score is no number: high"
    assert "did you mean good?" in problems["listed"]
    assert (rows["good"]["response_id"], rows["judged"]["source"]) == ("r-1", "human")
    assert {(row["trace_id"], row["span_id"]) for row in rows.values()} == {(TRACE, SPAN)}


@pytest.mark.covers("evaluations-otel")
def test_a_record_without_a_span_is_about_its_response_or_its_conversation(
    shared_server: RunningServer, project: str
) -> None:
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    of_response = scope.log_records.add(event_name="gen_ai.evaluation.result", time_unix_nano=time.time_ns())
    said = {"gen_ai.evaluation.name": "right", "gen_ai.evaluation.score.value": 1.0, "gen_ai.response.id": "r-9"}
    _attributes(of_response, said)
    # Without any time, and with the name where older libraries put it.
    of_session = scope.log_records.add()
    said = {"gen_ai.evaluation.name": "calm", "gen_ai.evaluation.score.label": "yes", "gen_ai.conversation.id": "talk"}
    _attributes(of_session, said | {"event.name": "gen_ai.evaluation.result"})
    for _ in range(2):
        send(shared_server, project, "logs", request.SerializeToString())
    rows = found(shared_server, project)
    assert (rows["right"]["response_id"], rows["right"]["target_type"], rows["right"]["trace_id"]) == (
        "r-9",
        "span",
        "",
    )
    assert (rows["calm"]["target_type"], rows["calm"]["target_id"]) == ("session", "talk")


@pytest.mark.covers("evaluations-mlflow", "evaluations-evaluator-spans")
def test_assessments_and_what_an_evaluators_span_answers(shared_server: RunningServer, project: str) -> None:
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    now = time.time_ns()

    def add(number: int, parent: int = 0, **said: Any) -> None:
        span = scope.spans.add(name=f"span {number}", start_time_unix_nano=now + number)
        span.trace_id, span.span_id = bytes.fromhex(TRACE), number.to_bytes(8)
        span.parent_span_id = parent.to_bytes(8) if parent else b""
        _attributes(span, said)

    add(1, mlflow__spanType='"CHAIN"', **{
        "mlflow__assessment__a": '{"assessment_id": "a-1", "assessment_name": "relevance", "feedback": {"value": 0.5}, '
        '"rationale": "half of it", "source": {"source_type": "LLM_JUDGE", "source_id": "gpt"}}',
        "mlflow__assessment__b": '{"assessment_id": "a-2", "assessment_name": "answer", "expectation": {"value": "Paris"}, '
        '"source": {"source_type": "HUMAN", "source_id": "ada"}}',
        "mlflow__assessment__c": '{"assessment_name": "old", "feedback": {"value": true}, "valid": false}',
        "mlflow__assessment__d": "{cut",
    })  # fmt: skip
    add(
        2,
        1,
        openinference__span__kind="EVALUATOR",
        output__value='{"score": 0.3, "label": "weak", "explanation": "no source"}',
    )
    add(3, 1, openinference__span__kind="EVALUATOR", output__value="just words")
    for _ in range(2):
        send(shared_server, project, "traces", request.SerializeToString())
    rows = found(shared_server, project)
    assert set(rows) == {"relevance", "answer", "span 2"}
    relevance, answer, weak = rows["relevance"], rows["answer"], rows["span 2"]
    assert (relevance["score"], relevance["source"], relevance["evaluator"], relevance["explanation"]) == (
        0.5, "llm", "gpt", "half of it",
    )  # fmt: skip
    assert (relevance["target_type"], relevance["target_id"]) == ("trace", TRACE)
    assert (answer["expected_output"], answer["source"]) == ("Paris", "human")
    assert (weak["score"], weak["label"], weak["explanation"], weak["span_id"]) == (
        0.3, "weak", "no source", (1).to_bytes(8).hex(),
    )  # fmt: skip
