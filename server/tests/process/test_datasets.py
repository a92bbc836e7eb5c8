"""Datasets through their doors: HTTP, the command line, the SDK, and the spans that are saved into them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from process.servers import RunningServer, tapetum
from process.test_sdk import run
from typer.testing import CliRunner

from tapetum_server.analysis.dataset_reading import items_in
from tapetum_server.cli.main import app

TRACE, SPAN, TOOL = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "b7ad6b7169203332"
HARD = {
    "id": "hard", "input": {"質問": "天気は？\u0000\u202e", "n": 123456789012345678901234567890, "f": 0.1, "deep": [[[{"a": None}]]]},
    "expected_output": "=1+1\r\n'quoted', \"twice\"", "output": ["7", 7, True], "metadata": {"الطقس": [1.5, "x"]},
}  # fmt: skip


def put(server: RunningServer, project: str, name: str = "qa/capitals", **new: Any) -> httpx.Response:
    return server.client.post("/api/v1/datasets", params={"project": project}, json={"name": name, **new})


def ask(server: RunningServer, project: str, path: str, **query: Any) -> Any:
    answer = server.client.get(f"/api/v1/datasets{path}", params={"project": project, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: httpx.Response, status: int, field: str | None) -> str:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error.get("field") == field, error
    message: str = error["message"]
    return message


@pytest.fixture
def kept(shared_server: RunningServer, project: str) -> str:
    """A project with two versions of one dataset."""
    server = shared_server
    server.client.post("/api/v1/projects", json={"name": project})
    first = [{"id": one, "input": f"Capital of {one}?", "expected_output": "?"} for one in ("France", "Peru", "Mali")]
    assert put(server, project, put=first, message="first", description="Of countries").json()["version"] == 1
    changed = [{"id": "Peru", "expected_output": "Lima"}, {"id": "Chad", "input": "Capital of Chad?"}]
    done = put(server, project, put=changed, remove=["Mali"]).json()
    assert [done[what] for what in ("version", "items", "added", "changed", "removed")] == [2, 3, 1, 1, 1]
    return project


@pytest.mark.covers("datasets")
def test_a_change_makes_a_version_that_earlier_ones_do_not_see(shared_server: RunningServer, kept: str) -> None:
    name = "qa/capitals"

    def seen(version: int | None = None) -> dict[str, Any]:
        rows = ask(shared_server, kept, "/items", name=name, **({"version": version} if version else {}))["rows"]
        return {row["id"]: (row["input"], row["expected_output"]) for row in rows}

    old = {"France": ("Capital of France?", "?"), "Peru": ("Capital of Peru?", "?"), "Mali": ("Capital of Mali?", "?")}
    new = {"France": old["France"], "Peru": ("Capital of Peru?", "Lima"), "Chad": ("Capital of Chad?", None)}
    assert seen(1) == old
    assert seen(2) == seen() == new
    assert list(seen(2)) == ["France", "Peru", "Chad"], "in the order in which they were added"
    again = put(shared_server, kept, put=[{"id": "Peru", "expected_output": "Lima"}]).json()
    assert (again["version"], again["unchanged"]) == (2, 1), "what changes nothing makes no version"
    stale = put(shared_server, kept, put=[{"id": "Peru", "expected_output": "Cusco"}], seen_version=1)
    assert "changed in version 2" in refused(stale, 409, "seen_version")
    assert put(shared_server, kept, put=[{"id": "France", "output": 1}], seen_version=1).json()["version"] == 3
    (row,) = ask(shared_server, kept, "")["rows"]
    assert (row["name"], row["versions"], row["items"], row["description"]) == (name, 3, 3, "Of countries")
    told = ask(shared_server, kept, "/versions", name=name)["rows"]
    assert [(v["version"], v["added"], v["changed"], v["removed"]) for v in told] == [
        (3, 0, 1, 0),
        (2, 1, 1, 1),
        (1, 3, 0, 0),
    ]
    first = ask(shared_server, kept, "/items", name=name, version=1, limit=2)
    rest = ask(shared_server, kept, "/items", name=name, version=1, limit=2, cursor=first["next_cursor"])
    assert [row["id"] for row in first["rows"] + rest["rows"]] == list(old)
    assert rest["next_cursor"] is None
    assert ask(shared_server, kept, "/item", name=name, id="Mali", version=1)["expected_output"] == "?"

    diff = ask(shared_server, kept, "/diff", name=name, before=1, after=2)
    assert (diff["added"], diff["changed"], diff["removed"], diff["truncated"]) == (1, 1, 1, False)
    assert {one["id"]: one["op"] for one in diff["items"]} == {"Peru": "changed", "Chad": "added", "Mali": "removed"}
    (peru,) = [one["fields"] for one in diff["items"] if one["id"] == "Peru"]
    assert peru == [
        {"field": "expected_output", "lines": [{"op": "removed", "text": "?"}, {"op": "added", "text": "Lima"}]}
    ]
    back = ask(shared_server, kept, "/diff", name=name, before=2, after=1)
    assert {one["id"]: one["op"] for one in back["items"]} == {"Peru": "changed", "Chad": "removed", "Mali": "added"}


@pytest.mark.covers("datasets", "dataset-export")
def test_values_come_back_exact_in_every_form(shared_server: RunningServer, kept: str) -> None:
    server, name = shared_server, "hard"
    more = {"id": "'=x", "input": "'=x", "output": "", "source": {"trace_id": TRACE, "prediction_id": "p 1"}}
    assert put(server, kept, name, put=[HARD, more]).status_code == 201

    def exported(format: str) -> bytes:
        answer = server.client.get(
            "/api/v1/datasets/export", params={"project": kept, "name": name, "format": format, "version": 1}
        )
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-tapetum-version"] == "1"
        return answer.content

    lines = [json.loads(line) for line in exported("jsonl").splitlines()]
    none = dict.fromkeys(("input", "expected_output", "output", "metadata", "source"))
    assert lines == [none | HARD, none | more]
    listed = ask(server, kept, "/items", name=name)["rows"]
    assert [listed[0][field] for field in HARD] == list(HARD.values())
    table = pq.read_table(io.BytesIO(exported("parquet"))).to_pylist()
    assert json.loads(table[0]["input"]) == HARD["input"]
    assert (table[0]["input_type"], table[0]["expected_output"], table[0]["expected_output_type"]) == (
        "json", HARD["expected_output"], "text",
    )  # fmt: skip
    assert (table[1]["output"], table[1]["expected_output"], table[1]["prediction_id"]) == ("", None, "p 1")
    (cells, _) = csv.DictReader(io.StringIO(exported("csv").decode(), newline=""))
    assert json.loads(cells["metadata"]) == HARD["metadata"]
    assert cells["expected_output"] == f"'{HARD['expected_output']}", "a spreadsheet must not run it"

    # What was exported comes in again as it was.
    for format in ("jsonl", "csv"):
        again = put(server, kept, f"{name}-{format}", put=items_in(exported(format), is_csv=format == "csv"))
        assert again.status_code == 201, again.text
        for one, other in zip(ask(server, kept, "/items", name=f"{name}-{format}")["rows"], listed, strict=True):
            assert one | {"created_at": ""} == other | {"created_at": ""}


def attribute(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def chat(server: RunningServer, project: str) -> None:
    """A model's call with messages, and a tool's with JSON that no float can hold."""
    said = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "ペルーの首都は？"}]
    spans = [
        {"spanId": SPAN, "name": "chat", "attributes": [
            attribute("gen_ai.operation.name", "chat"), attribute("gen_ai.request.model", "m"),
            attribute("gen_ai.input.messages", json.dumps(said)),
            attribute("gen_ai.output.messages", json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "Cusco"}]}])),
        ]},
        {"spanId": TOOL, "name": "look", "attributes": [
            attribute("gen_ai.operation.name", "execute_tool"), attribute("gen_ai.tool.name", "look"),
            attribute("gen_ai.tool.call.arguments", '{"id": 123456789012345678901234567890}'), attribute("gen_ai.tool.call.result", "[INST] none"),
        ]},
    ]  # fmt: skip
    for span in spans:
        span |= {"traceId": TRACE, "startTimeUnixNano": "1764000000000000000", "endTimeUnixNano": "1764000001000000000"}
    body = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": spans}]}]}
    sent = server.send(
        "traces", json.dumps(body).encode(), project=project, headers={"content-type": "application/json"}
    )
    assert sent.status_code == 200, sent.text


@pytest.mark.covers("dataset-save-span")
def test_a_span_is_saved_once_with_messages_in_one_shape(shared_server: RunningServer, kept: str) -> None:
    server = shared_server
    chat(server, kept)
    span = {"trace_id": TRACE, "span_id": SPAN}
    draft = server.client.get(f"/api/v1/traces/{TRACE}/spans/{SPAN}/dataset_item", params={"project": kept}).json()
    assert (draft["output"], draft["expected_output"], draft["corrected"], draft["datasets"]) == (
        "Cusco",
        "Cusco",
        False,
        [],
    )
    saved = put(server, kept, "saved", spans=[span, span | {"span_id": TOOL}]).json()
    assert (saved["added"], len(set(saved["ids"]))) == (2, 2)
    again = put(server, kept, "saved", spans=[span | {"expected_output": "リマ"}]).json()
    assert (again["items"], again["changed"]) == (2, 1), "a span is in a dataset once"
    call, tool = ask(server, kept, "/items", name="saved")["rows"]
    assert [(m["role"], m["parts"][0]["content"]) for m in call["input"]] == [
        ("system", "Be brief."), ("user", "ペルーの首都は？"),
    ]  # fmt: skip
    assert (call["output"], call["expected_output"], call["metadata"]["model"]) == ("Cusco", "リマ", "m")
    assert call["source"] == span | {"prediction_id": ""}
    assert (tool["input"], tool["output"]) == ({"id": 123456789012345678901234567890}, "[INST] none")
    assert [row["name"] for row in ask(server, kept, "", trace_id=TRACE, span_id=SPAN)["rows"]] == ["saved"]
    assert ask(server, kept, "", trace_id=TRACE, span_id="f" * 16)["rows"] == []
    gone = put(server, kept, "saved", spans=[span | {"span_id": "f" * 16}])
    assert "may not have arrived yet" in gone.json()["error"]["hint"]
    assert gone.status_code == 404


def predict(server: RunningServer, project: str) -> None:
    """Three predictions of two models, one with its label."""
    named = {"x-tapetum-project": project}
    said = [
        {"model": "risk/eu", "version": "3", "prediction_id": "p-1", "features": {"age": 41, "job": "職人", "tags": [1, 2]},
         "output": "repaid", "score": 0.25, "scores": {"repaid": 0.75, "default": 0.25}, "tags": {"region": "eu"}},
        {"model": "risk/eu", "prediction_id": "p-2", "text_features": {"mail": "x" * 70_000}, "output": 0},
        {"model": "spam", "prediction_id": "p-1", "output": "ham"},
    ]  # fmt: skip
    label = {"model": "risk/eu", "prediction_id": "p-1", "label": "default"}
    for path, body in (("predictions", said), ("labels", label)):
        assert server.client.post(f"/v1/{path}", json=body, headers=named).status_code == 200


@pytest.mark.covers("dataset-save-prediction")
def test_a_prediction_is_saved_once_with_what_was_right(shared_server: RunningServer, kept: str) -> None:
    server = shared_server
    predict(server, kept)
    first = {"model": "risk/eu", "prediction_id": "p-1"}

    def draft() -> Any:
        return server.client.get("/api/v1/predictions/dataset_item", params={"project": kept, **first}).json()

    assert (draft()["output"], draft()["expected_output"], draft()["datasets"]) == ("repaid", "default", [])
    others = [{"model": "risk/eu", "prediction_id": "p-2"}, {"model": "spam", "prediction_id": "p-1"}]
    saved = put(server, kept, "loans", predictions=[first, *others]).json()
    assert (saved["added"], len(set(saved["ids"]))) == (3, 3), "ids of two models may be the same"
    labelled, long, ham = ask(server, kept, "/items", name="loans")["rows"]
    assert labelled["input"] == {"age": 41, "job": "職人", "tags": [1, 2]}
    assert (labelled["output"], labelled["expected_output"]) == ("repaid", "default")
    assert labelled["metadata"].pop("time").endswith("Z")
    assert labelled["metadata"] == {
        "model": "risk/eu", "version": "3", "score": 0.25, "scores": {"repaid": 0.75, "default": 0.25},
        "tags": {"region": "eu"},
    }  # fmt: skip
    assert labelled["source"] == {"trace_id": "", "span_id": "", "prediction_id": "p-1"}
    assert (long["input"], long["expected_output"]) == ({"mail": "x" * 70_000}, 0), "whole, and what came out"
    assert (ham["metadata"].keys(), ham["metadata"]["model"]) == ({"model", "time"}, "spam")
    assert draft()["datasets"] == ["loans"]
    again = put(server, kept, "loans", predictions=[first | {"expected_output": "repaid"}]).json()
    assert (again["items"], again["changed"]) == (3, 1), "a prediction is in a dataset once"
    gone = {"model": "risk/eu", "prediction_id": "p-9"}
    assert "p-9" in refused(put(server, kept, "loans", predictions=[first, gone]), 404, "predictions.1")
    left = put(server, kept, "loans", predictions=[others[0], gone], skip_missing=True).json()
    assert (left["missing"], left["unchanged"]) == (["risk/eu/p-9"], 1)
    added = tapetum("datasets", "add", "by-hand", "--prediction", "risk/eu/p-1", "--project", kept, "--url", server.url)
    assert added.returncode == 0, added.stderr
    assert ask(server, kept, "/items", name="by-hand")["rows"][0]["input"]["age"] == 41


@pytest.mark.covers("dataset-save-spans")
def test_many_spans_are_saved_once_and_those_that_are_gone_are_named(shared_server: RunningServer, kept: str) -> None:
    """What a list's selection sends: what somebody edited stays, and a span past its retention stops nothing."""
    server = shared_server
    chat(server, kept)
    there, gone = [{"trace_id": TRACE, "span_id": span, "if_absent": True} for span in (SPAN, TOOL)], "e" * 16
    lost = {"trace_id": TRACE, "span_id": gone}
    assert put(server, kept, "many", spans=there[:1]).json()["missing"] == []
    (item,) = ask(server, kept, "/items", name="many")["rows"]
    put(server, kept, "many", put=[{"id": item["id"], "expected_output": "Lima"}])

    message = refused(put(server, kept, "many", spans=[*there, lost, lost | {"span_id": "f" * 16}]), 404, "spans.2")
    assert "nor are 1 others of the 4" in message
    assert len(ask(server, kept, "/items", name="many")["rows"]) == 1, "all of it or nothing"
    saved = put(server, kept, "many", spans=[*there, lost], skip_missing=True).json()
    assert (saved["added"], saved["unchanged"], saved["missing"]) == (1, 1, [f"{TRACE}/{gone}"])
    edited, _ = ask(server, kept, "/items", name="many")["rows"]
    assert edited["expected_output"] == "Lima"
    again = put(server, kept, "many", spans=there).json()
    assert (again["version"], again["unchanged"]) == (saved["version"], 2), "what changes nothing makes no version"
    refused(put(server, kept, "many", spans=[lost], skip_missing=True), 404, "spans.0")
    refused(put(server, kept, "many", spans=there[:1] * 201), 422, "spans")


