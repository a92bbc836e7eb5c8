import { expect, it } from 'vitest'
import { Arrivals } from './arrivals'

const row = (span_id: string, state: 'running' | 'ended') => ({ trace_id: 't', span_id, state })

it('counts a span once, however often it is heard of while it runs', () => {
  const arrivals = new Arrivals()
  expect(arrivals.fresh([row('a', 'running'), row('b', 'ended'), row('a', 'running')])).toBe(2)
  expect(arrivals.fresh([row('a', 'running')])).toBe(0)
  expect(arrivals.fresh([row('a', 'ended'), row('c', 'ended')])).toBe(1)
})

it('forgets the oldest of very many that never end', () => {
  const arrivals = new Arrivals()
  const many = Array.from({ length: 10_001 }, (_, i) => row(String(i), 'running'))
  expect(arrivals.fresh(many)).toBe(10_001)
  expect(arrivals.fresh([row('10000', 'running')])).toBe(0)
  expect(arrivals.fresh([row('0', 'running')])).toBe(1)
})
