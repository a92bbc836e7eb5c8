"""Evaluations on a real server: said by HTTP in every form, durable, once, and found again by what they are about."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from process.conftest import StartServer
from process.servers import RunningServer, tapetum

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAID = {
    "time": "2026-11-23T10:00:00.5Z", "name": "correctness", "trace_id": TRACE, "span_id": SPAN, "score": 0.25,
    "label": "wrong", "threshold": 0.5, "explanation": "it is in Paris", "expected_output": "Paris",
    "evaluator": "judge-1", "source": "llm", "slice": "geography", "lower": 0.1, "upper": 0.4,
    "attributes": {"model": "judge", "n": 3},
}  # fmt: skip
THUMB = {"name": "feedback", "trace_id": TRACE, "span_id": SPAN, "source": "user", "evaluator": "ada"}


def post(
    server: RunningServer, project: str, body: Any, kind: str = "application/json", **headers: str
) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"content-type": kind, "x-tapetum-project": project}
    return server.client.post("/v1/evaluations", content=content, headers=named | headers)


def said(server: RunningServer, project: str, **query: str) -> list[dict[str, Any]]:
    answer = server.client.get("/api/v1/evaluations", params={"project": project, "from": "all", **query})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


@pytest.mark.covers("evaluations-recorded")
def test_an_evaluation_is_kept_whole_and_counts_once_however_often_it_is_sent(
    shared_server: RunningServer, project: str
) -> None:
    timeless = {"name": "length", "trace_id": TRACE, "score": 12}
    for body in (SAID, [SAID], json.dumps(SAID).encode()):
        answer = post(shared_server, project, body)
        assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "refused": []})
    for _ in range(2):
        assert post(shared_server, project, timeless).json()["accepted"] == 1
    newest, whole = said(shared_server, project)
    assert (newest["name"], newest["score"], newest["source"]) == ("length", 12.0, "code")
    assert (newest["target_type"], newest["target_id"]) == ("trace", TRACE)
    expected = SAID | {
        "time": "2026-11-23T10:00:00.500000000Z", "attributes": {"model": "judge", "n": "3"}, "target_type": "span",
        "target_id": SPAN, "comment": "", "response_id": "", "truncated": {}, "updated_at": whole["time"],
        "evaluation_id": whole["evaluation_id"], "found_in": "", "problem": "", "raw": "",
    }  # fmt: skip
    assert whole == expected
    assert said(shared_server, project, q="score:<0.5 evaluator:judge-1") == [whole]
    assert said(shared_server, project, q="Paris attributes.model:judge") == [whole]
    assert shared_server.rows(
        "SELECT name, target_id, score, attributes['n'] FROM evaluations WHERE project = {p:String} ORDER BY name",
        p=project,
    ) == [("correctness", SPAN, 0.25, "3"), ("length", TRACE, 12.0, "")]


@pytest.mark.covers("evaluations-opinions")
def test_a_person_who_thinks_again_replaces_what_they_said_and_a_check_that_runs_again_does_not(
    start_server: StartServer, tmp_path: Path
) -> None:
    """Also days later and after a restart; the evaluation keeps the place in time that it had first."""
    server = start_server(tmp_path / "data")
    first = THUMB | {"score": 1, "label": "up", "time": "2026-11-20T10:00:00Z"}
    post(server, "p", first)
    check = {"name": "toxicity", "trace_id": TRACE, "score": 0.1}
    post(server, "p", [check | {"time": f"2026-11-2{day}T10:00:00Z"} for day in (0, 1, 2)])
    post(server, "p", THUMB | {"evaluator": "grace", "score": 1, "label": "up", "time": "2026-11-20T11:00:00Z"})
    server.stop()
    server = start_server(tmp_path / "data")
    again = THUMB | {"score": 0, "label": "down", "comment": "it is wrong", "time": "2026-11-23T12:00:00Z"}
    post(server, "p", [again, again])
    # The first one comes once more, late: it does not win.
    post(server, "p", first)
    ada = said(server, "p", q="evaluator:ada")
    assert [(row["time"][:10], row["updated_at"][:10], row["label"], row["comment"]) for row in ada] == [
        ("2026-11-20", "2026-11-23", "down", "it is wrong")
    ]
    assert len(said(server, "p", q="evaluator:grace label:up")) == 1
    assert len(said(server, "p", q="name:toxicity")) == 3
    named = {"name": "note", "session_id": "s-1", "evaluation_id": "n-1"}
    post(server, "p", named | {"comment": "first", "time": "2026-11-20T10:00:00Z"})
    post(server, "p", named | {"name": "remark", "comment": "second", "time": "2026-11-22T10:00:00Z"})
    (row,) = said(server, "p", q="evaluation_id:n-1")
    assert (row["name"], row["comment"], row["target_type"], row["target_id"]) == ("remark", "second", "session", "s-1")
    assert post(server, "p", named | {"withdrawn": True}).json()["accepted"] == 1
    assert said(server, "p", q="evaluation_id:n-1") == []
    assert server.rows("SELECT count() FROM evaluations WHERE project = 'p'") == [(5,)]


@pytest.mark.covers("evaluations-recorded", "bad-evaluations")
def test_a_bad_evaluation_is_refused_by_itself_and_named(shared_server: RunningServer, project: str) -> None:
    good = {"name": "a", "trace_id": TRACE, "score": 1}
    bad: list[tuple[Any, str]] = [
        ({"trace_id": TRACE, "score": 1}, "name"), ({"name": "a", "score": 1}, "trace_id"),
        ({"name": "a", "trace_id": TRACE}, "score"), (good | {"score": "high"}, "score"),
        (good | {"trace_id": "xyz"}, "trace_id"), ({"name": "a", "span_id": SPAN, "score": 1}, "trace_id"),
        (good | {"source": "robot"}, "source"), (good | {"scor": 1}, "scor"), (good | {"time": "soon"}, "time"),
        (good | {"target_type": "planet", "target_id": "x"}, "target_type"), (good | {"target_id": "x"}, "target_type"),
        (good | {"target_type": "run"}, "target_id"), (good | {"comment": "c" * 20_000}, "comment"),
        (good | {"expected_output": "e" * 300_000}, "expected_output"), (good | {"withdrawn": "yes"}, "withdrawn"),
        (good | {"attributes": {"k": "v" * 5_000}}, "attributes.k"), ("text", ""), (good | {"lower": True}, "lower"),
    ]  # fmt: skip
    told = post(shared_server, project, [good, *(one for one, _ in bad), good | {"score": 2}]).json()
    assert told["accepted"] == 2
    assert [(one["index"], one["field"]) for one in told["refused"]] == [
        (i, field) for i, (_, field) in enumerate(bad, 1)
    ]
    assert "did you mean score?" in told["refused"][7]["message"]
    lines = b"\n".join([json.dumps(good | {"score": 3}).encode(), b"{cut", b""])
    told = post(shared_server, project, lines, "application/x-ndjson").json()
    assert (told["accepted"], [one["index"] for one in told["refused"]]) == (1, [1])
    alone = post(shared_server, project, {"name": "a", "score": 1})
    assert (alone.status_code, alone.json()["error"]["field"]) == (400, "trace_id")
    assert sorted(row["score"] for row in said(shared_server, project)) == [1, 2, 3]
    counts = shared_server.counts()
    assert counts[project, "evaluations", "accepted", ""] == 3
    assert counts[project, "evaluations", "refused", "invalid_evaluation"] == len(bad) + 2
    for body, kind, status in (
        (b"{", "application/json", 400), (b"no", "application/vnd.apache.parquet", 400), (b" " * 5_000_000, "", 413),
        (b"no", "application/vnd.apache.arrow.stream", 400), (json.dumps([good] * 10_001).encode(), "", 413),
    ):  # fmt: skip
        answer = post(shared_server, project, body, kind)
        assert (answer.status_code, answer.json()["error"]["field"]) == (status, "body"), kind
    assert shared_server.client.get("/v1/evaluations").status_code == 405


@pytest.mark.covers("evaluations-columnar")
def test_tables_in_arrow_and_parquet_are_evaluations_row_by_row(shared_server: RunningServer, project: str) -> None:
    table = pa.table(
        {
            "name": ["f1", "f1", ""],
            "prediction_id": ["p-1", "p-2", "p-3"],
            "score": [0.5, None, 1.0],
            "label": [None, "good", None],
            "time": pa.array([1_795_428_000_000_000_001] * 3, pa.timestamp("ns", "UTC")),
            "attributes": pa.array([[("fold", "1")], [], None], pa.map_(pa.string(), pa.string())),
        }
    )
    arrow, parquet = io.BytesIO(), io.BytesIO()
    with pa.ipc.new_stream(arrow, table.schema) as stream:
        stream.write_table(table)
    pq.write_table(table, parquet)
    for body, kind in ((arrow, "application/vnd.apache.arrow.stream"), (parquet, "application/vnd.apache.parquet")):
        answer = post(shared_server, project, body.getvalue(), kind).json()
        assert (answer["accepted"], [(one["index"], one["field"]) for one in answer["refused"]]) == (2, [(2, "name")])
    second, first = sorted(said(shared_server, project), key=lambda row: row["target_id"], reverse=True)
    assert (first["target_type"], first["target_id"], first["score"], first["attributes"]) == (
        "prediction", "p-1", 0.5, {"fold": "1"},
    )  # fmt: skip
    assert (second["label"], second["score"], second["time"]) == ("good", None, "2026-11-23T10:00:00.000000001Z")


@pytest.mark.covers("evaluations-recorded", "project-isolation")
def test_the_door_needs_a_key_that_may_send_and_names_the_reviewer(start_server: StartServer, tmp_path: Path) -> None:
    data = tmp_path / "data"

    def key(scope: str) -> dict[str, str]:
        made = tapetum("keys", "create", "--data", data, "--name", scope, "--scope", scope, "--project", "a", "--json")
        return {"authorization": f"Bearer {json.loads(made.stdout)['key']}"}

    sender, reader = key("ingest"), key("read")
    server = start_server(data, "--require-keys")
    door = {"json": {"name": "style", "trace_id": TRACE, "score": 4, "source": "human"}}
    assert server.client.post("/v1/evaluations", **door).status_code == 401
    assert server.client.post("/v1/evaluations", **door, headers=reader).status_code == 403
    theirs = server.client.post("/v1/evaluations", **door, headers=sender | {"x-tapetum-project": "b"})
    assert (theirs.status_code, theirs.json()["error"]["code"]) == (403, "project_not_allowed")
    assert server.client.post("/v1/evaluations", **door, headers=sender).json()["accepted"] == 1
    assert server.client.get("/api/v1/evaluations", headers=sender).status_code == 403
    (row,) = server.client.get("/api/v1/evaluations", headers=reader, params={"from": "all"}).json()["rows"]
    assert (row["evaluator"], row["source"]) == ("ingest", "human")


EVAL_CONFIG = """
model_specs { label_key: "label" prediction_key: "score" }
model_specs { is_baseline: true prediction_key: "before" }
metrics_specs { metrics { class_name: "AUC" threshold { value_threshold { lower_bound { value: 0.5 } } } }
  metrics { class_name: "BinaryAccuracy"
    per_slice_thresholds { slicing_specs { feature_keys: "city" }
      threshold { value_threshold { lower_bound { value: 0.9 } } } } }
  metrics { class_name: "Precision" } }
