import { describe, expect, it } from 'vitest'
import type { MetricAnswer } from '@/api/types'
import { align, fitting, labelOf, linesOf, statsOf } from './metricSeries'

describe('series of a metric', () => {
  it('leave a gap where nothing was measured, never a line through it', () => {
    const { times, values } = align(
      [
        [
          [0, 1],
          [10, 2],
          [60, 3],
        ],
      ],
      10,
    )
    expect(times).toEqual([0, 10, 20, 60])
    expect(values[0]).toEqual([1, 2, null, 3])
  })

  it('keep the zero apart from the unknown', () => {
    expect(
      statsOf([
        [0, 0],
        [1, null],
        [2, 4],
      ]),
    ).toEqual({ last: 4, min: 0, avg: 2, max: 4 })
    expect(statsOf([[0, null]]).avg).toBeNull()
  })

  it('are asked what fits their kind', () => {
    expect(fitting({ type: 'sum', is_monotonic: true })[0]).toBe('rate')
    expect(fitting({ type: 'sum', is_monotonic: false })[0]).toBe('avg')
    expect(fitting({ type: 'sum', is_monotonic: false })).not.toContain('rate')
    expect(fitting({ type: 'exponential_histogram' })[0]).toBe('quantile')
    expect(fitting({ type: 'sum', name: 'took_seconds_bucket', attribute_keys: ['le'] })[0]).toBe('quantile')
    expect(fitting({ type: 'sum', name: 'bit_bucket', attribute_keys: [] })[0]).toBe('rate')
    expect(fitting({ type: 'gauge' })).not.toContain('quantile')
  })

  it('lay the earlier period onto the window by their labels', () => {
    const answer = {
      name: 'm',
      unit: '',
      type: 'gauge',
      step_s: 1,
      truncated: false,
      exemplars: [],
      note: null,
      series: [{ labels: { a: '1' }, points: [[100_000, 5]], total: 5 }],
      compare: [{ labels: { a: '1' }, points: [[40_000, 3]], total: 3 }],
    } satisfies MetricAnswer as MetricAnswer
    expect(linesOf(answer, 60_000)[0]!.baseline!.points).toEqual([[100_000, 3]])
    answer.compare![0]!.points = [[100_000, 3]]
    expect(linesOf(answer, 60_000)[0]!.baseline!.points).toEqual([[100_000, 3]])
  })

  it('name themselves by what sets them apart', () => {
    expect(labelOf({}, 'm')).toBe('m')
    expect(labelOf({ route: '/a' }, 'm')).toBe('/a')
    expect(labelOf({ route: '', status: '500' }, 'm')).toBe('route=(none) status=500')
  })
})
