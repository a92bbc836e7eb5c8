/** From the answer of a saved query to what a panel draws. Pure. */
import type { DashboardPanel, QueryAnswer } from '@/api/types'
import { seriesColours } from '@/kit/colour'
import { csvCell } from '@/kit/download'
import { labelOf, statsOf, type Stats } from '@/kit/metricSeries'
import { scaleOfQuery, type Scale } from '@/kit/units'

/** More lines than this cannot be told apart; the table has them all. */
export const MOST_LINES = 24

export interface Line {
  label: string
  labels: Record<string, string>
  colour: string
  points: [number, number | null][]
  stats: Stats
  /** The measure over the whole time where it can be said, else the last value. */
  value: number | null
}

export interface Drawn {
  lines: Line[]
  scale: Scale
  measured: number
}

export function drawnOf(panel: Pick<DashboardPanel, 'query' | 'title' | 'unit'>, answer: QueryAnswer): Drawn {
  const { query } = panel
  const labels = answer.series.map((s) => labelOf(said(s.labels), panel.title))
  const palette = seriesColours(answer.series, labels)
  const lines = answer.series
    .map((s, i): Line => {
      const stats = statsOf(s.points)
      return {
        label: labels[i]!,
        labels: s.labels,
        colour: palette.get(labels[i]!)!,
        points: s.points,
        stats,
        value: s.total ?? stats.last,
      }
    })
    .sort((a, b) => (b.stats.avg ?? -Infinity) - (a.stats.avg ?? -Infinity))
  const largest = Math.max(
    0,
    ...lines.flatMap((l) => [l.stats.max, l.stats.min]).map((v) => Math.abs(v ?? 0)),
  )
  return {
    lines,
    scale: scaleOfQuery(query, panel.unit || answer.unit, largest),
    measured: lines.reduce((n, l) => n + l.points.filter(([, v]) => v !== null).length, 0),
  }
}

/** A key that a series lacks names nothing beside one that it has: senders of one metric may differ in their keys. */
function said(labels: Record<string, string>): Record<string, string> {
  const entries = Object.entries(labels).filter(([, value]) => value !== '')
  return entries.length ? Object.fromEntries(entries) : labels
}

/** The step that lines are drawn by: SQL has its own, which is the shortest between two of its times. */
export function stepOf(panel: Pick<DashboardPanel, 'query'>, answer: QueryAnswer): number {
  if (panel.query.kind !== 'sql') return answer.step_s * 1000
  let least = Infinity
  for (const { points } of answer.series)
    for (let i = 1; i < points.length; i++) {
      const step = points[i]![0] - points[i - 1]![0]
      if (step > 0) least = Math.min(least, step)
    }
  return Number.isFinite(least) ? least : answer.step_s * 1000
}

/** Times with the ends of what was asked, so that every panel has the same axis; and a step's room for what ends. */
export function framed(times: number[], span: [number, number] | null, stepMs: number): [number[], number[]] {
  const [first, last] = [times[0], times.at(-1)]
  if (!span || first === undefined || last === undefined) return [[], []]
  const before = [...new Set([span[0], first - stepMs])].filter((t) => t >= span[0] && t < first)
  const after = [...new Set([last + stepMs, span[1]])].filter((t) => t > last && t <= span[1])
  return [before, after]
}

/** What a panel holds as a file: series as rows, or the table as it came. */
export function csvOf(answer: QueryAnswer): string {
  const cell = (value: unknown): string =>
    csvCell(
      value === null || typeof value === 'number' || typeof value === 'string'
        ? value
        : JSON.stringify(value),
    )
  const rows = answer.table
    ? [answer.table.columns.map((c) => c.name), ...answer.table.rows]
    : seriesRows(answer)
  return rows.map((row) => row.map(cell).join(',')).join('\r\n')
}

function seriesRows(answer: QueryAnswer): unknown[][] {
  const keys = [...new Set(answer.series.flatMap((s) => Object.keys(s.labels)))]
  return [
    ['time', ...keys, 'value'],
    ...answer.series.flatMap((s) =>
      s.points.map(([t, v]) => [new Date(t).toISOString(), ...keys.map((k) => s.labels[k] ?? ''), v]),
    ),
  ]
}
