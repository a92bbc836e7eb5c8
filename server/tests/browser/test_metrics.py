"""Metrics: found, grouped, turned into rates and quantiles, and compared with an earlier time."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.shop import Shop
from browser.watch import Watched, choose, settled

pytestmark = pytest.mark.covers("page-metrics")


@pytest.mark.golden
def test_a_metric_is_found_grouped_and_compared(ui: Watched, shop: Shop, tmp_path: Path) -> None:
    """Each step is in the address, so the last one is what gets pasted into an incident."""
    page = ui.open("/metrics-explorer", project="shop")
    page.get_by_label("Find a metric").fill("cpu")
    page.get_by_role("option").filter(has_text="system.cpu.utilization").click()
    expect(page.get_by_role("heading", name="system.cpu.utilization")).to_be_visible()
    expect(page.get_by_role("figure", name="system.cpu.utilization").locator("canvas")).to_be_visible()

    page.get_by_role("combobox", name="Group by").click()
    page.get_by_role("option", name="service", exact=True).click()
    page.keyboard.press("Escape")
    series = page.get_by_role("region", name="Series")
    expect(series.locator("tbody tr")).to_have_count(3)
    expect(page).to_have_url(re.compile("by=service"))

    choose(page, "Compare with", "previous period")
    expect(series.get_by_role("button", name="Change")).to_be_visible()
    expect(series.locator("tbody tr").first.locator("td").last).to_contain_text("%")
    expect(page.get_by_role("figure", name=re.compile("features")).first).to_be_visible()

    page.get_by_role("button", name="Export metrics").click()
    with page.expect_download() as begun:
        page.get_by_role("menuitem", name="CSV of what is drawn").click()
    begun.value.save_as(tmp_path / "series.csv")
    table = list(csv.reader((tmp_path / "series.csv").read_text().splitlines()))
    assert table[0] == ["time", "service", "value"]
    assert {row[1] for row in table[1:]} == {"web", "scoring", "features"}


def test_a_counter_opens_as_a_rate_and_a_histogram_as_a_quantile(ui: Watched, shop: Shop) -> None:
    """The kind of a metric decides what is asked first."""
    page = ui.open("/metrics-explorer", project="shop", name="shop.orders", by="region")
    expect(page.get_by_role("combobox", name="Show", exact=True)).to_have_value("rate per second")
    expect(page.get_by_role("region", name="Series").locator("tbody tr")).to_have_count(2)

    page = ui.open("/metrics-explorer", project="shop", name="http.server.request.duration", by="http.route")
    expect(page.get_by_role("combobox", name="Show", exact=True)).to_have_value("quantile")
    choose(page, "Quantile", "p99")
    expect(page).to_have_url(re.compile("quantile=0.99"))
    expect(page.get_by_role("region", name="Series").locator("tbody tr")).to_have_count(2)


def test_quantiles_come_from_exponential_histograms(ui: Watched, shop: Shop) -> None:
    page = ui.open("/metrics-explorer", project="shop", name="gen_ai.client.operation.duration")
    expect(page.get_by_role("combobox", name="Show", exact=True)).to_have_value("quantile")
    expect(page.get_by_role("region", name="Series").locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("region", name="Series").locator("tbody tr td.num").first).to_contain_text(
        re.compile(r"\d")
    )


def test_points_are_narrowed_by_a_filter_and_open_as_rows_in_sql(ui: Watched, shop: Shop) -> None:
    page = ui.open("/metrics-explorer", project="shop", name="system.cpu.utilization", by="service", q="service:web")
    expect(page.get_by_role("region", name="Series").locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Rows in SQL").click()
    settled(page)
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("grid", name="Result").locator(".k-tr").first).to_be_visible()


def test_a_chart_can_be_read_as_a_table(ui: Watched, shop: Shop) -> None:
    page = ui.open("/metrics-explorer", project="shop", name="system.cpu.utilization")
    page.get_by_role("button", name="system.cpu.utilization: show as table").click()
    expect(page.get_by_role("region", name="Chart data").get_by_role("row").nth(5)).to_be_visible()
