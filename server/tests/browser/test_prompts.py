"""Prompts in a browser: kept, changed, compared, labelled, and how each version did."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from process.servers import RunningServer

from browser.axe import violations
from browser.conftest import OpenPage
from browser.telemetry import SECOND
from browser.watch import Watched, choose, settled

PROJECT = "prompts"
NAME = "loan/greet"


@pytest.fixture(autouse=True)
def kept(server: RunningServer) -> Iterator[None]:
    """Two versions of a prompt, and spans of the second and of a prompt that nobody registered."""
    server.client.post("/api/v1/projects", json={"name": PROJECT})
    push(server, name=NAME, prompt="Hello {{name}}.\nBe brief.", labels=["production"], message="first")
    push(server, name=NAME, prompt="Hello {{name}}.\nBe kind.", config={"model": "m"})
    now = time.time_ns()
    spans = [span(i, now - (i + 1) * SECOND, *what) for i, what in enumerate([(NAME, "2"), (NAME, "2"), ("judge", "")])]
    body = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": spans}]}]}
    json_body = {"content-type": "application/json"}
    sent = server.send("traces", json.dumps(body).encode(), project=PROJECT, headers=json_body)
    assert sent.status_code == 200, sent.text
    of = {"trace_id": spans[0]["traceId"], "span_id": spans[0]["spanId"]}
    said = [
        {"name": "kind", "score": 0.9, "threshold": 0.5, "source": "llm"},
        {"name": "feedback", "score": 0, "label": "down"},
    ]
    kept = server.client.post(
        "/v1/evaluations", json=[of | one for one in said], headers={"x-tapetum-project": PROJECT}
    )
    assert kept.status_code == 200, kept.text
    yield
    for row in server.client.get("/api/v1/prompts", params={"project": PROJECT}).json()["rows"]:
        server.client.delete("/api/v1/prompts", params={"project": PROJECT, "name": row["name"]}).raise_for_status()


def push(server: RunningServer, **new: Any) -> None:
    made = server.client.post("/api/v1/prompts", params={"project": PROJECT}, json=new)
    assert made.status_code == 201, made.text


def span(number: int, at: int, name: str, version: str) -> dict[str, Any]:
    said = {"gen_ai.operation.name": "chat", "gen_ai.prompt.name": name, "gen_ai.prompt.version": version}
    return {
        "traceId": f"{at:032x}", "spanId": f"{at % 2**60:016x}", "name": "chat", "startTimeUnixNano": str(at),
        "endTimeUnixNano": str(at + 10**6), "status": {"code": 2 if number == 1 else 0},
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in said.items()],
    }  # fmt: skip


@pytest.mark.covers("page-prompts")
@pytest.mark.golden
def test_from_the_list_to_a_difference_a_label_and_the_next_version(ui: Watched, server: RunningServer) -> None:
    page = ui.open("/prompts", project=PROJECT)
    row = page.get_by_role("row").filter(has_text=NAME)
    expect(row).to_contain_text("production 1")
    expect(row).to_contain_text("50.0 %")
    expect(page.get_by_role("row").filter(has_text="judge")).to_contain_text("not in the registry")
    page.get_by_role("button", name="Export spans").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="CSV of the versions in this time").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert [line.split(",")[:4] for line in lines[:2]] == [
        ["name", "version", "calls", "traces"],
        [NAME, "2", "2", "2"],
    ]
    row.click()

    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    expect(page.get_by_label("Prompt text")).to_have_text("Hello {{name}}.\nBe kind.")
    expect(page.locator("mark")).to_have_text("{{name}}")
    choose(page, "Compare with", "Version 1")
    difference = page.get_by_role("list", name="Difference, line by line")
    expect(difference.locator(".removed")).to_contain_text("Be brief.")
    expect(difference.locator(".added")).to_contain_text("Be kind.")
    expect(page.get_by_text("1 line added, 1 removed")).to_be_visible()
    assert "against=1" in page.url, "a link shows a colleague the same"

    page.get_by_role("button", name="Labels", exact=True).click()
    page.get_by_role("menuitem", name="production from version 1").click()
    newest = page.get_by_role("list", name="Versions").get_by_role("listitem").first
    expect(newest).to_contain_text("production")

    page.get_by_role("button", name="New version").click()
    page.get_by_role("textbox", name="Text").fill("Hello {{name}} of {{town}}.")
    page.get_by_role("textbox", name="Configuration, as JSON").fill("{")
    page.get_by_role("button", name="Keep version 3").click()
    expect(page.get_by_text("The configuration is a JSON object.")).to_be_visible()
    page.get_by_role("textbox", name="Configuration, as JSON").fill('{"model": "n"}')
    page.get_by_role("textbox", name="What was changed and why").fill("towns")
    page.get_by_role("button", name="Keep version 3").click()
    expect(page.get_by_label("Prompt text")).to_have_text("Hello {{name}} of {{town}}.")
    asked = {"project": PROJECT, "name": NAME, "label": "latest"}
    found = server.client.get("/api/v1/prompts/version", params=asked).json()
    assert (found["version"], found["message"], found["config"]) == (3, "towns", {"model": "n"})

    used = page.get_by_role("region", name="Versions in this time")
    expect(used).to_contain_text("kind 100 % of 1 passed")
    expect(used.get_by_role("link", name="feedback down 1")).to_be_visible()
    used.get_by_role("link", name="2", exact=True).click()
    expect(page.get_by_role("grid", name="Spans").get_by_role("row").nth(1)).to_be_visible()
    assert "prompt_version:2" in page.url.replace("%3A", ":")


@pytest.mark.covers("page-prompts")
def test_the_first_prompt_is_made_and_all_of_it_deleted(ui: Watched, server: RunningServer) -> None:
    server.client.post("/api/v1/projects", json={"name": "prompts-none"})
    page = ui.open("/prompts", project="prompts-none")
    expect(page.get_by_role("heading", name="No prompts yet")).to_be_visible()
    page.get_by_role("button", name="New prompt").click()
    page.get_by_role("textbox", name="Name").fill("chat")
    page.get_by_text("Chat messages").click()
    page.get_by_role("button", name="Keep prompt").click()
    expect(page.get_by_role("region", name="system message")).to_contain_text("You help {{name}}.")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete all 1 version").click()
    expect(page.get_by_role("heading", name="No prompts yet")).to_be_visible()


@pytest.mark.covers("page-prompts", "ui-accessibility")
@pytest.mark.parametrize("width", [1280, 390])
def test_everybody_can_use_it_wide_and_narrow(new_page: OpenPage, width: int) -> None:
    ui: Watched = new_page(width=width, height=844)
    page = ui.open("/prompts", project=PROJECT)
    found = violations(page, "the list")
    page = ui.go("/prompts", project=PROJECT, name=NAME)
    found += violations(page, "one")
    page.get_by_role("button", name="New version").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found += violations(page, "the form")
    page = ui.go("/prompts", project=PROJECT, name=NAME, version="2", against="1")
    expect(page.get_by_role("list", name="Difference, line by line")).to_be_visible()
    found += violations(page, "a difference")
    page = ui.go("/prompts", project=PROJECT, name="judge")
    settled(page)
    found += violations(page, "an unregistered one")
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.covers("page-prompts")
def test_hostile_text_is_text(ui: Watched, server: RunningServer) -> None:
    attack = "<img src=x onerror=alert(1)><script>alert(2)</script>\u202e[a](javascript:alert(3))"
    for text in (attack, [{"role": "user", "content": attack}]):
        push(server, name="evil", prompt=text, message=attack, description=attack, config={attack: attack})
    page = ui.open("/prompts", project=PROJECT, name="evil")
    expect(page.get_by_label("Prompt text")).to_have_text(attack)
    page = ui.go("/prompts", project=PROJECT, name="evil", version="2", against="1")
    expect(page.get_by_role("list", name="Difference, line by line")).to_contain_text("<script>")
    assert page.locator("main img, main script").count() == 0
    assert ui.dialogs == ui.foreign == []
