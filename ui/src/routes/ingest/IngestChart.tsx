import { useMemo } from 'react'
import type { IngestAnswer } from '@/api/types'
import { compact } from '@/kit/format'
import { NotEnoughData } from '@/kit/states'
import { isoToMs, type Range } from '@/kit/time'
import { TimeChart, type Series } from '@/kit/TimeChart'

const SIGNALS = [
  { key: 'traces', label: 'spans', colour: 'var(--cat-1)' },
  { key: 'logs', label: 'log records', colour: 'var(--cat-3)' },
  { key: 'metrics', label: 'metric points', colour: 'var(--cat-6)' },
  { key: 'refused', label: 'refused', colour: 'var(--bad)' },
] as const

/** Records a minute by signal, with what was refused on top. */
export function IngestChart({ data, onRange }: { data: IngestAnswer; onRange: (range: Range) => void }) {
  const { buckets, interval_ms } = data.series
  const { times, series } = useMemo(() => {
    const perMinute = interval_ms > 0 ? 60_000 / interval_ms : 1
    return {
      times: buckets.map((b) => isoToMs(b.time)),
      series: SIGNALS.map(({ key, label, colour }): Series => ({
        label,
        colour,
        kind: 'bar',
        values: buckets.map((b) => b[key] * perMinute),
      })).filter((s) => s.values.some(Boolean)),
    }
  }, [buckets, interval_ms])
  if (!buckets.length || !series.length) {
    return (
      <NotEnoughData title="No whole minute yet">
        <p>The counts below are up to date; the chart starts with the first full minute.</p>
      </NotEnoughData>
    )
  }
  return (
    <section className="ingest-chart">
      <div className="k-legend">
        <h2>Records a minute</h2>
        {SIGNALS.filter((s) => series.some((x) => x.label === s.label)).map((s) => (
          <span key={s.key}>
            <i style={{ background: s.colour }} aria-hidden />
            {s.label}
          </span>
        ))}
      </div>
      <TimeChart
        label="Records a minute by signal"
        times={times}
        series={series}
        stacked
        unit="/min"
        height={150}
        format={compact}
        intervalMs={interval_ms}
        sync="ingest"
        onBrush={(from, to) =>
          onRange({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })
        }
      />
    </section>
  )
}
