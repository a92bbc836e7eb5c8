"""Changes on charts: a deploy is where the curve bends, for pointer, keyboard and screen reader."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from process.servers import RunningServer

from browser.shop import Shop
from browser.watch import Watched

pytestmark = pytest.mark.covers("changes-drawn")
DEPLOY = re.compile("^deploy checkout 1.4 → 1.5, ")


@pytest.fixture(scope="module", autouse=True)
def deployed(server: RunningServer, shop: Shop) -> None:
    """Twenty minutes ago, and long before every chart."""
    now_ms = shop.now // 10**6
    change = {"kind": "deploy", "subject": "checkout", "before": "1.4", "after": "1.5", "source": "ci"}
    changes = [change | {"time": now_ms - 20 * 60_000}, change | {"time": now_ms - 90 * 86_400_000}]
    answer = server.client.post("/v1/changes", json=changes, headers={"x-tapetum-project": "shop"})
    assert answer.json()["accepted"] == 2


@pytest.mark.parametrize(
    ("path", "search", "figure"),
    [
        ("/traces", {}, "Duration over time, number of spans"),
        ("/traces", {"chart": "count"}, "Spans over time"),
        ("/logs", {}, re.compile(".+")),
        ("/metrics-explorer", {"name": "system.cpu.utilization"}, "system.cpu.utilization"),
    ],
)
def test_a_deploy_is_a_line_on_the_chart_that_says_what_it_was(
    ui: Watched, shop: Shop, path: str, search: dict[str, str], figure: str
) -> None:
    page = ui.open(path, project="shop", **search)
    mark = page.get_by_role("figure", name=figure).first.get_by_role("img", name=DEPLOY)
    expect(mark).to_have_count(1)
    mark.focus()
    expect(page.get_by_role("tooltip")).to_contain_text("deploy checkout 1.4 → 1.5 (ci)")


def test_the_table_of_a_chart_has_changes_and_a_reader_may_hide_them(ui: Watched, shop: Shop) -> None:
    page = ui.open("/metrics-explorer", project="shop", name="system.cpu.utilization")
    page.get_by_role("button", name="system.cpu.utilization: show as table").click()
    table = page.get_by_role("region", name="Chart data")
    expect(table.get_by_role("columnheader", name="Changes")).to_be_visible()
    expect(table.get_by_role("cell", name="deploy checkout 1.4 → 1.5")).to_have_count(1)
    page = ui.open("/settings", tab="appearance")
    page.get_by_label("Deploys and changes").get_by_text("Hidden").click()
    page = ui.open("/metrics-explorer", project="shop", name="system.cpu.utilization")
    expect(page.locator("canvas").first).to_be_visible()
    assert page.get_by_role("img", name=DEPLOY).count() == 0
