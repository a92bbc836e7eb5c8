import { describe, expect, it } from 'vitest'
import { plainUnit, scaleFor } from './units'

const show = (name: string, unit: string, agg: Parameters<typeof scaleFor>[1], value: number) => {
  const scale = scaleFor({ name, unit }, agg, value)
  return `${scale.format(value)} ${scale.unit}`.trim()
}

describe('one unit for one chart', () => {
  it('takes no name of a JavaScript object for a unit it knows', () => {
    expect(show('queue', '__proto__', 'avg', 3)).toBe('3 __proto__')
    expect(show('queue', 'constructor', 'avg', 3)).toBe('3 constructor')
  })

  it('is chosen by the largest value', () => {
    expect(show('memory', 'By', 'avg', 3 * 1024 ** 3)).toBe('3 GiB')
    expect(show('duration', 's', 'quantile', 0.0421)).toBe('42.1 ms')
    expect(show('duration', 'ms', 'avg', 90_000)).toBe('1.5 min')
  })
  it('says per second for rates', () => {
    expect(show('io', 'By', 'rate', 2048)).toBe('2 KiB/s')
    expect(show('requests', '{request}', 'rate', 12.5)).toBe('12.5 request/s')
    expect(show('io', 'By/s', 'rate', 2048)).toBe('2 KiB/s')
    // A rate of seconds is a share of time: turning it into minutes a second would mislead.
    expect(show('cpu.time', 's', 'rate', 120)).toBe('120 s/s')
  })
  it('shows shares in percent and counts without the unit of what was counted', () => {
    expect(show('system.cpu.utilization', '1', 'avg', 0.25)).toBe('25 %')
    expect(show('duration', 's', 'count', 7)).toBe('7 points')
  })
  it('keeps very small and very large numbers readable', () => {
    expect(show('x', '1', 'avg', 0.0000123)).toBe('1.2e-5')
    expect(show('x', '', 'sum', 12_345_678)).toBe('12.3M')
  })
  it('drops the braces of annotations', () => {
    expect(plainUnit('{request}')).toBe('request')
    expect(plainUnit('1')).toBe('')
  })
})
