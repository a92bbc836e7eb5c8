"""One trace as it grows, and the way between a line of log and the span that wrote it."""

from __future__ import annotations

import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Route, expect
from process.servers import RunningServer, eventually

from browser.conftest import OpenPage
from browser.shop import Shop, host_of
from browser.telemetry import SECOND, Spans
from browser.watch import Watched, filter_by, moved, pick, rows, settled

pytestmark = pytest.mark.covers("page-trace")

TRACE, ROOT, CHILD = "4e" * 16, "4e" * 8, "4f" * 8


@pytest.mark.golden
def test_a_trace_that_still_runs_says_so_and_grows_by_itself(ui: Watched, server: RunningServer) -> None:
    """A job of hours is watched while it runs: its span came at its start, and comes again at its end."""
    began = time.time_ns() - 20 * SECOND
    who = host_of("trainer")

    def send(*spans: tuple[str, str, int, int]) -> None:
        sent = Spans()
        for span, name, start, end in spans:
            sent.add(who, TRACE, span, name, start, end, parent="" if span == ROOT else ROOT)
        assert server.send("traces", sent.body(), project="shop-running").status_code == 200

    send((ROOT, "train fraud", began, 0))
    page = ui.open("/traces", project="shop-running")
    expect(rows(page, "Traces").first).to_contain_text("running")
    pick(rows(page, "Traces").first)
    page.get_by_role("complementary", name="Trace").get_by_role("link", name="Open trace").click()
    settled(page)
    heading = page.locator(".t-head")
    expect(heading).to_contain_text("running")
    expect(heading).to_contain_text("so far")
    spans = page.get_by_role("tree", name="Spans").get_by_role("treeitem")
    expect(spans).to_have_count(1)
    expect(spans.first).to_contain_text("running")

    send((CHILD, "epoch 1", began + SECOND, began + 3 * SECOND), (ROOT, "train fraud", began, began + 4 * SECOND))
    expect(spans).to_have_count(2)
    expect(spans.first).to_contain_text("4.00")
    expect(heading).not_to_contain_text("so far")
    expect(heading).not_to_contain_text("running")


@pytest.mark.golden
def test_from_a_log_to_its_span_and_back_to_where_one_was(ui: Watched, shop: Shop) -> None:
    page = ui.open("/logs", project="shop")
    filter_by(page, '"lock wait"')
    expect(rows(page, "Log records")).to_have_count(len(shop.failed))
    pick(rows(page, "Log records").first)
    record = page.get_by_role("complementary", name="Log record")
    record.get_by_role("link", name="Open its span").click()
    settled(page)
    expect(page).to_have_url(re.compile(f"/traces/{shop.failed[-1]}"))
    selected = page.get_by_role("tree", name="Spans").locator("[aria-selected=true]")
    expect(selected).to_contain_text("GET /features features")
    span = page.get_by_role("complementary", name="Span")
    span.get_by_role("tab", name="Logs").click()
    span.get_by_label(re.compile("Only this span")).check()
    written = span.get_by_role("tabpanel", name="Logs")
    expect(written.get_by_text("lock wait of 1400 ms on customer_features")).to_be_visible()
    expect(written.get_by_text("checkout failed")).to_have_count(0)

    page.go_back()
    settled(page)
    expect(record.get_by_label("body", exact=True)).to_have_text("lock wait of 1400 ms on customer_features")
    expect(rows(page, "Log records")).to_have_count(len(shop.failed))


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_moves_under_the_pointer_when_what_stands_above_comes_late(
    new_page: OpenPage, shop: Shop, width: int
) -> None:
    """Errors, predictions and evaluations stand above a trace's spans and a span's tabs, and are asked for apart."""
    ui = new_page(width=width)
    late = re.compile(r"/api/v1/(errors|traces/[0-9a-f]+/(predictions|evaluations))")

    def slowly(route: Route) -> None:
        time.sleep(0.2)
        route.continue_()

    ui.page.route(late, slowly)
    page = ui.open(f"/traces/{shop.failed[0]}", project="shop")
    expect(page.get_by_role("list", name="Errors of this trace")).to_be_visible()
    assert moved(page, "[role=treeitem]") == []
    page.get_by_role("treeitem").filter(has_text="GET /features features").click()
    settled(page)
    span = parse_qs(urlsplit(page.url).query)["span"][0]
    # Beside the list of spans it is shown before anybody has asked for what stands above its tabs.
    ui.open("/traces", project="shop", sel=f"{shop.failed[0]}/{span}")
    expect(page.get_by_role("complementary").get_by_role("list", name="Errors of this trace")).to_be_visible()
    assert moved(page, "[role=tablist]") == []


def test_a_span_is_zoomed_to_and_its_critical_path_shown(ui: Watched, shop: Shop) -> None:
    """The keys that the help window lists for this page do what it says."""
    page = ui.open(f"/traces/{shop.failed[0]}", project="shop")
    tree = page.get_by_role("tree", name="Spans")
    page.keyboard.press("j")
    expect(tree.locator("[aria-selected=true]")).to_contain_text("POST /checkout")
    page.keyboard.press("j")
    expect(tree.locator("[aria-selected=true]")).to_contain_text("SELECT carts")
    expect(tree.locator("[aria-selected=true] .t-bar")).to_be_visible()
    before = tree.locator("[aria-selected=true] .t-bar").bounding_box()
    page.keyboard.press("f")
    expect(page.locator(".t-shade").first).to_be_attached()
    after = tree.locator("[aria-selected=true] .t-bar").bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] > 10 * before["width"]
    page.keyboard.press("f")
    expect(page.locator(".t-shade")).to_have_count(0)

    page.keyboard.press("c")
    expect(page.get_by_role("button", name="Critical path")).to_have_attribute("aria-pressed", "true")
    critical = tree.get_by_role("treeitem").filter(has=page.locator(".t-bar.critical"))
    expect(critical.filter(has_text="SELECT customer_features")).to_have_count(1)
    page.get_by_role("button", name="Collapse all").click()
    expect(tree.get_by_role("treeitem")).to_have_count(4)
    page.get_by_role("button", name="Expand all").click()
    expect(tree.get_by_role("treeitem")).to_have_count(9)


def test_attributes_are_searched_and_copied(ui: Watched, shop: Shop) -> None:
    page = ui.open(f"/traces/{shop.failed[0]}", project="shop")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("treeitem").first.click()
    span = page.get_by_role("complementary", name="Span")
    span.get_by_label("Search attributes").fill("sku")
    expect(span.locator(".t-attr")).to_have_count(1)
    span.get_by_role("button", name="Copy shop.sku").click()
    eventually(lambda: page.evaluate("navigator.clipboard.readText()").startswith("SKU-"), "the copied value")
    span.get_by_label("Search attributes").fill("zebra")
    expect(span.get_by_text("No attribute holds “zebra”")).to_be_visible()
