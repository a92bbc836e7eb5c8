"""Errors: the list, one of them, and the ways between them and spans and log records."""

from __future__ import annotations

import re

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import expect
from process.servers import RunningServer

from browser.shop import Shop
from browser.watch import Watched, pick, rows, settled

pytestmark = pytest.mark.covers("page-errors")


@pytest.mark.golden
def test_from_the_list_to_an_error_and_its_trace(ui: Watched, shop: Shop) -> None:
    page = ui.open("/errors", project="shop")
    lock = rows(page, "Errors").filter(has_text="lock on customer_features")
    expect(lock).to_have_count(1)
    # Every sixth order fails in the same way, whatever the milliseconds.
    expect(lock).to_contain_text(str(len(shop.failed)))
    expect(page.get_by_role("figure", name="Errors over time")).to_be_visible()
    pick(lock)
    drawer = page.get_by_role("complementary", name="Error")
    expect(drawer).to_contain_text("in version 2.3.1")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("TimeoutError: lock on customer_features was held")
    expect(page.get_by_role("listitem").filter(has_text="store.py:88")).to_contain_text("read")
    page.get_by_text("As recorded", exact=True).click()
    expect(page.get_by_role("region", name="Stack trace as recorded")).to_contain_text("Traceback (most recent call")
    table = page.get_by_role("region", name="Occurrences")
    expect(table.get_by_role("row")).to_have_count(1 + len(shop.failed))
    table.get_by_role("link", name="Trace").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("POST /checkout")
    span = page.get_by_role("complementary", name="Span")
    known = span.get_by_role("list", name="Errors of this trace")
    known.get_by_role("link", name=re.compile("lock on customer_features")).click()
    expect(page).to_have_url(re.compile("/errors/[0-9a-f]{16}"))


def test_facets_and_the_filter_narrow_and_keys_move(ui: Watched, shop: Shop) -> None:
    page = ui.open("/errors", project="shop", sort="-count")
    # The failed spans of web are explained by what web logged.
    expect(rows(page, "Errors")).to_have_count(2)
    page.get_by_role("navigation", name="Facets").get_by_role("button", name=re.compile("^features ")).click()
    expect(rows(page, "Errors")).to_have_count(1)
    expect(page).to_have_url(re.compile("q=service"))
    page.keyboard.press("j")
    expect(page.get_by_role("complementary", name="Error")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("complementary", name="Error")).to_have_count(0)
    page.keyboard.type("gt")
    expect(page).to_have_url(re.compile("/traces"))
    page.keyboard.type("gx")
    expect(page).to_have_url(re.compile("/errors"))


def test_a_log_record_leads_to_its_error(ui: Watched, shop: Shop) -> None:
    page = ui.open("/logs", project="shop", q="severity:error")
    pick(rows(page, "Log records").first)
    record = page.get_by_role("complementary", name="Log record")
    record.get_by_role("link", name=re.compile("TimeoutError: checkout failed")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("TimeoutError: checkout failed")
    page.get_by_role("region", name="Occurrences").get_by_role("link", name="Log record").first.click()
    expect(page.get_by_role("complementary", name="Log record")).to_contain_text("checkout failed")


def test_nothing_here_says_what_would_be(ui: Watched, server: RunningServer) -> None:
    server.client.post("/api/v1/projects", json={"name": "no-errors"}).raise_for_status()
    page = ui.open("/errors", project="no-errors")
    expect(page.get_by_text("No errors in project no-errors")).to_be_visible()
    expect(page.get_by_text("tapetum logs send")).to_be_visible()
    page = ui.go("/errors", project="no-errors", q="type:none")
    expect(page.get_by_text("No errors match")).to_be_visible()
    page = ui.go("/errors/0123456789abcdef", project="no-errors")
    expect(page.get_by_role("alert")).to_contain_text("has no error")
    settled(page)


@pytest.mark.covers("pins", "errors-query")
def test_an_error_becomes_a_panel_and_a_monitor(ui: Watched, server: RunningServer, shop: Shop) -> None:
    page = ui.open("/errors", project="shop", q="service:features")
    page.get_by_role("button", name="Pin Errors to a dashboard").click()
    window = page.get_by_role("dialog", name="Pin to a dashboard")
    window.get_by_label("Title of the new dashboard").fill("What fails")
    window.get_by_role("button", name="Pin", exact=True).click()
    expect(window).to_have_count(0)
    page.get_by_role("button", name="What fails", exact=True).click()
    panel = page.get_by_role("group", name="Errors", exact=True)
    expect(panel.locator("canvas")).to_be_visible()
    panel.get_by_role("button", name="Menu of Errors").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="Save as Parquet").click()
    table = pq.read_table(saved.value.path())
    assert sum(table.column("value").to_pylist()) == len(shop.failed)
    panel.get_by_role("button", name="Menu of Errors").click()
    page.get_by_role("menuitem", name="Open in Errors").click()
    expect(rows(page, "Errors")).to_have_count(1)

    pick(rows(page, "Errors").first)
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("^Make a monitor of TimeoutError")).click()
    expect(page).to_have_url(re.compile("/monitors/new.*fingerprint"))
    expect(page.get_by_role("combobox", name="Show")).to_have_value("occurrences")
    (made,) = [
        row
        for row in server.client.get("/api/v1/dashboards", params={"project": "shop"}).json()["rows"]
        if not row["shipped"]
    ]
    server.client.delete(f"/api/v1/dashboards/{made['id']}", params={"project": "shop"}).raise_for_status()


@pytest.mark.covers("ui-export")
def test_a_service_and_a_trace_show_their_errors_and_the_list_is_a_file(ui: Watched, shop: Shop) -> None:
    page = ui.open("/services/features", project="shop")
    page.get_by_role("list", name="Errors of this service").get_by_role("link", name=re.compile("lock on")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("lock on customer_features")
    page.get_by_role("button", name="Export errors").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="Parquet all columns").click()
    assert pq.read_table(saved.value.path()).num_rows == len(shop.failed)
    page.get_by_role("region", name="Occurrences").get_by_role("link", name="Trace").first.click()
    page.get_by_role("button", name="Close").first.click()
    expect(page.get_by_role("list", name="Errors of this trace")).to_have_count(1)
