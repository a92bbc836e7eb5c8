"""Dashboards: what comes with Tapetum, one made by hand, its variables in the address, and its file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from process.servers import RunningServer

from browser.shop import Shop
from browser.watch import Watched, choose, settled

pytestmark = pytest.mark.covers("page-dashboards")

BY_SERVICE: dict[str, Any] = {
    "schema_version": 1,
    "title": "Of one service",
    "variables": [
        {"name": "service", "label": "Service", "multi": True, "kind": "values", "signal": "spans", "key": "service"}
    ],
    "panels": [
        {"id": "spans", "title": "Spans by service", "chart": "table", "x": 0, "y": 0, "w": 6, "h": 8,
         "query": {"kind": "spans", "q": "service:$service", "group_by": ["service"]}},
        {"id": "sql", "title": "Names", "chart": "table", "x": 6, "y": 0, "w": 6, "h": 8, "query": {"kind": "sql",
         "query": "SELECT service, count() AS n FROM spans WHERE empty({service:Array(String)}) "
                  "OR service IN {service:Array(String)} GROUP BY service ORDER BY service"}},
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def own(server: RunningServer) -> Iterator[None]:
    """Nobody's dashboards are left for the next test."""
    yield
    for row in dashboards(server):
        server.client.delete(f"/api/v1/dashboards/{row['id']}", params={"project": "shop"}).raise_for_status()


def dashboards(server: RunningServer) -> list[dict[str, Any]]:
    found = server.client.get("/api/v1/dashboards", params={"project": "shop"}).json()["rows"]
    return [row for row in found if not row["shipped"]]


def document(server: RunningServer, id: str) -> dict[str, Any]:
    found: dict[str, Any] = server.client.get(f"/api/v1/dashboards/{id}", params={"project": "shop"}).json()["document"]
    return found


def make(server: RunningServer, content: dict[str, Any]) -> str:
    made = server.client.post("/api/v1/dashboards", params={"project": "shop"}, json=content)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def panel(page: Page, title: str) -> Locator:
    return page.get_by_role("group", name=title, exact=True)


def first_column(page: Page, title: str) -> Locator:
    return panel(page, title).locator("tbody tr td:first-child")


def test_a_shipped_dashboard_shows_its_panels_and_is_copied_to_be_changed(
    ui: Watched, server: RunningServer, shop: Shop
) -> None:
    page = ui.open("/dashboards", project="shop")
    page.get_by_role("link", name="Services", exact=True).nth(1).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Services")
    expect(panel(page, "Request rate").get_by_role("figure").locator("canvas")).to_be_visible()
    expect(panel(page, "Requests").locator("b").first).to_contain_text(re.compile(r"\d"))
    assert page.get_by_role("button", name="Edit", exact=True).count() == 0
    page.get_by_role("button", name="Copy to edit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Services, copy")
    expect(page.get_by_role("button", name="Add a panel")).to_be_visible()
    assert [row["title"] for row in dashboards(server)] == ["Services, copy"]


@pytest.mark.golden
def test_a_dashboard_is_made_panel_by_panel(ui: Watched, server: RunningServer, shop: Shop) -> None:
    """A metric, then SQL; placed with the keyboard alone; kept as it was seen."""
    page = ui.open("/dashboards", project="shop")
    page.get_by_role("button", name="New dashboard").click()
    page.get_by_role("button", name="Title and variables").click()
    page.get_by_label("Title").fill("Checkout")
    page.get_by_role("dialog").get_by_role("button", name="Use").click()

    page.get_by_role("button", name="Add a panel").first.click()
    choose(page, "Metric", "system.cpu.utilization")
    choose(page, "Group by", "service")
    page.keyboard.press("Escape")
    preview = page.get_by_role("region", name="Preview")
    expect(preview.get_by_text("scoring")).to_be_visible()
    page.get_by_role("button", name="Add the panel").click()
    page.get_by_role("button", name="Add a panel").first.click()
    page.get_by_role("radio", name="SQL").locator("..").click()
    expect(preview.get_by_role("figure").locator("canvas")).to_be_visible()
    page.get_by_label("Title").fill("By hand")
    page.get_by_role("button", name="Add the panel").click()
    expect(panel(page, "By hand").get_by_role("figure").locator("canvas")).to_be_visible()

    page.get_by_role("button", name="Arrange By hand").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Edit", exact=True)).to_be_visible()

    (row,) = dashboards(server)
    kept = document(server, row["id"])
    assert kept["title"] == "Checkout"
    placed = {p["title"]: [p[key] for key in "xywh"] for p in kept["panels"]}
    assert placed == {"system.cpu.utilization": [6, 0, 6, 8], "By hand": [0, 0, 6, 9]}
    page.reload()
    settled(page)
    expect(panel(page, "system.cpu.utilization").get_by_role("figure").locator("canvas")).to_be_visible()


