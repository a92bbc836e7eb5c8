"""Nobody is shut out: axe finds nothing on any page, with its drawers, menus and windows open, in either theme."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from process.servers import RunningServer, eventually

from browser.axe import violations
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
from browser.watch import Watched, pick, rows, settled

pytestmark = pytest.mark.covers("ui-accessibility")


def test_traces(ui: Watched, shop: Shop) -> None:
    page = ui.go("/traces", project="shop", q="status:error")
    pick(rows(page, "Traces").first)
    settled(page)
    found = violations(page, "traces and a preview")
    page.keyboard.press("v")
    expect(rows(page, "Spans").first).to_be_visible()
    pick(rows(page, "Spans").first)
    expect(page.get_by_role("complementary", name="Span").get_by_role("tab").first).to_be_visible()
    settled(page)
    found += violations(page, "spans and a span")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Spans over time: show as table").click()
    rows(page, "Spans").first.locator(".k-value").first.click()
    expect(page.get_by_role("menu")).to_be_visible()
    found += violations(page, "a chart as a table and the menu of a value")
    assert found == []


def test_a_trace(ui: Watched, shop: Shop) -> None:
    page = ui.go(f"/traces/{shop.failed[0]}", project="shop", find="features")
    page.get_by_role("treeitem").filter(has_text="GET /features features").click()
    span = page.get_by_role("complementary", name="Span")
    found = []
    for tab in ("Attributes", "Events", "Links", "Logs", "Host"):
        span.get_by_role("tab", name=tab).click()
        expect(span.get_by_role("tabpanel")).to_be_visible()
        settled(page)
        found += violations(page, f"a trace and a span's {tab.lower()}")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    found += violations(page, "its critical path")
    page.get_by_text("Flame", exact=True).click()
    found += violations(page, "its flame view")
    page = ui.go(f"/traces/{shop.chats[0]}", project="shop")
    page.get_by_role("treeitem", name=re.compile("chat claude")).first.click()
    expect(page.get_by_text("Where is my order 1?")).to_be_visible()
    found += violations(page, "a model call")
    page = ui.go(f"/traces/{shop.chats[0]}", project="shop", view="thread")
    expect(page.get_by_role("region", name="Thread").get_by_role("article").first).to_be_visible()
    found += violations(page, "a thread")
    page = ui.go(f"/traces/{shop.chats[0]}", project="shop", view="graph")
    page.get_by_role("region", name="Graph").get_by_role("button").first.click()
    found += violations(page, "a graph and a node")
    assert found == []


def test_compared_traces(ui: Watched, shop: Shop) -> None:
    page = ui.go("/traces/compare", project="shop", a=shop.orders[0], b=shop.failed[0])
    page.get_by_role("treeitem").filter(has_text="GET /features features").click()
    expect(page.get_by_role("complementary", name="Step").get_by_role("table").first).to_be_visible()
    settled(page)
    found = violations(page, "two traces and a step")
    page.get_by_role("button", name="Change trace A").click()
    expect(page.get_by_role("button", name=re.compile("^Fastest"))).to_be_visible()
    found += violations(page, "a choice of traces")
    ui.go("/traces/compare", project="shop", a="0e" * 16, b=shop.failed[0])
    found += violations(ui.page, "a trace that is not there")
    ui.go(f"/traces/{shop.failed[0]}", project="shop", res="1")
    found += violations(ui.page, "the hosts under a trace")
    ui.go("/traces", project="shop", marks=f"{shop.orders[0]},{shop.failed[0]}")
    found += violations(ui.page, "two marked traces")
    assert found == []


def test_logs(ui: Watched, shop: Shop) -> None:
    page = ui.go("/logs", project="shop")
    pick(rows(page, "Log records").first)
    found = violations(page, "logs and a record")
    page.get_by_text("Context", exact=True).click()
    expect(page.get_by_role("list", name="Lines around the record")).to_be_visible()
    page.get_by_role("combobox", name="Filter").press_sequentially("ser")
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_visible()
    found += violations(page, "the lines around it and suggestions")
    page.get_by_role("combobox", name="Filter").fill("")
    page.get_by_role("button", name="Live: off").click()
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    found += violations(page, "the live tail")
    assert found == []


def test_metrics_and_ingest(ui: Watched, shop: Shop) -> None:
    page = ui.go("/metrics-explorer", project="shop")
    found = violations(page, "the catalogue")
    ui.go("/metrics-explorer", project="shop", name="http.server.request.duration", by="http.route")
    expect(page.get_by_role("region", name="Series").locator("tbody tr")).to_have_count(2)
    page.get_by_role("combobox", name="Group by").click()
    found += violations(page, "a metric and what it can be grouped by")
    ui.go("/metrics-explorer", project="shop", name="system.cpu.utilization", by="service", compare="previous")
    expect(page.get_by_role("region", name="Series").locator("tbody tr")).to_have_count(3)
    found += violations(page, "two periods compared")
    page = ui.open("/ingest", project="shop")
    found += violations(page, "ingest")
    assert found == []


def test_services(ui: Watched, shop: Shop) -> None:
    found = []
    for path, named in (
        ("/services", "Services"),
        ("/services/web", "web"),
        ("/services-map", "Service map"),
    ):
        page = ui.go(path, project="shop")
        expect(page.get_by_role("heading", level=1)).to_have_text(named)
        found += violations(page, path)
    ui.go("/services-map", project="shop", view="edges")
    assert found + violations(page, "the map as a table") == []


def test_errors(ui: Watched, shop: Shop) -> None:
    page = ui.go("/errors", project="shop")
    pick(rows(page, "Errors").filter(has_text="lock on customer_features"))
    expect(page.get_by_role("region", name="Error in short")).to_be_visible()
    settled(page)
    found = violations(page, "errors and one in short")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Occurrences")).to_be_visible()
    settled(page)
    found += violations(page, "one error")
    page.get_by_text("As recorded", exact=True).click()
    found += violations(page, "its stack trace as recorded")
    page = ui.go("/errors/0123456789abcdef", project="shop")
    expect(page.get_by_role("alert")).to_be_visible()
    assert found + violations(page, "an error that is not there") == []


def test_sql(ui: Watched, shop: Shop) -> None:
    page = ui.go("/sql", project="shop")
    found = violations(page, "an empty editor")
    page.get_by_role("button", name="Run").click()
    expect(rows(page, "Result").first).to_be_visible()
    page.get_by_role("button", name="History").click()
    expect(page.get_by_role("menuitem").first).to_be_visible()
    found += violations(page, "results and the statements before")
    page.keyboard.press("Escape")
    page.get_by_text("Chart", exact=True).click()
    expect(page.get_by_role("figure", name="Result over time").locator("canvas")).to_be_visible()
    found += violations(page, "a chart of them")
    ui.go("/sql", project="shop", sql="SELECT 1 FROM nowhere")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("alert").filter(has=page.get_by_role("heading"))).to_be_visible()
    found += violations(page, "a refusal")
    assert found == []


def test_dashboards(ui: Watched, server: RunningServer, shop: Shop) -> None:
    page = ui.go("/dashboards", project="shop")
    found = violations(page, "the list")
    page = ui.go("/dashboards/services", project="shop")
    expect(page.get_by_role("group", name="Request rate", exact=True).locator("canvas")).to_be_visible()
    found += violations(page, "a dashboard")
    page.get_by_role("button", name="Copy to edit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Services, copy")
    settled(page)
    found += violations(page, "a dashboard that is edited")
    page.get_by_role("button", name="Menu of Request rate", exact=True).click()
    expect(page.get_by_role("menu")).to_be_visible()
    found += violations(page, "the menu of a panel")
    page.get_by_role("menuitem", name="Edit panel").click()
    expect(page.get_by_role("region", name="Preview").locator("canvas")).to_be_visible()
    found += violations(page, "the editor of a panel")
    page.get_by_text("SQL", exact=True).last.click()
    expect(page.locator(".cm-content")).to_be_visible()
    found += violations(page, "the editor of SQL")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Title and variables").click()
    expect(page.get_by_role("dialog", name="Dashboard")).to_be_visible()
    found += violations(page, "its title and variables")
    id = page.url.partition("/dashboards/")[2].partition("?")[0]
    server.client.delete(f"/api/v1/dashboards/{id}", params={"project": "shop"}).raise_for_status()
    assert found == []


def test_the_export_menu(ui: Watched, shop: Shop) -> None:
    page = ui.go("/traces", project="shop")
    page.get_by_role("button", name="Export traces").click()
    expect(page.get_by_role("menuitem", name="Parquet")).to_be_visible()
    assert violations(page, "the export menu") == []


def test_monitors(ui: Watched, server: RunningServer, shop: Shop) -> None:
    page = ui.go("/monitors", project="shop")
    found = violations(page, "proposals")
    query = {"kind": "spans", "q": "span_kind:server", "measure": "p95_ms", "group_by": ["service"]}
    condition = {"op": ">", "limit": 100, "recovery_limit": 90}
    hook = {"url": "http://127.0.0.1:9/", "secret": "s", "headers": {"a": "b"}}
    body = {"query": query, "condition": condition, "window_s": 3_600, "interval_s": 1, "webhook": hook}
    ids = []
    for name, changes in (("slow", {}), ("off", {"enabled": False}), ("muted", {"muted_until": "2099-01-01T00:00Z"})):
        made = server.client.post("/api/v1/monitors", json={"name": name, "project": "shop", **body, **changes})
        ids.append(made.json()["id"])
    try:
        slow = f"/api/v1/monitors/{ids[0]}"
        eventually(lambda: server.client.get(slow).json()["state"] == "firing", "it fires")
        ui.open("/monitors", project="shop")
        expect(rows(page, "Monitors").first).to_contain_text("Firing")
        expect(rows(page, "Monitors").first).to_contain_text("/ 100")
        found += violations(page, "the list")
        page = ui.go(f"/monitors/{ids[0]}", project="shop")
        expect(page.get_by_role("img", name="fires above 100 ms")).to_be_visible()
        expect(page.get_by_role("region", name="Notifications")).to_be_visible()
        found += violations(page, "a monitor")
        page.get_by_role("button", name="Mute").click()
        page.get_by_role("menuitem", name="Until…").click()
        expect(page.get_by_role("dialog", name="Mute “slow”")).to_be_visible()
        found += violations(page, "the window of a silence")
        page = ui.go(f"/monitors/{ids[0]}/edit", project="shop")
        page.get_by_role("button", name="Replace the headers").click()
        page.get_by_label("Ends at").fill("7000")
        expect(page.get_by_text("good side")).to_be_visible()
        expect(page.get_by_text("Mend what is marked")).to_be_visible()
        expect(page.get_by_role("region", name="Preview")).to_be_visible()
        settled(page)
        found += violations(page, "its form with an error")
        page.get_by_role("link", name="Cancel").click()
        page.get_by_role("dialog", name="Leave without saving?").get_by_role("button", name="Leave").click()
        expect(page.get_by_role("link", name="Edit")).to_be_visible()
    finally:
        for id in ids:
            server.client.delete(f"/api/v1/monitors/{id}").raise_for_status()
    ui.go("/monitors/nobody", project="shop")
    assert found + violations(page, "an unknown monitor") == []


def test_settings(ui: Watched, server: RunningServer, shop: Shop) -> None:
    for name in ("in use", "over"):
        made = server.client.post("/api/v1/keys", json={"name": f"axe {name}", "scopes": ["read"]}).json()
    server.client.delete(f"/api/v1/keys/{made['id']}").raise_for_status()
    page = ui.go("/settings", project="shop")
    found = violations(page, "projects")
    tabs = ("Storage", "Keys", "Set-up", "Redaction", "Scrape targets", "Prices", "Own health", "Appearance", "About")
    for tab in tabs:
        page.get_by_role("tab", name=tab).click()
        settled(page)
        found += violations(page, tab.lower())
    page = ui.go("/settings", project="scraped", tab="scrape")
    expect(page.get_by_text("down", exact=True)).to_be_visible()
    found += violations(page, "scrape targets")
    page.get_by_role("tab", name="Keys").click()
    page.get_by_role("button", name="New key").click()
    expect(page.get_by_role("dialog", name="New key")).to_be_visible()
    found += violations(page, "a new key")
    assert found == []


def test_what_lies_over_every_page(ui: Watched, shop: Shop) -> None:
    page = ui.go("/nowhere", project="shop")
    found = violations(page, "an unknown address")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Search or jump to")).to_be_visible()
    found += violations(page, "the palette")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    found += violations(page, "the help window")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    ui.go("/metrics-explorer", project="shop", name="system.cpu.utilization")
    page.get_by_role("button", name="Pin system.cpu.utilization to a dashboard").click()
    expect(page.get_by_role("dialog", name="Pin to a dashboard")).to_be_visible()
    settled(page)
    found += violations(page, "the window of a pin")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Saved views").click()
    expect(page.get_by_role("menu")).to_be_visible()
    found += violations(page, "the menu of saved views")
    page.get_by_role("menuitem", name="Save this view").click()
    expect(page.get_by_role("dialog", name="Views of this page")).to_be_visible()
    found += violations(page, "the window of saved views")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Hide labels").click()
    page.get_by_role("button", name="Theme: dark").click()
    expect(page.get_by_role("menu")).to_be_visible()
    found += violations(page, "the menu of themes and a narrow rail")
    assert found == []


def test_pages_without_data_and_with_errors(ui: Watched, shop: Shop) -> None:
    found = []
    page = ui.page
    for path, search in (
        ("/traces", {"from": "now-3d", "to": "now-2d"}),
        ("/traces", {"q": "duration_ms:>x"}),
        (f"/traces/{'0e' * 16}", {}),
        ("/logs", {"q": "nobodysaidthis"}),
        ("/ingest", {"from": "now-3d", "to": "now-2d"}),
        ("/health", {"project": "no-such-project"}),
    ):
        ui.go(path, **{"project": "shop"} | search)
        found += violations(page, f"{path} {search}")
    ui.go("/logs", project="shop")
    page.get_by_role("button", name=re.compile("^Time range:")).click()
    expect(page.get_by_label("Type a range")).to_be_visible()
    found += violations(page, "the time picker")
    assert found == []


def test_on_a_phone(new_page: OpenPage, shop: Shop) -> None:
    """Other parts are shown there: the bar at the foot, one chart, facets and drawers over the page."""
    ui = new_page(width=390, height=844)
    page: Page = ui.go("/traces", project="shop")
    found = violations(page, "traces")
    page.get_by_role("button", name="Facets").click()
    found += violations(page, "facets")
    ui.go("/logs", project="shop")
    pick(rows(page, "Log records").first)
    found += violations(page, "a record")
    assert found == []


def test_sessions_users_llm_models_and_evaluations(ui: Watched, server: RunningServer, shop: Shop) -> None:
    judge(server)
    predict(server)
    drift_away(server)
    duel(server)
    triage(server)
    inspect(server)
    watch(server)
    found = []
    for path, search in (
        ("/sessions", {}),
        ("/sessions", {"q": "user_id:nobody"}),
        ("/sessions/one", {"id": "session-1"}),
        ("/users", {}),
        ("/users/one", {"id": "user-3"}),
        ("/llm", {}),
        ("/llm", {"by": "session_id"}),
        ("/llm", {"q": "model:nothing"}),
        ("/evaluations", {"project": JUDGED}),
        ("/models", {"project": MODELLED}),
        ("/models/one", {"project": MODELLED, "name": INCOME}),
        ("/models/one", {"project": MODELLED, "name": INCOME, "view": "versions"}),
        ("/models/one", {"project": DRIFTED, "name": CREDIT, "base": "half", "view": "drift", "sel": "income"}),
        (
            "/models/one",
            {"project": TRIAGED, "name": TRIAGE, "base": "half", "view": "embeddings", "by": "region", "area": ALL},
        ),
        ("/models/one", {"project": DRIFTED, "name": CREDIT, "base": "half", "view": "performance", "by": "channel"}),
        ("/models/one", {"project": DRIFTED, "name": DUEL, "view": "versions", "by": "channel"}),
        ("/models/one", {"project": DRIFTED, "name": DUEL, "view": "slices", "by": "channel", "where": "age > 60"}),
        ("/models/one", {"project": MODELLED, "name": INCOME, "view": "predictions", "sel": "p-05"}),
        ("/data-quality", {"project": INSPECTED}),
        ("/data-quality", {"project": INSPECTED, "dataset": FAULTS, "sel": "AGEP"}),
        ("/data-quality", {"project": INSPECTED, "dataset": FAULTS, "view": "schema"}),
        ("/data-quality", {"project": INSPECTED, "dataset": TRAIN, "view": "schema"}),
        ("/data-quality", {"project": WATCHED}),
        ("/data-quality", {"project": WATCHED, "model": ASKED, "view": "findings", "sel": INCOME_LOW}),
        ("/evaluations", {"project": JUDGED, "score": "tone", "by": "model"}),
        ("/evaluations", {"project": JUDGED, "view": "rows"}),
        ("/evaluations", {"q": "name:nothing"}),
    ):
        page = ui.go(path, **{"project": "shop", **search})
        found += violations(page, f"{path} {search}")
    assert found == []


_PALE = """
() => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(`
    #pale > * { position: relative; color: #777; background: #fff; font-size: 13px }
    #pale > .own { background: #808080 }
    #pale > .faint { color: #000; opacity: 0.3 }
    #pale > .through { color: rgb(0 0 0 / 30%) }
    #pale > .over, #pale > .light, #pale > .fine { color: #000 }
    #pale > .over > i { position: absolute; inset: 0; background: #222; pointer-events: none }
    #pale > .over > b { position: relative }
    [data-mantine-color-scheme=light] #pale > .light { color: #ddd }
    #pale > .twin { color: #000; opacity: 0.95 }
    [data-mantine-color-scheme=light] #pale > .twin + .twin { color: #ddd }
  `)
  document.adoptedStyleSheets.push(sheet)
  const pale = Object.assign(document.createElement('div'), { id: 'pale' })
  for (const look of ['own', 'faint', 'through', 'over', 'light', 'twin', 'twin', 'fine']) {
    const words = Object.assign(document.createElement('p'), { className: look })
    words.append(...(look === 'over' ? [document.createElement('i'), document.createElement('b')] : []))
    words.lastChild ? (words.lastChild.textContent = 'Words') : (words.textContent = 'Words')
    pale.append(words)
  }
  document.querySelector('h1').after(pale)
}
"""


def test_pale_words_are_heard_of_however_they_are_painted(ui: Watched, shop: Shop) -> None:
    """Also at first sight of a page, and in the theme that it is not in."""
    page = ui.go("/nowhere", project="shop")
    page.evaluate(_PALE)
    told = [one.split(": ")[:3] for one in violations(page, "here")]
    everywhere = [".own", ".faint", ".through", "b"]
    assert told == [
        *(["here, dark", "color-contrast", words] for words in everywhere),
        *(["here, light", "color-contrast", words] for words in (*everywhere, ".light", ".twin:nth-child(7)")),
    ]
    assert violations(page, "here") == []


def test_what_axe_says_is_heard_of_what_was_there_and_of_what_came_later(ui: Watched, shop: Shop) -> None:
    """Else all of the above could pass whatever a page looks like."""
    page = ui.go("/traces", project="shop")
    assert violations(page, "as it is") == []
    page.locator("h1").evaluate("(e) => e.insertAdjacentHTML('afterend', '<p id=pale>Pale</p>')")
    page.locator("#pale").evaluate("(e) => Object.assign(e.style, { color: '#777777', background: '#808080' })")
    assert [one.partition(": ")[2].partition(":")[0] for one in violations(page, "pale words")] == [
        "color-contrast"
    ] * 2
    page.locator("#pale").evaluate("(e) => e.remove()")
    page.locator("main").evaluate("(e) => e.insertAdjacentHTML('beforeend', '<button></button>')")
    assert {one.split(": ")[1] for one in violations(page, "a button without a name")} == {"button-name"}
