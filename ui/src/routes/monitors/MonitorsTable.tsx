import { useNavigate } from '@tanstack/react-router'
import { BellOff } from 'lucide-react'
import { useCallback } from 'react'
import type { MonitorRow } from '@/api/types'
import { DataTable, type Column } from '@/kit/DataTable'
import { RelativeTime } from '@/kit/values'
import { travelling } from '@/kit/view'
import { Against, HourLine } from './Against'
import { Severity, State, Told } from './State'
import { watched } from './words'

const COLUMNS: Column<MonitorRow>[] = [
  { id: 'state', header: 'State', width: 104, render: (r) => <State state={r.state} /> },
  {
    id: 'name',
    header: 'Name',
    // On a phone the value stays beside it.
    width: 110,
    grow: 2,
    render: (r) => (
      <span className="row" style={{ gap: 6 }}>
        <span className="cut" title={r.name}>
          {r.name}
        </span>
        {r.muted && <BellOff size={12} role="img" aria-label="muted" className="quiet" />}
      </span>
    ),
  },
  {
    id: 'watches',
    header: 'Fires when',
    width: 160,
    grow: 3,
    priority: 3,
    render: (r) => (
      <span className="quiet" title={watched(r)}>
        {watched(r)}
      </span>
    ),
  },
  {
    id: 'value',
    header: 'Value / limit',
    width: 112,
    align: 'right',
    priority: 1,
    render: (r) => <Against row={r} />,
  },
  {
    id: 'hour',
    header: <span className="sr-only">The past hour</span>,
    width: 84,
    priority: 4,
    render: (r) => <HourLine row={r} />,
  },
  {
    id: 'since',
    header: 'Since',
    width: 76,
    align: 'right',
    priority: 2,
    render: (r) => (r.since ? <RelativeTime iso={r.since} /> : <span className="quiet">–</span>),
  },
  {
    id: 'severity',
    header: 'Severity',
    width: 66,
    priority: 5,
    render: (r) => <Severity severity={r.definition.severity} />,
  },
  { id: 'told', header: 'Last told', width: 128, priority: 6, render: (r) => <Told row={r} /> },
]

export function MonitorsTable({ rows }: { rows: MonitorRow[] }) {
  const navigate = useNavigate()
  const open = useCallback(
    (row: MonitorRow) =>
      void navigate({
        to: '/monitors/$id',
        params: { id: row.id },
        search: (old) => ({ ...travelling(old), q: undefined }),
      }),
    [navigate],
  )
  return (
    <DataTable
      label="Monitors"
      columns={COLUMNS}
      rows={rows}
      rowKey={keyOf}
      onSelect={open}
      tone={toneOf}
      rowHeight={28}
    />
  )
}

const keyOf = (row: MonitorRow) => row.id
const toneOf = (row: MonitorRow) => (row.state === 'firing' || row.state === 'error' ? 'error' : '')
