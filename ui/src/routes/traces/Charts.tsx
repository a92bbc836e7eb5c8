import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { spanHeatmapQuery, spanHistogramQuery, type Scope } from '@/api/queries'
import type { SpanHistogram } from '@/api/types'
import { range as filterRange } from '@/kit/filter'
import { compact, count, durationText } from '@/kit/format'
import { Heatmap } from '@/kit/Heatmap'
import { useSize } from '@/kit/hooks'
import { NoChart } from '@/kit/NoChart'
import { PinMenu } from '@/kit/PinMenu'
import { Failure, SkeletonRows } from '@/kit/states'
import { isoToMs } from '@/kit/time'
import { TimeChart, type Series } from '@/kit/TimeChart'
import { useView } from '@/kit/view'

const HEIGHT = 116

/** How many spans and how slow, over time; both can be brushed. */
export function Charts({ scope }: { scope: Scope }) {
  const { search, patch, setRange } = useView()
  const [measure, size] = useSize<HTMLDivElement>()
  const wide = size.width > 960
  const shown = search.chart === 'count' ? 'count' : 'duration'
  const brush = (fromMs: number, toMs: number) =>
    setRange({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() })
  return (
    <div ref={measure} className="ts-charts">
      {!wide && (
        <SegmentedControl
          aria-label="Chart"
          value={shown}
          onChange={(value) => patch({ chart: value === 'count' ? 'count' : undefined }, true)}
          data={[
            { value: 'duration', label: 'Duration' },
            { value: 'count', label: 'Spans' },
          ]}
        />
      )}
      {(wide || shown === 'count') && <CountChart scope={scope} onBrush={brush} />}
      {(wide || shown === 'duration') && (
        <DurationChart
          scope={scope}
          onSelect={(box) =>
            patch({
              from: new Date(box.fromMs).toISOString(),
              to: new Date(box.toMs).toISOString(),
              live: undefined,
              q:
                filterRange(
                  scope.q,
                  'duration_ms',
                  box.lowMs > 0 ? rounded(box.lowMs) : null,
                  Number.isFinite(box.highMs) ? rounded(box.highMs) : null,
                ) || undefined,
            })
          }
        />
      )}
    </div>
  )
}

const rounded = (ms: number) => String(Number(ms.toPrecision(4)))

function CountChart({ scope, onBrush }: { scope: Scope; onBrush: (from: number, to: number) => void }) {
  const histogram = useQuery(spanHistogramQuery(scope))
  const data = histogram.data
  const { times, series } = useMemo(() => countSeries(data), [data])
  return (
    <section className="ts-chart">
      <div className="k-legend">
        <span className="grow cut">{data ? <Totals data={data} /> : 'Spans'}</span>
        <PinMenu small query={{ kind: 'spans', q: scope.q, measure: 'count' }} chart="bar" title="Spans" />
      </div>
      {histogram.isError ? (
        <Failure aside error={histogram.error} retry={() => void histogram.refetch()} />
      ) : data && !data.buckets.some((b) => b.count) ? (
        <NoChart what="spans" height={HEIGHT} waiting={false} />
      ) : data ? (
        <TimeChart
          label="Spans over time"
          times={times}
          series={series}
          stacked
          height={HEIGHT}
          intervalMs={data.interval_ms}
          onBrush={onBrush}
          sync="explorer"
        />
      ) : (
        <div style={{ height: HEIGHT }}>
          <SkeletonRows rows={4} label="Loading the chart" />
        </div>
      )}
    </section>
  )
}

function countSeries(data: SpanHistogram | undefined): { times: number[]; series: Series[] } {
  const buckets = data?.buckets ?? []
  return {
    times: buckets.map((b) => isoToMs(b.time)),
    series: [
      { label: 'errors', colour: 'var(--bad)', kind: 'bar', values: buckets.map((b) => b.error_count) },
      {
        label: 'without error',
        colour: 'var(--bars)',
        kind: 'bar',
        values: buckets.map((b) => b.count - b.error_count),
      },
    ],
  }
}

function Totals({ data }: { data: SpanHistogram }) {
  const spans = data.buckets.reduce((sum, b) => sum + b.count, 0)
  const errors = data.buckets.reduce((sum, b) => sum + b.error_count, 0)
  const p95 = data.buckets.filter((b) => b.p95_ms !== null)
  // Weighted by count: a bucket of three spans must not speak as loudly as one of three thousand.
  const weight = p95.reduce((sum, b) => sum + b.count, 0)
  const typical = weight ? p95.reduce((sum, b) => sum + b.p95_ms! * b.count, 0) / weight : null
  return (
    <>
      <b style={{ color: 'var(--text)' }}>{count(spans)}</b> {spans === 1 ? 'span' : 'spans'} ·{' '}
      {errors > 0 ? (
        <b style={{ color: 'var(--bad)' }}>
          {count(errors)} with errors ({((errors / spans) * 100).toFixed(errors / spans < 0.1 ? 1 : 0)} %)
        </b>
      ) : (
        'no errors'
      )}
      {typical !== null && ` · p95 around ${durationText(typical)}`}
    </>
  )
}

function DurationChart(p: { scope: Scope; onSelect: Parameters<typeof Heatmap>[0]['onSelect'] }) {
  const heatmap = useQuery(spanHeatmapQuery(p.scope, 80, 20))
  const top = heatmap.data ? Math.max(0, ...heatmap.data.counts.flat()) : 0
  return (
    <section className="ts-chart">
      <div className="k-legend">
        <span className="grow cut">Duration over time · draw a box to narrow</span>
        {top > 0 && (
          <>
            <span>
              <i className="ts-ramp" aria-hidden /> {top === 1 ? '1 span' : `1 to ${compact(top)} spans`}
            </span>
            <span>
              <i style={{ background: 'var(--bad)' }} aria-hidden />
              errors
            </span>
          </>
        )}
        <PinMenu small query={{ kind: 'spans', q: p.scope.q, measure: 'p95_ms' }} title="p95 of duration" />
      </div>
      {heatmap.isError ? (
        <Failure aside error={heatmap.error} retry={() => void heatmap.refetch()} />
      ) : heatmap.data && top === 0 ? (
        <NoChart what="durations" height={HEIGHT} waiting={false} />
      ) : heatmap.data ? (
        <Heatmap data={heatmap.data} height={HEIGHT} onSelect={p.onSelect} />
      ) : (
        <div style={{ height: HEIGHT }}>
          <SkeletonRows rows={4} label="Loading the chart" />
        </div>
      )}
    </section>
  )
}
