"""Health: what is wrong, since when, and where to click; and what the page says when there is nothing, or no answer."""

from __future__ import annotations

import json
import re
import time

import pytest
from playwright.sync_api import Route, expect
from process.servers import RunningServer, eventually

from browser.axe import violations
from browser.conftest import OpenPage
from browser.shop import Shop
from browser.telemetry import SECOND, Logs, Spans
from browser.watch import PATIENT_MS, Watched, settled

pytestmark = pytest.mark.covers("page-health")


def failing(server: RunningServer, project: str, service: str, requests: int = 30) -> None:
    """Requests to a service, of which two in three fail, in the last half minute."""
    now, spans = time.time_ns(), Spans()
    for i in range(requests):
        start, known = now - (2 + i) * SECOND, f"{abs(hash(service)) % 2**31:08x}{i + 1:08x}"
        spans.add({"service.name": service}, known * 2, known, "GET /", start, start + 9_000_000, kind=2,
                  error="no" if i % 3 else None)  # fmt: skip
    assert server.send("traces", spans.body(), project=project).status_code == 200


@pytest.mark.golden
def test_from_what_is_wrong_to_where_it_is(new_page: OpenPage, server: RunningServer) -> None:
    failing(server, "sick", "till")
    deploy = {"kind": "deploy", "subject": "till", "before": "1.4", "after": "1.5"}
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 400))
    changed = server.client.post("/v1/changes", json=deploy | {"time": when}, headers={"x-tapetum-project": "sick"})
    assert changed.json()["accepted"] == 1
    for theme in ("light", "dark"):
        page = new_page(theme=theme).open("/", project="sick")
        expect(page).to_have_url(re.compile(r"/health\?project=sick$"))
        expect(page.get_by_role("status").filter(has_text="1 critical")).to_be_visible()
        (line,) = page.get_by_role("list", name="What needs attention").get_by_role("listitem").all()
        expect(line).to_contain_text("Critical")
        expect(line).to_contain_text("67 % of requests to till fail: 20 of 30 in 10 min (limit 50 %).")
        expect(line).to_contain_text("Shortly before: deploy of till from 1.4 to 1.5")
        expect(line).to_contain_text("began")
        expect(page.get_by_role("region", name="Traffic").get_by_role("img", name="Requests over")).to_be_visible()
        expect(page.get_by_role("region", name="Last changes")).to_contain_text("1.4")
        assert violations(page, f"a sick project, {theme}") == []
    # It looks again by itself: nobody reloads a page at night.
    failing(server, "sick", "cellar")
    expect(page.get_by_role("status").filter(has_text="2 critical")).to_be_visible(timeout=2 * PATIENT_MS)
    page.get_by_role("link", name=re.compile("requests to till fail")).click()
    expect(page).to_have_url(re.compile(r"/services/till\?project=sick&from=\d+&to=now$"))
    settled(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("till")
    page.keyboard.type("gh")
    expect(page).to_have_url(re.compile(r"/health\?"))


def test_when_nothing_needs_attention_it_says_what_was_looked_at(ui: Watched, server: RunningServer) -> None:
    now, logs = time.time_ns(), Logs()
    for i in range(30):
        logs.add({"service.name": "till"}, now - i * SECOND, "INFO", "fine")
    assert server.send("logs", logs.body(), project="well").status_code == 200
    eventually(lambda: server.stored_counts()["well", "logs", "accepted", ""] == 30, "what arrived is counted")
    page = ui.open("/health", project="well")
    expect(page.get_by_role("status").filter(has_text="Nothing needs attention")).to_be_visible()
    expect(page.get_by_role("list", name="What needs attention")).to_have_count(0)
    looked = page.locator(".health-checks")
    expect(looked.locator("div").filter(has=page.get_by_text("Services", exact=True))).to_contain_text(
        "nothing to look at"
    )
    expect(looked.locator("div").filter(has=page.get_by_text("Ingest lag", exact=True))).to_contain_text(
        "nothing found"
    )
    expect(page.get_by_role("region", name="Traffic")).to_contain_text("No spans in the last hour")
    expect(page.get_by_role("region", name="Disk and retention")).to_contain_text("traces 30 d")
    assert violations(page, "a healthy project") == []


def test_numbers_of_a_project_with_everything_in_it(ui: Watched, shop: Shop) -> None:
    page = ui.open("/health", project="shop")
    traffic = page.get_by_role("region", name="Traffic")
    for name in ("Requests", "Errors", "p95"):
        expect(traffic.get_by_role("img", name=f"{name} over the last hour")).to_be_visible()
    hosts = page.get_by_role("region", name="Hosts")
    expect(hosts.get_by_role("meter", name="CPU in use").first).to_be_visible()
    assert violations(page, "the shop") == []
    hosts.get_by_role("link", name="web-host").click()
    expect(page).to_have_url(re.compile(r"/metrics-explorer\?project=shop&q=host\.name"))


def test_an_empty_project_says_how_to_fill_it(ui: Watched, server: RunningServer) -> None:
    server.client.post("/api/v1/projects", json={"name": "health-empty"}).raise_for_status()
    page = ui.open("/health", project="health-empty")
    expect(page.get_by_text("Nothing arrived in project health-empty in the last hour")).to_be_visible()
    expect(page.get_by_label("python set-up", exact=True)).to_contain_text("health-empty")
    assert violations(page, "an empty project") == []


def test_without_an_answer_the_last_one_stays_and_says_how_old_it_is(ui: Watched, shop: Shop) -> None:
    broken = False

    def answer(route: Route) -> None:
        error = {"error": {"code": "teapot", "message": "The store is away.", "hint": "Wait a little."}}
        if broken:
            route.fulfill(status=418, content_type="application/json", body=json.dumps(error))
        else:
            route.continue_()

    ui.page.route(re.compile(r"/api/v1/health"), answer)
    page = ui.open("/health", project="shop")
    broken = True
    page.keyboard.press("r")
    expect(page.get_by_role("alert").filter(has_text="The store is away.")).to_contain_text("This is how it was")
    expect(page.get_by_role("region", name="Traffic")).to_be_visible()
    page.reload()
    failure = page.get_by_role("alert").filter(has_text="The store is away.")
    expect(failure).to_contain_text("Wait a little.")
    broken = False
    failure.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("region", name="Traffic")).to_be_visible()


