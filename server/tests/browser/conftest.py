"""One server, one browser and one shop for all browser tests of a worker; a page of its own for each test."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from process.servers import RunningServer
from process.targets import targets

from browser.shop import Shop
from browser.watch import EVERYWHERE, LOBBY, PATIENT_MS, Watched

CHROMIUM = os.environ.get("TAPETUM_CHROMIUM", "/usr/bin/chromium")
STATIC = Path(__file__).parents[2] / "src" / "tapetum_server" / "static"
OpenPage = Callable[..., Watched]
_NEW_READER = """
if (!sessionStorage.getItem('arrived')) {
  sessionStorage.setItem('arrived', 'yes')
  localStorage.clear()
  localStorage.setItem('tapetum-theme', '%s')
}
"""
"""A page is somebody who was never here; what they then choose stays theirs through reloads."""
_FORGET = "sessionStorage.clear(); window.name = '';"

SCRAPED = """
[[scrape]]
job = "ranker"
url = "{url}/metrics"
project = "scraped"
interval_s = 300
[[scrape]]
job = "<img src=x onerror=alert(1)>"
url = "http://127.0.0.1:1/<script>alert(1)</script>?token=hush"
project = "scraped"
interval_s = 300
"""
"""One target that is up, and one that is down and means harm. Both are tried at once, and then seldom."""
# Package scope, not session: while Playwright is open, no other test of this process could use asyncio.run.


def pytest_itemcollected(item: pytest.Item) -> None:
    """`make test` goes the golden journeys; what else a page can do, and what holds for every page, is wide."""
    if not item.get_closest_marker("golden"):
        item.add_marker(pytest.mark.wide)


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A real server with the built UI. Tests that write use a project of their own."""
    assert (STATIC / "index.html").is_file(), "the web UI is not built: run `make ui`"
    folder = tmp_path_factory.mktemp("browser")
    with targets() as served:
        served.says("/metrics", "queue_length 3\n")
        (folder / "tapetum.toml").write_text(SCRAPED.format(url=served.url))
        with RunningServer(folder / "data", "--config", str(folder / "tapetum.toml")) as running:
            yield running


@pytest.fixture(scope="package")
def shop(server: RunningServer) -> Shop:
    """The telemetry of project `shop`."""

    def post(signal: str, body: bytes) -> None:
        answer = server.send(signal, body, project="shop")
        assert (answer.status_code, answer.content) == (200, b""), answer.text

    made = Shop(time.time_ns()).fill()
    made.send(post)
    return made


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    expect.set_options(timeout=PATIENT_MS)
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
    arguments += ["--process-per-site"]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def home(browser: Browser, server: RunningServer) -> Iterator[BrowserContext]:
    """The browser's profile that tests share one after the other: what it has in its cache, they need not load again.

    They share a page too, whose process has compiled the scripts of the UI: each page has a process of its own, as the
    server's opener policy demands.
    """
    context = _context(browser, 1440, 900)
    yield context
    context.close()


def _context(browser: Browser, width: int, height: int, **options: Any) -> BrowserContext:
    context = browser.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce", timezone_id="UTC", **options
    )
    context.set_default_timeout(PATIENT_MS)
    return context


@pytest.fixture
def new_page(browser: Browser, home: BrowserContext, server: RunningServer) -> Iterator[OpenPage]:
    """Opens pages; when the test ends, none of them may have had a problem. The first, unless it has options, is in `home`."""
    opened: list[Watched] = []

    def open_page(
        origin: str = server.url, *, theme: str = "dark", width: int = 1440, height: int = 900, **options: Any
    ) -> Watched:
        shared = not opened and not options
        if shared:
            page = page_at_home(home, origin, theme)
        else:
            page = _watching(_context(browser, width, height, **options).new_page())
            page.add_init_script(_NEW_READER % theme)
        page.set_viewport_size({"width": width, "height": height})
        opened.append(Watched(page, origin))
        return opened[-1]

    yield open_page
    problems = [problem for watched in opened for problem in watched.problems()]
    for watched in opened:
        if watched.page.context is not home:
            watched.page.context.close()
        elif not watched.leave():
            watched.page.close()
    for left in home.pages[1:]:
        left.close()
    home.clear_cookies()
    home.clear_permissions()
    assert problems == []


def page_at_home(home: BrowserContext, origin: str, theme: str = "dark") -> Page:
    """The page that tests share, for somebody who was never there; a new one if there is none."""
    page = home.pages[0] if home.pages else _watching(home.new_page())
    # Where the test before it has left, nothing runs.
    if page.url != f"{origin}{LOBBY}":
        page.goto(f"{origin}{LOBBY}")
    page.evaluate(_FORGET + _NEW_READER % theme)
    return page


def _watching(page: Page) -> Page:
    page.add_init_script(EVERYWHERE)
    return page


@pytest.fixture
def ui(new_page: OpenPage) -> Watched:
    """One page in the dark theme at 1440 × 900."""
    return new_page()


@pytest.fixture
def page(ui: Watched) -> Page:
    """The same, bare."""
    return ui.page
