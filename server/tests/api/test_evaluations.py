"""Evaluations over HTTP: summed up by what their spans say, over time, and those of one trace or session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asked_world import SECOND, START, World, span_batch, span_id, trace_id, world

from tapetum_server.query.time_range import format_time
from tapetum_server.signals.evaluations import Evaluation, EvaluationBatch
from tapetum_server.signals.scores import ScoreDefinition, ScoreLabel

RANGE = {"from": format_time(START), "to": format_time(START + 1_000 * SECOND)}


def llm(trace: int, model: str, **more: str) -> dict[str, Any]:
    return {"trace": trace, "span": 2, "parent": 1, "canonical": {"kind": "llm", "model": model, **more}}


def said(name: str, trace: int, score: float | None, *, span: int = 0, at: int = 10, **more: Any) -> Evaluation:
    kind, target = ("span", span_id(span)) if span else ("trace", trace_id(trace))
    found = Evaluation(
        name, kind, target, time_unix_nano=START + at * SECOND, trace_id=trace_id(trace),
        span_id=span_id(span) if span else "", score=score,
    )  # fmt: skip
    return found._replace(**more)


@pytest.fixture(scope="module")
def asked(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(engine_home, tmp_path_factory.mktemp("catalog")) as opened:
        agents = [{"trace": t, "span": 1, "canonical": {"kind": "agent", "agent": "guide"}} for t in (1, 2, 3)]
        prompt = {"prompt_name": "ask", "prompt_version": "2", "session_id": "talk", "response_id": "resp-1"}
        opened.keep(span_batch(*agents, llm(1, "small", **prompt), llm(2, "large"), llm(3, "large")))
        batch = EvaluationBatch("default", "test")
        for one in (
            said("correctness", 1, 0.25, span=2, threshold=0.5, label="wrong", evaluator="judge", source="llm"),
            said("correctness", 2, 0.75, span=2, threshold=0.5, label="right", at=500),
            # Of a whole trace and of an agent: the only model in the trace.
            said("correctness", 3, 0.5, threshold=0.5, label="right", at=500),
            said("correctness", 2, 1.0, span=1, at=500),
            said("feedback", 1, None, label="down", comment="no", source="user"),
            Evaluation("tone", "span", "", time_unix_nano=START + SECOND, response_id="resp-1", score=3.0),
            Evaluation("csat", "session", "talk", time_unix_nano=START + SECOND, score=5.0),
            Evaluation("csat", "session", "other", time_unix_nano=START + SECOND, score=1.0),
        ):  # fmt: skip
            batch.append(one)
        opened.keep(batch)
        yield opened


@pytest.mark.covers("evaluations-asked")
def test_evaluations_are_summed_up_by_what_their_spans_say(asked: World) -> None:
    def by(key: str | None, **more: Any) -> dict[tuple[str, str], tuple[Any, ...]]:
        rows = asked.get("/evaluations/summary", **RANGE, group_by=key, **more)["rows"]
        return {(r["name"], r["value"]): (r["count"], r["avg_score"], r["passed"], r["judged"]) for r in rows}

    assert by(None)["correctness", ""] == (4, 0.625, 2, 3)
    models = by("model")
    assert models["correctness", "small"] == (1, 0.25, 0, 1)
    assert models["correctness", "large"] == (3, 0.75, 2, 2)
    assert models["tone", "small"] == (1, 3.0, 0, 0), "by the id of the response alone"
    assert models["feedback", "small"] == (1, None, 0, 0)
    assert models["csat", ""] == (2, 3.0, 0, 0)
    assert by("prompt", q="name:correctness") == {
        ("correctness", "ask 2"): (1, 0.25, 0, 1), ("correctness", ""): (3, 0.75, 2, 2),
    }  # fmt: skip
    assert by("agent", q="name:correctness label:right")["correctness", "guide"] == (2, 0.625, 2, 2)
    assert by("evaluator", q="evaluator:judge") == {("correctness", "judge"): (1, 0.25, 0, 1)}
    (row,) = asked.get("/evaluations/summary", **RANGE, q="name:correctness")["rows"]
    assert row["labels"] == [{"label": "right", "count": 2}, {"label": "wrong", "count": 1}]
    assert (row["min_score"], row["max_score"], row["scored"]) == (0.25, 1.0, 4)
    facets = asked.get("/evaluations/facets", **RANGE, keys="name,label")["facets"]
    assert {v["value"]: v["count"] for v in facets[0]["values"]} == {
        "correctness": 4,
        "csat": 2,
        "feedback": 1,
        "tone": 1,
    }


@pytest.mark.covers("evaluations-asked")
def test_pages_of_evaluations_have_each_once(asked: World) -> None:
    for sort in ("-time", "time"):
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = asked.get("/evaluations", **RANGE, sort=sort, limit=3, cursor=cursor)
            seen += [row["evaluation_id"] for row in page["rows"]]
            cursor = page["next_cursor"]
        assert len(seen) == len(set(seen)) == 8
    found = asked.get("/evaluations", **RANGE, q="score:>=0.5 -label:right name:correctness")["rows"]
    assert [(row["span_id"], row["score"]) for row in found] == [(span_id(1), 1.0)]


@pytest.mark.covers("evaluations-series")
def test_scores_over_time_are_a_saved_query(asked: World) -> None:
    def series(measure: str, **more: Any) -> dict[str, list[float]]:
        query = {"kind": "evaluations", "measure": measure, "group_by": ["name"], "q": "name:correctness"}
        found = asked.post("/query", query=query, **RANGE, step_s=100, **more)
        return {s["labels"]["name"]: [v for _, v in s["points"] if v is not None] for s in found["series"]}

    assert series("avg_score") == {"correctness": [0.25, 0.75]}
    assert series("pass_rate") == {"correctness": [0.0, 100.0]}
    assert sum(series("count")["correctness"]) == 4


@pytest.mark.covers("evaluations-of-one")
def test_a_trace_has_what_is_said_of_its_spans_responses_and_sessions(asked: World) -> None:
    rows = asked.get(f"/traces/{trace_id(1)}/evaluations")["rows"]
    assert sorted((row["name"], row["score"]) for row in rows if row["score"] is not None) == [
        ("correctness", 0.25), ("csat", 5.0), ("tone", 3.0),
    ]  # fmt: skip
    assert [row["comment"] for row in rows if row["name"] == "feedback"] == ["no"]
    assert len(asked.get(f"/traces/{trace_id(2)}/evaluations")["rows"]) == 2
    assert asked.get(f"/traces/{trace_id(9)}/evaluations") == {"rows": [], "more": False}
    rows = asked.get("/sessions/talk/evaluations")["rows"]
    assert sorted(row["name"] for row in rows) == ["correctness", "csat", "feedback", "tone"]
    assert [row["score"] for row in asked.get("/sessions/other/evaluations")["rows"]] == [1.0]


@pytest.mark.covers("evaluations-in-sessions")
def test_sessions_and_users_tell_what_is_said_of_them(asked: World) -> None:
    """Of the session, of its traces, and of a response in it; each once, by what is defined too."""
    (talk,) = [row for row in asked.get("/sessions", **RANGE)["rows"] if row["id"] == "talk"]
    # correctness 0.25 below its 0.5, a thumb down with a comment, tone by its response, csat of the session.
    assert talk["evaluations"] == {"count": 4, "judged": 1, "passed": 0, "up": 0, "down": 1, "last_comment": "no"}
    defined = ScoreDefinition(name="csat", kind="numeric", direction="higher", threshold=4)
    asked.catalog.scores.define("default", defined, by="test")
    detail = asked.get("/sessions/detail", session="talk")
    assert (detail["evaluations"]["judged"], detail["evaluations"]["passed"]) == (2, 1)
    asked.catalog.scores.delete("default", "csat")
    rows = asked.get("/sessions/evaluations", session="talk")["rows"]
    assert sorted(row["name"] for row in rows) == ["correctness", "csat", "feedback", "tone"]


@pytest.mark.covers("export")
def test_evaluations_are_exported_with_a_filter(asked: World) -> None:
    query = {**RANGE, "format": "ndjson", "q": "source:user"}
    answer = asked.client.get("/v1/export/evaluations", params=query)
    assert answer.status_code == 200
    assert answer.text.count("\n") == 1
    assert '"comment":"no"' in answer.text


@pytest.mark.covers("evaluations-asked")
def test_the_lowest_come_first_and_every_number_leads_to_its_rows(asked: World) -> None:
    def listed(**more: Any) -> list[tuple[str, float | None]]:
        seen: list[tuple[str, float | None]] = []
        cursor: str | None = ""
        while cursor is not None:
            page = asked.get("/evaluations", **RANGE, limit=2, cursor=cursor, **more)
            seen += [(row["name"], row["score"]) for row in page["rows"]]
            cursor = page["next_cursor"]
        return seen

    scores = [score for _, score in listed(sort="score")]
    assert scores == [0.25, 0.5, 0.75, 1.0, 1.0, 3.0, 5.0]
    assert [score for _, score in listed(sort="-score")] == scores[::-1]
    small = listed(span_key="model", span_value="small")
    assert sorted(small) == [("correctness", 0.25), ("feedback", None), ("tone", 3.0)]
    assert listed(span_key="prompt", span_value="ask 2", q="name:correctness") == [("correctness", 0.25)]
    assert listed(span_key="model", span_value="none") == []
    refused = asked.client.get("/v1/evaluations", params={**RANGE, "span_key": "colour"})
    assert (refused.status_code, refused.json()["error"]["field"]) == (400, "span_key")


@pytest.mark.covers("evaluations-distribution")
def test_scores_are_distributed_over_values_or_bins_and_labels(asked: World) -> None:
    found = asked.get("/evaluations/distribution", **RANGE, name="correctness")
    assert [(b["start"], b["end"], b["count"]) for b in found["bins"]] == [
        (0.25, 0.25, 1), (0.5, 0.5, 1), (0.75, 0.75, 1), (1.0, 1.0, 1),
    ]  # fmt: skip
    assert found["labels"] == [{"label": "right", "count": 2}, {"label": "wrong", "count": 1}]
    assert asked.get("/evaluations/distribution", **RANGE, name="feedback")["bins"] == []
    batch = EvaluationBatch("default", "test")
    scores = [i / 100 for i in range(100)]
    for i, score in enumerate(scores):
        batch.append(said("many", 3, score, at=i))
    asked.keep(batch)
    found = asked.get("/evaluations/distribution", **RANGE, name="many")
    assert (found["scored"], len(found["bins"])) == (100, 10)
    edges = [(b["start"], b["end"]) for b in found["bins"]]
    expected = [sum(1 for s in scores if start <= s < end or s == end == edges[-1][1]) for start, end in edges]
    assert [b["count"] for b in found["bins"]] == expected
    asked.catalog.scores.define(
        "default", ScoreDefinition(name="many", kind="numeric", minimum=-1, maximum=1), by="test"
    )  # fmt: skip
    bins = asked.get("/evaluations/distribution", **RANGE, name="many")["bins"]
    assert (bins[0]["start"], bins[-1]["end"], sum(b["count"] for b in bins[:5])) == (-1, 1, 0)


@pytest.mark.covers("score-verdicts")
def test_definitions_say_what_passes_in_the_summary_and_over_time(asked: World) -> None:
    batch = EvaluationBatch("default", "test")
    for score, label, own in ((0.1, "", None), (0.3, "", None), (0.3, "", 0.4), (None, "", None)):
        batch.append(said("toxicity", 3, score, label=label, threshold=own, explanation=f"{own}"))
    for i, label in enumerate(("kind", "rude", "odd", "kind")):
        batch.append(said("manners", 3, None, label=label, at=i))
    for i, score in enumerate((1.0, 0.0, 1.0)):
        batch.append(said("safe", 3, score, at=i))
    asked.keep(batch)
    labels = (ScoreLabel(label="kind", passes=True), ScoreLabel(label="rude", passes=False), ScoreLabel(label="odd"))
    for definition in (
        ScoreDefinition(name="toxicity", kind="numeric", direction="lower", threshold=0.2),
        ScoreDefinition(name="manners", kind="categorical", labels=labels),
        ScoreDefinition(name="safe", kind="boolean", direction="higher"),
    ):
        asked.catalog.scores.define("default", definition, by="test")
    rows = asked.get("/evaluations/summary", **RANGE, q="name:toxicity,manners,safe")["rows"]
    # Its own threshold goes first: 0.3 is below 0.4, which lower is better passes.
    assert {r["name"]: (r["passed"], r["judged"]) for r in rows} == {
        "toxicity": (2, 3), "manners": (2, 3), "safe": (2, 3),
    }  # fmt: skip
    query = {"kind": "evaluations", "measure": "pass_rate", "group_by": ["name"], "q": "name:toxicity,manners,safe"}
    series = asked.post("/query", query=query, **RANGE, step_s=1_000)["series"]
    assert {s["labels"]["name"]: round(s["total"], 6) for s in series} == {
        name: round(200 / 3, 6) for name in ("toxicity", "manners", "safe")
    }
