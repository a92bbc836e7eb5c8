import { describe, expect, it } from 'vitest'
import type { SpanColumns } from '@/api/types'
import { buildTree, childTime, collapseBelow, criticalPath, lanes, reveal, visibleRows } from './tree'

type Row = [id: string, parent: string, start: number, duration: number | null, status?: 'error']

function columns(rows: Row[]): SpanColumns {
  return {
    span_id: rows.map((r) => r[0]),
    parent_span_id: rows.map((r) => r[1]),
    name: rows.map((r) => r[0]),
    kind: rows.map(() => 'span'),
    span_kind: rows.map(() => 'internal'),
    convention: rows.map(() => ''),
    service: rows.map(() => 's'),
    start_ns: rows.map((r) => r[2]),
    duration_ns: rows.map((r) => r[3]),
    status: rows.map((r) => r[4] ?? 'unset'),
    model: rows.map(() => ''),
    input_tokens: rows.map(() => null),
    output_tokens: rows.map(() => null),
    cost_usd: rows.map(() => null),
    has_events: rows.map(() => false),
  }
}
const names = (tree: ReturnType<typeof buildTree>, rows: Int32Array) =>
  [...rows].map((i) => tree.columns.span_id[i])

const SAMPLE: Row[] = [
  ['root', '', 0, 100],
  ['a', 'root', 10, 30],
  ['b', 'root', 50, 40],
  ['a1', 'a', 12, 5, 'error'],
  ['b1', 'b', 55, 30],
]

describe('the tree of a trace', () => {
  it('lists rows depth first, siblings by start', () => {
    const tree = buildTree(columns(SAMPLE))
    expect(names(tree, tree.order)).toEqual(['root', 'a', 'a1', 'b', 'b1'])
    expect([...tree.order].map((i) => tree.depth[i])).toEqual([0, 1, 2, 1, 2])
    expect(tree.size[0]).toBe(5)
  })

  it('counts errors upwards, so that a collapsed parent still shows them', () => {
    const tree = buildTree(columns(SAMPLE))
    expect(tree.errors[0]).toBe(1)
    expect(tree.errors[2]).toBe(0)
  })

  it('collapsing hides what is below, revealing opens the way to a span', () => {
    const tree = buildTree(columns(SAMPLE))
    const collapsed = collapseBelow(tree, 1)
    expect(names(tree, visibleRows(tree, collapsed))).toEqual(['root', 'a', 'b'])
    expect(names(tree, visibleRows(tree, reveal(tree, collapsed, 3)))).toEqual(['root', 'a', 'a1', 'b'])
  })

  it('a span whose parent is missing stands as a root and is counted', () => {
    const tree = buildTree(columns([...SAMPLE, ['lost', 'nobody', 5, 1]]))
    expect(tree.orphans).toBe(1)
    expect(names(tree, tree.order).at(-1)).toBe('lost')
  })

  it('spans that are each other’s parent are shown once, not for ever', () => {
    const tree = buildTree(
      columns([
        ['x', 'y', 0, 1],
        ['y', 'x', 1, 1],
        ['z', 'z', 2, 1],
      ]),
    )
    expect(names(tree, tree.order).toSorted()).toEqual(['x', 'y', 'z'])
    expect(tree.size[tree.roots.at(-1)!]).toBe(2)
  })

  it('a running span reaches to the end of the trace', () => {
    const tree = buildTree(columns([...SAMPLE, ['open', 'root', 60, null]]))
    expect(tree.end[5]).toBe(100)
  })

  it('own time is what children leave', () => {
    const tree = buildTree(columns(SAMPLE))
    expect(childTime(tree, 0, 0)).toEqual([
      [10, 40],
      [50, 90],
    ])
    expect(childTime(tree, 0, 20)).toEqual([[10, 90]])
  })

  it('the critical path follows who finished last', () => {
    const tree = buildTree(columns([...SAMPLE, ['aside', 'root', 50, 10]]))
    expect([...criticalPath(tree)].map((i) => tree.columns.span_id[i]).toSorted()).toEqual([
      'a',
      'a1',
      'b',
      'b1',
      'root',
    ])
  })

  it('lanes never lay one span over another', () => {
    const tree = buildTree(
      columns([
        ['root', '', 0, 100],
        ['p', 'root', 10, 50],
        ['q', 'root', 20, 50],
        ['r', 'root', 80, 10],
      ]),
    )
    const { lane, count } = lanes(tree)
    expect([...lane]).toEqual([0, 1, 2, 1])
    expect(count).toBe(3)
  })

  it('fifty thousand spans in one chain and in one fan both build', () => {
    const chain = buildTree(
      columns(Array.from({ length: 50_000 }, (_, i) => [`s${i}`, i ? `s${i - 1}` : '', i, 1])),
    )
    expect(chain.maxDepth).toBe(49_999)
    const fan = buildTree(columns(Array.from({ length: 50_000 }, (_, i) => [`s${i}`, i ? 's0' : '', i, 1])))
    expect(fan.children[0]).toBe(49_999)
  })
})
