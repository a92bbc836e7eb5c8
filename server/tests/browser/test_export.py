"""Every page saves what its filter and time select; Settings says what is stored and makes backups."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect
from process.servers import RunningServer

from browser.shop import Shop
from browser.watch import Watched, settled


def saved(page: Page, what: str, item: str, tmp_path: Path) -> Path:
    """Choose one item of the export menu; the file that the browser keeps."""
    page.get_by_role("button", name=f"Export {what}").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=item).click()
    # It goes away by itself.
    expect(page.get_by_text("Exported", exact=True).last).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).last.click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    return file


@pytest.mark.covers("ui-export")
def test_the_file_has_what_the_page_selects(ui: Watched, server: RunningServer, shop: Shop, tmp_path: Path) -> None:
    """Against the same question in SQL."""
    failed = server.rows("SELECT trace_id, span_id FROM spans WHERE project = 'shop' AND status = 'error'")
    page = ui.open("/traces", project="shop", q="status:error", view="spans")
    table = pq.read_table(saved(page, "spans", "Parquet", tmp_path))
    assert sorted(zip(table.column("trace_id").to_pylist(), table.column("span_id").to_pylist())) == sorted(failed)

    page = ui.go("/traces", project="shop", q="status:error")
    lines = saved(page, "traces", "Lines of JSON", tmp_path).read_text().splitlines()
    assert {json.loads(line)["trace_id"] for line in lines} == {trace for trace, _ in failed}

    page = ui.go("/logs", project="shop", q="severity:>=error")
    rows = list(csv.DictReader(io.StringIO(saved(page, "logs", "CSV", tmp_path).read_text(), newline="")))
    (count,) = server.rows("SELECT count() FROM logs WHERE project = 'shop' AND severity_number >= 17")
    assert (len(rows),) == count

    page = ui.go(f"/traces/{shop.failed[0]}", project="shop")
    table = pq.read_table(saved(page, "spans", "Parquet", tmp_path))
    assert set(table.column("trace_id").to_pylist()) == {shop.failed[0]}

    page = ui.go("/metrics-explorer", project="shop", name="system.cpu.utilization")
    table = pq.read_table(saved(page, "metrics", "Parquet", tmp_path))
    assert set(table.column("name").to_pylist()) == {"system.cpu.utilization"}


@pytest.mark.covers("ui-export")
def test_compared_traces_are_saved_as_spans_and_as_aligned_steps(ui: Watched, shop: Shop, tmp_path: Path) -> None:
    a, b = shop.orders[0], shop.failed[0]
    page = ui.open("/traces/compare", project="shop", a=a, b=b)
    table = pq.read_table(saved(page, "spans", "Parquet", tmp_path))
    assert set(table.column("trace_id").to_pylist()) == {a, b}
    page.get_by_role("button", name="Export spans").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="CSV of the aligned steps").click()
    steps = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(), newline="")))
    assert steps[0]["depth"] == "0"
    assert sum(int(step["count_b"]) for step in steps) == table.column("trace_id").to_pylist().count(b)
    assert any(int(step["duration_ns_b"]) > int(step["duration_ns_a"]) > 0 for step in steps)


@pytest.mark.covers("ui-export")
def test_the_menu_works_by_keyboard_and_says_what_went_wrong(ui: Watched, shop: Shop, tmp_path: Path) -> None:
    page = ui.open("/services", project="shop")
    page.get_by_role("button", name="Export spans").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Parquet")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="CSV of the services").press("Enter")
    download.value.save_as(tmp_path / "services.csv")
    services = list(csv.DictReader(io.StringIO((tmp_path / "services.csv").read_text(), newline="")))
    assert {row["service"] for row in services} >= {"web", "features"}

    def refuse(route: object) -> None:
        body = '{"error": {"code": "unavailable", "message": "4 exports are being read", "hint": "Wait."}}'
        route.fulfill(status=409, content_type="application/json", body=body)  # type: ignore[attr-defined]

    page.route("**/api/v1/export/**", refuse)
    page.get_by_role("button", name="Export spans").click()
    page.get_by_role("menuitem", name="Parquet").click()
    expect(page.get_by_text("4 exports are being read Wait.")).to_be_visible()


@pytest.mark.covers("ui-storage")
def test_settings_say_what_is_stored_and_make_a_backup(ui: Watched, server: RunningServer, shop: Shop) -> None:
    page = ui.open("/settings", project="shop", tab="storage")
    stored = page.get_by_role("region", name="Stored by project and signal")
    (spans,) = server.rows("SELECT count() FROM spans WHERE project = 'shop'")
    # Other files of this worker have projects whose names begin with it.
    row = stored.get_by_role("row", name=re.compile("^shop traces "))
    expect(row).to_contain_text("30d")
    assert spans[0] > 0
    expect(page.get_by_role("meter", name="Disk in use")).to_be_visible()
    expect(page.get_by_text("ingest pauses: senders are told to try again")).to_be_visible()
    expect(page.get_by_role("heading", name="There are no backups")).to_be_visible()
    page.get_by_role("button", name="Back up now").click()
    made = page.get_by_role("region", name="Backups").get_by_role("row").filter(has_text="complete")
    expect(made).to_have_count(1)
    expect(page.get_by_text("The last one is of")).to_be_visible()
    with page.expect_download() as download:
        made.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".tar")
    made.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(made).to_have_count(0)
    settled(page)