@pytest.mark.covers("corrections")
def test_a_correction_is_shown_beside_the_output_and_is_what_is_expected(
    shared_server: RunningServer, kept: str
) -> None:
    server = shared_server
    chat(server, kept)

    def correct(expected: str | None, span: str = SPAN, **more: str) -> None:
        said = {"withdrawn": True} if expected is None else {"expected_output": expected}
        body = {"name": "correction", "trace_id": TRACE, "span_id": span, "source": "human", **said, **more}
        answer = server.client.post("/v1/evaluations", json=body, headers={"x-tapetum-project": kept})
        assert answer.json()["accepted"] == 1, answer.text

    def corrections() -> Any:
        path = f"/api/v1/traces/{TRACE}/spans/{SPAN}/corrections"
        return server.client.get(path, params={"project": kept}).json()

    def saved(span: str = SPAN) -> Any:
        ids = put(server, kept, "corrected", spans=[{"trace_id": TRACE, "span_id": span}]).json()["ids"]
        return ask(server, kept, "/item", name="corrected", id=ids[0])["expected_output"]

    assert corrections() == {"output": "Cusco", "rows": []}
    assert saved() == "Cusco"
    correct("リマ市 だ", evaluator="ada")
    # A check's opinion is later, and still not a reviewer's.
    correct("Quito", evaluator="judge", source="llm", name="correctness")
    (mine, theirs) = corrections()["rows"]
    assert (mine["evaluator"], mine["name"], theirs["evaluator"]) == ("ada", "correction", "judge")
    pieces = mine["difference"]
    assert "".join(piece["text"] for piece in pieces if piece["op"] != "added") == "Cusco"
    assert "".join(piece["text"] for piece in pieces if piece["op"] != "removed") == "リマ市 だ"
    assert saved() == "リマ市 だ"
    correct("Lima", evaluator="grace")
    assert saved() == "Lima", "the latest of the reviewers"
    correct(None, evaluator="grace")
    assert saved() == "リマ市 だ"
    correct('{"found": ["Lima"]}', TOOL)
    assert saved(TOOL) == '{"found": ["Lima"]}', "its output is a text, and so is what is expected"


