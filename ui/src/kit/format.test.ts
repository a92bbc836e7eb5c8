import { describe, expect, it } from 'vitest'
import { counted, durationText } from './format'

describe('durations', () => {
  it('have the unit that people would choose', () => {
    expect(durationText(0.5)).toBe('500 µs')
    expect(durationText(1500)).toBe('1.50 s')
    expect(durationText(null)).toBe('running')
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
