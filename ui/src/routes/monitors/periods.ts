/** From changes of state to the times during which somebody was called. Pure. */
import type { AlertRow, MonitorSeries } from '@/api/types'
import type { Band } from '@/kit/LimitMarks'
import { isoToMs } from '@/kit/time'
import { WORDS } from './words'

const CALLING = new Set(['firing', 'no_data', 'error'])

/** A series as the history names it. */
export const subjectOf = (labels: Record<string, string>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')

/** The subject of a query that failed: no series is ever in this state. */
const LOOKING = 'looking'

/**
 * `rows` are the changes within [from, to]. What was so before the first of them is what that says it was before;
 * a series without any change was all the time what it is now.
 */
export function periodsOf(
  rows: readonly AlertRow[],
  now: readonly MonitorSeries[],
  from: number,
  to: number,
): Band[] {
  const bands: Band[] = []
  const add = (state: string, subject: string, start: number, end: number | null) => {
    if (!CALLING.has(state)) return
    bands.push({
      from: start,
      to: end,
      label: subject && state !== 'error' ? `${WORDS[state]}: ${subject}` : WORDS[state]!,
      tone: state === 'firing' ? 'bad' : 'warn',
    })
  }
  const first = new Map<string, AlertRow>()
  for (const row of rows) {
    add(row.state, row.subject, isoToMs(row.started_at), row.ended_at === null ? null : isoToMs(row.ended_at))
    const before = first.get(row.subject)
    if (!before || row.started_at < before.started_at) first.set(row.subject, row)
  }
  for (const row of first.values()) add(row.previous_state, row.subject, from, isoToMs(row.started_at))
  for (const series of now) {
    const since = isoToMs(series.since)
    // One that fell into this state within the time has its row already.
    if (since < from && since < to) {
      const subject = series.state === 'error' ? LOOKING : subjectOf(series.labels)
      if (!first.has(subject)) add(series.state, subject, since, null)
    }
  }
  return bands.sort((a, b) => a.from - b.from)
}
