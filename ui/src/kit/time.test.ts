import { describe as group, expect, it } from 'vitest'
import { absolute, describe, fromFirstToLast, isoToMs, parseTyped, resolve } from './time'

const NOW = Date.parse('2026-11-23T10:00:00Z')

group('time ranges', () => {
  it('resolves relative, absolute and millisecond forms', () => {
    expect(resolve('now-15m', NOW)).toBe(NOW - 900_000)
    expect(resolve('2026-11-23T09:00:00Z', NOW)).toBe(NOW - 3_600_000)
    expect(resolve(String(NOW), NOW)).toBe(NOW)
    expect(resolve('all', NOW)).toBeNull()
  })

  it('understands what people type', () => {
    expect(parseTyped('15m', true)).toEqual({ from: 'now-15m', to: 'now' })
    expect(parseTyped('last 3 days', true)).toEqual({ from: 'now-3d', to: 'now' })
    expect(parseTyped('2026-11-23 09:00 to 2026-11-23 10:00', true)).toEqual({
      from: '2026-11-23T09:00:00.000Z',
      to: '2026-11-23T10:00:00.000Z',
    })
    expect(parseTyped('yesterday-ish', true)).toBeNull()
  })

  it('says a range in words', () => {
    expect(describe({ from: 'now-1h', to: 'now' }, true, NOW)).toBe('Last hour')
    expect(describe({ from: 'now-90m', to: 'now' }, true, NOW)).toBe('Last 90m')
    expect(describe({ from: '2026-11-23T09:00:00Z', to: '2026-11-23T09:30:00Z' }, true, NOW)).toBe(
      '2026-11-23 09:00:00 to 09:30:00',
    )
  })

  it('a copied link holds absolute times', () => {
    expect(absolute({ from: 'now-1h', to: 'now' }, NOW)).toEqual({
      from: '2026-11-23T09:00:00.000Z',
      to: '2026-11-23T10:00:00.000Z',
    })
  })

  it('keeps nanoseconds that Date drops', () => {
    expect(isoToMs('2026-11-23T10:00:00.123456789Z')).toBeCloseTo(NOW + 123.456789, 3)
  })

  it('holds the first moment and the last, which are within milliseconds', () => {
    expect(fromFirstToLast('2026-11-23T09:00:00.123456789Z', '2026-11-23T10:00:00.123456789Z')).toEqual({
      from: '2026-11-23T09:00:00.123Z',
      to: '2026-11-23T10:00:00.124Z',
    })
  })
})
