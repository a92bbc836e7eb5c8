/** Small things that show one value. */
import { AlertCircle, CheckCircle2, CircleDashed } from 'lucide-react'
import type { ReactNode } from 'react'
import type { SpanState, SpanStatus } from '@/api/types'
import { ago, compact, count, duration, roughly, usd } from './format'
import { useNow } from './hooks'
import { useUtc } from './prefs'
import { isoToMs, stamp } from './time'

export function RelativeTime({ iso }: { iso: string }) {
  const now = useNow()
  const [utc] = useUtc()
  const ms = isoToMs(iso)
  return (
    <time dateTime={iso} title={`${stamp(ms, utc)}${fraction(iso)}${utc ? ' UTC' : ''}`}>
      {ago(ms, now)}
    </time>
  )
}

const fraction = (iso: string): string => /\.\d+/.exec(iso)?.[0] ?? ''

/** Wall-clock time with milliseconds. */
export function ClockTime({ iso, date = false }: { iso: string; date?: boolean }) {
  const [utc] = useUtc()
  const text = stamp(isoToMs(iso), utc)
  const millis = (fraction(iso) || '.000').slice(0, 4).padEnd(4, '0')
  return (
    <time dateTime={iso} title={iso}>
      {date ? text : text.slice(11)}
      <span className="unit" style={{ marginLeft: 0 }}>
        {millis}
      </span>
    </time>
  )
}

/** How long it took; of what still runs, how long it has run since `since`. */
export function Duration({ ms, since }: { ms: number | null; since?: string }) {
  if (ms === null) return since ? <SoFar since={since} /> : <Runs>running</Runs>
  const { value, unit } = duration(ms)
  return (
    <span style={{ whiteSpace: 'nowrap' }}>
      {value}
      <span className="unit">{unit}</span>
    </span>
  )
}

function SoFar({ since }: { since: string }) {
  const now = useNow()
  const text = roughly(Math.max(now - isoToMs(since), 0) / 1000)
  return <Runs title={`running for ${text}`}>{text}</Runs>
}

function Runs({ children, title }: { children: ReactNode; title?: string }) {
  return (
    <span className="k-badge warn" title={title}>
      <CircleDashed size={12} aria-hidden /> {children}
    </span>
  )
}

export function StatusBadge({
  status,
  state,
  errors,
}: {
  status: SpanStatus
  state?: SpanState
  errors?: number
}) {
  if (status === 'error' || (errors ?? 0) > 0) {
    return (
      <span className="k-badge error">
        <AlertCircle size={13} aria-hidden />
        {errors ? `${count(errors)} error${errors === 1 ? '' : 's'}` : 'error'}
      </span>
    )
  }
  if (state === 'running') {
    return (
      <span className="k-badge warn">
        <CircleDashed size={13} aria-hidden /> running
      </span>
    )
  }
  if (status === 'ok') {
    return (
      <span className="k-badge ok">
        <CheckCircle2 size={13} aria-hidden /> ok
      </span>
    )
  }
  return (
    <span className="quiet" title="unset">
      –
    </span>
  )
}

/** Unknown is a dash, never a zero. */
export function Tokens({ input, output }: { input: number | null; output: number | null }) {
  if (input === null && output === null) return <span className="quiet">–</span>
  return (
    <span title={`${count(input ?? 0)} in, ${count(output ?? 0)} out`}>
      {input === null ? '–' : compact(input)}
      <span className="unit">in</span> {output === null ? '–' : compact(output)}
      <span className="unit">out</span>
    </span>
  )
}

export function Cost({ value }: { value: number | null }) {
  return value === null ? <span className="quiet">–</span> : <span>{usd(value)}</span>
}
