"""axe-core on the page as it stands, in both themes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

SOURCE = Path(__file__).parents[3] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
EVERYTHING = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""What may differ from theme to theme: the page itself is the same."""
_OVERLAY = "[data-portal] :is([role=menu], [role=listbox], [role=tooltip]), [data-portal] .mantine-Popover-dropdown"
_RUN = """
async ([only, overlay]) => {
  const found = await axe.run(
    // The editor's list of completions is never focused: the editor points into it (aria-activedescendant).
    { exclude: [['.cm-tooltip-autocomplete']] },
    // Menus and lists that lie over the page are at the end of the document on purpose, outside its landmarks.
    { runOnly: only, resultTypes: ['violations'], rules: { region: { enabled: !document.querySelector(overlay) } } },
  )
  return found.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`))
}
"""


def violations(page: Page, what: str) -> list[str]:
    """What axe finds here; `what` says where that is. Leaves the page in the theme that it had."""
    if not page.evaluate("'axe' in window"):
        # Not a script element: the content security policy would, rightly, refuse it.
        page.evaluate(SOURCE.read_text())
    html = page.locator("html")
    theme = html.get_attribute("data-mantine-color-scheme")
    other = "light" if theme == "dark" else "dark"
    found = [f"{what}, {theme}: {said}" for said in _run(page, EVERYTHING)]
    html.evaluate("(e, theme) => e.setAttribute('data-mantine-color-scheme', theme)", other)
    found += [f"{what}, {other}: {said}" for said in _run(page, COLOURS)]
    html.evaluate("(e, theme) => e.setAttribute('data-mantine-color-scheme', theme)", theme)
    expect(html).to_have_attribute("data-mantine-color-scheme", str(theme))
    return found


def _run(page: Page, only: dict[str, Any]) -> list[str]:
    found: list[str] = page.evaluate(_RUN, [only, _OVERLAY])
    return found
