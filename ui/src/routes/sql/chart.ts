/** Which columns of an answer make a chart, and the series in it. Pure. */
import type { Cell, SqlAnswer } from '@/api/types'

export interface ChartData {
  kind: 'line' | 'bar'
  x: string
  /** Unix milliseconds for a line, names for bars. */
  times: number[]
  names: string[]
  series: { label: string; values: (number | null)[] }[]
  left: number
}

const MOST_SERIES = 12
const MOST_BARS = 50

const bare = (type: string): string => type.replace(/^(?:Nullable|LowCardinality)\((.*)\)$/, '$1')
export const isNumber = (type: string): boolean => /^(U?Int|Float|Decimal|BFloat)/.test(bare(bare(type)))
export const isTime = (type: string): boolean => /^Date/.test(bare(bare(type)))

function toNumber(cell: Cell): number | null {
  if (cell === null || typeof cell === 'object' || cell === '') return null
  const n = Number(cell)
  return Number.isFinite(n) ? n : null
}

export function cellTime(cell: Cell): number {
  const text = String(cell)
  return Date.parse(
    /[zZ]|[+-]\d\d:\d\d$/.test(text) ? text : `${text.replace(' ', 'T')}${text.length > 10 ? 'Z' : ''}`,
  )
}

export function chartOf(answer: SqlAnswer): ChartData | string {
  const { columns, rows } = answer
  const numbers = columns.flatMap((c, i) => (isNumber(c.type) ? [i] : []))
  const time = columns.findIndex((c) => isTime(c.type))
  const names = columns.flatMap((c, i) => (i !== time && !isNumber(c.type) ? [i] : []))
  if (!numbers.length) return 'A chart needs a column of numbers.'
  if (time >= 0) {
    const times = [...new Set(rows.map((r) => cellTime(r[time]!)))]
      .filter((t) => !Number.isNaN(t))
      .sort((a, b) => a - b)
    const place = new Map(times.map((t, i) => [t, i]))
    const series = new Map<string, (number | null)[]>()
    for (const row of rows) {
      const at = place.get(cellTime(row[time]!))
      if (at === undefined) continue
      const group = names.map((i) => String(row[i])).join(', ')
      // With groups, one number per group; without, one line per number.
      for (const i of names.length ? numbers.slice(0, 1) : numbers) {
        const label = names.length ? group : columns[i]!.name
        let values = series.get(label)
        if (!values) series.set(label, (values = new Array<number | null>(times.length).fill(null)))
        values[at] = toNumber(row[i]!)
      }
    }
    const all = [...series].map(([label, values]) => ({ label, values }))
    const size = (values: (number | null)[]) => values.reduce<number>((sum, v) => sum + Math.abs(v ?? 0), 0)
    all.sort((a, b) => size(b.values) - size(a.values))
    return {
      kind: 'line',
      x: columns[time]!.name,
      times,
      names: [],
      series: all.slice(0, MOST_SERIES),
      left: Math.max(all.length - MOST_SERIES, 0),
    }
  }
  if (!names.length) return 'A chart needs a column of times or names beside the numbers.'
  const value = numbers[0]!
  return {
    kind: 'bar',
    x: names.map((i) => columns[i]!.name).join(', '),
    times: [],
    names: rows.slice(0, MOST_BARS).map((r) => names.map((i) => String(r[i])).join(', ')),
    series: [
      { label: columns[value]!.name, values: rows.slice(0, MOST_BARS).map((r) => toNumber(r[value]!)) },
    ],
    left: Math.max(rows.length - MOST_BARS, 0),
  }
}
