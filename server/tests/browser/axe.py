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
(seen) => {
window.told = (found) => found.violations.flatMap((rule) =>
  rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`))
// Behind the first rows of a table, or of a tree, are more of the same.
window.withoutMore = async (run) => {
  const more = new CSSStyleSheet()
  const rows = [':is(.k-tr, [role=treeitem]):nth-child(n + 9)']
  // What a pointer passes through is found at a point of the page like everything else.
  more.replaceSync(`${rows}, ${rows} * { visibility: hidden !important } * { pointer-events: auto !important }`)
  document.adoptedStyleSheets.push(more)
  try { return await run() } finally { document.adoptedStyleSheets.splice(document.adoptedStyleSheets.indexOf(more), 1) }
}
// What this page has not shown yet, or shows otherwise now.
const known = new WeakMap()
const itself = (e) => e.cloneNode(false).outerHTML + [...e.childNodes].map((n) => n.nodeType === 3 ? n.data : '|').join('')
window.unknown = () => {
  const found = []
  const look = (e) => {
    if (known.get(e) !== itself(e)) found.push(e, ...e.querySelectorAll('*'))
    else for (const child of e.children) look(child)
  }
  for (const e of document.body.children) look(e)
  for (const e of found) known.set(e, itself(e))
  return new Set(found)
}
// Of the rules on what is painted, axe looks only at what is due.
window.due = () => true
window.linked = new WeakSet()
for (const rule of axe._audit.rules.filter(({ id }) => seen.includes(id))) {
  const matches = rule.matches
  rule.matches = (node, ...more) => {
    const matched = window.due(node, rule.id) && matches.call(rule, node, ...more)
    if (matched && rule.id === 'link-in-text-block') linked.add(node)
    return matched
  }
}
// What axe measured on each element: its colours, also those of what it lies over, and its font.
window.measured = new WeakMap()
const contrast = axe._audit.checks['color-contrast']
const evaluate = contrast.evaluate
contrast.evaluate = function (node, ...more) {
  const { data } = this
  this.data = (said) => (measured.set(node, JSON.stringify(said)), data.call(this, said))
  return evaluate.call(this, node, ...more)
}
window.written = (e) => e.matches('input:not([type=radio], [type=checkbox]), select, textarea') || [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())
const colour = (css) => { const made = new axe.commons.color.Color(); made.parseString(css); return made }
const plain = { backgroundImage: 'none', backgroundClip: 'border-box', opacity: '1', filter: 'none', backdropFilter: 'none',
  mixBlendMode: 'normal', textShadow: 'none', webkitTextStrokeWidth: '0px' }
// Whether a text is surely legible: it lies on top of nothing but elements that it is in, all of them painted plainly,
// and its contrast is enough for small print. Whatever is otherwise, or out of sight, axe measures, which takes far longer.
window.legible = () => {
  const styles = new Map()
  const looks = (e) => styles.get(e) ?? (styles.set(e, getComputedStyle(e)), styles.get(e))
  const plainly = new Map([[null, true]])
  const isPlain = (e) => {
    if (!plainly.has(e)) {
      const style = looks(e)
      plainly.set(e, isPlain(e.parentElement) && Object.entries(plain).every(([name, value]) => style[name] === value))
    }
    return plainly.get(e)
  }
  const at = (e, { left, top, width, height }) => {
    const under = document.elementsFromPoint(left + width / 2, top + height / 2)
    if (under[0] !== e) return false
    const layers = []
    for (const each of under) {
      if (!each.contains(e)) return false
      const layer = colour(looks(each).backgroundColor)
      if (layer.alpha) layers.push(layer)
      if (layer.alpha === 1) break
    }
    if (layers.at(-1)?.alpha !== 1) return false
    const behind = layers.reduceRight((below, layer) => axe.commons.color.flattenColors(layer, below))
    return axe.commons.color.getContrast(behind, colour(looks(e).color)) > 4.51
  }
  return (e) => {
    if (!(e instanceof HTMLElement) || e.matches('input, select, textarea') || !isPlain(e)) return false
    if (looks(e).webkitTextFillColor !== looks(e).color) return false
    const range = document.createRange()
    const rects = [...e.childNodes].filter((n) => n.nodeType === 3 && n.data.trim()).flatMap((n) => {
      range.selectNodeContents(n)
      return [...range.getClientRects()].filter(({ width, height }) => width >= 1 && height >= 1)
    })
    return rects.length > 0 && rects.length < 9 && rects.every((rect) => at(e, rect))
  }
}
// The first element that looks like this, as to what its contrast depends on. In the other theme one of a kind is
// enough, where axe found them alike in this one, and every element around them is coloured alike in that one.
const looks = new Map()
const numbered = (look) => looks.get(look) ?? (looks.set(look, looks.size), looks.size - 1)
const styles = ['color', 'backgroundColor', 'backgroundImage', 'backgroundClip', 'opacity', 'fontSize', 'fontWeight', 'textShadow',
  'filter', 'mixBlendMode', 'webkitTextFillColor', 'webkitTextStrokeColor', 'webkitTextStrokeWidth', 'visibility', 'display']
window.firstOfItsLook = (theme, before) => {
  const around = new Map([[null, -1]])
  const look = (e) => {
    if (!around.has(e)) {
      const style = getComputedStyle(e)
      around.set(e, numbered([look(e.parentElement), ...styles.map((name) => style[name])].join(';')))
    }
    return around.get(e)
  }
  return (e) => {
    const known = looks.size
    return numbered([theme, before.get(e), look(e)].join(';')) >= known
  }
}
}
"""
_FIND = """
([only, seen, colours, overlay]) => withoutMore(async () => {
  const html = document.documentElement
  const theme = html.dataset.mantineColorScheme
  const other = theme === 'dark' ? 'light' : 'dark'
  // The editor's list of completions is never focused: the editor points into it (aria-activedescendant).
  const exclude = [['.cm-tooltip-autocomplete']]
  const fresh = unknown()
  // Menus and lists that lie over the page are at the end of the document on purpose, outside its landmarks.
  const rules = { region: { enabled: !document.querySelector(overlay) } }
  if (!fresh.size) for (const rule of seen) rules[rule] = { enabled: false }
  measured = new WeakMap()
  const doubtful = () => {
    const sure = legible()
    return new Set([...fresh].filter((e) => written(e) && e.checkVisibility({ visibilityProperty: true }) && !sure(e)))
  }
  const doubted = doubtful()
  due = (e, rule) => (rule === 'color-contrast' ? doubted : fresh).has(e)
  const here = told(await axe.run({ exclude }, { runOnly: only, resultTypes: ['violations'], rules }))
  const found = here.map((said) => [theme, said])
  if (!fresh.size) return found
  html.dataset.mantineColorScheme = other
  try {
    const first = firstOfItsLook(other, measured)
    const left = new Set([...doubtful()].filter((e) => measured.has(e) ? first(e) : !doubted.has(e)))
    const links = [...fresh].filter((e) => linked.has(e))
    if (!left.size && !links.length) return found
    due = (e, rule) => (rule === 'color-contrast' ? left : fresh).has(e)
    const there = told(await axe.run({ exclude }, { runOnly: { type: 'rule', values: colours }, resultTypes: ['violations'] }))
    return [...found, ...there.map((said) => [other, said])]
  } finally {
    html.dataset.mantineColorScheme = theme
  }
})
"""
"""In one go: between two questions the page would be laid out and painted, in each of its forms."""


def violations(page: Page, what: str) -> list[str]:
    """What axe finds here; `what` says where that is. Leaves the page in the theme that it had.

    How things are built is checked on the whole page each time, how they look where the page is other than it was the last time.
    Of texts, axe measures those that are not surely legible (`legible`), in the other theme one of each look: on all pages of
    test_accessibility it found nothing wrong with any of the rest.
    """
    if not page.evaluate("'axe' in window"):
        # Not a script element: the content security policy would, rightly, refuse it.
        page.evaluate(SOURCE.read_text())
        page.evaluate(_TOOLS, SEEN)
    theme = page.locator("html").get_attribute("data-mantine-color-scheme")
    found = page.evaluate(_FIND, [EVERYTHING, SEEN, COLOURS, _OVERLAY])
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", str(theme))
    return [f"{what}, {scheme}: {said}" for scheme, said in found]
