import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { errorHistogramQuery } from '@/api/errorQueries'
import type { Scope } from '@/api/queries'
import { count, counted } from '@/kit/format'
import { ChartFailed, NoChart } from '@/kit/NoChart'
import { PinMenu } from '@/kit/PinMenu'
import { isoToMs } from '@/kit/time'
import { TimeChart, type Series } from '@/kit/TimeChart'
import { useView } from '@/kit/view'

const HEIGHT = 92

/** How many errors over time: of those never seen before, and of the others. */
export function ErrorChart({ scope, live }: { scope: Scope; live: boolean }) {
  const { setRange } = useView()
  const query = useQuery({ ...errorHistogramQuery(scope, 80), refetchInterval: live ? 5000 : false })
  const { data } = query
  const drawn = useMemo(() => {
    const buckets = data?.buckets ?? []
    const sum = (key: 'new' | 'known') => buckets.reduce((total, b) => total + b[key], 0)
    const series: Series[] = [
      { label: 'known before', colour: 'var(--bars)', kind: 'bar', values: buckets.map((b) => b.known) },
      { label: 'new errors', colour: 'var(--bad)', kind: 'bar', values: buckets.map((b) => b.new) },
    ]
    return {
      times: buckets.map((b) => isoToMs(b.time)),
      series: series.filter((s) => s.values.some(Boolean)),
      known: sum('known'),
      fresh: sum('new'),
    }
  }, [data])
  if (query.isError && !data) {
    return <ChartFailed what="errors" retry={() => void query.refetch()} />
  }
  const all = drawn.known + drawn.fresh
  return (
    <div>
      <div className="er-legend">
        <span className="quiet">{data ? counted(all, 'occurrence') : 'Counting…'}</span>
        <span className="grow" />
        {drawn.fresh > 0 && (
          <span>
            <i style={{ background: 'var(--bad)' }} aria-hidden /> of new errors{' '}
            <span className="unit">{count(drawn.fresh)}</span>
          </span>
        )}
        {drawn.known > 0 && (
          <span>
            <i style={{ background: 'var(--bars)' }} aria-hidden /> known before{' '}
            <span className="unit">{count(drawn.known)}</span>
          </span>
        )}
        <PinMenu small query={{ kind: 'errors', q: scope.q, measure: 'count' }} chart="bar" title="Errors" />
      </div>
      {all > 0 ? (
        <TimeChart
          label="Errors over time"
          times={drawn.times}
          series={drawn.series}
          stacked
          height={HEIGHT}
          intervalMs={data?.interval_ms ?? 0}
          sync="errors"
          onBrush={(from, to) =>
            setRange({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })
          }
        />
      ) : (
        <NoChart what="errors" height={HEIGHT} waiting={query.isPending} />
      )}
    </div>
  )
}
