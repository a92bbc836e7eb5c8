"""`tapetum import langfuse|phoenix|mlflow`: what another tool exported, as if its application had sent it here.

The files are real exports: of Phoenix 20.26 and MLflow 3.17 servers that were sent to, and of Langfuse, whose server needs
five others, records that its own API models accept, in the layouts of its API and of its blob storage.
"""

from __future__ import annotations

import csv
import gzip
import http.server
import json
import sqlite3
import threading
import tracemalloc
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from process.servers import RunningServer, tapetum
from typer.testing import CliRunner

from tapetum_server.cli.main import app
from tapetum_server.cli.moving.doors import Doors
from tapetum_server.moving.found import Evaluation, Row, Skipped, Span
from tapetum_server.moving.index import Index
from tapetum_server.moving.rows import rows_of

DATA = Path(__file__).parents[1] / "data"
EXPORTS, CAPTURES = DATA / "exports", DATA / "captures"
# What Phoenix was sent, before its files in data/exports/phoenix were written.
SENT_TO_PHOENIX = (
    "oi_openai/chat", "oi_openai/tool", "oi_openai/stream", "oi_openai/error", "oi_openai/embed", "oi_openai/responses",
    "oi_langchain/rag", "oi_anthropic/chat",
)  # fmt: skip
COMPARED = (
    "trace_id, parent_span_id, name, kind, status, status_message, provider, model, input_tokens, output_tokens, "
    "cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_usd, session_id, user_id, agent, tool, prompt_name, "
    "prompt_version, input, output, error_type, finish_reason"
)


