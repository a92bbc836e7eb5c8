import { AlertCircle, CircleDashed, ThumbsDown, ThumbsUp } from 'lucide-react'
import type { SessionRow } from '@/api/types'
import type { Whose } from '@/api/sessionQueries'
import type { Column } from '@/kit/DataTable'
import { compact, count, counted } from '@/kit/format'
import { Names } from '@/kit/Value'
import { RelativeTime } from '@/kit/values'
import { Took } from '@/routes/services/measures'
import { Amount, Money } from '../llm/Money'

/** Enough of an id to tell it from others; the whole is under the pointer and in its menu. */
export const short = (id: string): string => (id.length > 120 ? `${id.slice(0, 120)}…` : id)

const ID: Record<Whose, Column<SessionRow>> = {
  sessions: {
    id: 'id',
    header: 'Session',
    width: 150,
    grow: 3,
    render: (r) => (
      // Opens it, as the whole row does.
      <span className="cut" title={r.id.slice(0, 1000)}>
        <Names of={[short(r.id)]} />
      </span>
    ),
  },
  users: {
    id: 'id',
    header: 'User',
    width: 150,
    grow: 3,
    render: (r) => (
      // Opens it, as the whole row does.
      <span className="cut" title={r.id.slice(0, 1000)}>
        <Names of={[short(r.id)]} />
      </span>
    ),
  },
}

const OTHER: Record<Whose, Column<SessionRow>> = {
  sessions: {
    id: 'user',
    header: 'User',
    width: 96,
    grow: 1,
    priority: 4,
    render: (r) => <Named of={r.users} />,
  },
  users: {
    id: 'sessions',
    header: 'Sessions',
    width: 64,
    align: 'right',
    priority: 3,
    render: (r) => compact(r.sessions),
  },
}

export function Named({ of }: { of: string[] }) {
  if (of.length === 0) return <span className="quiet">–</span>
  return (
    <span className="cut" title={of.join(', ').slice(0, 1000)}>
      <Names of={of.slice(0, 3).map(short)} />
      {of.length > 3 && <span className="quiet"> +{of.length - 3}</span>}
    </span>
  )
}

/** Failed traces of all; what the last error said is under the pointer. */
export function Failed({ row }: { row: SessionRow }) {
  if (row.failed === 0) return <span className="quiet">0</span>
  return (
    <span className="k-badge error" title={row.last_error}>
      <AlertCircle size={13} aria-hidden />
      {compact(row.failed)}
      <span className="sr-only"> failed</span>
    </span>
  )
}

/** Thumbs, and the share of judged evaluations that pass; the last comment is under the pointer. */
export function SaidOf({ row }: { row: SessionRow }) {
  const { count: all, judged, passed, up, down, last_comment } = row.evaluations
  if (all === 0) return <span className="quiet">–</span>
  const title = [
    counted(all, 'evaluation'),
    judged > 0 && `${passed} of ${judged} pass`,
    last_comment && `“${last_comment}”`,
  ]
    .filter(Boolean)
    .join(', ')
  return (
    <span className="se-said-of" title={title}>
      {up > 0 && (
        <span>
          <ThumbsUp size={12} aria-label="up" /> {compact(up)}
        </span>
      )}
      {down > 0 && (
        <span className="k-badge error">
          <ThumbsDown size={12} aria-label="down" /> {compact(down)}
        </span>
      )}
      {judged > 0 && (
        <span className={passed < judged ? 'k-badge warn' : ''}>
          {compact(passed)}/{compact(judged)}
          <span className="sr-only"> pass</span>
        </span>
      )}
      {up + down + judged === 0 && <span className="quiet">{compact(all)}</span>}
    </span>
  )
}

const COMMON: Column<SessionRow>[] = [
  {
    id: 'agents',
    header: 'Agent or service',
    width: 110,
    grow: 1,
    priority: 6,
    render: (r) => <Named of={r.agents.length ? r.agents : r.services} />,
  },
  {
    id: 'traces',
    header: 'Traces',
    width: 60,
    align: 'right',
    sort: { desc: '-traces' },
    render: (r) => (
      <span title={`${count(r.traces)} traces${r.running ? `, ${count(r.running)} running` : ''}`}>
        {r.running > 0 && <CircleDashed size={12} aria-label="running" />} {compact(r.traces)}
      </span>
    ),
  },
  {
    id: 'calls',
    header: 'LLM calls',
    width: 64,
    align: 'right',
    priority: 3,
    sort: { desc: '-calls' },
    render: (r) => compact(r.calls),
  },
  {
    id: 'failed',
    header: 'Failed',
    width: 60,
    align: 'right',
    sort: { desc: '-errors' },
    render: (r) => <Failed row={r} />,
  },
  {
    id: 'said',
    header: 'Evaluated',
    width: 92,
    align: 'right',
    priority: 4,
    render: (r) => <SaidOf row={r} />,
  },
  {
    id: 'tokens',
    header: 'Tokens',
    width: 72,
    align: 'right',
    priority: 5,
    sort: { desc: '-tokens' },
    render: (r) => (
      <Amount
        value={
          r.input_tokens === null && r.output_tokens === null
            ? null
            : (r.input_tokens ?? 0) + (r.output_tokens ?? 0)
        }
      />
    ),
  },
  {
    id: 'cost',
    header: 'Cost',
    width: 80,
    align: 'right',
    priority: 2,
    sort: { desc: '-cost_usd' },
    render: (r) => <Money value={r.cost_usd} unpriced={r.unpriced} />,
  },
  {
    id: 'p95',
    header: 'p95',
    width: 68,
    align: 'right',
    priority: 7,
    render: (r) => <Took ms={r.p95_ms} />,
  },
  {
    id: 'last-error',
    header: 'Last error',
    width: 110,
    grow: 2,
    priority: 8,
    render: (r) =>
      r.last_error ? (
        <span className="cut quiet" title={r.last_error}>
          <Names of={[r.last_error]} />
        </span>
      ) : (
        ''
      ),
  },
  {
    id: 'first',
    header: 'First seen',
    width: 82,
    align: 'right',
    priority: 9,
    render: (r) => <RelativeTime iso={r.first_seen} />,
  },
  {
    id: 'last',
    header: 'Last seen',
    width: 82,
    align: 'right',
    priority: 1,
    sort: { desc: '-last_seen' },
    render: (r) => <RelativeTime iso={r.last_seen} />,
  },
]

export const columnsOf = (whose: Whose): Column<SessionRow>[] => [ID[whose], OTHER[whose], ...COMMON]
