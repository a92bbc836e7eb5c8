"""The environment is chosen once and stays chosen from page to page."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect
from process.servers import RunningServer

from browser.shop import Shop, host_of
from browser.telemetry import MS, SECOND, Logs, Metrics, Spans
from browser.watch import Watched, choose, rows, settled

PROJECT = "two-places"


@pytest.fixture(scope="module")
def two_places(server: RunningServer) -> str:
    """Staging and production, each with a trace, a log record and a metric."""
    spans, logs, metrics, now = Spans(), Logs(), Metrics(), time.time_ns()
    for n, place in enumerate(("production", "staging")):
        who = host_of("web") | {"deployment.environment.name": place}
        trace, span = f"{n + 1:032x}", f"{n + 1:016x}"
        spans.add(who, trace, span, f"serve {place}", now - 60 * SECOND, now - 60 * SECOND + 5 * MS)
        logs.add(who, now - 60 * SECOND, "INFO", f"hello from {place}", trace=trace, span=span)
        for ago in (90, 60, 30):
            metrics.gauge(who, "room.temperature", now - ago * SECOND, 20 + n)
            metrics.gauge(who, f"only.{place}", now - ago * SECOND, 1)
    for signal, sent in (("traces", spans), ("logs", logs), ("metrics", metrics)):
        assert server.send(signal, sent.body(), project=PROJECT).status_code == 200
    return PROJECT


def go(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_attached()
    settled(page)


@pytest.mark.covers("ui-shell")
def test_an_environment_narrows_every_page_until_it_is_let_go(ui: Watched, two_places: str) -> None:
    page = ui.open("/traces", project=two_places)
    expect(rows(page, "Traces")).to_have_count(2)
    choose(page, "Environment", "staging")
    expect(rows(page, "Traces")).to_have_count(1)
    expect(rows(page, "Traces")).to_contain_text("serve staging")
    expect(page).to_have_url(re.compile(r"q=deployment.environment.name%3Astaging"))

    rows(page, "Traces").first.dblclick()
    expect(page.get_by_role("tree", name="Spans")).to_contain_text("serve staging")
    page.get_by_role("link", name="Traces", exact=True).last.click()
    expect(rows(page, "Traces")).to_have_count(1)

    go(page, "Logs")
    expect(page.get_by_role("combobox", name="Environment")).to_have_value("staging")
    expect(rows(page, "Log records")).to_have_count(1)
    expect(rows(page, "Log records")).to_contain_text("hello from staging")

    go(page, "SQL")
    expect(page.get_by_role("combobox", name="Environment")).to_have_count(0)
    go(page, "Metrics")
    metrics = page.get_by_role("listbox", name="Metrics").get_by_role("option")
    expect(metrics).to_have_count(2)
    metrics.filter(has_text="room.temperature").click()
    series = page.get_by_role("region", name="Series").locator("tbody tr")
    expect(series).to_contain_text("21")
    choose(page, "Environment", "All environments")
    expect(series).to_contain_text("20.5")
    expect(metrics).to_have_count(3)
    go(page, "Traces")
    expect(rows(page, "Traces")).to_have_count(2)


@pytest.mark.covers("ui-shell")
def test_where_there_is_one_environment_there_is_nothing_to_choose(ui: Watched, shop: Shop) -> None:
    page = ui.open("/traces", project="shop")
    expect(rows(page, "Traces").first).to_be_visible()
    expect(page.get_by_role("combobox", name="Environment")).to_have_count(0)


@pytest.mark.covers("page-metrics")
def test_values_of_a_metrics_attribute_are_completed(ui: Watched, two_places: str) -> None:
    page = ui.open("/metrics-explorer", project=two_places, name="only.staging")
    page.get_by_role("combobox", name="Filter").press_sequentially("deployment.environment.name:")
    options = page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    expect(options).to_have_count(1)
    expect(options).to_contain_text("staging")
