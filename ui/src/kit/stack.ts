/** Values that stand on each other, first series at the bottom. Pure. */
import type { Series } from './TimeChart'

/** Sums from the bottom up. Where no series has a value there is a gap, not a fall to zero. */
export function stack(series: Pick<Series, 'values'>[]): (number | null)[][] {
  const out: (number | null)[][] = []
  const measured = series[0]?.values.map((_, i) => series.some((s) => s.values[i] != null)) ?? []
  let below: number[] = []
  for (const s of series) {
    const sums = s.values.map((v, i) => (v ?? 0) + (below[i] ?? 0))
    out.push(sums.map((sum, i) => (measured[i] ? sum : null)))
    below = sums
  }
  return out
}