@pytest.mark.covers("datasets", "bad-datasets")
def test_what_cannot_be_kept_is_refused_with_its_field_and_changes_nothing(
    shared_server: RunningServer, kept: str
) -> None:
    server = shared_server

    def bad(status: int, field: str | None, **new: Any) -> str:
        return refused(put(server, kept, **new), status, field)

    deep: Any = "x"
    for _ in range(101):
        deep = [deep]
    assert "letters, digits" in bad(422, "name", name="a b")
    assert "deeper than 100" in bad(422, "put.0", put=[{"input": deep}])
    assert "needs an input" in bad(422, "put.0", put=[{}])
    assert "no item 'nobody'" in bad(404, "remove", put=[{"id": "Togo", "input": "x"}], remove=["nobody"])
    assert "2,000,000" in bad(409, "put", put=[{"id": "Togo", "input": "x" * 2_000_001}])
    bad(422, "put.0.source.trace_id", put=[{"input": "x", "source": {"trace_id": "XYZ"}}])
    for value in (b'"\\ud800"', b"1e999"):
        body = b'{"name": "qa/capitals", "put": [{"input": ' + value + b"}]}"
        answer = server.client.post(
            "/api/v1/datasets", params={"project": kept}, content=body, headers={"content-type": "application/json"}
        )
        assert "`input` has" in refused(answer, 422, "put.0")
    missing = server.client.get("/api/v1/datasets/items", params={"project": kept, "name": "qa/capitals", "version": 9})
    assert "the newest is 2" in refused(missing, 404, "version")
    missing = server.client.get("/api/v1/datasets/export", params={"project": kept, "name": "nothing"})
    assert "no dataset 'nothing'" in refused(missing, 404, "name")
    ten_thousand = [{"id": str(i), "input": i} for i in range(10_000)]
    assert "10,003 items" in bad(409, "put", put=ten_thousand)
    assert put(server, kept, "full", put=ten_thousand).json()["items"] == 10_000
    assert ask(server, kept, "/versions", name="qa/capitals")["dataset"]["versions"] == 2


