import type { RunningSpan, SpanRow, TraceRow } from '@/api/types'
import { serviceColour } from '@/kit/colour'
import { CopyId } from '@/kit/Copy'
import type { Column } from '@/kit/DataTable'
import { AlertTriangle } from 'lucide-react'
import { count } from '@/kit/format'
import { Names, Value } from '@/kit/Value'
import { Cost, Duration, RelativeTime, StatusBadge, Tokens } from '@/kit/values'
import { Money } from '../llm/Money'
import { KindIcon } from '../trace/KindIcon'
import { said, troubled } from '../trace/running'

/** Keys that the filter completes besides attributes. */
export const SPAN_KEYS = [
  'service',
  'name',
  'kind',
  'span_kind',
  'status',
  'state',
  'duration_ms',
  'model',
  'provider',
  'operation',
  'input_tokens',
  'output_tokens',
  'cost_usd',
  'session_id',
  'user_id',
  'agent',
  'tool',
  'error_type',
  'scope',
  'trace_id',
]

function Service({ name }: { name: string }) {
  return (
    <Value k="service" v={name} tab={false}>
      <i className="ts-dot" style={{ background: serviceColour(name) }} aria-hidden />
      {name}
    </Value>
  )
}

const TROUBLE = { stuck: 'stuck', silent: 'silent', exited: 'left open' } as Record<string, string>

/** A trace that has not ended and will not by itself. */
function Trouble({ one }: { one: RunningSpan }) {
  const where = one.location ? `; at ${one.location}` : ''
  return (
    <span className={`k-badge ${one.liveness === 'stuck' ? 'warn' : 'error'}`} title={`${said(one)}${where}`}>
      <AlertTriangle size={13} aria-hidden /> {TROUBLE[one.liveness]}
    </span>
  )
}

export const TRACE_COLUMNS: Column<TraceRow>[] = [
  {
    id: 'time',
    header: 'Start',
    width: 76,
    sort: { desc: '-start_time', asc: 'start_time' },
    render: (r) => <RelativeTime iso={r.start_time} />,
  },
  {
    id: 'name',
    header: 'Trace',
    width: 120,
    grow: 3,
    render: (r) => r.root_name || <i className="quiet">no root yet</i>,
  },
  {
    id: 'service',
    header: 'Service',
    width: 110,
    grow: 1,
    priority: 2,
    render: (r) => <Service name={r.service} />,
  },
  {
    id: 'status',
    header: 'Status',
    width: 84,
    priority: 1,
    sort: { desc: '-error_count' },
    render: (r) =>
      r.running && troubled(r.running) ? (
        <Trouble one={r.running} />
      ) : (
        <StatusBadge status={r.status} state={r.state} errors={r.error_count} />
      ),
  },
  {
    id: 'duration',
    header: 'Duration',
    width: 78,
    align: 'right',
    sort: { desc: '-duration_ms' },
    render: (r) => <Duration ms={r.duration_ms} since={r.start_time} />,
  },
  {
    id: 'spans',
    header: 'Spans',
    width: 58,
    align: 'right',
    priority: 3,
    sort: { desc: '-span_count' },
    render: (r) => count(r.span_count),
  },
  {
    id: 'models',
    header: 'Model',
    width: 120,
    grow: 1,
    priority: 5,
    render: (r) =>
      r.models.length ? (
        <Value k="model" v={r.models[0]!} tab={false}>
          <Names of={r.models} />
        </Value>
      ) : (
        <span className="quiet">–</span>
      ),
  },
  {
    id: 'tokens',
    header: 'Tokens',
    width: 132,
    align: 'right',
    priority: 6,
    sort: { desc: '-tokens' },
    render: (r) => <Tokens input={r.input_tokens} output={r.output_tokens} />,
  },
  {
    id: 'cost',
    header: 'Cost',
    width: 64,
    align: 'right',
    priority: 6,
    sort: { desc: '-cost_usd' },
    render: (r) => <Money value={r.cost_usd} unpriced={r.unpriced} />,
  },
  {
    id: 'id',
    header: 'Trace id',
    width: 96,
    priority: 7,
    render: (r) => <CopyId id={r.trace_id} label="trace id" />,
  },
]

export const SPAN_COLUMNS: Column<SpanRow>[] = [
  {
    id: 'time',
    header: 'Start',
    width: 76,
    sort: { desc: '-start_time', asc: 'start_time' },
    render: (r) => <RelativeTime iso={r.start_time} />,
  },
  {
    id: 'name',
    header: 'Span',
    width: 150,
    grow: 3,
    render: (r) => (
      <>
        <KindIcon kind={r.kind} spanKind={r.span_kind} convention={r.convention} service={r.service} />{' '}
        {r.name}
      </>
    ),
  },
  {
    id: 'service',
    header: 'Service',
    width: 110,
    grow: 1,
    priority: 2,
    render: (r) => <Service name={r.service} />,
  },
  {
    id: 'kind',
    header: 'Kind',
    width: 84,
    priority: 4,
    render: (r) => (
      <Value
        k={r.kind === 'span' ? 'span_kind' : 'kind'}
        v={r.kind === 'span' ? r.span_kind : r.kind}
        tab={false}
      />
    ),
  },
  {
    id: 'status',
    header: 'Status',
    width: 76,
    priority: 1,
    render: (r) => <StatusBadge status={r.status} state={r.state} />,
  },
  {
    id: 'duration',
    header: 'Duration',
    width: 78,
    align: 'right',
    sort: { desc: '-duration_ms' },
    render: (r) => <Duration ms={r.duration_ms} since={r.start_time} />,
  },
  {
    id: 'message',
    header: 'Message',
    width: 140,
    grow: 2,
    priority: 5,
    render: (r) => <span title={r.status_message}>{r.status_message}</span>,
  },
  {
    id: 'model',
    header: 'Model',
    width: 120,
    priority: 6,
    render: (r) => <Value k="model" v={r.model} tab={false} />,
  },
  {
    id: 'tokens',
    header: 'Tokens',
    width: 132,
    align: 'right',
    priority: 7,
    sort: { desc: '-tokens' },
    render: (r) => <Tokens input={r.input_tokens} output={r.output_tokens} />,
  },
  {
    id: 'cost',
    header: 'Cost',
    width: 64,
    align: 'right',
    priority: 7,
    sort: { desc: '-cost_usd' },
    render: (r) => <Cost value={r.cost_usd} />,
  },
  {
    id: 'trace',
    header: 'Trace id',
    width: 96,
    priority: 8,
    render: (r) => <CopyId id={r.trace_id} label="trace id" />,
  },
]

const USAGE: Record<string, (row: TraceRow | SpanRow) => boolean> = {
  models: (r) => 'models' in r && r.models.length > 0,
  model: (r) => 'model' in r && r.model !== '',
  tokens: (r) => r.input_tokens !== null || r.output_tokens !== null,
  cost: (r) => r.cost_usd !== null || ('unpriced' in r && r.unpriced > 0),
  message: (r) => 'status_message' in r && r.status_message !== '',
}

/** Columns that no row fills leave their room to the others. */
export function filled<T extends TraceRow | SpanRow>(
  columns: Column<T>[],
  rows: T[],
  sort: string,
): Column<T>[] {
  return columns.filter((c) => {
    const has = USAGE[c.id]
    return !has || rows.some(has) || (c.sort !== undefined && c.sort.desc === sort)
  })
}
