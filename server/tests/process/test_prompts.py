"""The prompt registry through its doors: HTTP, the command line, the SDK, and the traces that name a prompt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from process.servers import RunningServer, eventually, tapetum
from process.test_sdk import run


def push(server: RunningServer, project: str, **new: Any) -> httpx.Response:
    return server.client.post("/api/v1/prompts", params={"project": project}, json=new)


def ask(server: RunningServer, project: str, path: str, **query: Any) -> Any:
    answer = server.client.get(f"/api/v1/prompts{path}", params={"project": project, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: httpx.Response, status: int, field: str) -> str:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error.get("field") == field, error
    message: str = error["message"]
    return message


@pytest.fixture
def kept(shared_server: RunningServer, project: str) -> str:
    """A project with two versions of one prompt, of which the first is in production."""
    server = shared_server
    server.client.post("/api/v1/projects", json={"name": project})
    first = {
        "name": "loan/greet",
        "prompt": "Hello {{ name }}.\nBe brief.",
        "labels": ["production"],
        "message": "first",
    }
    assert push(server, project, **first).status_code == 201
    second = {
        "name": "loan/greet", "prompt": "Hello {{ name }}.\nBe kind to {{name}} in {{town}}.", "config": {"model": "gpt-4o"},
        "description": "Opens the chat",
    }  # fmt: skip
    assert push(server, project, **second).status_code == 201
    return project


@pytest.mark.covers("prompt-versions")
def test_versions_never_change_and_labels_move(shared_server: RunningServer, kept: str) -> None:
    newest = ask(shared_server, kept, "/version", name="loan/greet", label="latest")
    assert (newest["version"], newest["variables"], newest["config"]) == (2, ["name", "town"], {"model": "gpt-4o"})
    served = ask(shared_server, kept, "/version", name="loan/greet")
    assert (served["version"], served["labels"], served["message"]) == (1, ["production"], "first")

    moved = shared_server.client.put(
        "/api/v1/prompts/labels",
        params={"project": kept, "name": "loan/greet", "label": "production"},
        json={"version": 2},
    )
    assert moved.json()["labels"] == {"production": 2}
    assert ask(shared_server, kept, "/version", name="loan/greet")["version"] == 2
    assert (
        ask(shared_server, kept, "/version", name="loan/greet", version=1)["prompt"] == "Hello {{ name }}.\nBe brief."
    )

    listed = ask(shared_server, kept, "/versions", name="loan/greet")
    assert [row["version"] for row in listed["rows"]] == [2, 1]
    assert listed["prompt"]["description"] == "Opens the chat"
    (row,) = ask(shared_server, kept, "")["rows"]
    assert (row["name"], row["versions"], row["labels"]) == ("loan/greet", 2, {"production": 2})


@pytest.mark.covers("prompt-diff")
def test_a_difference_is_told_line_by_line(shared_server: RunningServer, kept: str) -> None:
    diff = ask(shared_server, kept, "/diff", name="loan/greet", before=1, after=2)
    assert [(line["op"], line["text"]) for line in diff["lines"]] == [
        ("same", "Hello {{ name }}."), ("removed", "Be brief."), ("added", "Be kind to {{name}} in {{town}}."),
    ]  # fmt: skip
    assert (diff["added"], diff["removed"], diff["config_after"]) == (1, 1, {"model": "gpt-4o"})
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello {{ name }}."}]
    assert push(shared_server, kept, name="loan/greet", prompt=chat).status_code == 201
    lines = ask(shared_server, kept, "/diff", name="loan/greet", before=1, after=3)["lines"]
    assert ("added", "[system]") in [(line["op"], line["text"]) for line in lines]


@pytest.mark.covers("prompt-versions", "bad-prompts")
def test_what_cannot_be_kept_is_refused_with_its_field(shared_server: RunningServer, kept: str) -> None:
    server = shared_server
    assert "letters, digits" in refused(push(server, kept, name="a b", prompt="x"), 422, "name")
    assert "some text" in refused(push(server, kept, name="a", prompt=""), 422, "prompt")
    assert "some text" in refused(push(server, kept, name="a", prompt=[]), 422, "prompt")
    assert "500000" in refused(push(server, kept, name="a", prompt="x" * 500_001), 422, "prompt")
    assert "newest" in refused(push(server, kept, name="a", prompt="x", labels=["latest"]), 422, "labels")
    assert "JSON" in refused(push(server, kept, name="a", prompt="x", config={"a": "b" * 20_000}), 422, "config")
    there = {"project": kept, "name": "loan/greet"}
    missing = server.client.get("/api/v1/prompts/version", params=there | {"version": 9})
    assert "the newest is 2" in refused(missing, 404, "version")
    unlabelled = server.client.get("/api/v1/prompts/version", params=there | {"label": "canary"})
    assert "its labels are latest, production" in refused(unlabelled, 404, "label")
    nowhere = server.client.put("/api/v1/prompts/labels", params=there | {"label": "a"}, json={"version": 3})
    refused(nowhere, 404, "version")
    assert [row["name"] for row in ask(server, kept, "")["rows"]] == ["loan/greet"]

    gone = server.client.delete("/api/v1/prompts/labels", params=there | {"label": "production"})
    assert gone.json()["labels"] == {}
    assert server.client.delete("/api/v1/prompts", params=there).status_code == 204
    refused(server.client.delete("/api/v1/prompts", params=there), 404, "name")
    assert ask(server, kept, "")["rows"] == []


@pytest.mark.covers("prompt-usage", "sdk-prompt")
def test_the_sdk_fetches_fills_in_and_names_the_version_on_every_span_inside(
    shared_server: RunningServer, kept: str
) -> None:
    said = run(shared_server, kept, """
        import tapetum
        from opentelemetry import trace
        tapetum.init("shop", logs=False, metrics=False, resources=False)
        with tapetum.prompt("loan/greet") as prompt:
            print(prompt.version, prompt.text(name="Ada"))
            # Somebody else's instrumentation: it knows nothing of prompts.
            with trace.get_tracer("other").start_as_current_span("chat", attributes={
                "gen_ai.operation.name": "chat", "gen_ai.request.model": "m",
                "gen_ai.usage.input_tokens": 30, "gen_ai.usage.output_tokens": 4}):
                pass
            with tapetum.span("look", kind="tool"): pass
        with tapetum.prompt("loan/greet", label="latest"), tapetum.span("failing", kind="llm"):
            trace.get_current_span().set_status(trace.StatusCode.ERROR)
        with tapetum.span("outside"): pass
    """)  # fmt: skip
    assert said == "1 Hello Ada.\nBe brief.\n"

    def used() -> dict[str, Any] | None:
        rows = ask(shared_server, kept, "/usage", name="loan/greet", **{"from": "all"})["rows"]
        return {row["version"]: row for row in rows} if len(rows) == 2 else None

    rows = eventually(used, "both versions are used")
    assert (rows["1"]["calls"], rows["1"]["input_tokens"], rows["1"]["output_tokens"]) == (1, 30, 4)
    assert (rows["1"]["models"], rows["1"]["errors"], rows["2"]["errors"]) == (["m"], 0, 1)
    assert rows["2"]["input_tokens"] is None, "what nobody said is not 0"
    # The tool has the prompt's name too, and is no call of a model.
    named = "SELECT name FROM spans WHERE project = {p:String} AND prompt_version = '1' ORDER BY name"
    assert shared_server.rows(named, p=kept) == [("chat",), ("look",)]


@pytest.mark.covers("sdk-prompt")
def test_without_the_registry_the_kept_one_then_the_fallback_is_used(shared_server: RunningServer, kept: str) -> None:
    said = run(shared_server, kept, """
        import os, tapetum
        fetched = tapetum.prompt("loan/greet", cache_s=0)
        reached = os.environ.pop("TAPETUM_URL")
        tapetum.init("shop", endpoint="http://127.0.0.1:9", logs=False, metrics=False, resources=False, traces=False)
        fallback = tapetum.prompt("loan/greet", fallback="Hi {{name}}", timeout_s=1)
        print(fetched.version, fallback.is_fallback, fallback.text(name="Ada"))
        try:
            tapetum.prompt("loan/greet", timeout_s=1)
        except LookupError as error:
            print("no fallback was given" in str(error))
        tapetum.shutdown(0.1)
        os.environ["TAPETUM_URL"] = reached
        try:
            tapetum.prompt("nowhere")
        except LookupError as error:
            print("There is no prompt 'nowhere'" in str(error))
        chat = tapetum.prompt("nowhere", fallback=[
            {"role": "system", "content": "Help {{name}}"}, {"role": "placeholder", "content": "history"}])
        print(chat.messages(name="Ada", history=[{"role": "user", "content": "hi"}]))
        try:
            chat.text()
        except TypeError: print("chat")
        try:
            chat.messages(history=[])
        except KeyError as error: print("'name'" in str(error))
    """)  # fmt: skip
    assert said.splitlines() == [
        "1 True Hi Ada", "True", "True",
        "[{'role': 'system', 'content': 'Help Ada'}, {'role': 'user', 'content': 'hi'}]", "chat", "True",
    ]  # fmt: skip


@pytest.mark.covers("sdk-prompt")
def test_an_old_prompt_is_handed_out_while_the_new_one_is_fetched_behind(
    shared_server: RunningServer, kept: str
) -> None:
    said = run(shared_server, kept, f"""
        import json, time, urllib.request, os, tapetum
        print(tapetum.prompt("loan/greet", cache_s=0.05).version)
        move = urllib.request.Request(
            os.environ["TAPETUM_URL"] + "/api/v1/prompts/labels?project={kept}&name=loan%2Fgreet&label=production",
            json.dumps({{"version": 2}}).encode(), {{"content-type": "application/json"}}, method="PUT")
        urllib.request.urlopen(move).close()
        time.sleep(0.06)
        print(tapetum.prompt("loan/greet", cache_s=0.05).version)
        deadline = time.monotonic() + 30
        while tapetum.prompt("loan/greet", cache_s=0.05).version != 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        print(tapetum.prompt("loan/greet", cache_s=60).version)
    """)  # fmt: skip
    assert said.split() == ["1", "1", "2"]


@pytest.mark.covers("cli-prompts")
def test_the_command_line_keeps_shows_and_labels(shared_server: RunningServer, kept: str, tmp_path: Path) -> None:
    at = ("--url", shared_server.url, "--project", kept)
    file = tmp_path / "greet.json"
    file.write_text(json.dumps([{"role": "system", "content": "Hi"}]))
    config = tmp_path / "config.json"
    config.write_text('{"temperature": 0}')
    pushed = tapetum(
        "prompts", "push", "loan/greet", str(file), "-m", "chat now", "-l", "canary", "--config", str(config), *at
    )
    assert pushed.returncode == 0, pushed.stderr
    assert "Version 3 of loan/greet (canary, latest)" in pushed.stderr
    shown = tapetum("prompts", "show", "loan/greet", "--label", "canary", "--json", *at)
    version = json.loads(shown.stdout)
    assert (version["version"], version["message"], version["config"]) == (3, "chat now", {"temperature": 0})
    assert tapetum("prompts", "show", "loan/greet", "--version", "1", *at).stdout == "Hello {{ name }}.\nBe brief.\n"
    assert tapetum("prompts", "label", "loan/greet", "production", "3", *at).returncode == 0
    listed = tapetum("prompts", *at).stdout
    assert "loan/greet" in listed
    assert "production=3" in listed
    missing = tapetum("prompts", "show", "nothing", *at)
    assert missing.returncode == 1
    assert "There is no prompt 'nothing'" in missing.stderr


@pytest.mark.covers("prompt-versions", "project-isolation")
def test_two_projects_with_one_name_know_nothing_of_each_other(shared_server: RunningServer, kept: str) -> None:
    server, other = shared_server, f"{kept}-b"[-64:]
    server.client.post("/api/v1/projects", json={"name": other})
    assert push(server, other, name="loan/greet", prompt="theirs", labels=["canary"]).json()["version"] == 1
    assert ask(server, kept, "/version", name="loan/greet", label="latest")["version"] == 2
    there = {"project": other, "name": "loan/greet"}
    for query in ({"label": "production"}, {"version": 2}):
        assert server.client.get("/api/v1/prompts/version", params=there | query).status_code == 404
    assert [row["prompt"] for row in ask(server, other, "/versions", name="loan/greet")["rows"]] == ["theirs"]
    assert server.client.get("/api/v1/prompts/diff", params=there | {"before": 1, "after": 2}).status_code == 404
    away = server.client.delete("/api/v1/prompts/labels", params=there | {"label": "production"})
    assert away.status_code == 404
    assert server.client.delete("/api/v1/prompts", params=there).status_code == 204
    (row,) = ask(server, kept, "")["rows"]
    assert (row["versions"], row["labels"]) == (2, {"production": 1})
