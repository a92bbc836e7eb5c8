"""The SDK against a real server: programs in processes of their own, killed, hung and in a hurry."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from process.docs_code import blocks
from process.servers import START_S, RunningServer, environment, eventually, port_of_nobody

PATIENT = f"import tapetum._api; tapetum._api.init.__kwdefaults__['exit_timeout_s'] = {START_S}\n"
"""Stands before a program that does not say how long it waits at its end: five seconds are little on a busy machine."""


def program(server: RunningServer, project: str, code: str) -> subprocess.Popen[str]:
    env = environment({"TAPETUM_URL": server.url, "TAPETUM_PROJECT": project, "TAPETUM_SDK_RAISE": "1"})
    command = [sys.executable, "-W", "error", "-c", PATIENT + textwrap.dedent(code)]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)


def run(server: RunningServer, project: str, code: str) -> str:
    with program(server, project, code) as process:
        said, _ = process.communicate(timeout=START_S)
    assert process.returncode == 0
    return said


@contextmanager
def running(server: RunningServer, project: str, code: str) -> Iterator[subprocess.Popen[str]]:
    with program(server, project, code) as process:
        try:
            yield process
        finally:
            process.kill()


def states(server: RunningServer, project: str) -> dict[str, str]:
    return dict(server.rows("SELECT name, state FROM spans WHERE project = {p:String}", p=project))


def still_running(server: RunningServer, project: str) -> list[dict[str, Any]]:
    ids = {row[0] for row in server.rows("SELECT trace_id FROM spans WHERE project = {p:String}", p=project)}
    found: list[dict[str, Any]] = []
    for trace_id in ids:
        answer = server.client.get(f"/api/v1/traces/{trace_id}/running", params={"project": project})
        assert answer.status_code == 200, answer.text
        found += answer.json()["rows"]
    return found


@pytest.mark.covers("sdk-init", "sdk-exit-flush", "sdk-kinds", "sdk-log-handler", "sdk-change")
def test_five_lines_are_a_trace_with_its_logs_metrics_and_a_deploy(shared_server: RunningServer, project: str) -> None:
    run(shared_server, project, """
        import logging, tapetum
        tapetum.init("shop", version="1.1")
        @tapetum.observe(kind="tool")
        def search(query): logging.warning("searched"); return ["egg"]
        with tapetum.span("answer", kind="agent", session="s-1"): search("breakfast")
        tapetum.change("deploy", "shop", before="1.0", after="1.1", source="test")
        """)  # fmt: skip
    rows = shared_server.rows(
        "SELECT name, kind, agent, tool, session_id, input, output, state FROM spans WHERE project = {p:String} "
        "ORDER BY start_time", p=project,
    )  # fmt: skip
    assert rows == [
        ("answer", "agent", "answer", "", "s-1", "", "", "ended"),
        ("search", "tool", "", "search", "s-1", '{"query": "breakfast"}', '["egg"]', "ended"),
    ]
    assert shared_server.rows(
        "SELECT l.body, s.name FROM logs l JOIN spans s ON l.span_id = s.span_id WHERE l.project = {p:String}",
        p=project,
    ) == [("searched", "search")]
    measured = shared_server.rows("SELECT DISTINCT name FROM metrics WHERE project = {p:String}", p=project)
    assert ("process.memory.usage",) in measured
    changes = shared_server.rows(
        "SELECT subject, before, after, source FROM changes WHERE project = {p:String}", p=project
    )
    assert changes == [("shop", "1.0", "1.1", "test")]


@pytest.mark.covers("sdk-in-flight", "running-spans")
def test_a_long_span_is_seen_while_it_runs_and_ends_as_one_span(shared_server: RunningServer, project: str) -> None:
    code = """
        import sys, tapetum
        tapetum.init("trainer", heartbeat_s=0.2, metrics=False, resources=False)
        def wait(): sys.stdin.readline()
        with tapetum.span("train", attributes={"epochs": 3}): wait()
        """
    env = environment({"TAPETUM_URL": shared_server.url, "TAPETUM_PROJECT": project})
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], env=env, stdin=subprocess.PIPE, text=True
    ) as process:
        try:
            (one,) = eventually(
                lambda: [row for row in still_running(shared_server, project) if row["location"]], "a heartbeat"
            )
            assert ":wait:" in one["location"]
            assert (one["liveness"], one["thread"]) == ("alive", "MainThread")
            assert one["running_s"] > 0
            assert states(shared_server, project) == {"train": "running"}
            found = shared_server.client.get("/api/v1/traces", params={"project": project, "q": "state:running"}).json()
            assert [row["root_name"] for row in found["rows"]] == ["train"]
            process.communicate("\n", timeout=START_S)
        finally:
            process.kill()
    assert states(shared_server, project) == {"train": "ended"}
    assert still_running(shared_server, project) == []
    ((attributes,),) = shared_server.rows("SELECT attributes FROM spans WHERE project = {p:String}", p=project)
    assert dict(attributes) == {"epochs": "3"}


@pytest.mark.covers("sdk-in-flight", "running-spans")
def test_kill_9_leaves_a_running_span_with_its_last_heartbeat(shared_server: RunningServer, project: str) -> None:
    with running(shared_server, project, """
        import time, tapetum
        tapetum.init("trainer", heartbeat_s=0.2, metrics=False, resources=False)
        with tapetum.span("train"): time.sleep(600)
        """) as process:  # fmt: skip
        eventually(lambda: still_running(shared_server, project), "a heartbeat")
        process.kill()
        process.wait(START_S)
    (left,) = still_running(shared_server, project)
    assert states(shared_server, project) == {"train": "running"}
    assert left["heard_s"] >= 0
    assert left["location"]


@pytest.mark.covers("sdk-in-flight", "running-spans")
def test_a_program_that_leaves_a_span_open_is_known_to_have_exited(shared_server: RunningServer, project: str) -> None:
    run(shared_server, project, """
        import tapetum
        tapetum.init("job", metrics=False, resources=False)
        tapetum.span("half done").__enter__()
        """)  # fmt: skip
    (left,) = still_running(shared_server, project)
    assert left["liveness"] == "exited"


@pytest.mark.covers("sdk-loss-told")
def test_what_the_sdk_lost_is_on_the_ingest_page(shared_server: RunningServer, project: str) -> None:
    run(shared_server, project, """
        import tapetum
        from tapetum import _outbox
        _outbox.MAX_RECORDS = 10
        tapetum.init("busy", metrics=False, resources=False)
        for _ in range(15):
            with tapetum.span("small"): pass
        """)  # fmt: skip
    kept = shared_server.rows("SELECT count() FROM spans WHERE project = {p:String}", p=project)[0][0]
    counted = shared_server.counts()
    assert counted[project, "traces", "accepted", ""] == kept
    assert kept + counted[project, "traces", "dropped", "queue_full_at_sender"] == 15
    assert kept < 15


@pytest.mark.covers("sdk-llm", "sdk-llm-stream", "sdk-llm-media", "sdk-session")
def test_a_streamed_call_by_hand_is_a_priced_call_of_a_session_with_its_conversation(
    shared_server: RunningServer, project: str
) -> None:
    run(shared_server, project, """
        import logging, tapetum
        tapetum.init("chat", metrics=False, resources=False)
        def pieces():
            yield {"id": "c-1", "model": "gpt-4o-mini", "choices": [{"delta": {"content": "An "}}]}
            yield {"id": "c-1", "choices": [{"delta": {"content": "omelette."}, "finish_reason": "stop"}]}
            yield {"id": "c-1", "choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}
        with tapetum.session("s-1"), tapetum.user("ada"):
            with tapetum.span("turn", kind="agent"):
                asked = [{"role": "user", "content": ["What goes with eggs?",
                    {"type": "image", "data": b"a fridge", "mime_type": "image/png"},
                    {"type": "audio", "uri": "s3://kitchen/ask.wav"}, {"type": "image", "file_id": "f-1"},
                    {"type": "image", "data": bytes(70_000), "mime_type": "image/jpeg"}]}]
                with tapetum.llm("gpt-4o-mini", provider="openai", input=asked, system="Be brief.") as call:
                    list(call.stream(pieces()))
            logging.warning("answered")
        """)  # fmt: skip
    rows = shared_server.rows(
        "SELECT name, kind, provider, response_id, input_tokens, output_tokens, cost_usd, session_id, user_id, "
        "ttft_ms >= 0, trace_id, span_id FROM spans WHERE project = {p:String} ORDER BY start_time DESC LIMIT 1",
        p=project,
    )
    *facts, cost, session, user, timed, trace_id, span_id = rows[0]
    assert facts == ["chat gpt-4o-mini", "llm", "openai", "c-1", 1000, 100]
    assert cost == pytest.approx(1000 * 0.15e-6 + 100 * 0.6e-6)
    assert (session, user, timed) == ("s-1", "ada", 1)
    assert shared_server.rows(
        "SELECT attributes['session.id'], attributes['user.id'] FROM logs WHERE project = {p:String}", p=project
    ) == [("s-1", "ada")]
    answer = shared_server.client.get(
        f"/api/v1/traces/{trace_id}/spans/{span_id}/conversation", params={"project": project}
    )
    assert answer.status_code == 200, answer.text
    messages = [*answer.json()["input"], *answer.json()["output"]]
    fridge, ask, old, large = messages[1]["parts"][1:]
    said = [(m["role"], [part["content"] for part in m["parts"] if "content" in part]) for m in messages]
    assert said == [("system", ["Be brief."]), ("user", ["What goes with eggs?"]), ("assistant", ["An omelette."])]
    # Never their bytes: what they are, and where.
    assert fridge == {"type": "blob", "modality": "image", "mime_type": "image/png", "size": 12}
    assert ask == {"type": "uri", "modality": "audio", "uri": "s3://kitchen/ask.wav"}
    assert old == {"type": "file", "modality": "image", "file_id": "f-1"}
    assert large == {"type": "blob", "modality": "image", "mime_type": "image/jpeg", "omitted_bytes": 70_000}
    assert shared_server.rows(
        "SELECT numeric_attributes['tapetum.omitted_media'] FROM spans WHERE span_id = {s:String}", s=span_id
    ) == [(1.0,)]


@pytest.mark.covers("sdk-never-blocks")
def test_a_server_that_comes_back_gets_what_still_waits(tmp_path: Any, start_server: Any) -> None:
    """The queue outlives a restart of the server: nothing is lost, nothing raised."""
    port = ("--port", str(port_of_nobody()))
    first = start_server(tmp_path / "data", *port)
    code = """
        import sys, tapetum
        tapetum.init("app", metrics=False, resources=False, exit_timeout_s=60)
        with tapetum.span("before"): pass
        assert tapetum.flush(60)
        print("flushed", flush=True)
        sys.stdin.readline()
        with tapetum.span("meanwhile"): pass
        print("made", flush=True)
        """
    env = environment({"TAPETUM_URL": first.url})
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "flushed\n"
            assert first.stop() == 0
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "made\n"
            again = start_server(tmp_path / "data", *port)
            assert process.wait(START_S) == 0
        finally:
            process.kill()
    assert again.rows("SELECT name FROM spans ORDER BY start_time") == [("before",), ("meanwhile",)]


_VIEWS = {"tapetum.change(": "changes", "MeterProvider": "metrics", "tapetum.model(": "predictions"}


@pytest.mark.covers("docs-quick-start")
@pytest.mark.parametrize("number", range(len(blocks("sdk.md", "python"))))
def test_what_the_page_of_the_sdk_says_runs_as_it_stands(shared_server: RunningServer, number: int) -> None:
    """Every block of Python in it, as a program of its own."""
    code = blocks("sdk.md", "python")[number]
    run(shared_server, f"sdk-page-{number}", code)
    wanted = next((view for sign, view in _VIEWS.items() if sign in code), "spans")
    if wanted != "metrics":
        query = f"SELECT count() FROM {wanted} WHERE project = {{p:String}}"
        assert shared_server.rows(query, p=f"sdk-page-{number}")[0][0] > 0
