import { expect, it } from 'vitest'
import { stepWithin } from './stepWithin'

const NOW = Date.parse('2026-11-26T12:00:00Z')
const at = (clock: string) => Date.parse(`2026-11-26T${clock}Z`)
const STEP = { from: at('11:00:00'), to: at('11:05:00') }

it('a step is asked for as far as the window goes, as it was counted', () => {
  const within = (from: string, to: string) => {
    const found = stepWithin({ from, to }, STEP, NOW)
    return [found.from.slice(11, 19), found.to.slice(11, 19)]
  }
  expect(within('now-2h', 'now')).toEqual(['11:00:00', '11:05:00'])
  expect(within('2026-11-26T11:02:30Z', 'now')).toEqual(['11:02:30', '11:05:00'])
  expect(within('now-2h', '2026-11-26T11:01:00Z')).toEqual(['11:00:00', '11:01:00'])
  // Meanwhile the window has moved on.
  expect(within('now-30m', 'now')).toEqual(['11:00:00', '11:05:00'])
})
