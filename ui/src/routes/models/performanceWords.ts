/** Metrics by name and in words. */
import type { PerformanceReport, WorstSlices } from '@/api/types'
import { contains, is, printTerm, range } from '@/kit/filter'
import { counted } from '@/kit/format'
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
  balanced_accuracy: 'Balanced accuracy',
  macro_precision: 'Precision, mean',
  macro_recall: 'Recall, mean',
  macro_f1_score: 'F1, mean',
  mean_absolute_error: 'Mean absolute error',
  root_mean_squared_error: 'Root mean squared error',
  mean_error: 'Mean error',
  mean_absolute_percentage_error: 'Mean percentage error',
  r_squared: 'R²',
  exact_match: 'Exact match',
  set_match_precision: 'Precision of sets',
  set_match_recall: 'Recall of sets',
  micro_f1_score: 'F1, all together',
  jaccard_score: 'Jaccard score',
  hamming_loss: 'Hamming loss',
  ndcg: 'NDCG',
  mean_average_precision: 'Mean average precision',
  mean_reciprocal_rank: 'Mean reciprocal rank',
  precision_at_k: 'Precision',
  recall_at_k: 'Recall',
  hit_rate: 'Hit rate',
  min_label_position: 'First relevant at place',
  total_queries: 'Queries',
  binary_accuracy: 'Accuracy',
}
const SHARES = /accuracy|^(?!mean_average).*precision|recall|f1|match|hit_rate/
/** From 0 to 1, and no shares. */
const UNIT =
  /^(auc|ndcg|mean_average_precision|mean_reciprocal_rank|jaccard_score|brier_score|expected_calibration_error)/
/** Notions of fairness, in words. */
export const NOTIONS: Record<string, string> = {
  demographic_parity: 'Called positive',
  equal_opportunity: 'Of positives, found',
  predictive_equality: 'Of negatives, called positive',
  predictive_parity: 'Of positive calls, right',
  accuracy_equality: 'Right',
  false_omission_parity: 'Of negative calls, wrong',
}

/** `ndcg@10` → NDCG at 10. */
export function metricName(name: string): string {
  const [plain, at] = name.split('@')
  return (NAMES[plain!] ?? plain!) + (at ? ` at ${at}` : '')
}

/** The four numbers of `worth`; null where they are not. */
export function costsOf(text: string | undefined): number[] | null {
  const numbers = (text ?? '').split(',').map((one) => (one.trim() ? Number(one) : NaN))
  return numbers.length === 4 && numbers.every(Number.isFinite) ? numbers : null
}

/** What the threshold of a table that is nearest to `at` would have answered. */
export function outcomeAt(table: NonNullable<PerformanceReport['thresholds']>, at: number) {
  let place = 0
  table.thresholds.forEach((one, n) => {
    if (Math.abs(one - at) < Math.abs(table.thresholds[place]! - at)) place = n
  })
  const [tp, fp, tn, fn] = [table.tp[place]!, table.fp[place]!, table.tn[place]!, table.fn[place]!]
  const counts: [string, number, yes: boolean, called: boolean][] = [
    ['right yes', tp, true, true],
    ['wrong yes', fp, false, true],
    ['right no', tn, false, false],
    ['missed yes', fn, true, false],
  ]
  const share = (part: number, whole: number) => (whole ? part / whole : null)
  const said: [string, number | null][] = [
    ['Called positive', share(tp + fp, tp + fp + tn + fn)],
    ['Precision', share(tp, tp + fp)],
    ['Recall', share(tp, tp + fn)],
    ['F1', share(2 * tp, 2 * tp + fp + fn)],
    ['Accuracy', share(tp + tn, tp + fp + tn + fn)],
  ]
  return { threshold: table.thresholds[place]!, said, counts, worth: table.values[place] ?? null }
}

export const metricText = (name: string, value: number | null): string =>
  value === null ? '–' : SHARES.test(name) ? percent(value) : figure(Number(value.toPrecision(3)))

/** An end of an interval: a share is from 0 to 1, wherever a normal distribution ends. */
export const within = (name: string, value: number): number =>
  SHARES.test(name) || UNIT.test(name) ? Math.min(1, Math.max(0, value)) : value

/** How good the model was, in one sentence. */
export function verdictOf(report: PerformanceReport): string {
  const [first] = report.metrics
  if (!first) return 'No performance is known.'
  return `${metricName(first.name)} ${metricText(first.name, first.value)} of ${counted(report.labelled, 'prediction')} with a label.`
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

const COLUMN = '(`(?:[^`])+`|[A-Za-z_][\\w.]*)'
const LITERAL = "('(?:[^'\\\\]|'')*'|-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?)"
const COMPARED = new RegExp(`^${COLUMN} *(=|!=|<>|<=|>=|<|>) *${LITERAL}$`, 'i')
const LISTED = new RegExp(`^${COLUMN} +(not +)?in *\\( *(${LITERAL}(?: *, *${LITERAL})*) *\\)$`, 'i')
const EXISTS = new RegExp(`^${COLUMN} +is +(not +)?null$`, 'i')
/** ` AND `, where it stands in no text. */
const AND = /\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)/i

