import { expect, it } from 'vitest'
import {
  findRow,
  opened,
  rowKey,
  rowTree,
  shownRows,
  timesOf,
  wordsOf,
  type Columns,
  type Side,
} from './rows'

function side(rows: Partial<Record<'count' | 'errors', number>>[], letter: string): Side {
  const zero = rows.map(() => 0)
  return {
    count: rows.map((row) => row.count ?? 1),
    span_id: rows.map((row, i) => (row.count === 0 ? '' : `${letter}${i}`)),
    errors: rows.map((row) => row.errors ?? 0),
    start_ns: zero,
    end_ns: zero,
    duration_ns: zero,
    shortest_ns: zero,
    longest_ns: zero,
    own_ns: zero,
    path_ns: zero,
    tokens: rows.map(() => null),
    cost_usd: rows.map(() => null),
    model: rows.map(() => ''),
  }
}

/** root > (first > deep, second ×3, third) */
const parent = [-1, 0, 1, 0, 0]
const columns: Columns = {
  parent,
  depth: [0, 1, 2, 1, 1],
  name: ['root', 'first', 'deep', 'second', 'third'],
  name_b: parent.map(() => ''),
  kind: parent.map(() => 'span'),
  span_kind: parent.map(() => 'internal'),
  convention: parent.map(() => ''),
  service: parent.map(() => 'shop'),
  a: side([{}, {}, {}, { count: 3 }, { count: 0 }], 'a'),
  b: side([{}, {}, { errors: 2 }, { count: 1 }, {}], 'b'),
  below_ns: [9, 2, 2, -7, 0],
  differences: [[], [], ['status'], [], ['only_b']],
}

it('puts what made the most of the difference first, or keeps the order of starts', () => {
  expect(shownRows(rowTree(columns, 'start'), new Set(), false)).toEqual([0, 1, 2, 3, 4])
  expect(shownRows(rowTree(columns, 'waited'), new Set(), false)).toEqual([0, 3, 1, 2, 4])
})

it('shows of the differences those and the way to them', () => {
  expect(shownRows(rowTree(columns, 'start'), new Set(), true)).toEqual([0, 1, 2, 4])
  expect(shownRows(rowTree(columns, 'start'), new Set([1]), true)).toEqual([0, 1, 4])
  expect([...opened(columns, new Set([0, 1, 3]), 2)]).toEqual([3])
})

it('names a row by its spans and says what differs in words', () => {
  expect(rowKey(columns, 4)).toBe('-b4')
  expect(findRow(columns, '-b4')).toBe(4)
  expect(findRow(columns, 'a2-b2')).toBe(2)
  expect(findRow(columns, undefined)).toBe(-1)
  expect(wordsOf(columns, 2)).toEqual(['errors 0 → 2'])
  expect(wordsOf(columns, 4)).toEqual(['only in B'])
  expect([timesOf(columns, 3), timesOf(columns, 4)]).toEqual(['×3 → ×1', ''])
})
