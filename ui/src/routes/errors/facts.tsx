import { Sparkles } from 'lucide-react'
import type { ErrorGroup, ErrorReport } from '@/api/types'
import { durationText } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { isoToMs } from '@/kit/time'
import { RelativeTime } from '@/kit/values'
import { changeText } from '@/kit/useChanges'

export const NewBadge = () => (
  <span className="er-new" title="Never seen before this time">
    <Sparkles size={11} aria-hidden /> new
  </span>
)

/** `1.0 – 1.2`: the first and the last version it was seen in. */
export function Versions({ of }: { of: Pick<ErrorGroup, 'first_version' | 'last_version'> }) {
  const both = [...new Set([of.first_version, of.last_version])].filter(Boolean)
  if (!both.length) return <span className="quiet">–</span>
  const text = both.join(' – ')
  return (
    <span className="quiet" title={`Seen in ${text}`}>
      <Isolated text={text} />
    </span>
  )
}

/** What was changed last before it was first seen, in its own words. */
export function since(report: Pick<ErrorReport, 'first_seen' | 'changes'>): string {
  const first = isoToMs(report.first_seen)
  const change = report.changes[0]
  if (!change) return ''
  const after = first - isoToMs(change.time)
  return after < 0 ? changeText(change) : `${durationText(Math.max(after, 1))} after ${changeText(change)}`
}

/** Since when, since which version, and after which change. */
export function Began({ report }: { report: ErrorReport }) {
  const after = since(report)
  return (
    <p className="er-began">
      {report.is_new ? <NewBadge /> : null} First seen <RelativeTime iso={report.first_seen} />
      {report.first_version && (
        <>
          {' '}
          in version <b>{<Isolated text={report.first_version} />}</b>
        </>
      )}
      {after && (
        <>
          , <Isolated text={after} />
        </>
      )}
      ; last seen <RelativeTime iso={report.last_seen} />
      {report.last_version && report.last_version !== report.first_version && (
        <>
          {' '}
          in <Isolated text={report.last_version} />
        </>
      )}
      .
    </p>
  )
}
