"""Services: how each does, who asks whom, and from there to the traces."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from process.servers import RunningServer

from browser.shop import Shop
from browser.watch import Watched, pick, rows

pytestmark = pytest.mark.covers("page-services")


@pytest.mark.golden
def test_from_the_services_to_a_failing_one_its_neighbours_and_its_spans(ui: Watched, shop: Shop) -> None:
    page = ui.open("/services", project="shop")
    for name in ("web", "scoring", "features", "assistant"):
        expect(rows(page, "Services").filter(has_text=name)).to_have_count(1)
    # Every sixth order fails.
    expect(rows(page, "Services").filter(has_text="web")).to_contain_text("17 %")
    page.get_by_role("columnheader", name="p95").get_by_role("button", name="p95", exact=True).click()
    expect(page).to_have_url(re.compile("sort=-p95"))

    pick(rows(page, "Services").filter(has_text="web"))
    expect(page.get_by_role("heading", level=1)).to_have_text("web")
    expect(page.get_by_role("figure", name="Duration")).to_be_visible()
    operations = page.get_by_role("region", name="Operations")
    expect(operations.get_by_role("row").filter(has_text="POST /checkout")).to_contain_text("17 %")
    expect(page.get_by_role("region", name="Versions").get_by_role("row").filter(has_text="2.3.1")).to_be_visible()
    near = page.get_by_role("region", name="Ways between services")
    expect(near.get_by_role("row").filter(has_text="web").filter(has_text="scoring")).to_be_visible()
    expect(near.get_by_role("row").filter(has_text="postgresql")).to_contain_text("database")

    operations.get_by_role("link", name="POST /checkout").click()
    expect(page).to_have_url(re.compile("/traces"))
    expect(rows(page, "Spans").first).to_contain_text("POST /checkout")


def test_the_map_is_a_picture_and_a_table_and_leads_to_a_service(ui: Watched, shop: Shop) -> None:
    page = ui.open("/services-map", project="shop")
    picture = page.get_by_role("region", name="Service map")
    expect(picture.get_by_role("link")).to_have_count(4)
    expect(picture).to_contain_text("sqlite")
    page.get_by_role("radiogroup", name="Map as").get_by_text("Table").click()
    table = page.get_by_role("region", name="Ways between services")
    expect(table.get_by_role("row").filter(has_text="scoring").filter(has_text="features")).to_be_visible()
    page.get_by_role("radiogroup", name="Map as").get_by_text("Picture").click()
    picture.get_by_role("link", name="features").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("features")


def test_a_project_without_spans_says_what_a_service_is(ui: Watched, server: RunningServer) -> None:
    server.client.post("/api/v1/projects", json={"name": "no-services"}).raise_for_status()
    page = ui.open("/services", project="no-services")
    expect(page.get_by_text("No services in project no-services")).to_be_visible()
    page = ui.go("/services/nobody", project="no-services")
    expect(page.get_by_role("alert")).to_contain_text("has no spans in this time")
