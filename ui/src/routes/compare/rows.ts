/** Which rows of two aligned traces are shown, and in which order. Pure; works on a hundred thousand rows. */
import type { TraceComparison } from '@/api/types'
import { csvCell } from '@/kit/download'
import { count } from '@/kit/format'

export type Columns = TraceComparison['columns']
export type Side = Columns['a']
export type Order = 'waited' | 'start'

export interface RowTree {
  columns: Columns
  /** Rows below each row, in the order that was asked for; those without a parent at `roots`. */
  children: number[][]
  roots: number[]
  /** Whether the row, or one below it, differs. */
  differs: Uint8Array
}

export function rowTree(columns: Columns, order: Order): RowTree {
  const { parent, differences, below_ns } = columns
  const children: number[][] = parent.map(() => [])
  const roots: number[] = []
  const differs = new Uint8Array(parent.length)
  for (let row = 0; row < parent.length; row++) (children[parent[row]!] ?? roots).push(row)
  for (let row = parent.length - 1; row >= 0; row--) {
    if (differences[row]!.length) differs[row] = 1
    if (differs[row] && parent[row]! >= 0) differs[parent[row]!] = 1
  }
  if (order === 'waited') {
    // Stable: rows that make no difference stay in the order of their start.
    const most = (a: number, b: number) => Math.abs(below_ns[b]!) - Math.abs(below_ns[a]!)
    roots.sort(most)
    for (const below of children) below.sort(most)
  }
  return { columns, children, roots, differs }
}

/** Rows from top to bottom, without those below a collapsed one and, if asked for, without those that do not differ. */
export function shownRows(tree: RowTree, collapsed: ReadonlySet<number>, onlyDifferences: boolean): number[] {
  const shown: number[] = []
  const stack = tree.roots.toReversed()
  while (stack.length) {
    const row = stack.pop()!
    if (onlyDifferences && !tree.differs[row]) continue
    shown.push(row)
    if (collapsed.has(row)) continue
    const below = tree.children[row]!
    for (let i = below.length - 1; i >= 0; i--) stack.push(below[i]!)
  }
  return shown
}

/** With everything above `row` opened. */
export function opened(columns: Columns, collapsed: ReadonlySet<number>, row: number): Set<number> {
  const next = new Set(collapsed)
  for (let at = columns.parent[row] ?? -1; at >= 0; at = columns.parent[at]!) next.delete(at)
  return next
}

/** The name of a row in an address: its spans on either side. */
export const rowKey = (columns: Columns, row: number): string =>
  `${columns.a.span_id[row]}-${columns.b.span_id[row]}`

export function findRow(columns: Columns, key: string | undefined): number {
  if (!key) return -1
  const [a, b] = key.split('-')
  return columns.a.span_id.findIndex((id, row) => id === a && columns.b.span_id[row] === b)
}

const number = (n: number | null | undefined): string => (n == null ? '–' : count(n))

/** What differs besides time, in words. */
export function wordsOf(columns: Columns, row: number): string[] {
  const { a, b } = columns
  const found = columns.differences[row]!
  const words: string[] = []
  if (found.includes('only_a')) words.push('only in A')
  if (found.includes('only_b')) words.push('only in B')
  if (found.includes('status')) words.push(`errors ${a.errors[row]} → ${b.errors[row]}`)
  if (found.includes('model')) words.push(`model ${a.model[row] || 'none'} → ${b.model[row] || 'none'}`)
  if (found.includes('tokens')) words.push(`tokens ${number(a.tokens[row])} → ${number(b.tokens[row])}`)
  return words
}

/** ×N, where a row is more than one span on either side. */
export function timesOf(columns: Columns, row: number): string {
  const [a, b] = [columns.a.count[row]!, columns.b.count[row]!]
  if (a <= 1 && b <= 1) return ''
  return a === b || !a || !b ? `×${a || b}` : `×${a} → ×${b}`
}

const CSV = ['depth', 'service', 'name', 'name_b', 'kind', 'below_ns', 'differences'] as const
const OF_A_SIDE = [
  'count',
  'duration_ns',
  'own_ns',
  'errors',
  'tokens',
  'cost_usd',
  'model',
  'span_id',
] as const

/** The aligned steps as a file: a line each, with both sides beside each other. */
export function csvOf(columns: Columns): string {
  const head = [...CSV, ...OF_A_SIDE.flatMap((name) => [`${name}_a`, `${name}_b`])]
  const lines = columns.name.map((_, row) => [
    ...CSV.map((name) => (name === 'differences' ? columns[name][row]!.join(' ') : columns[name][row]!)),
    ...OF_A_SIDE.flatMap((name) => [columns.a[name][row] ?? null, columns.b[name][row] ?? null]),
  ])
  return [head, ...lines].map((cells) => cells.map(csvCell).join(',')).join('\r\n')
}
