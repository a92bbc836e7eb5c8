"""From a list of traces to the line of log that explains one of them."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect
from process.servers import RunningServer

from browser.shop import Shop, host_of
from browser.telemetry import MS, Spans
from browser.watch import Watched, filter_by, pick, rows, settled


@pytest.mark.covers("page-traces")
@pytest.mark.golden
def test_traces_are_narrowed_by_typing_and_by_facet(ui: Watched, shop: Shop) -> None:
    """The filter is in the address, and every band of the page follows it."""
    page = ui.open("/traces", project="shop")
    total = len(shop.orders) + len(shop.chats)
    expect(page.get_by_role("status").filter(has_text=f"{total} traces")).to_be_visible()

    filter_by(page, "status:error")
    expect(page.get_by_role("status").filter(has_text=f"{len(shop.failed)} traces")).to_be_visible()
    expect(page).to_have_url(re.compile(r"q=status%3Aerror"))
    assert set(rows(page, "Traces").locator(".k-badge.error").all_inner_texts()) == {"3 errors"}

    facets = page.get_by_role("navigation", name="Facets")
    facets.get_by_role("button", name=re.compile(r"^features ")).click()
    expect(page.get_by_role("button", name="Remove service:features")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text=f"{len(shop.failed)} traces")).to_be_visible()

    page.get_by_role("button", name="Remove status:error").click()
    expect(page.get_by_role("status").filter(has_text=f"{len(shop.orders)} traces")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("status").filter(has_text=f"{len(shop.failed)} traces")).to_be_visible()


def test_what_is_wrong_with_a_filter_is_said_once(ui: Watched, shop: Shop) -> None:
    page = ui.open("/traces", project="shop", q="duration_ms:>x")
    expect(page.get_by_role("alert")).to_contain_text("duration_ms")
    expect(page.get_by_text("Nothing: the filter has an error.").first).to_be_visible()
    assert page.get_by_role("alert").count() == 1


@pytest.mark.covers("page-traces")
def test_keys_and_values_of_the_filter_are_completed(ui: Watched, shop: Shop) -> None:
    page = ui.open("/traces", project="shop")
    box = page.get_by_role("combobox", name="Filter")
    box.press_sequentially("http.rou")
    page.get_by_role("option").filter(has_text="http.route:").click()
    page.get_by_role("option").filter(has_text="/checkout").click()
    expect(page.get_by_role("status").filter(has_text=f"{len(shop.orders)} traces")).to_be_visible()


@pytest.mark.covers("page-traces")
def test_a_brush_on_a_chart_sets_time_and_duration(ui: Watched, shop: Shop) -> None:
    """Count and heatmap say in words what they draw, and a box on the heatmap narrows both axes."""
    page = ui.open("/traces", project="shop")
    expect(page.get_by_role("figure", name="Spans over time").locator("canvas")).to_be_visible()
    heatmap = page.get_by_role("figure", name="Duration over time")
    expect(heatmap.get_by_role("img", name=re.compile("Most spans, "))).to_be_visible()

    box = heatmap.locator(".k-heat").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 40, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"from=20.*q=duration_ms"))
    settled(page)

    page.get_by_role("button", name="Spans over time: show as table").click()
    expect(page.get_by_role("region", name="Chart data").get_by_role("row").nth(1)).to_be_visible()


@pytest.mark.covers("page-trace", "page-logs")
@pytest.mark.golden
def test_from_a_failed_order_to_the_log_line_that_explains_it(ui: Watched, shop: Shop) -> None:
    """The walk of an on-call night: list, trace, span, its event, its logs, and on to Logs."""
    page = ui.open("/traces", project="shop", q="status:error", sort="-start_time")
    pick(rows(page, "Traces").first)
    drawer = page.get_by_role("complementary", name="Trace")
    drawer.get_by_role("link", name="Open trace").click()
    expect(page).to_have_url(re.compile(f"/traces/{shop.failed[-1]}"))
    settled(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("POST /checkout")

    tree = page.get_by_role("tree", name="Spans")
    expect(tree.get_by_role("treeitem")).to_have_count(9)
    expect(tree.get_by_role("treeitem").nth(0)).to_have_attribute("aria-level", "1")
    # What stands above the tree moves it: not while it is clicked.
    expect(page.get_by_role("list", name="Errors of this trace").get_by_role("listitem")).to_have_count(2)
    tree.get_by_role("treeitem").filter(has_text="GET /features features").click()

    span = page.get_by_role("complementary", name="Span")
    expect(span.get_by_text("customer_features is locked")).to_be_visible()
    span.get_by_role("tab", name=re.compile("Attributes")).click()
    expect(span.get_by_text("/features/{customer}")).to_be_visible()
    expect(span.get_by_text("features-host")).to_be_visible()
    span.get_by_role("tab", name=re.compile("Events")).click()
    expect(span.get_by_role("button", name="TimeoutError", exact=True)).to_be_visible()
    span.get_by_role("tab", name="Logs").click()
    expect(span.get_by_text("lock wait of 1400 ms on customer_features")).to_be_visible()

    span.get_by_role("link", name="All in Logs").click()
    settled(page)
    expect(rows(page, "Log records")).to_have_count(4)
    expect(page.get_by_role("grid", name="Log records")).to_contain_text("checkout failed")


@pytest.mark.covers("page-trace")
def test_a_waterfall_is_walked_by_keys_and_folded(ui: Watched, shop: Shop) -> None:
    page = ui.open(f"/traces/{shop.failed[0]}", project="shop")
    tree = page.get_by_role("tree", name="Spans")
    tree.focus()
    tree.press("End")
    expect(page).to_have_url(re.compile("span="))
    tree.press("Home")
    root = tree.get_by_role("treeitem").first
    expect(root).to_have_attribute("aria-selected", "true")
    tree.press("ArrowLeft")
    expect(tree.get_by_role("treeitem")).to_have_count(1)
    expect(root).to_contain_text("⚠ 2")
    tree.press("ArrowRight")
    expect(tree.get_by_role("treeitem")).to_have_count(9)
    page.keyboard.press("e")
    expect(tree.locator("[aria-selected=true]")).to_contain_text("POST /score")

    page.get_by_label("Search inside this trace").fill("customer_features")
    expect(page.get_by_role("status").filter(has_text=re.compile("match"))).to_be_visible()
    page.get_by_label("Search inside this trace").press("Enter")
    expect(tree.locator("[aria-selected=true]")).to_contain_text("features")


@pytest.mark.covers("page-trace")
def test_the_flame_view_is_an_address_and_selects_spans(ui: Watched, shop: Shop) -> None:
    page = ui.open(f"/traces/{shop.failed[0]}", project="shop")
    page.get_by_text("Flame", exact=True).click()
    expect(page).to_have_url(re.compile("view=flame"))
    flame = page.get_by_role("region", name=re.compile("Flame"))
    expect(flame.get_by_role("img", name=re.compile("9 spans"))).to_be_visible()
    flame.locator("canvas").click(position={"x": 40, "y": 9})
    expect(page.get_by_role("complementary", name="Span")).to_be_visible()


@pytest.mark.covers("page-trace")
def test_host_metrics_stand_beside_the_span_that_ran_there(ui: Watched, shop: Shop) -> None:
    page = ui.open(f"/traces/{shop.failed[0]}", project="shop")
    page.get_by_role("treeitem").first.click()
    span = page.get_by_role("complementary", name="Span")
    span.get_by_role("tab", name="Host").click()
    host = span.get_by_role("region", name="host web-host")
    expect(host.get_by_role("figure", name="CPU of web-host").locator("canvas")).to_be_visible()
    expect(host).to_contain_text("Sampled every 30 s, none of it within this span")
    expect(host.get_by_role("link", name="Metrics: system.cpu.utilization")).to_have_attribute(
        "href", re.compile("name=system.cpu.utilization.*host.name")
    )


@pytest.mark.covers("page-trace")
def test_a_model_call_shows_messages_tokens_and_cost(ui: Watched, shop: Shop) -> None:
    page = ui.open(f"/traces/{shop.chats[0]}", project="shop")
    page.get_by_role("treeitem", name=re.compile("chat claude")).first.click()
    span = page.get_by_role("complementary", name="Span")
    expect(span.get_by_text("Where is my order 1?")).to_be_visible()
    expect(span.get_by_text("It left the warehouse today.")).to_be_visible()
    expect(span.get_by_role("tabpanel").get_by_text("1,200 input")).to_be_visible()


@pytest.mark.covers("page-trace")
def test_links_open_the_other_trace(ui: Watched, server: RunningServer, shop: Shop) -> None:
    """A queue's consumer links to its producer."""
    sent, start = Spans(), time.time_ns()
    sent.add(host_of("mailer"), "5e" * 16, "5e" * 8, "send receipt", start, start + 9 * MS,
             links=[(shop.orders[0], "ab" * 8, {"messaging.batch": "7"})])  # fmt: skip
    assert server.send("traces", sent.body(), project="shop-mail").status_code == 200
    page = ui.open(f"/traces/{'5e' * 16}", project="shop-mail")
    page.get_by_role("treeitem").first.click()
    page.get_by_role("tab", name=re.compile("Links")).click()
    expect(page.get_by_text("messaging.batch")).to_be_visible()
    expect(page.get_by_role("link", name="Open trace")).to_have_attribute("href", re.compile(shop.orders[0]))


