"""Logs: searched, watched as they arrive, and joined to their traces."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect
from process.servers import RunningServer

from browser.shop import Shop, host_of
from browser.telemetry import Logs
from browser.watch import Watched, filter_by, pick, rows, settled

pytestmark = pytest.mark.covers("page-logs")


@pytest.mark.golden
def test_words_and_severity_narrow_the_list(ui: Watched, shop: Shop) -> None:
    page = ui.open("/logs", project="shop")
    expect(page.get_by_role("figure", name="Log records over time by severity").locator("canvas")).to_be_visible()

    filter_by(page, "lock wait")
    expect(rows(page, "Log records")).to_have_count(len(shop.failed))
    page.get_by_role("button", name="Clear the filter").first.click()

    page.get_by_title("Only error and worse").click()
    expect(rows(page, "Log records")).to_have_count(len(shop.failed))
    expect(page).to_have_url(re.compile("severity_number"))
    expect(rows(page, "Log records").first).to_contain_text("checkout failed")


def test_a_record_shows_whole_with_its_neighbours_and_opens_its_span(ui: Watched, shop: Shop) -> None:
    page = ui.open("/logs", project="shop", q='"lock wait"')
    pick(rows(page, "Log records").first)
    record = page.get_by_role("complementary", name="Log record")
    expect(record.get_by_label("body", exact=True)).to_have_text("lock wait of 1400 ms on customer_features")
    expect(record.get_by_text("db.lock", exact=True)).to_be_visible()
    expect(record.get_by_text("features-host")).to_be_visible()

    record.get_by_text("Context", exact=True).click()
    around = record.get_by_role("list", name="Lines around the record")
    expect(around.get_by_role("listitem").filter(has_text="reading 42 features").first).to_be_visible()
    expect(around.locator("[aria-current=true]")).to_contain_text("lock wait")

    record.get_by_text("Record", exact=True).click()
    record.get_by_role("link", name="Open its span").click()
    settled(page)
    expect(page).to_have_url(re.compile(f"/traces/{shop.failed[-1]}"))
    expect(page.get_by_role("complementary", name="Span").get_by_text("customer_features is locked")).to_be_visible()


def test_structured_bodies_are_indented_and_shown_as_sent(ui: Watched, shop: Shop) -> None:
    page = ui.open("/logs", project="shop", q="scored")
    pick(rows(page, "Log records").first)
    record = page.get_by_role("complementary", name="Log record")
    expect(record.get_by_label("body", exact=True)).to_contain_text('"model": "fraud-14"')
    record.get_by_text("As sent", exact=True).click()
    expect(record.get_by_label("body", exact=True)).to_have_text(re.compile(r'^\{"event": "scored"'))


@pytest.mark.golden
def test_the_live_tail_shows_a_record_sent_a_moment_ago(ui: Watched, server: RunningServer, shop: Shop) -> None:
    """Without reloading; pausing holds new ones back and says how many."""
    say(server, "before the page was open")
    page = ui.open("/logs", project="shop-tail", live="1")
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()

    say(server, "a moment ago")
    expect(rows(page, "Log records").first).to_contain_text("a moment ago")
    expect(rows(page, "Log records")).to_have_count(2)

    page.get_by_role("button", name="Pause").click()
    say(server, "while paused")
    page.get_by_role("button", name="1 new").click()
    expect(rows(page, "Log records").first).to_contain_text("while paused")


def test_the_live_tail_keeps_to_the_filter(ui: Watched, server: RunningServer, shop: Shop) -> None:
    say(server, "something else")
    page = ui.open("/logs", project="shop-tail", live="1", q="severity:ERROR")
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    say(server, "not this")
    say(server, "but this", "ERROR")
    expect(rows(page, "Log records")).to_have_count(1)
    expect(rows(page, "Log records")).to_contain_text("but this")


def say(server: RunningServer, body: str, severity: str = "INFO") -> None:
    """One record, now."""
    sent = Logs()
    sent.add(host_of("mouth"), time.time_ns(), severity, body)
    assert server.send("logs", sent.body(), project="shop-tail").status_code == 200


def test_logs_of_a_trace_and_back(ui: Watched, shop: Shop) -> None:
    page = ui.open("/logs", project="shop", q=f"trace_id:{shop.failed[0]}")
    expect(rows(page, "Log records")).to_have_count(4)
    rows(page, "Log records").first.get_by_role("link", name="Open its trace").click()
    settled(page)
    expect(page).to_have_url(re.compile(f"/traces/{shop.failed[0]}"))


def test_the_facets_of_logs_narrow_by_service(ui: Watched, shop: Shop) -> None:
    page = ui.open("/logs", project="shop")
    page.get_by_role("navigation", name="Facets").get_by_role("button", name="assistant 6").click()
    expect(rows(page, "Log records")).to_have_count(len(shop.chats))
    expect(rows(page, "Log records").first).to_contain_text("gen_ai.agent.started")
