"""A span becomes an item of a dataset, which is changed, compared and exported; wide and narrow."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from process.servers import RunningServer

from browser.axe import violations
from browser.conftest import OpenPage
from browser.telemetry import SECOND
from browser.watch import Watched, choose, settled

PROJECT = "datasets"
TRACE, SPAN = "da" * 16, "da" * 8
ATTACK = "<img src=x onerror=alert(1)><script>alert(2)</script>\u202e"


def attribute(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def call(server: RunningServer, project: str, spans: int = 1) -> None:
    """Calls of a model, whose answers are wrong."""
    at = time.time_ns() - 20 * SECOND
    said = [{"role": "user", "content": "Capital of Peru?"}]
    answer = [{"role": "assistant", "parts": [{"type": "text", "content": "It is Cusco."}]}]
    attributes = [
        attribute("gen_ai.operation.name", "chat"), attribute("gen_ai.request.model", "m"),
        attribute("gen_ai.input.messages", json.dumps(said)), attribute("gen_ai.output.messages", json.dumps(answer)),
    ]  # fmt: skip
    sent_spans = [
        {"traceId": TRACE, "spanId": f"{int(SPAN, 16) + n:016x}", "name": "chat m" if n == 0 else f"chat m {n}",
         "startTimeUnixNano": str(at - n * SECOND), "endTimeUnixNano": str(at + SECOND), "attributes": attributes}
        for n in range(spans)
    ]  # fmt: skip
    body = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": sent_spans}]}]}
    sent = server.send(
        "traces", json.dumps(body).encode(), project=project, headers={"content-type": "application/json"}
    )
    assert sent.status_code == 200, sent.text


@pytest.mark.covers("page-datasets", "dataset-save-span", "corrections")
@pytest.mark.golden
def test_a_span_is_corrected_saved_changed_compared_and_exported(ui: Watched, server: RunningServer) -> None:
    call(server, PROJECT)
    page = ui.open("/datasets", project=PROJECT)
    expect(page.get_by_role("heading", name="No datasets yet")).to_be_visible()

    page = ui.open(f"/traces/{TRACE}", project=PROJECT, span=SPAN)
    corrections = page.get_by_role("region", name="Corrections")
    corrections.get_by_role("button", name="Correct the output").click()
    corrected = corrections.get_by_role("textbox")
    expect(corrected).to_have_value("It is Cusco.")
    corrected.fill("It was Lima.")
    settled(page)
    found = violations(page, "correcting")
    corrected.press("Control+Enter")
    difference = corrections.get_by_role("group", name="From the output to the correction")
    expect(difference.locator("del")).to_have_text(["is", "Cusco"])
    expect(difference.locator("ins")).to_have_text(["was", "Lima"])
    found += violations(page, "a correction")

    page.get_by_role("button", name="Save to dataset").click()
    window = page.get_by_role("dialog")
    expected = window.get_by_role("textbox", name="Expected output")
    expect(expected).to_have_value("It was Lima.")
    expect(window.get_by_role("combobox", name="Dataset")).to_be_focused()
    expected.fill("It is Lima.")
    window.get_by_role("combobox", name="Dataset").fill("qa/capitals")
    expect(window.get_by_text("A new one of this name is made.")).to_be_visible()
    settled(page)
    found += violations(page, "saving")
    assert found == []
    window.get_by_role("button", name="Save", exact=True).click()
    window.get_by_role("link", name="qa/capitals").click()

    page.get_by_role("grid", name="Items").get_by_role("row").nth(1).click()
    drawer = page.get_by_role("complementary", name="Item")
    expect(drawer.get_by_role("region", name="Input")).to_contain_text("Capital of Peru?")
    drawer.get_by_role("button", name="Change").click()
    window.get_by_role("textbox", name="Metadata").fill("{")
    window.get_by_role("button", name="Keep as the next version").click()
    expect(window.get_by_text("This is no JSON")).to_be_visible()
    window.get_by_role("textbox", name="Metadata").fill('{"hard": true}')
    window.get_by_role("button", name="Keep as the next version").click()
    expect(drawer.get_by_role("region", name="Metadata")).to_contain_text('"hard": true')

    choose(page, "Compare with", "Version 1")
    changed = page.get_by_role("list", name="Metadata, line by line")
    expect(changed.locator(".added")).to_contain_text(['"hard": true'])
    assert "against=1" in page.url, "a link shows a colleague the same"
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Lines of JSON").click()
    (item,) = map(json.loads, Path(download.value.path()).read_text().splitlines())
    assert (item["expected_output"], item["metadata"]) == ("It is Lima.", {"hard": True})
    assert (item["output"], item["source"]) == ("It is Cusco.", {"trace_id": TRACE, "span_id": SPAN})

    page = ui.open("/datasets", project=PROJECT, name="qa/capitals", item=item["id"])
    page.get_by_role("link", name="Open the span it came from").click()
    expect(page.get_by_role("button", name="Save to dataset")).to_be_visible()
    assert f"/traces/{TRACE}" in page.url


@pytest.mark.covers("page-datasets", "dataset-save-spans", "ui-accessibility")
def test_rows_of_a_list_are_chosen_and_saved_together(ui: Watched, server: RunningServer) -> None:
    project = "datasets-chosen"
    call(server, project, spans=5)
    page = ui.open("/traces", project=project, view="spans")
    page.get_by_role("checkbox", name="Choose chat m", exact=True).click()
    page.get_by_role("checkbox", name="Choose chat m 2").click(modifiers=["Shift"])
    expect(page.get_by_text("3 chosen")).to_be_visible()
    # The same by keys: the last row, then the one before it with all between.
    grid = page.get_by_role("grid", name="Spans")
    grid.get_by_text("chat m 4").click()
    page.keyboard.press("x")
    expect(page.get_by_role("checkbox", name="Choose chat m 4")).to_be_checked()
    page.keyboard.press("k")
    page.keyboard.press("X")
    expect(page.get_by_text("5 chosen")).to_be_visible()
    page.get_by_role("checkbox", name="Choose chat m 1").click()
    settled(page)
    found = violations(page, "chosen rows")

    window = page.get_by_role("dialog")
    for said in ("Added 4 spans in version 1 of chosen", "They are there already: nothing was changed in chosen"):
        page.get_by_role("button", name="Add to dataset…").click()
        expect(window).to_contain_text("Add 4 spans to a dataset")
        window.get_by_role("combobox", name="Dataset").fill("chosen")
        settled(page)
        found += violations(page, "saving many")
        window.get_by_role("button", name="Add", exact=True).click()
        expect(window.get_by_role("status")).to_contain_text(said)
        if said.startswith("Added"):
            window.get_by_role("button", name="Done").click()
            expect(page.get_by_text("4 chosen")).to_have_count(0)
            page.get_by_role("checkbox", name="Choose all rows that are loaded").click()
            page.get_by_role("checkbox", name="Choose chat m 1").click()
    window.get_by_role("link", name="chosen").click()
    expect(page.get_by_role("grid", name="Items")).to_have_attribute("aria-rowcount", "5")
    assert found == []


@pytest.mark.covers("page-datasets", "ui-accessibility")
@pytest.mark.parametrize("width", [1280, 390])
def test_everybody_can_use_it_and_hostile_text_is_text(new_page: OpenPage, server: RunningServer, width: int) -> None:
    project = f"datasets-{width}"
    server.client.post("/api/v1/projects", json={"name": project})
    item = {"id": "evil", "input": ATTACK, "expected_output": [ATTACK], "metadata": {ATTACK: ATTACK * 20}}
    for change in (
        {"put": [item], "description": ATTACK, "message": ATTACK},
        {"put": [{"id": "evil", "input": "mild"}]},
    ):
        made = server.client.post("/api/v1/datasets", params={"project": project}, json={"name": "evil", **change})
        assert made.status_code == 201, made.text
    ui: Watched = new_page(width=width, height=844)
    page = ui.open("/datasets", project=project)
    expect(page.get_by_role("row").nth(1)).to_contain_text("evil")
    found = violations(page, "the list")
    page = ui.go("/datasets", project=project, name="evil", version="1", item="evil")
    expect(page.get_by_role("region", name="Input")).to_contain_text("<script>")
    found += violations(page, "an item")
    page = ui.go("/datasets", project=project, name="evil", version="2", against="1")
    expect(page.get_by_role("list", name="Input, line by line")).to_contain_text("<script>")
    found += violations(page, "a difference")
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("main img, main script").count() == 0
    assert ui.dialogs == ui.foreign == []