/** Comparisons that must all hold, in SQL, as a filter; null for whatever else a condition may be. */
export function conditionFilter(sql: string): string | null {
  const key = (column: string) => keyOf(column.replaceAll('`', ''))
  const text = (literal: string) =>
    literal.startsWith("'") ? literal.slice(1, -1).replaceAll("''", "'") : literal
  const exists = (column: string, negated = false) =>
    printTerm({ negated, key: key(column), op: 'exists', values: [] })
  const terms = sql
    .trim()
    .split(AND)
    .map((part) => {
      const there = EXISTS.exec(part)
      if (there) return exists(there[1]!, !there[2])
      const listed = LISTED.exec(part)
      if (listed) {
        const values = [...listed[3]!.matchAll(new RegExp(LITERAL, 'gi'))].map((one) => text(one[0]))
        const among = printTerm({ negated: !!listed[2], key: key(listed[1]!), op: 'is', values })
        // What is missing is neither equal nor unequal.
        return listed[2] ? `${exists(listed[1]!)} ${among}` : among
      }
      const compared = COMPARED.exec(part)
      if (!compared) return null
      const [, column, sign, value] = compared as unknown as [string, string, string, string]
      if (sign === '=') return printTerm(is(key(column), text(value)))
      if (sign === '!=' || sign === '<>')
        return `${exists(column)} ${printTerm(is(key(column), text(value), true))}`
      if (value.startsWith("'")) return null
      return printTerm({ negated: false, key: key(column), op: sign as '<', values: [value] })
    })
  return terms.includes(null) ? null : terms.join(' ')
}

/** The column of a slice by its values; undefined where it is made of bounds or of several. */
export const columnOf = (slice: string): string | undefined =>
  slice.includes(' AND ') ? undefined : /^(.+?) = /.exec(slice)?.[1]

/** How bad a slice is. */
export function badness(found: WorstSlices, one: WorstSlices['slices'][number]): string {
  const said =
    found.measure === 'wrong'
      ? `${percent(one.error)} wrong`
      : `off by ${figure(Number(one.error.toPrecision(3)))}`
  return `${said}, ${one.lift.toFixed(1)} × the whole`
}

const term = (key: string, op: '>' | '>=' | '<' | '<=', value: number): string =>
  printTerm({ negated: false, key, op, values: [String(value)] })
const LABELLED = printTerm(is('labelled', 'true'))

/** The labelled predictions that were right (`yes`) or not, by what is the positive label. */
function truth(report: Pick<PerformanceReport, 'label' | 'positive'>, yes: boolean): string {
  if (!report.positive) return printTerm(is('label_value', yes ? '1' : '0'))
  return yes
    ? printTerm(is('label', report.positive))
    : `${printTerm(is('label', report.positive, true))} ${LABELLED}`
}

type Asked = Pick<PerformanceReport, 'task' | 'label' | 'prediction' | 'positive'>

/** The predictions of a cell of the confusion matrix, as a filter; of a yes-or-no question the first class is yes. */
export function cellFilter(report: Asked, classes: readonly string[], was: number, said: number): string {
  if (report.task !== 'binary') {
    return `${printTerm(is('label', classes[was]!))} ${printTerm(is('output_label', classes[said]!))}`
  }
  if (report.prediction === 'score') return outcomeFilter(report, was === 0, said === 0, 0.5)
  return `${truth(report, was === 0)} ${printTerm(is('output', said === 0 ? '1' : '0'))}`
}

/** The labelled predictions of one of several classes at once: whether it was so, and whether it was said. */
export function classFilter(name: string, was?: boolean, said?: boolean): string {
  const of = (key: string, so: boolean | undefined) =>
    so === undefined ? [] : [printTerm(contains(key, name, !so))]
  // What has a class as its label is labelled.
  return [...(was ? [] : [LABELLED]), ...of('label', was), ...of('output_label', said)].join(' ')
}

/** The labelled predictions that a threshold calls positive (`called`) or not, and that were so or not. */
export const outcomeFilter = (report: Asked, yes: boolean, called: boolean, at: number): string =>
  `${truth(report, yes)} ${term('score', called ? '>' : '<=', at)}`

/** The labelled predictions of a bin of the calibration; the first and the last hold what lies beyond. */
export const binFilter = (bin: { low: number; high: number }): string =>
  [
    LABELLED,
    bin.low > 0 ? term('score', '>=', bin.low) : '',
    bin.high < 1 ? term('score', '<', bin.high) : '',
  ]
    .filter(Boolean)
    .join(' ')
