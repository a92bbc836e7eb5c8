import { describe, expect, it } from 'vitest'
import type { Cell } from '@/api/types'
import { chartOf } from './chart'

const answer = (columns: [string, string][], rows: Cell[][]) => ({
  columns: columns.map(([name, type]) => ({ name, type })),
  rows,
  elapsed_ms: 1,
  rows_read: 1,
  truncated: false,
})

describe('the quick chart of an answer', () => {
  it('draws a line per group over time, with a gap where a group has no row', () => {
    const chart = chartOf(
      answer(
        [
          ['minute', "DateTime('UTC')"],
          ['service', 'LowCardinality(String)'],
          ['n', 'UInt64'],
        ],
        [
          ['2026-11-23 10:00:00', 'web', '5'],
          ['2026-11-23 10:01:00', 'web', '7'],
          ['2026-11-23 10:01:00', 'api', '1'],
        ],
      ),
    )
    expect(chart).toMatchObject({
      kind: 'line',
      times: [Date.parse('2026-11-23T10:00:00Z'), Date.parse('2026-11-23T10:01:00Z')],
      series: [
        { label: 'web', values: [5, 7] },
        { label: 'api', values: [null, 1] },
      ],
    })
  })

  it('draws bars for names', () => {
    expect(
      chartOf(
        answer(
          [
            ['model', 'String'],
            ['cost', 'Nullable(Float64)'],
          ],
          [
            ['a', 1.5],
            ['b', null],
          ],
        ),
      ),
    ).toMatchObject({ kind: 'bar', names: ['a', 'b'], series: [{ values: [1.5, null] }] })
  })

  it('says what is missing instead of drawing nothing', () => {
    expect(chartOf(answer([['name', 'String']], [['a']]))).toMatch(/numbers/)
  })
})
