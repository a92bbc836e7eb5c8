import { useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import type { SavedQuery, ServiceRow } from '@/api/types'
import { serviceColour } from '@/kit/colour'
import { DataTable, type Column } from '@/kit/DataTable'
import { count } from '@/kit/format'
import { PinMenu } from '@/kit/PinMenu'
import { Sparkline } from '@/kit/Sparkline'
import { RelativeTime } from '@/kit/values'
import { travelling, useView } from '@/kit/view'
import { BASIS_Q, BASES, Basis, ErrorShare, Rate, Took } from './measures'

type Measure = NonNullable<Extract<SavedQuery, { kind: 'spans' }>['measure']>

const ORDER: Record<string, (row: ServiceRow) => number | string> = {
  requests: (r) => r.requests,
  errors: (r) => r.error_rate,
  p50: (r) => r.p50_ms ?? -1,
  p95: (r) => r.p95_ms ?? -1,
  p99: (r) => r.p99_ms ?? -1,
  seen: (r) => r.last_seen,
  service: (r) => r.service,
}
const sortable = (key: string) => ({ desc: `-${key}`, asc: key })

/** The chart that a column of small ones is made of, of every service of the filter. */
function Trend(p: { said: string; title: string; measure: Measure; basis: ServiceRow['basis']; q: string }) {
  const q = [BASIS_Q[p.basis], p.q].filter(Boolean).join(' ')
  return (
    <>
      <span className="sr-only">{p.said}</span>
      <PinMenu
        small
        alone
        query={{ kind: 'spans', q, measure: p.measure, group_by: ['service'] }}
        title={p.title}
      />
    </>
  )
}

const columnsOf = (basis: ServiceRow['basis'], q: string): Column<ServiceRow>[] => [
  {
    id: 'service',
    header: 'Service',
    width: 104,
    grow: 2,
    sort: sortable('service'),
    render: (r) => (
      <span className="row" style={{ gap: 6 }}>
        <i className="sv-dot" style={{ background: serviceColour(r.service) }} aria-hidden />
        <span className="cut">{r.service || 'unnamed'}</span>
        <Basis basis={r.basis} />
      </span>
    ),
  },
  {
    id: 'rate',
    header: 'Rate',
    width: 76,
    align: 'right',
    sort: sortable('requests'),
    render: (r) => (
      <span title={`${count(r.requests)} in this time`}>
        <Rate perSecond={r.rate_per_s} />
      </span>
    ),
  },
  {
    id: 'rates',
    header: <Trend said="Rate over time" title="Requests by service" measure="rate" basis={basis} q={q} />,
    width: 84,
    priority: 4,
    render: (r) => <Sparkline label={`Rate of ${r.service}`} values={r.trend.rate_per_s} />,
  },
  {
    id: 'errors',
    header: 'Errors',
    width: 64,
    align: 'right',
    sort: sortable('errors'),
    render: (r) => <ErrorShare share={r.error_rate} />,
  },
  {
    id: 'error-trend',
    header: (
      <Trend
        said="Errors over time"
        title="Failed requests by service"
        measure="error_rate"
        basis={basis}
        q={q}
      />
    ),
    width: 84,
    priority: 5,
    render: (r) => (
      <Sparkline
        label={`Errors of ${r.service}`}
        values={r.trend.error_rate}
        least={0.05}
        colour={r.errors ? 'var(--bad)' : 'var(--text-3)'}
      />
    ),
  },
  {
    id: 'p50',
    header: 'p50',
    width: 72,
    align: 'right',
    priority: 3,
    sort: sortable('p50'),
    render: (r) => <Took ms={r.p50_ms} />,
  },
  {
    id: 'p95',
    header: 'p95',
    width: 72,
    align: 'right',
    sort: sortable('p95'),
    render: (r) => <Took ms={r.p95_ms} />,
  },
  {
    id: 'p95s',
    header: <Trend said="p95 over time" title="p95 by service" measure="p95_ms" basis={basis} q={q} />,
    width: 84,
    priority: 6,
    render: (r) => <Sparkline label={`p95 of ${r.service}`} values={r.trend.p95_ms} />,
  },
  {
    id: 'p99',
    header: 'p99',
    width: 72,
    align: 'right',
    priority: 2,
    sort: sortable('p99'),
    render: (r) => <Took ms={r.p99_ms} />,
  },
  {
    id: 'versions',
    header: 'Versions',
    width: 110,
    grow: 1,
    priority: 7,
    render: (r) => (
      <span className="quiet" title={r.versions.join(', ')}>
        {r.versions.join(', ')}
      </span>
    ),
  },
  {
    id: 'environments',
    header: 'Environment',
    width: 96,
    priority: 8,
    render: (r) => <span className="quiet">{r.environments.join(', ')}</span>,
  },
  {
    id: 'seen',
    header: 'Last seen',
    width: 84,
    align: 'right',
    priority: 9,
    sort: sortable('seen'),
    render: (r) => <RelativeTime iso={r.last_seen} />,
  },
]

/** Services, sorted here: there are never more than some hundred. */
export function ServicesTable({ rows }: { rows: ServiceRow[] }) {
  const { search, scope, patch } = useView()
  const basis = BASES.find((one) => rows.some((row) => row.basis === one)) ?? 'spans'
  const columns = useMemo(() => columnsOf(basis, scope.q), [basis, scope.q])
  const navigate = useNavigate()
  const sort = search.sort ?? '-requests'
  const sorted = useMemo(() => {
    const by = ORDER[sort.replace(/^-/, '')] ?? ORDER.requests!
    const sign = sort.startsWith('-') ? -1 : 1
    return rows.toSorted((a, b) => {
      const [x, y] = [by(a), by(b)]
      return (x < y ? -1 : x > y ? 1 : 0) * sign || a.service.localeCompare(b.service)
    })
  }, [rows, sort])
  const open = useCallback(
    (row: ServiceRow) =>
      void navigate({
        to: '/services/$service',
        params: { service: row.service },
        search: (old) => travelling(old),
      }),
    [navigate],
  )
  return (
    <DataTable
      label="Services"
      columns={columns}
      rows={sorted}
      rowKey={keyOf}
      onSelect={open}
      tone={toneOf}
      sort={sort}
      onSort={(next) => patch({ sort: next }, true)}
    />
  )
}

const keyOf = (row: ServiceRow) => row.service
const toneOf = (row: ServiceRow) => (row.error_rate > 0.01 ? 'error' : '')
