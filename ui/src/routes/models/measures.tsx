/** How models and predictions are written, the same in every table of them. */
import type { ModelRow, PredictionRow } from '@/api/types'
import { printTerm } from '@/kit/filter'
import { roughly } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { percent } from '../services/measures'

export const PREDICTION_KEYS = [
  'model', 'version', 'prediction_id', 'output', 'output_label', 'score', 'label', 'label_value', 'labelled', 'correct',
  'flagged', 'latency_ms', 'source', 'trace_id', 'span_id',
] // prettier-ignore

/** The predictions of one model, as a filter. */
export const only = (model: string): string =>
  printTerm({ negated: false, key: 'model', op: 'is', values: [model] })

/** Six figures of a number at most: what a model says has more than anybody reads. */
export const figure = (n: number): string =>
  Number.isInteger(n) && Math.abs(n) < 1e15 ? String(n) : String(Number(n.toPrecision(6)))

/** A word where there is one, else the number. */
export function Said({ word, number }: { word: string; number: number | null }) {
  if (word) return <Isolated text={word} />
  return number === null ? <span className="quiet">–</span> : <>{figure(number)}</>
}

export function Coverage({
  of,
}: {
  of: Pick<ModelRow, 'labelled' | 'label_coverage' | 'label_delay_p50_s'>
}) {
  if (!of.labelled) return <span className="quiet">none</span>
  const delay = of.label_delay_p50_s
  return (
    <span title={`${of.labelled.toLocaleString('en')} labels have come`}>
      {percent(of.label_coverage)}
      {delay !== null && delay > 0 && <span className="unit"> {roughly(delay)} later</span>}
    </span>
  )
}

/** Scores that cannot be probabilities, or are no numbers. */
export function Flagged({ count, of }: { count: number; of: number }) {
  if (!count) return <span className="quiet">0</span>
  return (
    <span
      className="k-badge warn"
      title={`${count.toLocaleString('en')} predictions with a score outside of 0 to 1, or none of the numbers`}
    >
      {percent(count / of)}
    </span>
  )
}

const FLAGS: Record<string, string> = {
  score_not_finite: 'score is no finite number',
  score_outside_0_1: 'score outside of 0 to 1',
  scores_not_finite: 'a class’s score is no finite number',
  scores_outside_0_1: 'a class’s score outside of 0 to 1',
}
export const flagText = (row: Pick<PredictionRow, 'flags'>): string =>
  row.flags.map((flag) => FLAGS[flag] ?? flag).join(', ')

/** A feature's value in one line. */
export function valueText(value: PredictionRow['features'][string]): string {
  if (value === null) return 'missing'
  if (typeof value === 'number') return figure(value)
  if (Array.isArray(value)) {
    return `[${value.map((each) => (each === null ? 'missing' : String(each))).join(', ')}]`
  }
  return String(value)
}
