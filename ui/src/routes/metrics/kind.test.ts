import { describe, expect, it } from 'vitest'
import type { MetricEntry } from '@/api/types'
import { kindKey, metricOf, parseKind } from './kind'

const entry = (name: string, type: string, unit: string, points: number): MetricEntry => ({
  name,
  type,
  unit,
  points,
  description: '',
  is_monotonic: false,
  services: [],
  series: 1,
  last_time: '2026-01-01T00:00:00Z',
  attribute_keys: [],
})

describe('metrics of one name', () => {
  const all = [
    entry('took', 'gauge', 's', 3),
    entry('took', 'histogram', 'ms', 9),
    entry('else', 'sum', '', 1),
  ]

  it('takes the one with the most points where nobody says which', () => {
    expect(metricOf(all, 'took', undefined)).toEqual({ entry: all[1], others: [all[0]] })
    expect(metricOf(all, 'else', undefined)).toEqual({ entry: all[2], others: [] })
    expect(metricOf(all, undefined, undefined)).toEqual({ entry: undefined, others: [] })
  })

  it('takes the one that is named, or none', () => {
    expect(metricOf(all, 'took', kindKey(all[0]!)).entry).toBe(all[0])
    expect(metricOf(all, 'took', 'sum:s')).toEqual({ entry: undefined, others: [all[0], all[1]] })
  })

  it('reads what it wrote, also without a unit and with a colon in it', () => {
    for (const one of [...all, entry('x', 'sum', 'a:b', 1)])
      expect(parseKind(kindKey(one))).toEqual({ type: one.type, unit: one.unit })
    expect(parseKind(undefined)).toBeUndefined()
  })
})
