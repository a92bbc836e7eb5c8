"""A reviewer goes through a queue by keys, two of them without meeting, and on a phone by buttons."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from playwright.sync_api import Route, expect
from process.servers import RunningServer, eventually

from browser.axe import violations
from browser.conftest import OpenPage
from browser.telemetry import SECOND
from browser.test_datasets import attribute
from browser.watch import Watched, settled


def calls(server: RunningServer, project: str, count: int) -> None:
    """Calls of a model, the newest first in the queue: "answer 0"."""
    now = time.time_ns()
    spans = []
    for i in range(count):
        at = now - (i + 1) * SECOND
        answer = [{"role": "assistant", "parts": [{"type": "text", "content": f"answer {i}"}]}]
        spans.append({
            "traceId": f"{i + 1:032x}", "spanId": f"{i + 1:016x}", "name": "chat", "startTimeUnixNano": str(at),
            "endTimeUnixNano": str(at + 10**8), "attributes": [
                attribute("gen_ai.operation.name", "chat"), attribute("gen_ai.output.messages", json.dumps(answer)),
            ],
        })  # fmt: skip
    body = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": spans}]}]}
    kind = {"content-type": "application/json"}
    assert server.send("traces", json.dumps(body).encode(), project=project, headers=kind).status_code == 200


def said(server: RunningServer, project: str) -> list[dict[str, Any]]:
    rows = server.client.get("/api/v1/evaluations", params={"project": project, "from": "all"}).json()["rows"]
    return sorted(rows, key=lambda row: row["span_id"])


@pytest.mark.covers("page-review", "review-queue")
@pytest.mark.golden
def test_keys_judge_comment_correct_undo_and_two_reviewers_do_not_meet(
    new_page: OpenPage, server: RunningServer
) -> None:
    project = "review"
    calls(server, project, 4)
    tone = {"name": "tone", "kind": "categorical", "labels": [{"label": "rude", "key": 1}, {"label": "kind", "key": 2}]}
    assert server.client.put("/api/v1/scores", params={"project": project}, json=tone).status_code == 200
    ada: Watched = new_page()
    page = ada.open("/health", project=project)
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Review").click()
    page.wait_for_url("**/review?*q=kind%3Allm*")
    page = ada.open("/review", project=project, q="kind:llm", score="tone")
    item, progress = page.locator(".rv-item"), page.get_by_role("status").filter(has_text="reviewed")
    expect(item).to_contain_text("answer 0")
    expect(progress).to_have_text("0 of 4 reviewed")
    eventually(
        lambda: server.client.get("/api/v1/review/queue", params={"project": project}).json()["rows"][0]["claimed_by"],
        "the page says what it looks at",
    )
    grace: Watched = new_page()
    other = grace.open("/review", project=project, q="kind:llm", score="tone")
    expect(other.locator(".rv-item")).to_contain_text("answer 1")

    page.keyboard.press("2")
    expect(item).to_contain_text("answer 2")
    expect(progress).to_have_text("1 of 4 reviewed")
    page.keyboard.press("c")
    page.get_by_role("textbox", name="Comment").fill("too short")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your comment too short")).to_be_visible()
    page.keyboard.press("1")
    expect(item).to_contain_text("answer 3")
    assert [(row["label"], row["comment"]) for row in said(server, project)] == [("kind", ""), ("rude", "too short")]
    page.keyboard.press("u")
    expect(item).to_contain_text("answer 2")
    eventually(lambda: [row["label"] for row in said(server, project)] == ["kind", ""], "the last word is taken back")
    page.keyboard.press("e")
    page.get_by_role("textbox", name="What the answer should have been").fill("answer two")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("group", name="From the output to the correction")).to_contain_text("two")
    page.keyboard.press("d")
    window = page.get_by_role("dialog")
    expect(window.get_by_role("textbox", name="Expected output")).to_have_value("answer two")
    page.keyboard.press("Escape")
    # While it is there, keys are its own.
    expect(window).to_have_count(0)
    page.keyboard.press("k")
    expect(item).to_contain_text("answer 1")
    expect(page.get_by_text("looks at this just now")).to_be_visible()
    assert "item=" in page.url, "a link shows a colleague the same"


@pytest.mark.covers("page-review")
def test_nothing_is_judged_before_it_is_known_what_the_keys_mean(ui: Watched, server: RunningServer) -> None:
    """A thumb of another score than the named one would be kept under that one's name."""
    project = "review-late"
    calls(server, project, 2)
    fair = {"name": "fair", "kind": "categorical", "labels": [{"label": "yes", "key": 1}, {"label": "no", "key": 2}]}
    assert server.client.put("/api/v1/scores", params={"project": project}, json=fair).status_code == 200
    held: list[Route] = []
    page = ui.page
    page.route(re.compile(r"/api/v1/scores\?"), lambda asked: held.append(asked))
    page.goto(f"{ui.origin}/review?project={project}&q=kind%3Allm&score=fair")
    expect(page.locator(".rv-item")).to_contain_text("answer 0")
    expect(page.get_by_role("status", name="Loading the score")).to_be_visible()
    expect(page.get_by_role("button", name="Bad")).to_have_count(0)
    page.keyboard.press("2")
    for route in held:
        route.continue_()
    expect(page.get_by_role("button", name="no", exact=True)).to_be_enabled()
    expect(page.locator(".rv-item")).to_contain_text("answer 0")
    page.keyboard.press("2")
    expect(page.locator(".rv-item")).to_contain_text("answer 1")
    assert [(row["name"], row["label"]) for row in said(server, project)] == [("fair", "no")]


