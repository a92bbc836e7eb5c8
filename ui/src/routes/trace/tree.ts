/** The shape of one trace: who called whom, what is visible, what took the time. Pure arrays, 50,000 spans and more. */
import type { SpanColumns } from '@/api/types'
import { reachNs, type Running } from './running'

export interface SpanTree {
  columns: SpanColumns
  running: Running
  count: number
  start: Float64Array
  /** A running span reaches to now; where nothing is known about it, to the trace's end. */
  end: Float64Array
  parent: Int32Array
  /** Spans in the order of the rows: depth first, siblings by start. */
  order: Int32Array
  /** Row of a span when nothing is collapsed. */
  position: Int32Array
  depth: Int32Array
  /** Spans below and including this one. */
  size: Int32Array
  /** Errors below and including this one. */
  errors: Int32Array
  firstChild: Int32Array
  nextSibling: Int32Array
  children: Int32Array
  /** One-based place among siblings. */
  place: Int32Array
  roots: number[]
  /** The parent was named but is not here. */
  orphans: number
  durationNs: number
  maxDepth: number
}

const KEYS: (keyof SpanColumns)[] = [
  'span_id',
  'parent_span_id',
  'name',
  'kind',
  'span_kind',
  'convention',
  'service',
  'start_ns',
  'duration_ns',
  'status',
  'model',
  'input_tokens',
  'output_tokens',
  'cost_usd',
  'has_events',
]

export function joinColumns(pages: SpanColumns[]): SpanColumns {
  if (pages.length === 1) return pages[0]!
  const joined = {} as Record<keyof SpanColumns, unknown[]>
  for (const key of KEYS) joined[key] = pages.flatMap((page) => page[key] as unknown[])
  return joined as unknown as SpanColumns
}

export function buildTree(columns: SpanColumns, running: Running = new Map()): SpanTree {
  const n = columns.span_id.length
  const start = Float64Array.from(columns.start_ns)
  const end = new Float64Array(n)
  let last = 0
  for (let i = 0; i < n; i++) {
    const runs = columns.duration_ns[i] == null ? running.get(columns.span_id[i]!) : undefined
    const duration = runs ? reachNs(runs) : columns.duration_ns[i]
    end[i] = duration == null ? NaN : start[i]! + duration
    last = Math.max(last, end[i] || 0, start[i]!)
  }
  for (let i = 0; i < n; i++) if (Number.isNaN(end[i])) end[i] = last

  const byId = new Map<string, number>()
  for (let i = 0; i < n; i++) byId.set(columns.span_id[i]!, i)
  const parent = new Int32Array(n).fill(-1)
  let orphans = 0
  for (let i = 0; i < n; i++) {
    const id = columns.parent_span_id[i]
    if (!id) continue
    const at = byId.get(id)
    if (at === undefined || at === i) orphans++
    else parent[i] = at
  }

  // Rows by start; a stable sort keeps the server's order within the same nanosecond.
  const byStart = Array.from({ length: n }, (_, i) => i)
  if (!byStart.every((i) => i === 0 || start[i - 1]! <= start[i]!))
    byStart.sort((a, b) => start[a]! - start[b]!)

  const firstChild = new Int32Array(n).fill(-1)
  const nextSibling = new Int32Array(n).fill(-1)
  const children = new Int32Array(n)
  const place = new Int32Array(n)
  const lastChild = new Int32Array(n).fill(-1)
  const roots: number[] = []
  for (const i of byStart) {
    const p = parent[i]!
    if (p < 0) {
      roots.push(i)
      place[i] = roots.length
      continue
    }
    if (lastChild[p]! < 0) firstChild[p] = i
    else nextSibling[lastChild[p]!] = i
    lastChild[p] = i
    children[p]!++
    place[i] = children[p]!
  }

  const order = new Int32Array(n)
  const position = new Int32Array(n).fill(-1)
  const depth = new Int32Array(n)
  let row = 0
  let maxDepth = 0
  function walk(root: number) {
    let at = root
    for (;;) {
      position[at] = row
      order[row++] = at
      maxDepth = Math.max(maxDepth, depth[at]!)
      const child = firstChild[at]!
      if (child >= 0 && position[child]! < 0) {
        depth[child] = depth[at]! + 1
        at = child
        continue
      }
      while (at !== root && (nextSibling[at]! < 0 || position[nextSibling[at]!]! >= 0)) at = parent[at]!
      if (at === root) return
      depth[nextSibling[at]!] = depth[at]!
      at = nextSibling[at]!
    }
  }
  for (const root of roots) walk(root)
  // Spans that name each other as parents hang from no root: show them all the same.
  for (const i of byStart) {
    if (position[i]! >= 0) continue
    cut(i, parent, firstChild, nextSibling, children)
    orphans++
    roots.push(i)
    place[i] = roots.length
    walk(i)
  }

  const size = new Int32Array(n).fill(1)
  const errors = new Int32Array(n)
  for (let r = n - 1; r >= 0; r--) {
    const i = order[r]!
    if (columns.status[i] === 'error') errors[i]!++
    const p = parent[i]!
    if (p >= 0) {
      size[p]! += size[i]!
      errors[p]! += errors[i]!
    }
  }
  return {
    columns,
    running,
    count: n,
    start,
    end,
    parent,
    order,
    position,
    depth,
    size,
    errors,
    firstChild,
    nextSibling,
    children,
    place,
    roots,
    orphans,
    durationNs: Math.max(last, 1),
    maxDepth,
  }
}