options { compute_confidence_intervals { value: true } confidence_intervals { method: JACKKNIFE } }
"""


@pytest.mark.covers("evaluate-kept", "model-evaluations-api")
def test_evaluate_keeps_its_results_as_evaluations_of_a_version(
    shared_server: RunningServer, project: str, tmp_path: Path
) -> None:
    """Of Bern every answer is right, of Chur every other one; before, none was called positive."""
    rows = [
        {"city": city, "label": k % 2, "score": 0.9 if k % 2 != (city == "Chur" and k % 4 < 2) else 0.2, "before": 0.1}
        for city in ("Bern", "Chur") for k in range(80)
    ]  # fmt: skip
    (tmp_path / "rows.ndjson").write_text("\n".join(json.dumps(row) for row in rows))
    (tmp_path / "config.pbtxt").write_text(EVAL_CONFIG)
    command = ("evaluate", "rows.ndjson", "--config", "config.pbtxt", "--keep", "income", "--project", project)
    done = tapetum(*command, "--version", "3", "--url", shared_server.url, cwd=tmp_path)
    assert (done.returncode, done.stderr.strip()) == (1, "Kept 10 evaluations of income 3.")
    kept = {(row["slice"], row["name"]): row for row in said(shared_server, project)}
    verdict = kept["all rows", "blessed"]
    assert (verdict["target_type"], verdict["target_id"]) == ("model_version", "income@3")
    assert (verdict["score"], verdict["label"]) == (0.0, "not blessed")
    assert (verdict["source"], verdict["evaluator"]) == ("code", "tapetum evaluate")
    chur = kept["city=Chur", "binary_accuracy"]
    assert (chur["score"], chur["label"], chur["threshold"]) == (0.5, "failed", 0.9)
    assert chur["explanation"] == "0.5 is below 0.9"
    assert (chur["attributes"]["rows"], chur["attributes"]["baseline"]) == ("80", "0.5")
    whole = kept["all rows", "binary_accuracy"]
    assert (whole["score"], whole["label"]) == (0.75, "")
    assert whole["lower"] < 0.75 < whole["upper"]
    assert kept["city=Bern", "binary_accuracy"]["label"] == "passed"

    answer = shared_server.client.get("/api/v1/models/evaluations", params={"project": project, "model": "income"})
    (of_model,) = answer.json()["rows"]
    assert (of_model["version"], of_model["blessed"]) == ("3", False)
    assert [one["name"] for one in of_model["metrics"]] == ["auc", "binary_accuracy", "precision"]
    accuracy = of_model["metrics"][1]
    assert (accuracy["value"], accuracy["baseline"], accuracy["kept"]) == (0.75, 0.5, None)
    assert of_model["metrics"][0]["kept"] is True
    (failure,) = of_model["failures"]
    assert (failure["slice"], failure["name"], failure["message"]) == (
        "city=Chur", "binary_accuracy", "0.5 is below 0.9",
    )  # fmt: skip
    other = shared_server.client.get("/api/v1/models/evaluations", params={"project": project, "model": "incom"})
    assert other.json() == {"rows": []}
    alone = tapetum("evaluate", "rows.ndjson", "--config", "config.pbtxt", "--version", "3", cwd=tmp_path)
    assert "Add --keep MODEL" in alone.stderr


@pytest.mark.covers("evaluate-kept", "eval-config-several-models")
def test_of_several_models_each_is_kept_as_a_version_by_its_name(
    shared_server: RunningServer, project: str, tmp_path: Path
) -> None:
    rows = [{"label": k % 2, "good": 0.1 + 0.8 * (k % 2), "bad": 0.1} for k in range(40)]
    (tmp_path / "rows.ndjson").write_text("\n".join(json.dumps(row) for row in rows))
    (tmp_path / "config.pbtxt").write_text(
        'model_specs { name: "4" label_key: "label" prediction_key: "good" }'
        'model_specs { name: "5-rc" label_key: "label" prediction_key: "bad" }'
        'metrics_specs { metrics { class_name: "BinaryAccuracy"'
        "  threshold { value_threshold { lower_bound { value: 0.9 } } } } }"
    )
    done = tapetum(
        "evaluate", "rows.ndjson", "--config", "config.pbtxt", "--keep", "both", "--project", project,
        "--url", shared_server.url, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["Kept 2 evaluations of both 4.", "Kept 2 evaluations of both 5-rc."]
    answer = shared_server.client.get("/api/v1/models/evaluations", params={"project": project, "model": "both"})
    kept = {row["version"]: row for row in answer.json()["rows"]}
    assert {version: row["blessed"] for version, row in kept.items()} == {"4": True, "5-rc": False}
    assert [one["value"] for row in kept.values() for one in row["metrics"]].count(1.0) == 1
    assert [one["version"] for one in kept.values() if one["failures"]] == ["5-rc"]
