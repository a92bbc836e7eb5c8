import { describe, expect, it } from 'vitest'
import type { AlertRow } from '@/api/types'
import { periodsOf } from './periods'

const at = (minute: number) => new Date(minute * 60_000).toISOString()
const row = (before: string, state: string, start: number, end: number | null, subject = ''): AlertRow => ({
  alert_id: `${subject}${start}`,
  monitor_id: 'm',
  monitor: 'm',
  severity: 'warning',
  subject,
  previous_state: before,
  state,
  started_at: at(start),
  ended_at: end === null ? null : at(end),
  value: null,
  threshold: null,
  evidence: '',
})
const bands = (rows: AlertRow[], now: Parameters<typeof periodsOf>[1] = []) =>
  periodsOf(rows, now, at0(10), at0(70)).map((b) => [b.label, b.from / 60_000, b.to && b.to / 60_000, b.tone])
const at0 = (minute: number) => minute * 60_000

describe('the times of alerts', () => {
  it('begin and end within the time', () => {
    expect(bands([row('firing', 'ok', 40, null), row('ok', 'firing', 20, 40)])).toEqual([
      ['Firing', 20, 40, 'bad'],
    ])
  })
  it('go on', () => {
    expect(bands([row('pending', 'firing', 20, null)])).toEqual([['Firing', 20, null, 'bad']])
  })
  it('began before the time and ended within it', () => {
    expect(bands([row('no_data', 'ok', 40, null)])).toEqual([['No data', 10, 40, 'warn']])
  })
  it('began before the time and go on, which only the present knows', () => {
    const now = [{ labels: { host: 'a' }, state: 'firing', since: at(3), value: 1 }]
    expect(bands([], now)).toEqual([['Firing: host=a', 3, null, 'bad']])
    expect(bands([row('firing', 'ok', 40, null, 'host=a')], now)).toEqual([['Firing: host=a', 10, 40, 'bad']])
  })
  it('of a query that failed are not those of the only series', () => {
    const now = [
      { labels: {}, state: 'firing', since: at(3), value: 1 },
      { labels: {}, state: 'error', since: at(20), value: null },
    ]
    expect(bands([row('ok', 'error', 20, null, 'looking')], now)).toEqual([
      ['Firing', 3, null, 'bad'],
      ['Cannot look', 20, null, 'warn'],
    ])
  })
  it('are of each series by itself', () => {
    expect(bands([row('ok', 'firing', 30, null, 'host=b'), row('ok', 'firing', 20, 25, 'host=a')])).toEqual([
      ['Firing: host=a', 20, 25, 'bad'],
      ['Firing: host=b', 30, null, 'bad'],
    ])
  })
})