@pytest.mark.covers("cli-datasets", "sdk-dataset")
def test_the_command_line_and_the_sdk_read_what_was_kept(
    shared_server: RunningServer, kept: str, tmp_path: Path
) -> None:
    def command(*argv: str) -> Any:
        # In this process: starting Python ten times would take longer than all that is asked here.
        return CliRunner().invoke(app, ["datasets", *argv, "--url", shared_server.url, "--project", kept])

    file = tmp_path / "more.csv"
    file.write_text(
        "id,input,expected_output,continent\nTogo,Capital of Togo?,Lomé,Africa\nPeru,Capital of Peru?,Lima,\n"
    )
    added = command("add", "qa/capitals", str(file), "-m", "Togo")
    assert "Version 3 of qa/capitals: 4 items (1 added, 1 unchanged)" in added.stderr, added.stderr
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text('{"input": 1}\n{"question": 2}\n')
    failed = command("add", "qa/capitals", str(wrong))
    assert (failed.exit_code, "In line 2 there is a key 'question'" in failed.stderr) == (1, True)
    shown = [json.loads(line) for line in command("show", "qa/capitals", "--json").stdout.splitlines()]
    assert [row["id"] for row in shown] == ["France", "Peru", "Chad", "Togo"]
    assert shown[-1]["metadata"] == {"continent": "Africa"}
    assert "Lomé" in command("show", "qa/capitals").stdout
    assert "Togo" in command("show", "qa/capitals", "--versions").stdout
    target = tmp_path / "old.parquet"
    assert command("export", "qa/capitals", "-o", str(target), "--version", "1").exit_code == 0
    assert pq.read_table(target).column("id").to_pylist() == ["France", "Peru", "Mali"]
    assert "cannot be written" in command("export", "qa/capitals", "-o", str(target)).stderr
    assert "1 removed" in command("delete", "qa/capitals", "--item", "Togo").stderr
    said = run(shared_server, kept, """
        import tapetum
        newest, first = tapetum.dataset("qa/capitals"), tapetum.dataset("qa/capitals", version=1)
        print(newest, [(item.id, item.expected_output) for item in newest][1], first[2].id, len(first))
        print(newest[0].metadata, repr(newest[2].expected_output), newest[0].trace_id == "")
        try:
            tapetum.dataset("nothing")
        except LookupError as error:
            print("There is no dataset 'nothing'" in str(error))
    """)  # fmt: skip
    assert said.splitlines() == [
        "Dataset('qa/capitals', version=4, 3 items) ('Peru', 'Lima') Mali 3", "{} None True", "True",
    ]  # fmt: skip
    at = ("--url", shared_server.url, "--project", kept)
    assert "qa/capitals" in tapetum("datasets", *at).stdout
    assert command("delete", "qa/capitals", "--yes").exit_code == 0
    missing = command("show", "qa/capitals")
    assert (missing.exit_code, "There is no dataset" in missing.stderr) == (1, True)
    anew = put(shared_server, kept, put=[{"id": "Peru", "input": "anew"}]).json()
    assert (anew["version"], anew["items"]) == (1, 1), "nothing of it stayed behind"


