import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { findingHistogramQuery } from '@/api/qualityQueries'
import type { Scope } from '@/api/queries'
import { counted } from '@/kit/format'
import { ChartFailed, NoChart } from '@/kit/NoChart'
import { PinMenu } from '@/kit/PinMenu'
import { isoToMs } from '@/kit/time'
import { TimeChart, type Series } from '@/kit/TimeChart'
import { useView } from '@/kit/view'
import { useLive } from './useLive'

const HEIGHT = 92

/** How many things were wrong over time, and how many predictions were looked at. */
export function FindingsOverTime({ scope }: { scope: Scope }) {
  const { setRange, patch } = useView()
  const query = useQuery({ ...findingHistogramQuery(scope), refetchInterval: useLive() })
  const { data } = query
  const drawn = useMemo(() => {
    const buckets = data?.buckets ?? []
    const looked = (value: number, windows: number) => (windows ? value : null)
    const series: Series[] = [
      {
        label: 'errors',
        colour: 'var(--bad)',
        kind: 'bar',
        values: buckets.map((b) => looked(b.errors, b.windows)),
      },
      {
        label: 'warnings',
        colour: 'var(--warn)',
        kind: 'bar',
        values: buckets.map((b) => looked(b.warnings, b.windows)),
      },
    ]
    return {
      times: buckets.map((b) => isoToMs(b.time)),
      series: series.filter((s) => s.values.some(Boolean)),
      examples: buckets.reduce((sum, b) => sum + b.examples, 0),
      worst: Math.max(0, ...buckets.map((b) => b.errors + b.warnings)),
    }
  }, [data])
  if (query.isError && !data) return <ChartFailed what="findings" retry={() => void query.refetch()} />
  return (
    <section className="dq-chart" aria-label="Anomalies over time">
      <div className="dq-legend">
        <b>Anomalies over time</b>
        <span className="quiet">
          {data ? `${counted(drawn.examples, 'prediction')} held against a schema` : 'Counting…'}
        </span>
        <span className="grow" />
        {drawn.series.map((one) => (
          <span key={one.label}>
            <i style={{ background: one.colour }} aria-hidden /> {one.label}
          </span>
        ))}
        <PinMenu
          small
          query={{ kind: 'findings', q: scope.q, measure: 'rows', group_by: ['feature'] }}
          chart="bar"
          title="Predictions that differ from their schema"
        />
      </div>
      {drawn.worst > 0 ? (
        <TimeChart
          label="Anomalies over time"
          times={drawn.times}
          series={drawn.series}
          stacked
          height={HEIGHT}
          intervalMs={data?.interval_ms ?? 0}
          sync="findings"
          picks="its findings"
          onPick={({ from, to }) =>
            patch({
              from: new Date(from).toISOString(),
              to: new Date(to).toISOString(),
              view: 'findings',
              sel: undefined,
              live: undefined,
            })
          }
          onBrush={(from, to) =>
            setRange({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })
          }
        />
      ) : (
        <NoChart what="anomalies" height={HEIGHT} waiting={query.isPending} />
      )}
    </section>
  )
}
