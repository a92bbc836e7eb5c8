/** What a score's definition lets a reviewer say, and by which key. Pure. */
import type { Target } from '@/api/reviewQueries'
import type { EvaluationRow, ReviewRow, ScoreDefinition } from '@/api/types'

export interface Choice {
  key: string
  name: string
  said: { score?: number; label?: string }
  passes: boolean | null
}

const THUMBS: Choice[] = [
  { key: '1', name: 'Good', said: { score: 1, label: 'up' }, passes: true },
  { key: '2', name: 'Bad', said: { score: 0, label: 'down' }, passes: false },
]

/** At most nine, each with its key; labels without a key have a button alone. */
export function choicesOf(score: ScoreDefinition | undefined): Choice[] {
  if (!score) return THUMBS
  if (score.kind === 'categorical')
    return score.labels.map(({ label, key, passes }) => ({
      key: key ? String(key) : '',
      name: label,
      said: { label },
      passes: passes ?? null,
    }))
  if (score.kind === 'boolean')
    return [
      { key: '1', name: 'Yes', said: { score: 1 }, passes: null },
      { key: '2', name: 'No', said: { score: 0 }, passes: null },
    ]
  if (score.kind === 'numeric' && score.minimum != null && score.maximum != null)
    return steps(score.minimum, score.maximum).map((value, i) => ({
      key: String(i + 1),
      name: String(value),
      said: { score: value },
      passes: null,
    }))
  return []
}

/** Every whole number where there are at most nine, else five even steps. */
function steps(low: number, high: number): number[] {
  if (Number.isInteger(low) && Number.isInteger(high) && high - low >= 2 && high - low <= 8)
    return Array.from({ length: high - low + 1 }, (_, i) => low + i)
  return Array.from({ length: 5 }, (_, i) => Number((low + ((high - low) * i) / 4).toPrecision(6)))
}

export const chosen = (choice: Choice, mine: EvaluationRow | undefined): boolean =>
  !!mine &&
  (choice.said.label !== undefined ? mine.label === choice.said.label : mine.score === choice.said.score)

export const keyOf = (row: Pick<ReviewRow, 'trace_id' | 'span_id' | 'session_id'>): string =>
  row.session_id || `${row.trace_id}/${row.span_id}`

/** What of the row an evaluation or a claim is about. */
export const targetOf = (what: Target['what'], row: ReviewRow): Target => ({
  what,
  trace_id: row.trace_id,
  span_id: what === 'span' ? row.span_id : '',
  session_id: row.session_id,
})

/** The next that nobody judged and nobody looks at, after a place and then from the beginning; -1 where none is. */
export function nextOpen(rows: ReviewRow[], after: number, done: ReadonlySet<string>): number {
  for (let i = 1; i <= rows.length; i++) {
    const at = (after + i + rows.length) % rows.length
    const row = rows[at]!
    if (!row.reviewers.length && row.claimed_by === null && !done.has(keyOf(row))) return at
  }
  return -1
}