@pytest.mark.covers("datasets", "project-isolation")
def test_two_projects_with_one_name_know_nothing_of_each_other(shared_server: RunningServer, kept: str) -> None:
    server, other = shared_server, f"{kept}-b"[-64:]
    server.client.post("/api/v1/projects", json={"name": other})
    chat(server, kept)
    assert put(server, kept, "saved", spans=[{"trace_id": TRACE, "span_id": SPAN}]).status_code == 201
    assert put(server, other, put=[{"id": "Peru", "input": "theirs"}]).json()["version"] == 1
    there = {"project": other, "name": "qa/capitals"}
    assert [row["input"] for row in ask(server, other, "/items", name="qa/capitals")["rows"]] == ["theirs"]
    assert ask(server, other, "", trace_id=TRACE)["rows"] == []
    for path, query in (("items", {"version": 2}), ("item", {"id": "France"}), ("diff", {"before": 1, "after": 2}),
                        ("export", {"version": 2})):  # fmt: skip
        assert server.client.get(f"/api/v1/datasets/{path}", params=there | query).status_code == 404
    assert server.client.get(f"/api/v1/traces/{TRACE}/spans/{SPAN}/dataset_item", params=there).status_code == 404
    assert put(server, other, "theirs", spans=[{"trace_id": TRACE, "span_id": SPAN}]).status_code == 404
    predict(server, kept)
    one = {"model": "risk/eu", "prediction_id": "p-1"}
    assert server.client.get("/api/v1/predictions/dataset_item", params=there | one).status_code == 404
    assert put(server, other, "theirs", predictions=[one]).status_code == 404
    assert put(server, other, remove=["France"]).status_code == 404
    assert server.client.delete("/api/v1/datasets", params=there).status_code == 204
    assert len(ask(server, kept, "/items", name="qa/capitals")["rows"]) == 3
