/** What a yes-or-no question would have answered at another threshold, and what that would have been worth. */
import type { PerformanceReport } from '@/api/types'

export type Table = NonNullable<PerformanceReport['thresholds']>
/** What one answer of each kind is worth: right yes, wrong yes, right no, wrong no. */
export type Costs = [tp: number, fp: number, tn: number, fn: number]

export const DEFAULT_AT = 0.5

export function costsOf(text: string | undefined): Costs | undefined {
  const found = (text ?? '').split(',').map(Number)
  return text && found.length === 4 && found.every(Number.isFinite) ? (found as Costs) : undefined
}

/** The place of the threshold nearest to `at`. */
export function placeOf(table: Table, at: string | undefined): number {
  const wanted = at === undefined || !Number.isFinite(Number(at)) ? DEFAULT_AT : Number(at)
  let best = 0
  table.thresholds.forEach((one, n) => {
    if (Math.abs(one - wanted) < Math.abs(table.thresholds[best]! - wanted)) best = n
  })
  return best
}

export const valueAt = (table: Table, n: number, [tp, fp, tn, fn]: Costs): number =>
  table.tp[n]! * tp + table.fp[n]! * fp + table.tn[n]! * tn + table.fn[n]! * fn

/** The threshold that is worth most; of several, the lowest. */
export function bestPlace(table: Table, costs: Costs): number {
  let best = 0
  table.thresholds.forEach((_, n) => {
    if (valueAt(table, n, costs) > valueAt(table, best, costs)) best = n
  })
  return best
}

export function metricsAt(table: Table, n: number): [name: string, value: number | null][] {
  const [tp, fp, tn, fn] = [table.tp[n]!, table.fp[n]!, table.tn[n]!, table.fn[n]!]
  const share = (part: number, whole: number) => (whole ? part / whole : null)
  return [
    ['accuracy', share(tp + tn, tp + fp + tn + fn)],
    ['precision', share(tp, tp + fp)],
    ['recall', share(tp, tp + fn)],
    ['f1_score', share(2 * tp, 2 * tp + fp + fn)],
    ['false_positive_rate', share(fp, fp + tn)],
    ['called_positive', share(tp + fp, tp + fp + tn + fn)],
  ]
}
