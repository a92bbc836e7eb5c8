"""Monitors by a person: made from a chart, seen to fire and to recover, changed, silenced, deleted."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from process.servers import RunningServer
from process.test_monitors import Hook, hook, until

from browser.shop import Shop, host_of
from browser.telemetry import MS, Spans
from browser.watch import Watched, choose, rows, settled

__all__ = ["hook"]
LATEST = "SELECT toFloat64OrNull(argMax(body, time)) AS queue FROM logs"
P95 = {"kind": "spans", "q": "service:web span_kind:server", "measure": "p95_ms"}
URL = "http://127.0.0.1:9/hook/very-secret"


@pytest.fixture(autouse=True)
def none_left(server: RunningServer) -> Iterator[None]:
    """Nobody's monitors are left for the next test."""
    yield
    for project in ("shop", "watched", "solo"):
        for row in there(server, project).values():
            server.client.delete(f"/api/v1/monitors/{row['id']}").raise_for_status()


def there(server: RunningServer, project: str) -> dict[str, dict[str, Any]]:
    answer = server.client.get("/api/v1/monitors", params={"project": project})
    return {row["name"]: row for row in answer.json().get("rows", [])}


def make(server: RunningServer, name: str, **said: Any) -> str:
    body = {"name": name, "project": "shop", "query": P95, "condition": {"op": ">", "limit": 100}, **said}
    made = server.client.post("/api/v1/monitors", json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def queue_is(server: RunningServer, length: int) -> None:
    headers = {"content-type": "text/plain", "x-tapetum-project": "watched"}
    assert server.client.post("/v1/logs", content=str(length), headers=headers).status_code == 200


def more(page: Page, name: str, item: str) -> None:
    page.get_by_role("button", name=f"More about {name}").click()
    page.get_by_role("menuitem", name=item).click()


def length(page: Page, label: str, text: str) -> None:
    box = page.get_by_role("combobox", name=label)
    box.fill(text)
    # The proposals lie over what comes next.
    box.press("Tab")


def head(page: Page) -> Locator:
    return page.locator(".mo-head")


def is_now(page: Page, server: RunningServer, name: str, state: str) -> None:
    """Look again when a monitor has changed its state, and not when the page would."""
    until(lambda: there(server, "watched")[name]["state"] == state, f"{name} is {state}")
    page.keyboard.press("r")


@pytest.mark.covers("page-monitors", "monitor-editor")
@pytest.mark.golden
def test_a_monitor_made_of_a_result_fires_calls_and_recovers(ui: Watched, server: RunningServer, hook: Hook) -> None:
    queue_is(server, 3)
    page = ui.open("/sql", project="watched", sql=LATEST)
    expect(page.get_by_role("button", name="Make a monitor of SQL")).to_be_disabled()
    page.get_by_role("button", name="Run").click()
    expect(rows(page, "Result").first).to_be_visible()
    page.get_by_role("button", name="Make a monitor of SQL").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("New monitor")
    expect(page.get_by_role("region", name="Preview")).to_contain_text("No past to look at")
    page.get_by_label("Name", exact=True).fill("Queue")
    page.get_by_label("Limit", exact=True).fill("5")
    choose(page, "The", "latest value")
    length(page, "Over the past", "1 min")
    length(page, "Looks every", "1 s")
    page.get_by_label("Webhook").fill(hook.url)
    page.get_by_role("button", name="Make the monitor").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Queue")
    is_now(page, server, "Queue", "ok")
    expect(head(page)).to_contain_text("OK")

    queue_is(server, 9)
    # It looks again by itself.
    expect(head(page)).to_contain_text("Firing")
    expect(page.get_by_role("region", name="History").get_by_role("row").nth(1)).to_contain_text("Firing")
    told = page.get_by_role("region", name="Notifications")
    expect(told.get_by_role("row").nth(1)).to_contain_text("delivered")
    assert hook.events() == ["firing"]
    more(page, "Queue", "Send a test")
    expect(told.get_by_role("row").nth(1)).to_contain_text("Test")
    until(lambda: hook.events() == ["firing", "test"], "the test came")

    page.get_by_role("link", name="Monitors", exact=True).last.click()
    row = rows(page, "Monitors").first
    for said in ("Firing", "Queue", "9 / 5", "told"):
        expect(row).to_contain_text(said)
    queue_is(server, 1)
    is_now(page, server, "Queue", "ok")
    expect(row).to_contain_text("OK")
    until(lambda: hook.events()[-1] == "resolved", "taken back")


@pytest.mark.covers("page-monitors")
def test_a_monitor_shows_its_limit_and_the_rows_behind_it(ui: Watched, server: RunningServer, shop: Shop) -> None:
    query = {**P95, "q": "span_kind:server", "group_by": ["service"]}
    words = {"description": "Customers wait.", "runbook": "https://wiki.example/slow"}
    id = make(server, "slow", query=query, window_s=3_600, interval_s=1, severity="critical", **words)
    until(lambda: there(server, "shop")["slow"]["state"] == "firing", "it fires")
    page = ui.open(f"/monitors/{id}", project="shop")
    expect(page.get_by_role("img", name="fires above 100 ms")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Firing: service=web"))).to_be_visible()
    expect(page.get_by_text("Customers wait.")).to_be_visible()
    expect(page.get_by_role("link", name="https://wiki.example/slow")).to_be_visible()
    series = page.get_by_role("region", name="Series")
    web = series.get_by_role("row").filter(has_text="web")
    expect(web).to_contain_text("Firing")
    page.get_by_role("button", name="Values of slow: show as table").click()
    expect(page.get_by_role("region", name="Chart data")).to_contain_text("Firing: service=web")
    web.get_by_role("link", name="Open in Traces at this time").click()
    expect(page.get_by_role("button", name="Remove service:web")).to_be_visible()
    expect(page).to_have_url(re.compile(r"from=\d{4}-"))
    expect(rows(page, "Spans").first).to_be_visible()


@pytest.mark.covers("monitor-editor")
def test_the_form_says_what_would_have_been_and_what_is_wrong_beside_each_field(
    ui: Watched, server: RunningServer, shop: Shop
) -> None:
    make(server, "taken")
    page = ui.open("/monitors/new", project="shop", watch=json.dumps(P95))
    preview = page.get_by_role("region", name="Preview")
    expect(preview).to_contain_text("Over the past day it was between")
    preview.get_by_role("button", name=re.compile("^take ")).click()
    expect(preview).to_contain_text("Over the past day it would not have called.")
    limit = page.get_by_label("Limit in ms")
    limit.fill("1")
    expect(preview).to_contain_text(re.compile(r"would have called (once|\d+ times)"))
    # In the unit of the chart, which goes by its largest value: how spans fall into windows differs with the minute.
    expect(preview.get_by_role("img", name=re.compile(r"^fires above (1 ms|0\.001 s)$"))).to_be_visible()
    expect(preview.get_by_role("img", name=re.compile("^would have called")).first).to_be_visible()

    def wrong(label: str, said: str) -> None:
        box = page.get_by_role("combobox", name=label).or_(page.get_by_role("textbox", name=label))
        expect(box).to_have_attribute("aria-invalid", "true")
        error = next(id for id in str(box.get_attribute("aria-describedby")).split() if id.endswith("error"))
        expect(page.locator(f"[id='{error}']")).to_contain_text(said)

    length(page, "Over the past", "soon")
    wrong("Over the past", "Write a length of time")
    length(page, "Over the past", "1 s")
    wrong("Over the past", "greater than or equal to 5")
    length(page, "Over the past", "5 min")
    page.get_by_label("Ends at").fill("50")
    wrong("Ends at", "good side")
    page.get_by_label("Ends at").fill("")
    limit.fill("many")
    save = page.get_by_role("button", name="Make the monitor")
    save.click()
    wrong("Name", "Give it a name")
    wrong("Limit in ms", "Write a number")
    page.get_by_label("Name", exact=True).fill("taken")
    limit.fill("400")
    save.click()
    wrong("Name", "a monitor 'taken' already")
    page.get_by_label("Name", exact=True).fill("free")
    page.get_by_label("Webhook").fill("ftp://nowhere")
    save.click()
    wrong("Webhook", "begins with http://")
    assert set(there(server, "shop")) == {"taken"}
    page.get_by_role("link", name="Logs", exact=True).click()
    page.get_by_role("dialog", name="Leave without saving?").get_by_role("button", name="Stay").click()
    page.get_by_label("Webhook").fill("")
    save.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("free")
    assert there(server, "shop")["free"]["definition"]["condition"] == {
        "op": ">", "limit": 400, "aggregate": "avg", "recovery_limit": None,
    }  # fmt: skip


@pytest.mark.covers("page-monitors", "monitor-editor")
def test_a_monitor_is_changed_silenced_switched_off_and_deleted(ui: Watched, server: RunningServer, shop: Shop) -> None:
    """And what is secret of it stays, and stays unseen."""
    hooked = {"url": URL, "headers": {"x-token": "sesame-one"}, "secret": "sesame-two"}
    id = make(server, "slow", webhook=hooked, enabled=False)
    page = ui.open(f"/monitors/{id}", project="shop")
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Edit slow")
    expect(page.get_by_label("Secret", exact=True)).to_have_value("")
    expect(page.get_by_text("Sent with the headers x-token, whose values are not shown.")).to_be_visible()
    assert "sesame-" not in page.content()
    page.get_by_label("Name", exact=True).fill("slower")
    page.get_by_label("Limit in ms").fill("9000")
    choose(page, "Severity", "critical")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("slower")
    kept = there(server, "shop")["slower"]
    assert kept["webhook"] == {"url": URL, "headers": ["x-token"], "signed": True}
    assert (kept["limit"], kept["definition"]["severity"]) == (9_000, "critical")

    page.get_by_role("button", name="Mute").click()
    page.get_by_role("menuitem", name="For 4 hours").click()
    expect(head(page)).to_contain_text("muted until in 4 h")
    page.get_by_role("button", name="Muted").click()
    page.get_by_role("menuitem", name="Call again").click()
    expect(head(page)).not_to_contain_text("muted until")
    page.get_by_role("button", name="Mute").click()
    page.get_by_role("menuitem", name="Until…").click()
    page.get_by_label(re.compile("^Until")).fill("2099-01-01T10:00")
    page.get_by_role("dialog").get_by_role("button", name="Mute").click()
    expect(head(page)).to_contain_text("muted until")
    assert there(server, "shop")["slower"]["muted_until"] == "2099-01-01T10:00:00.000Z"
    more(page, "slower", "Enable")
    expect(head(page)).not_to_contain_text("Disabled")
    more(page, "slower", "Disable")
    expect(head(page)).to_contain_text("Disabled")

    make(server, "well", condition={"op": ">", "limit": 90_000}, interval_s=1)
    until(lambda: there(server, "shop")["well"]["state"] == "ok", "looked at")
    page.get_by_role("link", name="Monitors", exact=True).last.click()
    expect(rows(page, "Monitors")).to_have_count(2)
    page.get_by_role("radio", name=re.compile("^Disabled")).locator("..").click()
    expect(rows(page, "Monitors")).to_have_count(1)
    expect(page).to_have_url(re.compile("state=disabled"))
    rows(page, "Monitors").first.click()
    more(page, "slower", "Delete")
    page.get_by_role("dialog", name="Delete “slower”?").get_by_role("button", name="Delete").click()
    expect(rows(page, "Monitors")).to_have_count(1)
    assert set(there(server, "shop")) == {"well"}


@pytest.mark.covers("page-monitors")
def test_the_first_monitor_takes_two_clicks(ui: Watched, server: RunningServer) -> None:
    sent, now = Spans(), time.time_ns()
    sent.add(host_of("only"), "8b" * 16, "8b" * 8, "GET /", now - 9 * MS, now, kind=2)
    assert server.send("traces", sent.body(), project="solo").status_code == 200
    page = ui.open("/monitors", project="solo")
    expect(page.get_by_role("heading", name="No monitors in project solo yet")).to_be_visible()
    page.get_by_role("link", name="only: errors").click()
    page.get_by_role("button", name="Make the monitor").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("only: errors")
    made = there(server, "solo")["only: errors"]
    assert made["condition_text"] == (
        "Fires when the average of error_rate of spans where service:only span_kind:server over 5 min is above 5 %"
    )


@pytest.mark.covers("monitor-editor")
def test_charts_and_panels_lead_to_the_form_with_their_question(ui: Watched, server: RunningServer, shop: Shop) -> None:
    for path, search, button, named, holds in (
        ("/traces", {"q": "service:web"}, "Make a monitor of Spans", "Spans", "service web"),
        ("/logs", {"q": "service:scoring"}, "Make a monitor of Log records", "Log records", "service scoring"),
        ("/metrics-explorer", {"name": "system.cpu.utilization"}, "Make a monitor of system.cpu.utilization",
         "system.cpu.utilization", "Metric"),
    ):  # fmt: skip
        page = ui.go(path, project="shop", **search)
        page.get_by_role("button", name=button).click()
        expect(page.get_by_label("Name", exact=True)).to_have_value(named)
        expect(page.get_by_role("form", name="New monitor")).to_contain_text(re.compile(holds.replace(" ", r"\s*")))
        expect(page.get_by_role("region", name="Preview").get_by_role("figure")).to_be_visible()
    page = ui.go("/dashboards/services", project="shop", **{"var.service": "web"})
    page.get_by_role("button", name="Menu of Request rate", exact=True).click()
    page.get_by_role("menuitem", name="Make a monitor of this").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Request rate")
    expect(page.get_by_role("button", name="Remove service:web")).to_be_visible()

    page = ui.open("/monitors/new", project="shop", watch='{"kind":"moon"}')
    expect(page.get_by_text("The address does not say what to watch")).to_be_visible()
    settled(page)
    page.get_by_role("link", name="web: slow").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("web: slow")
