"""The reviewer's queue through HTTP: what is in it, how far it is, and that two do not look at the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from process.servers import RunningServer


def trace_of(i: int) -> str:
    return f"{i + 1:032x}"


def fill(server: RunningServer, project: str) -> None:
    """Ten traces of two sessions, each a root that names the session and a call of a model."""
    spans = []
    for i in range(10):
        at = 1_764_000_000_000_000_000 + i * 10**9
        both = {"traceId": trace_of(i), "startTimeUnixNano": str(at), "endTimeUnixNano": str(at + 10**8)}
        root = [{"key": "session.id", "value": {"stringValue": f"s{i % 2}"}}]
        call = [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}]
        spans += [
            both | {"spanId": f"{2 * i + 1:016x}", "name": "ask", "attributes": root},
            both | {"spanId": f"{2 * i + 2:016x}", "parentSpanId": f"{2 * i + 1:016x}", "name": "chat", "attributes": call},
        ]  # fmt: skip
    body = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": spans}]}]}
    kind = {"content-type": "application/json"}
    assert server.send("traces", json.dumps(body).encode(), project=project, headers=kind).status_code == 200


def judge(server: RunningServer, project: str, **said: Any) -> None:
    answer = server.client.post("/v1/evaluations", json=said, headers={"x-tapetum-project": project})
    assert answer.json()["accepted"] == 1, answer.text


def queue(server: RunningServer, project: str, **query: Any) -> dict[str, Any]:
    asked = {"project": project, "from": "all", "q": "kind:llm", **query}
    answer = server.client.get("/api/v1/review/queue", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.covers("review-queue")
def test_what_passes_the_filter_comes_unreviewed_first_with_who_reviewed(
    shared_server: RunningServer, project: str
) -> None:
    server = shared_server
    fill(server, project)
    newest = {"trace_id": trace_of(9), "span_id": f"{20:016x}"}
    judge(server, project, name="tone", label="kind", source="human", evaluator="ada", **newest)
    judge(server, project, name="tone", label="rude", source="human", evaluator="grace", **newest)
    judge(server, project, name="grounded", score=0.2, source="llm", trace_id=trace_of(3), span_id=f"{8:016x}")
    found = queue(server, project)
    assert (found["total"], found["reviewed"]) == (10, 1)
    assert [row["trace_id"] for row in found["rows"]] == [trace_of(i) for i in (8, 7, 6, 5, 4, 3, 2, 1, 0, 9)]
    assert found["rows"][-1]["reviewers"] == ["ada", "grace"]
    assert {(row["name"], row["kind"]) for row in found["rows"]} == {("chat", "llm")}
    assert queue(server, project, order="newest", limit=1)["rows"][0]["reviewers"] == ["ada", "grace"]
    assert queue(server, project, score="other")["reviewed"] == 0, "judged by another score"
    low = queue(server, project, low_score="grounded", below=0.5)
    assert [row["trace_id"] for row in low["rows"]] == [trace_of(3)]
    sampled = queue(server, project, sample=3)["rows"]
    assert 0 < len(sampled) < 10
    assert sampled == queue(server, project, sample=3)["rows"], "the same ones each time"

    assert queue(server, project, what="trace")["reviewed"] == 0, "its span is judged, not the trace"
    judge(server, project, name="tone", label="kind", source="human", trace_id=trace_of(0))
    traces = queue(server, project, what="trace", q="")
    assert (traces["total"], traces["reviewed"], traces["rows"][0]["name"]) == (10, 1, "ask")
    judge(server, project, name="tone", label="kind", source="human", session_id="s0")
    sessions = queue(server, project, what="session")
    assert [(row["session_id"], bool(row["reviewers"])) for row in sessions["rows"]] == [("s1", False), ("s0", True)]


@pytest.mark.covers("review-queue", "project-isolation")
def test_of_two_who_come_to_the_same_one_gets_it(shared_server: RunningServer, project: str) -> None:
    server = shared_server
    fill(server, project)
    span = {"what": "span", "trace_id": trace_of(9), "span_id": f"{20:016x}"}

    def claim(holder: str, of: str = project, path: str = "") -> Any:
        body = span | {"holder": holder}
        method = server.client.post if path else server.client.put
        return method(f"/api/v1/review/claims{path}", params={"project": of}, json=body)

    assert claim("a").json()["granted"] is True
    assert claim("a").json()["granted"] is True, "said again, it is kept"
    assert claim("b").json()["granted"] is False
    assert queue(server, project, holder="b")["rows"][0]["claimed_by"] == "loopback"
    assert queue(server, project, holder="a")["rows"][0]["claimed_by"] is None
    other = f"{project}-b"[-64:]
    server.client.post("/api/v1/projects", json={"name": other})
    assert claim("b", other).json()["granted"] is True, "a claim is of its project"
    assert claim("b", path="/release").status_code == 204
    assert claim("b").json()["granted"] is False, "nobody lets go for another"
    assert claim("a", path="/release").status_code == 204
    assert claim("b").json()["granted"] is True
    assert server.client.put("/api/v1/review/claims", json=span | {"holder": "a b"}).status_code == 422
