/** A value against its limit, with the hour behind it. */
import { useQuery } from '@tanstack/react-query'
import { monitorPastQuery } from '@/api/monitorQueries'
import type { MonitorPast, MonitorRow } from '@/api/types'
import { Sparkline } from '@/kit/Sparkline'
import { scaleOfQuery, type Scale } from '@/kit/units'
import { OPERATORS } from './words'

const HOUR = 'now-1h'
const EVERY_MS = 60_000

/** The hour before now, asked once a minute. */
export const useHour = (id: string) =>
  useQuery({ ...monitorPastQuery(id, HOUR, 'now'), refetchInterval: EVERY_MS, staleTime: EVERY_MS })

export function scaleOf(row: MonitorRow, past: MonitorPast | undefined): Scale {
  const largest = Math.max(
    Math.abs(row.value ?? 0),
    Math.abs(row.limit ?? 0),
    ...(row.value === null && row.limit === null
      ? (past?.series.flatMap((s) => s.points.map(([, v]) => Math.abs(v ?? 0))) ?? [])
      : []),
  )
  return scaleOfQuery(row.definition.query, past?.unit ?? '', largest)
}

export function Against({ row }: { row: MonitorRow }) {
  const hour = useHour(row.id)
  const scale = scaleOf(row, hour.data?.preview)
  const op = row.definition.condition?.op
  return (
    <span style={{ whiteSpace: 'nowrap' }}>
      {row.value === null ? '–' : scale.format(row.value)}
      {op && row.limit !== null ? (
        <span className="quiet" title={`Fires ${OPERATORS[op]} ${scale.format(row.limit)} ${scale.unit}`}>
          {' '}
          / {scale.format(row.limit)}
        </span>
      ) : null}
      {scale.unit && <span className="unit">{scale.unit}</span>}
    </span>
  )
}

/** The series that is worst now, else the highest. */
export function HourLine({ row }: { row: MonitorRow }) {
  const hour = useHour(row.id)
  const all = hour.data?.preview.series ?? []
  const labels = JSON.stringify(row.alerts.find((a) => a.state !== 'ok')?.labels ?? {})
  const series = all.find((s) => JSON.stringify(s.labels) === labels) ?? all[0]
  if (!series) return null
  return (
    <Sparkline
      label={`${row.name} in the past hour`}
      values={series.points.map(([, v]) => v)}
      least={row.limit ?? 0}
      colour={row.state === 'firing' ? 'var(--bad)' : 'var(--text-2)'}
    />
  )
}
