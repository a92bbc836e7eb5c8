"""Definitions of scores through their doors, and what they refuse."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from process.servers import RunningServer, tapetum
from process.test_sdk import run

TRACE = "0af7651916cd43dd8448eb211c80319c"
TONE = {
    "name": "tone", "kind": "categorical", "direction": "higher",
    "labels": [{"label": "rude", "passes": False}, {"label": "cold"}, {"label": "kind", "key": 1, "passes": True}],
}  # fmt: skip
GROUNDED = {"name": "grounded", "kind": "numeric", "minimum": 0, "maximum": 1, "threshold": 0.7}


def define(server: RunningServer, project: str, **new: Any) -> httpx.Response:
    return server.client.put("/api/v1/scores", params={"project": project}, json=new)


def defined(server: RunningServer, project: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = server.client.get("/api/v1/scores", params={"project": project}).json()["rows"]
    return rows


@pytest.fixture
def kept(shared_server: RunningServer, project: str) -> str:
    shared_server.client.post("/api/v1/projects", json={"name": project})
    for new in (TONE, GROUNDED, {"name": "safe", "kind": "boolean"}, {"name": "notes", "kind": "text"}):
        assert define(shared_server, project, **new).status_code == 200
    return project


@pytest.mark.covers("score-definitions", "project-isolation")
def test_a_score_is_defined_replaced_and_forgotten_in_its_project(shared_server: RunningServer, kept: str) -> None:
    grounded, notes, safe, tone = defined(shared_server, kept)
    assert (grounded["minimum"], grounded["maximum"], grounded["threshold"], grounded["direction"]) == (
        0, 1, 0.7, "higher",
    )  # fmt: skip
    assert [(one["label"], one["key"], one["passes"]) for one in tone["labels"]] == [
        ("rude", 2, False), ("cold", 3, None), ("kind", 1, True),
    ]  # fmt: skip
    assert (safe["direction"], notes["direction"]) == ("higher", "none")
    assert defined(shared_server, "default") == []
    assert define(shared_server, kept, **GROUNDED | {"threshold": 0.5}).json()["threshold"] == 0.5
    assert len(defined(shared_server, kept)) == 4
    gone = {"project": kept, "name": "grounded"}
    assert shared_server.client.delete("/api/v1/scores", params=gone).status_code == 204
    again = shared_server.client.delete("/api/v1/scores", params=gone)
    assert (again.status_code, again.json()["error"]["field"]) == (404, "name")
    assert [row["name"] for row in defined(shared_server, kept)] == ["notes", "safe", "tone"]


@pytest.mark.covers("score-definitions")
@pytest.mark.parametrize(
    ("new", "field", "words"),
    [
        (GROUNDED | {"name": " a"}, "name", "no space around"),
        (GROUNDED | {"kind": "number"}, "kind", "numeric"),
        (GROUNDED | {"minimum": 2}, "maximum", "above minimum"),
        (GROUNDED | {"threshold": 3}, "threshold", "within 0 to 1"),
        (GROUNDED | {"direction": "none"}, "direction", "which side of it passes"),
        (GROUNDED | {"labels": TONE["labels"]}, "labels", "for categorical"),
        (GROUNDED | {"minimun": 2}, "minimun", ""),
        (TONE | {"threshold": 1}, "threshold", "for numeric"),
        (TONE | {"labels": [{"label": "one"}]}, "labels", "2 to 50"),
        (TONE | {"labels": [{"label": "one"}, {"label": "one"}]}, "labels", "the label 'one'"),
        (TONE | {"labels": [{"label": "one", "key": 1}, {"label": "two", "key": 1}]}, "labels", "the key 1"),
        ({"name": "notes", "kind": "text", "direction": "lower"}, "direction", "no better end"),
    ],
)
def test_a_definition_that_contradicts_itself_is_refused_by_field(
    shared_server: RunningServer, kept: str, new: dict[str, Any], field: str, words: str
) -> None:
    answer = define(shared_server, kept, **new)
    error = answer.json()["error"]
    assert (answer.status_code, error["field"]) == (422, field)
    assert words in error["message"]


@pytest.mark.covers("score-definitions", "bad-evaluations")
def test_an_evaluation_that_is_not_as_defined_is_refused_with_its_field_and_the_fix(
    shared_server: RunningServer, kept: str
) -> None:
    def said(**more: Any) -> dict[str, Any]:
        return {"trace_id": TRACE, **more}

    good = [
        said(name="grounded", score=0), said(name="tone", label="kind"), said(name="safe", score=True),
        said(name="safe", label="no"), said(name="safe", score=1, label="up"), said(name="notes", comment="fine"),
        said(name="tone", comment="only a remark"), said(name="undefined", score=99),
    ]  # fmt: skip
    bad = [
        (said(name="grounded", score=1.5), "score", "0 to 1, not 1.5"),
        (said(name="grounded", label="fine"), "score", "is numeric: give score"),
        (said(name="tone", label="kindd"), "label", "did you mean kind?"),
        (said(name="tone", score=1), "label", "one of rude, cold, kind"),
        (said(name="safe", score=0.5), "score", "true or false"),
        (said(name="safe", label="maybe"), "score", "not 'maybe'"),
        (said(name="notes", score=1), "score", "say it in comment"),
    ]
    headers = {"x-tapetum-project": kept}
    body = [*good, *(one for one, _, _ in bad)]
    told = shared_server.client.post("/v1/evaluations", json=body, headers=headers).json()
    assert told["accepted"] == len(good)
    assert [one["field"] for one in told["refused"]] == [field for _, field, _ in bad]
    for one, (_, _, words) in zip(told["refused"], bad):
        assert words in one["message"]
    asked = {"project": kept, "from": "all", "q": "name:safe"}
    rows = shared_server.client.get("/api/v1/evaluations", params=asked).json()["rows"]
    assert sorted((row["score"], row["label"]) for row in rows) == [(0, "no"), (1, "true"), (1, "up")]


@pytest.mark.covers("score-definitions", "sdk-feedback")
def test_the_sdk_is_told_why_and_counts_it(shared_server: RunningServer, kept: str) -> None:
    out = run(shared_server, kept, f"""
        import tapetum
        tapetum.init("shop", logs=False, metrics=False, resources=False)
        tapetum.evaluation("grounded", score=7, trace_id="{TRACE}")
        tapetum.evaluation("grounded", score=0.7, trace_id="{TRACE}")
        tapetum.flush()
        print(tapetum.stats())
    """)  # fmt: skip
    assert "refused_by_server" in out
    asked = {"project": kept, "from": "all"}
    rows = shared_server.client.get("/api/v1/evaluations", params=asked).json()["rows"]
    assert [row["score"] for row in rows] == [0.7]


@pytest.mark.covers("cli-scores")
def test_the_command_line_defines_lists_and_forgets(shared_server: RunningServer, kept: str) -> None:
    named = ("--url", shared_server.url, "--project", kept)
    made = tapetum(
        "scores", "define", "verdict", "--kind", "categorical", "-l", "wrong", "-l", "right", "--passes", "right",
        "--better", "higher", "--description", "Is it true?", *named,
    )  # fmt: skip
    assert "wrong (1), right (2)" in made.stderr
    made = tapetum("scores", "define", "cost", "--kind", "numeric", "--min", "0", "--max", "9", "--better", "lower",
                   "--threshold", "5", *named)  # fmt: skip
    assert "0 to 9, passes up to 5" in made.stderr
    listed = tapetum("scores", *named).stdout
    assert "Is it true?" in listed
    assert "true or false" in listed
    assert '"passes":true' in tapetum("scores", "list", "--json", *named).stdout
    wrong = tapetum("scores", "define", "cost", "--kind", "numeric", "--passes", "good", *named)
    assert (wrong.returncode, "no --label" in wrong.stderr) == (2, True)
    wrong = tapetum("scores", "define", "cost", "--kind", "numeric", "--min", "3", "--max", "1", *named)
    assert (wrong.returncode, "above minimum" in wrong.stderr) == (1, True)
    tapetum("scores", "delete", "verdict", *named)
    assert "verdict" not in {row["name"] for row in defined(shared_server, kept)}
