import { useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import type { ModelDetail } from '@/api/types'
import { DataTable, type Column } from '@/kit/DataTable'
import { printTerm } from '@/kit/filter'
import { count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Sparkline } from '@/kit/Sparkline'
import { RelativeTime } from '@/kit/values'
import { Rate, Took } from '../services/measures'
import { Comparison } from './Comparison'
import { Coverage, figure, Flagged } from './measures'

type Version = ModelDetail['by_version'][number]

const mean = (value: number | null) => (value === null ? <span className="quiet">–</span> : figure(value))

const COLUMNS: Column<Version>[] = [
  {
    id: 'version',
    header: 'Version',
    width: 90,
    grow: 2,
    render: (r) => <b>{r.version ? <Isolated text={r.version} /> : 'none given'}</b>,
  },
  {
    id: 'rate',
    header: 'Rate',
    width: 76,
    align: 'right',
    render: (r) => (
      <span title={`${count(r.predictions)} predictions in this time`}>
        <Rate perSecond={r.rate_per_s} />
      </span>
    ),
  },
  {
    id: 'rates',
    header: <span className="sr-only">Rate over time</span>,
    width: 84,
    priority: 5,
    render: (r) => <Sparkline label={`Rate of ${r.version}`} values={r.trend.rate_per_s} />,
  },
  {
    id: 'score',
    header: 'Mean score',
    width: 84,
    align: 'right',
    priority: 1,
    render: (r) => mean(r.mean_score),
  },
  {
    id: 'output',
    header: 'Mean output',
    width: 90,
    align: 'right',
    priority: 6,
    render: (r) => mean(r.mean_output),
  },
  {
    id: 'labels',
    header: 'Labels',
    width: 124,
    align: 'right',
    priority: 2,
    render: (r) => <Coverage of={r} />,
  },
  {
    id: 'flagged',
    header: 'Odd scores',
    width: 84,
    align: 'right',
    priority: 7,
    render: (r) => <Flagged count={r.flagged} of={r.predictions} />,
  },
  { id: 'p95', header: 'p95', width: 72, align: 'right', priority: 4, render: (r) => <Took ms={r.p95_ms} /> },
  {
    id: 'first',
    header: 'First seen',
    width: 84,
    align: 'right',
    priority: 8,
    render: (r) => <RelativeTime iso={r.first_seen} />,
  },
  {
    id: 'last',
    header: 'Last seen',
    width: 84,
    align: 'right',
    priority: 3,
    render: (r) => <RelativeTime iso={r.last_seen} />,
  },
]
const keyOf = (row: Version) => row.version

/** By when each was seen first; those that came at once, by name. */
const newestFirst = (rows: Version[]): string[] =>
  rows
    .toSorted(
      (a, b) =>
        b.first_seen.slice(0, 16).localeCompare(a.first_seen.slice(0, 16)) ||
        b.version.localeCompare(a.version, undefined, { numeric: true }),
    )
    .map((one) => one.version)

/** The versions of a model; two of them side by side; a row leads to its predictions. */
export function Versions({ model, detail }: { model: string; detail: ModelDetail }) {
  const navigate = useNavigate()
  const open = useCallback(
    (row: Version) => {
      const q = printTerm({ negated: false, key: 'version', op: 'is', values: [row.version] })
      void navigate({ to: '/models/one', search: (old) => ({ ...old, view: 'predictions', q }) })
    },
    [navigate],
  )
  const rows = detail.by_version
  return (
    <div
      className="k-scroll mo-versions"
      tabIndex={0}
      role="region"
      aria-label="Versions and their comparison"
    >
      <div style={{ height: Math.min(rows.length, 8) * 24 + 30 }}>
        <DataTable label="Versions" columns={COLUMNS} rows={rows} rowKey={keyOf} onSelect={open} />
      </div>
      {rows.length > 1 ? (
        <Comparison model={model} versions={newestFirst(rows)} />
      ) : (
        <p className="quiet mo-page">
          A second version in this time would be held against this one here: metrics with a test of the
          difference, and the answers that changed on the same requests.
        </p>
      )}
    </div>
  )
}
