import { describe, expect, it } from 'vitest'
import { parseSeconds, spoken } from './seconds'

describe('lengths of time', () => {
  it('are read as people write them', () => {
    const said = ['90', '90s', '5 min', '5m', '1.5 hours', ' 2 h ', '7 days']
    expect(said.map(parseSeconds)).toEqual([90, 90, 300, 300, 5400, 7200, 604_800])
    expect(['', 'soon', '5 moons', '-1 min', '5 min 3 s'].map(parseSeconds)).toEqual([
      null,
      null,
      null,
      null,
      null,
    ])
  })
  it('are said in the largest unit that leaves no rest', () => {
    expect([0, 45, 90, 300, 5400, 7200, 604_800].map(spoken)).toEqual([
      '0 s',
      '45 s',
      '90 s',
      '5 min',
      '90 min',
      '2 h',
      '7 d',
    ])
  })
  it('come back as they were', () => {
    for (const seconds of [0, 1, 59, 60, 61, 3600, 86_400])
      expect(parseSeconds(spoken(seconds))).toBe(seconds)
  })
})
