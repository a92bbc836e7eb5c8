import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { logHistogramQuery } from '@/api/logQueries'
import type { Scope } from '@/api/queries'
import { parseFilter, range as bounded } from '@/kit/filter'
import { compact, counted } from '@/kit/format'
import { ChartFailed, NoChart } from '@/kit/NoChart'
import { PinMenu } from '@/kit/PinMenu'
import { SEVERITIES, type Severity as Level } from '@/kit/severity'
import { isoToMs, type Range } from '@/kit/time'
import { TimeChart, type Series } from '@/kit/TimeChart'
import { FIRST_NUMBER } from './severity'

const HEIGHT = 88

interface Props {
  scope: Scope
  live: boolean
  onQ: (q: string) => void
  onRange: (range: Range) => void
}

/** How much arrived and how bad it was: severities stacked, worst on top, each a switch. */
export function LogVolume({ scope, live, onQ, onRange }: Props) {
  const query = useQuery({ ...logHistogramQuery(scope, 80), refetchInterval: live ? 5000 : false })
  const { data } = query
  const drawn = useMemo(() => {
    const buckets = data?.buckets ?? []
    const named = (b: (typeof buckets)[number]) => SEVERITIES.reduce((sum, level) => sum + b[level], 0)
    const series: Series[] = [
      {
        label: 'no severity',
        colour: 'var(--line-strong)',
        kind: 'bar',
        values: buckets.map((b) => b.total - named(b)),
      },
      ...SEVERITIES.map((level): Series => ({
        label: level,
        colour: `var(--sev-${level})`,
        kind: 'bar',
        values: buckets.map((b) => b[level]),
      })),
    ]
    const totals = new Map(SEVERITIES.map((level) => [level, buckets.reduce((sum, b) => sum + b[level], 0)]))
    return {
      times: buckets.map((b) => isoToMs(b.time)),
      series: series.filter((s) => s.values.some(Boolean)),
      totals,
      all: buckets.reduce((sum, b) => sum + b.total, 0),
    }
  }, [data])

  if (query.isError && !data) {
    return <ChartFailed what="records" retry={() => void query.refetch()} />
  }
  const least = parseFilter(scope.q).find((t) => t.key === 'severity_number' && t.op === '>=')?.values[0]
  const toggle = (level: Level) => {
    const floor = String(FIRST_NUMBER[level])
    onQ(bounded(scope.q, 'severity_number', least === floor ? null : floor, null))
  }
  return (
    <div className="logs-volume">
      <div className="logs-legend">
        <span className="quiet">{data ? counted(drawn.all, 'record') : 'Counting…'}</span>
        <span className="grow" />
        {SEVERITIES.toReversed().map((level) => {
          const total = drawn.totals.get(level) ?? 0
          if (!total && least !== String(FIRST_NUMBER[level])) return null
          return (
            <button
              key={level}
              type="button"
              className="plain"
              aria-pressed={least === String(FIRST_NUMBER[level])}
              title={`Only ${level} and worse`}
              onClick={() => toggle(level)}
            >
              <i style={{ background: `var(--sev-${level})` }} aria-hidden />
              {level} <span className="unit">{compact(total)}</span>
            </button>
          )
        })}
        <PinMenu
          small
          query={{ kind: 'logs', q: scope.q, measure: 'count', group_by: ['severity'] }}
          chart="bar"
          title="Log records"
        />
      </div>
      {data && drawn.all > 0 ? (
        <TimeChart
          label="Log records over time by severity"
          times={drawn.times}
          series={drawn.series}
          stacked
          height={HEIGHT}
          intervalMs={data.interval_ms}
          sync="logs"
          onBrush={(from, to) =>
            onRange({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })
          }
        />
      ) : (
        <NoChart what="records" height={HEIGHT} waiting={query.isPending} />
      )}
    </div>
  )
}