function cut(i: number, parent: Int32Array, first: Int32Array, next: Int32Array, children: Int32Array) {
  const p = parent[i]!
  if (p < 0) return
  if (first[p] === i) first[p] = next[i]!
  else {
    let before = first[p]!
    while (next[before] !== i) before = next[before]!
    next[before] = next[i]!
  }
  next[i] = -1
  parent[i] = -1
  children[p]!--
}

/** Spans that have a row, given what is collapsed. */
export function visibleRows(tree: SpanTree, collapsed: ReadonlySet<number>): Int32Array {
  if (!collapsed.size) return tree.order
  const rows = new Int32Array(tree.count)
  let n = 0
  for (let r = 0; r < tree.count;) {
    const i = tree.order[r]!
    rows[n++] = i
    r += collapsed.has(i) ? tree.size[i]! : 1
  }
  return rows.subarray(0, n)
}

/** Collapsed ancestors would hide the span: open them. */
export function reveal(tree: SpanTree, collapsed: ReadonlySet<number>, span: number): Set<number> {
  const next = new Set(collapsed)
  for (let p = tree.parent[span]!; p >= 0; p = tree.parent[p]!) next.delete(p)
  return next
}

export function collapseBelow(tree: SpanTree, level: number): Set<number> {
  const next = new Set<number>()
  for (let i = 0; i < tree.count; i++) if (tree.depth[i]! >= level && tree.children[i]! > 0) next.add(i)
  return next
}

/** When children ran, merged and inside the span: what is left is the span's own time. */
export function childTime(tree: SpanTree, span: number, grainNs: number): [number, number][] {
  const merged: [number, number][] = []
  const [low, high] = [tree.start[span]!, tree.end[span]!]
  for (let c = tree.firstChild[span]!; c >= 0; c = tree.nextSibling[c]!) {
    const from = Math.max(tree.start[c]!, low)
    const to = Math.min(tree.end[c]!, high)
    if (to <= from) continue
    const tail = merged.at(-1)
    if (tail && from <= tail[1] + grainNs) tail[1] = Math.max(tail[1], to)
    else merged.push([from, to])
  }
  return merged
}

/** The spans that the trace had to wait for: from the end backwards, always the child that finished last. */
export function criticalPath(tree: SpanTree): Set<number> {
  const path = new Set<number>()
  if (!tree.count) return path
  const root = tree.roots.reduce((a, b) =>
    tree.end[b]! - tree.start[b]! > tree.end[a]! - tree.start[a]! ? b : a,
  )
  const work: [number, number][] = [[root, tree.end[root]!]]
  while (work.length) {
    const [span, until] = work.pop()!
    path.add(span)
    const below: number[] = []
    for (let c = tree.firstChild[span]!; c >= 0; c = tree.nextSibling[c]!) below.push(c)
    below.sort((a, b) => tree.end[b]! - tree.end[a]!)
    let cursor = Math.min(until, tree.end[span]!)
    for (const child of below) {
      if (tree.end[child]! > cursor || tree.end[child]! <= tree.start[child]!) continue
      work.push([child, cursor])
      cursor = tree.start[child]!
    }
  }
  return path
}

/** Beyond this the flame view overlaps spans rather than growing without end. */
const MAX_LANES = 600

/** Lanes for the flame view: below the parent, never over a sibling that still runs. */
export function lanes(tree: SpanTree): { lane: Int32Array; count: number } {
  const lane = new Int32Array(tree.count).fill(-1)
  const free: number[] = []
  const byStart = Array.from({ length: tree.count }, (_, i) => i).sort(
    (a, b) => tree.start[a]! - tree.start[b]! || tree.depth[a]! - tree.depth[b]!,
  )
  for (const i of byStart) {
    const p = tree.parent[i]!
    const first = p >= 0 && lane[p]! >= 0 ? lane[p]! + 1 : Math.min(tree.depth[i]!, MAX_LANES)
    let at = first
    while ((free[at] ?? 0) > tree.start[i]! && at < MAX_LANES) at++
    if (at >= MAX_LANES) at = Math.min(first, MAX_LANES)
    for (let k = free.length; k < at; k++) free[k] = 0
    free[at] = Math.max(tree.end[i]!, tree.start[i]! + 1)
    lane[i] = at
  }
  return { lane, count: free.length }
}
