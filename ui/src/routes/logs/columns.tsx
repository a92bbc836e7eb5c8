import { Link } from '@tanstack/react-router'
import { Activity } from 'lucide-react'
import type { LogRow } from '@/api/types'
import type { Column } from '@/kit/DataTable'
import { Value } from '@/kit/Value'
import { ClockTime } from '@/kit/values'
import { Severity } from './severity'

/** Names one record in the URL: the time lets a shared link find it again without scanning. */
export const recordKey = (row: Pick<LogRow, 'time' | 'id'>): string => `${row.time}~${row.id}`

export function parseRecordKey(key: string): { time: string; id: string } {
  const at = key.lastIndexOf('~')
  return { time: key.slice(0, at), id: key.slice(at + 1) }
}

/** A body on one line. Only what can be seen is put into the page. */
export function oneLine(body: string): string {
  return body
    .slice(0, 600)
    .replace(/\r?\n\s*/g, ' ↵ ')
    .replace(/\s+/g, ' ')
}

export function logColumns(options: {
  dates: boolean
  sortable: boolean
  project: string | undefined
}): Column<LogRow>[] {
  return [
    {
      id: 'time',
      header: 'Time',
      width: options.dates ? 172 : 92,
      ...(options.sortable ? { sort: { desc: '-time', asc: 'time' } } : {}),
      render: (row) => (
        <span className="mono">
          <ClockTime iso={row.time} date={options.dates} />
        </span>
      ),
    },
    { id: 'severity', header: 'Severity', width: 66, render: (row) => <Severity row={row} /> },
    {
      id: 'service',
      header: 'Service',
      width: 110,
      priority: 2,
      render: (row) => <Value k="service" v={row.service} signal="logs" tab={false} />,
    },
    {
      id: 'body',
      header: 'Message',
      width: 130,
      grow: 1,
      render: (row) => (
        <span className="mono logs-body">
          {row.event_name && <span className="logs-event">{row.event_name}</span>}
          {row.body ? oneLine(row.body) : !row.event_name && <span className="quiet">(no body)</span>}
        </span>
      ),
    },
    {
      id: 'trace',
      header: <span className="sr-only">Trace</span>,
      width: 22,
      priority: 3,
      render: (row) =>
        row.trace_id && (
          <Link
            className="logs-trace"
            to="/traces/$traceId"
            params={{ traceId: row.trace_id }}
            search={{ project: options.project, span: row.span_id || undefined } as never}
            title="Open its trace"
            aria-label="Open its trace"
            tabIndex={-1}
            onClick={(event) => event.stopPropagation()}
          >
            <Activity size={13} />
          </Link>
        ),
    },
  ]
}
