import {
  Bell,
  BellOff,
  BellRing,
  CheckCircle2,
  CircleDashed,
  CircleHelp,
  CircleSlash,
  Unplug,
} from 'lucide-react'
import type { MonitorRow } from '@/api/types'
import { RelativeTime } from '@/kit/values'
import { EVENTS, WORDS } from './words'

const LOOK: Record<string, [icon: typeof Bell, tone: string]> = {
  firing: [BellRing, 'error'],
  error: [CircleHelp, 'error'],
  no_data: [Unplug, 'warn'],
  pending: [CircleDashed, 'warn'],
  waiting: [CircleDashed, 'quiet'],
  ok: [CheckCircle2, 'ok'],
  disabled: [CircleSlash, 'quiet'],
}

/** A state by icon, word and colour. */
export function State({ state }: { state: string }) {
  const [Icon, tone] = LOOK[state] ?? [Bell, 'quiet']
  return (
    <span className={`k-badge ${tone}`}>
      <Icon size={13} aria-hidden /> {WORDS[state] ?? state}
    </span>
  )
}

export function Severity({ severity }: { severity: string | undefined }) {
  const tone = severity === 'critical' ? 'error' : severity === 'warning' ? 'warn' : 'quiet'
  return <span className={`mo-severity ${tone}`}>{severity ?? 'warning'}</span>
}

export function Muted({ row }: { row: MonitorRow }) {
  if (!row.muted || !row.muted_until) return null
  return (
    <span className="k-badge quiet">
      <BellOff size={13} aria-hidden /> muted until <RelativeTime iso={row.muted_until} />
    </span>
  )
}

const STATUS: Record<string, string> = { waiting: 'error', delivered: 'ok', given_up: 'error' }

/** What came of the newest notification. */
export function Told({ row }: { row: MonitorRow }) {
  const last = row.last_delivery
  if (!row.webhook) return <span className="quiet">no webhook</span>
  if (!last) return <span className="quiet">nobody told yet</span>
  const tried = last.status === 'waiting' && last.outcome === ''
  const words =
    last.status === 'delivered'
      ? 'told'
      : last.status === 'given_up'
        ? 'given up'
        : tried
          ? 'on its way'
          : 'failing'
  return (
    <span title={`${EVENTS[last.event] ?? last.event}: ${last.outcome || words}`}>
      <span className={`k-badge ${tried ? 'quiet' : STATUS[last.status]}`}>{words}</span>{' '}
      <span className="quiet">
        <RelativeTime iso={last.finished_at ?? last.created_at} />
      </span>
    </span>
  )
}
