"""Tests have a page one after the other: none meets what the one before it left there."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, expect
from process.servers import RunningServer

from browser.conftest import page_at_home
from browser.watch import Watched


def test_the_next_test_finds_nothing_of_the_one_before(
    ui: Watched, home: BrowserContext, server: RunningServer
) -> None:
    page = ui.open("/settings", project="left", tab="appearance")
    page.evaluate("localStorage.setItem('kept', 1); sessionStorage.setItem('kept', 1); window.name = 'kept'")
    page.route("**/*", lambda route: route.abort())
    assert ui.leave()
    found = Watched(page_at_home(home, server.url, "light"), server.url)
    assert found.page == page
    found.open("/settings", project="right", tab="appearance")
    assert found.page.evaluate("[localStorage.getItem('kept'), sessionStorage.getItem('kept'), window.name]") == [
        None,
        None,
        "",
    ]
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "light")
    page.evaluate("window.ran = 1; console.error('after')")
    assert ui.problems() == []
    assert found.problems() == ["hostile text ran: 1", "after"]
    assert found.leave()


def test_a_page_that_keeps_a_script_is_nobody_elses(ui: Watched) -> None:
    ui.always_run("window.kept = 1")
    assert ui.open("/settings", project="left").evaluate("kept") == 1
    assert not ui.leave()
