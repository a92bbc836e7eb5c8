/** Metrics by name and in words. */
import type { PerformanceReport, WorstSlices } from '@/api/types'
import { is, printTerm, range } from '@/kit/filter'
import { count } from '@/kit/format'
import { percent } from '../services/measures'
import { keyOf } from './driftWords'
import { figure } from './measures'

const NAMES: Record<string, string> = {
  accuracy: 'Accuracy',
  precision: 'Precision',
  recall: 'Recall',
  f1_score: 'F1',
  auc: 'ROC AUC',
  brier_score: 'Brier score',
  expected_calibration_error: 'Calibration error',
  false_positive_rate: 'False positive rate',
  called_positive: 'Called positive',
  balanced_accuracy: 'Balanced accuracy',
  macro_precision: 'Precision, mean',
  macro_recall: 'Recall, mean',
  macro_f1_score: 'F1, mean',
  mean_absolute_error: 'Mean absolute error',
  root_mean_squared_error: 'Root mean squared error',
  mean_error: 'Mean error',
  mean_absolute_percentage_error: 'Mean percentage error',
  r_squared: 'R²',
}
const SHARES = /accuracy|precision|recall|f1|false_positive_rate|called_positive/

export const metricName = (name: string): string => NAMES[name] ?? name

export const metricText = (name: string, value: number | null): string =>
  value === null ? '–' : SHARES.test(name) ? percent(value) : figure(Number(value.toPrecision(3)))

/** An end of an interval: a share is from 0 to 1, wherever a normal distribution ends. */
export const within = (name: string, value: number): number =>
  SHARES.test(name) || name === 'auc' ? Math.min(1, Math.max(0, value)) : value

/** How good the model was, in one sentence. */
export function verdictOf(report: PerformanceReport): string {
  const [first] = report.metrics
  if (!first) return 'No performance is known.'
  return `${metricName(first.name)} ${metricText(first.name, first.value)} of ${count(report.labelled)} predictions with a label.`
}

/** A slice as the search says it (`region = east AND 18 <= age < 30`), as a filter; null where none says it. */
export function sliceFilter(text: string): string | null {
  const terms = text.split(' AND ').map((part) => {
    const missing = /^(.+) is missing$/.exec(part)
    if (missing) return printTerm({ negated: true, key: keyOf(missing[1]!), op: 'exists', values: [] })
    const same = /^(.+?) = (.*)$/.exec(part)
    if (same) return same[2] === '(others)' ? null : printTerm(is(keyOf(same[1]!), same[2]!))
    const between = /^(\S+) <= (.+) < (\S+)$/.exec(part)
    if (between) return range('', keyOf(between[2]!), between[1]!, between[3]!)
    const edge = /^(.+) (<|>=) (\S+)$/.exec(part)
    if (!edge) return null
    return printTerm({ negated: false, key: keyOf(edge[1]!), op: edge[2] as '<' | '>=', values: [edge[3]!] })
  })
  return terms.includes(null) ? null : terms.join(' ')
}

/** How bad a slice is. */
export function badness(found: WorstSlices, one: WorstSlices['slices'][number]): string {
  const said =
    found.measure === 'wrong'
      ? `${percent(one.error)} wrong`
      : `off by ${figure(Number(one.error.toPrecision(3)))}`
  return `${said}, ${one.lift.toFixed(1)} × the whole`
}