@pytest.mark.covers("health-demo-faults")
def test_the_demos_faults_have_a_switch(ui: Watched, shop: Shop) -> None:
    """Only the demo has them; here its answers are played, `test_demo_command.py` asks the real one."""
    fault = {"name": "slow-dependency", "service": "features", "cause": "An index is gone.", "effects": ["slow"]}
    on = False

    def faults(route: Route) -> None:
        nonlocal on
        if route.request.method == "PUT":
            on = route.request.post_data_json["on"]
        route.fulfill(json={"rows": [fault | {"on": on}]})

    def info(route: Route) -> None:
        route.fulfill(json=route.fetch().json() | {"demo": True})

    ui.page.route(re.compile(r"/api/v1/demo/faults"), faults)
    ui.page.route(re.compile(r"/api/v1/info"), info)
    page = ui.open("/health", project="shop")
    switch = page.get_by_role("region", name="Demo faults").get_by_role("switch", name="slow-dependency")
    expect(switch).not_to_be_checked()
    switch.click()
    expect(switch).to_be_checked()
    assert on
    assert violations(page, "the demo's faults") == []


@pytest.mark.covers("health-own")
def test_settings_show_the_servers_own_health(ui: Watched, shop: Shop) -> None:
    page = ui.open("/settings", project="shop", tab="health")
    expect(page.get_by_role("table", name="Tables of the store")).to_contain_text("span_rows")
    expect(page.get_by_role("table", name="Data directory")).to_contain_text("catalog.sqlite")
    said = page.get_by_role("list", name="What tapetum doctor says")
    expect(said).to_contain_text("Data directory: ok")
    expect(page.get_by_text("ingest pauses at 90 %")).to_be_visible()
