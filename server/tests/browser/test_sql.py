"""SQL: written with help, run, drawn, saved, and refused with a way on."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pyarrow.parquet
import pytest
from playwright.sync_api import Page, expect

from browser.shop import Shop
from browser.watch import Watched

pytestmark = pytest.mark.covers("page-sql")

BY_SERVICE = "SELECT service, count() AS spans FROM spans GROUP BY service ORDER BY service"


def write(page: Page, query: str) -> None:
    """Replace what the editor holds by typing."""
    editor = page.get_by_role("textbox", name="SQL")
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(query)


def save(page: Page, kind: str, to: Path) -> Path:
    """Export the result."""
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as begun:
        page.get_by_role("menuitem", name=kind, exact=True).click()
    begun.value.save_as(to)
    return to


@pytest.mark.golden
def test_a_statement_is_typed_run_drawn_and_saved(ui: Watched, shop: Shop, tmp_path: Path) -> None:
    page = ui.open("/sql", project="shop")
    write(page, BY_SERVICE)
    page.keyboard.press("Control+Enter")
    result = page.get_by_role("grid", name="Result")
    expect(result.locator(".k-tr")).to_have_count(4)
    expect(result.locator(".k-tr").first).to_contain_text("assistant")
    expect(page).to_have_url(re.compile(r"sql=SELECT\+service"))

    page.get_by_text("Chart", exact=True).click()
    expect(page.locator(".q-bars tbody tr")).to_have_count(4)

    table = list(csv.reader(save(page, "CSV", tmp_path / "spans.csv").read_text().splitlines()))
    assert table[0] == ["service", "spans"]
    assert [row[0] for row in table[1:]] == ["assistant", "features", "scoring", "web"]
    saved = pyarrow.parquet.read_table(save(page, "Parquet", tmp_path / "spans.parquet"))
    assert saved.num_rows == 4


def test_a_series_is_drawn_over_time(ui: Watched, shop: Shop) -> None:
    """The statement that the page starts with is one."""
    page = ui.open("/sql", project="shop")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("grid", name="Result").locator(".k-tr").first).to_be_visible()
    page.get_by_text("Chart", exact=True).click()
    expect(page.get_by_role("figure", name="Result over time").locator("canvas")).to_be_visible()


def test_columns_are_completed_and_listed(ui: Watched, shop: Shop) -> None:
    page = ui.open("/sql", project="shop")
    write(page, "SELECT ")
    page.get_by_role("textbox", name="SQL").press_sequentially("duration_")
    expect(page.get_by_role("option").filter(has_text="duration_ms").first).to_be_visible()

    page.get_by_label("Find a column").fill("ttft")
    page.get_by_role("button", name=re.compile("ttft_ms")).first.click()
    expect(page.get_by_role("textbox", name="SQL")).to_contain_text("ttft_ms")


@pytest.mark.parametrize(
    ("query", "says", "hint"),
    [
        ("DROP TABLE spans", "SELECT", "Only one SELECT over the views at the left may run."),
        ("SELECT * FROM system.tables", "system.tables", "Only one SELECT over the views at the left may run."),
        ("SELECT servize FROM spans", "servize", "400"),
    ],
)
def test_a_refused_statement_says_why_and_what_may_run(
    ui: Watched, shop: Shop, query: str, says: str, hint: str
) -> None:
    page = ui.open("/sql", project="shop")
    write(page, query)
    page.get_by_role("button", name="Run").click()
    refusal = page.get_by_role("alert").filter(has=page.get_by_role("heading"))
    expect(refusal).to_be_visible()
    expect(refusal).to_contain_text(says)
    expect(refusal).to_contain_text(hint)
    write(page, BY_SERVICE)
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("grid", name="Result").locator(".k-tr")).to_have_count(4)


def test_a_statement_that_takes_long_can_be_cancelled(ui: Watched, shop: Shop) -> None:
    page = ui.open("/sql", project="shop")
    write(
        page,
        "SELECT count() FROM spans AS a, spans AS b, spans AS c, spans AS d WHERE a.name < b.name AND c.name < d.name",
    )
    page.get_by_role("button", name="Run").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()


def test_a_link_holds_the_statement(ui: Watched, shop: Shop) -> None:
    page = ui.open("/sql", project="shop", sql="SELECT trace_id FROM spans LIMIT 1")
    expect(page.get_by_role("textbox", name="SQL")).to_contain_text("SELECT trace_id FROM spans LIMIT 1")
    page.get_by_role("button", name="Run").click()
    page.get_by_role("grid", name="Result").get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/traces/[0-9a-f]{32}"))
