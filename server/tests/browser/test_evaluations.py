"""A reviewer says what they think of an answer, sees what others said, and thinks again."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import expect
from process.servers import RunningServer, eventually

from browser.axe import violations
from browser.judged import judge
from browser.shop import host_of
from browser.telemetry import SECOND, Spans
from browser.watch import Watched, rows, settled

TRACE, SPAN = "5e" * 16, "5e" * 8


@pytest.mark.covers("evaluations-ui")
@pytest.mark.golden
def test_a_thumb_a_comment_and_a_correction_are_kept_and_taken_back(ui: Watched, server: RunningServer) -> None:
    began = time.time_ns() - 20 * SECOND
    sent = Spans()
    sent.add(host_of("web"), TRACE, SPAN, "chat small", began, began + SECOND, parent="")
    assert server.send("traces", sent.body(), project="said").status_code == 200
    judged = {
        "name": "correctness", "score": 0.25, "threshold": 0.5, "explanation": "<b>no</b>", "trace_id": TRACE,
        "span_id": SPAN, "source": "llm", "evaluator": "judge-1",
    }  # fmt: skip
    answer = server.client.post("/v1/evaluations", json=judged, headers={"x-tapetum-project": "said"})
    assert answer.json()["accepted"] == 1

    def mine() -> list[dict[str, Any]]:
        rows = server.client.get(f"/api/v1/traces/{TRACE}/evaluations", params={"project": "said"}).json()["rows"]
        return [row for row in rows if row["source"] == "human"]

    page = ui.open(f"/traces/{TRACE}", project="said")
    of_trace = page.get_by_role("region", name="Evaluations of this trace")
    expect(of_trace.get_by_role("listitem")).to_contain_text("0.25 below 0.5")
    expect(of_trace.get_by_role("listitem")).to_contain_text("<b>no</b>")
    of_trace.get_by_role("button", name="Bad").click()
    expect(of_trace.get_by_role("button", name="Bad")).to_have_attribute("aria-pressed", "true")
    (row,) = mine()
    assert (row["target_type"], row["score"], row["label"]) == ("trace", 0.0, "down")

    page = ui.open(f"/traces/{TRACE}", project="said", span=SPAN)
    of_span = page.get_by_role("region", name="Evaluations of this span")
    of_span.get_by_role("button", name="Good").click()
    expect(of_span.get_by_role("button", name="Good")).to_have_attribute("aria-pressed", "true")
    of_span.get_by_role("button", name="Comment").click()
    of_span.get_by_label("Comment", exact=True).and_(of_span.get_by_role("textbox")).fill("close, but not it")
    settled(page)
    assert violations(page, "evaluations") == []
    of_span.get_by_role("button", name="Save", exact=True).click()
    expect(of_span.get_by_role("listitem").filter(has_text="close, but not it")).to_be_visible()
    (row,) = (row for row in mine() if row["target_type"] == "span")
    assert (row["label"], row["comment"], row["expected_output"]) == ("up", "close, but not it", "")

    page = ui.open(f"/traces/{TRACE}", project="said")
    of_trace = page.get_by_role("region", name="Evaluations of this trace")
    of_trace.get_by_role("button", name="Comment").click()
    of_trace.get_by_label("What the answer should have been").fill("Paris")
    of_trace.get_by_role("button", name="Save").click()
    expect(of_trace.get_by_role("listitem").filter(has_text="Expected: Paris")).to_be_visible()
    of_trace.get_by_role("button", name="Bad").click()
    expect(of_trace.get_by_role("button", name="Bad")).to_have_attribute("aria-pressed", "false")
    (row,) = (row for row in mine() if row["target_type"] == "trace")
    assert (row["label"], row["expected_output"]) == ("", "Paris"), "the correction stays when the thumb goes"
    of_trace.get_by_role("button", name="Comment").click()
    of_trace.get_by_label("What the answer should have been").fill("")
    of_trace.get_by_role("button", name="Save").click()
    eventually(lambda: [row["target_type"] for row in mine()] == ["span"], "the thumb is taken back")


@pytest.mark.covers("page-evaluations")
def test_from_a_score_to_its_rows_and_to_a_definition(ui: Watched, server: RunningServer) -> None:
    judge(server, "scores")
    page = ui.open("/evaluations", project="scores")
    names = page.get_by_role("region", name="Scores by name")
    line = names.get_by_role("row").filter(has_text="correctness")
    expect(line).to_contain_text("0 to 1, higher is better, passes from 0.5")
    expect(line).to_contain_text("75 %")
    detail = page.get_by_role("region", name="Score correctness")
    expect(detail.get_by_role("region", name="Lowest first").get_by_role("row").nth(1)).to_contain_text("case 0")
    page.get_by_role("radiogroup", name="Evaluations by").get_by_text("Model", exact=True).click()
    small = detail.get_by_role("region", name="Evaluations by model").get_by_role("row").filter(has_text="small")
    expect(small).to_contain_text("0 %")
    expect(small.get_by_role("cell").nth(2)).to_have_text("0.18")
    small.get_by_role("link").nth(1).click()
    expect(rows(page, "Evaluations")).to_have_count(5)
    expect(page.get_by_role("main")).to_contain_text("of spans with model small")
    page.go_back()
    line.get_by_role("link", name="75 % pass: correctness, those that do not").click()
    expect(rows(page, "Evaluations")).to_have_count(5)
    rows(page, "Evaluations").first.click()
    whole = page.get_by_role("complementary", name="Evaluation")
    expect(whole).to_contain_text("judge-1")
    whole.get_by_role("link", name="Open what it is about").click()
    expect(page.get_by_role("region", name="Evaluations of this span")).to_contain_text("correctness")

    page = ui.open("/evaluations", project="scores", score="stars")
    page.get_by_role("button", name="Define it").click()
    window = page.get_by_role("dialog")
    window.get_by_label("Least").fill("5")
    window.get_by_label("Most").fill("1")
    window.get_by_role("button", name="Keep").click()
    expect(window).to_contain_text("Maximum (1) is above minimum (5)")
    window.get_by_label("Least").fill("1")
    window.get_by_label("Most").fill("5")
    window.get_by_label("Passes from").fill("4")
    found = violations(page, "the form of a score")
    assert found == [], "\n".join(found)
    window.get_by_role("button", name="Keep").click()
    expect(names.get_by_role("row").filter(has_text="stars")).to_contain_text("40 %")
    bars = page.get_by_role("region", name="Score stars").get_by_role("listitem").get_by_role("link")
    bars.filter(has=page.locator("i")).first.click()
    expect(rows(page, "Evaluations")).to_have_count(4)

    page = ui.open("/evaluations", project="scores", score="tone")
    page.get_by_role("button", name="Edit the definition").click()
    expect(window.get_by_label("Label 3", exact=True)).to_have_value("kind")
    window.get_by_role("button", name="Forget the definition").click()
    expect(page.get_by_role("button", name="Define it")).to_be_visible()
    expect(names.get_by_role("row").filter(has_text="tone")).not_to_contain_text(re.compile("best"))


@pytest.mark.covers("evaluations-in-sessions")
def test_a_session_is_evaluated_beside_its_turns_and_by_a_thumb(ui: Watched, server: RunningServer) -> None:
    judge(server, "talks")
    page = ui.open("/sessions", project="talks")
    # Of talk-1: calls 1, 4, …, 19, with 7 scores of which those of `small` are low, and 7 tones without the cold ones.
    expect(rows(page, "Sessions").filter(has_text="talk-1")).to_contain_text(re.compile(r"\d+/\d+ pass"))
    page = ui.open("/sessions/one", project="talks", id="talk-1")
    turns = page.get_by_role("region", name="Replay")
    expect(turns.get_by_role("list", name="Evaluations of this turn")).to_have_count(7)
    expect(turns.get_by_role("list", name="Evaluations of this turn").first).to_contain_text("correctness")
    said = page.get_by_role("region", name="Evaluations of this session")
    said.get_by_role("button", name="Bad").click()
    expect(said.get_by_role("listitem")).to_contain_text("feedback")
    settled(page)
    assert violations(page, "an evaluated session") == []
    asked = {"project": "talks", "session": "talk-1"}
    row = server.client.get("/api/v1/sessions/detail", params=asked).json()["evaluations"]
    assert (row["count"], row["down"]) == (22, 1)
