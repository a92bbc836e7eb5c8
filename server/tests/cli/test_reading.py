"""`tapetum traces` and `tapetum logs`, against the real API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import orjson
import pytest
import typer
from asked_world import World, log_batch, span_batch, trace_id, world
from typer.testing import CliRunner

from tapetum_server.analysis.words import duration
from tapetum_server.cli import asking
from tapetum_server.cli import logs as logs_command
from tapetum_server.cli.main import app
from tapetum_server.cli.money import cost_of


@pytest.fixture(scope="module")
def filled(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(engine_home, tmp_path_factory.mktemp("catalog")) as opened:
        opened.keep(
            span_batch({"trace": 1, "name": "GET /ask", "status": 2, "canonical": {"kind": "llm", "input_tokens": 5, "usage_counted": True, "session_id": "talk \x1b[2J",
                                      "user_id": "alice", "input": "why?", "output": "because"}},
                       {"trace": 2, "name": "evil \x1b]0;owned\x07name", "at": 1, "seconds": None}),
            log_batch({"body": "first", "severity_number": 17}, {"body": "second \x1b[2J", "at": 1, "service": "db"}),
        )  # fmt: skip
        yield opened


@pytest.fixture(autouse=True)
def connected(filled: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands' client speaks to the API under test instead of a socket."""

    @contextmanager
    def client(url: str, key: str | None) -> Iterator[httpx.Client]:
        with httpx.Client(transport=httpx.MockTransport(through), base_url="http://testserver/v1") as opened:
            yield opened

    def through(request: httpx.Request) -> httpx.Response:
        answer = filled.client.request(request.method, str(request.url))
        return httpx.Response(answer.status_code, content=answer.content)

    for module in ("traces", "logs", "compare", "sessions"):
        monkeypatch.setattr(f"tapetum_server.cli.{module}.server", client)


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.covers("cli-traces")
def test_traces_are_listed_for_people() -> None:
    shown = run("traces", "--from", "all")
    assert trace_id(1) in shown
    assert "GET /ask" in shown
    assert "running" in shown


@pytest.mark.parametrize(
    ("usd", "unpriced", "said"),
    [(None, 0, ""), (None, 2, "unknown"), (0.0, 0, "$0.0000"), (0.00000016, 0, "$0.00000016"), (0.00094, 0, "$0.00094"),
     (0.0125, 1, "≥$0.0125"), (1234.5, 0, "$1,234.5000")],
)  # fmt: skip
def test_what_cost_something_is_not_rounded_to_nothing(usd: float | None, unpriced: int, said: str) -> None:
    assert cost_of(usd, unpriced) == said


