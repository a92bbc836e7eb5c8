"""A browser page that remembers everything a person would be sorry about."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Dialog, Error, Locator, Page

PATIENT_MS = 60_000
"""Generous: the machine may be busy with the rest of the suite."""
LOBBY = "/theme-boot.js"
"""Where a page waits for its test: of the same origin, with nothing on it."""
_ANSWERED = re.compile(r"Failed to load resource: the server responded with a status of (4\d\d)")
EVERYWHERE = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (e) => window.violations.push(e.violatedDirective + ' ' + e.blockedURI));
Object.defineProperty(window, 'ran', {set: (v) => console.error('hostile text ran: ' + v), get: () => 1})
"""

# The page looks by itself: `expect` asks ever more rarely, and this is where tests wait most.
_SETTLED = """
(patience) => new Promise((settled, failed) => {
  const until = Date.now() + patience
  const look = () => {
    const loading = document.querySelector('.k-skeleton')
    if (document.querySelector('h1') && !loading) return settled()
    if (Date.now() > until) return failed(new Error(loading ? loading.ariaLabel : 'The page has no heading'))
    setTimeout(look, 16)
  }
  look()
})
"""

# Also what an address had shown before and shows dimmed until its answer is there is not yet the next page.
_GONE_ON = """
([href, patience]) => new Promise((arrived, failed) => {
  const until = Date.now() + patience
  const router = window.__TSR_ROUTER__
  router.history.push(href)
  const look = () => {
    const { status, resolvedLocation, location } = router.state
    if (status === 'idle' && resolvedLocation.state === location.state && !document.querySelector('.s-busy')) return arrived()
    if (Date.now() > until) return failed(new Error(`Never arrived at ${href}`))
    setTimeout(look, 16)
  }
  setTimeout(look)
})
"""


@dataclass
class Watched:
    """A page with what happened on it."""

    page: Page
    origin: str
    dialogs: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    """Requests that left for another origin, or tried to."""
    errors: list[str] = field(default_factory=list)
    """Uncaught errors, and errors on the console other than an answer of 4xx."""
    spent: bool = False
    """Whether the page keeps something that the next test must not meet."""

    def __post_init__(self) -> None:
        self._listening: list[tuple[Any, Callable[[Any], object]]] = [
            ("dialog", self._spoke),
            ("pageerror", lambda error: self.errors.append(str(error))),
            ("console", lambda said: self._heard(said.type, said.text)),
            ("request", lambda request: self._requested(request.url)),
            ("popup", lambda opened: self.foreign.append(f"popup {opened.url}")),
        ]
        for event, listener in self._listening:
            self.page.on(event, listener)  # type: ignore[arg-type]

    def always_run(self, script: str) -> None:
        """Run this first in every document. It cannot be taken back: nobody else gets this page."""
        self.spent = True
        self.page.add_init_script(script)

    def leave(self) -> bool:
        """Stop watching, and go where nothing runs. Whether somebody else may have the page."""
        for event, listener in self._listening:
            self.page.remove_listener(event, listener)
        if self.spent or self.page.is_closed():
            return False
        try:
            self.page.unroute_all(behavior="ignoreErrors")
            self.page.goto(f"{self.origin}{LOBBY}")
        except Error:
            return False  # such as when its server is gone
        return True

    def _spoke(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _heard(self, kind: str, text: str) -> None:
        if kind == "error" and not _ANSWERED.match(text):
            self.errors.append(text)

    def _requested(self, url: str) -> None:
        if not url.startswith((f"{self.origin}/", f"blob:{self.origin}/", "data:")):
            self.foreign.append(url)

    def problems(self) -> list[str]:
        """Everything that must not have happened."""
        violations = [] if self.page.is_closed() else self.page.evaluate("window.violations ?? []")
        return [*self.dialogs, *self.foreign, *self.errors, *violations]

    def open(self, path: str, **search: str) -> Page:
        """Go to an address of the UI and wait until nothing loads any more."""
        self.page.goto(f"{self.origin}{_address(path, search)}")
        settled(self.page)
        return self.page

    def go(self, path: str, **search: str) -> Page:
        """The same as a link in the UI does it: nothing is loaded anew, which is most of what a page costs.

        What has been asked before may be shown again, so where the server learnt something since, `open` the page.
        """
        if not self.page.url.startswith(self.origin) or self.page.url == f"{self.origin}{LOBBY}":
            return self.open(path, **search)
        self.page.evaluate(_GONE_ON, [_address(path, search), PATIENT_MS])
        settled(self.page)
        return self.page


def _address(path: str, search: dict[str, str]) -> str:
    return path + (f"?{urlencode(search)}" if search else "")


def settled(page: Page) -> None:
    """Wait until the page has its heading and no skeleton stands for what still loads."""
    page.evaluate(_SETTLED, PATIENT_MS)


def rows(page: Page, table: str) -> Locator:
    """The body rows of a table, those that exist."""
    return page.get_by_role("grid", name=table).locator(".k-tr")


def pick(row: Locator) -> None:
    """Select a row as a person does: anywhere but on a value, which has a menu of its own, or a box to tick."""
    row.get_by_role("gridcell").filter(has_not=row.page.get_by_role("checkbox")).first.click()


def click_chart(page: Page, name: str, at: float) -> None:
    """Click a chart over time at this share of its width, near its foot, where a bar is."""
    plot = page.get_by_role("figure", name=name, exact=True).locator(".u-over")
    box = plot.bounding_box()
    assert box is not None
    plot.click(position={"x": at * box["width"], "y": box["height"] - 4})


def choose(page: Page, label: str, option: str) -> None:
    """Pick an option of a select."""
    page.get_by_role("combobox", name=label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def filter_by(page: Page, text: str) -> None:
    """Type a filter and apply it."""
    box = page.get_by_role("combobox", name="Filter")
    box.fill(text)
    box.press("Enter")


# What the browser itself counts as moved (the Layout Instability API), of what fits or lies around it.
_MOVED = """what => new Promise(done => {
  const seen = []
  const watch = new PerformanceObserver(list => seen.push(...list.getEntries()))
  watch.observe({ type: 'layout-shift', buffered: true })
  setTimeout(() => done(seen.flatMap(shift => shift.sources.map(source => source.node))
    .filter(node => node && (node.closest?.(what) || node.querySelector?.(what))).map(node => node.outerHTML.slice(0, 80))), 200)
})"""


def moved(page: Page, what: str) -> list[str]:
    """What has moved since this document was loaded, of what this selector finds or what lies around it."""
    found: list[str] = page.evaluate(_MOVED, what)
    return found


COUNT_FRAMES = """
window.frames_seen = 0;
(function next() { window.frames_seen++; requestAnimationFrame(next); })();
"""
_A_FRAME = """
([before, patience]) => new Promise((came) => {
  const until = Date.now() + patience
  const look = () => {
    if (window.frames_seen > before || Date.now() > until) return came(window.frames_seen > before)
    setTimeout(look, 16)
  }
  look()
})
"""


def assert_alive(page: Page) -> None:
    """Frames still come to a page that counts them, and a click on it is answered."""
    before = page.evaluate("window.frames_seen")
    assert page.evaluate(_A_FRAME, [before, PATIENT_MS]), "no frame came"
