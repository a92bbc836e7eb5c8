import { useMemo } from 'react'
import type { MonitorPast, SavedQuery } from '@/api/types'
import { seriesColours } from '@/kit/colour'
import type { Band, Limit } from '@/kit/LimitMarks'
import { labelOf } from '@/kit/metricSeries'
import { TimeChart, type Series } from '@/kit/TimeChart'
import { scaleOfQuery } from '@/kit/units'
import { OPERATORS } from './words'

const MOST_NAMED = 8

/** The values that a monitor compares, with its limit across and the times of alerts behind. */
export function MonitorChart(props: {
  label: string
  query: SavedQuery
  past: MonitorPast
  op: string | undefined
  /** In the query's own unit. */
  limit: number | null
  recovery?: number | null | undefined
  bands: Band[]
  height: number
  /** How far the axis reaches, in Unix milliseconds: the last value is older than what happened since. */
  until?: number
  onBrush?: (fromMs: number, toMs: number) => void
}) {
  const { query, past, op, limit, recovery, until = 0 } = props
  const { scale, times, series, limits } = useMemo(() => {
    const largest = Math.max(
      Math.abs(limit ?? 0),
      ...past.series.map((s) => s.points.reduce((most, [, v]) => Math.max(most, Math.abs(v ?? 0)), 0)),
    )
    const chosen = scaleOfQuery(query, past.unit, largest)
    const labels = past.series.map((s) => labelOf(s.labels, 'value'))
    const colours = seriesColours(past.series, labels)
    const unit = chosen.unit ? ` ${chosen.unit}` : ''
    const lines: Limit[] = []
    const steps = past.series[0]?.points.map(([t]) => t) ?? []
    const end = (steps.at(-1) ?? 0) + past.step_s * 1000
    const rest = until > end ? [until] : []
    if (limit !== null && op) {
      lines.push({
        value: chosen.convert(limit),
        label: `fires ${OPERATORS[op]} ${chosen.format(limit)}${unit}`,
      })
    }
    if (recovery != null) {
      lines.push({
        value: chosen.convert(recovery),
        label: `ends at ${chosen.format(recovery)}${unit}`,
        quiet: true,
      })
    }
    return {
      scale: chosen,
      times: [...steps, ...rest],
      series: past.series.map((s, i): Series => ({
        label: labels[i]!,
        colour: colours.get(labels[i]!)!,
        values: [
          ...s.points.map(([, v]) => (v === null ? null : chosen.convert(v))),
          ...rest.map(() => null),
        ],
      })),
      limits: lines,
    }
  }, [query, past, op, limit, recovery, until])
  return (
    <>
      <TimeChart
        label={props.label}
        times={times}
        series={series}
        unit={scale.unit}
        format={scale.show}
        limits={limits}
        bands={props.bands}
        {...(times.at(-1) === until ? {} : { intervalMs: past.step_s * 1000 })}
        height={props.height}
        sync="monitor"
        {...(props.onBrush ? { onBrush: props.onBrush } : {})}
      />
      {series.length > 1 && (
        <p className="k-legend mo-legend">
          {series.slice(0, MOST_NAMED).map((line) => (
            <span key={line.label} className="cut" title={line.label}>
              <i style={{ background: line.colour }} aria-hidden /> {line.label}
            </span>
          ))}
          {series.length > MOST_NAMED && <span>and {series.length - MOST_NAMED} more</span>}
          {past.truncated && <span>; there are more series than are drawn</span>}
        </p>
      )}
    </>
  )
}
