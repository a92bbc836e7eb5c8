"""What a tired person must not misread: nothing empty is shown, nothing different is mixed, nothing hides."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect
from process.servers import RunningServer

from browser.shop import BOUNDS, Shop, host_of
from browser.telemetry import SECOND, Metrics
from browser.watch import Watched, settled


@pytest.mark.covers("ui-shell")
@pytest.mark.parametrize("width", [1440, 390])
def test_settings_show_their_projects_without_scrolling(ui: Watched, shop: Shop, width: int) -> None:
    ui.page.set_viewport_size({"width": width, "height": 844})
    page = ui.open("/settings", project="shop")
    table = page.get_by_role("region", name="Projects")
    expect(table.get_by_role("row").nth(1)).to_be_in_viewport(ratio=0.5)
    expect(page.get_by_text("A project keeps its telemetry to itself")).to_be_in_viewport(ratio=1)


@pytest.fixture(scope="module")
def named_alike(server: RunningServer) -> str:
    """A project in which one name is a histogram in seconds, another in milliseconds, and a gauge."""
    sent, now = Metrics(), time.time_ns()
    old, new, hand = host_of("old"), host_of("new"), host_of("hand")
    for n in range(8):
        at = now - (8 - n) * 60 * SECOND
        sent.histogram(new, "call.duration", at - 60 * SECOND, at, BOUNDS, [0, 0, 4, 0, 0, 0, 0, 0], total=0.8)
        if n > 3:
            sent.histogram(
                old, "call.duration", at - 60 * SECOND, at, [50, 500], [0, 9, 0], total=1_800, unit="ms"
            )  # fmt: skip
            sent.gauge(hand, "call.duration", at, 42, unit="s")
    assert server.send("metrics", sent.body(), project="alike").status_code == 200
    return "alike"


@pytest.mark.covers("page-metrics")
def test_metrics_of_one_name_are_separate_choices_and_never_one_line(ui: Watched, named_alike: str) -> None:
    page = ui.open("/metrics-explorer", project=named_alike)
    entries = page.get_by_role("listbox", name="Metrics").get_by_role("option")
    expect(entries).to_have_count(3)
    series = page.get_by_role("region", name="Series").locator("tbody tr")

    entries.filter(has_text="histogram · ms").click()
    expect(page).to_have_url(re.compile(r"kind=histogram%3Ams"))
    expect(entries.filter(has_text="histogram · ms")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_text("histogram in ms")).to_be_visible()
    page.get_by_role("combobox", name="Group by").click()
    page.get_by_role("option", name="service", exact=True).click()
    page.keyboard.press("Escape")
    expect(series).to_have_count(1)
    expect(series).to_contain_text("old")
    expect(series).to_contain_text(re.compile(r"\d+(\.\d+)?ms"))

    page.get_by_role("note").get_by_role("button", name="gauge in s").click()
    settled(page)
    expect(page).to_have_url(re.compile(r"kind=gauge%3As"))
    expect(page.get_by_role("combobox", name="Show", exact=True)).to_have_value("average")
    expect(series.first).to_contain_text("42")
    page.go_back()
    expect(page.get_by_role("combobox", name="Show", exact=True)).to_have_value("quantile")

    # A name alone means the one with the most points.
    page = ui.go("/metrics-explorer", project=named_alike, name="call.duration", by="service")
    expect(series).to_have_count(1)
    expect(series).to_contain_text("new")
    expect(page.get_by_role("note").get_by_role("button")).to_have_count(2)


@pytest.mark.covers("page-traces", "page-trace")
def test_columns_that_nothing_fills_are_not_there(ui: Watched, shop: Shop) -> None:
    page = ui.open("/traces", project="shop", q="service:features")
    traces = page.get_by_role("grid", name="Traces")
    expect(traces.get_by_role("columnheader", name="Duration")).to_be_visible()
    for empty in ("Cost", "Tokens", "Model"):
        expect(traces.get_by_role("columnheader", name=empty)).to_have_count(0)
    page = ui.go(f"/traces/{shop.failed[0]}", project="shop")
    expect(page.locator(".t-ruler")).to_have_text(re.compile("^Span0"))


@pytest.mark.covers("page-trace")
def test_the_flame_view_has_a_time_axis(ui: Watched, shop: Shop) -> None:
    page = ui.open(f"/traces/{shop.failed[0]}", project="shop", view="flame")
    expect(page.locator(".t-axis i").first).to_have_text("0")
    expect(page.locator(".t-axis i").nth(1)).to_have_text(re.compile("ms|s"))


@pytest.mark.covers("page-trace", "page-sql")
def test_a_value_leads_to_all_values_of_its_key(ui: Watched, shop: Shop) -> None:
    page = ui.open(f"/traces/{shop.failed[0]}", project="shop")
    page.get_by_role("treeitem").first.click()
    span = page.get_by_role("complementary", name="Span")
    span.get_by_role("button", name="web", exact=True).first.click()
    page.get_by_role("menuitem", name="Group by this in SQL").click()
    settled(page)
    page.get_by_role("button", name="Run").first.click()
    result = page.get_by_role("grid", name=re.compile("Result", re.IGNORECASE))
    for service in ("web", "scoring", "features"):
        expect(result).to_contain_text(service)
    expect(result).to_contain_text("p95_ms")
