import { describe, expect, it } from 'vitest'
import { counted, durationText } from './format'

describe('durations', () => {
  it('have the unit that people would choose', () => {
    expect(durationText(0.5)).toBe('500 µs')
    expect(durationText(1500)).toBe('1.50 s')
    expect(durationText(null)).toBe('running')
    expect(durationText(60_000)).toBe('1 min')
    expect(durationText(200_000)).toBe('3 min 20 s')
    expect(durationText(3_599_499)).toBe('59 min 59 s')
    expect(durationText(3_599_999)).toBe('1 h')
    expect(durationText(5_400_000)).toBe('1 h 30 min')
    expect(durationText(86_399_999)).toBe('1 d')
    expect(durationText(90_000_000)).toBe('1 d 1 h')
  })
  it('below zero, of a clock that was set back, read like those above', () => {
    expect(durationText(-5000)).toBe('-5.00 s')
    expect(durationText(-0.25)).toBe('-250 µs')
    expect(durationText(-1e-9)).toBe('0 ms')
  })
})

describe('counted', () => {
  it('knows one from many', () => {
    expect(counted(1, 'trace')).toBe('1 trace')
    expect(counted(0, 'trace')).toBe('0 traces')
    expect(counted(1, 'trace', true)).toBe('1+ traces')
    expect(counted(1234, 'span')).toBe('1,234 spans')
  })
})
