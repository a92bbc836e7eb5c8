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
_FIND = """
([only, seen, colours, overlay]) => withoutMore(async () => {
  const html = document.documentElement
  const theme = html.dataset.mantineColorScheme
  const other = theme === 'dark' ? 'light' : 'dark'
  // The editor's list of completions is never focused: the editor points into it (aria-activedescendant).
  const exclude = [['.cm-tooltip-autocomplete']]
  const looks = async (include, values) => told(await axe.run(
    { include, exclude }, { runOnly: { type: 'rule', values }, resultTypes: ['violations'] }))
  const include = unknown()
  // A page that is new is looked at once for everything: axe begins by reading all of it each time.
  const apart = include[0] === document.body ? [] : seen
  const rules = {
    // Menus and lists that lie over the page are at the end of the document on purpose, outside its landmarks.
    region: { enabled: !document.querySelector(overlay) },
    ...Object.fromEntries(apart.map((rule) => [rule, { enabled: false }])),
  }
  const here = told(await axe.run({ exclude }, { runOnly: only, resultTypes: ['violations'], rules }))
  if (apart.length && include.length) here.push(...await looks(include, apart))
  const found = here.map((said) => [theme, said])
  if (!include.length) return found
  html.dataset.mantineColorScheme = other
  try {
    return [...found, ...(await looks(include, colours)).map((said) => [other, said])]
  } finally {
    html.dataset.mantineColorScheme = theme
  }
})
"""
"""In one go: between two questions the page would be laid out and painted, in each of its forms."""


def violations(page: Page, what: str) -> list[str]:
    """What axe finds here; `what` says where that is. Leaves the page in the theme that it had.

    How things are built is checked on the whole page each time, how they look where the page is other than it was the last time.
    """
    if not page.evaluate("'axe' in window"):
        # Not a script element: the content security policy would, rightly, refuse it.
        page.evaluate(SOURCE.read_text())
        page.evaluate(_TOOLS)
    theme = page.locator("html").get_attribute("data-mantine-color-scheme")
    found = page.evaluate(_FIND, [EVERYTHING, SEEN, COLOURS, _OVERLAY])
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", str(theme))
    return [f"{what}, {scheme}: {said}" for scheme, said in found]
