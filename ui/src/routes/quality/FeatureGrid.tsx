import { AlertTriangle } from 'lucide-react'
import { DataTable, type Column } from '@/kit/DataTable'
import { count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { percent } from '../services/measures'
import { brief } from './distribution'
import { SmallDistribution } from './Shapes'
import { missing, zeros, type FeatureRow } from './features'

/** Our own distance says that something moved from here on, as `tapetum validate` does. */
export const MOVED = 0.02
const ROW = 40

const sortable = (key: string) => ({ desc: `-${key}`, asc: key })
const share = (value: number | null, alarming = 2) =>
  value === null ? (
    <span className="quiet">–</span>
  ) : value === 0 ? (
    <span className="quiet">0</span>
  ) : (
    <span className={value >= alarming ? 'dq-much' : ''}>{percent(value)}</span>
  )

const COLUMNS: Column<FeatureRow>[] = [
  {
    id: 'name',
    header: 'Feature',
    width: 96,
    grow: 2,
    sort: sortable('name'),
    render: (r) => (
      <span className="dq-two">
        <b className="cut" title={r.name}>
          <Isolated text={r.name} />
        </b>
        <span className="quiet">{r.now?.type ?? (r.then ? 'only in the baseline' : 'not there')}</span>
      </span>
    ),
  },
  {
    id: 'count',
    header: 'With value',
    width: 76,
    align: 'right',
    priority: 5,
    render: (r) => (r.now ? count(r.now.present) : '–'),
  },
  {
    id: 'missing',
    header: 'Missing',
    width: 66,
    align: 'right',
    priority: 2,
    sort: sortable('missing'),
    render: (r) => share(missing(r.now), 0.5),
  },
  {
    id: 'zeros',
    header: 'Zeros',
    width: 60,
    align: 'right',
    priority: 6,
    render: (r) => share(zeros(r.now), 0.9),
  },
  {
    id: 'range',
    header: (
      <span title="Least, median and greatest; of texts the most frequent value">Range or top value</span>
    ),
    width: 150,
    grow: 2,
    priority: 4,
    render: (r) => <Values row={r} />,
  },
  {
    id: 'shape',
    header: 'Distribution',
    width: 92,
    grow: 1,
    priority: 1,
    render: (r) => <SmallDistribution name={r.name} now={r.now} then={r.then} />,
  },
  {
    id: 'distance',
    header: 'Distance',
    width: 66,
    align: 'right',
    priority: 3,
    sort: sortable('distance'),
    render: (r) =>
      r.distance === null ? (
        <span className="quiet">–</span>
      ) : (
        <span
          className={r.distance > MOVED ? 'k-badge warn' : 'quiet'}
          title={r.distance > MOVED ? `moved: more than ${MOVED}` : `not more than ${MOVED}`}
        >
          {r.distance > MOVED && <AlertTriangle size={11} aria-label="moved" />}
          {r.distance.toFixed(3)}
        </span>
      ),
  },
  {
    id: 'wrong',
    header: 'Anomalies',
    width: 120,
    grow: 4,
    sort: sortable('wrong'),
    render: (r) => <Anomalies row={r} />,
  },
]

function Values({ row }: { row: FeatureRow }) {
  const now = row.now
  if (now?.finite !== undefined)
    return (
      <span className="cut num">
        {brief(now.min)} · {brief(now.median)} · {brief(now.max)}
      </span>
    )
  if (now?.unique === undefined) return <span className="quiet">–</span>
  return (
    <span className="dq-two">
      <span className="cut" title={now.top_values?.[0]}>
        {now.top_values?.length ? <Isolated text={now.top_values[0] || '(empty)'} /> : '–'}
      </span>
      <span className="quiet">
        {now.unique_exact === false && '≈ '}
        {count(now.unique)} different
      </span>
    </span>
  )
}

function Anomalies({ row }: { row: FeatureRow }) {
  const [first, ...others] = row.reasons
  if (!first) return null
  const values = [...new Set(row.reasons.flatMap((reason) => reason.values))]
  return (
    <span className="dq-two">
      <span className={`cut dq-wrong ${first.severity === 'ERROR' ? '' : 'warn'}`} title={first.description}>
        <AlertTriangle size={12} aria-label={first.severity === 'ERROR' ? 'error' : 'warning'} />{' '}
        <Isolated text={first.short} />
        {others.length > 0 && ` and ${others.length} more`}
      </span>
      <span className="cut quiet" title={values.join(', ')}>
        <Isolated text={values.length ? values.join(', ') : first.description} />
      </span>
    </span>
  )
}

export function FeatureGrid(p: {
  rows: FeatureRow[]
  sort: string
  selected: string | undefined
  onSort: (sort: string) => void
  onSelect: (row: FeatureRow) => void
}) {
  return (
    <DataTable
      label="Features"
      columns={COLUMNS}
      rows={p.rows}
      rowKey={keyOf}
      rowHeight={ROW}
      selected={p.selected}
      onSelect={p.onSelect}
      sort={p.sort}
      onSort={p.onSort}
      tone={(row) => (row.reasons.some((reason) => reason.severity === 'ERROR') ? 'error' : '')}
    />
  )
}

const keyOf = (row: FeatureRow) => row.name
