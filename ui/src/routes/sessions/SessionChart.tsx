import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Scope } from '@/api/queries'
import { sessionHistogramQuery, type Whose } from '@/api/sessionQueries'
import { counted } from '@/kit/format'
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
    // The rows below say what went wrong at length.
    return (
      <div className="se-flat row" role="alert">
        The {whose} could not be counted.
        <Button onClick={() => void query.refetch()}>Try again</Button>
      </div>
    )
  }
  const noun = whose === 'sessions' ? 'session' : 'user'
  return (
    <div>
      <div className="k-legend">
        <span className="grow quiet">
          {data
            ? `${counted(drawn.traces, 'trace')}, of at most ${counted(drawn.most, noun)} at once`
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
        <div className="se-flat" style={{ height: query.isPending ? HEIGHT : 26 }}>
          {!query.isPending && <span>No {whose} in this time</span>}
        </div>
      )}
    </div>
  )
}
