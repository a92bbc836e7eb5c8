import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Scope } from '@/api/queries'
import { sessionHistogramQuery, type Whose } from '@/api/sessionQueries'
import { counted } from '@/kit/format'
import { ChartFailed, NoChart } from '@/kit/NoChart'
import { PinMenu } from '@/kit/PinMenu'
import { isoToMs } from '@/kit/time'
import { TimeChart, type Series } from '@/kit/TimeChart'
import { useView } from '@/kit/view'

const HEIGHT = 92

/** The traces of sessions (or users) over time, those that failed apart, and how many sessions they were. */
export function SessionChart({ whose, scope, live }: { whose: Whose; scope: Scope; live: boolean }) {
  const { setRange } = useView()
  const query = useQuery({
    ...sessionHistogramQuery(whose, scope, 80),
    refetchInterval: live ? 5000 : false,
  })
  const { data } = query
  const drawn = useMemo(() => {
    const buckets = data?.buckets ?? []
    const series: Series[] = [
      { label: 'failed traces', colour: 'var(--bad)', kind: 'bar', values: buckets.map((b) => b.failed) },
      {
        label: 'traces',
        colour: 'var(--bars)',
        kind: 'bar',
        values: buckets.map((b) => b.traces - b.failed),
      },
    ]
    return {
      times: buckets.map((b) => isoToMs(b.time)),
      series,
      traces: buckets.reduce((sum, b) => sum + b.traces, 0),
      most: Math.max(0, ...buckets.map((b) => b.ids)),
    }
  }, [data])
  if (query.isError && !data) {
    return <ChartFailed what={whose} retry={() => void query.refetch()} />
  }
  const noun = whose === 'sessions' ? 'session' : 'user'
  return (
    <div>
      <div className="k-legend">
        <span className="grow quiet">
          {data
            ? counted(drawn.traces, 'trace') +
              (drawn.most > 1 ? `, up to ${counted(drawn.most, noun)} in one bar` : '')
            : 'Counting…'}
        </span>
        <PinMenu
          small
          query={{ kind: 'spans', q: scope.q, measure: whose }}
          chart="line"
          title={whose === 'sessions' ? 'Sessions' : 'Users'}
        />
      </div>
      {drawn.traces > 0 ? (
        <TimeChart
          label={`Traces of ${whose} over time`}
          times={drawn.times}
          series={drawn.series}
          stacked
          height={HEIGHT}
          intervalMs={data?.interval_ms ?? 0}
          sync={whose}
          onBrush={(from, to) =>
            setRange({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })
          }
        />
      ) : (
        <NoChart what={whose} height={HEIGHT} waiting={query.isPending} />
      )}
    </div>
  )
}
