"""A trace of 50,000 spans is opened, scrolled, searched, folded and drawn as a flame, and the page stays alive."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from process.servers import RunningServer

from bench import long_trace
from browser.watch import COUNT_FRAMES, Watched, assert_alive, settled

PROJECT = "night"
MOST_ROWS = 500
SPANS = f"{long_trace.SPANS:,}"
OpenTrace = Callable[..., Page]


@pytest.fixture(scope="module")
def night(server: RunningServer) -> str:
    """The trace id of the long trace, all of which has arrived."""
    for body, _ in long_trace.requests(time.time_ns() - 3_700 * 10**9):
        answer = server.send("traces", body, project=PROJECT)
        assert (answer.status_code, answer.content) == (200, b""), answer.text
    return long_trace.TRACE_ID


@pytest.fixture
def open_trace(ui: Watched, night: str) -> OpenTrace:
    """Opens it on a page that counts its frames."""

    def opened(**search: str) -> Page:
        ui.always_run(COUNT_FRAMES)
        page = ui.open(f"/traces/{night}", project=PROJECT, **search)
        expect(page.get_by_role("heading", level=1)).to_have_text(long_trace.FIRST)
        return page

    return opened


def tree_of(page: Page) -> Locator:
    return page.get_by_role("tree", name="Spans")


def has_a_window_of_rows(page: Page) -> bool:
    """Only rows near what is seen are in the page, and frames still come."""
    assert_alive(page)
    return 0 < tree_of(page).get_by_role("treeitem").count() < MOST_ROWS


@pytest.mark.covers("ui-50k-spans")
def test_fifty_thousand_spans_open_as_a_window_of_rows(open_trace: OpenTrace) -> None:
    page = open_trace()
    expect(page.get_by_text(f"{SPANS} spans")).to_be_visible()
    expect(page.get_by_text("loaded")).to_have_count(0)
    first = tree_of(page).get_by_role("treeitem").first
    expect(first).to_contain_text(long_trace.FIRST)
    expect(first).to_be_visible()
    assert has_a_window_of_rows(page)
    expect(page.get_by_role("img", name=re.compile("The whole trace"))).to_be_visible()


@pytest.mark.covers("ui-50k-spans")
def test_the_last_span_is_reached_by_key_and_by_wheel(open_trace: OpenTrace) -> None:
    page = open_trace()
    tree = tree_of(page)
    last = tree.get_by_role("treeitem").filter(has_text=long_trace.LAST)
    tree.focus()
    tree.press("End")
    expect(last).to_be_in_viewport()
    expect(last).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("complementary", name="Span")).to_contain_text(long_trace.LAST)
    assert has_a_window_of_rows(page)
    tree.press("Home")
    expect(tree.get_by_role("treeitem").filter(has_text=long_trace.FIRST)).to_be_in_viewport()

    tree.hover()
    for _ in range(10):
        page.mouse.wheel(0, 120)
    expect(tree.get_by_role("treeitem").filter(has_text=long_trace.FIRST)).to_have_count(0)
    assert has_a_window_of_rows(page)
    page.mouse.wheel(0, 10_000_000)
    expect(last).to_be_in_viewport()
    assert has_a_window_of_rows(page)


@pytest.mark.covers("ui-50k-spans")
def test_errors_and_matches_are_found_among_fifty_thousand(open_trace: OpenTrace) -> None:
    page = open_trace()
    page.get_by_role("button", name=f"{long_trace.ERRORS} errors").click()
    chosen = tree_of(page).locator("[aria-selected=true]")
    expect(chosen).to_contain_text("SELECT features")
    expect(chosen).to_be_in_viewport()
    expect(page.get_by_role("complementary", name="Span")).to_contain_text("lock timeout")

    find = page.get_by_label("Search inside this trace")
    find.press_sequentially(f"step {long_trace.DEPTH}")
    expect(page.get_by_role("status").filter(has_text=re.compile(r"^1 match$"))).to_be_visible()
    find.press("Enter")
    expect(chosen).to_contain_text(f"step {long_trace.DEPTH}")
    expect(chosen).to_be_in_viewport()
    # Every step called the next one, and the night's run the first.
    expect(chosen).to_have_attribute("aria-level", str(long_trace.DEPTH + 1))
    assert has_a_window_of_rows(page)


@pytest.mark.covers("ui-50k-spans")
def test_all_of_it_is_folded_and_unfolded(open_trace: OpenTrace) -> None:
    page = open_trace()
    tree = tree_of(page)
    page.get_by_role("button", name="Collapse all").click()
    shard = tree.get_by_role("treeitem").filter(has_text="shard 000")
    expect(shard).to_have_attribute("aria-expanded", "false")
    expect(tree.get_by_role("treeitem").filter(has_text="shard 001")).to_be_visible()
    tree.focus()
    tree.press("End")
    expect(tree.get_by_role("treeitem").filter(has_text=long_trace.LAST)).to_be_in_viewport()
    tree.press("Home")
    shard.click()
    tree.press("ArrowRight")
    expect(tree.get_by_role("treeitem").filter(has_text="score record").first).to_be_visible()

    page.get_by_role("button", name="Expand all").click()
    tree.press("End")
    expect(tree.get_by_role("treeitem").filter(has_text=long_trace.LAST)).to_be_in_viewport()
    assert has_a_window_of_rows(page)


@pytest.mark.covers("ui-50k-spans")
def test_all_of_it_is_drawn_as_a_flame(open_trace: OpenTrace) -> None:
    page = open_trace(view="flame")
    flame = page.get_by_role("region", name=re.compile("Flame"))
    expect(flame.get_by_role("img", name=re.compile(f"{long_trace.SPANS} spans in"))).to_be_visible()
    # Something is painted: the first lane, which is the root's, is of its colour from end to end.
    painted = flame.locator("canvas").evaluate(
        """(canvas) => {
          const pixels = canvas.getContext('2d').getImageData(0, 8, canvas.width, 1).data
          let opaque = 0
          for (let i = 3; i < pixels.length; i += 4) opaque += pixels[i] > 0
          return opaque / canvas.width
        }"""
    )
    assert painted > 0.9
    flame.locator("canvas").click(position={"x": 300, "y": 9})
    expect(page.get_by_role("complementary", name="Span")).to_contain_text(long_trace.FIRST)
    page.get_by_text("Waterfall", exact=True).click()
    settled(page)
    assert has_a_window_of_rows(page)
