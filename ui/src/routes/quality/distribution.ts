/** Two distributions of one feature in the same bins. */
import type { FeatureRecord } from '@/api/qualityQueries'
import { is, printTerm } from '@/kit/filter'
import { keyOf } from '../models/driftWords'
import { figure } from '../models/measures'

export interface Bin {
  label: string
  /** Shares of all values; `then` is null without a baseline. */
  now: number | null
  then: number | null
  /** Of numbers, its ends; the last one holds its upper end too. */
  ends?: { low: number; high: number; last: boolean }
}

/** The rows of a bin, as a filter, where one finds them; a text is what it says. */
export function filterOfBin(name: string, bin: Pick<Bin, 'label' | 'ends'>): string {
  const key = keyOf(name)
  if (!bin.ends) return printTerm(is(key, bin.label))
  const bound = (op: '>=' | '<' | '<=', value: number) =>
    printTerm({ negated: false, key, op, values: [String(value)] })
  return `${bound('>=', bin.ends.low)} ${bound(bin.ends.last ? '<=' : '<', bin.ends.high)}`
}

const BINS = 20
const MOST = 200

const number = (value: number | string | undefined): number =>
  typeof value === 'number' ? value : value === 'inf' ? Infinity : value === '-inf' ? -Infinity : NaN

/** A number of a record as one reads it. */
export const said = (value: number | string | undefined): string =>
  typeof value === 'number' ? figure(value) : value === 'inf' ? '∞' : value === '-inf' ? '−∞' : '–'

/** The same in four figures: for a row. */
export const brief = (value: number | string | undefined): string =>
  typeof value === 'number' && !Number.isInteger(value) ? figure(Number(value.toPrecision(4))) : said(value)

/** By equal widths over the range of both, or by category, the most frequent first. */
export function bins(
  now: FeatureRecord | undefined,
  then: FeatureRecord | undefined,
  most = MOST,
): { numeric: boolean; bins: Bin[] } {
  const told = (of: FeatureRecord | undefined) => !!(of?.standard_histogram?.length || of?.top_values?.length)
  const counts = (of: FeatureRecord | undefined) => !!of?.standard_histogram?.length
  // Numbers and texts have no bins in common: what it is now is shown alone.
  const base = told(now) && counts(now) !== counts(then) ? undefined : then
  const numeric = counts(told(now) ? now : then)
  return { numeric, bins: numeric ? byWidth(now, base) : byValue(now, base, most) }
}

/** The bin whose share moved most, where any did by more than a hundredth. */
export function mostMoved(found: readonly Bin[]): Bin | null {
  let most: Bin | null = null
  for (const bin of found) {
    const by = bin.now === null || bin.then === null ? 0 : Math.abs(bin.now - bin.then)
    if (by > 0.01 && (!most || by > Math.abs(most.now! - most.then!))) most = bin
  }
  return most
}

function byWidth(now: FeatureRecord | undefined, then: FeatureRecord | undefined): Bin[] {
  const ends = [...(now?.standard_histogram ?? []), ...(then?.standard_histogram ?? [])]
    .flatMap(([low, high]) => [number(low), number(high)])
    .filter(Number.isFinite)
  if (!ends.length) return []
  const [least, greatest] = [Math.min(...ends), Math.max(...ends)]
  if (least === greatest) {
    const ends = { low: least, high: least, last: true }
    return [{ label: figure(least), now: now ? 1 : null, then: then ? 1 : null, ends }]
  }
  const width = (greatest - least) / BINS
  const shares = (of: FeatureRecord | undefined): number[] | null => {
    if (!of?.standard_histogram) return null
    const masses = new Array<number>(BINS).fill(0)
    let total = 0
    for (const [from, to, count] of of.standard_histogram) {
      const [low, high] = [number(from), number(to)]
      if (!Number.isFinite(low) || !Number.isFinite(high)) continue
      total += count
      for (let i = 0; i < BINS; i++) {
        const [left, right] = [least + i * width, least + (i + 1) * width]
        const part =
          low === high
            ? (low >= left && low < right) || (i === BINS - 1 && low === greatest)
              ? 1
              : 0
            : Math.max(0, Math.min(high, right) - Math.max(low, left)) / (high - low)
        masses[i]! += count * part
      }
    }
    return masses.map((mass) => (total ? mass / total : 0))
  }
  const [mine, others] = [shares(now), shares(then)]
  return Array.from({ length: BINS }, (_, i) => ({
    label: `${figure(least + i * width)} to ${figure(least + (i + 1) * width)}`,
    now: mine && mine[i]!,
    then: others && others[i]!,
    ends: {
      low: least + i * width,
      high: i === BINS - 1 ? greatest : least + (i + 1) * width,
      last: i === BINS - 1,
    },
  }))
}

function byValue(now: FeatureRecord | undefined, then: FeatureRecord | undefined, most: number): Bin[] {
  const shares = (of: FeatureRecord | undefined): Map<string, number> | null => {
    if (!of?.top_values) return null
    const total = of.value_count || of.present || 1
    return new Map(of.top_values.map((value, i) => [value, (of.top_frequencies?.[i] ?? 0) / total]))
  }
  const [mine, others] = [shares(now), shares(then)]
  const labels = [...new Set([...(mine?.keys() ?? []), ...(others?.keys() ?? [])])]
  const found = labels.map((label) => ({
    label,
    now: mine && (mine.get(label) ?? 0),
    then: others && (others.get(label) ?? 0),
  }))
  const size = (bin: Bin) => Math.max(bin.now ?? 0, bin.then ?? 0)
  return found.toSorted((a, b) => size(b) - size(a)).slice(0, most)
}
