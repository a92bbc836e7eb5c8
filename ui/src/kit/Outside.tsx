/** Says that records lie outside of the time that the page shows, because a sender's clock is wrong, and leads there. */
import { useQuery } from '@tanstack/react-query'
import { Clock } from 'lucide-react'
import { outsideQuery, type Scope } from '@/api/queries'
import type { Beyond } from '@/api/types'
import { count, durationText } from './format'
import { useUtc } from './prefs'
import { isoToMs, stamp } from './time'
import { useView } from './view'

export type Signal = 'spans' | 'logs' | 'metrics' | 'errors' | 'evaluations' | 'predictions'

const NOUNS: Record<Signal, [one: string, many: string]> = {
  spans: ['span', 'spans'],
  logs: ['record', 'records'],
  metrics: ['point', 'points'],
  errors: ['occurrence', 'occurrences'],
  evaluations: ['evaluation', 'evaluations'],
  predictions: ['prediction', 'predictions'],
}
const DAY_MS = 86_400_000

export function Outside({ signal, scope }: { signal: Signal; scope: Scope }) {
  const { setRange } = useView()
  const [utc] = useUtc()
  const query = useQuery(outsideQuery(signal, scope))
  const found = query.data
  // Where even this cannot be asked, the rows of the page say so at length.
  if (!found?.before && !found?.after) return null
  const everything = scope.from === 'all'
  const line = (beyond: Beyond, where: string, newest: string) => (
    <p key={where} className="k-outside" role="note">
      <Clock size={13} aria-hidden />
      <span>
        {count(beyond.count)} {NOUNS[signal][beyond.count === 1 ? 0 : 1]}{' '}
        {beyond.count === 1 ? 'lies' : 'lie'} {where} ({newest}): a sender’s clock is wrong.
        {everything && ' Not in the charts.'}
      </span>
      <button
        type="button"
        className="plain"
        onClick={() => setRange({ from: beyond.oldest, to: beyond.until })}
      >
        Show {beyond.count === 1 ? 'it' : 'them'}
      </button>
    </p>
  )
  const newest = (beyond: Beyond) => {
    const ms = isoToMs(beyond.newest)
    const ahead = ms - query.dataUpdatedAt
    return ahead > 0 && ahead < 2 * DAY_MS
      ? `newest in ${durationText(ahead)}`
      : `newest at ${stamp(ms, utc)}`
  }
  return (
    <>
      {found.before && line(found.before, 'before the year 2000', newest(found.before))}
      {found.after &&
        line(found.after, everything ? 'more than a day from now' : 'after this range', newest(found.after))}
    </>
  )
}
