import { Checkbox } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { traceLogsQuery } from '@/api/queries'
import { severityColour } from '@/kit/severity'
import { Empty, Failure, SkeletonRows } from '@/kit/states'
import { ClockTime } from '@/kit/values'

export function RelatedLogs({
  project,
  traceId,
  spanId,
}: {
  project: string
  traceId: string
  spanId: string
}) {
  const logs = useQuery(traceLogsQuery(project, traceId))
  const [mine, setMine] = useState(false)
  if (logs.isPending) return <SkeletonRows rows={8} label="Loading logs" />
  if (logs.isError) return <Failure error={logs.error} retry={() => void logs.refetch()} />
  const own = logs.data.rows.filter((row) => row.span_id === spanId).length
  const rows = mine ? logs.data.rows.filter((row) => row.span_id === spanId) : logs.data.rows
  return (
    <>
      <div className="k-toolbar">
        <Checkbox
          size="xs"
          label={`Only this span (${own})`}
          checked={mine}
          onChange={(event) => setMine(event.currentTarget.checked)}
        />
        <span className="grow" />
        <Link to="/logs" search={(old) => ({ project: old.project, q: `trace_id:${traceId}`, from: 'all' })}>
          All in Logs
        </Link>
      </div>
      {rows.length === 0 && (
        <Empty title={mine ? 'No log was written inside this span' : 'No log carries this trace’s id'}>
          <p>
            Logs join a trace when the logging library writes the active trace and span id into each record.
          </p>
        </Empty>
      )}
      {rows.slice(0, 500).map((row) => (
        <div key={row.id} className={row.span_id === spanId ? 't-log' : 't-log other'}>
          <ClockTime iso={row.time} />
          <span style={{ color: severityColour(row.severity_number), fontWeight: 600 }}>
            {row.severity || '–'}
          </span>
          <span className="mono">{row.body.slice(0, 2_000) || row.event_name}</span>
        </div>
      ))}
      {logs.data.next_cursor && (
        <p className="t-section">The first {logs.data.rows.length} logs of this trace.</p>
      )}
    </>
  )
}
