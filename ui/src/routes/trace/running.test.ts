import { describe, expect, it } from 'vitest'
import type { RunningSpan } from '@/api/types'
import { reachNs, said, shortly, worstFirst } from './running'

const one = (fields: Partial<RunningSpan>): RunningSpan => ({
  span_id: 'a',
  running_s: 300,
  heard_at: '2026-11-25T07:00:00Z',
  heard_s: 5,
  liveness: 'alive',
  location: 'm:f:1',
  stack: '',
  thread: '',
  same_place_s: 1,
  idle_s: 1,
  ...fields,
})

describe('a span that has not ended', () => {
  it('says in words whether it is slow, hung or left behind', () => {
    expect(said(one({}))).toBe('running for 5 min, last heard 5 s ago')
    expect(said(one({ liveness: 'unknown' }))).toBe('running for 5 min')
    expect(shortly(one({ liveness: 'silent', heard_s: 240 }))).toBe('no sign of life for 4 min')
    expect(shortly(one({ liveness: 'stuck', same_place_s: 115 }))).toBe('stuck for 2 min')
    expect(shortly(one({ liveness: 'exited', heard_s: 90 }))).toBe('process ended 2 min ago')
    expect(shortly(undefined)).toBe('running')
  })

  it('reaches to now, or to when its process was last heard of', () => {
    expect(reachNs(one({}))).toBe(300e9)
    expect(reachNs(one({ liveness: 'silent', heard_s: 240 }))).toBe(60e9)
  })

  it('is listed with trouble first, then the longest', () => {
    const found = [one({}), one({ running_s: 900 }), one({ liveness: 'stuck' }), one({ liveness: 'silent' })]
    expect(found.sort(worstFirst).map((r) => [r.liveness, r.running_s])).toEqual([
      ['silent', 300],
      ['stuck', 300],
      ['alive', 900],
      ['alive', 300],
    ])
  })
})
