"""A reviewer says what they think of an answer, sees what others said, and thinks again."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import expect
from process.servers import RunningServer, eventually

from browser.axe import violations
from browser.shop import host_of
from browser.telemetry import SECOND, Spans
from browser.watch import Watched, settled

TRACE, SPAN = "5e" * 16, "5e" * 8


@pytest.mark.covers("evaluations-ui")
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
    of_span.get_by_role("button", name="Save").click()
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
