"""axe-core on the page as it stands, in both themes."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

SOURCE = Path(__file__).parents[3] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
EVERYTHING = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
SEEN = ["color-contrast", "link-in-text-block", "target-size"]
"""What is measured on what is painted, which takes longest."""
COLOURS = ["color-contrast", "link-in-text-block"]
"""What may differ from theme to theme: the page itself is the same."""
_OVERLAY = "[data-portal] :is([role=menu], [role=listbox], [role=tooltip]), [data-portal] .mantine-Popover-dropdown"
_TOOLS = """
window.told = (found) => found.violations.flatMap((rule) =>
  rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`))
// Behind the first rows of a table, or of a tree, are more of the same.
window.withoutMore = async (run) => {
  const more = new CSSStyleSheet()
  const rows = [':is(.k-tr, [role=treeitem]):nth-child(n + 9)']
  more.replaceSync(`${rows}, ${rows} * { visibility: hidden !important }`)
  document.adoptedStyleSheets.push(more)
  try { return await run() } finally { document.adoptedStyleSheets.splice(document.adoptedStyleSheets.indexOf(more), 1) }
}
// What this page has not shown yet, or shows otherwise now.
const known = new WeakMap()
const itself = (e) => e.cloneNode(false).outerHTML + [...e.childNodes].map((n) => n.nodeType === 3 ? n.data : '|').join('')
window.unknown = () => {
  const found = []
  const look = (e) => {
    if (known.get(e) !== itself(e)) found.push(e)
    else for (const child of e.children) look(child)
  }
  for (const e of document.body.children) look(e)
  for (const e of found) for (const each of [e, ...e.querySelectorAll('*')]) known.set(each, itself(each))
  return found.length > 60 ? [document.body] : found
}
"""
_STRUCTURE = """
([only, seen, overlay]) => withoutMore(async () => told(await axe.run(
  // The editor's list of completions is never focused: the editor points into it (aria-activedescendant).
  { exclude: [['.cm-tooltip-autocomplete']] },
  // Menus and lists that lie over the page are at the end of the document on purpose, outside its landmarks.
  {
    runOnly: only,
    resultTypes: ['violations'],
    rules: {
      region: { enabled: !document.querySelector(overlay) },
      ...Object.fromEntries(seen.map((rule) => [rule, { enabled: false }])),
    },
  },
)))
"""
_LOOKS = """
([parts, rules]) => withoutMore(async () => told(await axe.run(
  { include: parts, exclude: [['.cm-tooltip-autocomplete']] },
  { runOnly: { type: 'rule', values: rules }, resultTypes: ['violations'] },
)))
"""


def violations(page: Page, what: str) -> list[str]:
    """What axe finds here; `what` says where that is. Leaves the page in the theme that it had.

    How things are built is checked on the whole page each time, how they look where the page is other than it was the last time.
    """
    if not page.evaluate("'axe' in window"):
        # Not a script element: the content security policy would, rightly, refuse it.
        page.evaluate(SOURCE.read_text())
        page.evaluate(_TOOLS)
    html = page.locator("html")
    theme = html.get_attribute("data-mantine-color-scheme")
    other = "light" if theme == "dark" else "dark"
    found = [f"{what}, {theme}: {said}" for said in page.evaluate(_STRUCTURE, [EVERYTHING, SEEN, _OVERLAY])]
    parts = page.evaluate_handle("unknown()")
    if page.evaluate("(parts) => parts.length", parts):
        found += [f"{what}, {theme}: {said}" for said in page.evaluate(_LOOKS, [parts, SEEN])]
        html.evaluate("(e, theme) => e.setAttribute('data-mantine-color-scheme', theme)", other)
        found += [f"{what}, {other}: {said}" for said in page.evaluate(_LOOKS, [parts, COLOURS])]
        html.evaluate("(e, theme) => e.setAttribute('data-mantine-color-scheme', theme)", theme)
    expect(html).to_have_attribute("data-mantine-color-scheme", str(theme))
    return found