def test_a_variable_narrows_every_panel_and_is_in_the_address(ui: Watched, server: RunningServer, shop: Shop) -> None:
    page = ui.open(f"/dashboards/{make(server, BY_SERVICE)}", project="shop")
    expect(first_column(page, "Names")).to_contain_text(["features"])
    everything = first_column(page, "Names").count()
    assert everything > 1
    expect(first_column(page, "Spans by service")).to_have_count(everything)
    choose(page, "Service", "scoring")
    page.keyboard.press("Escape")
    expect(first_column(page, "Spans by service")).to_have_text(["scoring"])
    expect(first_column(page, "Names")).to_have_text(["scoring"])
    expect(page).to_have_url(re.compile(r"var\.service=scoring"))
    page.reload()
    expect(first_column(page, "Names")).to_have_text(["scoring"])
    panel(page, "Spans by service").get_by_role("button", name=re.compile("^Menu of")).click()
    page.get_by_role("menuitem", name="Open in Traces").click()
    expect(page.get_by_role("button", name="Remove service:scoring")).to_be_visible()


def test_a_dashboard_goes_out_as_a_file_and_comes_in_again(
    ui: Watched, server: RunningServer, shop: Shop, tmp_path: Path
) -> None:
    page = ui.open(f"/dashboards/{make(server, BY_SERVICE)}", project="shop")
    page.get_by_role("button", name="More about Of one service").click()
    with page.expect_download() as begun:
        page.get_by_role("menuitem", name="Export JSON").click()
    file = tmp_path / begun.value.suggested_filename
    begun.value.save_as(file)
    assert json.loads(file.read_text()) == BY_SERVICE

    page.get_by_role("button", name="More about Of one service").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="None yet")).to_be_visible()

    page.get_by_label("A dashboard’s file").set_input_files(file)
    expect(page.get_by_role("heading", level=1)).to_have_text("Of one service")
    expect(first_column(page, "Names").first).to_be_visible()
    (row,) = dashboards(server)
    assert row["title"] == "Of one service"


@pytest.mark.covers("bad-dashboard-file")
def test_a_file_from_a_newer_version_says_so_and_leaves_nothing(
    ui: Watched, server: RunningServer, shop: Shop, tmp_path: Path
) -> None:
    page = ui.open("/dashboards", project="shop")
    newer = tmp_path / "newer.json"
    newer.write_text(json.dumps({**BY_SERVICE, "schema_version": 7}))
    page.get_by_label("A dashboard’s file").set_input_files(newer)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The file has schema version 7")
    expect(alert).to_contain_text("Install a newer Tapetum")
    newer.write_text("no JSON at all")
    page.get_by_label("A dashboard’s file").set_input_files(newer)
    expect(alert).to_contain_text("The file is not JSON")
    assert dashboards(server) == []


def test_of_two_who_change_it_the_second_keeps_the_work(ui: Watched, server: RunningServer, shop: Shop) -> None:
    id = make(server, BY_SERVICE)
    page = ui.open(f"/dashboards/{id}", project="shop", edit="1")
    panel(page, "Names").get_by_role("button", name=re.compile("^Menu of")).click()
    page.get_by_role("menuitem", name="Remove").click()
    other = {**BY_SERVICE, "title": "Of somebody else"}
    where = {"project": "shop", "revision": 1}
    server.client.put(f"/api/v1/dashboards/{id}", params=where, json=other).raise_for_status()

    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("changed this dashboard")
    page.get_by_role("button", name="Keep mine as a new dashboard").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Of one service, mine")
    assert {row["title"]: row["panels"] for row in dashboards(server)} == {
        "Of somebody else": 2,
        "Of one service, mine": 1,
    }


def test_changes_are_not_lost_by_a_wrong_click(ui: Watched, server: RunningServer, shop: Shop) -> None:
    page = ui.open(f"/dashboards/{make(server, BY_SERVICE)}", project="shop", edit="1")
    panel(page, "Names").get_by_role("button", name=re.compile("^Menu of")).click()
    page.get_by_role("menuitem", name="Remove").click()
    page.get_by_role("link", name="Logs", exact=True).click()
    page.get_by_role("dialog", name="Leave without saving?").get_by_role("button", name="Stay").click()
    expect(panel(page, "Spans by service")).to_be_visible()
    page.get_by_role("button", name="Discard").click()
    expect(panel(page, "Names")).to_be_visible()


def test_a_panel_that_cannot_be_answered_says_why_and_leaves_the_others(
    ui: Watched, server: RunningServer, shop: Shop
) -> None:
    content = json.loads(json.dumps(BY_SERVICE))
    content["panels"][1]["query"]["query"] = "SELECT nothing FROM nowhere"
    content["panels"].append(
        {"id": "none", "title": "Silent", "x": 0, "y": 8, "w": 6, "h": 6, "query": {"kind": "logs", "q": "zanzibar"}}
    )
    page = ui.open(f"/dashboards/{make(server, content)}", project="shop")
    expect(panel(page, "Names").get_by_role("alert")).to_contain_text("nowhere")
    expect(panel(page, "Names").get_by_role("button", name="Try again")).to_be_visible()
    expect(
        panel(page, "Silent").get_by_role("figure").or_(panel(page, "Silent").get_by_text("Nothing"))
    ).to_be_visible()
    expect(first_column(page, "Spans by service").first).to_be_visible()
