"""On a phone, in the dark, on the way to a computer: every page fits 390 pixels and every control can be pressed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from process.servers import RunningServer

from browser.conftest import OpenPage
from browser.inspected import ASKED, FAULTS, INCOME_LOW, INSPECTED, TRAIN, WATCHED, inspect, watch
from browser.judged import JUDGED, judge
from browser.modelled import (
    ALL,
    CREDIT,
    DRIFTED,
    DUEL,
    INCOME,
    MODELLED,
    TRIAGE,
    TRIAGED,
    drift_away,
    duel,
    predict,
    triage,
)  # fmt: skip
from browser.shop import Shop
from browser.watch import Watched, pick, rows

pytestmark = pytest.mark.covers("ui-shell")

_UNREACHABLE = """
() => {
  const said = (e) => (e.getAttribute('aria-label') || e.textContent || e.tagName).trim().slice(0, 60)
  const seen = (e, x, y) => {
    // What its own scrolling box hides can be scrolled to.
    for (let box = e.parentElement; box; box = box.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(box)
      if (overflowX === 'visible' && overflowY === 'visible') continue
      const r = box.getBoundingClientRect()
      const scrolls = /auto|scroll/.test(overflowX + overflowY)
      if (scrolls && (x < r.left || x > r.right || y < r.top || y > r.bottom)) return false
    }
    return true
  }
  const problems = []
  if (document.scrollingElement.scrollWidth > innerWidth)
    problems.push(`the page is ${document.scrollingElement.scrollWidth} wide`)
  // A drawer covers the page here.
  const drawer = document.querySelector('.k-drawer')
  for (const e of (drawer ?? document).querySelectorAll('a[href], button, input, select, [role=tab], [role=combobox]')) {
    const r = e.getBoundingClientRect()
    if (r.width < 2 || r.height < 2 || !e.checkVisibility({ visibilityProperty: true }) || e.disabled) continue
    const [x, y] = [r.left + r.width / 2, r.top + r.height / 2]
    if (!seen(e, x, y)) continue
    if (x < 0 || x > innerWidth || y < 0 || y > innerHeight) {
      if (!e.matches('.s-skip')) problems.push(`${said(e)} is outside`)
      continue
    }
    const hit = document.elementFromPoint(x, y)
    const own = hit && (e.contains(hit) || hit.contains(e) || hit.closest('label')?.contains(e) || e.labels?.[0]?.contains(hit))
    if (!own) problems.push(`${said(e)} lies under ${hit ? hit.tagName + '.' + hit.className : 'nothing'}`)
  }
  return problems
}
"""
"""Controls that a finger cannot press, and a page wider than the screen."""


def open_drawer(page: Page) -> None:
    pick(page.locator(".k-tr").first)
    expect(page.get_by_role("complementary")).to_be_visible()


def open_span(page: Page) -> None:
    page.get_by_role("treeitem").nth(3).click()
    expect(page.get_by_role("complementary", name="Span").get_by_role("tab").first).to_be_visible()


def open_step(page: Page) -> None:
    page.get_by_role("treeitem").nth(5).click()
    expect(page.get_by_role("complementary", name="Step").get_by_role("table").first).to_be_visible()


def open_evaluation(page: Page) -> None:
    rows(page, "Evaluations").first.click()
    expect(page.get_by_role("complementary", name="Evaluation")).to_be_visible()


def run(page: Page) -> None:
    page.get_by_role("button", name="Run").click()
    expect(rows(page, "Result").first).to_be_visible()


def open_error(page: Page) -> None:
    rows(page, "Errors").first.click()
    page.get_by_role("link", name="Open the error").click()
    expect(page.get_by_role("region", name="Occurrences")).to_be_visible()


def panels(page: Page) -> None:
    expect(page.get_by_role("group", name="Requests", exact=True).locator("b")).to_be_visible()


def nothing(page: Page) -> None:
    pass


def test_every_page_fits_and_every_control_can_be_pressed(
    new_page: OpenPage, server: RunningServer, shop: Shop
) -> None:
    ui = new_page(width=390, height=844, has_touch=True)
    server.client.post("/api/v1/projects", json={"name": "narrow-empty"}).raise_for_status()
    judge(server)
    predict(server)
    drift_away(server)
    duel(server)
    triage(server)
    inspect(server)
    watch(server)
    query = {"kind": "spans", "measure": "p95_ms", "group_by": ["service"]}
    monitor = {"name": "slow", "project": "shop", "query": query, "condition": {"op": ">", "limit": 1}}
    watched = server.client.post("/api/v1/monitors", json=monitor).json()["id"]
    steps: list[tuple[str, dict[str, str], Callable[[Page], None]]] = [
        ("/health", {}, nothing),
        ("/traces", {}, nothing),
        ("/traces", {"q": "status:error"}, open_drawer),
        (f"/traces/{shop.failed[0]}", {}, nothing),
        (f"/traces/{shop.failed[0]}", {"view": "flame"}, nothing),
        (f"/traces/{shop.failed[0]}", {}, open_span),
        (f"/traces/{shop.failed[0]}", {"res": "1"}, nothing),
        (f"/traces/{shop.chats[0]}", {"view": "thread"}, nothing),
        (f"/traces/{shop.chats[0]}", {"view": "graph"}, nothing),
        (f"/traces/{shop.chats[0]}", {}, open_span),
        ("/traces", {"marks": f"{shop.orders[0]},{shop.failed[0]}"}, nothing),
        ("/traces/compare", {"a": shop.orders[0], "b": shop.failed[0]}, nothing),
        ("/traces/compare", {"a": shop.orders[0], "b": shop.failed[0]}, open_step),
        ("/traces/compare", {"b": shop.failed[0]}, nothing),
        ("/logs", {}, nothing),
        ("/logs", {}, open_drawer),
        ("/metrics-explorer", {}, nothing),
        ("/metrics-explorer", {"name": "system.cpu.utilization", "by": "service", "compare": "previous"}, nothing),
        ("/services", {}, nothing),
        ("/services/web", {}, nothing),
        ("/services-map", {}, nothing),
        ("/services-map", {"view": "edges"}, nothing),
        ("/sessions", {}, nothing),
        ("/sessions/one", {"id": "session-1"}, nothing),
        ("/users", {}, nothing),
        ("/users/one", {"id": "user-3"}, nothing),
        ("/llm", {}, nothing),
        ("/llm", {"by": "user_id"}, nothing),
        ("/evaluations", {"project": JUDGED}, nothing),
        ("/evaluations", {"project": JUDGED, "view": "rows"}, open_evaluation),
        ("/models", {"project": MODELLED}, nothing),
        ("/models/one", {"project": MODELLED, "name": INCOME}, nothing),
        ("/models/one", {"project": MODELLED, "name": INCOME, "view": "versions"}, nothing),
        ("/models/one", {"project": DRIFTED, "name": CREDIT, "base": "half", "view": "drift"}, nothing),
        (
            "/models/one",
            {"project": DRIFTED, "name": CREDIT, "base": "half", "view": "drift", "sel": "income"},
            nothing,
        ),
        ("/models/one", {"project": TRIAGED, "name": TRIAGE, "base": "half", "view": "embeddings"}, nothing),
        (
            "/models/one",
            {"project": TRIAGED, "name": TRIAGE, "base": "half", "view": "embeddings", "area": ALL},
            nothing,
        ),
        ("/models/one", {"project": DRIFTED, "name": CREDIT, "base": "half", "view": "performance"}, nothing),
        ("/models/one", {"project": DRIFTED, "name": DUEL, "view": "versions", "by": "channel"}, nothing),
        ("/models/one", {"project": DRIFTED, "name": DUEL, "view": "slices", "by": "channel"}, nothing),
        ("/models/one", {"project": MODELLED, "name": INCOME, "view": "predictions"}, nothing),
        ("/models/one", {"project": MODELLED, "name": INCOME, "view": "predictions", "sel": "p-05"}, nothing),
        ("/data-quality", {"project": INSPECTED}, nothing),
        ("/data-quality", {"project": "narrow-empty"}, nothing),
        ("/data-quality", {"project": "narrow-empty", "model": ASKED, "view": "findings"}, nothing),
        ("/data-quality", {"project": WATCHED}, nothing),
        ("/data-quality", {"project": WATCHED, "model": ASKED}, nothing),
        ("/data-quality", {"project": WATCHED, "model": ASKED, "view": "findings"}, nothing),
        ("/data-quality", {"project": WATCHED, "model": ASKED, "view": "findings", "sel": INCOME_LOW}, nothing),
        ("/data-quality", {"project": INSPECTED, "dataset": FAULTS}, nothing),
        ("/data-quality", {"project": INSPECTED, "dataset": FAULTS, "sel": "AGEP"}, nothing),
        ("/data-quality", {"project": INSPECTED, "dataset": FAULTS, "view": "schema"}, nothing),
        ("/data-quality", {"project": INSPECTED, "dataset": TRAIN, "view": "schema"}, nothing),
        ("/errors", {}, nothing),
        ("/errors", {}, open_drawer),
        ("/errors", {}, open_error),
        ("/dashboards", {}, nothing),
        ("/dashboards/services", {}, panels),
        ("/monitors", {}, nothing),
        ("/monitors", {"project": "narrow-empty"}, nothing),
        (f"/monitors/{watched}", {}, nothing),
        (f"/monitors/{watched}/edit", {}, nothing),
        ("/monitors/new", {}, nothing),
        ("/ingest", {}, nothing),
        ("/sql", {}, run),
        ("/settings", {}, nothing),
        ("/settings", {"tab": "storage"}, nothing),
        ("/settings", {"tab": "keys"}, nothing),
        ("/settings", {"tab": "send"}, nothing),
        ("/settings", {"tab": "prices"}, nothing),
        ("/settings", {"tab": "health"}, nothing),
        ("/settings", {"tab": "redaction"}, nothing),
        ("/settings", {"tab": "scrape"}, nothing),
        ("/settings", {"tab": "scrape", "project": "scraped"}, nothing),
        ("/review", {"project": "narrow-empty"}, nothing),
        # A question longer than the screen is wide, in what says that it failed.
        ("/review", {"project": "narrow-unknown"}, nothing),
        ("/", {"project": "narrow-empty"}, nothing),
        ("/nowhere", {}, nothing),
    ]
    found = []
    for path, search, act in steps:
        page = ui.go(path, **{"project": "shop"} | search)
        act(page)
        found += [f"{path} {search} {act.__name__}: {said}" for said in page.evaluate(_UNREACHABLE)]
    server.client.delete(f"/api/v1/monitors/{watched}").raise_for_status()
    assert found == []


@pytest.mark.golden
def test_the_way_from_a_list_to_a_span_and_its_logs(new_page: OpenPage, shop: Shop) -> None:
    ui: Watched = new_page(width=390, height=844, has_touch=True)
    page = ui.open("/traces", project="shop")
    for name in ("Traces", "Logs", "Metrics", "Ingest", "SQL", "Settings"):
        link = page.get_by_role("navigation", name="Pages").get_by_role("link", name=name)
        link.scroll_into_view_if_needed()
        expect(link).to_be_in_viewport(ratio=0.95)
    page.get_by_role("button", name="Facets").tap()
    page.get_by_role("navigation", name="Facets").get_by_role("button", name=re.compile("^error ")).tap()
    page.get_by_role("navigation", name="Facets").get_by_role("button", name="Hide facets").tap()
    rows(page, "Traces").first.get_by_role("gridcell").first.tap()
    page.get_by_role("complementary", name="Trace").get_by_role("link", name="Open trace").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("POST /checkout")
    page.get_by_role("treeitem").filter(has_text="GET /features features").tap()
    span = page.get_by_role("complementary", name="Span")
    span.get_by_role("tab", name="Logs").tap()
    expect(span.get_by_text("lock wait of 1400 ms on customer_features")).to_be_visible()
    span.get_by_role("button", name="Close", exact=True).tap()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Metrics").tap()
    page.get_by_role("option").filter(has_text="system.cpu.utilization").tap()
    expect(page.get_by_role("figure", name="system.cpu.utilization").locator("canvas")).to_be_visible()
    page.get_by_role("button", name="All metrics").tap()
    expect(page.get_by_role("listbox", name="Metrics")).to_be_visible()
