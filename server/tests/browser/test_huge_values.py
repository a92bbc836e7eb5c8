"""Values of two megabytes: shown cut, with their size, to be had whole, and the page stays alive."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect
from process.servers import RunningServer

from browser.shop import host_of
from browser.telemetry import MS, Logs, Spans
from browser.watch import COUNT_FRAMES, Watched, assert_alive, filter_by, rows, settled

PROJECT, TRACE, SPAN = "huge", "2b" * 16, "2c" * 8
SIZE = 2 * 1024 * 1024
MOST_CHARACTERS = 300_000
"""In the page at once before anybody asks for a value whole: cut values, and several of them."""


@dataclass(frozen=True)
class Huge:
    """What was sent."""

    text: str
    json: str
    word: str
    body: str


@pytest.fixture(scope="module")
def huge(server: RunningServer) -> Huge:
    """A span with three attributes of two megabytes, and a log record with such a body.

    The keys are those of content: of other attributes the receiver keeps one megabyte.
    """
    line = 'Ünïcödé 漢字 🦊 and\ttabs, "quotes", <b>tags</b> & a line\'s end\r\n'
    text = "begin " + line * (SIZE // len(line.encode()) + 1) + "the very end"
    items = [{"id": n, "name": f"item {n}", "tags": ["a", "é", None], "price": n / 7} for n in range(30_000)]
    made = Huge(text, json.dumps({"items": items}), "w" * (SIZE - 1) + "!", "log " + text)
    assert min(len(value.encode()) for value in (made.text, made.json, made.word, made.body)) >= SIZE
    start = time.time_ns() - 60_000 * MS
    spans, logs = Spans(), Logs()
    spans.add(host_of("talker"), TRACE, SPAN, "say everything", start, start + 9 * MS,
              attributes={"text.content": made.text, "json.content": made.json, "word.content": made.word, "brief": "x"})  # fmt: skip
    logs.add(host_of("talker"), start + MS, "INFO", made.body, trace=TRACE, span=SPAN)
    for signal, body in (("traces", spans.body()), ("logs", logs.body())):
        answer = server.send(signal, body, project=PROJECT)
        assert (answer.status_code, answer.content) == (200, b""), answer.text
    return made


def opened(ui: Watched, path: str, **search: str) -> Page:
    ui.always_run(COUNT_FRAMES)
    return ui.go(path, project=PROJECT, **search)


def downloaded(page: Page, link: Locator) -> bytes:
    with page.expect_download() as begun:
        link.click()
    return begun.value.path().read_bytes()


def attribute(page: Page, key: str) -> Locator:
    return page.get_by_role("complementary", name="Span").locator(".t-attr").filter(has_text=key)


@pytest.mark.covers("ui-2mb-attribute")
def test_attributes_of_two_megabytes_open_cut_and_download_whole(ui: Watched, huge: Huge) -> None:
    page = opened(ui, f"/traces/{TRACE}", span=SPAN, tab="attributes")
    for key, value in (("text.content", huge.text), ("json.content", huge.json), ("word.content", huge.word)):
        shown = attribute(page, key)
        expect(shown).to_contain_text(value[:20])
        expect(shown.get_by_text(re.compile(rf"Cut at [\d,]+ of {len(value):,} characters"))).to_be_visible()
        assert downloaded(page, shown.get_by_role("link", name="Download")) == value.encode()
        assert_alive(page)
    expect(attribute(page, "brief")).to_be_visible()
    assert page.evaluate("document.body.textContent.length") < MOST_CHARACTERS


@pytest.mark.covers("ui-2mb-attribute")
@pytest.mark.parametrize("kind", ["text", "json", "word"])
def test_an_attribute_of_two_megabytes_can_be_read_in_the_page(ui: Watched, huge: Huge, kind: str) -> None:
    page = opened(ui, f"/traces/{TRACE}", span=SPAN, tab="attributes")
    shown = attribute(page, f"{kind}.content")
    shown.get_by_role("button", name="Load whole").click()
    value: str = getattr(huge, kind)
    expect(shown).to_contain_text(value[-10:].strip())
    assert_alive(page)
    # What a text node cannot say otherwise: it is all there, in pieces.
    pieces = shown.locator("pre").evaluate_all("(all) => all.map((pre) => pre.textContent).join('')")
    assert pieces == value
    page.get_by_role("tab", name=re.compile("Events")).click()
    expect(page.get_by_text("This span has no events")).to_be_visible()
    assert_alive(page)


@pytest.mark.covers("ui-2mb-attribute")
def test_a_log_body_of_two_megabytes_opens_cut_and_downloads_whole(ui: Watched, huge: Huge) -> None:
    page = opened(ui, "/logs")
    rows(page, "Log records").first.click()
    record = page.get_by_role("complementary", name="Log record")
    expect(record.get_by_text(f"Cut at 16,384 of {len(huge.body):,} characters")).to_be_visible()
    assert_alive(page)
    assert page.evaluate("document.body.textContent.length") < MOST_CHARACTERS
    assert downloaded(page, record.get_by_role("link", name="Download")) == huge.body.encode()

    record.get_by_role("button", name="Load whole").click()
    record.get_by_role("button", name=re.compile("Show all")).click()
    expect(record.get_by_text(re.compile(r"The first 400,000 of [\d,]+ characters"))).to_be_visible()
    assert_alive(page)
    record.get_by_text("Context", exact=True).click()
    settled(page)
    assert_alive(page)


@pytest.mark.covers("ui-2mb-attribute")
def test_lists_facets_and_completion_of_huge_values_stay_small(ui: Watched, huge: Huge) -> None:
    page = opened(ui, "/traces", view="spans")
    expect(rows(page, "Spans")).to_have_count(1)
    box = page.get_by_role("combobox", name="Filter")
    box.press_sequentially("word.content:")
    expect(page.get_by_role("option").filter(has_text="wwww").first).to_be_visible()
    assert_alive(page)
    assert page.evaluate("document.body.textContent.length") < MOST_CHARACTERS
    filter_by(page, "brief:x")
    expect(rows(page, "Spans")).to_have_count(1)
