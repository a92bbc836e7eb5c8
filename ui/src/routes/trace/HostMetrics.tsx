import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { traceMetricsQuery } from '@/api/queries'
import type { SpanDetail, TraceMetrics } from '@/api/types'
import { distinct } from '@/kit/colour'
import { bytes } from '@/kit/format'
import { Empty, Failure, SkeletonRows } from '@/kit/states'
import { TimeChart } from '@/kit/TimeChart'
import { onto } from './hostSeries'

/** What the host did while the trace ran, one minute to either side. */
export function HostMetrics({
  project,
  traceId,
  span,
}: {
  project: string
  traceId: string
  span: SpanDetail
}) {
  const metrics = useQuery(traceMetricsQuery(project, traceId))
  const groups = useMemo(() => group(metrics.data), [metrics.data])
  if (metrics.isPending) return <SkeletonRows rows={8} label="Loading host metrics" />
  if (metrics.isError) return <Failure error={metrics.error} retry={() => void metrics.refetch()} />
  if (!groups.length) {
    const host = span.resource_attributes.find((a) => a.key === 'host.name')?.value
    return (
      <Empty title="No host metrics around this trace">
        <p>
          {host
            ? `Nothing named system.*, process.* or hw.* arrived from ${host} in that minute.`
            : 'The span’s resource has no host.name, so its host’s metrics cannot be found.'}
        </p>
      </Empty>
    )
  }
  return (
    <>
      {groups.map((g) => (
        <section key={g.name}>
          <h3 className="t-section">
            {g.name} {g.unit !== '1' && g.unit !== 'By' && <span className="unit">{g.unit}</span>}
          </h3>
          <div style={{ padding: '0 12px' }}>
            <TimeChart
              label={g.name}
              times={g.times}
              series={g.series}
              height={90}
              {...(g.unit === 'By' ? { format: bytes } : {})}
              sync={`trace-${traceId}`}
            />
            {g.more > 0 && <p className="quiet">And {g.more} more series; the Metrics page has them all.</p>}
          </div>
        </section>
      ))}
    </>
  )
}

function group(data: TraceMetrics | undefined) {
  const byName = new Map<string, TraceMetrics['series']>()
  for (const series of data?.series ?? [])
    byName.set(series.name, [...(byName.get(series.name) ?? []), series])
  return [...byName].map(([name, all]) => {
    const times = [...new Set(all.flatMap((s) => s.points.map((p) => p[0])))].sort((a, b) => a - b)
    const several = new Set(all.map((s) => s.service)).size > 1
    const labelOf = (s: (typeof all)[number]) =>
      [...(several ? [s.service] : []), ...Object.values(s.attributes)].join(', ') || s.service || name
    const colours = distinct(all.slice(0, 8).map(labelOf))
    const series = all.slice(0, 8).map((s) => {
      const label = labelOf(s)
      return { label, colour: colours.get(label)!, values: onto(times, s.points) }
    })
    return { name, unit: all[0]?.unit ?? '', times, series, more: all.length - series.length }
  })
}
