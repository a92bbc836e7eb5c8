/** Numbers of one chart in one unit, chosen by the largest of them. */
import { compact } from './format'
import type { Aggregation, SavedQuery } from '@/api/types'

export interface Scale {
  /** The value in `unit`: what a chart draws, so that its axis has round numbers. */
  convert: (value: number) => number
  /** A converted value as text. */
  show: (converted: number) => string
  /** Both: a raw value as text. */
  format: (value: number) => string
  unit: string
}

const STEPS: Record<'bytes' | 'time', [number, string][]> = {
  bytes: [
    [1024 ** 4, 'TiB'],
    [1024 ** 3, 'GiB'],
    [1024 ** 2, 'MiB'],
    [1024, 'KiB'],
    [1, 'B'],
  ],
  time: [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
    [1e-3, 'ms'],
    [1e-6, 'µs'],
    [1e-9, 'ns'],
  ],
}
const SECONDS = new Map(
  Object.entries({
    s: 1,
    ms: 1e-3,
    us: 1e-6,
    µs: 1e-6,
    ns: 1e-9,
    min: 60,
    h: 3600,
    d: 86_400,
  }),
)
const BYTES = new Map(
  Object.entries({
    By: 1,
    bytes: 1,
    KiBy: 1024,
    MiBy: 1024 ** 2,
    GiBy: 1024 ** 3,
    kBy: 1e3,
    MBy: 1e6,
    GBy: 1e9,
  }),
)

/** Three significant figures, or the whole number when it is one. */
function figures(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 10_000) return compact(value)
  if (size < 0.001) return value.toExponential(1)
  const text = size >= 100 ? value.toFixed(0) : value.toPrecision(3)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

const scaled = (unit: string, factor: number): Scale => ({
  unit,
  convert: (value) => value * factor,
  show: figures,
  format: (value) => figures(value * factor),
})

function stepped(steps: [number, string][], factor: number, largest: number): Scale {
  const most = Math.abs(largest) * factor
  const [size, unit] = steps.find(([s]) => most >= s) ?? steps.at(-1)!
  return scaled(unit, factor / size)
}

/** UCUM's unit of the metric, as people read it. `{request}` is a request; `1` is nothing. */
export function plainUnit(unit: string): string {
  if (unit === '1' || unit === '') return ''
  if (unit === 'By') return 'bytes'
  if (unit === '1/s') return '/s'
  const plain = unit.replace(/\{([^}]*)\}/g, '$1')
  // It stands at every number: what is longer is a mistake of the sender and must not push the numbers away.
  return plain.length > 24 ? `${plain.slice(0, 23)}…` : plain
}

export function scaleFor(
  metric: { name: string; unit: string },
  aggregation: Aggregation,
  largest: number,
): Scale {
  const per = aggregation === 'rate' ? '/s' : ''
  // The server already says `By/s` of a rate.
  const unit = per ? metric.unit.replace(/\/s$/, '') : metric.unit
  const named = (scale: Scale): Scale => ({ ...scale, unit: scale.unit + per })
  if (aggregation === 'count') return scaled('points', 1)
  const bytes = BYTES.get(unit)
  if (bytes !== undefined) return named(stepped(STEPS.bytes, bytes, largest))
  const seconds = SECONDS.get(unit)
  if (seconds !== undefined && !per) return stepped(STEPS.time, seconds, largest)
  const share = (unit === '1' || unit === '') && /(utilization|ratio|fraction)$/.test(metric.name)
  if (share && !per) return scaled('%', 100)
  return scaled(plainUnit(unit) + per, 1)
}

/** The scale of what a saved query answers, which says its unit. */
export function scaleOfQuery(query: SavedQuery, unit: string, largest: number): Scale {
  const name = query.kind === 'metric' ? query.name : ''
  const aggregation =
    query.kind === 'metric' ? (query.aggregation ?? 'avg') : unit.endsWith('/s') ? 'rate' : 'last'
  return scaleFor({ name, unit }, aggregation, largest)
}
