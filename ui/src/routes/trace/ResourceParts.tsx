/** What the lanes under a waterfall and the Host tab of a span have in common. */
import { Link } from '@tanstack/react-router'
import { AlertTriangle, Cpu, Server } from 'lucide-react'
import type { TraceResources } from '@/api/types'
import { is, printFilter } from '@/kit/filter'
import { Isolated } from '@/kit/Isolated'
import { PinMenu } from '@/kit/PinMenu'
import { Empty, Snippet } from '@/kit/states'
import { measureName, pinnedMeasure, type Measure, type ResourceUser } from './resourceWords'

const SET_UP = `pip install 'tapetum-sdk[resources]'

import tapetum.resources
tapetum.resources.start()`

const MOST_NAMES = 6

export function UserIcon({ kind }: { kind: ResourceUser['kind'] }) {
  const Icon = kind === 'host' ? Server : Cpu
  return (
    <span className="t-kind" title={kind}>
      <Icon size={13} aria-hidden />
    </span>
  )
}

export function Saturated({ limit }: { limit: number }) {
  return (
    <span className="k-badge error" title={`More than ${Math.round(limit * 100)} % is in use`}>
      <AlertTriangle size={12} aria-hidden /> saturated
    </span>
  )
}

/** The same metric, of the same host or process: on a dashboard, or at the same time on its page. */
export function MetricLink(p: { user: ResourceUser; measure: Measure; data: TraceResources }) {
  const terms = Object.entries(p.user.identity).map(([key, value]) => is(key, value))
  return (
    <span className="t-measure-links">
      <PinMenu
        small
        query={pinnedMeasure(p.measure, printFilter(terms))}
        title={`${measureName(p.measure)} of ${p.user.name}`}
        chart="area"
      />
      <Link
        to="/metrics-explorer"
        aria-label={`Metrics: ${p.measure.metric}`}
        search={(old) => ({
          project: old.project,
          name: p.measure.metric,
          q: printFilter(terms),
          from: String(Math.floor(p.data.first)),
          to: String(Math.ceil(p.data.last)),
        })}
      >
        Metrics
      </Link>
    </span>
  )
}

/** Each name isolated by itself: one that turns the direction of text must not turn its neighbours. */
export function UserNames({ users }: { users: ResourceUser[] }) {
  return (
    <>
      {users.slice(0, MOST_NAMES).map((user, i) => (
        <span key={`${user.kind} ${user.name}`}>
          {i > 0 && ', '}
          <Isolated text={user.name} />
        </span>
      ))}
      {users.length > MOST_NAMES && ` and ${users.length - MOST_NAMES} more`}
    </>
  )
}

/** Nothing arrived: of whom, and what would fill this. */
export function NoResources({ data }: { data: TraceResources }) {
  return (
    <Empty title="No CPU, memory or GPU metrics of these hosts and processes">
      <p>
        Looked for system.*, process.*, container.*, k8s.pod.* and hw.gpu.* of{' '}
        <UserNames users={data.silent} /> in this project, five minutes before and while it ran. For Python,
        this sends them:
      </p>
      <Snippet label="set-up" text={SET_UP} />
      <p>
        A Collector’s hostmetrics receiver sends those of a machine; they are found by host.name, which the
        spans must name too.
      </p>
    </Empty>
  )
}