def test_an_unknown_trace_says_where_it_may_be(ui: Watched, shop: Shop) -> None:
    page = ui.open(f"/traces/{'0e' * 16}", project="shop")
    expect(page.get_by_text("No trace " + "0e" * 16 + " in project shop")).to_be_visible()
    expect(page.get_by_role("link", name="Search all of this project")).to_be_visible()


@pytest.mark.covers("page-traces")
@pytest.mark.golden
def test_a_trace_that_arrives_is_shown_without_reloading(ui: Watched, server: RunningServer) -> None:
    """Live: also on a page that was empty."""
    server.client.post("/api/v1/projects", json={"name": "shop-live"}).raise_for_status()
    page = ui.open("/traces", project="shop-live", live="1")
    expect(page.get_by_text("No traces in project shop-live")).to_be_visible()
    expect(page.get_by_text("● live")).to_be_visible()
    send_span(server, "first light", 1)
    expect(rows(page, "Traces")).to_have_count(1)
    send_span(server, "second sight", 2)
    expect(rows(page, "Traces").first).to_contain_text("second sight")

    page.get_by_role("button", name="Live: on").click()
    expect(page).not_to_have_url(re.compile("live=1"))


def send_span(server: RunningServer, name: str, number: int, project: str = "shop-live") -> None:
    """One span that ended now."""
    sent, now = Spans(), time.time_ns()
    sent.add(host_of("lamp"), f"{number:032x}", f"{number:016x}", name, now - 5 * MS, now)
    assert server.send("traces", sent.body(), project=project).status_code == 200


@pytest.mark.covers("page-traces")
def test_rows_are_traces_or_spans_and_sort_by_what_the_reader_asks(ui: Watched, shop: Shop) -> None:
    page: Page = ui.open("/traces", project="shop")
    page.get_by_role("button", name="Duration", exact=True).click()
    expect(page).to_have_url(re.compile("sort=-duration_ms"))
    expect(rows(page, "Traces").first).to_contain_text("invoke_agent parcel-helper")
    page.get_by_role("radiogroup", name="Rows").get_by_text("Spans", exact=True).click()
    expect(rows(page, "Spans").first).to_be_visible()
    expect(page).to_have_url(re.compile("view=spans"))
