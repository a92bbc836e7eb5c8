import { useMemo } from 'react'
import type { IngestAnswer } from '@/api/types'
import { PinShipped } from '@/kit/PinShipped'
import { compact } from '@/kit/format'
import { NotEnoughData } from '@/kit/states'
import { isoToMs, type Range } from '@/kit/time'
import { TimeChart, type Series } from '@/kit/TimeChart'

const SIGNALS = [
  { key: 'traces', label: 'spans', colour: 'var(--cat-1)' },
  { key: 'logs', label: 'log records', colour: 'var(--cat-3)' },
  { key: 'metrics', label: 'metric points', colour: 'var(--cat-6)' },
] as const
const EVERY_SENDER = { sender: [] }
const REFUSED = { key: 'refused', label: 'refused', colour: 'var(--bad)' } as const

/** Records a minute by signal, and what was refused in a frame of its own. */
export function IngestChart({ data, onRange }: { data: IngestAnswer; onRange: (range: Range) => void }) {
  const { buckets, interval_ms } = data.series
  const { times, series, refused } = useMemo(() => {
    const perMinute = interval_ms > 0 ? 60_000 / interval_ms : 1
    const bars = ({ key, label, colour }: (typeof SIGNALS)[number] | typeof REFUSED): Series => ({
      label,
      colour,
      kind: 'bar',
      values: buckets.map((b) => b[key] * perMinute),
    })
    const some = (s: Series) => s.values.some(Boolean)
    return {
      times: buckets.map((b) => isoToMs(b.time)),
      series: SIGNALS.map(bars).filter(some),
      refused: [bars(REFUSED)].filter(some),
    }
  }, [buckets, interval_ms])
  if (!series.length && !refused.length) {
    return (
      <NotEnoughData title="No whole minute yet">
        <p>The counts below are up to date; the chart starts with the first full minute.</p>
      </NotEnoughData>
    )
  }
  const common = {
    times,
    stacked: true,
    format: compact,
    intervalMs: interval_ms,
    sync: 'ingest',
    onBrush: (from: number, to: number) =>
      onRange({ from: new Date(from).toISOString(), to: new Date(to).toISOString() }),
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
        <span className="grow" />
        <PinShipped
          dashboard="ingest"
          panel="accepted-by-signal"
          title="Records a second by signal"
          chosen={EVERY_SENDER}
          chart="area"
        />
      </div>
      <TimeChart {...common} label="Records a minute by signal" series={series} height={150} />
      {refused.length > 0 && (
        <>
          <div className="k-legend">
            <h2 className="ingest-refused">Refused a minute</h2>
            <span className="grow" />
            <PinShipped
              dashboard="ingest"
              panel="refused-by-reason"
              title="Refused records by reason"
              chosen={EVERY_SENDER}
              chart="area"
            />
          </div>
          <TimeChart {...common} label="Refused records a minute" series={refused} height={64} />
        </>
      )}
    </section>
  )
}