_NEVER_RELEASED = """const told = window.fetch;
window.fetch = (to, ...how) => String(to).includes("/release") ? new Promise(() => {}) : told(to, ...how)"""


@pytest.mark.covers("review-queue")
def test_who_loads_the_page_anew_goes_on_where_they_were(ui: Watched, server: RunningServer) -> None:
    """Also where what the page says on its way out is lost, or comes late."""
    queue = {"project": "review-anew"}
    calls(server, queue["project"], 3)
    page = ui.open("/review", q="kind:llm", **queue)
    for again in (page.reload, lambda: ui.open("/review", q="kind:llm", **queue)):
        eventually(
            lambda: server.client.get("/api/v1/review/queue", params=queue).json()["rows"][0]["claimed_by"],
            "the page says what it looks at",
        )
        page.evaluate(_NEVER_RELEASED)
        again()
        settled(page)
        expect(page.locator(".rv-item")).to_contain_text("answer 0")
        expect(page.get_by_text("looks at this just now")).to_have_count(0)


@pytest.mark.covers("page-review", "ui-accessibility")
def test_on_a_phone_there_are_buttons_and_everybody_can_use_it(new_page: OpenPage, server: RunningServer) -> None:
    project = "review-narrow"
    calls(server, project, 1)
    ui: Watched = new_page(width=390, height=844)
    page = ui.open("/review", project=project, q="kind:llm")
    expect(page.locator(".rv-item")).to_contain_text("answer 0")
    settled(page)
    found = violations(page, "an item")
    page.get_by_role("button", name="Bad").click()
    expect(page.get_by_role("heading", name="All of these are reviewed or under review")).to_be_visible()
    found += violations(page, "the end")
    page.get_by_role("button", name="Look for more").click()
    expect(page.get_by_text("1 of 1 reviewed")).to_be_visible()
    page = ui.go("/review", project=project, what="trace")
    expect(page.get_by_role("region", name="Thread")).to_contain_text("answer 0")
    found += violations(page, "a trace")
    page = ui.go("/review", project=project, q="kind:tool")
    expect(page.get_by_role("heading", name="Nothing to review")).to_be_visible()
    found += violations(page, "nothing")
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