def moved(
    server: RunningServer,
    tool: str,
    project: str,
    *files: Path | str,
    code: int = 0,
    env: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What the command says of itself."""
    arguments = ["import", tool, *map(str, files), "--url", server.url, "--project", project, "--json"]
    done = CliRunner().invoke(app, arguments, env=dict(env or {}))
    assert done.exit_code == code, done.output
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def spans(server: RunningServer, project: str, columns: str) -> dict[str, tuple[Any, ...]]:
    """Columns of a project's spans, by span id."""
    rows = server.rows(f"SELECT span_id, {columns} FROM spans WHERE project = {{project:String}}", project=project)
    return {row[0]: row[1:] for row in rows}


def evaluations(server: RunningServer, project: str) -> dict[str, tuple[Any, ...]]:
    """A project's evaluations, by name and score."""
    rows = server.rows(
        "SELECT name, target_type, target_id, score, label, comment, explanation, expected_output, evaluator, source, "
        "toUnixTimestamp(time) FROM evaluations WHERE project = {project:String} ORDER BY name, score",
        project=project,
    )
    return {f"{row[0]} {row[3]}": row[1:] for row in rows}


def meant(attributes: Any) -> dict[str, Any]:
    """Attributes with what their JSON says. Phoenix rounds vectors, and data frames have no place for a null in JSON."""
    told: dict[str, Any] = {}
    for key, value in dict(attributes).items():
        if key.endswith("embedding.vector"):
            continue
        try:
            value = json.loads(value)
        except ValueError:
            pass
        told[key] = {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value
    return told


@contextmanager
def answering(answers: Mapping[str, Any], authorization: list[str]) -> Iterator[str]:
    """A server of another tool, as far as it was asked when its answers were recorded, and whom it was asked by."""

    class Recorded(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.rfile.read(int(self.headers.get("content-length", 0)))
            authorization.append(self.headers.get("authorization", ""))
            question = f" {json.dumps(json.loads(asked))}" if asked else ""
            said = answers.get(f"{self.command} {self.path}{question}")
            body = b"{}" if said is None else json.dumps(said).encode()
            self.send_response(404 if said is None else 200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorded) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(30)


def prompts(server: RunningServer, project: str) -> dict[tuple[str, int], tuple[Any, ...]]:
    """A project's prompts, by name and version."""
    found: dict[tuple[str, int], tuple[Any, ...]] = {}
    for row in server.client.get("/api/v1/prompts", params={"project": project}).json()["rows"]:
        asked = {"project": project, "name": row["name"]}
        for one in server.client.get("/api/v1/prompts/versions", params=asked).json()["rows"]:
            found[row["name"], one["version"]] = (one["prompt"], one["config"], sorted(one["labels"]), one["message"])
    return found


@pytest.fixture(scope="module")
def sent(shared_server: RunningServer) -> dict[str, tuple[Any, ...]]:
    """The spans as they are when the application sends them here instead of to Phoenix."""
    for capture in SENT_TO_PHOENIX:
        body = (CAPTURES / f"{capture}.traces.pb").read_bytes()
        encoding = {"content-encoding": "gzip"} if body[:2] == b"\x1f\x8b" else {}
        assert shared_server.send("traces", body, project="phoenix-sent", headers=encoding).status_code == 200
    return spans(shared_server, "phoenix-sent", COMPARED)


@pytest.mark.covers("import-phoenix")
@pytest.mark.parametrize(
    ("spans_file", "annotations_file"),
    [
        ("spans.parquet", "annotations.parquet"),
        ("spans.csv", "annotations.csv"),
        ("spans.jsonl", "annotations.jsonl"),
        ("rest_spans.json", "rest_span_annotations.json"),
        ("rest_spans_otlp.json.gz", "rest_span_annotations.json"),
        ("trace_dataset.parquet", None),
    ],
)
@pytest.mark.wide
def test_spans_of_phoenix_are_what_their_sender_would_have_made_of_them(
    shared_server: RunningServer, project: str, sent: dict[str, tuple[Any, ...]], spans_file: str,
    annotations_file: str | None,
) -> None:  # fmt: skip
    """Phoenix keeps neither the instrumentation scope nor more than microseconds: else nothing differs."""
    folder = EXPORTS / "phoenix"
    files = [folder / spans_file] + ([folder / annotations_file] if annotations_file else [])
    told = moved(shared_server, "phoenix", project, *files)
    assert (told["spans"], told["traces"], told["refused"], told["skipped"]) == (16, 9, 0, 0)
    found = spans(shared_server, project, COMPARED)
    assert found.keys() == sent.keys()
    attributes, as_sent = (spans(shared_server, of, "attributes") for of in (project, "phoenix-sent"))
    by_scope = {"anthropic.messages.create"}  # understood by its scope alone
    for span_id, expected in sent.items():
        if expected[2] not in by_scope:
            assert found[span_id] == expected
            assert meant(attributes[span_id][0]) == meant(as_sent[span_id][0])
    if annotations_file:
        said = evaluations(shared_server, project)
        named = "667a50fa3d063eeb"
        assert said["correctness 0.9"][:6] == ("span", named, 0.9, "correct", "", "It names Paris.")
        assert said["correctness 0.9"][8] == "llm"
        assert (said["feedback 1.0"][3], said["feedback 1.0"][7:9]) == ("thumbs-up", ("rev-1", "human"))
        assert said["length 0.0"][2] == 0
        assert said.get("note None", (None,) * 5)[4] in (None, "look at this again")


@pytest.mark.covers("import-phoenix")
def test_annotations_of_traces_and_sessions_come_along_and_one_without_its_span_is_named(
    shared_server: RunningServer, project: str
) -> None:
    folder = EXPORTS / "phoenix"
    told = moved(
        shared_server, "phoenix", project, folder / "rest_trace_annotations.json",
        folder / "rest_session_annotations.json", folder / "rest_span_annotations.json",
    )  # fmt: skip
    assert (told["evaluations"], told["skipped"]) == (2, 5)
    assert "which is not in what was given" in told["why"][0]["why"]
    said = evaluations(shared_server, project)
    assert said["helpful 1.0"][:5] == ("trace", "cc1c13456e8eadd0ad69ab87659057cb", 1, "yes", "good answer")
    assert said["resolved 0.75"][:4] == ("session", "sess-42", 0.75, "resolved")


LANGFUSE = {
    "api": ("api_traces.json", "api_observations.json", "api_scores.json"),
    "blob": ("blob_traces.jsonl.gz", "blob_observations.jsonl.gz", "blob_scores.jsonl.gz"),
    "csv": ("blob_scores.csv", "blob_observations.csv", "blob_traces.csv"),
    "enriched": ("blob_observations_v2.jsonl.gz", "blob_scores.jsonl.gz"),
}


@pytest.mark.covers("import-langfuse")
@pytest.mark.parametrize("layout", LANGFUSE)
def test_traces_and_scores_of_langfuse_keep_what_langfuse_says_of_them(
    shared_server: RunningServer, project: str, layout: str
) -> None:
    folder = EXPORTS / "langfuse"
    files = [folder / name for name in LANGFUSE[layout]]
    told = moved(shared_server, "langfuse", project, *files)
    once = spans(shared_server, project, "name, parent_span_id, kind, input_tokens")
    again = moved(shared_server, "langfuse", project, *files)
    assert told == again
    assert spans(shared_server, project, "name, parent_span_id, kind, input_tokens") == once
    assert (told["evaluations"], told["refused"], told["skipped"]) == (6, 0, 1)
    assert "'f1' belongs to no trace" in told["why"][0]["why"]

    # Langfuse's own numbers, from its own answer.
    observations = json.loads((folder / "api_observations.json").read_text())["data"]
    (generation,) = [o for o in observations if o["type"] == "GENERATION"]
    usage = generation["usageDetails"]
    rows = {
        row[0]: row
        for row in shared_server.rows(
            "SELECT name, kind, parent_span_id, span_id, status, status_message, model, provider, input_tokens, output_tokens, "
            "cache_read_tokens, reasoning_tokens, reported_cost_usd, ttft_ms, duration_ms, session_id, user_id, prompt_name, "
            "prompt_version, input, service, attributes, state FROM spans WHERE project = {project:String}",
            project=project,
        )
    }
    answer = rows["answer"]
    assert answer[1] == "llm"
    assert answer[6:9] == ("gpt-4o-mini-2024-07-18", "openai", usage["input"] + usage["input_cached_tokens"])
    assert answer[9:12] == (
        usage["output"] + usage["output_reasoning_tokens"], usage["input_cached_tokens"], usage["output_reasoning_tokens"],
    )  # fmt: skip
    assert answer[8] + answer[9] == usage["total"]
    assert answer[12] == pytest.approx(generation["totalCost"])
    assert answer[13:19] == (500, 1500, "chat-7", "ada", "geo-answer", "3")
    assert json.loads(answer[19]) == generation["input"]
    kept = dict(answer[21])
    assert (kept["langfuse.trace.id"], kept["langfuse.observation.id"]) == (generation["traceId"], generation["id"])
    assert json.loads(kept["langfuse.trace.tags"]) == ["geo", "beta"]
    assert rows["search"][1:6] == (
        "tool", "eee19b7ec3c1b174", "eee19b7ec3c1b175", "error", "TimeoutError: search took too long"
    )  # fmt: skip
    assert rows["agent run"][1:4] == ("agent", "", "eee19b7ec3c1b174")
    assert rows["agent run"][20] == "geo-api"  # of the OpenTelemetry resource that Langfuse keeps in metadata
    assert all(row[22] == "ended" for row in rows.values())

    # A trace with two roots is kept together by a span of its own, and one without observations is not lost.
    if layout != "enriched":
        assert rows["qa"][1:3] == ("span", "")
        assert answer[2] == rows["log it"][2] == rows["qa"][3]
        assert json.loads(rows["qa"][19]) == {"q": "capital?"}
        assert rows["only a trace"][16] == "ada"
    said = evaluations(shared_server, project)
    answered = ("span", answer[3])
    assert said["correctness 0.9"] == (*answered, 0.9, "", "", "It names Paris.", "", "", "llm", 1795168830)
    trace_id = "1f0e3dad5d3b4c2a9a552f6a0c6d9b11"
    assert said["helpful 1.0"] == ("trace", trace_id, 1, "true", "good", "", "", "u-42", "human", 1795168830)
    assert said["output None"][:7] == (*answered, None, "", "", "", "Paris.")
    assert said["tone None"][:4] == ("span", "eee19b7ec3c1b174", None, "friendly")
    assert said["resolved 1.0"][:3] == ("session", "chat-7", 1)
    assert said["remark None"][4] == "Look at the retry."


@pytest.mark.covers("import-langfuse")
def test_prompts_keep_their_numbers_and_labels_and_come_once(shared_server: RunningServer, project: str) -> None:
    """Spans name versions by number, so a number that was deleted over there stays free here."""
    files = [EXPORTS / "langfuse" / f"api_prompt_{i}.json" for i in range(3)]
    assert moved(shared_server, "langfuse", project, *files)["prompt_versions"] == 3
    again = moved(shared_server, "langfuse", project, *files)
    assert (again["prompt_versions"], again["already_there"], again["refused"]) == (0, 3, 0)

    def versions(name: str) -> list[dict[str, Any]]:
        answer = shared_server.client.get("/api/v1/prompts/versions", params={"project": project, "name": name})
        rows: list[dict[str, Any]] = answer.json()["rows"]
        return rows

    newest, first = versions("geo-answer")
    assert (newest["version"], newest["prompt"], newest["config"], newest["labels"]) == (
        3, '{"answer": "{{question}}"}', {"model": "gpt-4o-mini"}, ["production", "latest"],
    )  # fmt: skip
    assert (first["version"], first["message"], first["variables"]) == (1, "first", ["question"])
    listed = shared_server.client.get("/api/v1/prompts", params={"project": project}).json()["rows"]
    assert {row["name"]: (row["versions"], row["newest"]) for row in listed}["geo-answer"] == (2, 3)
    (chat,) = versions("agent")
    assert [message["role"] for message in chat["prompt"]] == ["system", "placeholder", "user"]
    asked = {"project": project, "name": "geo-answer", "label": "staging"}
    gap = shared_server.client.put("/api/v1/prompts/labels", params=asked, json={"version": 2})
    assert (gap.status_code, gap.json()["error"]["field"]) == (404, "version")
    older = {"name": "geo-answer", "prompt": "x", "version": 2}
    refused = shared_server.client.post("/api/v1/prompts", params={"project": project}, json=older)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "prompt_version_exists")


@pytest.mark.covers("import-mlflow")
@pytest.mark.parametrize("traces", ["traces.jsonl", "traces.csv", "traces_df.json"])
def test_traces_and_assessments_of_mlflow_agree_with_mlflows_own_totals(
    shared_server: RunningServer, project: str, traces: str
) -> None:
    folder = EXPORTS / "mlflow"
    told = moved(shared_server, "mlflow", project, folder / traces, folder / "prompts.jsonl")
    assert (told["spans"], told["traces"], told["evaluations"], told["prompt_versions"]) == (9, 3, 4, 2)
    assert [one["why"] for one in told["why"]] == [
        "assessment 'failed_judge' failed and says nothing: RATE_LIMIT slow down"
    ]
    infos = [json.loads(line)["info"] for line in (folder / "traces.jsonl").read_text().splitlines()]
    rows = {
        row[0]: row[1:]
        for row in shared_server.rows(
            "SELECT trace_id, sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), sum(reported_cost_usd), "
            "any(user_id), any(session_id) FROM spans WHERE project = {project:String} AND kind = 'llm' GROUP BY trace_id",
            project=project,
        )
    }
    for info in infos:
        usage = json.loads(info["trace_metadata"]["mlflow.trace.tokenUsage"])
        cost = json.loads(info["trace_metadata"]["mlflow.trace.cost"])
        found = rows[info["trace_id"].removeprefix("tr-")]
        assert found[:3] == (usage["input_tokens"], usage["output_tokens"], usage["cache_read_input_tokens"])
        assert found[3] == pytest.approx(cost["total_cost"])
        assert found[4:] == ("ada", "sess-9")
    roots = shared_server.rows(
        "SELECT prompt_name, prompt_version, status, error_type, kind FROM spans "
        "WHERE project = {project:String} AND parent_span_id = '' ORDER BY start_time", project=project,
    )  # fmt: skip
    assert roots[1] == ("shop-greet", "1", "error", "ValueError", "agent")
    assert roots[0][:3] == ("shop-greet", "1", "ok")
    said = evaluations(shared_server, project)
    assert said["correct 1.0"][2:9] == (1, "true", "It is Paris.", "", "", "ada@shop", "human")
    assert said["expected_answer None"][6] == "Paris"
    assert said["tone None"][:4] == ("span", "3cc4a120ab2c92d7", None, "friendly")
    assert said["relevance 0.8"][8] == "llm"
    served = shared_server.client.get("/api/v1/prompts/version", params={"project": project, "name": "shop-greet"})
    assert (served.json()["version"], served.json()["prompt"]) == (1, "Hello {{name}}, be brief.")


@pytest.mark.covers("import-databases", "import-live")
@pytest.mark.parametrize(
    ("tool", "files", "more"),
    [
        ("phoenix", ["rest_spans.json", "rest_span_annotations.json", "rest_trace_annotations.json",
                     "rest_session_annotations.json"], {"PHOENIX_API_KEY": "px"}),
        ("mlflow", ["traces.jsonl", "prompts.jsonl"], {"MLFLOW_TRACKING_TOKEN": "px"}),
    ],
)  # fmt: skip
@pytest.mark.wide
def test_a_database_and_a_running_server_say_what_the_files_say(
    shared_server: RunningServer, tmp_path: Path, tool: str, files: list[str], more: dict[str, str]
) -> None:
    """Both ways into one project are still one of each."""
    folder, project = EXPORTS / tool, f"{tool}-ways"
    moved(shared_server, tool, f"{project}-files", *(folder / name for name in files))
    database = tmp_path / f"{tool}.db"
    with closing(sqlite3.connect(database)) as made:
        made.executescript(gzip.decompress((folder / f"{tool}.db.sql.gz").read_bytes()).decode())
    from_database = moved(shared_server, tool, project, database)
    answers = json.loads(gzip.decompress((folder / "live.json.gz").read_bytes()))
    asked_by: list[str] = []
    with answering(answers, asked_by) as url:
        from_server = moved(shared_server, tool, project, "--from", url, env=more)
    assert set(asked_by) == {"Bearer px"}
    assert from_database["prompt_versions"] == from_server["already_there"] == 2
    for counted in ("spans", "traces", "evaluations", "refused", "skipped"):
        assert from_database[counted] == from_server[counted]
    assert spans(shared_server, project, COMPARED) == spans(shared_server, f"{project}-files", COMPARED)
    assert evaluations(shared_server, project) == evaluations(shared_server, f"{project}-files")
    found = prompts(shared_server, project)
    if tool == "phoenix":
        assert found["geo-answer", 1][0][1]["content"] == "Answer briefly: {{question}}"
        assert [found["geo-answer", number][2] for number in (1, 2)] == [["production"], ["latest", "staging"]]
        assert found["geo-answer", 1][1]["model_name"] == "gpt-4o-mini"
    else:
        assert found == prompts(shared_server, f"{project}-files")
        assert {row[0] for row in spans(shared_server, project, "service").values()} == {"shop"}  # the experiment


@pytest.mark.covers("import-live")
def test_langfuse_is_asked_by_the_lists_it_has(shared_server: RunningServer, project: str) -> None:
    """Older servers list traces; newer ones have observations that say it, and scores that name their subject."""
    folder = EXPORTS / "langfuse"

    def said(name: str) -> Any:
        return json.loads((folder / f"{name}.json").read_text())

    registry = {
        "GET /api/public/v2/prompts?page=1&limit=100": said("api_prompts"),
        "GET /api/public/v2/prompts/geo%20answer?version=1": said("api_prompt_0"),
        "GET /api/public/v2/prompts/geo%20answer?version=3": said("api_prompt_1"),
        "GET /api/public/v2/prompts/agent?version=1": said("api_prompt_2"),
    }
    older = registry | {
        f"GET /api/public/{kind}?page=1&limit=100": said(f"api_{kind.rpartition('/')[2]}")
        for kind in ("traces", "observations", "v2/scores")
    }
    groups = "core%2Cbasic%2Ctime%2Cio%2Cmetadata%2Cmodel%2Cusage%2Cprompt%2Cmetrics%2Ctrace_context"
    newer = registry | {
        f"GET /api/public/v2/observations?limit=1000&fields={groups}": said("api_observations_v2"),
        "GET /api/public/v3/scores?limit=100&fields=details%2Csubject%2Cannotation": said("api_scores_v3"),
    }
    keys = {"LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk"}
    asked_by: list[str] = []
    for answers, of in ((older, f"{project}-older"), (newer, f"{project}-newer")):
        with answering(answers, asked_by) as url:
            told = moved(shared_server, "langfuse", of, "--from", url, env=keys)
        assert (told["evaluations"], told["prompt_versions"], told["refused"], told["skipped"]) == (6, 3, 0, 1)
    assert set(asked_by) == {"Basic cGs6c2s="}
    one, other = (evaluations(shared_server, f"{project}-{age}") for age in ("older", "newer"))
    assert one == other
    columns = "name, kind, input_tokens, output_tokens, reported_cost_usd, session_id, user_id, prompt_name, status"
    old, new = (spans(shared_server, f"{project}-{age}", columns) for age in ("older", "newer"))
    assert {key: row for key, row in old.items() if row[0] not in ("qa", "only a trace")} == new
    with answering({}, asked_by) as url:
        refused = CliRunner().invoke(app, ["import", "langfuse", "--from", url, "--dry-run"])
    assert refused.exit_code == 1
    assert "Langfuse has no /api/public/v2/observations" in refused.stderr


@pytest.mark.covers("import-bad-lines")
def test_what_cannot_be_read_is_named_by_its_line_and_its_neighbours_are_kept(
    shared_server: RunningServer, project: str, tmp_path: Path
) -> None:
    exported = gzip.decompress((EXPORTS / "langfuse" / "blob_observations_v2.jsonl.gz").read_bytes())
    good = [json.loads(line) for line in exported.splitlines()]
    lines = [json.dumps(row) for row in good]
    lines[1:1] = ['{"id": "cut off', "[1, 2]", json.dumps(good[0] | {"id": "x", "start_time": "yesterday"}), '{"a": 1}']
    broken = tmp_path / "broken.jsonl"
    broken.write_text("\n".join(lines))
    dry = tapetum("import", "langfuse", broken, "--dry-run", "--url", "http://127.0.0.1:1")
    assert dry.returncode == 0
    assert "6 spans of 2 traces, 0 evaluations and 0 versions of prompts would be imported" in dry.stderr
    told = moved(shared_server, "langfuse", project, broken)
    assert (told["spans"], told["skipped"]) == (6, 4)
    assert [one["place"] for one in told["why"]] == [f"broken.jsonl:{n}" for n in (2, 3, 4, 5)]
    assert "start_time 'yesterday' is no time" in told["why"][2]["why"]

    table = tmp_path / "broken.csv"
    with (EXPORTS / "langfuse" / "blob_observations.csv").open(newline="") as whole:
        rows = list(csv.reader(whole))
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([*rows[:2], ["too", "few"], *rows[2:]])
    found = list(rows_of(table, lambda position: None))
    assert [row.why for row in found if isinstance(row, Skipped)] == [
        f"has not the {len(rows[0])} cells of the first line"
    ]
    assert sum(isinstance(row, Row) for row in found) == len(rows) - 1

    nothing = tmp_path / "notes.txt"
    nothing.write_text("hello\nworld\n")
    assert moved(shared_server, "phoenix", project, nothing, code=1)["skipped"] == 1
    for wrong in ([str(tmp_path / "absent")], [], [str(nothing), "--from", "http://127.0.0.1:1"]):
        assert CliRunner().invoke(app, ["import", "mlflow", *wrong]).exit_code == 2


@pytest.mark.covers("import-bad-lines")
@pytest.mark.parametrize(
    ("tool", "names", "spans_there"),
    [
        ("langfuse", ["api_observations.json", "api_scores.json", "api_prompt_2.json"], 6),
        ("phoenix", ["rest_spans.json", "rest_span_annotations.json"], 16),
        ("mlflow", ["traces.jsonl", "prompts.jsonl"], 9),
    ],
)
def test_nothing_that_stands_where_something_else_should_be_stops_an_import(
    tmp_path: Path, tool: str, names: list[str], spans_there: int
) -> None:
    hostile: list[Any] = [None, -1, 1e300, "\ud800", [[]], {"a": {"b": [1]}}, "[" * 5_000, True]
    mangled = tmp_path / "mangled.jsonl"
    with mangled.open("w") as file:
        for name in names:
            for line in (EXPORTS / tool / name).read_text().splitlines():
                told = json.loads(line)
                for row in told["data"] if isinstance(told.get("data"), list) else [told]:
                    for key in row:
                        file.writelines(json.dumps({**row, key: value}) + "\n" for value in hostile)
                file.write(line + "\n")
        file.write('{"a":' * 5_000 + "1" + "}" * 5_000 + "\n")
    done = CliRunner().invoke(app, ["import", tool, str(mangled), "--dry-run", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["spans"] >= spans_there
    assert told["skipped"] > 10


@pytest.mark.covers("import-bad-lines")
def test_what_is_refused_together_is_sent_apart() -> None:
    """A server with a smaller limit, or one bad record, costs no other."""
    took: list[int] = []

    def small(request: httpx.Request) -> httpx.Response:
        told = json.loads(request.content)
        if "resourceSpans" in told:
            found = told["resourceSpans"][0]["scopeSpans"][0]["spans"]
            if len(found) > 2 or (bad := [span for span in found if span["name"] == "bad"]):
                status = 413 if len(found) > 2 or len(bad) < len(found) else 400
                return httpx.Response(status, json={"message": "too much, or not good"})
            took.append(len(found))
            return httpx.Response(200, json={})
        if len(told) > 1:
            return httpx.Response(413, json={"error": {"message": "too large"}})
        return httpx.Response(200, json={"accepted": 1, "refused": []})

    client = httpx.Client(transport=httpx.MockTransport(small), base_url="http://tapetum")
    with client, closing(Index()) as index:
        doors = Doors(client, index, "x", lambda text, style: None)
        for number in range(9):
            name = "bad" if number == 4 else "good"
            doors.take(Span(f"f:{number}", "1" * 32, f"{number + 1:016x}", "", name, 10**18, 10**18, {}))
            doors.take(Evaluation(f"e:{number}", {"name": "n", "score": 1}))
        doors.flush()
    assert sum(took) == doors.totals["spans"] == 8
    assert (doors.totals["refused"], doors.totals["evaluations"], doors.totals["traces"]) == (1, 9, 1)
    assert doors.why == [{"place": "f:4", "why": "400 too much, or not good"}]


@pytest.mark.covers("import-streams")
def test_a_large_export_is_read_member_by_member(tmp_path: Path) -> None:
    large = tmp_path / "large.json"
    with large.open("w") as file:
        member = json.dumps({"id": "x", "input": "y" * 100_000})
        file.write("[" + ",".join([member] * 400) + "]")
    tracemalloc.start()
    try:
        count = sum(isinstance(row, Row) for row in rows_of(large, lambda position: None))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 400
    assert peak < large.stat().st_size / 8
