"""What one found on an explorer is pinned, saved under a name, or sent to somebody as a link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect
from process.servers import RunningServer

from browser.shop import Shop
from browser.watch import Watched, choose, filter_by, rows, settled


@pytest.fixture(autouse=True)
def own(server: RunningServer) -> Iterator[None]:
    """Nothing is left for the next test."""
    yield
    for kind in ("dashboards", "views"):
        for row in kept(server, kind):
            server.client.delete(f"/api/v1/{kind}/{row['id']}", params={"project": "shop"}).raise_for_status()


def kept(server: RunningServer, kind: str) -> list[dict[str, Any]]:
    found = server.client.get(f"/api/v1/{kind}", params={"project": "shop"}).json()["rows"]
    return [row for row in found if not row.get("shipped")]


def pin(page: Page, button: str, onto: str, *, new: bool = False) -> None:
    page.get_by_role("button", name=button, exact=True).click()
    window = page.get_by_role("dialog", name="Pin to a dashboard")
    if new:
        window.get_by_label("Title of the new dashboard").fill(onto)
    else:
        choose(page, "Dashboard", onto)
    window.get_by_role("button", name="Pin", exact=True).click()
    expect(window).to_have_count(0)


@pytest.mark.covers("pins")
def test_charts_and_results_are_pinned_and_found_on_the_dashboard(
    ui: Watched, server: RunningServer, shop: Shop
) -> None:
    """From every explorer, with the filter and grouping they had."""
    page = ui.open("/metrics-explorer", project="shop", name="system.cpu.utilization", by="service")
    pin(page, "Pin system.cpu.utilization to a dashboard", "On call", new=True)
    page = ui.go("/traces", project="shop", q="status:error")
    pin(page, "Pin Spans to a dashboard", "On call")
    page = ui.go("/logs", project="shop", q="service:scoring")
    pin(page, "Pin Log records to a dashboard", "On call")
    page = ui.go("/sql", project="shop", sql="SELECT service, count() AS spans FROM spans GROUP BY service")
    expect(page.get_by_role("button", name="Pin SQL to a dashboard")).to_be_disabled()
    page.get_by_role("button", name="Run").click()
    expect(rows(page, "Result").first).to_be_visible()
    pin(page, "Pin SQL to a dashboard", "On call")

    page.get_by_role("button", name="On call", exact=True).last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("On call")
    settled(page)
    cpu = page.get_by_role("group", name="system.cpu.utilization", exact=True)
    expect(cpu.locator("canvas")).to_be_visible()
    expect(cpu.get_by_text("scoring")).to_be_visible()
    expect(page.get_by_role("group", name="SQL", exact=True).locator("tbody tr").first).to_be_visible()
    (row,) = kept(server, "dashboards")
    found = server.client.get(f"/api/v1/dashboards/{row['id']}", params={"project": "shop"}).json()["document"]
    asked = [
        {k: v for k, v in panel["query"].items() if k in ("kind", "q", "group_by", "query") and v}
        for panel in found["panels"]
    ]
    assert asked == [
        {"kind": "metric", "group_by": ["service"]},
        {"kind": "spans", "q": "status:error"},
        {"kind": "logs", "q": "service:scoring", "group_by": ["severity"]},
        {"kind": "sql", "query": "SELECT service, count() AS spans FROM spans GROUP BY service"},
    ]
    places = [(p["x"], p["y"]) for p in found["panels"]]
    assert places == [(0, 0), (6, 0), (0, 8), (6, 8)]


@pytest.mark.covers("pins")
def test_small_charts_are_pinned_as_the_question_that_they_are_a_part_of(
    ui: Watched, server: RunningServer, shop: Shop
) -> None:
    """Sparklines of Services and Health, what a monitor saw, and the hosts under a trace: each panel has data."""
    query = {"kind": "spans", "measure": "p95_ms", "group_by": ["service"]}
    monitor = {"name": "slow ones", "project": "shop", "query": query, "condition": {"op": ">", "limit": 1e9}}
    watched = server.client.post("/api/v1/monitors", json=monitor).json()["id"]
    page = ui.open("/services", project="shop")
    pin(page, "Pin Requests by service to a dashboard", "Small", new=True)
    for title in ("Failed requests by service", "p95 by service"):
        pin(page, f"Pin {title} to a dashboard", "Small")
    page = ui.go("/health", project="shop")
    for title in ("Requests", "Failed requests", "p95 of requests", "CPU of web-host"):
        page.get_by_role("button", name=f"Pin {title} to a dashboard", exact=True).focus()
        pin(page, f"Pin {title} to a dashboard", "Small")
    page = ui.go(f"/monitors/{watched}", project="shop")
    pin(page, "Pin slow ones to a dashboard", "Small")
    page = ui.go(f"/traces/{shop.failed[0]}", project="shop", res="1")
    pin(page, "Pin CPU of features-host to a dashboard", "Small")
    server.client.delete(f"/api/v1/monitors/{watched}").raise_for_status()

    (row,) = kept(server, "dashboards")
    found = server.client.get(f"/api/v1/dashboards/{row['id']}", params={"project": "shop"}).json()["document"]
    titles = [panel["title"] for panel in found["panels"]]
    assert titles == [
        "Requests by service", "Failed requests by service", "p95 by service", "Requests", "Failed requests",
        "p95 of requests", "CPU of web-host", "slow ones", "CPU of features-host",
    ]  # fmt: skip
    for panel in found["panels"]:
        body = {"project": "shop", "query": panel["query"], "from": "now-2h", "to": "now"}
        answer = server.client.post("/api/v1/query", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["series"], panel["title"]


@pytest.mark.covers("saved-views")
def test_a_view_is_saved_opened_and_deleted(ui: Watched, server: RunningServer, shop: Shop) -> None:
    page = ui.open("/traces", project="shop", **{"from": "now-6h"})
    filter_by(page, "status:error")
    expect(page).to_have_url(re.compile("q=status"))
    page.get_by_role("button", name="Saved views").click()
    expect(page.get_by_text("No views of this page yet")).to_be_visible()
    page.get_by_role("menuitem", name="Save this view").click()
    page.get_by_label("Name of what is on the page now").fill("Failed today")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("View “Failed today” saved")).to_be_visible()
    (view,) = kept(server, "views")
    assert (view["page"], parse_qs(view["search"])) == ("/traces", {"from": ["now-6h"], "q": ["status:error"]})

    page = ui.open("/traces", project="shop")
    page.get_by_role("button", name="Saved views").click()
    page.get_by_role("menuitem", name=re.compile("^Failed today")).click()
    expect(page.get_by_role("button", name="Remove status:error")).to_be_visible()
    assert parse_qs(urlsplit(page.url).query) == {
        "project": ["shop"], "from": ["now-6h"], "q": ["status:error"],
    }  # fmt: skip

    page.get_by_role("button", name="Saved views").click()
    page.get_by_role("menuitem", name="Save or delete a view").click()
    page.get_by_role("button", name="Delete the view Failed today").click()
    expect(page.get_by_role("list", name="Saved views")).to_have_count(0)
    assert kept(server, "views") == []


@pytest.mark.covers("share-links")
def test_a_link_keeps_the_times_or_moves_with_them(ui: Watched, shop: Shop) -> None:
    page = ui.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ui.open("/logs", project="shop", q="service:scoring", **{"from": "now-2h"})

    def copied(item: str) -> dict[str, list[str]]:
        page.get_by_role("button", name="Saved views").click()
        page.get_by_role("menuitem", name=item).click()
        expect(page.get_by_role("menu")).to_have_count(0)
        link = page.evaluate("navigator.clipboard.readText()")
        assert link.startswith(f"{ui.origin}/logs?")
        return parse_qs(urlsplit(link).query)

    moving = copied("Copy a link that moves with time")
    assert moving == {"project": ["shop"], "q": ["service:scoring"], "from": ["now-2h"]}
    fixed = copied("Copy a link to these times")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", fixed["from"][0])
    assert fixed["from"] < fixed["to"]
    page.goto(f"{ui.origin}/logs?q=service:scoring&project=shop&from={fixed['from'][0]}&to={fixed['to'][0]}")
    settled(page)
    expect(rows(page, "Log records").first).to_be_visible()