@pytest.mark.covers("cli-traces")
def test_a_pipe_gets_whole_rows_and_a_terminal_of_80_columns_every_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit is not left out: a name and an id are what the list is for."""
    result = CliRunner().invoke(app, ["traces", "--from", "all"], env={"COLUMNS": "60"})
    (row,) = [line for line in result.output.splitlines() if trace_id(1) in line]
    assert "GET /ask" in row
    assert "shop" in row
    header = result.output.splitlines()[0].split()
    assert "tokens" in header
    assert "unknown" in row  # what it cost
    assert "cost" not in run("traces", "state:running", "--from", "all")  # nothing fills it
    for module in ("asking", "traces"):
        monkeypatch.setattr(f"tapetum_server.cli.{module}.output_columns", lambda: 80)
    shown = run("traces", "--from", "all")
    assert max(map(len, shown.splitlines())) <= 80
    for text in (trace_id(1), trace_id(2), "✗ GET /ask", "shop", "running"):
        assert text in shown


@pytest.mark.covers("cli-traces")
def test_json_is_one_object_per_line() -> None:
    rows = [json.loads(line) for line in run("traces", "status:error", "--from", "all", "--json").splitlines()]
    assert [row["trace_id"] for row in rows] == [trace_id(1)]
    bodies = [json.loads(line)["body"] for line in run("logs", "--from", "all", "--json").splitlines()]
    assert bodies == ["first", "second \x1b[2J"]


def test_text_from_strangers_cannot_steer_the_terminal() -> None:
    for output in (run("traces", "--from", "all"), run("logs", "--from", "all")):
        assert "\x1b]0" not in output
        assert "\x1b[2J" not in output


@pytest.mark.covers("cli-logs")
def test_logs_end_with_the_newest() -> None:
    shown = run("logs", "--from", "all")
    assert shown.index("first") < shown.index("second")
    assert "error" in shown
    assert "first" not in run("logs", "service:db", "--from", "all")


def test_nothing_found_says_how_to_look_further() -> None:
    assert "--from all" in run("traces", "name:nothing")


def test_an_error_is_told_in_the_servers_words() -> None:
    assert "duration" in run("traces", "duration_ms:>soon", code=1)


@pytest.mark.covers("cli-logs")
def test_follow_shows_frames_and_what_was_dropped(monkeypatch: pytest.MonkeyPatch, filled: World) -> None:
    rows = filled.get("/logs", from_="all", q="first")["rows"]
    monkeypatch.setattr(logs_command, "_tail", lambda client, query: iter([(rows, 0), (rows, 12)]))
    shown = run("logs", "-f", "service:none")
    assert shown.count("first") == 2
    assert "12 records" in shown


def test_a_tail_is_read_from_the_event_stream() -> None:
    stream = b': watching\n\nid: 1\nevent: logs\ndata: {"rows":[{"n":1}],"dropped":2}\n\nevent: end\ndata: {}\n\n'
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=stream))
    with httpx.Client(transport=transport, base_url="http://test") as client:
        assert list(logs_command._tail(client, {"q": "", "project": None})) == [([{"n": 1}], 2)]


def test_a_server_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with pytest.raises(typer.Exit), asking.server("http://127.0.0.1:9", None) as client:
        asking.get(client, "/traces", {})


def test_durations_are_said_as_people_say_them() -> None:
    assert duration(-5000) == "-5.00 s"
    assert [duration(ms) for ms in (0.25, 12.34, 1500, 125_000)] == ["250 µs", "12.3 ms", "1.50 s", "2 min 5 s"]


@pytest.mark.covers("cli-compare")
def test_two_traces_are_compared_for_people_and_for_programs(filled: World) -> None:
    def chat(trace: int, seconds: float) -> list[dict[str, object]]:
        return [{"trace": trace, "span": trace, "name": "ask", "at": trace, "seconds": seconds + 1},
                {"trace": trace, "span": trace + 1, "parent": trace, "name": "evil \x1b[2J query", "at": trace,
                 "seconds": seconds}]  # fmt: skip

    filled.keep(span_batch(*chat(41, 0.5), *chat(51, 2)))
    shown = run("compare", trace_id(41), trace_id(51))
    assert "B is 1.50 s slower (3.00 s against 1.50 s): 1.50 s of it in evil" in shown
    assert "\x1b[2J" not in shown
    assert "+1.50 s" in shown
    found = json.loads(run("compare", trace_id(41), trace_id(51), "--json"))
    assert found["columns"]["differences"] == [["slower"], ["slower"]]
    # Alone, a trace is held against the median of its peers.
    assert "B is 1.50 s slower" in run("compare", trace_id(51))
    assert "Name the trace to hold it against" in run("compare", trace_id(1), code=1)
    assert "1 more step" in run("compare", trace_id(41), trace_id(51), "-n", "1")


@pytest.mark.covers("cli-sessions")
def test_sessions_are_listed_and_replayed() -> None:
    shown = run("sessions", "list", "--from", "all")
    assert "alice" in shown
    assert "unknown" in shown  # what it cost
    assert "\x1b" not in shown
    (row,) = map(orjson.loads, run("sessions", "list", "user_id:alice", "--from", "all", "--json").splitlines())
    assert (row["id"], row["traces"], row["failed"]) == ("talk \x1b[2J", 1, 1)
    told = run("sessions", "show", "talk \x1b[2J", "--failed", "--newest")
    for said in ("1 traces, 1 failed", "why?", "because", trace_id(1)):
        assert said in told
    (turn,) = map(orjson.loads, run("sessions", "show", "talk \x1b[2J", "--json").splitlines())
    assert (turn["asked"], turn["answered"]) == ("why?", "because")
    assert "no session" in run("sessions", "show", "nobody", code=1)
    assert "No sessions" in run("sessions", "list", "user_id:nobody", "--from", "all")
