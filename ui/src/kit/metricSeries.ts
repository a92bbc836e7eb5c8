/** From the answer's series to what a chart and a table draw. */
import type { Aggregation, MetricAnswer, MetricEntry, MetricSeries } from '@/api/types'
import { seriesColours } from './colour'

/** Which questions fit which kind of metric; the first is asked unless the reader says otherwise. */
const FITTING: Record<string, Aggregation[]> = {
  gauge: ['avg', 'min', 'max', 'last', 'sum', 'count'],
  sum: ['rate', 'increase', 'last', 'sum', 'avg', 'min', 'max', 'count'],
  level: ['avg', 'last', 'sum', 'min', 'max', 'count'],
  histogram: ['quantile', 'avg', 'rate', 'increase', 'count', 'sum', 'min', 'max'],
  buckets: ['quantile', 'rate', 'increase', 'last', 'sum', 'count'],
  summary: ['avg', 'rate', 'increase', 'quantile', 'count', 'sum'],
}

export function fitting(entry: Pick<MetricEntry, 'type'> & Partial<MetricEntry>): Aggregation[] {
  // A sum that can fall is a level: how fast it changes is rarely the question.
  if (entry.type === 'sum' && entry.is_monotonic === false) return FITTING.level!
  // The buckets of a Prometheus histogram that was written series by series.
  if (entry.type === 'sum' && entry.name?.endsWith('_bucket') && entry.attribute_keys?.includes('le'))
    return FITTING.buckets!
  if (entry.type === 'exponential_histogram') return FITTING.histogram!
  return FITTING[entry.type] ?? FITTING.gauge!
}

/** Whether the lines show what single measurements show, so that one can lie among them. */
export const measures = (aggregation: Aggregation): boolean =>
  ['avg', 'min', 'max', 'last', 'quantile'].includes(aggregation)

export interface Stats {
  last: number | null
  min: number | null
  avg: number | null
  max: number | null
}

export interface Line {
  key: string
  label: string
  labels: Record<string, string>
  colour: string
  points: [number, number | null][]
  stats: Stats
  /** The same series in the earlier period. */
  baseline: { points: [number, number | null][]; stats: Stats } | null
}

const keyOf = (labels: Record<string, string>): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))

export function labelOf(labels: Record<string, string>, fallback: string): string {
  const entries = Object.entries(labels)
  if (!entries.length) return fallback
  if (entries.length === 1) return entries[0]![1] || '(none)'
  return entries.map(([k, v]) => `${k}=${v || '(none)'}`).join(' ')
}

export function statsOf(points: [number, number | null][]): Stats {
  let [min, max, sum, n]: [number, number, number, number] = [Infinity, -Infinity, 0, 0]
  let last: number | null = null
  for (const [, value] of points) {
    if (value === null) continue
    min = Math.min(min, value)
    max = Math.max(max, value)
    sum += value
    n++
    last = value
  }
  return n ? { last, min, avg: sum / n, max } : { last: null, min: null, avg: null, max: null }
}

/** Whether the earlier period's points stand at their own times or were already moved onto the window's. */
function shiftOf(series: MetricSeries[], baseline: MetricSeries[], offsetMs: number): number {
  const first = (list: MetricSeries[]) => Math.min(...list.map((s) => s.points[0]?.[0] ?? Infinity))
  return first(baseline) + offsetMs / 2 < first(series) ? offsetMs : 0
}

export function linesOf(answer: MetricAnswer, offsetMs: number): Line[] {
  const before = new Map((answer.compare ?? []).map((s) => [keyOf(s.labels), s]))
  const shift = answer.compare ? shiftOf(answer.series, answer.compare, offsetMs) : 0
  const labels = answer.series.map((s) => labelOf(s.labels, answer.name))
  const palette = seriesColours(answer.series, labels)
  return answer.series.map((s, i) => {
    const earlier = before.get(keyOf(s.labels))
    return {
      key: keyOf(s.labels),
      label: labels[i]!,
      labels: s.labels,
      colour: palette.get(labels[i]!)!,
      points: s.points,
      stats: statsOf(s.points),
      baseline: earlier
        ? {
            points: earlier.points.map(([t, v]): [number, number | null] => [t + shift, v]),
            stats: statsOf(earlier.points),
          }
        : null,
    }
  })
}

/** One time axis for several series. Where nothing was measured for more than a step, a gap. */
export function align(
  series: [number, number | null][][],
  stepMs: number,
): { times: number[]; values: (number | null)[][] } {
  const seen = new Set<number>()
  for (const points of series) for (const [t] of points) seen.add(t)
  const sorted = [...seen].sort((a, b) => a - b)
  const times: number[] = []
  for (const t of sorted) {
    const before = times.at(-1)
    if (before !== undefined && stepMs > 0 && t - before > stepMs * 1.5) times.push(before + stepMs)
    times.push(t)
  }
  const values = series.map((points) => {
    const at = new Map(points)
    return times.map((t) => at.get(t) ?? null)
  })
  return { times, values }
}
