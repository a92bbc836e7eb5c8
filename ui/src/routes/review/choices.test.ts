import { describe, expect, it } from 'vitest'
import type { ReviewRow, ScoreDefinition } from '@/api/types'
import { choicesOf, keyOf, nextOpen } from './choices'

const score = (of: Partial<ScoreDefinition>) => ({ labels: [], ...of }) as ScoreDefinition
const row = (id: string, of: Partial<ReviewRow> = {}): ReviewRow =>
  ({ trace_id: id, span_id: '', session_id: '', reviewers: [], claimed_by: null, ...of }) as never

describe('what a reviewer can say', () => {
  it('is what the definition says, by its keys', () => {
    expect(choicesOf(undefined).map((c) => [c.key, c.said.label])).toEqual([
      ['1', 'up'],
      ['2', 'down'],
    ])
    const labels = [
      { label: 'rude', key: 2, passes: false },
      { label: 'kind', key: null, passes: true },
    ]
    const named = choicesOf(score({ kind: 'categorical', labels }))
    expect(named.map((c) => [c.key, c.name])).toEqual([
      ['2', 'rude'],
      ['', 'kind'],
    ])
    expect(choicesOf(score({ kind: 'numeric', minimum: 1, maximum: 5 })).map((c) => c.said.score)).toEqual([
      1, 2, 3, 4, 5,
    ])
    expect(choicesOf(score({ kind: 'numeric', minimum: 0, maximum: 1 })).map((c) => c.name)).toEqual([
      '0',
      '0.25',
      '0.5',
      '0.75',
      '1',
    ])
    expect(choicesOf(score({ kind: 'text' }))).toEqual([])
  })
  it('goes on to what nobody judged or looks at', () => {
    const rows = [row('a'), row('b', { claimed_by: 'ada' }), row('c', { reviewers: ['ada'] }), row('d')]
    expect(nextOpen(rows, -1, new Set())).toBe(0)
    expect(nextOpen(rows, 0, new Set())).toBe(3)
    expect(nextOpen(rows, 3, new Set([keyOf(rows[3]!)]))).toBe(0)
    expect(nextOpen(rows, 0, new Set(rows.map(keyOf)))).toBe(-1)
    expect(nextOpen([], -1, new Set())).toBe(-1)
  })
})
