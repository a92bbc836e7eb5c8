/** Colours of the points of an embedding: by the two windows, by a category, or along a number. */
import { distinct, viridis } from '@/kit/colour'
import { figure } from './measures'

export interface LegendEntry {
  label: string
  colour: string
  count?: number
}
export interface Coloured {
  colours: string[]
  legend: LegendEntry[]
}
type Value = number | string | null

/** With more values the rare ones share a colour: there are no more that an eye tells apart. */
const MOST = 7
const OTHER = 'var(--cat-7)'
const MISSING = 'var(--text-3)'
const STEPS = 5

export function byWindow(inWindow: readonly boolean[]): Coloured {
  const now = inWindow.filter(Boolean).length
  return {
    colours: inWindow.map((one) => (one ? 'var(--window)' : 'var(--baseline)')),
    legend: [
      { label: 'baseline', colour: 'var(--baseline)', count: inWindow.length - now },
      { label: 'this time', colour: 'var(--window)', count: now },
    ],
  }
}

export function byCategory(values: readonly Value[]): Coloured {
  const often = new Map<string, number>()
  for (const value of values)
    if (value !== null) often.set(String(value), (often.get(String(value)) ?? 0) + 1)
  const ranked = [...often].toSorted((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
  const named = ranked.slice(0, MOST)
  const hues = distinct(named.map(([name]) => name))
  const colourOf = (value: Value) => (value === null ? MISSING : (hues.get(String(value)) ?? OTHER))
  const legend: LegendEntry[] = named.map(([label, count]) => ({ label, colour: hues.get(label)!, count }))
  const rest = ranked.slice(MOST).reduce((sum, [, count]) => sum + count, 0)
  if (rest) legend.push({ label: `${ranked.length - MOST} other values`, colour: OTHER, count: rest })
  const missing = values.filter((value) => value === null).length
  if (missing) legend.push({ label: 'missing', colour: MISSING, count: missing })
  return { colours: values.map(colourOf), legend }
}

/** From the fiftieth to the last but fiftieth of a thousand, so that one outlier takes not all colours. */
export function byNumber(values: readonly Value[], dark: boolean): Coloured {
  const known = values.filter((value) => typeof value === 'number').toSorted((a, b) => a - b)
  const low = known[Math.floor(known.length * 0.02)] ?? 0
  const high = known[Math.ceil(known.length * 0.98) - 1] ?? 0
  const along = (t: number) => viridis(dark ? 0.2 + 0.8 * t : 0.92 * (1 - t))
  const colourOf = (value: Value) =>
    typeof value !== 'number' ? MISSING : along(Math.min(Math.max((value - low) / (high - low || 1), 0), 1))
  const legend: LegendEntry[] = known.length
    ? Array.from({ length: STEPS }, (_, i) => {
        const t = i / (STEPS - 1)
        return { label: figure(Number((low + t * (high - low)).toPrecision(3))), colour: along(t) }
      })
    : []
  const missing = values.length - known.length
  if (missing) legend.push({ label: 'missing', colour: MISSING, count: missing })
  return { colours: values.map(colourOf), legend }
}
