/** Time ranges as they stand in the URL: relative tokens stay relative. */

export interface Range {
  from: string
  to: string
}

export const DEFAULT_RANGE: Range = { from: 'now-1h', to: 'now' }

export const PRESETS: { from: string; label: string }[] = [
  { from: 'now-5m', label: 'Last 5 minutes' },
  { from: 'now-15m', label: 'Last 15 minutes' },
  { from: 'now-1h', label: 'Last hour' },
  { from: 'now-6h', label: 'Last 6 hours' },
  { from: 'now-24h', label: 'Last 24 hours' },
  { from: 'now-7d', label: 'Last 7 days' },
  { from: 'now-30d', label: 'Last 30 days' },
  { from: 'all', label: 'Everything' },
]

const UNIT_MS: Record<string, number> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Milliseconds since the epoch, or null for `all` and for text that is no time. */
export function resolve(text: string, now: number): number | null {
  const value = text.trim()
  if (value === 'now') return now
  const relative = /^now-(\d+(?:\.\d+)?)([smhdw])$/.exec(value)
  if (relative) return now - Number(relative[1]) * UNIT_MS[relative[2]!]!
  if (/^\d{12,}$/.test(value)) return Number(value)
  const parsed = Date.parse(value)
  return Number.isNaN(parsed) ? null : parsed
}

export function isRelative(range: Range): boolean {
  return range.to === 'now'
}

/** What a person types: `15m`, `2h`, `3 days`, `now-1h`, `2026-11-23 10:00`, or two of them with ` to `. */
export function parseTyped(text: string, utc: boolean): Range | null {
  const input = text.trim().toLowerCase()
  if (input === 'all' || input === 'everything') return { from: 'all', to: 'now' }
  const parts = input.split(/\s+(?:to|until|\.\.)\s+|\.\./)
  if (parts.length > 2 || !parts[0]) return null
  const from = typedMoment(parts[0], utc)
  const to = parts[1] === undefined ? 'now' : typedMoment(parts[1], utc)
  return from && to ? { from, to } : null
}

function typedMoment(text: string, utc: boolean): string | null {
  const value = text.trim()
  if (value === 'now' || /^now-\d+(\.\d+)?[smhdw]$/.test(value)) return value
  const short =
    /^(?:last\s+)?(\d+(?:\.\d+)?)\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?)$/.exec(value)
  if (short) return `now-${short[1]}${short[2]![0]}`
  const iso = /^(\d{4}-\d{2}-\d{2})(?:[t ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?(z)?$/.exec(value)
  if (iso) {
    const stamp = `${iso[1]}T${iso[2] ?? '00:00'}${utc || iso[3] ? 'Z' : ''}`
    const parsed = Date.parse(stamp)
    return Number.isNaN(parsed) ? null : new Date(parsed).toISOString()
  }
  if (/^\d{12,}$/.test(value)) return new Date(Number(value)).toISOString()
  return null
}

export function describe(range: Range, utc: boolean, now = Date.now()): string {
  if (range.from === 'all') return 'Everything'
  const preset = PRESETS.find((p) => p.from === range.from)
  if (range.to === 'now') {
    if (preset) return preset.label
    const relative = /^now-(.+)$/.exec(range.from)
    if (relative) return `Last ${relative[1]}`
  }
  const from = resolve(range.from, now)
  const to = resolve(range.to, now)
  if (from === null || to === null) return `${range.from} to ${range.to}`
  const sameDay = stamp(from, utc).slice(0, 10) === stamp(to, utc).slice(0, 10)
  const end = range.to === 'now' ? 'now' : sameDay ? stamp(to, utc).slice(11) : stamp(to, utc)
  return `${stamp(from, utc)} to ${end}`
}

/** `2026-11-23 10:00:00` in UTC or in the reader's zone. */
export function stamp(ms: number, utc: boolean): string {
  const date = new Date(utc ? ms : ms - new Date(ms).getTimezoneOffset() * 60_000)
  return Number.isNaN(date.getTime()) ? 'unknown time' : date.toISOString().slice(0, 19).replace('T', ' ')
}

/** Absolute times for a link that must show the same thing tomorrow. */
export function absolute(range: Range, now: number): Range {
  const from = resolve(range.from, now)
  const to = resolve(range.to, now)
  return {
    from: from === null ? range.from : new Date(from).toISOString(),
    to: to === null ? range.to : new Date(to).toISOString(),
  }
}

/** Milliseconds with the fraction that `Date` cannot hold. */
export function isoToMs(iso: string): number {
  const base = Date.parse(iso.slice(0, 19) + 'Z')
  const fraction = /\.(\d+)/.exec(iso)
  return base + (fraction ? Number(`0.${fraction[1]}`) * 1000 : 0)
}

/** The time that holds both moments, which are finer than its milliseconds; what ends a time is not in it. */
export const fromFirstToLast = (first: string, last: string) => ({
  from: new Date(Math.floor(isoToMs(first))).toISOString(),
  to: new Date(Math.floor(isoToMs(last)) + 1).toISOString(),
})
