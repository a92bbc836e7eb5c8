"""The frame around every page: where am I, how do I get elsewhere, and can I send this to a colleague."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import OpenPage
from browser.shop import Shop
from browser.watch import Watched, filter_by, pick, rows, settled

pytestmark = pytest.mark.covers("ui-shell")

PAGES = ("Health", "Traces", "Logs", "Metrics", "Ingest", "SQL", "Settings")


@pytest.mark.golden
def test_the_rail_leads_to_every_page_and_keeps_project_and_time(ui: Watched, shop: Shop) -> None:
    page = ui.open("/", project="shop")
    expect(page).to_have_url(re.compile(r"/health\?project=shop$"))
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Traces").click()
    # A time that is chosen while the page is on its way belongs to the one before.
    expect(page.get_by_role("heading", level=1, name="Traces")).to_be_attached()
    settled(page)
    choose_time(page, "Last 6 hours")
    expect(page).to_have_url(re.compile("from=now-6h"))
    for name in PAGES:
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
        settled(page)
        expect(page.get_by_role("heading", level=1, name=name)).to_be_attached()
        expect(page).to_have_title(re.compile(f"(^|· ){name} · Tapetum$"))
        expect(page).to_have_url(re.compile("project=shop&from=now-6h"))
        expect(page.get_by_role("link", name=name)).to_have_attribute("aria-current", "page")


@pytest.mark.golden
def test_the_palette_goes_anywhere(ui: Watched, shop: Shop) -> None:
    page = ui.open("/traces", project="shop")
    ask(page, "Logs")
    expect(page).to_have_url(re.compile(r"/logs\?project=shop$"))
    ask(page, shop.failed[0])
    expect(page).to_have_url(re.compile(f"/traces/{shop.failed[0]}"))
    settled(page)
    ask(page, "Time: last 15 minutes")
    ask(page, "predict fraud")
    expect(page).to_have_url(re.compile("q=%22predict\\+fraud%22"))
    ask(page, "Theme: light")
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "light")


def ask(page: Page, text: str) -> None:
    """Ctrl+K, type, Enter on the first answer."""
    page.keyboard.press("Control+k")
    box = page.get_by_role("textbox", name="Search", exact=True)
    box.fill(text)
    expect(page.locator(".mantine-Spotlight-action").first).to_contain_text(text)
    page.keyboard.press("Enter")
    expect(box).to_be_hidden()


def test_keys_go_places_and_help_lists_them(ui: Watched, shop: Shop) -> None:
    page = ui.open("/traces", project="shop")
    page.keyboard.press("?")
    help_window = page.get_by_role("dialog", name="Keyboard")
    for label in ("Keyboard help", "Live on or off", "Filter", "Next row", "Traces or spans"):
        expect(help_window.get_by_text(label, exact=True).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(help_window).to_be_hidden()

    page.keyboard.press("j")
    expect(page.get_by_role("complementary", name="Trace")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("complementary", name="Trace")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/traces/[0-9a-f]{32}"))
    settled(page)
    for key, path in (("l", "/logs"), ("m", "/metrics-explorer"), ("s", "/sql"), ("t", "/traces")):
        page.keyboard.type(f"g{key}")
        expect(page).to_have_url(re.compile(path))
        settled(page)
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Filter")).to_be_focused()
    page.keyboard.type("gl")
    expect(page).to_have_url(re.compile("/traces"))


def test_a_project_is_picked_and_remembered(ui: Watched, shop: Shop) -> None:
    """Its filter does not travel along: it means nothing elsewhere."""
    page = ui.open("/traces", project="shop", q="status:error")
    page.get_by_role("combobox", name="Project").click()
    page.get_by_role("option", name="default", exact=True).click()
    expect(page).to_have_url(re.compile("project=default"))
    expect(page).not_to_have_url(re.compile("q="))
    page.get_by_role("combobox", name="Project").click()
    page.get_by_role("option", name="shop", exact=True).click()
    expect(rows(page, "Traces").first).to_be_visible()
    page.goto(f"{ui.origin}/")
    expect(page).to_have_url(re.compile("/health.project=shop"))
    settled(page)


def choose_time(page: Page, preset: str) -> None:
    """Pick a preset of the time picker."""
    page.get_by_role("button", name=re.compile("^Time range:")).click()
    page.get_by_role("button", name=preset).click()


def test_time_is_picked_typed_and_given_to_the_second(ui: Watched, shop: Shop) -> None:
    page = ui.open("/traces", project="shop")
    choose_time(page, "Last 15 minutes")
    expect(page).to_have_url(re.compile("from=now-15m"))
    picker = page.get_by_role("button", name=re.compile("^Time range:"))
    picker.click()
    page.get_by_label("Type a range").fill("3 moons")
    expect(page.get_by_text("Try 45m, 3d, or two times with “to”")).to_be_visible()
    page.get_by_label("Type a range").fill("45m")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("from=now-45m"))
    picker.click()
    page.get_by_label("From", exact=True).fill("2026-01-02T03:04:05")
    page.get_by_label("To", exact=True).fill("2026-01-02T04:00:00")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("from=2026-01-02T03%3A04%3A05.000Z&to=2026-01-02T04%3A00%3A00.000Z"))
    expect(page.get_by_text("No traces in project shop (2026-01-02 03:04:05 to 04:00:00)")).to_be_visible()
    page.get_by_role("button", name="Everything").click()
    expect(rows(page, "Traces").first).to_be_visible()


def test_a_link_opens_the_same_view_for_a_colleague(ui: Watched, new_page: OpenPage, shop: Shop) -> None:
    """The address is the state: filter, sort, drawer and tab survive a reload and another browser."""
    page = ui.open("/traces", project="shop", sort="-duration_ms", view="spans")
    filter_by(page, "service:features status:error")
    expect(rows(page, "Spans")).to_have_count(len(shop.failed))
    pick(rows(page, "Spans").first)
    page.get_by_role("tab", name=re.compile("Events")).click()
    expect(page).to_have_url(re.compile("tab=events"))
    address = page.url

    def same(shown: Page) -> None:
        settled(shown)
        expect(rows(shown, "Spans")).to_have_count(len(shop.failed))
        span = shown.get_by_role("complementary", name="Span")
        expect(span.get_by_role("button", name="TimeoutError", exact=True)).to_be_visible()
        assert shown.url == address

    page.reload()
    same(page)
    colleague = new_page(theme="light")
    colleague.page.goto(address)
    same(colleague.page)


def test_copy_a_link_gives_absolute_times(ui: Watched, shop: Shop) -> None:
    page = ui.open("/traces", project="shop", q="status:error")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy a link to this view").click()
    expect(page.get_by_text("Link copied, with absolute times")).to_be_visible()
    assert re.search(
        r"from=20\d\d-.*&to=20\d\d-|to=20\d\d-.*&from=20\d\d-", page.evaluate("navigator.clipboard.readText()")
    )


def test_dark_and_light_are_chosen_and_kept(ui: Watched, shop: Shop) -> None:
    page = ui.open("/traces", project="shop")
    html = page.locator("html")
    expect(html).to_have_attribute("data-mantine-color-scheme", "dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Theme: dark").click()
    page.get_by_role("menuitem", name="Light").click()
    expect(html).to_have_attribute("data-mantine-color-scheme", "light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    page.reload()
    settled(page)
    expect(html).to_have_attribute("data-mantine-color-scheme", "light")


def test_every_value_has_the_same_menu(ui: Watched, shop: Shop) -> None:
    page = ui.open("/traces", project="shop", q="status:error")
    rows(page, "Traces").first.get_by_role("button", name="web", exact=True).click()
    for item in ("Only this", "Not this", "Copy", "Open in SQL"):
        expect(page.get_by_role("menuitem", name=item)).to_be_visible()
    page.get_by_role("menuitem", name="Open in SQL").click()
    settled(page)
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("grid", name="Result").locator(".k-tr").first).to_be_visible()


def test_an_unknown_address_says_so_and_leads_on(ui: Watched, shop: Shop) -> None:
    page = ui.open("/nowhere", project="shop")
    expect(page.get_by_text("No page has this address")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Traces").click()
    expect(page).to_have_url(re.compile("/traces"))
    # Nor has everybody who reads a page a terminal at hand.
    page = ui.go("/logs", project="nobodys")
    problem = page.get_by_role("alert").filter(has_text="There is no project 'nobodys'").last
    expect(problem).to_contain_text("Choose another project at the top of the page")
    expect(problem).not_to_contain_text("lists the projects")


@pytest.mark.covers("ui-bundle")
@pytest.mark.golden
def test_the_first_page_loads_at_most_400_kb(new_page: OpenPage, shop: Shop) -> None:
    """As the server sends it to a browser that was never here: compressed, scripts and styles of shell and Traces."""
    fresh = new_page(width=1400)
    fresh.open("/traces", project="shop")
    loaded = fresh.page.evaluate(
        """() => [...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]
            .filter((e) => !e.name.includes('/api/'))
            .map((e) => [new URL(e.name).pathname, e.encodedBodySize, e.decodedBodySize])"""
    )
    scripts = [entry for entry in loaded if entry[0].endswith(".js")]
    assert len(scripts) > 3
    assert sum(sent for _, sent, _ in scripts) < sum(whole for _, _, whole in scripts) / 2
    assert 100_000 < sum(sent for _, sent, _ in loaded) <= 400_000
